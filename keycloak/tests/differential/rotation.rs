//! The rotation of the realm's keys.

use libtest_mimic::Failed;
use serde_json::{Value, json};
use shared::http::Request;
use shared::http::Response;

use super::idp::{DEMO, IdpUnderTest};

impl IdpUnderTest {
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

    pub async fn rotation(&mut self) -> Result<(), Failed> {
        let components = self.issuer.replace("/realms/", "/admin/realms/") + "/components";
        let old = self.tokens_of(DEMO, "mcp:read").await?;
        self.published("keys before").await?;
        self.administer("a key", key_provider(&components, json!({}))).await?;
        self.published("keys with a new one").await?;
        let new = self.tokens_of(DEMO, "mcp:read").await?;
        self.keep_field("signed with a new key", "another", json!(kid(&new.access) != kid(&old.access)));
        self.introspect("signed with the older key", &old.access).await?;
        // A key of less priority is published, and does not sign.
        self.administer("a key of no priority", key_provider(&components, json!({"name": null, "config": null})))
            .await?;
        let again = self.tokens_of(DEMO, "mcp:read").await?;
        let same = kid(&again.access) == kid(&new.access);
        self.keep_field("signed beside a key of no priority", "the same", json!(same));
        self.published("keys with one of no priority").await?;
        self.requests_to_the_administrator(&components).await
    }

    async fn requests_to_the_administrator(&mut self, components: &str) -> Result<(), Failed> {
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
        let response = self.http.send(&key_provider(components, json!({}))).await?;
        self.keep("admin: make without a token", &response);
        Ok(())
    }
}

const KEY_PROVIDER: &str = "org.keycloak.keys.KeyProvider";

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

/// `kid` of a token's header.
fn kid(token: &str) -> Option<String> {
    jsonwebtoken::decode_header(token).ok()?.kid
}
