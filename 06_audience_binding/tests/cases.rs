//! Trouble that people had with MCP and OAuth and reported in public: for each case the complete
//! client runs against a server that responds as theirs did. A row has the exit code, the check or
//! error that decides, and words that say what to do next.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use serde_json::{Value, json};
use shared::testing::{Fake, Run, private_folder};

const LESSON: &str = env!("CARGO_BIN_EXE_06_audience_binding");

const MCP: &str = "POST /mcp";
const RESOURCE_PATH: &str = "GET /.well-known/oauth-protected-resource/mcp";
const RESOURCE_ROOT: &str = "GET /.well-known/oauth-protected-resource";
const AS_PATH: &str = "GET /.well-known/oauth-authorization-server";
const OPENID_PATH: &str = "GET /.well-known/openid-configuration";

/// What a run ends in: the id of its error, empty for success; and words that it says.
type Ending = (&'static str, &'static [&'static str]);

/// A name, what is different from an honest server, and the end.
type Case = (&'static str, Value, Ending);

const OK: &str = "";
/// The client went on and was served.
const SERVED: &str = "offers this token 1 tool";

/// The MCP server serves any client that has the token; without one, the case's table decides.
fn serves() -> Value {
    let result = |result: Value| json!({ "body": { "jsonrpc": "2.0", "id": "{json:id}", "result": result } });
    let discovered = json!({ "resultType": "complete", "supportedVersions": ["2026-07-28"],
        "capabilities": { "tools": {} }, "ttlMs": 0, "cacheScope": "private" });
    let tools = json!({ "resultType": "complete", "ttlMs": 0, "cacheScope": "private",
        "tools": [{ "name": "echo", "description": "Says it again", "inputSchema": { "type": "object" } }] });
    let mut table = json!({});
    for path in ["/mcp", "/prod/mcp", "/"] {
        let key = |method: &str| format!("POST {path} authorization=Bearer opaque-1 & mcp-method={method}");
        table[key("server/discover")] = result(discovered.clone());
        table[key("tools/list")] = result(tools.clone());
    }
    table
}

/// The client, for the server at this path, with the fake's user.
fn run(fake: &Fake, path: &str) -> Run {
    let home = private_folder();
    let (url, issuer) = (fake.url(path), fake.url(""));
    let arguments = ["client", "--server-url", &url, "--client-issuer", &issuer, "--login", "demo"];
    Run::of_lesson(LESSON, home.path(), &arguments)
}

/// The id of the error and its words; of a run that served in spite of a failed MUST, that check.
fn end(run: &Run) -> (String, String) {
    let is_failed = |event: &&Value| event["passed"] == false && event["keyword"] == "MUST";
    let of = |event: &Value| (event["id"].as_str().unwrap().to_owned(), event.to_string());
    let error = run.events.iter().find(|event| event["event"] == "error");
    let failed = run.events.iter().find(is_failed);
    if run.success { Default::default() } else { error.or(failed).map(of).unwrap_or_default() }
}

fn assert_cases(cases: Vec<Case>) {
    let mut wrong = vec![];
    for (name, table, (id, words)) in cases {
        let fake = Fake::start(&[serves(), table]);
        let path = match name {
            "the gateway has a stage in the path" => "/prod/mcp",
            "the server is at the root" => "",
            _ => "/mcp",
        };
        let run = run(&fake, path);
        let error = end(&run);
        if run.success != id.is_empty() || error.0 != id {
            wrong.push(format!("{name}: {error:?}"));
        }
        let served = if id.is_empty() { &[SERVED][..] } else { &[] };
        let missing: Vec<_> = words.iter().chain(served).filter(|word| !run.says(word)).collect();
        if !missing.is_empty() {
            wrong.push(format!("{name}: it does not say {missing:?}: {error:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn unauthorized(challenge: &str) -> Value {
    json!({ "status": 401, "headers": [["WWW-Authenticate", challenge]], "body": { "error": "no token" } })
}

fn without_challenge() -> Value {
    json!({ "status": 401, "body": { "error": "no token" } })
}

/// The honest resource metadata with other members.
fn resource_with(patch: Value) -> Value {
    let mut body = json!({ "resource": "http://127.0.0.1:{port}/mcp", "authorization_servers": ["http://127.0.0.1:{port}"],
        "scopes_supported": ["mcp:read"], "bearer_methods_supported": ["header"] });
    patch.as_object().unwrap().iter().for_each(|(name, value)| body[name] = value.clone());
    json!({ "body": body })
}

fn named(patch: Value) -> Value {
    json!({ RESOURCE_PATH: resource_with(patch) })
}

fn metadata(patch: Value) -> Value {
    json!({ AS_PATH: { "patch": patch } })
}

/// The honest authorization server metadata at another place, with other members.
fn at(place: &str, patch: Value) -> Value {
    let mut body = json!({ "issuer": "http://127.0.0.1:{port}", "authorization_endpoint": "http://127.0.0.1:{port}/authorize",
        "token_endpoint": "http://127.0.0.1:{port}/token", "registration_endpoint": "http://127.0.0.1:{port}/register",
        "response_types_supported": ["code"], "code_challenge_methods_supported": ["S256"] });
    patch.as_object().unwrap().iter().for_each(|(name, value)| body[name] = value.clone());
    json!({ place: { "body": body } })
}

fn registers(status: u16, patch: Value) -> Value {
    let mut body =
        json!({ "client_id": "c1", "redirect_uris": "{json:redirect_uris}", "token_endpoint_auth_method": "none" });
    patch.as_object().unwrap().iter().for_each(|(name, value)| body[name] = value.clone());
    json!({ "POST /register": { "status": status, "body": body } })
}

fn refuses_registration(status: u16, body: Value) -> Value {
    json!({ "POST /register": { "status": status, "body": body } })
}

/// The browser comes back with this query.
fn returns(query: &str) -> Value {
    json!({ "GET /authorize": { "status": 302, "headers": [["Location", format!("{{q:redirect_uri}}?{query}")]] } })
}

const STATE_AND_ISS: &str = "state={q:state}&iss=http%3A%2F%2F127.0.0.1%3A{port}";

#[test]
fn the_honest_server_serves() {
    assert_cases(vec![("honest", json!({}), (OK, &["Says it again"]))]);
}

#[test]
fn challenges() {
    let path = "http://127.0.0.1:{port}/.well-known/oauth-protected-resource/mcp";
    let root = "http://127.0.0.1:{port}/.well-known/oauth-protected-resource";
    let twice = format!(
        "Bearer realm=\"OAuth\", resource_metadata=\"{root}\", error=\"invalid_token\", resource_metadata=\"{path}\""
    );
    let quoted = format!(
        "Negotiate YII=, DPoP algs=\"ES256\", Bearer error_description=\"say \\\"a, b\\\"\", resource_metadata=\"{path}\""
    );
    let remapped = json!({ "status": 401, "body": {},
        "headers": [["x-amzn-remapped-www-authenticate", format!("Bearer resource_metadata=\"{path}\"")]] });
    let itself = json!({ MCP: unauthorized("Bearer resource_metadata=\"http://127.0.0.1:{port}/mcp\""),
        "GET /mcp": { "headers": [["content-type", "text/plain"]], "body": "OK" } });
    assert_cases(vec![
        (
            "metadata for those with a token only, and a good document at the root",
            json!({ MCP: without_challenge(), RESOURCE_PATH: { "status": 401, "body": "" }, RESOURCE_ROOT: resource_with(json!({})) }),
            (OK, &["challenge.resource-metadata", "HTTP 401"]),
        ),
        ("a parameter twice", json!({ MCP: unauthorized(&twice) }), (OK, &["challenge.readable"])),
        (
            "a comma after Bearer",
            json!({ MCP: unauthorized(&format!("Bearer, resource_metadata=\"{path}\"")) }),
            (OK, &["challenge.readable"]),
        ),
        (
            "a relative resource_metadata",
            json!({ MCP: unauthorized("Bearer resource_metadata=\"/.well-known/oauth-protected-resource/mcp\"") }),
            ("metadata.available", &["/.well-known/oauth-protected-resource/mcp"]),
        ),
        ("several schemes and quoted pairs", json!({ MCP: unauthorized(&quoted) }), (OK, &[])),
        ("a gateway renames the header", json!({ MCP: remapped }), (OK, &["challenge.resource-metadata"])),
        (
            "resource_metadata is the server itself",
            itself,
            ("metadata.available", &["it is the MCP server itself", "/.well-known/oauth-protected-resource/mcp"]),
        ),
    ]);
}

#[test]
fn first_responses() {
    let moved = json!({ "status": 307, "headers": [["Location", "http://127.0.0.1:{port}/mcp/"]], "body": "" });
    let unknown =
        json!({ "status": 422, "body": { "detail": [{ "loc": ["body", "method"], "msg": "unknown method" }] } });
    let forbidden = json!({ "status": 403, "body": {},
        "headers": [["WWW-Authenticate", "Bearer error=\"insufficient_scope\", error_description=\"not enough\""]] });
    let at_root = json!({
        "POST /": unauthorized("Bearer resource_metadata=\"http://127.0.0.1:{port}/.well-known/oauth-protected-resource\""),
        RESOURCE_ROOT: resource_with(json!({ "resource": "http://127.0.0.1:{port}" })),
    });
    let staged = "http://127.0.0.1:{port}/prod/.well-known/oauth-protected-resource/mcp";
    let in_stage = json!({
        "POST /prod/mcp": unauthorized(&format!("Bearer resource_metadata=\"{staged}\"")),
        "GET /prod/.well-known/oauth-protected-resource/mcp": resource_with(json!({ "resource": "http://127.0.0.1:{port}/prod/mcp" })),
    });
    assert_cases(vec![
        ("a redirect to a slash", json!({ MCP: moved }), (OK, &["307"])),
        ("422 to an unknown method", json!({ MCP: unknown }), (OK, &["422"])),
        ("403 without a token", json!({ MCP: forbidden }), (OK, &["403"])),
        ("the server is at the root", at_root, (OK, &[])),
        ("the gateway has a stage in the path", in_stage, (OK, &[])),
    ]);
}

/// What comes instead of an MCP response is said, and not only that it is none.
#[test]
fn mcp_responses() {
    let lists = |row: Value| json!({ "POST /mcp authorization=Bearer opaque-1 & mcp-method=tools/list": row });
    let body = |body: Value| lists(json!({ "body": body }));
    let to = json!([["Location", "http://127.0.0.1:{port}/mcp/"]]);
    let html = json!({ "headers": [["content-type", "text/html"]], "body": "<title>Portal</title><h1>Portal</h1>" });
    let asks = json!({ "resultType": "input_required", "inputRequests": { "a": { "method": "elicitation/create", "params": {} } } });
    let protocol = "mcp.protocol";
    assert_cases(vec![
        (
            "a redirect",
            lists(json!({ "status": 307, "headers": to, "body": "" })),
            (protocol, &["a redirect to", "instead if the MCP server has moved there"]),
        ),
        ("502", lists(json!({ "status": 502, "body": "later" })), (protocol, &["HTTP 502", "Try again later"])),
        ("a page", lists(html), (protocol, &["an HTML page"])),
        ("another id", body(json!({ "jsonrpc": "2.0", "id": 77, "result": {} })), (protocol, &["whose id is 77"])),
        (
            "no result",
            body(json!({ "jsonrpc": "2.0", "id": "{json:id}" })),
            (protocol, &["without result and without error"]),
        ),
        ("no version", body(json!({ "id": "{json:id}", "result": {} })), (protocol, &["jsonrpc is not"])),
        (
            "it asks for input",
            body(json!({ "jsonrpc": "2.0", "id": "{json:id}", "result": asks })),
            ("mcp.input-required", &["elicitation/create"]),
        ),
    ]);
}

/// A server cannot write lines that look like this program's own.
#[test]
fn a_tool_makes_no_lines_of_its_own() {
    let forged = "echo\n  client ✔ MUST forged\r\u{1b}[1A";
    let result = |result: Value| json!({ "body": { "jsonrpc": "2.0", "id": "{json:id}", "result": result } });
    let tools = json!([{ "name": forged, "description": forged, "inputSchema": { "type": "object" } }]);
    let fake = Fake::start(&[
        serves(),
        json!({
            "POST /mcp authorization=Bearer opaque-1 & mcp-method=tools/list":
                result(json!({ "resultType": "complete", "ttlMs": 0, "cacheScope": "private", "tools": tools })),
            "POST /mcp authorization=Bearer opaque-1 & mcp-method=tools/call":
                result(json!({ "resultType": "complete", "content": [{ "type": "text", "text": forged }] })),
        }),
    ]);
    let (home, url, issuer) = (private_folder(), fake.url("/mcp"), fake.url(""));
    let output = std::process::Command::new(LESSON)
        .args(["client", "--server-url", &url, "--client-issuer", &issuer, "--login", "demo", "--call", "echo"])
        .args(["--callback-port", "0", "--document-port", "0"])
        .env("MCP_OAUTH_HOME", home.path())
        .env("LOGIN_PASSWORD", "any-password-at-all")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("| client ✔ MUST forged") || text.contains("|   client ✔ MUST forged"), "{text}");
    let own = |line: &&str| line.trim_start().starts_with("client ✔ MUST forged") || line.contains(['\r', '\u{1b}']);
    assert_eq!(text.lines().find(own), None, "{text}");
}

#[test]
fn resource_metadata() {
    const OPERATOR: &str = "The server's operator has to publish resource as";
    let of_root = resource_with(
        json!({ "resource": "http://127.0.0.1:{port}", "authorization_servers": ["http://127.0.0.1:9"] }),
    );
    let locked =
        unauthorized("Bearer resource_metadata=\"http://127.0.0.1:{port}/.well-known/oauth-protected-resource/mcp\"");
    let of = |resource: Value| named(json!({ "resource": resource }));
    let from = |servers: Value| named(json!({ "authorization_servers": servers }));
    let id = "metadata.resource-of-challenge";
    assert_cases(vec![
        (
            "an empty document at the path",
            json!({ MCP: without_challenge(), RESOURCE_PATH: { "body": {} }, RESOURCE_ROOT: resource_with(json!({})) }),
            (OK, &["resource is absent"]),
        ),
        ("resource without its path", of(json!("http://127.0.0.1:{port}")), (id, &["the path", OPERATOR])),
        ("resource with an inner port", of(json!("http://127.0.0.1:8080/mcp")), (id, &["the port", OPERATOR])),
        (
            "resource is a list",
            of(json!(["http://127.0.0.1:{port}/mcp"])),
            ("metadata.member-types", &["an array of strings"]),
        ),
        (
            "two authorization servers, the first one down",
            from(json!(["http://127.0.0.1:1", "http://127.0.0.1:{port}"])),
            (OK, &[]),
        ),
        ("another document at the root", json!({ RESOURCE_ROOT: of_root }), (OK, &[])),
        (
            "the document wants a token",
            json!({ RESOURCE_PATH: locked }),
            ("metadata.available", &["HTTP 401", "for everyone"]),
        ),
        (
            "an issuer with a slash more",
            from(json!(["http://127.0.0.1:{port}/"])),
            ("as-metadata.issuer-identical", &["the slash at the end", "authorization_servers"]),
        ),
    ]);
}

#[test]
fn authorization_server_metadata() {
    let not_json = json!({ AS_PATH: { "headers": [["content-type", "text/plain"]],
        "body": "{\"issuer\":\"http://127.0.0.1:{port}\",\"token_endpoint\":\"http://127.0.0.1:{port}/token\"}" } });
    let zipped = json!({ AS_PATH: { "headers": [["content-type", "application/json"], ["content-encoding", "gzip"]],
        "body": { "$hex": "1f8b0800000000000203ab56ca2c2e2e4d2d52b25250ca282929b0d2d7373432d7330042432b43a55a00a9a6813220000000" } } });
    let page = json!({ AS_PATH: { "status": 403, "body": "<!DOCTYPE html><title>Just a moment...</title>",
        "headers": [["content-type", "text/html"], ["server", "cloudflare"], ["cf-mitigated", "challenge"]] } });
    let drop = json!({ "$drop": 1 });
    let mut other =
        at("GET /github/.well-known/openid-configuration", json!({ "issuer": "http://127.0.0.1:{port}/github" }));
    other[RESOURCE_PATH] = resource_with(json!({ "authorization_servers": ["http://127.0.0.1:{port}/github"] }));
    let nulls = json!({ "scopes_supported": null, "introspection_endpoint": null });
    let http = |path: &str| format!("http://idp.example{path}");
    assert_cases(vec![
        (
            "another issuer",
            metadata(json!({ "issuer": "https://clerk.example.com" })),
            ("as-metadata.issuer-identical", &["do not sign in"]),
        ),
        (
            "null for what is optional",
            metadata(nulls),
            ("as-metadata.member-types", &["scopes_supported is null", SERVED]),
        ),
        (
            "null for the registration endpoint",
            metadata(json!({ "registration_endpoint": null })),
            ("registration.endpoint", &["registration_endpoint is null", "--client-id ID"]),
        ),
        (
            "no word on PKCE",
            metadata(json!({ "code_challenge_methods_supported": drop })),
            ("as-metadata.pkce-announced", &["announce PKCE"]),
        ),
        (
            "gzip that nobody asked for",
            zipped,
            ("as-metadata.json-object", &["/.well-known/oauth-authorization-server"]),
        ),
        ("JSON as text/plain", not_json, ("as-metadata.location", &["application/json (RFC 8414 §3.2)"])),
        (
            "an endpoint with a query",
            metadata(json!({ "authorization_endpoint": "http://127.0.0.1:{port}/authorize?p=b2c_1_signin" })),
            (OK, &[]),
        ),
        (
            "endpoints in the clear",
            metadata(json!({ "token_endpoint": http("/token"), "registration_endpoint": http("/register") })),
            ("as-metadata.endpoints-secure", &["publish https endpoints"]),
        ),
        ("another document for OpenID", at(OPENID_PATH, json!({})), (OK, &[])),
        ("another issuer of the same host", other, ("sign-in.issuer", &["/github", "--client-issuer"])),
        (
            "nobody can register",
            metadata(json!({ "registration_endpoint": { "$drop": 1 } })),
            ("registration.endpoint", &["--client-id ID"]),
        ),
        ("a page that waits for a browser", page, ("as-metadata.location", &["HTTP 403"])),
    ]);
}

#[test]
fn registrations() {
    let secret = |at: Value| json!({ "client_secret": "s", "client_secret_expires_at": at, "token_endpoint_auth_method": "client_secret_post" });
    let trusted = "Policy 'Trusted Hosts' rejected request to client-registration service. Details: Host not trusted.";
    let method =
        "unsupported token_endpoint_auth_method: client_secret_basic. Supported methods: [none client_secret_post]";
    let slow = json!({ "POST /register": { "status": 429, "headers": [["Retry-After", "2760"]], "body": { "message": "Too many requests" } } });
    let mut narrow = registers(201, json!({ "scope": "openid email" }));
    narrow["GET /authorize"] =
        returns(&format!("error=invalid_scope&error_description=not%20registered&{STATE_AND_ISS}"))["GET /authorize"]
            .clone();
    assert_cases(vec![
        (
            "a firewall says no",
            json!({ "POST /register": { "status": 403, "headers": [["content-type", "application/json"]], "body": "Forbidden" } }),
            ("idp.registration-open", &["before the registration was read", "a firewall"]),
        ),
        ("200 in place of 201", registers(200, json!({})), (OK, &["registration.created"])),
        (
            "a date that is a string",
            registers(201, secret(json!("0"))),
            ("registration.client-information", &["client_secret_expires_at is a string", SERVED]),
        ),
        ("a secret that lasts", registers(201, secret(json!(0))), (OK, &[])),
        ("registered for other scopes", narrow, ("callback.code", &["invalid_scope", "not registered"])),
        (
            "a policy about hosts",
            refuses_registration(403, json!({ "error": "insufficient_scope", "error_description": trusted })),
            ("idp.registration-open", &["about the machine that sent the registration"]),
        ),
        ("too many registrations", slow, ("idp.registration-open", &["Retry-After: 2760", "Nothing was registered"])),
        (
            "a method that is not supported",
            refuses_registration(400, json!({ "error": "invalid_client_metadata", "error_description": method })),
            ("registration.created", &["Supported methods: [none client_secret_post]"]),
        ),
    ]);
}

#[test]
fn sign_ins() {
    let other_uri =
        json!({ "error": "invalid_request", "error_description": "redirect_uri did not match any configured URIs" });
    let resource = "The%20resource%20parameter%20does%20not%20match%20the%20requested%20scopes";
    assert_cases(vec![
        (
            "an error that stays in the browser",
            json!({ "GET /authorize": { "status": 400, "body": other_uri } }),
            ("idp.redirect-uri-registered", &["HTTP 400", "--redirect-uri URI"]),
        ),
        (
            "an error without state",
            returns("error=invalid_request&error_description=bad%20resource"),
            ("callback.state", &["no state"]),
        ),
        (
            "iss with a slash",
            returns("code=k1&state={q:state}&iss=http%3A%2F%2F127.0.0.1%3A{port}%2F"),
            ("callback.iss", &["iss is the issuer that the client stored"]),
        ),
        (
            "resource and scopes do not match",
            returns(&format!("error=invalid_request&error_description={resource}&{STATE_AND_ISS}")),
            ("callback.code", &["The resource parameter does not match the requested scopes"]),
        ),
    ]);
}

#[test]
fn token_responses() {
    let gives = |body: Value| json!({ "POST /token": { "body": body } });
    let encrypted = "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..aaaa.bbbb.cccc";
    let form = json!({ "POST /token": { "headers": [["content-type", "application/x-www-form-urlencoded"]],
        "body": "access_token=gho_x&token_type=bearer&scope=repo%2Cgist" } });
    let bad_code =
        json!({ "error": "bad_verification_code", "error_description": "The code passed is incorrect or expired." });
    let created = json!({ "POST /token": { "status": 201,
        "body": { "access_token": "opaque-1", "token_type": "Bearer", "expires_in": 300, "scope": "mcp:read" } } });
    let odd = json!({ "POST /token": { "patch": { "expires_in": 3600.0, "refresh_token": null } } });
    assert_cases(vec![
        ("an error with status 200", gives(bad_code), ("idp.code", &["The code passed is incorrect or expired"])),
        ("201 in place of 200", created, ("token.response", &["HTTP 201 instead of 200", SERVED])),
        ("a number with a point, and null", odd, ("token.response", &["refresh_token is null", SERVED])),
        ("a form in place of JSON", form, ("token.response", &["The token response cannot be used"])),
        (
            "another token type",
            gives(json!({ "access_token": "x", "token_type": "user", "scope": "mcp:read,mcp:write" })),
            ("token.type", &["its token_type is user"]),
        ),
        (
            "an encrypted token that the server refuses",
            json!({ "POST /token": { "patch": { "access_token": encrypted } } }),
            ("use.refused", &["The token is encrypted", "another sign-in brings the same kind of token"]),
        ),
    ]);
}

/// Everybody may list the tools, and only the first call is refused: its challenge names the only
/// metadata that there is, with and without an issuer that the user names.
#[test]
fn a_server_that_asks_for_a_token_at_the_first_call() {
    let open = serves();
    let of = |method: &str| open[format!("POST /mcp authorization=Bearer opaque-1 & mcp-method={method}")].clone();
    let said = json!({ "resultType": "complete", "content": [{ "type": "text", "text": "again" }] });
    let mut odd = resource_with(json!({}));
    odd["status"] = json!(200);
    let table = json!({
        "POST /mcp mcp-method=server/discover": of("server/discover"),
        "POST /mcp mcp-method=tools/list": of("tools/list"),
        "POST /mcp mcp-method=tools/call": unauthorized("Bearer resource_metadata=\"http://127.0.0.1:{port}/odd/meta\""),
        "POST /mcp authorization=Bearer opaque-1 & mcp-method=tools/call":
            { "body": { "jsonrpc": "2.0", "id": "{json:id}", "result": said } },
        "GET /odd/meta": odd,
        RESOURCE_PATH: null,
        AS_PATH: null,
        OPENID_PATH: at(OPENID_PATH, json!({}))[OPENID_PATH].clone(),
    });
    let fake = Fake::start(&[serves(), table]);
    let (home, url, issuer) = (private_folder(), fake.url("/mcp"), fake.url(""));
    let arguments = ["client", "--server-url", &url, "--client-issuer", &issuer, "--login", "demo", "--call", "echo"];
    let run = Run::of_lesson(LESSON, home.path(), &arguments);
    assert!(run.success && run.says("echo says: again") && run.says("offers, without a token, 1 tool"), "{run:#?}");
    assert_eq!((fake.requests_to("GET /odd/meta").len(), fake.requests_to("GET /authorize").len()), (1, 1));
}
