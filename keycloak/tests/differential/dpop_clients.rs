//! Codes and clients that are bound to DPoP, and the exchange of bound tokens (RFC 9449).

use libtest_mimic::Failed;
use serde_json::{Value, json};
use shared::Secret;
use shared::http::Request;

use super::dpop_key::DpopKey;
use super::dpop_proofs::{EXCHANGE, FOR_ITSELF};
use super::idp::{BasicCredentials, DEMO, IdpUnderTest, IssuedTokens, SERVER, fields, refreshing, tampered};

const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

impl IdpUnderTest {
    /// `dpop_jkt` (RFC 9449 §10).
    pub async fn bound_codes(&mut self) -> Result<(), Failed> {
        let (key, other) = (DpopKey::new(), DpopKey::new());
        let (jkt, issuer) = (key.thumbprint(), self.issuer.clone());
        // Keycloak drops a longer parameter; the embedded IdP refuses the request.
        let (padded, longest) = (format!("{jkt}="), "a".repeat(4000));
        let other_verifier = ("code_verifier", "0000000000000000000000000000000000000000000");
        for (name, jkt, proof, changes) in [
            ("the key", &*jkt, Some(&key), &[][..]),
            ("another key", &jkt, Some(&other), &[]),
            ("no proof", &jkt, None, &[]),
            ("a jkt of nobody's", "x", Some(&key), &[]),
            ("a jkt with padding", &padded, Some(&key), &[]),
            ("the longest jkt", &longest, Some(&key), &[]),
            ("another key and verifier", &jkt, Some(&other), &[other_verifier]),
            ("another key and redirect URI", &jkt, Some(&other), &[("redirect_uri", "http://x.example")]),
            ("another key and client", &jkt, Some(&other), &[("client_id", SERVER.0), ("client_secret", SERVER.1)]),
        ] {
            let code = self.code(DEMO, "mcpuser", &[("dpop_jkt", jkt)]).await?;
            let mut changed: Vec<_> = fields(DEMO, &code).to_vec();
            changed.retain(|(field, _)| changes.iter().all(|(changed, _)| changed != field));
            changed.extend_from_slice(changes);
            let proofs: Vec<_> = proof.iter().map(|key| key.proof(&issuer)).collect();
            let proofs: Vec<_> = proofs.iter().map(String::as_str).collect();
            self.proven(&format!("dpop_jkt: {name}"), None, &changed, &proofs).await?;
            let again = key.proof(&issuer);
            self.proven(&format!("dpop_jkt: {name}, then right"), None, &fields(DEMO, &code), &[&again]).await?;
        }
        let twice = format!("{}&dpop_jkt=a&dpop_jkt=b", self.authorization_url(DEMO, &[]));
        let empty = format!("{}&dpop_jkt=", self.authorization_url(DEMO, &[]));
        for (name, url) in [("twice", twice), ("empty", empty)] {
            let response = self.send(Request::get(&url)).await?;
            self.keep(&format!("authorize: dpop_jkt {name}"), &response);
        }
        Ok(())
    }

    /// `dpop_bound_access_tokens` (RFC 9449 §5.2).
    pub async fn clients_that_always_use_dpop(&mut self) -> Result<(), Failed> {
        let (key, other) = (DpopKey::new(), DpopKey::new());
        let issuer = self.issuer.clone();
        let client = self.register(json!({"dpop_bound_access_tokens": true})).await?;
        let client_id = client["client_id"].as_str().unwrap();
        let code = self.code(client_id, "mcpuser", &[]).await?;
        let redeeming = fields(client_id, &code);
        self.proven("always: no proof", None, &redeeming, &[]).await?;
        self.proven("always: no JWT", None, &redeeming, &["x"]).await?;
        let response = self.proven("always: a proof", None, &redeeming, &[&key.proof(&issuer)]).await?;
        let token = IssuedTokens::of(&response);
        let fields = refreshing(client_id, &token.refresh);
        self.proven("always: refresh, no proof", None, &fields, &[]).await?;
        self.proven("always: refresh, another key", None, &fields, &[&other.proof(&issuer)]).await?;
        self.proven("always: refresh", None, &fields, &[&key.proof(&issuer)]).await?;
        let id = ("client_id", client_id);
        self.proven("always: an unknown grant", None, &[id, ("grant_type", "nope")], &[]).await?;
        self.proven("always: no code", None, &[id, ("grant_type", "authorization_code")], &[]).await?;
        self.proven("always: something twice", None, &[id, ("grant_type", "refresh_token"), id], &[]).await?;
        self.revoke("always: no proof", client_id, &token.access).await?;
        let service = json!({"token_endpoint_auth_method": "client_secret_basic", "grant_types": ["client_credentials"],
                             "dpop_bound_access_tokens": true});
        let service = self.register(service).await?;
        let text = |name: &str| service[name].as_str().unwrap();
        let (id, secret) = (text("client_id"), text("client_secret"));
        self.proven("always: for itself, no proof", Some((id, secret)), &FOR_ITSELF, &[]).await?;
        self.proven("always: a wrong secret, no proof", Some((id, "x")), &FOR_ITSELF, &[]).await?;
        self.proven("always: for itself", Some((id, secret)), &FOR_ITSELF, &[&key.proof(&issuer)]).await?;
        Ok(())
    }

    pub async fn registrations_for_dpop(&mut self) -> Result<(), Failed> {
        let url = format!("{}/clients-registrations/openid-connect", self.issuer);
        let document = |value: &Value| {
            let mut document =
                json!({"redirect_uris": ["http://127.0.0.1:8888/callback"], "token_endpoint_auth_method": "none"});
            if *value != json!("LEFT OUT") {
                document["dpop_bound_access_tokens"] = value.clone();
            }
            document
        };
        for value in [
            json!(true),
            json!(false),
            json!(null),
            json!("true"),
            json!("True"),
            json!("TRUE"),
            json!("tRUE"),
            json!("false"),
            json!(""),
            json!("x"),
            json!(1),
            json!(0),
            json!(1.5),
            json!([]),
            json!({}),
            json!("LEFT OUT"),
        ] {
            let response = self.http.send(&Request::post_json(&url, &document(&value))).await?;
            self.keep_registration(&format!("registered: {value}"), response.status, &response.body);
        }
        let client = self.register(json!({"dpop_bound_access_tokens": true})).await?;
        let entry = client["registration_client_uri"].as_str().unwrap();
        let mut token = client["registration_access_token"].clone();
        for value in [json!("LEFT OUT"), json!(null), json!(false), json!("LEFT OUT"), json!(true)] {
            let mut document = document(&value);
            document["client_id"] = client["client_id"].clone();
            let request = Request::put_json(entry, &document).bearer(&Secret::new(token.as_str().unwrap()));
            let response = self.http.send(&request).await?;
            let body = self.keep_registration(&format!("replaced: {value}"), response.status, &response.body);
            token = body["registration_access_token"].clone();
        }
        let response = self.http.send(&Request::get(entry).bearer(&Secret::new(token.as_str().unwrap()))).await?;
        self.keep_registration("read", response.status, &response.body);
        Ok(())
    }

    fn keep_registration(&mut self, name: &str, status: u16, body: &[u8]) -> Value {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let told = json!([status, body["dpop_bound_access_tokens"], body["error"], body["error_description"]]);
        self.keep_field(&format!("dpop_bound_access_tokens {name}"), "status, value, error", told);
        body
    }

    /// RFC 8693 has nothing about bound tokens: a server cannot trade what it was sent, since it
    /// has not the key.
    pub async fn exchanged_bound_tokens(&mut self) -> Result<(), Failed> {
        let (key, other) = (DpopKey::new(), DpopKey::new());
        let bound = self.bound(DEMO, "mcp:read", &key).await?.access;
        let foreign = self.bound(DEMO, "calendar:read", &key).await?.access;
        let free = self.tokens_of(DEMO, "mcp:read").await?.access;
        for (name, token, proof, changes) in [
            ("bound, no proof", &bound, None, &[][..]),
            ("bound, its key", &bound, Some(&key), &[]),
            ("bound, another key", &bound, Some(&other), &[]),
            ("bound, for another server", &foreign, None, &[]),
            ("bound, an unknown audience", &bound, None, &[("audience", "nope")]),
            ("bound, an unknown scope", &bound, None, &[("scope", "nope")]),
            ("bound, a bad type", &bound, None, &[("requested_token_type", "x")]),
            ("bound, a bad subject type", &bound, None, &[("subject_token_type", "x")]),
            ("bound, another issuer", &bound, None, &[("requested_issuer", "x")]),
            ("bound, tampered with", &tampered(&bound), None, &[]),
            ("not bound, a proof", &free, Some(&key), &[]),
            ("not bound, a proof, openid", &free, Some(&key), &[("scope", "openid downstream:read")]),
        ] {
            self.exchange_with(name, SERVER, token, proof, changes).await?;
        }
        let traded = self.exchange_with("its own", SERVER, &free, Some(&key), &[]).await?;
        let traded = traded["access_token"].as_str().unwrap();
        let downstream = Some(("downstream-api", "downstream-api-secret"));
        self.post("introspect: exchanged and bound", "token/introspect", downstream, &[("token", traded)]).await?;
        let bad_audience = [("audience", "nope")];
        let bad_type = [("requested_token_type", "x")];
        for (name, proof, changes) in [
            ("what it got, no proof", None, &[][..]),
            ("what it got, another key", Some(&other), &[]),
            ("what it got, no proof, an unknown audience", None, &bad_audience),
            ("what it got, another key, a bad type", Some(&other), &bad_type),
            ("what it got, an unknown audience", Some(&key), &bad_audience),
            ("what it got, a bad type", Some(&key), &bad_type),
            ("what it got", Some(&key), &[]),
        ] {
            let response = self.exchange_with(name, SERVER, traded, proof, changes).await?;
            self.keep_binding(name, &response, &key);
        }
        self.revoke("bound", DEMO, &bound).await?;
        self.exchange_with("bound and revoked", SERVER, &bound, Some(&key), &[]).await?;
        Ok(())
    }

    async fn exchange_with(
        &mut self,
        name: &str,
        client: BasicCredentials<'_>,
        token: &str,
        key: Option<&DpopKey>,
        changes: &[(&str, &str)],
    ) -> Result<Value, Failed> {
        let usual = [
            ("grant_type", EXCHANGE),
            ("subject_token", token),
            ("subject_token_type", ACCESS_TOKEN),
            ("audience", "downstream-api"),
            ("scope", "downstream:read"),
        ];
        let unchanged = |(name, _): &&(&str, &str)| changes.iter().all(|(changed, _)| changed != name);
        let mut fields: Vec<_> = usual.iter().filter(unchanged).copied().collect();
        fields.extend_from_slice(changes);
        let proofs: Vec<_> = key.iter().map(|key| key.proof(&self.issuer)).collect();
        let proofs: Vec<_> = proofs.iter().map(String::as_str).collect();
        self.proven(&format!("exchange: {name}"), Some(client), &fields, &proofs).await
    }
}
