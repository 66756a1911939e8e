use super::*;

fn read(status: u16, body: &str, with_token: bool) -> Refusal {
    let response = Response { url: String::new(), status, headers: Default::default(), body: body.as_bytes().to_vec() };
    Refusal::read(&response, with_token)
}

/// The answers of Keycloak 26.7.3, as the differential test sees them.
#[test]
fn keycloaks_refusals_are_told_apart() {
    let policy = |name: &str| {
        format!(
            r#"{{"error":"insufficient_scope","error_description":"Policy '{name}' rejected request to client-registration service. Details: x"}}"#
        )
    };
    let token = |text: &str| format!(r#"{{"error":"invalid_token","error_description":"{text}"}}"#);
    for (status, body, with_token, reason) in [
        (403, policy("Trusted Hosts"), false, Reason::TrustedHosts),
        (403, policy("Allowed Client Scopes"), true, Reason::ClientScopes),
        (403, policy("Max Clients Limit"), false, Reason::MaxClients),
        (403, policy("Consent Required"), false, Reason::OtherPolicy("Consent Required".to_owned())),
        (401, token("No remaining count on initial access token"), true, Reason::TokenUsedUp),
        (401, token("Failed decode token"), true, Reason::TokenInvalid),
        (401, token("Initial Access Token not found"), true, Reason::TokenInvalid),
        (401, token("whatever"), false, Reason::TokenMissing),
        (
            400,
            r#"{"error":"Invalid json representation for OIDCClientRepresentation. Unrecognized field \"foo\" at line 1 column 2."}"#.to_owned(),
            false,
            Reason::UnknownMember("foo".to_owned()),
        ),
        (400, r#"{"error":"invalid_redirect_uri"}"#.to_owned(), false, Reason::RedirectUri),
        (400, r#"{"error":"invalid_client_metadata"}"#.to_owned(), false, Reason::ClientMetadata),
    ] {
        let refusal = read(status, &body, with_token);
        assert_eq!(refusal.reason, reason, "{body}");
        assert!(!refusal.fix().is_empty());
    }
}

#[test]
fn anything_else_is_told_as_it_came() {
    for body in ["", "<html>", "[]", "{\"error\": 1}", "{\"error\": null, \"error_description\": {}}"] {
        let refusal = read(500, body, false);
        assert_eq!((refusal.to_string().as_str(), &refusal.reason), ("HTTP 500 no error code", &Reason::Other));
    }
    assert_eq!(read(400, r#"{"error":"a","error_description":"b"}"#, false).to_string(), "HTTP 400 a: b");
}
