//! The admin API of a Keycloak in a container.

use serde_json::{Value, json};
use shared::http::{Http, Request};
use shared::reach::{Privacy, Reach};
use shared::{Reporter, Secret};
use testcontainers::TestcontainersError;

/// Somebody whose JWTs a realm is to take as authorization grants (RFC 7523 §2.1), and what it
/// takes at the realm.
pub struct Asserter<'a> {
    /// `iss` of the JWTs.
    pub issuer: &'a str,
    /// The public half of the key that signs them, as PEM.
    pub public_key: &'a str,
    /// The client that shows them: its identifier and its secret. It is made.
    pub client: (&'a str, &'a str),
    /// `sub` of the JWTs, and the name of the user that it means.
    pub user: (&'a str, &'a str),
}

impl Asserter<'_> {
    /// Has the realm take its JWTs: an identity provider of the kind `jwt-authorization-grant`, a
    /// client that may use it, and a user who is linked to it.
    pub async fn introduce(&self, realm: &str) -> Result<(), TestcontainersError> {
        let admin = Admin::sign_in(realm).await?;
        let (client_id, secret) = self.client;
        // One for each client, so that its identifier is a name for it.
        let alias = format!("for-{client_id}");
        let provider = json!({
            "alias": alias, "providerId": "jwt-authorization-grant", "enabled": true,
            "config": {
                "issuer": self.issuer, "publicKeySignatureVerifier": self.public_key, "useJwksUrl": "false",
                "jwtAuthorizationGrantEnabled": "true",
            },
        });
        admin.post("identity-provider/instances", &provider).await?;
        let attributes =
            json!({"oauth2.jwt.authorization.grant.enabled": "true", "oauth2.jwt.authorization.grant.idp": alias});
        let client = json!({
            "clientId": client_id, "secret": secret, "publicClient": false, "standardFlowEnabled": false,
            "fullScopeAllowed": false, "attributes": attributes,
        });
        admin.post("clients", &client).await?;
        let (subject, username) = self.user;
        for user in admin.list(&format!("users?exact=true&username={username}")).await? {
            let id = user["id"].as_str().unwrap_or_default();
            let link = json!({"identityProvider": alias, "userId": subject, "userName": subject});
            admin.post(&format!("users/{id}/federated-identity/{alias}"), &link).await?;
        }
        Ok(())
    }
}

/// The admin API of the realm.
pub(super) struct Admin {
    http: Http,
    base: String,
    token: Secret,
}

impl Admin {
    pub(super) async fn sign_in(issuer: &str) -> Result<Self, TestcontainersError> {
        let http = Http::new(Reporter::silent(), Reach::public_only().limit(Privacy::Loopback));
        let http = http.map_err(TestcontainersError::other)?;
        let (server, realm) = issuer.split_once("/realms/").unwrap_or((issuer, ""));
        let fields =
            [("grant_type", "password"), ("client_id", "admin-cli"), ("username", "admin"), ("password", "admin123")];
        let url = format!("{server}/realms/master/protocol/openid-connect/token");
        let response = http.send(&Request::post_form(&url, &fields)).await.map_err(TestcontainersError::other)?;
        let document: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        let token = document["access_token"].as_str().ok_or(TestcontainersError::other("no administrator"))?;
        Ok(Self { http, base: format!("{server}/admin/realms/{realm}"), token: Secret::new(token) })
    }

    pub(super) async fn list(&self, path: &str) -> Result<Vec<Value>, TestcontainersError> {
        let request = Request::get(&format!("{}/{path}", self.base)).bearer(&self.token);
        let response = self.http.send(&request).await.map_err(TestcontainersError::other)?;
        serde_json::from_slice(&response.body).map_err(TestcontainersError::other)
    }

    pub(super) async fn put(&self, path: &str, document: &Value) -> Result<(), TestcontainersError> {
        self.send(path, Request::put_json(&format!("{}/{path}", self.base), document)).await
    }

    async fn post(&self, path: &str, document: &Value) -> Result<(), TestcontainersError> {
        self.send(path, Request::post_json(&format!("{}/{path}", self.base), document)).await
    }

    async fn send(&self, path: &str, request: Request) -> Result<(), TestcontainersError> {
        let response = self.http.send(&request.bearer(&self.token)).await.map_err(TestcontainersError::other)?;
        match response.status {
            201 | 204 => Ok(()),
            status => Err(TestcontainersError::other(format!("the admin API answers {path} with HTTP {status}"))),
        }
    }
}
