//! IssuedTokens that are bound to a key (RFC 9449).

use libtest_mimic::Failed;
use serde_json::json;
use shared::http::Request;

use super::dpop_key::DpopKey;
use super::idp::{DEMO, IdpUnderTest, IssuedTokens, SERVER, basic, fields, refreshing};

impl IdpUnderTest {
    /// The tokens of a new sign-in, bound to the key.
    pub async fn bound(&mut self, client_id: &str, scope: &str, key: &DpopKey) -> Result<IssuedTokens, Failed> {
        let code = self.code(client_id, "mcpuser", &[("scope", scope)]).await?;
        let response = self.proven("a code", None, &fields(client_id, &code), &[&key.proof(&self.issuer)]).await?;
        assert!(key.binds(&response), "not bound to the key: {response}");
        Ok(IssuedTokens::of(&response))
    }

    pub async fn bound_tokens(&mut self) -> Result<(), Failed> {
        let key = DpopKey::new();
        let registered = self.public_client().await?;
        for (client_id, scope) in [
            (DEMO, "openid mcp:read mcp:write"),
            (DEMO, ""),
            (DEMO, "mcp:read offline_access"),
            (&registered, "mcp:read"),
        ] {
            let tokens = self.bound(client_id, scope, &key).await?;
            self.introspect(&format!("bound, {scope:?}"), &tokens.access).await?;
            self.introspect("the ID token beside a bound one", &tokens.id).await?;
            let hint = [("token", tokens.refresh.as_str()), ("token_type_hint", "refresh_token")];
            self.post("introspect: a bound refresh token", "token/introspect", Some(SERVER), &hint).await?;
        }
        let tokens = self.bound(DEMO, "mcp:read", &key).await?;
        // Neither endpoint looks at the header.
        let introspection = [("token", tokens.access.as_str())];
        let revocation = [("client_id", DEMO), ("token", tokens.access.as_str())];
        let session = [("client_id", DEMO), ("token", tokens.refresh.as_str())];
        for (name, endpoint, fields) in [
            ("introspect", "token/introspect", &introspection[..]),
            ("revoke", "revoke", &revocation),
            ("introspect, after it was revoked", "token/introspect", &introspection),
            ("revoke the refresh token", "revoke", &session),
        ] {
            let mut request = Request::post_form(&self.endpoint(endpoint), fields).header("dpop", "x");
            if endpoint == "token/introspect" {
                request = request.header("authorization", &basic(SERVER.0, SERVER.1));
            }
            let response = self.http.send(&request).await?;
            self.keep(&format!("dpop at other endpoints: {name}"), &response);
        }
        let fields = refreshing(DEMO, &tokens.refresh);
        self.proven("refresh: revoked", None, &fields, &[&key.proof(&self.issuer)]).await?;
        Ok(())
    }

    pub async fn bound_refresh_tokens(&mut self) -> Result<(), Failed> {
        let (key, other) = (DpopKey::new(), DpopKey::new());
        let issuer = self.issuer.clone();
        for scope in ["openid mcp:read mcp:write", "mcp:read mcp:write offline_access"] {
            let tokens = self.bound(DEMO, scope, &key).await?;
            let same = refreshing(DEMO, &tokens.refresh);
            let bad_scope = [&same[..], &[("scope", "nope")]].concat();
            let more = [&same[..], &[("scope", "mcp:read calendar:read")]].concat();
            let less = [&same[..], &[("scope", "mcp:read")]].concat();
            let stranger = refreshing(SERVER.0, &tokens.refresh);
            self.proven("refresh: no proof", None, &same, &[]).await?;
            self.proven("refresh: another key", None, &same, &[&other.proof(&issuer)]).await?;
            self.proven("refresh: less, another key", None, &less, &[&other.proof(&issuer)]).await?;
            self.proven("refresh: a bad scope, no proof", None, &bad_scope, &[]).await?;
            self.proven("refresh: a bad scope, another key", None, &bad_scope, &[&other.proof(&issuer)]).await?;
            self.proven("refresh: more than before, no proof", None, &more, &[]).await?;
            self.proven("refresh: another client, no proof", Some(SERVER), &stranger, &[]).await?;
            let response = self.proven("refresh: the key", None, &same, &[&key.proof(&issuer)]).await?;
            self.keep_binding("refresh: the key", &response, &key);
            // A thief who has no key ends nobody's session.
            self.proven("refresh: used, no proof", None, &same, &[]).await?;
            self.proven("refresh: used, another key", None, &same, &[&other.proof(&issuer)]).await?;
            self.proven("refresh: used, a bad scope", None, &bad_scope, &[&key.proof(&issuer)]).await?;
            let newer = IssuedTokens::of(&response).refresh;
            let response =
                self.proven("refresh: the newer", None, &refreshing(DEMO, &newer), &[&key.proof(&issuer)]).await?;
            self.proven("refresh: used, the key", None, &refreshing(DEMO, &newer), &[&key.proof(&issuer)]).await?;
            let newest = IssuedTokens::of(&response).refresh;
            self.proven("refresh: after that", None, &refreshing(DEMO, &newest), &[&key.proof(&issuer)]).await?;
        }
        // Bound from the first proof on.
        let free = self.tokens_of(DEMO, "mcp:read").await?;
        let response =
            self.proven("refresh: not bound", None, &refreshing(DEMO, &free.refresh), &[&key.proof(&issuer)]).await?;
        self.keep_binding("refresh: not bound", &response, &key);
        let bound = IssuedTokens::of(&response).refresh;
        self.proven("refresh: bound since", None, &refreshing(DEMO, &bound), &[]).await?;
        self.proven("refresh: bound since, the key", None, &refreshing(DEMO, &bound), &[&key.proof(&issuer)]).await?;
        Ok(())
    }

    /// "Refresh tokens issued to confidential clients … are not bound to the DPoP proof public key"
    /// (RFC 9449 §5)
    pub async fn confidential_clients(&mut self) -> Result<(), Failed> {
        let (key, other) = (DpopKey::new(), DpopKey::new());
        let client = json!({"token_endpoint_auth_method": "client_secret_basic", "scope": "mcp:read"});
        let client = self.register(client).await?;
        let text = |name: &str| client[name].as_str().unwrap();
        let (client_id, credentials) = (text("client_id"), Some((text("client_id"), text("client_secret"))));
        let code = self.code(client_id, "mcpuser", &[("scope", "mcp:read")]).await?;
        let fields = fields(client_id, &code);
        let mut response =
            self.proven("confidential: a code", credentials, &fields, &[&key.proof(&self.issuer)]).await?;
        for (name, proofs) in [
            ("another key", vec![other.proof(&self.issuer)]),
            ("no proof", vec![]),
            ("the key", vec![key.proof(&self.issuer)]),
        ] {
            let token = IssuedTokens::of(&response).refresh;
            let hint = [("token", token.as_str()), ("token_type_hint", "refresh_token")];
            self.post("introspect: not bound to a key", "token/introspect", credentials, &hint).await?;
            let proofs: Vec<_> = proofs.iter().map(String::as_str).collect();
            let fields = refreshing(client_id, &token);
            response = self.proven(&format!("confidential: {name}"), credentials, &fields, &proofs).await?;
            self.keep_binding(&format!("confidential: {name}"), &response, &key);
        }
        Ok(())
    }
}
