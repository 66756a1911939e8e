//! What becomes of tokens after they were given out: revocation, introspection, logout, and the
//! rotation of the keys.

use std::time::Duration;

use jsonwebtoken::{Algorithm, Header};
use libtest_mimic::Failed;
use serde_json::{Value, json};
use shared::Secret;
use shared::http::{Request, Response};
use url::form_urlencoded::byte_serialize;

use super::base64;
use super::code_flow::{Asked, ClientKey, JWT_BEARER, fields, refreshing};

pub const DEMO: &str = "mcp-demo-client";
/// The MCP server as a client, with its secret.
pub const SERVER: Credentials<'_> = ("http://localhost:8000/mcp", "mcp-server-secret");
pub const CALENDAR: Credentials<'_> = ("http://localhost:8001/mcp", "calendar-server-secret");

pub type Credentials<'a> = (&'a str, &'a str);

/// A client's tokens.
pub struct Tokens {
    pub access: String,
    pub refresh: String,
    pub id: String,
}

impl Asked {
    pub async fn token_use(&mut self) -> Result<(), Failed> {
        self.revocation_requests().await?;
        self.revoked_refresh_tokens().await?;
        self.revoked_access_tokens().await?;
        self.introspection_requests().await?;
        self.introspected_tokens().await?;
        self.authentication_at_both().await?;
        self.logout().await?;
        self.sessions_of_several().await?;
        self.offline().await?;
        self.after_a_while().await?;
        self.rotation().await
    }

    pub fn endpoint(&self, name: &str) -> String {
        format!("{}/protocol/openid-connect/{name}", self.issuer)
    }

    /// A request of a form, with the credentials in an Authorization header; the answer is
    /// compared.
    pub async fn post(
        &mut self,
        name: &str,
        endpoint: &str,
        client: Option<Credentials<'_>>,
        fields: &[(&str, &str)],
    ) -> Result<Value, Failed> {
        let mut request = Request::post_form(&self.endpoint(endpoint), fields);
        if let Some((id, secret)) = client {
            request = request.header("authorization", &basic(id, secret));
        }
        let response = self.http.send(&request).await?;
        self.keep(name, &response);
        Ok(serde_json::from_slice(&response.body).unwrap_or_default())
    }

    /// A public client revokes.
    pub async fn revoke(&mut self, name: &str, client_id: &str, token: &str) -> Result<(), Failed> {
        let fields = [("client_id", client_id), ("token", token)];
        self.post(&format!("revoke: {name}"), "revoke", None, &fields).await.map(drop)
    }

    /// The MCP server asks about a token.
    pub async fn introspect(&mut self, name: &str, token: &str) -> Result<Value, Failed> {
        self.post(&format!("introspect: {name}"), "token/introspect", Some(SERVER), &[("token", token)]).await
    }

    pub async fn refresh(&mut self, name: &str, client_id: &str, token: &str) -> Result<Tokens, Failed> {
        let response = self.token(&format!("refresh: {name}"), &refreshing(client_id, token)).await?;
        Ok(Tokens::of(&response))
    }

    /// Tokens of a new sign-in, in a browser of its own.
    pub async fn tokens_of(&mut self, client_id: &str, scope: &str) -> Result<Tokens, Failed> {
        let code = self.code(client_id, "mcpuser", &[("scope", scope)]).await?;
        self.redeem(client_id, &code).await
    }

    /// The same in the browser of before.
    pub async fn more_tokens_of(&mut self, client_id: &str, scope: &str) -> Result<Tokens, Failed> {
        let code = self.code_in_this_browser(client_id, "mcpuser", &[("scope", scope)]).await?;
        self.redeem(client_id, &code).await
    }

    pub async fn redeem(&mut self, client_id: &str, code: &str) -> Result<Tokens, Failed> {
        let response = self.token("token use: a code", &fields(client_id, code)).await?;
        Ok(Tokens::of(&response))
    }

    pub async fn public_client(&mut self) -> Result<String, Failed> {
        let client = self.register(json!({"scope": "mcp:read mcp:write offline_access"})).await?;
        Ok(client["client_id"].as_str().unwrap().to_owned())
    }

    async fn revocation_requests(&mut self) -> Result<(), Failed> {
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

    async fn revoked_refresh_tokens(&mut self) -> Result<(), Failed> {
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
        let url = self.authorization_url(&client_id, &[("scope", "mcp:read"), ("prompt", "none")]);
        let response = self.send(Request::get(&url)).await?;
        self.keep("authorize: after the session's only client was revoked", &response);
        // The user's consent stays: no page asks for it again.
        let url = self.authorization_url(&client_id, &[("scope", "mcp:read")]);
        let page = self.send(Request::get(&url)).await?;
        let response = self.submit(&url, &page, &[("username", "mcpuser"), ("password", "password123")]).await?;
        self.keep("authorize: the consent after a revocation", &response);
        Ok(())
    }

    async fn revoked_access_tokens(&mut self) -> Result<(), Failed> {
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

    async fn introspection_requests(&mut self) -> Result<(), Failed> {
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

    async fn introspected_tokens(&mut self) -> Result<(), Failed> {
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
    async fn own_refresh_tokens(&mut self) -> Result<(), Failed> {
        let client = self.register(json!({"token_endpoint_auth_method": "client_secret_basic"})).await?;
        let text = |name: &str| client[name].as_str().unwrap().to_owned();
        let (client_id, secret) = (text("client_id"), text("client_secret"));
        let client = Some((client_id.as_str(), secret.as_str()));
        let code = self.code(&client_id, "mcpuser", &[("scope", "openid mcp:read"), ("nonce", "n")]).await?;
        let response = self.post("token use: a secret", "token", client, &fields(&client_id, &code)).await?;
        let tokens = Tokens::of(&response);
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

    /// Assertions: all of the token endpoint's rules, so only what differs.
    async fn authentication_at_both(&mut self) -> Result<(), Failed> {
        let key = ClientKey::new("k1");
        let changes = json!({
            "token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [key.jwk]},
            "grant_types": ["client_credentials"], "response_types": [],
        });
        let client = self.register(changes).await?;
        let client_id = client["client_id"].as_str().unwrap().to_owned();
        let header = Header { kid: Some("k1".to_owned()), ..Header::new(Algorithm::ES256) };
        let now = shared::now();
        for endpoint in ["token/introspect", "revoke", "token"] {
            for (n, audience) in [
                self.issuer.clone(),
                self.endpoint("token"),
                self.endpoint("token/introspect"),
                self.endpoint("revoke"),
            ]
            .into_iter()
            .enumerate()
            {
                let claims = json!({"iss": client_id, "sub": client_id, "aud": audience, "iat": now, "exp": now + 60,
                                    "jti": format!("{client_id}-{endpoint}-{n}")});
                let assertion = key.sign(&header, &claims);
                let fields = [
                    ("grant_type", "client_credentials"),
                    ("client_assertion_type", JWT_BEARER),
                    ("client_assertion", &assertion),
                    ("token", "x"),
                ];
                self.post(&format!("{endpoint}: assertion for audience {n}"), endpoint, None, &fields).await?;
                if n == 0 {
                    self.post(&format!("{endpoint}: assertion used before"), endpoint, None, &fields).await?;
                }
            }
            let fields = [("grant_type", "client_credentials"), ("client_id", &client_id), ("token", "x")];
            self.post(&format!("{endpoint}: no assertion"), endpoint, None, &fields).await?;
        }
        for (name, fields) in [
            ("twice something", &[("grant_type", "refresh_token"), ("client_id", DEMO), ("a", "a"), ("a", "b")][..]),
            ("twice something, nobody", &[("grant_type", "refresh_token"), ("a", "a"), ("a", "b")]),
            ("an unknown grant, nobody", &[("grant_type", "x")]),
            ("twice something, and nothing else", &[("a", "a"), ("a", "b")]),
        ] {
            self.post(&format!("token: {name}"), "token", None, fields).await?;
        }
        Ok(())
    }

    async fn logout(&mut self) -> Result<(), Failed> {
        let other = self.public_client().await?;
        let tokens = self.tokens_of(DEMO, "mcp:read").await?;
        let others = self.more_tokens_of(&other, "mcp:read").await?;
        let token = ("refresh_token", tokens.refresh.as_str());
        for (name, client, fields) in [
            ("garbage", None, &[("client_id", DEMO), ("refresh_token", "x")][..]),
            ("empty", None, &[("client_id", DEMO), ("refresh_token", "")]),
            ("an access token", None, &[("client_id", DEMO), ("refresh_token", &tokens.access)]),
            ("two tokens", None, &[("client_id", DEMO), ("refresh_token", "x"), token]),
            ("nobody", None, &[token]),
            ("an unknown client", None, &[("client_id", "nobody"), token]),
            ("another client", None, &[("client_id", &other), token]),
            ("a wrong secret", Some((SERVER.0, "x")), &[token]),
        ] {
            self.post(&format!("logout: {name}"), "logout", client, fields).await?;
        }
        self.introspect("before the logout", &tokens.access).await?;
        for name in ["good", "again"] {
            self.post(&format!("logout: {name}"), "logout", None, &[("client_id", DEMO), token]).await?;
            self.introspect("after the logout", &tokens.access).await?;
            self.introspect("another client's after the logout", &others.access).await?;
            self.refresh("after the logout", DEMO, &tokens.refresh).await?;
            self.refresh("another client's after the logout", &other, &others.refresh).await?;
        }
        self.revoke("after the logout", DEMO, &tokens.refresh).await?;
        let url = self.authorization_url(DEMO, &[("prompt", "none")]);
        let response = self.send(Request::get(&url)).await?;
        self.keep("authorize: after the logout", &response);

        let tokens = self.tokens_of(DEMO, "mcp:read").await?;
        let newer = self.refresh("before the logout", DEMO, &tokens.refresh).await?;
        let fields = [("client_id", DEMO), ("refresh_token", tokens.refresh.as_str())];
        self.post("logout: with a refresh token that was used", "logout", None, &fields).await?;
        self.refresh("the newest after the logout", DEMO, &newer.refresh).await?;
        Ok(())
    }

    /// One user, one browser, several clients, or one of them several times.
    async fn sessions_of_several(&mut self) -> Result<(), Failed> {
        let other = self.public_client().await?;
        let tokens = self.tokens_of(DEMO, "mcp:read").await?;
        let others = self.more_tokens_of(&other, "mcp:read").await?;
        self.revoke("one client of two", DEMO, &tokens.refresh).await?;
        self.introspect("one client of two was revoked", &tokens.access).await?;
        self.introspect("the other client of two was revoked", &others.access).await?;
        self.refresh("one client of two was revoked", DEMO, &tokens.refresh).await?;
        self.refresh("the other client of two was revoked", &other, &others.refresh).await?;
        let url = self.authorization_url(&other, &[("scope", "mcp:read"), ("prompt", "none")]);
        let response = self.send(Request::get(&url)).await?;
        self.keep("authorize: one client of two was revoked", &response);

        let first = self.tokens_of(DEMO, "mcp:read").await?;
        let second = self.more_tokens_of(DEMO, "mcp:read mcp:write").await?;
        self.refresh("the first of two sign-ins", DEMO, &first.refresh).await?;
        let newer = self.refresh("the second of two sign-ins", DEMO, &second.refresh).await?;
        self.introspect("the first of two sign-ins", &first.access).await?;
        self.refresh("the first of two sign-ins, replayed", DEMO, &first.refresh).await?;
        self.refresh("the second of two sign-ins, after that", DEMO, &newer.refresh).await?;
        self.introspect("after a replay", &newer.access).await?;
        self.revoke("after a replay", DEMO, &newer.refresh).await?;
        // A replay ends the client's part; the user stays signed in.
        let url = self.authorization_url(DEMO, &[("prompt", "none")]);
        let response = self.send(Request::get(&url)).await?;
        self.keep("authorize: after a replay", &response);

        let tokens = self.tokens_of(DEMO, "mcp:read").await?;
        let newer = self.refresh("once", DEMO, &tokens.refresh).await?;
        let too_much = [&refreshing(DEMO, &tokens.refresh)[..], &[("scope", "calendar:read")]].concat();
        self.token("refresh: replayed, with too much scope", &too_much).await?;
        self.refresh("the newest after that", DEMO, &newer.refresh).await?;
        Ok(())
    }

    async fn offline(&mut self) -> Result<(), Failed> {
        let client_id = self.public_client().await?;
        let scope = "mcp:read offline_access";
        let tokens = self.tokens_of(&client_id, scope).await?;
        self.introspect("offline", &tokens.access).await?;
        let url = self.authorization_url(DEMO, &[("prompt", "none")]);
        let response = self.send(Request::get(&url)).await?;
        self.keep("authorize: after a sign-in for offline_access alone", &response);
        let newer = self.refresh("offline", &client_id, &tokens.refresh).await?;
        self.revoke("offline", &client_id, &newer.refresh).await?;
        self.introspect("offline, revoked", &newer.access).await?;
        self.refresh("offline, revoked", &client_id, &newer.refresh).await?;

        // What is offline outlives the user's session.
        let demo = self.tokens_of(DEMO, "mcp:read").await?;
        let tokens = self.more_tokens_of(&client_id, scope).await?;
        let fields = [("client_id", DEMO), ("refresh_token", demo.refresh.as_str())];
        self.post("logout: the session of an offline one", "logout", None, &fields).await?;
        self.introspect("offline, after the logout", &tokens.access).await?;
        let newer = self.refresh("offline, after the logout", &client_id, &tokens.refresh).await?;
        self.refresh("offline, replayed", &client_id, &tokens.refresh).await?;
        self.refresh("offline, the newest after the replay", &client_id, &newer.refresh).await?;

        let tokens = self.tokens_of(&client_id, scope).await?;
        let fields = [("client_id", client_id.as_str()), ("refresh_token", &tokens.refresh)];
        self.post("logout: offline", "logout", None, &fields).await?;
        self.refresh("offline, logged out", &client_id, &tokens.refresh).await?;
        self.introspect("offline, logged out", &tokens.access).await?;

        let online = self.tokens_of(&client_id, "mcp:read").await?;
        self.more_tokens_of(&client_id, scope).await?;
        self.introspect("online before offline", &online.access).await?;
        Ok(())
    }

    /// What depends on a token's age: both IdPs measure in whole seconds, and forgive one.
    async fn after_a_while(&mut self) -> Result<(), Failed> {
        let other = self.public_client().await?;
        let stale = self.tokens_of(DEMO, "mcp:read").await?;
        let before = self.tokens_of(DEMO, "mcp:read").await?;
        self.more_tokens_of(&other, "mcp:read").await?;
        self.revoke("one client of two, which comes back", DEMO, &before.refresh).await?;
        tokio::time::sleep(Duration::from_millis(3100)).await;

        let after = self.more_tokens_of(DEMO, "mcp:read").await?;
        self.introspect("revoked before the client came back", &before.access).await?;
        self.refresh("revoked before the client came back", DEMO, &before.refresh).await?;
        self.revoke("revoked before the client came back", DEMO, &before.refresh).await?;
        self.introspect("the client came back", &after.access).await?;
        self.refresh("the client came back", DEMO, &after.refresh).await?;

        let second = self.refresh("the first", DEMO, &stale.refresh).await?;
        let third = self.refresh("the second", DEMO, &second.refresh).await?;
        self.refresh("the first again", DEMO, &stale.refresh).await?;
        self.refresh("the third after that", DEMO, &third.refresh).await?;
        self.introspect("after a stale one", &third.access).await?;
        Ok(())
    }

    async fn get(&mut self, name: &str, url: &str, client: Option<Credentials<'_>>) -> Result<Response, Failed> {
        let mut request = Request::get(url).without_redirects();
        if let Some((id, secret)) = client {
            request = request.header("authorization", &basic(id, secret));
        }
        let response = self.http.send(&request).await?;
        self.keep(name, &response);
        Ok(response)
    }

    async fn json(
        &mut self,
        name: &str,
        endpoint: &str,
        client: Option<Credentials<'_>>,
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

    pub async fn administrator(&self) -> Result<Secret, Failed> {
        let server = self.issuer.split("/realms/").next().unwrap();
        let url = format!("{server}/realms/master/protocol/openid-connect/token");
        let fields =
            [("grant_type", "password"), ("client_id", "admin-cli"), ("username", "admin"), ("password", "admin123")];
        let response = self.http.send(&Request::post_form(&url, &fields)).await?;
        let response: Value = serde_json::from_slice(&response.body)?;
        Ok(Secret::new(response["access_token"].as_str().unwrap()))
    }

    /// A request to the admin API; what is compared of its answer is the status and the body.
    async fn administer(&mut self, name: &str, request: Request) -> Result<Response, Failed> {
        let token = self.administrator().await?;
        let response = self.http.send(&request.bearer(&token)).await?;
        self.keep(&format!("admin: {name}"), &response);
        Ok(response)
    }

    /// How many keys to verify with are published, as a field.
    async fn published(&mut self, name: &str) -> Result<(), Failed> {
        let response = self.http.send(&Request::get(&self.endpoint("certs"))).await?;
        let document: Value = serde_json::from_slice(&response.body)?;
        let keys = document["keys"].as_array().unwrap().iter().filter(|key| key["use"] == "sig");
        self.keep_field(name, "keys", json!(keys.count()));
        Ok(())
    }

    async fn rotation(&mut self) -> Result<(), Failed> {
        let components = self.issuer.replace("/realms/", "/admin/realms/") + "/components";
        let old = self.tokens_of(DEMO, "mcp:read").await?;
        self.published("keys before").await?;
        let first = self.providers(&components).await?;
        self.keep_field("providers before", "providers", without_ids(&first));

        let made = self.administer("a key", key_provider(&components, json!({}))).await?;
        let location = made.header_values("location").first().cloned().ok_or("no Location")?;
        self.published("keys with a new one").await?;
        let new = self.tokens_of(DEMO, "mcp:read").await?;
        self.keep_field("signed with a new key", "another", json!(kid(&new.access) != kid(&old.access)));
        self.introspect("signed with the older key", &old.access).await?;
        let both = self.providers(&components).await?;
        self.keep_field("providers with a new one", "providers", without_ids(&both));
        let read = self.http.send(&Request::get(&location).bearer(&self.administrator().await?)).await?;
        let read: Value = serde_json::from_slice(&read.body)?;
        self.keep_field("the new provider", "provider", without_ids(std::slice::from_ref(&read)));

        self.delete_the_old(&components, &first, &old, &new).await?;
        self.requests_to_the_administrator(&components, &location).await?;
        self.the_last_key(&components, &location, &new).await
    }

    async fn requests_to_the_administrator(&mut self, components: &str, location: &str) -> Result<(), Failed> {
        for (name, changes) in [
            ("no type", json!({"providerType": null})),
            ("another type", json!({"providerType": "x"})),
            ("no provider", json!({"providerId": null})),
            ("another provider", json!({"providerId": "x"})),
            ("a priority that is no number", json!({"config": {"priority": ["x"]}})),
            ("a priority that is no list", json!({"config": {"priority": 200}})),
        ] {
            self.administer(name, key_provider(components, changes)).await?;
        }
        self.administer("a list", Request::post_json(components, &json!([]))).await?;
        self.administer("no JSON", Request::post_text(components, "application/json", "{")).await?;
        self.administer("components of no kind", Request::get(&format!("{components}?type=x"))).await?;
        self.administer("no component", Request::delete(&format!("{components}/x"))).await?;
        self.administer("reading no component", Request::get(&format!("{components}/x"))).await?;
        for (name, request) in [
            ("make", key_provider(components, json!({}))),
            ("list", Request::get(components)),
            ("read", Request::get(location)),
            ("delete", Request::delete(location)),
        ] {
            let response = self.http.send(&request).await?;
            self.keep(&format!("admin: {name} without a token"), &response);
        }
        Ok(())
    }

    async fn the_last_key(&mut self, components: &str, location: &str, new: &Tokens) -> Result<(), Failed> {
        // A key of less priority is published, and does not sign.
        let request = key_provider(components, json!({"name": null, "config": null}));
        let low = self.administer("a key of no priority", request).await?;
        let again = self.tokens_of(DEMO, "mcp:read").await?;
        let same = kid(&again.access) == kid(&new.access);
        self.keep_field("signed beside a key of no priority", "the same", json!(same));
        self.published("keys with one of no priority").await?;
        for location in [location].into_iter().chain(low.header_values("location").first().map(String::as_str)) {
            self.administer("delete", Request::delete(location)).await?;
        }
        // The realm makes one for itself, when it has to sign.
        self.published("no keys").await?;
        self.introspect("no keys", &again.access).await?;
        let refreshed = self.refresh("no keys", DEMO, &again.refresh).await?;
        self.introspect("signed with a key of the realm's own making", &refreshed.access).await?;
        self.published("keys of the realm's own making").await?;
        let last = self.providers(components).await?;
        self.keep_field("providers of the realm's own making", "providers", without_ids(&last));
        Ok(())
    }

    async fn delete_the_old(
        &mut self,
        components: &str,
        first: &[Value],
        old: &Tokens,
        new: &Tokens,
    ) -> Result<(), Failed> {
        for (name, provider) in ["delete", "delete again"].into_iter().zip(first.iter().cycle()) {
            let url = format!("{components}/{}", provider["id"].as_str().unwrap());
            self.administer(name, Request::delete(&url)).await?;
        }
        self.published("keys without the older one").await?;
        self.introspect("signed with a key that is gone", &old.access).await?;
        self.introspect("signed with the key that is left", &new.access).await?;
        self.revoke("signed with a key that is gone", DEMO, &old.access).await?;
        let refreshed = self.refresh("the access token's key is gone", DEMO, &old.refresh).await?;
        self.introspect("refreshed after the key was gone", &refreshed.access).await?;
        Ok(())
    }

    /// The providers of RSA keys to sign with; Keycloak has others, for other uses.
    async fn providers(&mut self, components: &str) -> Result<Vec<Value>, Failed> {
        let request = Request::get(&format!("{components}?type={KEY_PROVIDER}")).bearer(&self.administrator().await?);
        let response = self.http.send(&request).await?;
        let all: Vec<Value> = serde_json::from_slice(&response.body)?;
        Ok(all.into_iter().filter(|provider| provider["providerId"] == "rsa-generated").collect())
    }
}

const KEY_PROVIDER: &str = "org.keycloak.keys.KeyProvider";

impl Tokens {
    pub fn of(response: &Value) -> Self {
        let text = |name: &str| response[name].as_str().unwrap_or_default().to_owned();
        Self { access: text("access_token"), refresh: text("refresh_token"), id: text("id_token") }
    }
}

/// A request for a new key; a change to null leaves a member out.
fn key_provider(components: &str, changes: Value) -> Request {
    let mut wish = json!({
        "name": "rotated", "providerId": "rsa-generated", "providerType": KEY_PROVIDER, "config": {"priority": ["200"]},
    });
    let members = wish.as_object_mut().unwrap();
    members.extend(changes.as_object().unwrap().clone());
    members.retain(|_, value| !value.is_null());
    Request::post_json(components, &wish)
}

/// "encoded using the "application/x-www-form-urlencoded" encoding algorithm" (RFC 6749 §2.3.1)
pub fn basic(id: &str, secret: &str) -> String {
    let [id, secret] = [id, secret].map(|text| byte_serialize(text.as_bytes()).collect::<String>());
    format!("Basic {}", base64(&format!("{id}:{secret}")))
}

/// The same token with another signature.
pub fn tampered(token: &str) -> String {
    let (signed, _) = token.rsplit_once('.').unwrap();
    format!("{signed}.{}", "A".repeat(342))
}

/// The same claims under `alg: none`.
fn unsigned(token: &str) -> String {
    let claims = token.split('.').nth(1).unwrap();
    format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{claims}.")
}

/// `kid` of a token's header.
fn kid(token: &str) -> Option<String> {
    jsonwebtoken::decode_header(token).ok()?.kid
}

/// What is alike of providers, in an order.
fn without_ids(providers: &[Value]) -> Value {
    let mut list: Vec<_> = providers.to_vec();
    for provider in &mut list {
        for name in ["id", "parentId"] {
            provider[name] = json!(provider[name].is_string());
        }
    }
    list.sort_by_key(|provider| provider["name"].to_string());
    json!(list)
}
