//! Tokens that are good only with the client's key (RFC 9449): proofs at the token endpoint, good
//! and bad, and what becomes of bound tokens.

use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::digest;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512,
    RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use libtest_mimic::Failed;
use serde_json::{Value, json};
use shared::Secret;
use shared::http::Request;

use super::code_flow::{Asked, fields, refreshing};
use super::token_use::{CALENDAR, Credentials, DEMO, SERVER, Tokens, basic, tampered};

const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const FOR_ITSELF: [(&str, &str); 1] = [("grant_type", "client_credentials")];

/// A client's key; its public half as a JSON Web Key, and the algorithm that it signs by.
struct ProofKey {
    signer: Signer,
    jwk: Value,
    algorithm: &'static str,
}

enum Signer {
    Ec(EcdsaKeyPair),
    Rsa(RsaKeyPair),
    Okp(Ed25519KeyPair),
}

/// The algorithms of RSA keys.
const RSA: [(&str, &dyn RsaEncoding); 6] = [
    ("RS256", &RSA_PKCS1_SHA256),
    ("RS384", &RSA_PKCS1_SHA384),
    ("RS512", &RSA_PKCS1_SHA512),
    ("PS256", &RSA_PSS_SHA256),
    ("PS384", &RSA_PSS_SHA384),
    ("PS512", &RSA_PSS_SHA512),
];

impl ProofKey {
    fn new() -> Self {
        Self::ec("ES256", "P-256", &ECDSA_P256_SHA256_FIXED_SIGNING)
    }

    fn ec(algorithm: &'static str, curve: &str, signing: &'static EcdsaSigningAlgorithm) -> Self {
        let pair = EcdsaKeyPair::generate(signing).unwrap();
        let point = &pair.public_key().as_ref()[1..];
        let (x, y) = point.split_at(point.len() / 2);
        let jwk = json!({"crv": curve, "kty": "EC", "x": encoded(x), "y": encoded(y)});
        Self { signer: Signer::Ec(pair), jwk, algorithm }
    }

    fn rsa() -> Self {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let public = pair.public_key();
        let [n, e] = [public.modulus(), public.exponent()].map(|part| encoded(part.big_endian_without_leading_zero()));
        Self { signer: Signer::Rsa(pair), jwk: json!({"e": e, "kty": "RSA", "n": n}), algorithm: "RS256" }
    }

    fn okp() -> Self {
        let pair = Ed25519KeyPair::generate().unwrap();
        let jwk = json!({"crv": "Ed25519", "kty": "OKP", "x": encoded(pair.public_key().as_ref())});
        Self { signer: Signer::Okp(pair), jwk, algorithm: "EdDSA" }
    }

    /// RFC 7638: the members above are in order.
    fn thumbprint(&self) -> String {
        encoded(digest::digest(&digest::SHA256, self.jwk.to_string().as_bytes()))
    }

    /// Whether an answer's access token is bound to this key.
    fn binds(&self, response: &Value) -> bool {
        let token = response["access_token"].as_str().unwrap_or_default();
        let jkt = token.split('.').nth(1).and_then(|claims| {
            let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
            Some(claims["cnf"]["jkt"].as_str()?.to_owned())
        });
        jkt == Some(self.thumbprint())
    }

    /// A JWT of these texts.
    fn sign(&self, header: &str, claims: &str) -> String {
        let message = format!("{}.{}", encoded(header), encoded(claims));
        let random = SystemRandom::new();
        let signature = match &self.signer {
            Signer::Ec(pair) => pair.sign(&random, message.as_bytes()).unwrap().as_ref().to_vec(),
            Signer::Rsa(pair) => {
                let named = RSA.iter().find(|(name, _)| header.contains(&format!("\"{name}\"")));
                let encoding = named.map_or(&RSA_PKCS1_SHA256 as &dyn RsaEncoding, |(_, encoding)| *encoding);
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(encoding, &random, message.as_bytes(), &mut signature).unwrap();
                signature
            }
            Signer::Okp(pair) => pair.sign(message.as_bytes()).as_ref().to_vec(),
        };
        format!("{message}.{}", encoded(signature))
    }

    /// A proof for the token endpoint, with these changes; one to null leaves a member out.
    fn proof_with(&self, issuer: &str, header: &Value, claims: &Value) -> String {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let jti = format!("proof-{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let usual_header = json!({"typ": "dpop+jwt", "alg": self.algorithm, "jwk": self.jwk});
        let url = format!("{issuer}/protocol/openid-connect/token");
        let usual_claims = json!({"jti": jti, "htm": "POST", "htu": url, "iat": shared::now()});
        self.sign(&changed(usual_header, header).to_string(), &changed(usual_claims, claims).to_string())
    }

    fn proof(&self, issuer: &str) -> String {
        self.proof_with(issuer, &json!({}), &json!({}))
    }
}

fn changed(mut members: Value, changes: &Value) -> Value {
    let all = members.as_object_mut().unwrap();
    all.extend(changes.as_object().unwrap().clone());
    all.retain(|_, value| !value.is_null());
    members
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Asked {
    pub async fn dpop(&mut self) -> Result<(), Failed> {
        let service =
            json!({"token_endpoint_auth_method": "client_secret_basic", "grant_types": ["client_credentials"]});
        let service = self.register(service).await?;
        let text = |name: &str| service[name].as_str().unwrap();
        let service = (text("client_id"), text("client_secret"));
        self.algorithms(service).await?;
        self.bad_headers(service).await?;
        self.bad_claims(service).await?;
        self.no_proofs(service).await?;
        self.times_and_uses(service).await?;
        self.proofs_and_other_faults(service).await?;
        self.bound_tokens().await?;
        self.bound_refresh_tokens().await?;
        self.confidential_clients().await?;
        self.bound_codes().await?;
        self.clients_that_always_use_dpop().await?;
        self.registrations_for_dpop().await?;
        self.exchanged_bound_tokens().await
    }

    /// A token request with these proofs.
    async fn proven(
        &mut self,
        name: &str,
        client: Option<Credentials<'_>>,
        fields: &[(&str, &str)],
        proofs: &[&str],
    ) -> Result<Value, Failed> {
        let mut request = Request::post_form(&self.endpoint("token"), fields);
        if let Some((id, secret)) = client {
            request = request.header("authorization", &basic(id, secret));
        }
        for proof in proofs {
            request = request.another_header("dpop", proof);
        }
        let response = self.http.send(&request).await?;
        let name = format!("dpop: {name}");
        self.keep(&name, &response);
        self.keep_field(&name, "header dpop-nonce", json!(response.header_values("dpop-nonce")));
        Ok(serde_json::from_slice(&response.body).unwrap_or_default())
    }

    /// Remembers whether an answer's access token is bound to this key.
    fn keep_binding(&mut self, name: &str, response: &Value, key: &ProofKey) {
        self.keep_field(&format!("dpop: {name}"), "bound to the key", json!(key.binds(response)));
    }

    async fn algorithms(&mut self, service: Credentials<'_>) -> Result<(), Failed> {
        let rsa = ProofKey::rsa();
        for (algorithm, _) in RSA {
            let proof = rsa.proof_with(&self.issuer, &json!({"alg": algorithm}), &json!({}));
            let response = self.proven(algorithm, Some(service), &FOR_ITSELF, &[&proof]).await?;
            self.keep_binding(algorithm, &response, &rsa);
        }
        let p384 = ProofKey::ec("ES384", "P-384", &ECDSA_P384_SHA384_FIXED_SIGNING);
        for key in [ProofKey::new(), ProofKey::ec("ES512", "P-521", &ECDSA_P521_SHA512_FIXED_SIGNING), ProofKey::okp()]
        {
            let response = self.proven(key.algorithm, Some(service), &FOR_ITSELF, &[&key.proof(&self.issuer)]).await?;
            self.keep_binding(key.algorithm, &response, &key);
        }
        let response = self.proven(p384.algorithm, Some(service), &FOR_ITSELF, &[&p384.proof(&self.issuer)]).await?;
        self.keep_binding(p384.algorithm, &response, &p384);
        // One key's algorithm with another's.
        for (key, others) in [
            (&rsa, &["ES256", "EdDSA"][..]),
            (&ProofKey::new(), &["RS256", "PS256", "EdDSA", "ES384", "ES512"]),
            (&ProofKey::okp(), &["RS256", "ES256"]),
            (&p384, &["ES256", "ES512"]),
        ] {
            for other in others {
                let proof = key.proof_with(&self.issuer, &json!({"alg": other}), &json!({}));
                let name = format!("a key for {} and {other}", key.algorithm);
                self.proven(&name, Some(service), &FOR_ITSELF, &[&proof]).await?;
            }
            // Too short a signature, none, and one of zeros.
            let proof = key.proof(&self.issuer);
            let (signed, signature) = proof.rsplit_once('.').unwrap();
            let length = URL_SAFE_NO_PAD.decode(signature)?.len();
            for bytes in [0, 3, length - 1, length] {
                let proof = format!("{signed}.{}", encoded(vec![0; bytes]));
                let name = format!("{}: {} bytes less of zeros", key.algorithm, length - bytes);
                self.proven(&name, Some(service), &FOR_ITSELF, &[&proof]).await?;
            }
            let name = format!("{}: no signature", key.algorithm);
            self.proven(&name, Some(service), &FOR_ITSELF, &[signed]).await?;
        }
        for name in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
            let jwk = changed(rsa.jwk.clone(), &json!({name: "AAAA"}));
            let proof = rsa.proof_with(&self.issuer, &json!({"jwk": jwk}), &json!({}));
            self.proven(&format!("an RSA key with {name}"), Some(service), &FOR_ITSELF, &[&proof]).await?;
        }
        Ok(())
    }

    async fn bad_headers(&mut self, service: Credentials<'_>) -> Result<(), Failed> {
        let (key, other) = (ProofKey::new(), ProofKey::new());
        let jwk = |changes: Value| json!({"jwk": changed(key.jwk.clone(), &changes)});
        for (name, header) in [
            ("typ JWT", json!({"typ": "JWT"})),
            ("typ in capitals", json!({"typ": "DPOP+JWT"})),
            ("typ with application/", json!({"typ": "application/dpop+jwt"})),
            ("no typ", json!({"typ": null})),
            ("typ a number", json!({"typ": 5})),
            ("typ a list", json!({"typ": ["dpop+jwt"]})),
            ("no alg", json!({"alg": null})),
            ("alg none", json!({"alg": "none"})),
            ("alg HS256", json!({"alg": "HS256"})),
            ("alg Ed25519", json!({"alg": "Ed25519"})),
            ("alg ES256K", json!({"alg": "ES256K"})),
            ("an unknown alg", json!({"alg": "nope"})),
            ("alg in small letters", json!({"alg": "es256"})),
            ("no jwk", json!({"jwk": null})),
            ("jwk a text", json!({"jwk": "x"})),
            ("jwk of nothing", json!({"jwk": {}})),
            ("a symmetric jwk", json!({"jwk": {"kty": "oct", "k": "AAAA"}})),
            ("a jwk of no type", json!({"jwk": {"kty": "X"}})),
            ("a private jwk", jwk(json!({"d": "AAAA"}))),
            ("a jwk with an empty d", jwk(json!({"d": ""}))),
            ("another jwk", json!({"jwk": other.jwk})),
            ("half a jwk", jwk(json!({"x": null}))),
            ("a jwk that is no point", jwk(json!({"x": other.jwk["x"]}))),
            ("a jwk of another curve", jwk(json!({"crv": "P-1"}))),
            (
                "a jwk with more",
                jwk(json!({"kid": "a", "use": "enc", "alg": "RS256", "key_ops": ["encrypt"], "x": key.jwk["x"]})),
            ),
            ("more members", json!({"kid": "a", "jku": "http://x.example", "crit": ["x"], "x": 1})),
            ("typ and alg", json!({"typ": "x", "alg": "none"})),
            ("alg and jwk", json!({"alg": "HS256", "jwk": null})),
        ] {
            let proof = key.proof_with(&self.issuer, &header, &json!({}));
            let response = self.proven(&format!("header: {name}"), Some(service), &FOR_ITSELF, &[&proof]).await?;
            if response["access_token"].is_string() {
                self.keep_binding(&format!("header: {name}"), &response, &key);
            }
        }
        for claims in [json!({"jti": null}), json!({"htu": "x"})] {
            let proof = key.proof_with(&self.issuer, &json!({"jwk": other.jwk}), &claims);
            self.proven(&format!("another jwk, and {claims}"), Some(service), &FOR_ITSELF, &[&proof]).await?;
        }
        Ok(())
    }

    async fn bad_claims(&mut self, service: Credentials<'_>) -> Result<(), Failed> {
        let key = ProofKey::new();
        let (url, now) = (self.endpoint("token"), shared::now());
        let htu = |from: &str, to: &str| json!({"htu": url.replace(from, to)});
        let more = |text: &str| json!({"htu": format!("{url}{text}")});
        let mut cases = vec![];
        for name in ["jti", "htm", "htu", "iat"] {
            for value in [json!(null), json!(""), json!(" "), json!([]), json!({}), json!(5), json!(true)] {
                cases.push(json!({name: value}));
            }
        }
        cases.extend([json!({"iat": now.to_string()}), json!({"iat": now as f64 + 0.5}), json!({"iat": "x"})]);
        cases.extend([json!({"iat": -5}), json!({"iat": i64::MAX}), json!({"iat": u64::MAX}), json!({"iat": 1e300})]);
        cases.extend([json!({"htm": "GET"}), json!({"htm": "post"})]);
        cases.extend(
            ["?a=b", "#a", "?", "?a#b", "/", ";a", "{a}", "%", "%zz", " ", "\\", "\n", "#a#b", "\u{e9}"].map(more),
        );
        cases.extend([
            htu("localhost", "LOCALHOST"),
            htu("http:", "HTTP:"),
            htu("token", "TOKEN"),
            htu("token", "%74oken"),
            htu("/token", "/x/../token"),
            htu("/token", "//token"),
            htu("http:", "https:"),
            htu("localhost", "127.0.0.1"),
            htu("localhost", "a@localhost"),
            htu("http://", "/"),
            htu("/protocol/openid-connect/token", ""),
            json!({"htu": "http://x.example/token"}),
            json!({"htu": "urn:x"}),
            json!({"htu": "a b"}),
        ]);
        cases.extend([json!({"nonce": "x"}), json!({"ath": "x"}), json!({"exp": 1}), json!({"nbf": now + 100})]);
        cases.extend([
            json!({"jti": null, "htu": "x"}),
            json!({"htu": "x", "htm": "GET"}),
            json!({"htu": "a b", "htm": "GET"}),
            json!({"htm": "GET", "iat": 5}),
        ]);
        for claims in cases {
            let name = claims.to_string().replace(&url, "URL").replace(&now.to_string(), "NOW");
            let name = name.replace(&(now + 100).to_string(), "SOON");
            let name = name.replace(self.issuer.split("/realms/").next().unwrap(), "ORIGIN");
            let proof = key.proof_with(&self.issuer, &json!({}), &claims);
            self.proven(&format!("claims: {name}"), Some(service), &FOR_ITSELF, &[&proof]).await?;
        }
        Ok(())
    }

    async fn no_proofs(&mut self, service: Credentials<'_>) -> Result<(), Failed> {
        let key = ProofKey::new();
        let header = json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": key.jwk}).to_string();
        let issuer = self.issuer.clone();
        let good = || key.proof(&issuer);
        for (name, proofs) in [
            ("none", vec![]),
            ("empty", vec![String::new()]),
            ("no JWT", vec!["x".to_owned()]),
            ("three parts of garbage", vec!["a.b.c".to_owned()]),
            ("four parts", vec![format!("{}.x", good())]),
            ("with a scheme", vec![format!("DPoP {}", good())]),
            ("two of them", vec![good(), good()]),
            ("good and bad", vec![good(), "x".to_owned()]),
            ("good and empty", vec![good(), String::new()]),
            ("two in one", vec![format!("{},{}", good(), good())]),
            ("a header that is a list", vec![key.sign("[]", "{}")]),
            ("a header of nothing", vec![key.sign("{}", "{}")]),
            ("claims that are a list", vec![key.sign(&header, "[]")]),
            ("claims of nothing", vec![key.sign(&header, "{}")]),
            ("claims that are no JSON", vec![key.sign(&header, "x")]),
            ("an access token", vec![self.tokens_of(DEMO, "mcp:read").await?.access]),
        ] {
            let proofs: Vec<_> = proofs.iter().map(String::as_str).collect();
            self.proven(&format!("the header: {name}"), Some(service), &FOR_ITSELF, &proofs).await?;
        }
        Ok(())
    }

    async fn times_and_uses(&mut self, service: Credentials<'_>) -> Result<(), Failed> {
        let (key, other) = (ProofKey::new(), ProofKey::new());
        // 25 seconds back and 15 ahead are the ends; to be near them would depend on this machine's
        // speed.
        for seconds in [-1000, -30, -20, -5, 10, 20, 1000] {
            let iat = i64::try_from(shared::now())? + seconds;
            let proof = key.proof_with(&self.issuer, &json!({}), &json!({"iat": iat}));
            self.proven(&format!("iat {seconds}"), Some(service), &FOR_ITSELF, &[&proof]).await?;
        }
        let jti = |jti: &str| json!({"jti": jti});
        let query = json!({"jti": "a", "htu": format!("{}?", self.endpoint("token"))});
        let old = json!({"jti": "b", "iat": 5});
        for (name, key, claims) in [
            ("first", &key, jti("a")),
            ("again", &key, jti("a")),
            ("by another key", &other, jti("a")),
            ("htu written otherwise", &key, query.clone()),
            ("htu written otherwise, again", &key, query),
            ("one that was refused", &key, old),
            ("its jti again", &key, jti("b")),
        ] {
            let proof = key.proof_with(&self.issuer, &json!({}), &claims);
            self.proven(&format!("one use: {name}"), Some(service), &FOR_ITSELF, &[&proof]).await?;
        }
        let proof = key.proof(&self.issuer);
        let bad_scope = [&FOR_ITSELF[..], &[("scope", "nope")]].concat();
        let (id, _) = service;
        for (name, client, fields) in [
            ("a wrong secret", (id, "x"), &FOR_ITSELF[..]),
            ("a bad scope", service, &bad_scope),
            ("after the bad scope", service, &FOR_ITSELF),
        ] {
            self.proven(&format!("one proof: {name}"), Some(client), fields, &[&proof]).await?;
        }
        Ok(())
    }

    /// Which of two faults is told, where one is the proof; and that a code outlives it.
    async fn proofs_and_other_faults(&mut self, service: Credentials<'_>) -> Result<(), Failed> {
        let (id, _) = service;
        let demo = ("client_id", DEMO);
        let grant = |grant: &'static str| ("grant_type", grant);
        for (name, client, fields) in [
            ("a wrong secret", Some((id, "x")), &FOR_ITSELF[..]),
            ("an unknown grant", Some(service), &[grant("nope")]),
            ("no grant", Some(service), &[]),
            ("something twice", Some(service), &[grant("client_credentials"), ("a", "1"), ("a", "2")]),
            ("a bad scope", Some(service), &[grant("client_credentials"), ("scope", "nope")]),
            ("a public client for itself", None, &[grant("client_credentials"), demo]),
            ("a client that may not act for itself", Some(CALENDAR), &FOR_ITSELF),
            ("no code", None, &[grant("authorization_code"), demo]),
            ("no refresh token", None, &[grant("refresh_token"), demo]),
            ("a bad refresh token", None, &[grant("refresh_token"), demo, ("refresh_token", "x")]),
            ("an exchange of nothing", Some(SERVER), &[grant(EXCHANGE)]),
            ("an exchange by who may not", Some(CALENDAR), &[grant(EXCHANGE)]),
        ] {
            self.proven(&format!("no JWT, and {name}"), client, fields, &["x"]).await?;
        }
        let key = ProofKey::new();
        let code = self.code(DEMO, "mcpuser", &[]).await?;
        self.proven("a code, no JWT", None, &fields(DEMO, &code), &["x"]).await?;
        let response = self.proven("the code again", None, &fields(DEMO, &code), &[&key.proof(&self.issuer)]).await?;
        self.keep_binding("the code again", &response, &key);
        self.proven("the code once more", None, &fields(DEMO, &code), &[&key.proof(&self.issuer)]).await?;
        Ok(())
    }

    /// The tokens of a new sign-in, bound to the key.
    async fn bound(&mut self, client_id: &str, scope: &str, key: &ProofKey) -> Result<Tokens, Failed> {
        let code = self.code(client_id, "mcpuser", &[("scope", scope)]).await?;
        let response = self.proven("a code", None, &fields(client_id, &code), &[&key.proof(&self.issuer)]).await?;
        assert!(key.binds(&response), "not bound to the key: {response}");
        Ok(Tokens::of(&response))
    }

    async fn bound_tokens(&mut self) -> Result<(), Failed> {
        let key = ProofKey::new();
        let registered = self.public_client().await?;
        for (client_id, scope) in [
            (DEMO, "openid mcp:read mcp:write"),
            (DEMO, ""),
            (DEMO, "mcp:read offline_access"),
            (&registered, "mcp:read"),
        ] {
            let tokens = self.bound(client_id, scope, &key).await?;
            self.introspect(&format!("bound, {scope:?}"), &tokens.access).await?;
            self.introspect("the ID token beside a bound one", &tokens.id).await?;
            let hint = [("token", tokens.refresh.as_str()), ("token_type_hint", "refresh_token")];
            self.post("introspect: a bound refresh token", "token/introspect", Some(SERVER), &hint).await?;
        }
        let tokens = self.bound(DEMO, "mcp:read", &key).await?;
        // Neither endpoint looks at the header, and the logout wants a proof that it cannot be
        // given.
        let proof = key.proof_with(&self.issuer, &json!({}), &json!({"htu": self.endpoint("logout")}));
        let introspection = [("token", tokens.access.as_str())];
        let logout = [("client_id", DEMO), ("refresh_token", tokens.refresh.as_str())];
        let revocation = [("client_id", DEMO), ("token", tokens.access.as_str())];
        let session = [("client_id", DEMO), ("token", tokens.refresh.as_str())];
        for (name, endpoint, fields, proof) in [
            ("introspect", "token/introspect", &introspection[..], "x"),
            ("logout, no JWT", "logout", &logout, "x"),
            ("logout", "logout", &logout, &proof),
            ("revoke", "revoke", &revocation, "x"),
            ("introspect, after it was revoked", "token/introspect", &introspection, "x"),
            ("revoke the refresh token", "revoke", &session, "x"),
        ] {
            let mut request = Request::post_form(&self.endpoint(endpoint), fields).header("dpop", proof);
            if endpoint == "token/introspect" {
                request = request.header("authorization", &basic(SERVER.0, SERVER.1));
            }
            let response = self.http.send(&request).await?;
            self.keep(&format!("dpop at other endpoints: {name}"), &response);
        }
        let fields = refreshing(DEMO, &tokens.refresh);
        self.proven("refresh: revoked", None, &fields, &[&key.proof(&self.issuer)]).await?;
        let other = self.bound(DEMO, "mcp:read", &key).await?;
        let logout = [("client_id", DEMO), ("refresh_token", other.refresh.as_str())];
        self.post("logout: a bound refresh token", "logout", None, &logout).await?;
        let fields = refreshing(DEMO, &other.refresh);
        self.proven("refresh: after a logout", None, &fields, &[&key.proof(&self.issuer)]).await?;
        Ok(())
    }

    async fn bound_refresh_tokens(&mut self) -> Result<(), Failed> {
        let (key, other) = (ProofKey::new(), ProofKey::new());
        let issuer = self.issuer.clone();
        for scope in ["openid mcp:read mcp:write", "mcp:read mcp:write offline_access"] {
            let tokens = self.bound(DEMO, scope, &key).await?;
            let same = refreshing(DEMO, &tokens.refresh);
            let bad_scope = [&same[..], &[("scope", "nope")]].concat();
            let more = [&same[..], &[("scope", "mcp:read calendar:read")]].concat();
            let less = [&same[..], &[("scope", "mcp:read")]].concat();
            let stranger = refreshing(SERVER.0, &tokens.refresh);
            self.proven("refresh: no proof", None, &same, &[]).await?;
            self.proven("refresh: another key", None, &same, &[&other.proof(&issuer)]).await?;
            self.proven("refresh: less, another key", None, &less, &[&other.proof(&issuer)]).await?;
            self.proven("refresh: a bad scope, no proof", None, &bad_scope, &[]).await?;
            self.proven("refresh: a bad scope, another key", None, &bad_scope, &[&other.proof(&issuer)]).await?;
            self.proven("refresh: more than before, no proof", None, &more, &[]).await?;
            self.proven("refresh: another client, no proof", Some(SERVER), &stranger, &[]).await?;
            let response = self.proven("refresh: the key", None, &same, &[&key.proof(&issuer)]).await?;
            self.keep_binding("refresh: the key", &response, &key);
            // A thief who has no key ends nobody's session.
            self.proven("refresh: used, no proof", None, &same, &[]).await?;
            self.proven("refresh: used, another key", None, &same, &[&other.proof(&issuer)]).await?;
            self.proven("refresh: used, a bad scope", None, &bad_scope, &[&key.proof(&issuer)]).await?;
            let newer = Tokens::of(&response).refresh;
            let response =
                self.proven("refresh: the newer", None, &refreshing(DEMO, &newer), &[&key.proof(&issuer)]).await?;
            self.proven("refresh: used, the key", None, &refreshing(DEMO, &newer), &[&key.proof(&issuer)]).await?;
            let newest = Tokens::of(&response).refresh;
            self.proven("refresh: after that", None, &refreshing(DEMO, &newest), &[&key.proof(&issuer)]).await?;
        }
        // Bound from the first proof on.
        let free = self.tokens_of(DEMO, "mcp:read").await?;
        let response =
            self.proven("refresh: not bound", None, &refreshing(DEMO, &free.refresh), &[&key.proof(&issuer)]).await?;
        self.keep_binding("refresh: not bound", &response, &key);
        let bound = Tokens::of(&response).refresh;
        self.proven("refresh: bound since", None, &refreshing(DEMO, &bound), &[]).await?;
        self.proven("refresh: bound since, the key", None, &refreshing(DEMO, &bound), &[&key.proof(&issuer)]).await?;
        Ok(())
    }

    /// "Refresh tokens issued to confidential clients … are not bound to the DPoP proof public key"
    /// (RFC 9449 §5)
    async fn confidential_clients(&mut self) -> Result<(), Failed> {
        let (key, other) = (ProofKey::new(), ProofKey::new());
        let client = json!({"token_endpoint_auth_method": "client_secret_basic", "scope": "mcp:read"});
        let client = self.register(client).await?;
        let text = |name: &str| client[name].as_str().unwrap();
        let (client_id, credentials) = (text("client_id"), Some((text("client_id"), text("client_secret"))));
        let code = self.code(client_id, "mcpuser", &[("scope", "mcp:read")]).await?;
        let fields = fields(client_id, &code);
        let mut response =
            self.proven("confidential: a code", credentials, &fields, &[&key.proof(&self.issuer)]).await?;
        for (name, proofs) in [
            ("another key", vec![other.proof(&self.issuer)]),
            ("no proof", vec![]),
            ("the key", vec![key.proof(&self.issuer)]),
        ] {
            let token = Tokens::of(&response).refresh;
            let hint = [("token", token.as_str()), ("token_type_hint", "refresh_token")];
            self.post("introspect: not bound to a key", "token/introspect", credentials, &hint).await?;
            let proofs: Vec<_> = proofs.iter().map(String::as_str).collect();
            let fields = refreshing(client_id, &token);
            response = self.proven(&format!("confidential: {name}"), credentials, &fields, &proofs).await?;
            self.keep_binding(&format!("confidential: {name}"), &response, &key);
        }
        Ok(())
    }

    /// `dpop_jkt` (RFC 9449 §10).
    async fn bound_codes(&mut self) -> Result<(), Failed> {
        let (key, other) = (ProofKey::new(), ProofKey::new());
        let (jkt, issuer) = (key.thumbprint(), self.issuer.clone());
        let (padded, longest, too_long) = (format!("{jkt}="), "a".repeat(4000), "a".repeat(4001));
        let other_verifier = ("code_verifier", "0000000000000000000000000000000000000000000");
        for (name, jkt, proof, changes) in [
            ("the key", &*jkt, Some(&key), &[][..]),
            ("another key", &jkt, Some(&other), &[]),
            ("no proof", &jkt, None, &[]),
            ("a jkt of nobody's", "x", Some(&key), &[]),
            ("a jkt with padding", &padded, Some(&key), &[]),
            ("the longest jkt", &longest, Some(&key), &[]),
            ("too long a jkt", &too_long, Some(&key), &[]),
            ("another key and verifier", &jkt, Some(&other), &[other_verifier]),
            ("another key and redirect URI", &jkt, Some(&other), &[("redirect_uri", "http://x.example")]),
            ("another key and client", &jkt, Some(&other), &[("client_id", SERVER.0), ("client_secret", SERVER.1)]),
        ] {
            let code = self.code(DEMO, "mcpuser", &[("dpop_jkt", jkt)]).await?;
            let mut changed: Vec<_> = fields(DEMO, &code).to_vec();
            changed.retain(|(field, _)| changes.iter().all(|(changed, _)| changed != field));
            changed.extend_from_slice(changes);
            let proofs: Vec<_> = proof.iter().map(|key| key.proof(&issuer)).collect();
            let proofs: Vec<_> = proofs.iter().map(String::as_str).collect();
            self.proven(&format!("dpop_jkt: {name}"), None, &changed, &proofs).await?;
            let again = key.proof(&issuer);
            self.proven(&format!("dpop_jkt: {name}, then right"), None, &fields(DEMO, &code), &[&again]).await?;
        }
        let twice = format!("{}&dpop_jkt=a&dpop_jkt=b", self.authorization_url(DEMO, &[]));
        let empty = format!("{}&dpop_jkt=", self.authorization_url(DEMO, &[]));
        for (name, url) in [("twice", twice), ("empty", empty)] {
            let response = self.send(Request::get(&url)).await?;
            self.keep(&format!("authorize: dpop_jkt {name}"), &response);
        }
        Ok(())
    }

    /// `dpop_bound_access_tokens` (RFC 9449 §5.2).
    async fn clients_that_always_use_dpop(&mut self) -> Result<(), Failed> {
        let (key, other) = (ProofKey::new(), ProofKey::new());
        let issuer = self.issuer.clone();
        let client = self.register(json!({"dpop_bound_access_tokens": true})).await?;
        let client_id = client["client_id"].as_str().unwrap();
        let code = self.code(client_id, "mcpuser", &[]).await?;
        let redeeming = fields(client_id, &code);
        self.proven("always: no proof", None, &redeeming, &[]).await?;
        self.proven("always: no JWT", None, &redeeming, &["x"]).await?;
        let response = self.proven("always: a proof", None, &redeeming, &[&key.proof(&issuer)]).await?;
        let token = Tokens::of(&response);
        let fields = refreshing(client_id, &token.refresh);
        self.proven("always: refresh, no proof", None, &fields, &[]).await?;
        self.proven("always: refresh, another key", None, &fields, &[&other.proof(&issuer)]).await?;
        self.proven("always: refresh", None, &fields, &[&key.proof(&issuer)]).await?;
        let id = ("client_id", client_id);
        self.proven("always: an unknown grant", None, &[id, ("grant_type", "nope")], &[]).await?;
        self.proven("always: no code", None, &[id, ("grant_type", "authorization_code")], &[]).await?;
        self.proven("always: something twice", None, &[id, ("grant_type", "refresh_token"), id], &[]).await?;
        self.revoke("always: no proof", client_id, &token.access).await?;
        let service = json!({"token_endpoint_auth_method": "client_secret_basic", "grant_types": ["client_credentials"],
                             "dpop_bound_access_tokens": true});
        let service = self.register(service).await?;
        let text = |name: &str| service[name].as_str().unwrap();
        let (id, secret) = (text("client_id"), text("client_secret"));
        self.proven("always: for itself, no proof", Some((id, secret)), &FOR_ITSELF, &[]).await?;
        self.proven("always: a wrong secret, no proof", Some((id, "x")), &FOR_ITSELF, &[]).await?;
        self.proven("always: for itself", Some((id, secret)), &FOR_ITSELF, &[&key.proof(&issuer)]).await?;
        Ok(())
    }

    async fn registrations_for_dpop(&mut self) -> Result<(), Failed> {
        let url = format!("{}/clients-registrations/openid-connect", self.issuer);
        let document = |value: &Value| {
            let mut document =
                json!({"redirect_uris": ["http://127.0.0.1:8888/callback"], "token_endpoint_auth_method": "none"});
            if *value != json!("LEFT OUT") {
                document["dpop_bound_access_tokens"] = value.clone();
            }
            document
        };
        for value in [
            json!(true),
            json!(false),
            json!(null),
            json!("true"),
            json!("True"),
            json!("TRUE"),
            json!("tRUE"),
            json!("false"),
            json!(""),
            json!("x"),
            json!(1),
            json!(0),
            json!(1.5),
            json!([]),
            json!({}),
            json!("LEFT OUT"),
        ] {
            let response = self.http.send(&Request::post_json(&url, &document(&value))).await?;
            self.keep_registration(&format!("registered: {value}"), response.status, &response.body);
        }
        let client = self.register(json!({"dpop_bound_access_tokens": true})).await?;
        let entry = client["registration_client_uri"].as_str().unwrap();
        let mut token = client["registration_access_token"].clone();
        for value in [json!("LEFT OUT"), json!(null), json!(false), json!("LEFT OUT"), json!(true)] {
            let mut document = document(&value);
            document["client_id"] = client["client_id"].clone();
            let request = Request::put_json(entry, &document).bearer(&Secret::new(token.as_str().unwrap()));
            let response = self.http.send(&request).await?;
            let body = self.keep_registration(&format!("replaced: {value}"), response.status, &response.body);
            token = body["registration_access_token"].clone();
        }
        let response = self.http.send(&Request::get(entry).bearer(&Secret::new(token.as_str().unwrap()))).await?;
        self.keep_registration("read", response.status, &response.body);
        Ok(())
    }

    fn keep_registration(&mut self, name: &str, status: u16, body: &[u8]) -> Value {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let told = json!([status, body["dpop_bound_access_tokens"], body["error"], body["error_description"]]);
        self.keep_field(&format!("dpop_bound_access_tokens {name}"), "status, value, error", told);
        body
    }

    /// RFC 8693 has nothing about bound tokens: a server cannot trade what it was sent, since it
    /// has not the key.
    async fn exchanged_bound_tokens(&mut self) -> Result<(), Failed> {
        let (key, other) = (ProofKey::new(), ProofKey::new());
        let bound = self.bound(DEMO, "mcp:read", &key).await?.access;
        let foreign = self.bound(DEMO, "calendar:read", &key).await?.access;
        let free = self.tokens_of(DEMO, "mcp:read").await?.access;
        for (name, token, proof, changes) in [
            ("bound, no proof", &bound, None, &[][..]),
            ("bound, its key", &bound, Some(&key), &[]),
            ("bound, another key", &bound, Some(&other), &[]),
            ("bound, for another server", &foreign, None, &[]),
            ("bound, an unknown audience", &bound, None, &[("audience", "nope")]),
            ("bound, an unknown scope", &bound, None, &[("scope", "nope")]),
            ("bound, a bad type", &bound, None, &[("requested_token_type", "x")]),
            ("bound, a bad subject type", &bound, None, &[("subject_token_type", "x")]),
            ("bound, another issuer", &bound, None, &[("requested_issuer", "x")]),
            ("bound, tampered with", &tampered(&bound), None, &[]),
            ("not bound, a proof", &free, Some(&key), &[]),
            ("not bound, a proof, openid", &free, Some(&key), &[("scope", "openid downstream:read")]),
        ] {
            self.exchange_with(name, SERVER, token, proof, changes).await?;
        }
        let traded = self.exchange_with("its own", SERVER, &free, Some(&key), &[]).await?;
        let traded = traded["access_token"].as_str().unwrap();
        let downstream = Some(("downstream-api", "downstream-api-secret"));
        self.post("introspect: exchanged and bound", "token/introspect", downstream, &[("token", traded)]).await?;
        let bad_audience = [("audience", "nope")];
        let bad_type = [("requested_token_type", "x")];
        for (name, proof, changes) in [
            ("what it got, no proof", None, &[][..]),
            ("what it got, another key", Some(&other), &[]),
            ("what it got, no proof, an unknown audience", None, &bad_audience),
            ("what it got, another key, a bad type", Some(&other), &bad_type),
            ("what it got, an unknown audience", Some(&key), &bad_audience),
            ("what it got, a bad type", Some(&key), &bad_type),
            ("what it got", Some(&key), &[]),
        ] {
            let response = self.exchange_with(name, SERVER, traded, proof, changes).await?;
            self.keep_binding(name, &response, &key);
        }
        self.revoke("bound", DEMO, &bound).await?;
        self.exchange_with("bound and revoked", SERVER, &bound, Some(&key), &[]).await?;
        Ok(())
    }

    async fn exchange_with(
        &mut self,
        name: &str,
        client: Credentials<'_>,
        token: &str,
        key: Option<&ProofKey>,
        changes: &[(&str, &str)],
    ) -> Result<Value, Failed> {
        let usual = [
            ("grant_type", EXCHANGE),
            ("subject_token", token),
            ("subject_token_type", ACCESS_TOKEN),
            ("audience", "downstream-api"),
            ("scope", "downstream:read"),
        ];
        let unchanged = |(name, _): &&(&str, &str)| changes.iter().all(|(changed, _)| changed != name);
        let mut fields: Vec<_> = usual.iter().filter(unchanged).copied().collect();
        fields.extend_from_slice(changes);
        let proofs: Vec<_> = key.iter().map(|key| key.proof(&self.issuer)).collect();
        let proofs: Vec<_> = proofs.iter().map(String::as_str).collect();
        self.proven(&format!("exchange: {name}"), Some(client), &fields, &proofs).await
    }
}
