//! What people met at identity providers of all kinds: each row is a way in which the authorization
//! server behaves, and what the lesson says of it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use audience_binding::rules;
use serde_json::{Value, json};
use shared::testing::{Fake, Received, Run, private_folder};

const LESSON: &str = env!("CARGO_BIN_EXE_06_audience_binding");

/// A JWT that nobody signed: the lab only reads it.
fn jwt(claims: &Value) -> String {
    let part = |value: &Value| shared::testing::secrets::base64(value.to_string().as_bytes());
    let url_safe = |text: String| text.replace('+', "-").replace('/', "_").trim_end_matches('=').to_owned();
    format!("{}.{}.c2lnbmVk", url_safe(part(&json!({ "alg": "RS256" }))), url_safe(part(claims)))
}

/// A table whose token endpoint gives this token.
fn gives(token: &str) -> Value {
    json!({ "POST /token": { "patch": { "access_token": token } } })
}

fn lab(fake: &Fake, arguments: &[&str]) -> Run {
    let home = private_folder();
    let issuer = fake.url("");
    let arguments = [&["lab", "--idp", &issuer, "--login", "demo"], arguments].concat();
    Run::of_lesson(LESSON, home.path(), &arguments)
}

/// The token requests with the code of a sign-in. Lesson 03 sends one more, with a code that is no
/// code, to see whether the client is known.
fn token_requests(fake: &Fake) -> Vec<Received> {
    fake.requests_to("POST /token").into_iter().filter(|request| request.field("code") == Some("k1")).collect()
}

#[test]
fn the_lab_says_only_what_it_saw() {
    let servers = ["http://localhost:8000/mcp", "http://localhost:8001/mcp"];
    let of = |aud: Value| gives(&jwt(&json!({ "aud": aud, "scope": "mcp:read" })));
    let refuses = |status: u16, body: Value| json!({ "POST /token": { "status": status, "body": body } });
    let opaque_verdict = "unknown";
    // (what the token endpoint does, sign-ins, exit code 0, what is said)
    let rows = [
        ("opaque", gives("opaque"), 1, true, opaque_verdict),
        ("encrypted", gives("aaaa.bbbb.cccc.dddd.eeee"), 1, true, opaque_verdict),
        ("claims that are no JSON", gives("eyJ.bm90IEpTT04.c2ln"), 1, true, opaque_verdict),
        ("no aud", gives(&jwt(&json!({ "scope": "a" }))), 3, true, "no token names either server"),
        ("aud of nobody here", of(json!("account")), 3, true, "no token names either server"),
        ("aud null", of(json!(null)), 3, true, "no token names either server"),
        ("always one", of(json!(servers[0])), 3, true, "the audience is always the same"),
        ("always both", of(json!(servers)), 3, true, "the audience is always the same"),
        ("refused", refuses(400, json!({ "error": "invalid_target" })), 3, false, "received no token"),
        ("unknown scope", refuses(400, json!({ "error": "invalid_scope" })), 3, false, "received no token"),
        ("a page", refuses(403, json!("<html></html>")), 3, false, "received no token"),
        ("busy", refuses(503, json!("later")), 1, false, "Try again later"),
    ];
    for (name, table, sign_ins, succeeds, says) in rows {
        let fake = Fake::start(&[table]);
        let run = lab(&fake, &[]);
        assert_eq!(run.success, succeeds, "{name}: {run:#?}");
        assert!(run.says(says), "{name}: {run:#?}");
        assert_eq!(token_requests(&fake).len(), sign_ins, "{name}");
        // Nothing is claimed about what was not seen.
        let unseen = [says == opaque_verdict, !succeeds].contains(&true);
        assert_eq!(run.checks(rules::IDP_BINDS.id).is_empty(), unseen, "{name}: {run:#?}");
        assert!(!unseen || !run.says("decide"), "{name}: {run:#?}");
    }
}

#[test]
fn two_requests_that_differ_in_resource_alone_decide() {
    let fake = Fake::start(&[gives(&jwt(&json!({ "aud": "x" })))]);
    assert!(lab(&fake, &["scope-mapper"]).success);
    let [first, second] = &token_requests(&fake)[..] else { panic!("two sign-ins") };
    assert_ne!(first.field("resource"), second.field("resource"));
    let authorizations = fake.requests_to("GET /authorize");
    let of =
        |name: &str| authorizations.iter().map(|request| request.field(name).map(str::to_owned)).collect::<Vec<_>>();
    for name in ["scope", "client_id", "response_type", "prompt"] {
        assert_eq!(of(name)[0], of(name)[1], "{name}");
    }
    assert_ne!(of("resource")[0], of("resource")[1]);
}
