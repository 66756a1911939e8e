use super::*;

#[tokio::test]
async fn a_client_registers_with_what_the_policies_allow() {
    let mut idp = TestIdp::new(None);
    let client = idp.register(json!({"token_endpoint_auth_method": "none"})).await;
    assert_eq!(client.status, StatusCode::CREATED, "{}", client.body);
    let client = client.json();
    assert_eq!((&client["client_secret"], &client["scope"]), (&Value::Null, &json!("mcp:read mcp:write")));
    for (changes, status, error) in [
        (json!({"redirect_uris": ["https://evil.example/cb"]}), 403, "insufficient_scope"),
        (json!({"redirect_uris": ["http://localhost@evil.example/"]}), 403, "insufficient_scope"),
        (json!({"redirect_uris": ["http://127.0.0.1/cb#x"]}), 400, "invalid_redirect_uri"),
        (json!({"redirect_uris": "http://127.0.0.1/cb"}), 400, "invalid_request"),
        (json!({"scope": "admin:all"}), 403, "insufficient_scope"),
        (json!({"token_endpoint_auth_method": "private_key_jwt"}), 400, "invalid_client_metadata"),
        (json!({"client_id": "mine"}), 400, "invalid_client_metadata"),
        (json!({"dpop_bound_access_tokens": "true"}), 400, "invalid_request"),
    ] {
        assert_eq!(idp.register(changes.clone()).await.refusal(), (status, error.to_owned()), "{changes}");
    }
    let unknown = idp.register(json!({"foo": 1})).await.json();
    assert!(text(&unknown, "error").contains("Unrecognized field \"foo\" at line 1 column "), "{unknown}");
    let endpoint = format!("{ISSUER}/clients-registrations/openid-connect");
    for body in ["", "null", "[]", "{"] {
        let response = idp.send("POST", &endpoint, &[("content-type", "application/json")], body.to_owned()).await;
        assert_eq!(response.refusal(), (400, "invalid_request".to_owned()), "{body:?}");
    }
    assert_eq!(idp.form(&endpoint, &[("scope", "x")]).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn only_a_clients_own_token_opens_its_entry_and_an_update_renews_it() {
    let mut idp = TestIdp::new(None);
    let one = idp.register(json!({})).await.json();
    let other = idp.register(json!({})).await.json();
    let (url, id) = (text(&one, "registration_client_uri"), text(&one, "client_id"));
    let (old, others) = (text(&one, "registration_access_token"), text(&other, "registration_access_token"));
    assert_eq!(idp.json("GET", &url, Some(&old), Value::Null).await.json()["client_id"], id);
    for token in [None, Some("x"), Some(&*others)] {
        assert_eq!(idp.json("GET", &url, token, Value::Null).await.refusal(), (401, "invalid_token".to_owned()));
    }
    let change = json!({"client_id": id, "redirect_uris": ["http://127.0.0.1/new"]});
    let renewed = idp.json("PUT", &url, Some(&old), change.clone()).await.json();
    assert_eq!(renewed["redirect_uris"], json!(["http://127.0.0.1/new"]));
    assert_eq!(idp.json("PUT", &url, Some(&old), change).await.status, StatusCode::UNAUTHORIZED);
    let new = text(&renewed, "registration_access_token");
    assert_eq!(idp.json("DELETE", &url, Some(&new), Value::Null).await.status, StatusCode::NO_CONTENT);
    assert_eq!(idp.json("GET", &url, Some(&new), Value::Null).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn an_initial_access_token_has_as_many_uses_as_the_administrator_said() {
    let mut idp = TestIdp::new(None);
    let sign_in = "/realms/master/protocol/openid-connect/token";
    let fields = |password| {
        [("grant_type", "password"), ("client_id", "admin-cli"), ("username", "admin"), ("password", password)]
    };
    assert_eq!(idp.form(sign_in, &fields("x")).await.refusal(), (400, "invalid_grant".to_owned()));
    let administrator = text(&idp.form(sign_in, &fields("admin123")).await.json(), "access_token");
    let make = "/admin/realms/mcp-oauth/clients-initial-access";
    assert_eq!(idp.json("POST", make, None, json!({})).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(idp.json("POST", make, Some(&administrator), json!({"count": -1})).await.status.as_u16(), 400);
    let made = idp.json("POST", make, Some(&administrator), json!({"count": 1})).await.json();
    let endpoint = format!("{ISSUER}/clients-registrations/openid-connect");
    // A client with such a token may use any host.
    let document = json!({"redirect_uris": ["https://app.example/cb"]});
    for expected in [StatusCode::CREATED, StatusCode::UNAUTHORIZED] {
        let response = idp.json("POST", &endpoint, Some(&text(&made, "token")), document.clone()).await;
        assert_eq!(response.status, expected);
    }
    let rotate = "/admin/realms/mcp-oauth/components";
    let provider = json!({"providerId": "rsa-generated", "providerType": "org.keycloak.keys.KeyProvider"});
    assert_eq!(idp.json("POST", rotate, None, provider.clone()).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(idp.json("POST", rotate, Some(&administrator), json!({})).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(idp.json("POST", rotate, Some(&administrator), provider).await.status, StatusCode::CREATED);
    let keys = idp.get("/realms/mcp-oauth/protocol/openid-connect/certs").await.json();
    assert_eq!(keys["keys"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn the_browser_is_sent_to_registered_redirect_uris_only() {
    let mut idp = TestIdp::new(None);
    for changes in [
        [("redirect_uri", "https://evil.example/x")],
        [("redirect_uri", "http://a@127.0.0.1:8888/callback")],
        [("redirect_uri", "")],
        [("client_id", "nobody")],
        [("client_id", "http://127.0.0.1:1/client.json")],
        [("request_uri", "https://evil.example/x")],
    ] {
        let response = idp.authorize(&changes).await;
        assert_eq!(response.status, StatusCode::BAD_REQUEST, "{changes:?}");
        assert!(!response.headers.contains_key(header::LOCATION), "{changes:?}");
    }
    for (changes, error) in [
        ([("response_type", "token")], "unsupported_response_type"),
        ([("code_challenge", "")], "invalid_request"),
        ([("code_challenge_method", "plain")], "invalid_request"),
        ([("scope", "admin:all")], "invalid_scope"),
        ([("resource", "/mcp")], "invalid_target"),
    ] {
        let response = idp.authorize(&changes).await;
        let location = response.location();
        assert!(location.starts_with(CALLBACK), "{location}");
        let found = ["error", "state", "iss"].map(|name| parameter(location, name));
        assert_eq!(found.each_ref().map(Option::as_deref), [Some(error), Some("x"), Some(ISSUER)], "{changes:?}");
    }
}
