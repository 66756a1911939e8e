use super::*;

const ISSUER: &str = "https://idp.example/realms/r";

fn fit() -> AuthorizationServerMetadata {
    let list = |value: &str| Some(vec![value.to_owned()]);
    AuthorizationServerMetadata {
        issuer: ISSUER.to_owned(),
        authorization_endpoint: Some(format!("{ISSUER}/auth")),
        token_endpoint: Some(format!("{ISSUER}/token")),
        response_types_supported: list("code"),
        code_challenge_methods_supported: list("S256"),
        scopes_supported: list("mcp:read"),
        authorization_response_iss_parameter_supported: Some(true),
        client_id_metadata_document_supported: Some(true),
        ..AuthorizationServerMetadata::default()
    }
}

fn failed(metadata: &AuthorizationServerMetadata) -> Vec<&'static str> {
    let rows = requirements(ISSUER, metadata, |url| url.starts_with("https://"));
    assert!(rows.iter().all(|row| !row.fix.is_empty() && !row.seen.is_empty()));
    rows.iter().filter(|row| !row.passed).map(|row| row.rule.id).collect()
}

#[test]
fn an_authorization_server_that_is_fit_passes_all() {
    assert_eq!(failed(&fit()), Vec::<&str>::new());
}

#[test]
fn each_requirement_has_its_broken_twin() {
    let with = |change: fn(&mut AuthorizationServerMetadata)| {
        let mut metadata = fit();
        change(&mut metadata);
        failed(&metadata)
    };
    assert_eq!(with(|m| m.issuer += "/"), ["as-metadata.issuer-identical"]);
    assert_eq!(with(|m| m.issuer = m.issuer.to_uppercase()), ["as-metadata.issuer-identical"]);
    assert_eq!(with(|m| m.authorization_endpoint = None), ["as-metadata.authorization-endpoint"]);
    assert_eq!(with(|m| m.token_endpoint = None), ["as-metadata.token-endpoint"]);
    assert_eq!(with(|m| m.token_endpoint = Some("http://idp.example/t".into())), ["as-metadata.endpoints-secure"]);
    assert_eq!(with(|m| m.registration_endpoint = Some("ftp://x".into())), ["as-metadata.endpoints-secure"]);
    assert_eq!(with(|m| m.token_endpoint = Some("https://idp.example/t#a".into())), ["as-metadata.endpoints-secure"]);
    assert_eq!(with(|m| m.response_types_supported = None), ["as-metadata.response-type-code"]);
    assert_eq!(with(|m| m.response_types_supported = Some(vec!["token".into()])), ["as-metadata.response-type-code"]);
    assert_eq!(with(|m| m.grant_types_supported = Some(vec!["password".into()])), ["as-metadata.grant-type-code"]);
    let pkce = ["as-metadata.pkce-announced", "as-metadata.pkce-s256"];
    assert_eq!(with(|m| m.code_challenge_methods_supported = None), pkce);
    assert_eq!(with(|m| m.code_challenge_methods_supported = Some(vec!["plain".into()])), pkce[1..]);
    assert_eq!(with(|m| m.code_challenge_methods_supported = Some(vec![])), pkce[1..]);
    assert_eq!(with(|m| m.client_id_metadata_document_supported = Some(false)), ["as-metadata.client-id-metadata"]);
    assert_eq!(with(|m| m.authorization_response_iss_parameter_supported = None), ["as-metadata.iss-parameter"]);
    assert_eq!(with(|m| m.scopes_supported = None), ["as-metadata.scopes-supported"]);
}

#[test]
fn an_issuer_in_the_clear_or_with_a_query_fails() {
    for issuer in ["http://idp.example/r", "https://idp.example/r?x", "https://idp.example/r#x"] {
        let metadata = AuthorizationServerMetadata { issuer: issuer.to_owned(), ..fit() };
        let rows = requirements(issuer, &metadata, |url| url.starts_with("https://"));
        let failed: Vec<_> = rows.iter().filter(|row| !row.passed).map(|row| row.rule.id).collect();
        assert_eq!(failed, ["as-metadata.issuer-url"], "{issuer}");
    }
}
