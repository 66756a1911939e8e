//! What people met at authorization servers of all kinds, once they had tokens: for each response
//! the exit code, and what becomes of the stored tokens.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;

use serde_json::{Value, json};
use shared::testing::{Fake, Run, private_folder};

const LESSON: &str = env!("CARGO_BIN_EXE_05_token_use");

fn run(home: &Path, arguments: &[&str]) -> Run {
    Run::of_lesson(LESSON, home, arguments)
}

/// What nobody can revoke is forgotten, after saying so; what could be revoked later stays.
#[test]
fn logout_forgets_tokens_that_will_never_be_revoked() {
    let error = |code: &str| json!({ "error": code });
    for (status, body, is_forgotten) in [
        (200, json!(""), true),
        (400, error("invalid_request"), true),
        (400, error("unsupported_token_type"), true),
        (401, error("invalid_client"), true),
        (401, json!(""), true),
        (403, json!("<html>"), true),
        (429, json!(""), false),
        (500, json!("x"), false),
        (503, error("temporarily_unavailable"), false),
        (302, json!(""), false),
    ] {
        let endpoint = json!({ "GET /.well-known/oauth-authorization-server":
            { "patch": { "revocation_endpoint": "http://127.0.0.1:{port}/revoke" } } });
        let fake = Fake::start(&[endpoint, json!({ "POST /revoke": { "status": status, "body": body } })]);
        let (home, url, issuer) = (private_folder(), fake.url("/mcp"), fake.url(""));
        let at = ["--server-url", &url];
        let signed_in =
            run(home.path(), &[&["authorize"], &at[..], &["--client-issuer", &issuer, "--login", "demo"]].concat());
        assert!(signed_in.success, "{signed_in:#?}");
        let logout = run(home.path(), &[&["logout"], &at[..]].concat());
        assert_eq!(logout.success, is_forgotten, "{status} {body}: {logout:#?}");
        assert_eq!(fake.requests_to("POST /revoke").len(), 1, "{status} {body}");
        let stored = std::fs::read(home.path().join("tokens.json")).unwrap();
        let stored: Value = serde_json::from_slice(&stored).unwrap();
        assert_eq!(stored["servers"].get(&url).is_none(), is_forgotten, "{status} {body}: {stored}");
    }
}

/// A JWT that nobody signed: the fake server refuses every token anyway.
fn jwt(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| shared::testing::secrets::base64(value.to_string().as_bytes());
    let url_safe = |text: String| text.replace('+', "-").replace('/', "_").trim_end_matches('=').to_owned();
    format!("{}.{}.c2lnbmVk", url_safe(part(header)), url_safe(part(claims)))
}

/// The server refuses the token of a sign-in that was just now: the user does not sign in again for
/// the same token, and reads what is unusual about it.
#[test]
fn a_new_token_that_is_refused_is_explained_and_not_fetched_again() {
    let now = shared::now();
    let typ = |typ: &str| json!({ "alg": "RS256", "typ": typ });
    let good = |patch: Value| {
        let mut claims = json!({ "iss": "http://127.0.0.1:{port}", "aud": "http://127.0.0.1:{port}/mcp", "sub": "u",
            "iat": now, "exp": now + 300 });
        patch.as_object().unwrap().iter().for_each(|(name, value)| claims[name] = value.clone());
        claims
    };
    let gives = |header: Value, claims: Value| (header, claims, json!({}));
    for (name, (header, claims, more), sign_ins, words) in [
        ("opaque", (json!(null), json!(null), json!({})), 1, &["opaque", "RFC 7662", "another sign-in brings"][..]),
        ("typ JWT", gives(typ("JWT"), good(json!({}))), 1, &["Its typ (JWT) is not at+jwt", "--accept-typ JWT"]),
        (
            "no typ",
            gives(json!({ "alg": "RS256" }), good(json!({}))),
            1,
            &["Its typ (absent) is not at+jwt", "--accept-typ \"\""],
        ),
        (
            "aud of a name",
            gives(typ("at+jwt"), good(json!({ "aud": "account" }))),
            1,
            &["Its audience (account)", "/mcp"],
        ),
        (
            "no aud",
            gives(typ("at+jwt"), good(json!({ "aud": null }))),
            1,
            &["Its audience (no aud)", "audience mapper"],
        ),
        ("other iss", gives(typ("at+jwt"), good(json!({ "iss": "https://x" }))), 1, &["Its iss (https://x)"]),
        ("no sub", gives(typ("at+jwt"), good(json!({ "sub": null }))), 1, &["no sub", "client scope basic"]),
        ("clock ahead", gives(typ("at+jwt"), good(json!({ "iat": now + 4000 }))), 1, &["Its iat is", "clock", "NTP"]),
        ("clock behind", gives(typ("at+jwt"), good(json!({ "exp": now - 4000 }))), 1, &["Its exp is", "clock"]),
        ("nothing odd", gives(typ("at+jwt"), good(json!({}))), 1, &["aud, iss and typ are right"]),
        (
            "two faults",
            gives(typ("JWT"), good(json!({ "sub": null, "aud": "a" }))),
            1,
            &["Its audience", "no sub", "typ"],
        ),
        // What another sign-in can change is worth one.
        (
            "it ended",
            (json!(null), json!(null), json!({ "POST /token": { "patch": { "expires_in": 0 } } })),
            2,
            &["opaque"],
        ),
        (
            "other scopes",
            (
                json!(null),
                json!(null),
                json!({ "POST /mcp authorization=Bearer opaque-1": { "status": 401, "headers":
                    [["WWW-Authenticate", "Bearer scope=\"more\", resource_metadata=\"http://127.0.0.1:{port}/.well-known/oauth-protected-resource/mcp\""]] } }),
            ),
            2,
            &["opaque"],
        ),
    ] {
        let fake = Fake::start(&[more]);
        if !header.is_null() {
            let claims: Value =
                serde_json::from_str(&claims.to_string().replace("{port}", &fake.port().to_string())).unwrap();
            fake.change(&json!({ "POST /token": { "patch": { "access_token": jwt(&header, &claims) } } }));
        }
        let (home, url, issuer) = (private_folder(), fake.url("/mcp"), fake.url(""));
        let run = run(home.path(), &["client", "--server-url", &url, "--client-issuer", &issuer, "--login", "demo"]);
        let (id, message, fix) = run.error();
        assert_eq!((run.success, id.as_str()), (false, "use.refused"), "{name}: {message}");
        assert!(words.iter().all(|word| fix.contains(word)), "{name}: {fix}");
        assert_eq!(fake.requests_to("GET /authorize").len(), sign_ins, "{name}: {fix}");
    }
}

/// A 403 that names no scope is not taken for the user's lack of a role (RFC 6750 §3.1: `scope` is
/// optional there).
#[test]
fn a_403_without_a_scope_says_what_is_missing_from_it() {
    for challenge in
        ["Bearer error=\"insufficient_scope\"", "Bearer error=\"insufficient_scope\", scope=\"\"", "Bearer"]
    {
        let row = json!({ "POST /mcp authorization=Bearer opaque-1":
            { "status": 403, "headers": [["WWW-Authenticate", challenge]], "body": "no" } });
        let fake = Fake::start(&[row]);
        let (home, url, issuer) = (private_folder(), fake.url("/mcp"), fake.url(""));
        let run = run(home.path(), &["client", "--server-url", &url, "--client-issuer", &issuer, "--login", "demo"]);
        let (id, message, fix) = run.error();
        assert_eq!((run.success, id.as_str()), (false, "use.forbidden"), "{challenge}: {message}");
        assert!(message.contains("names no scope to request") && fix.contains("RFC 6750"), "{message} {fix}");
    }
}
