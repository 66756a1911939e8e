use super::*;
use crate::embedded::further::dpop::tests::ProofSigner;
use crate::embedded::further::jwk;
use shared::now;

const SERVER: [(&str, &str); 2] = [("client_id", "http://localhost:8000/mcp"), ("client_secret", "mcp-server-secret")];

impl TestIdp {
    async fn is_active(&mut self, token: &str) -> bool {
        let response = self.oauth("token/introspect", &[SERVER[0], SERVER[1], ("token", token)]).await;
        response.json()["active"] == true
    }
}

#[tokio::test]
async fn a_user_signs_in_with_the_password_in_the_browser_that_asked() {
    let mut idp = TestIdp::new(None);
    let page = idp.authorize(&[]).await;
    let wrong = idp.sign_in(&page, "x").await;
    assert!(wrong.status == StatusCode::OK && wrong.body.contains("Invalid username or password."));
    let cookies = std::mem::take(&mut idp.cookies);
    assert_eq!(idp.sign_in(&page, "password123").await.status, StatusCode::BAD_REQUEST, "another browser");
    idp.cookies = cookies;
    let response = idp.sign_in(&page, "password123").await;
    let code = parameter(response.location(), "code").unwrap();
    let claims = claims(&idp.redeem(&code, VERIFIER).await.json());
    assert_eq!((&claims["azp"], &claims["scope"]), (&json!(DEMO), &json!("email profile mcp:read mcp:write")));
    assert_eq!(claims["aud"], "http://localhost:8000/mcp");
}

#[tokio::test]
async fn the_sign_in_page_shows_the_passwords_of_the_demo_users_only() {
    let page = TestIdp::of_realm(Realm::shipped().unwrap(), None).authorize(&[]).await;
    for user in ["mcpuser", "mcpreader"] {
        let row = format!("<td><code>{user}</code></td><td><code>password123</code></td>");
        assert!(page.body.contains(&row), "{}", page.body);
    }
    let foreign = TestIdp::new(None).authorize(&[]).await;
    assert!(foreign.status == StatusCode::OK && !foreign.body.contains("password123"), "{}", foreign.body);
}

#[tokio::test]
async fn a_client_that_registered_needs_the_users_consent() {
    let mut idp = TestIdp::new(None);
    let id = text(
        &idp.register(json!({"client_name": "<b>x", "token_endpoint_auth_method": "none"})).await.json(),
        "client_id",
    );
    let page = idp.authorize(&[("client_id", &id)]).await;
    let asked = idp.sign_in(&page, "password123").await;
    let page = idp.get(asked.location()).await;
    assert!(page.body.contains("Read data through the MCP server") && !page.body.contains("<b>"), "{}", page.body);
    let consent = format!("{ISSUER}/login-actions/consent");
    let code = parameter(asked.location(), "session_code").unwrap();
    let cookies = std::mem::take(&mut idp.cookies);
    let stolen = idp.form(&consent, &[("code", &code), ("accept", "x")]).await;
    assert_eq!(stolen.status, StatusCode::BAD_REQUEST, "another browser");
    idp.cookies = cookies;
    let refused = idp.form(&consent, &[("code", &code), ("cancel", "x")]).await;
    assert_eq!(parameter(refused.location(), "error").as_deref(), Some("access_denied"));
    assert_eq!(idp.form(&consent, &[("code", &code), ("accept", "x")]).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_code_has_one_use_by_the_client_with_the_verifier() {
    let mut idp = TestIdp::new(None);
    let code = idp.code().await;
    assert_eq!(idp.redeem(&code, &"x".repeat(43)).await.refusal(), (400, "invalid_grant".to_owned()));
    assert_eq!(idp.redeem(&code, VERIFIER).await.refusal(), (400, "invalid_grant".to_owned()), "the code is gone");
    let code = idp.code().await;
    let tokens = idp.redeem(&code, VERIFIER).await.json();
    assert_eq!(idp.redeem(&code, VERIFIER).await.refusal(), (400, "invalid_grant".to_owned()));
    let refresh = text(&tokens, "refresh_token");
    assert_eq!(idp.refresh(&refresh).await.refusal(), (400, "invalid_grant".to_owned()), "its tokens are gone");
}

#[tokio::test]
async fn a_refresh_token_has_one_use_and_a_second_one_ends_the_rest() {
    let mut idp = TestIdp::new(None);
    let old = text(&idp.tokens().await, "refresh_token");
    for bad in ["", "x", "a.b.c"] {
        assert_eq!(idp.refresh(bad).await.refusal(), (400, "invalid_grant".to_owned()));
    }
    let new = text(&idp.refresh(&old).await.json(), "refresh_token");
    let replayed = idp.refresh(&old).await.json();
    assert_eq!(replayed["error_description"], "Maximum allowed refresh token reuse exceeded");
    assert_eq!(idp.refresh(&new).await.refusal(), (400, "invalid_grant".to_owned()));
}

#[tokio::test]
async fn introspection_and_revocation_are_for_their_own_clients() {
    let mut idp = TestIdp::new(None);
    let tokens = idp.tokens().await;
    let [access, refresh] = ["access_token", "refresh_token"].map(|name| text(&tokens, name));
    assert!(idp.is_active(&access).await);
    assert!(!idp.is_active(&refresh).await && !idp.is_active("x").await);
    let calendar = [("client_id", "http://localhost:8001/mcp"), ("client_secret", "calendar-server-secret")];
    let other = idp.oauth("token/introspect", &[calendar[0], calendar[1], ("token", &access)]).await;
    assert_eq!(other.json(), json!({"active": false}), "a server that is not in the audience");
    let public = idp.oauth("token/introspect", &[("client_id", DEMO), ("token", &access)]).await;
    assert_eq!(public.status, StatusCode::FORBIDDEN);

    let stolen = idp.oauth("revoke", &[SERVER[0], SERVER[1], ("token", &access)]).await;
    assert_eq!(stolen.refusal(), (400, "invalid_request".to_owned()));
    assert_eq!(idp.oauth("revoke", &[("client_id", DEMO), ("token", &access)]).await.status, StatusCode::OK);
    assert!(!idp.is_active(&access).await);
    let access = text(&idp.refresh(&refresh).await.json(), "access_token");
    assert!(idp.is_active(&access).await, "the refresh token is still valid");
    assert_eq!(idp.oauth("revoke", &[("client_id", DEMO), ("token", &refresh)]).await.status, StatusCode::OK);
    assert!(!idp.is_active(&access).await, "the session part has ended");
}

#[tokio::test]
async fn a_server_exchanges_only_tokens_that_are_for_it() {
    let mut idp = TestIdp::new(None);
    let access = text(&idp.tokens().await, "access_token");
    let fields = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("subject_token", access.as_str()),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
        ("scope", "downstream:read"),
    ];
    let as_server = [&fields[..], &SERVER].concat();
    let exchanged = idp.oauth("token", &[&as_server[..], &[("audience", "downstream-api")]].concat()).await.json();
    let claims = claims(&exchanged);
    assert_eq!((&claims["aud"], &claims["azp"]), (&json!("downstream-api"), &json!("http://localhost:8000/mcp")));
    let unknown = idp.oauth("token", &[&as_server[..], &[("audience", "nope")]].concat()).await;
    assert_eq!(unknown.refusal(), (400, "invalid_client".to_owned()));
    let public = idp.oauth("token", &[&fields[..], &[("client_id", DEMO)]].concat()).await;
    assert_eq!(public.refusal(), (400, "invalid_request".to_owned()));
    let garbage = [fields[0], ("subject_token", "x"), fields[2], SERVER[0], SERVER[1]];
    assert_eq!(idp.oauth("token", &garbage).await.refusal(), (400, "invalid_request".to_owned()));
}

#[tokio::test]
async fn a_client_proves_who_it_is() {
    let mut idp = TestIdp::new(None);
    let grant = ("grant_type", "client_credentials");
    let id = ("client_id", "mcp-demo-service");
    let good = idp.oauth("token", &[grant, id, ("client_secret", "mcp-demo-service-secret")]).await;
    assert_eq!(good.status, StatusCode::OK, "{}", good.body);
    for (fields, code) in [
        (vec![grant, id], "unauthorized_client"),
        (vec![grant, id, ("client_secret", "x")], "unauthorized_client"),
        (vec![grant, ("client_id", DEMO)], "unauthorized_client"),
        (vec![grant, ("client_id", "nobody")], "invalid_client"),
    ] {
        assert_eq!(idp.oauth("token", &fields).await.refusal(), (401, code.to_owned()), "{fields:?}");
    }
    let twice = [grant, id, ("client_secret", "mcp-demo-service-secret"), ("a", "1"), ("a", "2")];
    assert_eq!(idp.oauth("token", &twice).await.refusal(), (400, "invalid_request".to_owned()));
}

#[tokio::test]
async fn a_token_is_bound_to_the_proven_key() {
    let mut idp = TestIdp::new(None);
    let changes = json!({
        "token_endpoint_auth_method": "client_secret_post", "grant_types": ["client_credentials"],
        "dpop_bound_access_tokens": true,
    });
    let client = idp.register(changes).await.json();
    let form = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}",
        text(&client, "client_id"),
        text(&client, "client_secret")
    );
    let url = format!("{ISSUER}/protocol/openid-connect/token");
    let key = ProofSigner::new();
    let proof = key.proof(&json!({}), &json!({"iat": now()}));
    let response = idp.send("POST", &url, &[("dpop", &proof)], form.clone()).await.json();
    assert_eq!(response["token_type"], "DPoP", "{response}");
    let claims = claims(&response);
    assert_eq!((&claims["typ"], &claims["cnf"]["jkt"]), (&json!("DPoP"), &json!(jwk::thumbprint(&key.jwk))));
    for headers in [vec![("dpop", proof.as_str())], vec![], vec![("dpop", "x")]] {
        let refused = idp.send("POST", &url, &headers, form.clone()).await;
        assert_eq!(refused.refusal(), (400, "invalid_request".to_owned()));
    }
}
