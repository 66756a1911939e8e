//! What real authorization servers respond to a registration and to its client: for each response
//! the exit code, the checks, and the words that decide what a reader does next.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::process::{Command, Stdio};

use serde_json::{Value, json};
use shared::testing::{Fake, Received, ReservedPort, Run, private_folder};

const LESSON: &str = env!("CARGO_BIN_EXE_03_dynamic_client_registration");
const METADATA: &str = "GET /.well-known/oauth-authorization-server";
/// The token request with which a client asks whether it is known.
const QUESTION: &str = "POST /token code=this-code-was-never-issued";

/// One user, and the fake that serves as MCP server and authorization server.
struct Case {
    fake: Fake,
    home: tempfile::TempDir,
}

impl Case {
    /// The honest table, with a client that stands for any port, changed by this one.
    fn new(table: &Value) -> Self {
        let any_port = json!({"POST /register": {"patch": {"redirect_uris": {"$drop": 1}}}});
        Self { fake: Fake::start(&[any_port, table.clone()]), home: private_folder() }
    }

    fn program(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Run {
        let mut command = Command::new(LESSON);
        command.args(["--json"]).args(arguments).stdin(Stdio::null()).env("MCP_OAUTH_HOME", self.home.path());
        for name in ["MCP_OAUTH_PASSPHRASE", "INITIAL_ACCESS_TOKEN", "CLIENT_SECRET"] {
            command.env_remove(name);
        }
        Run::of(&command.envs(variables.iter().copied()).output().unwrap())
    }

    fn run_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Run {
        let url = self.fake.url("/mcp");
        let port = if arguments.contains(&"--callback-port") { &[][..] } else { &["--callback-port", "0"] };
        let all = [&["client", "--server-url", &url, "--document-port", "0"], port, arguments].concat();
        self.program(&all, variables)
    }

    fn run(&self) -> Run {
        self.run_with(&[], &[])
    }

    fn clients(&self, arguments: &[&str]) -> Run {
        self.program(&[&["clients"], arguments].concat(), &[])
    }

    /// What is stored for the fake's issuer.
    fn stored(&self) -> Value {
        let Ok(bytes) = std::fs::read(self.home.path().join("clients.json")) else { return Value::Null };
        serde_json::from_slice::<Value>(&bytes).unwrap()["clients"][self.fake.url("")].clone()
    }

    /// The latest question whether a client is known.
    fn question(&self) -> Received {
        self.fake.requests_to("POST /token").pop().unwrap()
    }
}

/// The words are there; with `!` in front they are not.
fn assert_says(run: &Run, words: &[&str], case: &str) {
    for word in words {
        let (word, wanted) = word.strip_prefix('!').map_or((*word, true), |word| (word, false));
        assert_eq!(run.says(word), wanted, "{case}: {word}\n{:#?}", run.events);
    }
}

fn header(name: &str, value: &str) -> Value {
    json!([[name, value]])
}

/// A refusal: status, headers and body of `POST /register`, the check that fails, and words.
type Refused = (u16, Value, Value, &'static str, &'static [&'static str]);

/// R-8 and I-16: the code first, then the status, then whether anything answered that registers.
fn refusals_by_policy_and_code() -> Vec<Refused> {
    let policy = |name: &str, details: &str| {
        let sentence = format!("Policy '{name}' rejected request to client-registration service. Details: {details}");
        json!({"error": "insufficient_scope", "error_description": sentence})
    };
    vec![
        (
            403,
            header("content-type", "application/json"),
            json!("No"),
            "idp.registration-open",
            &["HTTP 403 “No”", "before the registration was read", "--client-id ID", "!INITIAL_ACCESS_TOKEN"],
        ),
        (
            403,
            json!([]),
            json!({"error": "invalid_redirect_uri", "error_description": "x"}),
            "idp.redirect-uri",
            &["Register a redirect URI without", "!INITIAL_ACCESS_TOKEN"],
        ),
        (
            403,
            json!([]),
            policy("Trusted Hosts", "Host not trusted."),
            "idp.registration-open",
            &["about the machine that sent the registration", "Anonymous access polices", "!this one trusts"],
        ),
        (
            403,
            json!([]),
            policy("Trusted Hosts", "URI doesn't match any trusted host"),
            "idp.redirect-uri",
            &["Register only URIs on a host that the realm trusts", "!this one trusts"],
        ),
        (
            403,
            json!([]),
            policy("Allowed Client Scopes", "x"),
            "idp.scope",
            &["has to create the scope first", "Assigned type Optional"],
        ),
        (
            401,
            json!([]),
            json!(""),
            "idp.registration-open",
            &["INITIAL_ACCESS_TOKEN", "--client-id ID", "!the IdP takes the Initial Access Token"],
        ),
        (
            401,
            header("www-authenticate", "Basic realm=\"proxy\""),
            json!(""),
            "idp.registration-open",
            &["before the registration was read", "!INITIAL_ACCESS_TOKEN"],
        ),
        (403, json!([]), json!({"error": "invalid_token"}), "idp.registration-open", &["INITIAL_ACCESS_TOKEN"]),
        (
            403,
            json!([]),
            json!("<html><title>Request blocked</title></html>"),
            "idp.registration-open",
            &["“Request blocked”", "firewall"],
        ),
        (
            400,
            json!([]),
            json!({"error": "invalid_client_metadata"}),
            "registration.created",
            &["scope asks for mcp:read, and the metadata lists openid"],
        ),
        (
            400,
            json!([]),
            json!({"error": "unapproved_software_statement"}),
            "registration.created",
            &["only software that it has approved"],
        ),
    ]
}

/// R-2, at the registration endpoint.
fn refusals_by_status() -> Vec<Refused> {
    vec![
        (
            200,
            json!([]),
            json!({"error": "invalid_client_metadata", "error_description": "bad"}),
            "registration.created",
            &["refused the registration with HTTP 200 invalid_client_metadata: bad"],
        ),
        (
            201,
            json!([]),
            json!({"client_secret": "VALUE-1"}),
            "registration.client-information",
            &["client_id has to be a string, and is absent", "--client-id ID", "!VALUE-1"],
        ),
        (201, json!([]), json!("<html>"), "registration.client-information", &["a JSON object was expected"]),
        (
            302,
            header("location", "https://idp.example/login"),
            json!(""),
            "registration.created",
            &["a redirect to https://idp.example/login", "a page to sign in at"],
        ),
        (
            429,
            header("retry-after", "30"),
            json!(""),
            "idp.registration-open",
            &["Retry-After: 30", "Nothing was registered"],
        ),
        (
            503,
            header("retry-after", "9"),
            json!(""),
            "registration.created",
            &["failed at the registration: HTTP 503", "the IdP's fault", "Retry-After: 9"],
        ),
        (500, json!([]), json!("oops"), "registration.created", &["failed at the registration: HTTP 500 “oops”"]),
        (404, json!([]), json!("not here"), "registration.created", &["nothing takes registrations"]),
    ]
}

#[test]
fn a_refused_registration_says_who_refused_and_why() {
    for (status, headers, body, check, words) in refusals_by_policy_and_code().into_iter().chain(refusals_by_status()) {
        let name = format!("{status} {headers} {body}");
        let case = Case::new(&json!({
            METADATA: {"patch": {"scopes_supported": ["openid"]}},
            "POST /register": {"status": status, "headers": headers, "body": body},
        }));
        let run = case.run();
        assert!(!run.success, "{name}");
        assert_eq!(run.checks(check).last(), Some(&false), "{name}: {check}\n{:#?}", run.events);
        assert_says(&run, words, &name);
        assert_eq!(case.stored(), Value::Null, "{name}");
    }
}

/// R-5 and I-6: a run with a new client, and a second one with the stored client.
#[test]
fn a_client_is_known_only_where_the_response_says_so() {
    let (told, untold) = ("credentials.known", "idp.unissued-code-error");
    for (status, body, success, check, words) in [
        (400, json!({"error": "invalid_grant"}), true, told, &["!cannot be told"][..]),
        (200, json!({"error": "invalid_grant"}), true, told, &["!cannot be told"]),
        (500, json!("x"), true, untold, &["cannot be told", "clients forget --issuer"]),
        (400, json!({"error": "invalid_request"}), true, untold, &["HTTP 400 invalid_request", "cannot be told"]),
        (200, json!({"error": "bad_code"}), true, untold, &["HTTP 200 bad_code", "cannot be told"]),
        (429, json!(""), true, untold, &["HTTP 429", "cannot be told"]),
        (302, json!(""), true, untold, &["HTTP 302", "cannot be told"]),
        (
            200,
            json!({"access_token": "VALUE-1", "token_type": "Bearer"}),
            false,
            "idp.unissued-code-refused",
            &["with an access token", "Do not sign in there", "!VALUE-1"],
        ),
        (
            201,
            json!({"access_token": "VALUE-2"}),
            false,
            "idp.unissued-code-refused",
            &["HTTP 201, with an access token"],
        ),
        (
            400,
            json!({"error": "unauthorized_client"}),
            false,
            "credentials.code-grant-allowed",
            &["knows the client c1, but does not let it use the authorization code grant", "!registered anew"],
        ),
        (401, json!({"error": "invalid_client"}), false, told, &["authenticated with none", "clients forget --issuer"]),
        (401, json!({"error": "unauthorized_client"}), false, told, &["does not know the client c1"]),
        (401, json!(""), false, told, &["does not know the client c1"]),
    ] {
        let name = format!("{status} {body}");
        let case = Case::new(&json!({QUESTION: {"status": status, "body": body}}));
        for (n, run) in [case.run(), case.run()].iter().enumerate() {
            assert_eq!(run.success, success, "{name}, run {n}: {:#?}", run.events);
            let ended_well = check == told && success;
            assert_eq!(run.checks(check).last(), Some(&ended_well), "{name}, run {n}: {:#?}", run.events);
            assert!(check == told || run.checks(told).is_empty(), "{name}: nothing else was seen");
            assert_says(run, words, &name);
        }
        // A client that is unknown is replaced; any other stays, and nothing is orphaned.
        let registered = if status == 401 { 2 } else { 1 };
        assert_eq!(case.fake.requests_to("POST /register").len(), registered, "{name}");
    }
}

/// R-9 and I-3: how the secret of `--client-id` travels, by the metadata's list.
#[test]
fn a_given_secret_travels_as_the_metadata_says() {
    let secret = "a+b";
    for (listed, in_header) in [
        (json!({"$drop": 1}), true),
        (json!(["client_secret_basic", "client_secret_post"]), true),
        (json!(["client_secret_post", "client_secret_basic"]), true),
        (json!(["client_secret_post"]), false),
        (json!(["none", "client_secret_post", "private_key_jwt"]), false),
        (json!(["private_key_jwt"]), true),
    ] {
        let case = Case::new(&json!({
            METADATA: {"patch": {"token_endpoint_auth_methods_supported": listed}},
            QUESTION: {"status": 401, "body": {"error": "invalid_client"}},
        }));
        let issuer = case.fake.url("");
        let run = case.run_with(&["--client-id", "c", "--client-issuer", &issuer], &[("CLIENT_SECRET", secret)]);
        let (question, name) = (case.question(), listed.to_string());
        assert_eq!(question.headers.contains_key("authorization"), in_header, "{name}");
        assert_eq!(question.field("client_secret"), (!in_header).then_some(secret), "{name}");
        assert_eq!(question.field("client_id"), Some("c"), "{name}");
        assert!(!run.success, "{name}");
        let (method, encoded) = if in_header {
            ("client_secret_basic", "the secret changed")
        } else {
            ("client_secret_post", "!changed by")
        };
        assert_says(&run, &[&format!("authenticated with {method}"), encoded, "check --client-id"], &name);
    }
}

/// R-9 and I-3: what a registered client does, by the metadata's list and by the response.
#[test]
fn a_registered_client_authenticates_as_it_was_told() {
    let (post, basic) = ("client_secret_post", "client_secret_basic");
    let port = ReservedPort::take().to_string();
    let arguments = ["--confidential", "--callback-port", &port];
    for (listed, member, asked, place) in [
        (json!([post]), json!({"$drop": 1}), post, Some(post)),
        (json!([post]), json!(null), post, Some(post)),
        (json!([basic, post]), json!(post), basic, Some(post)),
        (json!({"$drop": 1}), json!({"$drop": 1}), basic, Some(basic)),
        (json!([basic]), json!("none"), basic, None),
    ] {
        let case = Case::new(&json!({
            METADATA: {"patch": {"token_endpoint_auth_methods_supported": listed}},
            "POST /register": {"patch": {
                "client_secret": "s", "client_secret_expires_at": 0, "token_endpoint_auth_method": member,
            }},
        }));
        let name = format!("{listed} {member}");
        let run = case.run_with(&arguments, &[]);
        assert_eq!(run.success, !member.is_null(), "{name}: {:#?}", run.events);
        let sent: Value = serde_json::from_str(&case.fake.requests_to("POST /register")[0].body).unwrap();
        assert_eq!(sent["token_endpoint_auth_method"], asked, "{name}");
        let question = case.question();
        assert_eq!(question.headers.contains_key("authorization"), place == Some(basic), "{name}");
        assert_eq!(question.field("client_secret").is_some(), place == Some(post), "{name}");
        // The second run uses the same client, and asks in the same way.
        case.run_with(&arguments, &[]);
        assert_eq!(case.fake.requests_to("POST /register").len(), 1, "{name}");
        assert_eq!(case.question().field("client_secret"), question.field("client_secret"), "{name}");
    }
}

/// a client that was registered is stored, whatever is wrong with the response.
#[test]
fn a_registered_client_is_stored_before_anything_is_checked() {
    let information = "registration.client-information";
    for (change, check, words) in [
        (
            json!({"client_secret": "s", "client_secret_expires_at": "0", "token_endpoint_auth_method": "client_secret_post"}),
            information,
            &["client_secret_expires_at is a string"][..],
        ),
        (json!({"grant_types": "authorization_code"}), information, &["grant_types is a string"]),
        (
            json!({"registration_client_uri": null, "registration_access_token": ""}),
            information,
            &["registration_client_uri is null", "registration_access_token is empty"],
        ),
        (json!({"scope": ["mcp:read"]}), information, &["scope is an array of strings"]),
        (
            json!({"registration_client_uri": "http://idp.example/c", "registration_access_token": "t"}),
            "registration.management-secure",
            &["cannot be read, changed or deleted from here"],
        ),
        (
            json!({"redirect_uris": ["https://elsewhere.example/cb"]}),
            "registration.redirect-uri-granted",
            &["clients forget --issuer"],
        ),
        (
            json!({"token_endpoint_auth_method": "private_key_jwt"}),
            "registration.auth-method-usable",
            &["private_key_jwt without a secret; asked for: none; listed in the metadata: none"],
        ),
        (
            json!({"grant_types": ["client_credentials"]}),
            "registration.grant-types",
            &["asked for: authorization_code, refresh_token; granted: client_credentials"],
        ),
        (json!({"response_types": ["token"]}), "registration.grant-types", &["asked for: code; granted: token"]),
        (
            json!({"client_secret": "s", "client_secret_expires_at": 1_500_000_000, "token_endpoint_auth_method": "client_secret_basic"}),
            "registration.secret-alive",
            &["2017-07-14T02:40:00Z", "Compare the two clocks"],
        ),
    ] {
        let case = Case::new(&json!({"POST /register": {"patch": change}}));
        let run = case.run();
        assert!(!run.success && run.checks(check).contains(&false), "{change}: {:#?}", run.events);
        assert_says(&run, words, &change.to_string());
        assert_eq!(case.stored()["information"]["client_id"], "c1", "{change}");
        assert!(case.clients(&["list"]).says("c1"));
    }
}

/// What was asked for and not granted is not asked for again: one client, not one in each run.
#[test]
fn a_client_that_was_granted_less_is_registered_once() {
    let port = ReservedPort::take().to_string();
    for (change, success) in [
        (json!({"scope": "other"}), true),
        (json!({"grant_types": ["authorization_code"]}), true),
        (json!({"grant_types": {"$drop": 1}}), true),
        (
            json!({"token_endpoint_auth_method": "client_secret_post", "client_secret": "s", "client_secret_expires_at": 0}),
            true,
        ),
        (json!({"redirect_uris": ["https://elsewhere.example/cb"]}), false),
    ] {
        let case = Case::new(&json!({"POST /register": {"patch": change}}));
        for n in 0..3 {
            let run = case.run_with(&["--callback-port", &port], &[]);
            assert_eq!(run.success, success, "{change}, run {n}: {:#?}", run.events);
        }
        assert_eq!(case.fake.requests_to("POST /register").len(), 1, "{change}");
    }
}

/// I-10: the authorization server's fault, with a fix, in both runs alike.
#[test]
fn a_secret_without_a_date_is_said_each_time() {
    let case = Case::new(&json!({"POST /register": {"patch": {
        "client_secret": "s", "token_endpoint_auth_method": "client_secret_basic",
    }}}));
    for run in [case.run_with(&["--confidential"], &[]), case.run_with(&["--confidential"], &[])] {
        let of = |event: &&Value| event["event"] == "checked" && event["id"] == "registration.secret-expiry";
        let check = run.events.iter().find(of).unwrap();
        assert_eq!((run.success, &check["side"], &check["passed"]), (false, &json!("idp"), &json!(false)));
        assert!(check["fix"].as_str().unwrap().contains("add client_secret_expires_at"), "{check}");
    }
    assert_eq!(case.fake.requests_to("POST /register").len(), 1);
    let list = case.clients(&["list"]);
    assert!(list.says("no date given") && !list.says("does not expire"));
}

/// I-5: the entry of a stored client that cannot be read is no reason to give the client up.
#[test]
fn a_stored_client_outlives_an_odd_entry() {
    let there = "credentials.entry-there";
    for (status, body, check, registered) in [
        (200, json!({"client_id": "c1", "token_endpoint_auth_method": ["none"]}), "credentials.entry-readable", 1),
        (
            200,
            json!({"client_id": "c1", "grant_types": null, "registration_access_token": "t2"}),
            "credentials.entry-readable",
            1,
        ),
        (200, json!("<html>"), "credentials.entry-readable", 1),
        (500, json!(""), "credentials.entry-readable", 1),
        (403, json!({"error": "access_denied"}), "credentials.entry-readable", 1),
        (401, json!({"error": "invalid_token"}), there, 2),
    ] {
        let case = Case::new(&json!({
            "POST /register": {"patch": {
                "registration_client_uri": "http://127.0.0.1:{port}/register/c1", "registration_access_token": "t1",
            }},
            "GET /register/c1": {"status": status, "body": body},
        }));
        assert!(case.run().success);
        let run = case.run();
        assert!(run.success && run.checks(check).contains(&false), "{status} {body}: {:#?}", run.events);
        assert_eq!(case.fake.requests_to("POST /register").len(), registered, "{status} {body}");
        if body["registration_access_token"] == "t2" {
            assert_eq!(case.stored()["information"]["registration_access_token"], "t2", "the old one is dead");
        }
    }
}

/// I-15: the ways that are left.
#[test]
fn without_a_registration_endpoint_every_other_way_is_named() {
    let endpoint = json!({"patch": {"registration_endpoint": {"$drop": 1}}});
    let run = Case::new(&json!({METADATA: endpoint})).run();
    assert!(!run.success);
    assert_says(&run, &["Have a client registered by hand", "!does name a registration_endpoint"], "by hand");
    let elsewhere = json!({"body": {"issuer": "x", "registration_endpoint": "http://127.0.0.1:{port}/register"}});
    let run = Case::new(&json!({
        METADATA: {"patch": {"registration_endpoint": {"$drop": 1}, "client_id_metadata_document_supported": true}},
        "GET /.well-known/openid-configuration": elsewhere,
    }))
    .run();
    let words =
        ["--register cimd", "/.well-known/openid-configuration does name a registration_endpoint", "Or have a client"];
    assert_says(&run, &words, "documents");
}

/// and I-2, with a document on the web and with one of this machine.
#[test]
fn a_metadata_document_is_taken_only_where_that_was_seen() {
    let document = json!({
        "client_id": "http://127.0.0.1:{port}/client.json", "client_name": "x", "redirect_uris": ["http://127.0.0.1/callback"],
    });
    let sign_in = json!({"status": 302, "headers": [["Location", "/login"]]});
    let case = Case::new(&json!({METADATA: {"patch": {"client_id_metadata_document_supported": true}}}));
    let url = case.fake.url("/client.json");
    for (name, served, authorize, success, check, words) in [
        (
            "a code at once",
            json!({"body": document}),
            Value::Null,
            true,
            Some(true),
            &["back to the redirect URI with a code"][..],
        ),
        ("a page", json!({"body": document}), sign_in.clone(), true, None, &["is not known yet", "!earlier run"]),
        (
            "an error page",
            json!({"body": document}),
            json!({"status": 400, "body": "<h1>Bad client</h1>"}),
            false,
            Some(false),
            &["Bad client"],
        ),
        ("404", json!({"status": 404, "body": document}), Value::Null, false, None, &["HTTP 404, application/json"]),
        ("500", json!({"status": 500, "body": document}), Value::Null, false, None, &["HTTP 500, application/json"]),
        (
            "a page for a document",
            json!({"headers": [["content-type", "text/html"]], "body": "<html>"}),
            Value::Null,
            false,
            None,
            &["HTTP 200, text/html", "!add what is missing"],
        ),
        (
            "another type",
            json!({"headers": [["content-type", "text/plain"]], "body": document}),
            Value::Null,
            false,
            Some(true),
            &["HTTP 200, text/plain"],
        ),
    ] {
        case.fake.change(&json!({"GET /client.json": served}));
        if !authorize.is_null() {
            case.fake.change(&json!({"GET /authorize": authorize}));
        }
        let run = case.run_with(&["--register", "cimd", "--client-id", &url], &[]);
        assert_eq!(run.success, success, "{name}: {:#?}", run.events);
        assert_eq!(run.checks("idp.metadata-document").last().copied(), check, "{name}: {:#?}", run.events);
        assert_says(&run, words, name);
        let back = "{q:redirect_uri}?code=k1&state={q:state}";
        case.fake.change(&json!({"GET /authorize": {"status": 302, "headers": [["Location", back]]}}));
    }
    case.fake.change(&json!({"GET /authorize": sign_in}));
    let run = case.run_with(&["--register", "cimd"], &[]);
    assert!(run.success && run.checks("idp.metadata-document").is_empty(), "{:#?}", run.events);
    assert_says(&run, &["is not known yet", "!earlier run"], "nobody fetched it");
}

/// `--register all`: each failure is said, and the exit code is right.
#[test]
fn a_tour_hides_no_failure() {
    let case = Case::new(&json!({
        METADATA: {"patch": {"client_id_metadata_document_supported": false}},
        "GET /authorize": {"status": 400, "body": "<h1>No documents</h1>"},
        "POST /register": {"status": 403, "body": "No"},
    }));
    let issuer = case.fake.url("");
    let token = [("INITIAL_ACCESS_TOKEN", "VALUE-1")];
    let run = case.run_with(&["--register", "all", "--client-issuer", &issuer], &token);
    assert!(!run.success);
    let said = run
        .events
        .iter()
        .filter(|event| event["text"].as_str().is_some_and(|text| text.starts_with("This way failed")));
    assert_eq!(said.count(), 3, "{:#?}", run.events);
    let (_, message, _) = run.error();
    assert!(message.starts_with("3 of 4 ways failed.") && message.contains("No documents"), "{message}");
    assert_says(&run, &["!VALUE-1", "so it will most likely refuse the document"], "tour");
}

/// Forgetting by issuer and by server: clients and tokens, in every file.
#[test]
fn one_issuer_or_one_server_is_forgotten() {
    let case = Case::new(&json!({}));
    let (issuer, server) = (case.fake.url(""), case.fake.url("/mcp"));
    let plant = || {
        assert!(case.run().success);
        let tokens = json!({"version": 1, "servers": {
            &server: {"issuer": &issuer, "tokens": {}}, "https://other.example": {"issuer": "https://idp.example"},
        }});
        std::fs::write(case.home.path().join("tokens.json"), tokens.to_string()).unwrap();
        std::fs::write(case.home.path().join("tokens.lock"), "").unwrap();
    };
    for arguments in [["--issuer", issuer.as_str()], ["--server-url", server.as_str()]] {
        plant();
        let run = case.clients(&[&["forget"], &arguments[..]].concat());
        assert!(run.success, "{:#?}", run.events);
        assert_says(&run, &["the client c1 at ", "clients.json", "tokens.json"], arguments[0]);
        assert_eq!(case.stored(), Value::Null);
        let tokens = std::fs::read_to_string(case.home.path().join("tokens.json")).unwrap();
        assert!(tokens.contains("https://other.example") && !tokens.contains(&server), "{tokens}");
        let nothing = case.clients(&[&["forget"], &arguments[..]].concat());
        assert_eq!((nothing.success, nothing.error().0.as_str()), (false, "clients.which"));
    }
}
