//! Audiences that come from roles, and tokens that a server trades for others (RFC 8693).

use libtest_mimic::Failed;
use serde_json::{Value, json};
use shared::http::Request;

use super::idp::{BasicCredentials, CALENDAR, DEMO, IdpUnderTest, SERVER, fields, tampered};

const DOWNSTREAM: BasicCredentials<'_> = ("downstream-api", "downstream-api-secret");
const GRANT: (&str, &str) = ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange");
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

impl IdpUnderTest {
    pub async fn token_exchange(&mut self) -> Result<(), Failed> {
        self.audiences_of_roles().await?;
        self.exchange_requests().await?;
        self.requests_with_two_faults().await?;
        self.subjects().await?;
        self.exchangers().await?;
        self.exchanged_tokens().await
    }

    /// A client that registered with an Initial Access Token: no policy takes its full scope away.
    async fn client_of_the_administrator(&mut self, changes: Value) -> Result<Value, Failed> {
        let administrator = self.administrator().await?;
        let admin = self.issuer.replace("/realms/", "/admin/realms/");
        let request = Request::post_json(&format!("{admin}/clients-initial-access"), &json!({"count": 1}));
        let made: Value = serde_json::from_slice(&self.http.send(&request.bearer(&administrator)).await?.body)?;
        let token = shared::Secret::new(made["token"].as_str().unwrap());
        let mut document = json!({
            "redirect_uris": ["http://127.0.0.1:8888/callback"], "token_endpoint_auth_method": "none",
            "grant_types": ["authorization_code", "refresh_token"],
        });
        document.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        let url = format!("{}/clients-registrations/openid-connect", self.issuer);
        let response = self.http.send(&Request::post_json(&url, &document).bearer(&token)).await?;
        Ok(serde_json::from_slice(&response.body)?)
    }

    async fn audiences_of_roles(&mut self) -> Result<(), Failed> {
        let all = self.client_of_the_administrator(json!({})).await?;
        let named = self.client_of_the_administrator(json!({"scope": "mcp:read calendar:read roles"})).await?;
        for (name, client, scopes) in [
            ("registered by the administrator", &all, &["", "openid", "mcp:read", "mcp:read calendar:read"][..]),
            ("registered by the administrator for scopes", &named, &["", "mcp:read", "roles", "mcp:read roles"]),
        ] {
            let client_id = client["client_id"].as_str().unwrap().to_owned();
            for scope in scopes {
                let code = self.code(&client_id, "mcpuser", &[("scope", scope)]).await?;
                self.token(&format!("roles: {name}, scope {scope:?}"), &fields(&client_id, &code)).await?;
            }
        }
        let anybody = self.register(json!({"scope": "mcp:read roles"})).await?;
        let client_id = anybody["client_id"].as_str().unwrap().to_owned();
        let code = self.code(&client_id, "mcpreader", &[("scope", "mcp:read roles")]).await?;
        self.token("roles: registered by anybody", &fields(&client_id, &code)).await?;
        Ok(())
    }

    /// An exchange with these changes; an empty value leaves a field out.
    pub async fn exchange(
        &mut self,
        name: &str,
        client: Option<BasicCredentials<'_>>,
        token: &str,
        changes: &[(&str, &str)],
    ) -> Result<Value, Failed> {
        let usual = [
            GRANT,
            ("subject_token", token),
            ("subject_token_type", ACCESS_TOKEN),
            ("audience", DOWNSTREAM.0),
            ("scope", "downstream:read"),
        ];
        let unchanged = |(name, _): &&(&str, &str)| changes.iter().all(|(changed, _)| changed != name);
        let mut fields: Vec<_> = usual.iter().filter(unchanged).copied().collect();
        fields.extend(changes.iter().copied().filter(|(_, value)| !value.is_empty()));
        let response = self.post(&format!("exchange: {name}"), "token", client, &fields).await?;
        if let Some(token) = response["access_token"].as_str() {
            let (ours, theirs) = (claim(token, "azp"), client.map(|(id, _)| id.to_owned()));
            self.keep_field(&format!("exchange: {name}"), "the exchanger is azp", json!(ours == theirs));
        }
        Ok(response)
    }

    async fn exchange_requests(&mut self) -> Result<(), Failed> {
        let tokens = self.tokens_of(DEMO, "openid mcp:read").await?;
        for (name, changes) in [
            ("as it should be", &[][..]),
            ("no scope", &[("scope", "")]),
            ("no audience", &[("audience", "")]),
            ("neither", &[("scope", ""), ("audience", "")]),
            ("another scope of the realm", &[("scope", "mcp:read")]),
            ("an unknown scope", &[("scope", "nope")]),
            ("openid", &[("scope", "openid downstream:read")]),
            ("itself as the audience", &[("audience", SERVER.0)]),
            ("another server as the audience", &[("audience", CALENDAR.0)]),
            ("an unknown audience", &[("audience", "nope")]),
            ("an audience twice", &[("audience", DOWNSTREAM.0), ("audience", DOWNSTREAM.0)]),
            ("two audiences", &[("audience", DOWNSTREAM.0), ("audience", CALENDAR.0)]),
            ("a resource", &[("resource", "http://localhost:8002/reports")]),
            ("a bad resource", &[("resource", "x")]),
            ("two resources", &[("resource", "http://a.example"), ("resource", "http://b.example")]),
            ("two scopes", &[("scope", "downstream:read"), ("scope", "downstream:read")]),
            ("two subjects", &[("subject_token", &tokens.access), ("subject_token", &tokens.access)]),
            ("no subject", &[("subject_token", "")]),
            ("no type", &[("subject_token_type", "")]),
            ("another type", &[("subject_token_type", "urn:ietf:params:oauth:token-type:jwt")]),
            ("asks for an access token", &[("requested_token_type", ACCESS_TOKEN)]),
            ("asks for a refresh token", &[("requested_token_type", "urn:ietf:params:oauth:token-type:refresh_token")]),
            ("asks for what nobody knows", &[("requested_token_type", "x")]),
            ("an actor", &[("actor_token", &tokens.access), ("actor_token_type", ACCESS_TOKEN)]),
            ("another subject", &[("requested_subject", "mcpreader")]),
            ("another subject's issuer", &[("subject_issuer", "x")]),
            ("another issuer", &[("requested_issuer", "x")]),
        ] {
            self.exchange(name, Some(SERVER), &tokens.access, changes).await?;
        }
        let url = self.endpoint("token");
        let form = [GRANT, ("subject_token", &tokens.access), ("subject_token_type", ACCESS_TOKEN)];
        let in_the_form = [&form[..], &[("client_id", SERVER.0), ("client_secret", SERVER.1)]].concat();
        let response = self.http.send(&Request::post_form(&url, &in_the_form)).await?;
        self.keep("exchange: the secret in the form", &response);
        Ok(())
    }

    /// Which of two faults is told.
    async fn requests_with_two_faults(&mut self) -> Result<(), Failed> {
        let ours = self.tokens_of(DEMO, "mcp:read").await?.access;
        let theirs = self.tokens_of(DEMO, "calendar:read").await?.access;
        let (bad_type, bad_scope) = (("requested_token_type", "x"), ("scope", "nope"));
        let bad_audience = ("audience", "nope");
        for (name, client, token, changes) in [
            ("not enabled, no subject", CALENDAR, &theirs, &[("subject_token", "")][..]),
            ("not enabled, another subject", CALENDAR, &theirs, &[("requested_subject", "x")]),
            ("no subject, another one", SERVER, &ours, &[("subject_token", ""), ("requested_subject", "x")]),
            ("no subject, no type", SERVER, &ours, &[("subject_token", ""), ("subject_token_type", "")]),
            (
                "another subject, another issuer",
                SERVER,
                &ours,
                &[("requested_subject", "x"), ("requested_issuer", "x")],
            ),
            ("both issuers", SERVER, &ours, &[("requested_issuer", "x"), ("subject_issuer", "x")]),
            ("garbage, a bad type", SERVER, &"x".to_owned(), &[bad_type]),
            ("garbage, an unknown audience", SERVER, &"x".to_owned(), &[bad_audience]),
            ("a foreign token, an unknown audience", SERVER, &theirs, &[bad_audience]),
            ("a foreign token, a bad type", SERVER, &theirs, &[bad_type]),
            ("a foreign token, a bad scope", SERVER, &theirs, &[bad_scope]),
            ("an unknown audience, a bad type", SERVER, &ours, &[bad_audience, bad_type]),
            ("an unknown audience, a bad scope", SERVER, &ours, &[bad_audience, bad_scope]),
            ("a foreign audience, a bad scope", SERVER, &ours, &[("audience", CALENDAR.0), bad_scope]),
            ("a bad type, a bad scope", SERVER, &ours, &[bad_type, bad_scope]),
        ] {
            self.exchange(&format!("two faults: {name}"), Some(client), token, changes).await?;
        }
        Ok(())
    }

    async fn subjects(&mut self) -> Result<(), Failed> {
        let tokens = self.tokens_of(DEMO, "openid mcp:read").await?;
        let calendar = self.tokens_of(DEMO, "calendar:read").await?;
        let both = self.tokens_of(DEMO, "mcp:read calendar:read").await?;
        let none = self.tokens_of(DEMO, "").await?;
        let offline = self.tokens_of(DEMO, "mcp:read offline_access").await?;
        for (name, token) in [
            ("for both servers", &both.access),
            ("for the other server", &calendar.access),
            ("for nobody", &none.access),
            ("offline", &offline.access),
            ("an ID token", &tokens.id),
            ("a refresh token", &tokens.refresh),
            ("tampered with", &tampered(&tokens.access)),
            ("garbage", &"x".to_owned()),
            ("three parts of garbage", &"a.b.c".to_owned()),
        ] {
            self.exchange(&format!("a subject that is {name}"), Some(SERVER), token, &[]).await?;
        }
        let code = self.code(DEMO, "mcpreader", &[("scope", "mcp:read")]).await?;
        let reader = self.redeem(DEMO, &code).await?;
        self.exchange("a reader's token", Some(SERVER), &reader.access, &[]).await?;
        self.revoke("before an exchange", DEMO, &tokens.access).await?;
        self.exchange("a subject that was revoked", Some(SERVER), &tokens.access, &[]).await?;
        let ended = self.tokens_of(DEMO, "mcp:read").await?;
        self.revoke("the session, before an exchange", DEMO, &ended.refresh).await?;
        self.exchange("a subject whose session has ended", Some(SERVER), &ended.access, &[]).await?;
        Ok(())
    }

    async fn exchangers(&mut self) -> Result<(), Failed> {
        let token = self.tokens_of(DEMO, "mcp:read calendar:read").await?.access;
        for (name, client) in [
            ("nobody", None),
            ("a wrong secret", Some((SERVER.0, "x"))),
            ("a server that may not", Some(CALENDAR)),
            ("the audience", Some(DOWNSTREAM)),
        ] {
            self.exchange(&format!("by {name}"), client, &token, &[]).await?;
        }
        self.exchange("by a public client", None, &token, &[("client_id", DEMO)]).await?;
        // A client that registered for the grant, with its own token.
        let grants = json!({
            "token_endpoint_auth_method": "client_secret_basic", "scope": "mcp:read",
            "grant_types": ["authorization_code", "urn:ietf:params:oauth:grant-type:token-exchange"],
        });
        let client = self.register(grants).await?;
        let text = |name: &str| client[name].as_str().unwrap().to_owned();
        let (client_id, secret) = (text("client_id"), text("client_secret"));
        let credentials = Some((client_id.as_str(), secret.as_str()));
        let code = self.code(&client_id, "mcpuser", &[("scope", "mcp:read")]).await?;
        let response = self.post("exchange: before", "token", credentials, &fields(&client_id, &code)).await?;
        let token = response["access_token"].as_str().unwrap();
        let changes = [("audience", SERVER.0), ("scope", "mcp:read")];
        self.exchange("by who got it", credentials, token, &changes).await?;
        self.exchange("by who got it, for less", credentials, token, &[("audience", ""), ("scope", "")]).await?;
        Ok(())
    }

    async fn exchanged_tokens(&mut self) -> Result<(), Failed> {
        let tokens = self.tokens_of(DEMO, "mcp:read").await?;
        let exchanged = self.exchange("a first time", Some(SERVER), &tokens.access, &[]).await?;
        let exchanged = exchanged["access_token"].as_str().unwrap().to_owned();
        let again = self.exchange("what was exchanged", Some(SERVER), &exchanged, &[]).await?;
        self.exchange("what was exchanged, by its audience", Some(DOWNSTREAM), &exchanged, &[]).await?;
        let token = ("token", exchanged.as_str());
        for (name, client) in [("its audience", DOWNSTREAM), ("its holder", SERVER), ("another", CALENDAR)] {
            let name = format!("introspect: exchanged, by {name}");
            self.post(&name, "token/introspect", Some(client), &[token]).await?;
        }
        self.revoke("the subject of an exchange", DEMO, &tokens.access).await?;
        self.downstream_introspects("the subject was revoked", &exchanged).await?;
        self.post("revoke: exchanged, by another", "revoke", Some(DOWNSTREAM), &[token]).await?;
        self.post("revoke: exchanged", "revoke", Some(SERVER), &[token]).await?;
        self.downstream_introspects("revoked", &exchanged).await?;
        let again = again["access_token"].as_str().unwrap();
        self.downstream_introspects("exchanged from what was revoked", again).await?;
        self.revoke("the session of an exchange", DEMO, &tokens.refresh).await?;
        self.downstream_introspects("the session has ended", again).await?;
        self.sessions_of_exchanges().await
    }

    async fn downstream_introspects(&mut self, name: &str, token: &str) -> Result<(), Failed> {
        let name = format!("introspect: exchanged, {name}");
        self.post(&name, "token/introspect", Some(DOWNSTREAM), &[("token", token)]).await.map(drop)
    }

    async fn sessions_of_exchanges(&mut self) -> Result<(), Failed> {
        // Another client in the same session, in which the first one's part ends.
        let other = self.public_client().await?;
        let tokens = self.tokens_of(DEMO, "mcp:read").await?;
        self.more_tokens_of(&other, "mcp:read").await?;
        let exchanged = self.exchange("in a session of two", Some(SERVER), &tokens.access, &[]).await?;
        let exchanged = exchanged["access_token"].as_str().unwrap().to_owned();
        self.revoke("one of two in a session", DEMO, &tokens.refresh).await?;
        self.downstream_introspects("the client has left the session", &exchanged).await?;
        self.exchange("what was exchanged, without the client", Some(SERVER), &exchanged, &[]).await?;
        self.exchange("the subject, without the client", Some(SERVER), &tokens.access, &[]).await?;

        let tokens = self.tokens_of(DEMO, "mcp:read").await?;
        let exchanged = self.exchange("before a replay", Some(SERVER), &tokens.access, &[]).await?;
        let exchanged = exchanged["access_token"].as_str().unwrap().to_owned();
        self.refresh("before a replay", DEMO, &tokens.refresh).await.map(drop)?;
        self.exchange("after a refresh", Some(SERVER), &tokens.access, &[]).await?;
        let replay = [("grant_type", "refresh_token"), ("client_id", DEMO), ("refresh_token", &tokens.refresh)];
        self.token("exchange: the replay", &replay).await?;
        self.exchange("after a replay", Some(SERVER), &tokens.access, &[]).await?;
        self.downstream_introspects("after a replay", &exchanged).await?;

        // A browser that was signed in already.
        let tokens = self.tokens_of(DEMO, "mcp:read").await?;
        let silent = self.more_tokens_of(&other, "mcp:read").await?;
        let first = self.exchange("after a sign-in", Some(SERVER), &tokens.access, &[]).await?;
        let second = self.exchange("after a silent sign-in", Some(SERVER), &silent.access, &[]).await?;
        for (name, response) in [("a sign-in", first), ("a silent sign-in", second)] {
            let token = response["access_token"].as_str().unwrap();
            self.downstream_introspects(&format!("after {name}"), token).await?;
        }
        Ok(())
    }
}

fn claim(token: &str, name: &str) -> Option<String> {
    use base64::Engine;
    let part = token.split('.').nth(1)?;
    let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    claims[name].as_str().map(str::to_owned)
}
