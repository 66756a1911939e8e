use super::*;

fn response(status: u16, headers: &[(&'static str, &str)], body: &str) -> Response {
    let headers = headers.iter().map(|(name, value)| {
        (axum::http::HeaderName::from_static(name), axum::http::HeaderValue::from_str(value).unwrap())
    });
    Response { url: String::new(), status, headers: headers.collect(), body: body.as_bytes().to_vec() }
}

fn read(status: u16, body: &str, with_token: bool) -> Refusal {
    Refusal::read(&response(status, &[], body), with_token)
}

/// The answers of Keycloak, as the differential test sees them on 26.7.3 and others on 26.0.
#[test]
fn keycloaks_refusals_are_told_apart() {
    let policy = |name: &str, details: &str| {
        format!(
            r#"{{"error":"insufficient_scope","error_description":"Policy '{name}' rejected request to client-registration service. Details: {details}"}}"#
        )
    };
    let token = |text: &str| format!(r#"{{"error":"invalid_token","error_description":"{text}"}}"#);
    let unknown =
        |rest: &str| format!(r#"{{"error":"Invalid json representation. Unrecognized field \"foo\" {rest}"}}"#);
    let foo = || Reason::Policy(Policy::UnknownMember("foo".to_owned()));
    let uri = "URI doesn't match any trusted host or trusted domain";
    for (status, body, with_token, reason) in [
        (403, policy("Trusted Hosts", uri), false, Reason::Policy(Policy::TrustedHosts)),
        (403, policy("Trusted Hosts", "Host not trusted."), false, Reason::Policy(Policy::TrustedSender)),
        (403, policy("Allowed Client Scopes", "x"), true, Reason::Policy(Policy::ClientScopes)),
        (403, policy("Max Clients Limit", "x"), false, Reason::Policy(Policy::MaxClients)),
        (403, policy("Consent Required", "x"), false, Reason::Policy(Policy::Other("Consent Required".to_owned()))),
        (401, token("No remaining count on initial access token"), true, Reason::TokenUsedUp),
        (401, token("Failed decode token"), true, Reason::TokenInvalid),
        (401, token("Initial Access Token not found"), true, Reason::TokenInvalid),
        (401, token("whatever"), false, Reason::TokenMissing),
        (400, unknown("at line 1 column 2."), false, foo()),
        (400, unknown("(class org.keycloak.OIDCClientRepresentation)"), false, foo()),
    ] {
        let refusal = read(status, &body, with_token);
        assert_eq!(refusal.reason, reason, "{body}");
        assert!(!refusal.fix().is_empty());
    }
}

/// The code first, then the status, then whether anything answered that registers clients.
#[test]
fn a_refusal_is_read_by_its_body_and_its_status() {
    let bearer: &[(&str, &str)] = &[("www-authenticate", "Bearer realm=\"x\"")];
    let basic: &[(&str, &str)] = &[("www-authenticate", "Basic realm=\"x\"")];
    for (status, headers, body, reason) in [
        (403, &[][..], r#"{"error":"invalid_redirect_uri"}"#, Reason::RedirectUri),
        (200, &[], r#"{"error":"invalid_client_metadata"}"#, Reason::ClientMetadata(vec![])),
        (400, &[], r#"{"error":"unapproved_software_statement"}"#, Reason::SoftwareStatement),
        (403, &[], r#"{"error":"insufficient_scope"}"#, Reason::TokenMissing),
        (403, bearer, "", Reason::TokenMissing),
        (401, bearer, "<h1>No</h1>", Reason::TokenMissing),
        (401, &[], "", Reason::TokenMissing),
        (401, basic, "", Reason::BeforeReading),
        (403, &[], "No", Reason::BeforeReading),
        (403, &[], "<html><h1>Blocked</h1></html>", Reason::BeforeReading),
        (403, &[], r#"{"message":"Forbidden"}"#, Reason::BeforeReading),
        (403, &[], r#"{"error":"access_denied"}"#, Reason::Other),
        (404, &[], "not found", Reason::NotThere),
        (302, &[("location", "/login")], "", Reason::Redirected("/login".to_owned())),
        (429, &[("retry-after", "30")], "", Reason::TooMany(Some("30".to_owned()))),
        (503, &[], "", Reason::ServerFault(None)),
        (400, &[], r#"{"error":"temporarily_unavailable"}"#, Reason::ServerFault(None)),
    ] {
        let refusal = Refusal::in_response(&response(status, headers, body), false).unwrap();
        assert_eq!(refusal.reason, reason, "{status} {headers:?} {body}");
    }
    assert_eq!(Refusal::in_response(&response(200, &[], r#"{"client_id":"c"}"#), false), None);
}

#[test]
fn anything_else_is_told_as_it_came() {
    for body in ["", "<html>", "[]", "{\"error\": 1}", "{\"error\": null, \"error_description\": {}}"] {
        let refusal = read(418, body, false);
        assert_eq!(refusal.reason, Reason::Other, "{body}");
    }
    assert_eq!(read(418, "<html>", false).to_string(), "HTTP 418");
    assert_eq!(read(400, r#"{"error":"a","error_description":"b"}"#, false).to_string(), "HTTP 400 a: b");
    assert_eq!(read(403, "\n No.\nmore", false).to_string(), "HTTP 403 “No.”");
    assert_eq!(read(403, "<title>Blocked</title>", false).to_string(), "HTTP 403 “Blocked”");
}
