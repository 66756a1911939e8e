//! Refresh tokens, and clients that act for themselves.

use libtest_mimic::Failed;
use serde_json::{Value, json};
use shared::http::Request;

use super::base64;
use super::idp::{IdpUnderTest, fields, refreshing};

impl IdpUnderTest {
    pub async fn refresh_tokens(&mut self) -> Result<(), Failed> {
        let client = self.register(json!({})).await?;
        let client_id = client["client_id"].as_str().unwrap().to_owned();
        let code = self.code(&client_id, "mcpuser", &[]).await?;
        let tokens = self.token("refresh: before", &fields(&client_id, &code)).await?;
        let refresh = |tokens: &Value| tokens["refresh_token"].as_str().unwrap_or_default().to_owned();
        let first = refresh(&tokens);
        self.token("refresh: garbage", &refreshing(&client_id, "x")).await?;
        self.token("refresh: none", &refreshing(&client_id, "")).await?;
        self.token("refresh: an access token", &refreshing(&client_id, tokens["access_token"].as_str().unwrap()))
            .await?;
        self.token("refresh: another client", &refreshing("mcp-demo-client", &first)).await?;
        let less = [&refreshing(&client_id, &first)[..], &[("scope", "mcp:read")]].concat();
        let second = self.token("refresh: less", &less).await?;
        let newest = refresh(&second);
        let more = [&refreshing(&client_id, &newest)[..], &[("scope", "mcp:read mcp:write")]].concat();
        let third = self.token("refresh: as much as before", &more).await?;
        let newest = refresh(&third);
        let too_much = [&refreshing(&client_id, &newest)[..], &[("scope", "mcp:read calendar:read")]].concat();
        self.token("refresh: more", &too_much).await?;
        let fourth = self.token("refresh: again", &refreshing(&client_id, &refresh(&third))).await?;
        self.token("refresh: replayed", &refreshing(&client_id, &refresh(&third))).await?;
        self.token("refresh: the newest after the replay", &refreshing(&client_id, &refresh(&fourth))).await?;
        self.scopes_of_a_refresh(&client_id).await
    }

    pub async fn scopes_of_a_refresh(&mut self, other: &str) -> Result<(), Failed> {
        for granted in ["mcp:read", "openid mcp:read"] {
            let code = self.code("mcp-demo-client", "mcpuser", &[("scope", granted)]).await?;
            let tokens = self.token("refresh: before", &fields("mcp-demo-client", &code)).await?;
            let mut token = tokens["refresh_token"].as_str().unwrap().to_owned();
            for scope in [
                "openid",
                "profile",
                "mcp:write",
                "mcp:read mcp:write",
                "nope",
                "mcp:read nope",
                "downstream:read",
                "mcp:read",
            ] {
                let asking = [&refreshing("mcp-demo-client", &token)[..], &[("scope", scope)]].concat();
                let response = self.token(&format!("refresh: granted {granted:?}, asked {scope:?}"), &asking).await?;
                token = response["refresh_token"].as_str().unwrap_or(&token).to_owned();
            }
            for (name, client_id, token) in [("garbage", "mcp-demo-client", "x"), ("another client", other, &token)] {
                let asking = [&refreshing(client_id, token)[..], &[("scope", "nope")]].concat();
                self.token(&format!("refresh: {name}, asked \"nope\""), &asking).await?;
            }
        }
        Ok(())
    }

    pub async fn clients_for_themselves(&mut self) -> Result<(), Failed> {
        let grants = json!(["authorization_code", "client_credentials"]);
        let changes = json!({"token_endpoint_auth_method": "client_secret_basic", "grant_types": grants});
        let service = self.register(changes).await?;
        let confidential = self.register(json!({"token_endpoint_auth_method": "client_secret_basic"})).await?;
        for (name, client, fields) in [
            ("a scope that needs a role", &service, &[("scope", "mcp:read")][..]),
            ("no scope", &service, &[]),
            ("an unknown scope", &service, &[("scope", "calendar:read")]),
            ("not allowed", &confidential, &[]),
        ] {
            let text = |name: &str| client[name].as_str().unwrap();
            let basic = base64(&format!("{}:{}", text("client_id"), text("client_secret")));
            let fields = [&[("grant_type", "client_credentials")], fields].concat();
            let request =
                Request::post_form(&self.token_url(), &fields).header("authorization", &format!("Basic {basic}"));
            let response = self.http.send(&request).await?;
            self.keep(&format!("client credentials: {name}"), &response);
        }
        let public = [("grant_type", "client_credentials"), ("client_id", "mcp-demo-client")];
        self.token("client credentials: a public client", &public).await?;
        // The realm file gives this one's account a role.
        let (id, secret) = (("client_id", "mcp-demo-service"), "mcp-demo-service-secret");
        let resource = ("resource", "http://localhost:8000/mcp");
        for (name, secret, fields) in [
            ("what its account may", secret, &[("scope", "mcp:read"), resource][..]),
            ("more than its account may", secret, &[("scope", "mcp:read mcp:write calendar:read")]),
            ("nothing", secret, &[]),
            ("an unknown scope, with an account", secret, &[("scope", "nope")]),
            ("a wrong secret", "nope", &[("scope", "mcp:read")]),
        ] {
            let credentials = [("grant_type", "client_credentials"), id, ("client_secret", secret)];
            self.token(&format!("client credentials: {name}"), &[&credentials[..], fields].concat()).await?;
        }
        Ok(())
    }
}
