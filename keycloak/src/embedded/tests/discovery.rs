use super::*;

const CERTS: &str = "/realms/mcp-oauth/protocol/openid-connect/certs";
const RFC_8414_PLACE: &str = "/.well-known/oauth-authorization-server/realms/mcp-oauth";
const OPENID_PLACE: &str = "/realms/mcp-oauth/.well-known/openid-configuration";

#[tokio::test]
async fn pages_of_any_origin_may_read_metadata_and_keys() {
    for path in [RFC_8414_PLACE, CERTS] {
        let origin = [("origin", "http://page.example")];
        let response = TestIdp::new(None).send("GET", path, &origin, String::new()).await;
        assert_eq!(response.headers["access-control-allow-origin"], "http://page.example", "{path}");
    }
}

#[tokio::test]
async fn metadata_is_where_keycloak_has_it_and_nowhere_else() {
    let mut idp = TestIdp::new(None);
    for path in [RFC_8414_PLACE, OPENID_PLACE, "/realms/mcp-oauth/.well-known/oauth-authorization-server"] {
        let document = idp.get(path).await.json();
        assert_eq!(document["issuer"], ISSUER, "{path}");
        let scopes = document["scopes_supported"].as_array().unwrap();
        assert!(scopes.contains(&json!("mcp:read")) && !scopes.contains(&json!("downstream:read")), "{scopes:?}");
    }
    for path in ["/.well-known/oauth-authorization-server/realms/nope", "/realms/nope", "/nope"] {
        assert_eq!(idp.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn the_published_key_is_a_whole_rsa_key_and_nothing_of_it_is_private() {
    let document = TestIdp::new(None).get(CERTS).await.json();
    let key = document["keys"][0].as_object().unwrap();
    let members: Vec<_> = key.keys().map(String::as_str).collect();
    assert_eq!(members, ["kid", "kty", "alg", "use", "n", "e"]);
    assert_eq!(key["n"].as_str().unwrap().len(), 342, "2048 bits in base64url");
}

#[tokio::test]
async fn a_defect_spoils_what_it_is_about_and_nothing_else() {
    for (defect, member, expected) in [
        (Defect::WrongIssuer, "issuer", json!("https://honest.example/realms/mcp-oauth")),
        (Defect::TrailingSlash, "issuer", json!(format!("{ISSUER}/"))),
        (Defect::PlainOnly, "code_challenge_methods_supported", json!(["plain"])),
        (Defect::NoPkce, "code_challenge_methods_supported", Value::Null),
        (Defect::HttpNotLoopback, "token_endpoint", json!("http://idp.example/token")),
    ] {
        let mut idp = TestIdp::new(Some(defect));
        assert_eq!(idp.get(RFC_8414_PLACE).await.json()[member], expected, "{defect:?}");
        assert_eq!(idp.get(CERTS).await.status, StatusCode::OK, "{defect:?}");
    }
    let mut oidc_only = TestIdp::new(Some(Defect::OidcOnly));
    assert_eq!(oidc_only.get(RFC_8414_PLACE).await.status, StatusCode::NOT_FOUND);
    assert_eq!(oidc_only.get(OPENID_PLACE).await.json()["issuer"], ISSUER);
    let mut redirecting = TestIdp::new(Some(Defect::RedirectingMetadata));
    assert_eq!(redirecting.get(RFC_8414_PLACE).await.location(), format!("http://localhost:9100{OPENID_PLACE}"));
    let mut without_keys = TestIdp::new(Some(Defect::NoKeys));
    assert_eq!(without_keys.get(CERTS).await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(claims(&without_keys.tokens().await)["iss"], ISSUER);
}
