//! Bad requests and bad tokens, each with the exact answer and the check that failed; and good
//! ones, so that the checks are seen to pass.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::collections::BTreeSet;

use aws_lc_rs::hmac;
use axum::body::Body;
use axum::http::{HeaderValue, Request};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use common::{
    Authority, CALM, Manner, Server, SigningKey, base64url, claims, jws, patched, tool_call, weather,
    with_authorization, with_token,
};
use serde_json::{Value, json};
use shared::event::Rule;
use token_use::{further, rules};

/// Stands in whatever a stranger sends here, and must never come back.
const MARKER: &str = "m4rk3r";

const METADATA: &str = "http://localhost:8000/.well-known/oauth-protected-resource/mcp";

/// What a row should come to.
#[derive(Clone, Copy)]
enum Expected {
    /// 200, with the tool's answer.
    Weather,
    /// 401 without an error code.
    NoToken,
    /// 400 `invalid_request`.
    Request(&'static str, &'static Rule),
    /// 401 `invalid_token`.
    Token(&'static str, &'static Rule),
    /// 403 `insufficient_scope`, with the scope that would help.
    Scope(&'static str),
    /// 403 `insufficient_scope`: no scope would help.
    Role,
    /// 404 without a challenge.
    Session,
    /// 400 without a challenge.
    Twice,
}

const JWT: Expected = Expected::Token("The token is not a JWT that this server understands", &rules::JWT);
const OPAQUE: Expected =
    Expected::Token("The token is opaque, but this server accepts only JWT access tokens", &rules::JWT);
const ENCRYPTED: Expected =
    Expected::Token("The token is encrypted, and this server has no key to read it", &rules::JWT);
const CRIT: Expected = Expected::Token("The token is not a JWT that this server understands", &rules::NO_EXTENSIONS);
const ALG: Expected =
    Expected::Token("The token is signed with an algorithm that this server does not accept", &rules::ALGORITHM);
const TYP: Expected = Expected::Token("The token is not an access token", &rules::TYPE);
const TYP_JWT: Expected =
    Expected::Token("The token's typ is JWT, which this server accepts only with --accept-typ JWT", &rules::TYPE);
const NO_TYP: Expected = Expected::Token("The token has no typ (at+jwt is required)", &rules::TYPE);
const KEY: Expected = Expected::Token("The token's key is unknown", &rules::KEY);
const KEY_ALG: Expected =
    Expected::Token("The token's algorithm is not the algorithm of its key", &rules::KEY_ALGORITHM);
const SIGNATURE: Expected = Expected::Token("The token's signature is wrong", &rules::SIGNATURE);
const ISS: Expected = Expected::Token("The token is from another authorization server", &rules::ISSUER);
const EXP: Expected = Expected::Token("The token has expired", &rules::EXPIRY);
const NBF: Expected = Expected::Token("The token is not valid yet", &rules::NOT_BEFORE);
const NO_EXP: Expected = Expected::Token("The token has no exp", &rules::EXPIRY);
const ODD_EXP: Expected = Expected::Token("The token's exp is not a number", &rules::EXPIRY);
const ODD_NBF: Expected = Expected::Token("The token's nbf is not a number", &rules::NOT_BEFORE);
const SUB: Expected = Expected::Token("The token has no user (sub)", &rules::SUBJECT);
const BOUND: Expected =
    Expected::Token("The token is bound to a key, and came without a proof of it", &further::rules::NOT_AS_BEARER);
const IN_URL: Expected = Expected::Request("The access token must not be in the URL", &rules::NOT_IN_QUERY);
const HEADERS: Expected = Expected::Request("There must be one Authorization header, in ASCII", &rules::ONE_HEADER);
const CREDENTIALS: Expected = Expected::Request("The Authorization header is malformed", &rules::B64TOKEN);

impl Expected {
    /// The status, the challenge, and the check that fails.
    fn kind(self) -> (u16, Option<String>, Option<&'static str>) {
        let challenge = |text: String| Some(format!("Bearer {text}"));
        let metadata = format!("resource_metadata=\"{METADATA}\"");
        match self {
            Self::Weather => (200, None, None),
            Self::Twice => (400, None, None),
            Self::Session => (404, None, Some(further::rules::SESSION_OWNER.id)),
            Self::NoToken => (401, challenge(format!("scope=\"mcp:read\", {metadata}")), None),
            Self::Request(why, rule) => {
                let text = format!("error=\"invalid_request\", error_description=\"{why}\", {metadata}");
                (400, challenge(text), Some(rule.id))
            }
            Self::Token(why, rule) => {
                let text =
                    format!("error=\"invalid_token\", error_description=\"{why}\", scope=\"mcp:read\", {metadata}");
                (401, challenge(text), Some(rule.id))
            }
            Self::Scope(scope) => {
                let why = "error_description=\"The token lacks the scope that this operation needs\"";
                let text = format!("error=\"insufficient_scope\", scope=\"{scope}\", {metadata}, {why}");
                (403, challenge(text), Some(rules::SCOPE.id))
            }
            Self::Role => {
                let why = "error_description=\"The user lacks the role that this operation needs\"";
                let text = format!("error=\"insufficient_scope\", {metadata}, {why}");
                (403, challenge(text), Some(rules::ROLE.id))
            }
        }
    }
}

struct Row {
    name: String,
    request: Request<Body>,
    expected: Expected,
}

fn row(name: &str, request: Request<Body>, expected: Expected) -> Row {
    Row { name: name.to_owned(), request, expected }
}

/// A call with this token, whatever it is.
fn token(name: &str, token: &str, expected: Expected) -> Row {
    row(name, with_token(weather(), token), expected)
}

/// The authorization server's keys, and a stranger's.
struct World {
    issuer: String,
    rs256: SigningKey,
    ps256: SigningKey,
    es256: SigningKey,
    ed25519: SigningKey,
    /// For whichever algorithm an RSA key is good for.
    rsa: SigningKey,
    /// Not the authorization server's, though it says so.
    stranger: SigningKey,
}

impl World {
    fn new() -> Self {
        Self {
            issuer: String::new(),
            rs256: SigningKey::rsa("rs256", Some("RS256")),
            ps256: SigningKey::rsa("ps256", Some("PS256")),
            es256: SigningKey::es256("es256"),
            ed25519: SigningKey::ed25519("ed25519"),
            rsa: SigningKey::rsa("rsa", None),
            stranger: SigningKey::rsa("rs256", Some("RS256")),
        }
    }

    fn published(&self) -> [&SigningKey; 5] {
        [&self.rs256, &self.ps256, &self.es256, &self.ed25519, &self.rsa]
    }

    /// Good claims, but for these.
    fn claims(&self, patch: &Value) -> Value {
        let marked = patched(claims(&self.issuer), &json!({"preferred_username": MARKER}));
        patched(marked, patch)
    }

    fn good(&self) -> String {
        self.rs256.token(&self.claims(&json!({})))
    }

    /// Signed as it should be, with these claims.
    fn claiming(&self, name: &str, patch: &Value, expected: Expected) -> Row {
        token(name, &self.rs256.token(&self.claims(patch)), expected)
    }

    /// Signed as it should be, with these members in the header.
    fn headed(&self, name: &str, patch: &Value, expected: Expected) -> Row {
        token(name, &self.rs256.token_with(patch, &self.claims(&json!({}))), expected)
    }
}

fn good_tokens(w: &World) -> Vec<Row> {
    let good = w.good();
    let claims = w.claims(&json!({}));
    let mut rows = vec![
        token("PS256", &w.ps256.token(&claims), Expected::Weather),
        token("ES256", &w.es256.token(&claims), Expected::Weather),
        token("EdDSA", &w.ed25519.token(&claims), Expected::Weather),
        token("RS256 by a key that names no alg", &w.rsa.token(&claims), Expected::Weather),
        token(
            "PS256 by the same",
            &w.rsa.signs("PS256", &w.rsa.header(&json!({"alg": "PS256"})).to_string(), &claims.to_string()),
            Expected::Weather,
        ),
        w.headed("typ at+jwt", &json!({"typ": "at+jwt"}), Expected::Weather),
        w.headed("typ application/at+jwt", &json!({"typ": "application/at+jwt"}), Expected::Weather),
        w.headed("typ AT+JWT: media types know no case", &json!({"typ": "AT+JWT"}), Expected::Weather),
        token(
            "typ at+jwt without a claim typ",
            &w.rs256.token_with(&json!({"typ": "at+jwt"}), &w.claims(&json!({"typ": null}))),
            Expected::Weather,
        ),
        w.claiming("aud is a list", &json!({"aud": ["account", "https://other.example"]}), Expected::Weather),
        w.claiming("scp is a list", &json!({"scope": null, "scp": ["mcp:read"]}), Expected::Weather),
        w.claiming("no roles are told", &json!({"realm_access": null}), Expected::Weather),
        w.claiming(
            "ended a second ago, which clocks may differ by",
            &json!({"exp": shared::now() - 1}),
            Expected::Weather,
        ),
        w.claiming("begins in ten seconds", &json!({"nbf": shared::now() + 10}), Expected::Weather),
        w.claiming("exp has a fraction", &json!({"exp": 4_102_444_800.5}), Expected::Weather),
        w.claiming("exp is 1e30", &json!({"exp": 1e30}), Expected::Weather),
        w.claiming("10,000 characters of claims", &json!({"padding": "x".repeat(7_500)}), Expected::Weather),
    ];
    for scheme in ["Bearer", "bearer", "BEARER", "Bearer  ", "bEaReR     "] {
        let request = with_authorization(weather(), format!("{scheme} {good}"));
        rows.push(row(&format!("scheme {scheme:?}"), request, Expected::Weather));
    }
    rows
}

fn no_tokens(w: &World) -> Vec<Row> {
    let good = w.good();
    let mut rows = vec![row("no header", weather(), Expected::NoToken)];
    for (name, value, expected) in [
        ("Basic", format!("Basic {MARKER}"), Expected::NoToken),
        ("a scheme that begins like Bearer", format!("BearerX {good}"), Expected::NoToken),
        ("a token without a scheme", good.clone(), Expected::NoToken),
        ("an empty header", String::new(), Expected::NoToken),
        ("Bearer and a tab", format!("Bearer\t{good}"), Expected::NoToken),
        ("Bearer alone", "Bearer".to_owned(), CREDENTIALS),
        ("Bearer and spaces", "Bearer   ".to_owned(), CREDENTIALS),
        ("two tokens", format!("Bearer {good} {good}"), CREDENTIALS),
        ("two schemes in one header", format!("Bearer {good}, Basic {MARKER}"), CREDENTIALS),
        ("a token in quotes", format!("Bearer \"{good}\""), CREDENTIALS),
        ("a token as a parameter", format!("Bearer token={good}"), CREDENTIALS),
        ("padding in the header", format!("Bearer {}", good.replacen('.', "=.", 1)), CREDENTIALS),
        ("padding in the claims", format!("Bearer {}", good.replace('.', "==.")), CREDENTIALS),
        ("markup", format!("Bearer <script>{MARKER}</script>"), CREDENTIALS),
        ("UTF-8", format!("Bearer {good}ä"), HEADERS),
    ] {
        rows.push(row(name, with_authorization(weather(), value), expected));
    }
    let latin = [b"Bearer ", good.as_bytes(), b"\xff"].concat();
    rows.push(row("Latin-1", with_authorization(weather(), latin), HEADERS));
    for (name, other) in [("two headers", format!("Bearer {good}")), ("and another scheme", format!("Basic {MARKER}"))]
    {
        let request = with_token(weather(), &good);
        rows.push(row(&format!("{name}, the good one first"), with_authorization(request, &other), HEADERS));
        let request = with_authorization(weather(), &other);
        rows.push(row(&format!("{name}, the good one last"), with_token(request, &good), HEADERS));
    }
    rows
}

fn tokens_in_the_url(w: &World) -> Vec<Row> {
    let good = w.good();
    let mut rows = Vec::new();
    for query in [
        format!("access_token={good}"),
        format!("access_token={MARKER}"),
        "access_token=".to_owned(),
        "access_token".to_owned(),
        format!("a=b&access_token={good}&c=d"),
        format!("access%5Ftoken={good}"),
        format!("%61ccess_token={good}"),
    ] {
        let at_url = |mut request: Request<Body>| {
            *request.uri_mut() = format!("/mcp?{query}").parse().unwrap();
            request
        };
        let name: String = query.chars().take(40).collect();
        rows.push(row(&format!("?{name}"), at_url(weather()), IN_URL));
        rows.push(row(&format!("?{name}, and a good header"), at_url(with_token(weather(), &good)), IN_URL));
    }
    rows
}

fn no_jwts(w: &World) -> Vec<Row> {
    let good = w.good();
    let [header, claims, signature]: [&str; 3] = good.split('.').collect::<Vec<_>>().try_into().unwrap();
    // Bytes whose form in the other alphabet of base64 has + and /.
    let other_alphabet = STANDARD_NO_PAD.encode(w.claims(&json!({"x": "~~~>>>???", "y": "~~>>>???"})).to_string());
    assert!(other_alphabet.contains(['+', '/']));
    let mut rows = vec![w.headed("kid is a number", &json!({"kid": 7}), JWT)];
    for (name, text) in [
        ("an opaque token", MARKER.to_owned()),
        ("two parts", format!("{header}.{claims}")),
        ("four parts", format!("{good}.{signature}")),
        (
            "an encrypted token, five parts",
            format!("{}.a2V5.aXY.dGV4dA.dGFn", base64url(r#"{"alg":"RSA-OAEP","enc":"A256GCM"}"#)),
        ),
        ("dots", "..".to_owned()),
        ("a dot more at the end", format!("{good}.")),
        ("a dot more at the start", format!(".{good}")),
        ("the other alphabet of base64", format!("{header}.{other_alphabet}.{signature}")),
        ("a header that is no base64", format!("~~~.{claims}.{signature}")),
        ("a header in clear", format!("alg.{claims}.{signature}")),
        ("a header that is a list", w.rs256.signs("RS256", "[]", "{}")),
        ("a header that is a string", w.rs256.signs("RS256", "\"RS256\"", "{}")),
        ("a header cut off", w.rs256.signs("RS256", "{\"alg\":\"RS256\"", "{}")),
        ("a header and more", w.rs256.signs("RS256", &format!("{} {{}}", w.rs256.header(&json!({}))), "{}")),
        ("claims that are a list", w.rs256.signs("RS256", &w.rs256.header(&json!({})).to_string(), "[]")),
        ("claims that are null", w.rs256.signs("RS256", &w.rs256.header(&json!({})).to_string(), "null")),
        ("claims that are a text", w.rs256.signs("RS256", &w.rs256.header(&json!({})).to_string(), MARKER)),
        (
            "claims nested ten thousand deep",
            w.rs256.signs("RS256", &w.rs256.header(&json!({})).to_string(), &"[".repeat(10_000)),
        ),
        ("exp beyond all numbers", w.rs256.signs("RS256", &w.rs256.header(&json!({})).to_string(), r#"{"exp":1e999}"#)),
        ("signed, and longer than anyone needs", w.rs256.token(&w.claims(&json!({"padding": "x".repeat(16_384)})))),
        ("100,000 characters", "x".repeat(100_000)),
        ("100,000 dots", ".".repeat(100_000)),
    ] {
        let expected = match text.split('.').count() {
            3 => JWT,
            5 => ENCRYPTED,
            _ => OPAQUE,
        };
        rows.push(token(name, &text, expected));
    }
    rows
}

fn algorithms(w: &World) -> Vec<Row> {
    let claims = w.claims(&json!({}));
    let mut rows = Vec::new();
    for alg in ["none", "None", "nOnE", "", "rs256", "RS256 ", "HS512", "RS1", "ES256K", "dir", MARKER] {
        let header = w.rs256.header(&json!({"alg": alg}));
        let unsigned = jws(&header.to_string(), &claims.to_string(), |_| Vec::new());
        rows.push(token(&format!("alg {alg:?}, no signature"), &unsigned, ALG));
        rows.push(w.headed(&format!("alg {alg:?}, a good signature"), &json!({"alg": alg}), ALG));
    }
    for alg in [Value::Null, json!(7), json!(["RS256"]), json!({"alg": "RS256"}), json!(true)] {
        rows.push(w.headed(&format!("alg is {alg}"), &json!({"alg": alg}), ALG));
    }
    for (name, secret) in public_secrets(&w.rs256) {
        let sign = |message: &[u8]| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), message).as_ref().to_vec();
        let header = w.rs256.header(&json!({"alg": "HS256"}));
        let signed = jws(&header.to_string(), &claims.to_string(), sign);
        rows.push(token(&format!("HS256 with the public key's {name}"), &signed, ALG));
    }
    rows
}

/// The forms of a public key that a careless verifier takes for a shared secret.
fn public_secrets(key: &SigningKey) -> Vec<(&'static str, Vec<u8>)> {
    let [pkcs1, info, modulus] = key.public_forms();
    let base64 = STANDARD.encode(&info);
    let lines: Vec<_> = base64.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"));
    vec![
        ("PEM", pem.clone().into_bytes()),
        ("PEM without the last line's end", pem.trim_end().as_bytes().to_vec()),
        ("DER (X.509)", info),
        ("DER (PKCS #1)", pkcs1),
        ("base64", base64.into_bytes()),
        ("modulus", modulus),
        ("n", key.jwk["n"].as_str().unwrap().as_bytes().to_vec()),
        ("JWK", key.jwk.to_string().into_bytes()),
        ("absence", Vec::new()),
    ]
}

fn algorithms_of_other_keys(w: &World) -> Vec<Row> {
    let claims = w.claims(&json!({})).to_string();
    let signed = |key: &SigningKey, alg: &str, header_alg: &str| {
        key.signs(alg, &key.header(&json!({"alg": header_alg})).to_string(), &claims)
    };
    let by_other = |key: &SigningKey, kid: &str| {
        let header = key.header(&json!({"kid": kid}));
        key.signs(header["alg"].as_str().unwrap(), &header.to_string(), &claims)
    };
    vec![
        token("PS256 by the key for RS256", &signed(&w.rs256, "PS256", "PS256"), KEY_ALG),
        token("RS512 by the key for RS256", &signed(&w.rs256, "RS512", "RS512"), KEY_ALG),
        token("RS256 by the key for PS256", &signed(&w.ps256, "RS256", "RS256"), KEY_ALG),
        token("ES384 by the key for ES256", &signed(&w.es256, "ES256", "ES384"), KEY_ALG),
        token("ES256 that names the key for RS256", &by_other(&w.es256, "rs256"), KEY_ALG),
        token("EdDSA that names the key for RS256", &by_other(&w.ed25519, "rs256"), KEY_ALG),
        token("RS256 that names the key for ES256", &by_other(&w.rs256, "es256"), KEY_ALG),
        token("ES256 that names an RSA key without alg", &by_other(&w.es256, "rsa"), KEY_ALG),
        token("EdDSA that names an RSA key without alg", &by_other(&w.ed25519, "rsa"), KEY_ALG),
        token("says PS256, signed as RS256", &signed(&w.rsa, "RS256", "PS256"), SIGNATURE),
        token("says RS256, signed as PS256", &signed(&w.rs256, "PS256", "RS256"), SIGNATURE),
    ]
}

fn signatures(w: &World) -> Vec<Row> {
    let good = w.good();
    let (message, signature) = good.rsplit_once('.').unwrap();
    let bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let (first, rest) = bytes.split_first().unwrap();
    let es256 = w.es256.token(&w.claims(&json!({})));
    let (es256_message, es256_signature) = es256.rsplit_once('.').unwrap();
    let es256_bytes = URL_SAFE_NO_PAD.decode(es256_signature).unwrap();
    let other = w.rs256.token(&w.claims(&json!({"sub": "somebody"})));
    let mut rows = Vec::new();
    for (name, message, signature) in [
        ("stripped", message, vec![]),
        ("truncated", message, bytes[..255].to_vec()),
        ("longer by a zero", message, [&bytes[..], &[0]].concat()),
        ("a zero in front", message, [&[0], &bytes[..]].concat()),
        ("a bit flipped", message, [&[first ^ 1], rest].concat()),
        ("zeros", message, vec![0; 256]),
        ("ones", message, vec![255; 256]),
        ("the hash's length", message, vec![1; 32]),
        ("10,000 bytes", message, vec![1; 10_000]),
        ("ES256, all zero", es256_message, vec![0; 64]),
        ("ES256, all ones", es256_message, vec![255; 64]),
        ("ES256, empty", es256_message, vec![]),
        ("ES256, truncated", es256_message, es256_bytes[..63].to_vec()),
        ("ES256, halves exchanged", es256_message, [&es256_bytes[32..], &es256_bytes[..32]].concat()),
    ] {
        rows.push(token(&format!("signature: {name}"), &format!("{message}.{}", base64url(signature)), SIGNATURE));
    }
    let of_other = other.rsplit_once('.').unwrap().1;
    let (header, _) = message.split_once('.').unwrap();
    let admin = base64url(w.claims(&json!({"sub": "admin", "scope": "mcp:read mcp:write"})).to_string());
    let typ = base64url(w.rs256.header(&json!({"typ": "at+jwt"})).to_string());
    let claims = message.split_once('.').unwrap().1;
    rows.push(token("signature of another token", &format!("{message}.{of_other}"), SIGNATURE));
    rows.push(token("the claims changed", &format!("{header}.{admin}.{signature}"), SIGNATURE));
    rows.push(token("the header changed", &format!("{typ}.{claims}.{signature}"), SIGNATURE));
    rows.push(token("signature that is no base64", &format!("{message}.~~~"), SIGNATURE));
    rows.push(token("signature with padding", &format!("{good}=="), SIGNATURE));
    rows.push(token("a stranger's key of the same kid", &w.stranger.token(&w.claims(&json!({}))), SIGNATURE));
    rows
}

fn keys(w: &World) -> Vec<Row> {
    let mut rows = Vec::new();
    let long = MARKER.repeat(10_000 / MARKER.len());
    for kid in [
        MARKER,
        "",
        "RS256",
        "rs256 ",
        "../../../../dev/null",
        "/dev/null",
        "file:///dev/null",
        "' OR '1'='1",
        "x' UNION SELECT 'key' --",
        "|/bin/sleep 10",
        "\u{1b}[2J\r\nSet-Cookie: m4rk3r",
        "\0",
        &long,
    ] {
        let name: String = kid.chars().take(40).collect();
        rows.push(w.headed(&format!("kid {name:?}"), &json!({"kid": kid}), KEY));
    }
    rows.push(w.headed("no kid, and many keys", &json!({"kid": null}), KEY));
    rows
}

fn header_types(w: &World) -> Vec<Row> {
    let typed = |name: &str, header: Value, claim: Value| {
        let says_otherwise = !claim.is_null() && claim != "Bearer";
        let expected = match header.as_str() {
            _ if says_otherwise => TYP,
            Some("JWT" | "application/jwt") => TYP_JWT,
            None => NO_TYP,
            Some(_) => TYP,
        };
        let header = json!({"typ": header});
        token(name, &w.rs256.token_with(&header, &w.claims(&json!({"typ": claim}))), expected)
    };
    vec![
        typed("typ absent", Value::Null, json!("Bearer")),
        typed("typ absent, in the claims too", Value::Null, Value::Null),
        typed("typ JWT and nothing in the claims", json!("JWT"), Value::Null),
        typed("an ID token of Keycloak's", json!("JWT"), json!("ID")),
        typed("a refresh token of Keycloak's", json!("JWT"), json!("Refresh")),
        typed("a logout token of Keycloak's", json!("JWT"), json!("Logout")),
        typed("typ JWT and the claim bearer", json!("JWT"), json!("bearer")),
        typed("typ at+jwt and the claim ID", json!("at+jwt"), json!("ID")),
        typed("typ at+jwt and the claim Refresh", json!("at+jwt"), json!("Refresh")),
        typed("typ is a number", json!(7), json!("Bearer")),
        typed("typ is a list", json!(["at+jwt"]), Value::Null),
        typed("typ logout+jwt", json!("logout+jwt"), Value::Null),
        typed("typ dpop+jwt", json!("dpop+jwt"), Value::Null),
        typed("typ application/jwt", json!("application/jwt"), Value::Null),
        typed("typ that begins like at+jwt", json!(format!("at+jwt{MARKER}")), Value::Null),
        w.headed("crit", &json!({"crit": [MARKER], MARKER: 1}), CRIT),
        w.headed("crit that names nothing", &json!({"crit": []}), CRIT),
        w.headed("crit with exp", &json!({"crit": ["exp"], "exp": 1}), CRIT),
        w.headed("b64 false", &json!({"crit": ["b64"], "b64": false}), CRIT),
    ]
}

fn claims_rows(w: &World) -> Vec<Row> {
    let now = shared::now();
    let (own, mut rows) = (&w.issuer, Vec::new());
    let upper = own.replace("realms", "REALMS");
    for iss in [
        Value::Null,
        json!(""),
        json!(format!("https://{MARKER}.example")),
        json!(format!("{own}/")),
        json!(upper),
        json!(own.replace("127.0.0.1", "localhost")),
        json!(format!(" {own}")),
        json!([own]),
        json!({"iss": own}),
        json!(7),
    ] {
        rows.push(w.claiming(&format!("iss is {iss}"), &json!({"iss": iss}), ISS));
    }
    for exp in [
        Value::Null,
        json!((now + 3600).to_string()),
        json!("2099-12-31T00:00:00Z"),
        json!(now - 60),
        json!(0),
        json!(-1),
        json!(-1e30),
        json!(1e-30),
        json!(1_500_000_000.75),
        json!(true),
        json!([now + 3600]),
    ] {
        let expected = match &exp {
            Value::Null => NO_EXP,
            Value::Number(_) => EXP,
            _ => ODD_EXP,
        };
        rows.push(w.claiming(&format!("exp is {exp}"), &json!({"exp": exp}), expected));
    }
    for nbf in [json!(now + 300), json!(now.to_string()), json!(1e30), json!(false), json!([0])] {
        let expected = if nbf.is_number() { NBF } else { ODD_NBF };
        rows.push(w.claiming(&format!("nbf is {nbf}"), &json!({"nbf": nbf}), expected));
    }
    let odd_iat = Expected::Token("The token's iat is not a number", &rules::ISSUED_AT);
    for iat in [json!(now.to_string()), json!(true), json!([now])] {
        rows.push(w.claiming(&format!("iat is {iat}"), &json!({"iat": iat}), odd_iat));
    }
    for sub in [Value::Null, json!(""), json!(7), json!([MARKER])] {
        rows.push(w.claiming(&format!("sub is {sub}"), &json!({"sub": sub}), SUB));
    }
    for cnf in [
        json!({"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}),
        json!({"x5t#S256": "AAAA"}),
        json!({}),
        json!(7),
    ] {
        rows.push(w.claiming(&format!("cnf is {cnf}"), &json!({"cnf": cnf}), BOUND));
    }
    rows
}

fn permissions(w: &World) -> Vec<Row> {
    let note = || tool_call("save_note", &json!({"name": "n", "text": MARKER}));
    let calls = |name: &str, request: Request<Body>, patch: Value, expected: Expected| {
        row(name, with_token(request, &w.rs256.token(&w.claims(&patch))), expected)
    };
    let in_session = |mut request: Request<Body>| {
        request.headers_mut().insert("mcp-session-id", MARKER.parse().unwrap());
        request
    };
    let write = "mcp:write";
    vec![
        calls("a session that nobody began", in_session(weather()), json!({}), Expected::Session),
        calls("writes with the scope to read", note(), json!({}), Expected::Scope(write)),
        calls("writes without a scope", note(), json!({"scope": null}), Expected::Scope(write)),
        calls(
            "a scope that begins like it",
            note(),
            json!({"scope": "mcp:writer mcp:write:x"}),
            Expected::Scope(write),
        ),
        calls("scopes parted by commas", note(), json!({"scope": "mcp:read,mcp:write"}), Expected::Scope(write)),
        calls("a scope of other case", note(), json!({"scope": "MCP:WRITE"}), Expected::Scope(write)),
        calls("scope is a number", note(), json!({"scope": 7}), Expected::Scope(write)),
        calls("the role, but not the scope", note(), json!({"scope": "openid"}), Expected::Scope(write)),
        calls("writes, and calls it reading in a header", renamed(note()), json!({}), Expected::Scope(write)),
        calls("reads with the scope to write", weather(), json!({"scope": write}), Expected::Scope("mcp:read")),
        calls(
            "the scope, but not the role",
            note(),
            json!({"scope": write, "realm_access": {"roles": ["mcp-reader"]}}),
            Expected::Role,
        ),
        calls("the scope, but no roles", weather(), json!({"realm_access": {"roles": []}}), Expected::Role),
    ]
}

/// The header that names the tool names a harmless one.
fn renamed(mut request: Request<Body>) -> Request<Body> {
    request.headers_mut().insert("mcp-name", HeaderValue::from_static("get_weather"));
    request
}

/// A member that stands twice could mean one tool here and another one there.
fn messages_of_two_meanings(w: &World) -> Vec<Row> {
    let mut rows = Vec::new();
    for (name, body) in [
        (
            "method twice",
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call","params":{"name":"save_note"}}"#,
        ),
        (
            "method twice, once escaped",
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","m\u0065thod":"tools/list","params":{"name":"save_note"}}"#,
        ),
        (
            "name twice",
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_weather","name":"save_note"}}"#,
        ),
        (
            "params twice",
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_weather"},"params":{"name":"save_note"}}"#,
        ),
    ] {
        let request = with_token(weather().map(|_| Body::from(body)), &w.good());
        rows.push(row(name, request, Expected::Twice));
    }
    rows
}

/// What is wrong with the answer to a row; nothing where all is right. The check that failed is the
/// other value.
async fn verdict(server: &Server, row: Row) -> (Vec<String>, Vec<String>) {
    let said = server.captured.text().len();
    let reply = server.ask(row.request).await;
    let failed = server.failed_since(said);
    let (status, challenge, rule) = row.expected.kind();
    let mut wrong = Vec::new();
    if reply.status != status || (status == 200 && !reply.has_weather()) {
        wrong.push(format!("HTTP {} in place of {status}: {}", reply.status, reply.body));
    }
    if reply.challenge() != challenge.as_deref() {
        wrong.push(format!("challenge {:?} in place of {challenge:?}", reply.challenge()));
    }
    if failed.iter().map(String::as_str).ne(rule) {
        wrong.push(format!("failed checks {failed:?} in place of {rule:?}"));
    }
    let came_back = format!("{:?}{}", reply.headers, reply.body).contains(MARKER);
    if came_back {
        wrong.push(format!("what was sent came back: {reply:?}"));
    }
    (wrong.into_iter().map(|wrong| format!("{}: {wrong}", row.name)).collect(), failed)
}

#[tokio::test]
async fn every_bad_token_gets_its_answer_and_every_good_one_gets_in() {
    let mut w = World::new();
    let authority = Authority::start(&w.published()).await;
    w.issuer = authority.issuer.clone();
    let server = Server::new(&w.issuer, CALM);
    assert!(server.weather(&w.good()).await.has_weather());

    let groups = [
        good_tokens,
        no_tokens,
        tokens_in_the_url,
        no_jwts,
        algorithms,
        algorithms_of_other_keys,
        signatures,
        keys,
        header_types,
        claims_rows,
        permissions,
        messages_of_two_meanings,
    ];
    let rows: Vec<_> = groups.iter().flat_map(|group| group(&w)).collect();
    let bad = rows.iter().filter(|row| row.expected.kind().0 != 200).count();
    assert!(bad >= 45, "{bad} bad rows");
    let (mut wrong, mut seen) = (Vec::new(), BTreeSet::new());
    for row in rows {
        let (of_row, failed) = verdict(&server, row).await;
        wrong.extend(of_row);
        seen.extend(failed);
    }
    assert!(wrong.is_empty(), "{} of the answers are wrong:\n{}", wrong.len(), wrong.join("\n"));
    // Every check of the server's has a row that fails it; the good tokens pass it.
    let own = rules::ALL.iter().chain(further::rules::ALL).map(|rule| rule.id);
    let own = own.filter(|id| id.starts_with("token.") || id.starts_with("request."));
    let unseen: Vec<_> = own.filter(|id| !seen.contains(*id)).collect();
    assert!(unseen.is_empty(), "no row fails {unseen:?}");
    assert_eq!(authority.key_requests(), 1, "no token made the server fetch more than once in a window");
}

#[tokio::test]
async fn nothing_is_fetched_where_a_token_says_that_its_key_is() {
    let (own, stranger) = (SigningKey::rsa("own", Some("RS256")), SigningKey::rsa("stranger", Some("RS256")));
    let authority = Authority::start(&[&own]).await;
    let attacker = Authority::start(&[&stranger]).await;
    let url = format!("{}/certs", attacker.issuer);
    let server = Server::new(&authority.issuer, CALM);
    let claims = claims(&authority.issuer);
    for header in [
        json!({"jwk": stranger.jwk}),
        json!({"jwk": stranger.jwk, "kid": "own"}),
        json!({"jku": url}),
        json!({"jku": url, "kid": "own"}),
        json!({"jku": url, "kid": null}),
        json!({"x5u": url}),
        json!({"x5u": url, "kid": "own"}),
        json!({"kid": url}),
        json!({"x5c": ["MIIB"], "kid": "own"}),
    ] {
        let said = server.captured.text().len();
        let reply = server.weather(&stranger.token_with(&header, &claims)).await;
        assert_eq!(reply.status, 401, "{header}");
        // The authorization server has one key, so a token without kid is held against that.
        let held_against_own = header["kid"] == "own" || header.get("kid").is_some_and(Value::is_null);
        let rule = if held_against_own { &rules::SIGNATURE } else { &rules::KEY };
        assert_eq!(server.failed_since(said), [rule.id], "{header}");
        assert!(!format!("{:?}{}", reply.headers, reply.body).contains(&attacker.issuer), "{header}");
    }
    assert_eq!((attacker.key_requests(), attacker.metadata_requests()), (0, 0));
    assert!(
        server.weather(&own.token_with(&json!({"jku": url}), &claims)).await.has_weather(),
        "it is just not looked at"
    );
    assert_eq!(attacker.key_requests(), 0);
}

#[tokio::test]
async fn without_a_kid_the_only_key_is_taken_and_a_kid_that_is_no_string_is_none() {
    let key = SigningKey::rsa("only", Some("RS256"));
    let authority = Authority::start(&[&key]).await;
    let server = Server::new(&authority.issuer, CALM);
    let claims = claims(&authority.issuer);
    assert!(server.weather(&key.token_with(&json!({"kid": null}), &claims)).await.has_weather());
    for kid in [json!(7), json!(["only"]), json!({}), json!(false)] {
        let said = server.captured.text().len();
        assert_eq!(server.weather(&key.token_with(&json!({"kid": kid}), &claims)).await.status, 401, "{kid}");
        assert_eq!(server.failed_since(said), [rules::JWT.id], "{kid}");
    }
}

#[tokio::test]
async fn while_nobody_can_tell_the_answer_is_503_and_never_yes() {
    let key = SigningKey::rsa("key", Some("RS256"));
    let authority = Authority::start(&[&key]).await;
    authority.behave(Manner::Down);
    let server = Server::new(&authority.issuer, CALM);
    for (name, token) in [
        ("a good token", key.token(&claims(&authority.issuer))),
        ("an unknown kid", key.token_with(&json!({"kid": MARKER}), &claims(&authority.issuer))),
        ("no kid", key.token_with(&json!({"kid": null}), &claims(&authority.issuer))),
        ("a token that has expired", key.token(&patched(claims(&authority.issuer), &json!({"exp": 1})))),
    ] {
        let said = server.captured.text().len();
        let reply = server.weather(&token).await;
        assert_eq!((reply.status, reply.challenge()), (503, None), "{name}");
        assert!(reply.retry_after().unwrap() > 3590, "{name}: {:?}", reply.retry_after());
        assert_eq!(server.failed_since(said), [rules::KEY.id], "{name}");
        assert!(!reply.body.contains(MARKER) && !reply.body.contains(&authority.issuer), "{name}");
    }
    // What needs no key is refused as ever.
    assert_eq!(server.ask(weather()).await.status, 401);
    assert_eq!(server.weather("x").await.status, 401);
}

#[tokio::test]
async fn a_bad_token_that_comes_again_is_not_said_to_hold() {
    let key = SigningKey::rsa("key", Some("RS256"));
    let authority = Authority::start(&[&key]).await;
    let server = Server::new(&authority.issuer, CALM);
    let expired = key.token(&patched(claims(&authority.issuer), &json!({"exp": 1})));
    for _ in 0..3 {
        assert_eq!(server.weather(&expired).await.status, 401);
    }
    assert_eq!(server.captured.checks(rules::EXPIRY.id), vec![("server".to_owned(), false); 3]);
    assert!(!server.captured.text().contains("holds"), "{}", server.captured.text());
}

#[tokio::test]
async fn a_strangers_long_value_does_not_fill_the_log() {
    let key = SigningKey::rsa("key", Some("RS256"));
    let authority = Authority::start(&[&key]).await;
    let server = Server::new(&authority.issuer, CALM);
    assert!(server.weather(&key.token(&claims(&authority.issuer))).await.has_weather());
    let said = server.captured.text().len();
    for name in ["kid", "alg", "typ", "crit"] {
        let token = key.token_with(&json!({name: "x".repeat(10_000)}), &claims(&authority.issuer));
        assert_eq!(server.weather(&token).await.status, 401, "{name}");
    }
    let more = server.captured.text().len() - said;
    assert!(more < 20_000, "{more} bytes for four refusals");
}

#[tokio::test]
async fn a_message_in_an_odd_form_writes_nothing() {
    let key = SigningKey::rsa("key", Some("RS256"));
    let authority = Authority::start(&[&key]).await;
    let server = Server::new(&authority.issuer, CALM);
    let reader = key.token(&claims(&authority.issuer));
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"save_note","arguments":{"name":"n","text":"t"},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}"#;
    for (name, body) in [
        ("a batch", format!("[{call}]").into_bytes()),
        ("a byte order mark", [b"\xef\xbb\xbf", call.as_bytes()].concat()),
        ("UTF-16", call.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("two messages", format!("{call}{call}").into_bytes()),
        ("a name in a list", call.replace("\"save_note\"", "[\"save_note\"]").into_bytes()),
        ("a name with a space", call.replace("save_note", "save_note ").into_bytes()),
        ("a name of other case", call.replace("save_note", "SAVE_NOTE").into_bytes()),
        ("a method of other case", call.replace("tools/call", "Tools/Call").into_bytes()),
        ("a method in a list", call.replace("\"tools/call\"", "[\"tools/call\"]").into_bytes()),
        ("params in a list", call.replace("\"params\":{", "\"params\":[{").replace("}}}}", "}}}]}").into_bytes()),
        ("cut off", call.as_bytes()[..call.len() - 1].to_vec()),
        ("escapes in the name", call.replace("save_note", "save\\u005fnote").into_bytes()),
        ("nothing", Vec::new()),
    ] {
        for headers in [renamed(tool_call("save_note", &json!({}))), tool_call("save_note", &json!({}))] {
            let reply = server.ask(with_token(headers.map(|_| Body::from(body.clone())), &reader)).await;
            let refused = reply.status >= 400 || reply.body.contains("\"error\"");
            assert!(refused && !reply.body.contains("\"result\""), "{name}: {reply:?}");
        }
    }
    let writer = key.token(&patched(claims(&authority.issuer), &json!({"scope": "mcp:read mcp:write"})));
    let note = tool_call("save_note", &json!({"name": "n", "text": "t"}));
    let reply = server.ask(with_token(note, &writer)).await;
    assert!(
        reply.body.contains("\"result\"") && reply.body.contains("\"isError\":false"),
        "no note of that name was there: {reply:?}"
    );
}
