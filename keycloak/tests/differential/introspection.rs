//! Introspection (RFC 7662): who may ask, and what of.

use libtest_mimic::Failed;
use serde_json::json;
use shared::Secret;
use shared::http::Request;

use super::base64;
use super::idp::{CALENDAR, DEMO, IdpUnderTest, IssuedTokens, SERVER, fields, tampered};

impl IdpUnderTest {
    pub async fn introspection(&mut self) -> Result<(), Failed> {
        self.introspection_requests().await?;
        self.introspected_tokens().await
    }

    pub async fn introspection_requests(&mut self) -> Result<(), Failed> {
        let tokens = self.tokens_of(DEMO, "openid mcp:read mcp:write").await?;
        let token = ("token", tokens.access.as_str());
        let (id, secret) = (("client_id", SERVER.0), ("client_secret", SERVER.1));
        let hint = |hint: &'static str| ("token_type_hint", hint);
        for (name, client, fields) in [
            ("a secret in the form", None, &[id, secret, token][..]),
            ("hint access_token", Some(SERVER), &[token, hint("access_token")]),
            ("hint refresh_token", Some(SERVER), &[token, hint("refresh_token")]),
            ("hint id_token", Some(SERVER), &[token, hint("id_token")]),
            ("a hint that nobody knows", Some(SERVER), &[token, hint("nonsense")]),
            ("no token", Some(SERVER), &[]),
            ("no token, a wrong hint", Some(SERVER), &[hint("nonsense")]),
            ("garbage with a wrong hint", Some(SERVER), &[("token", "x"), hint("nonsense")]),
            ("two tokens", Some(SERVER), &[token, token]),
            ("a server that it is not for", Some(CALENDAR), &[token]),
            ("a client that it is not for", Some(("downstream-api", "downstream-api-secret")), &[token]),
            ("a public client", None, &[("client_id", DEMO), token]),
            ("a public client without a token", None, &[("client_id", DEMO)]),
            ("nobody", None, &[token]),
            ("nobody, twice something", None, &[token, token]),
            ("an unknown client", Some(("nobody", "x")), &[token]),
            ("a wrong secret", Some((SERVER.0, "x")), &[token]),
            ("a wrong secret in the form", None, &[id, ("client_secret", "x"), token]),
            ("no secret", None, &[id, token]),
        ] {
            self.post(&format!("introspect: {name}"), "token/introspect", client, fields).await?;
        }
        let endpoint = self.endpoint("token/introspect");
        self.get("introspect: GET", &format!("{endpoint}?token={}", tokens.access), Some(SERVER)).await?;
        self.json("introspect: JSON", "token/introspect", Some(SERVER), &json!({"token": tokens.access})).await?;
        for (name, authorization) in [
            ("a token as the credentials", format!("Bearer {}", tokens.access)),
            // The colon of the URL ends the user name, where the URL is not form-encoded (RFC 6749
            // §2.3.1).
            ("Basic without form-encoding", format!("Basic {}", base64(&format!("{}:{}", SERVER.0, SERVER.1)))),
        ] {
            let request = Request::post_form(&endpoint, &[token]).header("authorization", &authorization);
            let response = self.http.send(&request).await?;
            self.keep(&format!("introspect: {name}"), &response);
        }
        Ok(())
    }

    pub async fn introspected_tokens(&mut self) -> Result<(), Failed> {
        let tokens = self.tokens_of(DEMO, "openid mcp:read mcp:write").await?;
        let administrator = self.administrator().await?;
        for (name, token) in [
            ("an access token", &tokens.access),
            ("a refresh token", &tokens.refresh),
            ("an ID token", &tokens.id),
            ("garbage", &"x".to_owned()),
            ("three parts of garbage", &"a.b.c".to_owned()),
            ("empty", &String::new()),
            ("a tampered token", &tampered(&tokens.access)),
            ("a token without a signature", &unsigned(&tokens.access)),
            ("the administrator's token", &administrator.expose().to_owned()),
        ] {
            self.introspect(name, token).await?;
        }
        let client = self.register(json!({})).await?;
        let text = |name: &str| client[name].as_str().unwrap().to_owned();
        let client_id = text("client_id");
        for scope in ["mcp:read", "openid mcp:read mcp:write", ""] {
            let tokens = self.tokens_of(&client_id, scope).await?;
            self.introspect(&format!("a client that registered, {scope:?}"), &tokens.access).await?;
        }
        let two = self.tokens_of(DEMO, "mcp:read calendar:read").await?;
        let token = [("token", two.access.as_str())];
        self.post("introspect: for two servers, the first", "token/introspect", Some(SERVER), &token).await?;
        self.post("introspect: for two servers, the second", "token/introspect", Some(CALENDAR), &token).await?;
        self.revoke("a token for registration", DEMO, &text("registration_access_token")).await?;
        self.introspect("a token for registration", &text("registration_access_token")).await?;

        let tokens = self.tokens_of(&client_id, "mcp:read").await?;
        let delete = Request::delete(&text("registration_client_uri"));
        self.http.send(&delete.bearer(&Secret::new(text("registration_access_token")))).await?;
        self.introspect("its client was deleted", &tokens.access).await?;
        self.own_refresh_tokens().await
    }

    /// A confidential client asks about what it was given itself.
    pub async fn own_refresh_tokens(&mut self) -> Result<(), Failed> {
        let client = self.register(json!({"token_endpoint_auth_method": "client_secret_basic"})).await?;
        let text = |name: &str| client[name].as_str().unwrap().to_owned();
        let (client_id, secret) = (text("client_id"), text("client_secret"));
        let client = Some((client_id.as_str(), secret.as_str()));
        let code = self.code(&client_id, "mcpuser", &[("scope", "openid mcp:read"), ("nonce", "n")]).await?;
        let response = self.post("token use: a secret", "token", client, &fields(&client_id, &code)).await?;
        let tokens = IssuedTokens::of(&response);
        let [access, refresh, id] =
            [&tokens.access, &tokens.refresh, &tokens.id].map(|token| ("token", token.as_str()));
        let hint = ("token_type_hint", "refresh_token");
        for (name, fields) in [
            ("its own access token, which is not for it", &[access][..]),
            ("its own ID token", &[id]),
            ("its own ID token, with a hint", &[id, ("token_type_hint", "access_token")]),
            ("its own refresh token", &[refresh]),
            ("its own refresh token, with a hint", &[refresh, hint]),
        ] {
            self.post(&format!("introspect: {name}"), "token/introspect", client, fields).await?;
        }
        let in_the_form = [("client_id", client_id.as_str()), ("client_secret", &secret), access];
        self.post("introspect: the secret in another place", "token/introspect", None, &in_the_form).await?;
        self.post("revoke: the secret in another place", "revoke", None, &in_the_form).await?;
        let refreshing = [("grant_type", "refresh_token"), refresh];
        let refreshing = [refreshing[0], ("refresh_token", refresh.1)];
        self.post("refresh: with a secret", "token", client, &refreshing).await?;
        self.post("introspect: a refresh token that was used", "token/introspect", client, &[refresh, hint]).await?;
        self.post("revoke: with a secret", "revoke", client, &[refresh]).await?;
        self.introspect("revoked with a secret", &tokens.access).await?;
        Ok(())
    }
}

/// The same claims under `alg: none`.
fn unsigned(token: &str) -> String {
    let claims = token.split('.').nth(1).unwrap();
    format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{claims}.")
}
