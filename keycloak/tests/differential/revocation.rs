//! Revocation (RFC 7009): who may revoke which token.

use libtest_mimic::Failed;
use serde_json::{Value, json};
use shared::http::Request;
use shared::http::Response;

use super::idp::{BasicCredentials, DEMO, IdpUnderTest, SERVER, basic, tampered};

impl IdpUnderTest {
    pub async fn revocation(&mut self) -> Result<(), Failed> {
        self.revocation_requests().await?;
        self.revoked_refresh_tokens().await?;
        self.revoked_access_tokens().await
    }

    pub async fn revocation_requests(&mut self) -> Result<(), Failed> {
        let tokens = self.tokens_of(DEMO, "openid mcp:read mcp:write").await?;
        let other = self.public_client().await?;
        for (name, client, fields) in [
            ("garbage", None, &[("client_id", DEMO), ("token", "x")][..]),
            ("three parts of garbage", None, &[("client_id", DEMO), ("token", "a.b.c")]),
            ("empty", None, &[("client_id", DEMO), ("token", "")]),
            ("no token", None, &[("client_id", DEMO)]),
            ("two tokens", None, &[("client_id", DEMO), ("token", "x"), ("token", "y")]),
            ("no client", None, &[("token", &tokens.refresh)]),
            ("no client, no token, twice something", None, &[("a", "a"), ("a", "a")]),
            ("an unknown client", None, &[("client_id", "nobody"), ("token", &tokens.refresh)]),
            ("no secret", None, &[("client_id", SERVER.0), ("token", &tokens.refresh)]),
            ("a wrong secret", Some((SERVER.0, "x")), &[("token", &tokens.refresh)]),
            ("a wrong secret and no token", Some((SERVER.0, "x")), &[]),
            ("an ID token", None, &[("client_id", DEMO), ("token", &tokens.id)]),
            ("a tampered token", None, &[("client_id", DEMO), ("token", &tampered(&tokens.access))]),
            ("another client's refresh token", None, &[("client_id", &other), ("token", &tokens.refresh)]),
            ("another client's access token", None, &[("client_id", &other), ("token", &tokens.access)]),
            ("by the server that it is for", Some(SERVER), &[("token", &tokens.access)]),
        ] {
            self.post(&format!("revoke: {name}"), "revoke", client, fields).await?;
        }
        let get = format!("{}?client_id={DEMO}&token={}", self.endpoint("revoke"), tokens.refresh);
        self.get("revoke: GET", &get, None).await?;
        self.json("revoke: JSON", "revoke", None, &json!({"client_id": DEMO, "token": tokens.refresh})).await?;
        self.introspect("after revocations that were refused", &tokens.access).await?;
        self.refresh("after revocations that were refused", DEMO, &tokens.refresh).await?;
        Ok(())
    }

    pub async fn revoked_refresh_tokens(&mut self) -> Result<(), Failed> {
        for hint in ["", "refresh_token", "access_token", "nonsense"] {
            let tokens = self.tokens_of(DEMO, "mcp:read").await?;
            let mut fields = vec![("client_id", DEMO), ("token", tokens.refresh.as_str())];
            fields.extend((!hint.is_empty()).then_some(("token_type_hint", hint)));
            self.post(&format!("revoke: a refresh token, hint {hint:?}"), "revoke", None, &fields).await?;
            self.introspect(&format!("its refresh token was revoked, hint {hint:?}"), &tokens.access).await?;
            self.refresh("revoked", DEMO, &tokens.refresh).await?;
            self.revoke("again", DEMO, &tokens.refresh).await?;
            self.revoke("the access token of a session that ended", DEMO, &tokens.access).await?;
        }
        let tokens = self.tokens_of(DEMO, "mcp:read").await?;
        let newer = self.refresh("before it is revoked", DEMO, &tokens.refresh).await?;
        self.revoke("a refresh token that was used", DEMO, &tokens.refresh).await?;
        self.introspect("an older refresh token was revoked", &newer.access).await?;
        self.refresh("an older one was revoked", DEMO, &newer.refresh).await?;

        // A code that was given out before, and the browser afterwards.
        let client_id = self.public_client().await?;
        let tokens = self.tokens_of(&client_id, "mcp:read").await?;
        let code = self.code_in_this_browser(&client_id, "mcpuser", &[("scope", "mcp:read")]).await?;
        self.revoke("while there is a code", &client_id, &tokens.refresh).await?;
        self.redeem(&client_id, &code).await?;
        let url = self.authorization_url(&client_id, &[("scope", "mcp:read")]);
        let response = self.send(Request::get(&url)).await?;
        self.keep("authorize: after the session's only client was revoked", &response);
        // The user's consent stays: no page asks for it again.
        let url = self.authorization_url(&client_id, &[("scope", "mcp:read")]);
        let page = self.send(Request::get(&url)).await?;
        let response = self.submit(&url, &page, &[("username", "mcpuser"), ("password", "password123")]).await?;
        self.keep("authorize: the consent after a revocation", &response);
        Ok(())
    }

    pub async fn revoked_access_tokens(&mut self) -> Result<(), Failed> {
        for hint in ["", "refresh_token"] {
            let tokens = self.tokens_of(DEMO, "mcp:read").await?;
            let mut fields = vec![("client_id", DEMO), ("token", tokens.access.as_str())];
            fields.extend((!hint.is_empty()).then_some(("token_type_hint", hint)));
            self.post(&format!("revoke: an access token, hint {hint:?}"), "revoke", None, &fields).await?;
            self.introspect("revoked", &tokens.access).await?;
            let newer = self.refresh("the access token was revoked", DEMO, &tokens.refresh).await?;
            self.introspect("the one after a revoked one", &newer.access).await?;
            self.introspect("revoked, after a refresh", &tokens.access).await?;
            self.revoke("an access token again", DEMO, &tokens.access).await?;
        }
        let service =
            json!({"token_endpoint_auth_method": "client_secret_basic", "grant_types": ["client_credentials"]});
        let service = self.register(service).await?;
        let text = |name: &str| service[name].as_str().unwrap();
        let client = Some((text("client_id"), text("client_secret")));
        let response = self
            .post("token use: a client for itself", "token", client, &[("grant_type", "client_credentials")])
            .await?;
        let token = response["access_token"].as_str().unwrap();
        self.post("introspect: a client's own token", "token/introspect", client, &[("token", token)]).await?;
        self.post("revoke: a client's own token", "revoke", client, &[("token", token)]).await?;
        let client = Some(("mcp-demo-service", "mcp-demo-service-secret"));
        let fields = [("grant_type", "client_credentials"), ("scope", "mcp:read")];
        let response = self.post("token use: a client with an account, for itself", "token", client, &fields).await?;
        let token = response["access_token"].as_str().unwrap();
        self.introspect("of a client with an account", token).await?;
        self.post("revoke: a token of a client with an account", "revoke", client, &[("token", token)]).await?;
        self.introspect("of a client with an account, revoked", token).await?;
        Ok(())
    }

    pub async fn get(
        &mut self,
        name: &str,
        url: &str,
        client: Option<BasicCredentials<'_>>,
    ) -> Result<Response, Failed> {
        let mut request = Request::get(url).without_redirects();
        if let Some((id, secret)) = client {
            request = request.header("authorization", &basic(id, secret));
        }
        let response = self.http.send(&request).await?;
        self.keep(name, &response);
        Ok(response)
    }

    pub async fn json(
        &mut self,
        name: &str,
        endpoint: &str,
        client: Option<BasicCredentials<'_>>,
        body: &Value,
    ) -> Result<(), Failed> {
        let mut request = Request::post_json(&self.endpoint(endpoint), body);
        if let Some((id, secret)) = client {
            request = request.header("authorization", &basic(id, secret));
        }
        let response = self.http.send(&request).await?;
        self.keep(name, &response);
        Ok(())
    }
}
