//! Client ID Metadata Documents.

use axum::Router;
use axum::response::Json;
use axum::routing::get;
use libtest_mimic::Failed;
use serde_json::{Map, Value, json};
use shared::http::Request;
use shared::listen::{self, Serving};

use super::idp::IdpUnderTest;

impl IdpUnderTest {
    pub async fn documents(&mut self) -> Result<(), Failed> {
        // A Keycloak in a container knows this machine by another name.
        let inside = self.issuer.contains("localhost") && self.is_keycloak().await?;
        let host = if inside { "host.docker.internal" } else { "localhost" };
        let (port, _serving) = serve_documents(host).await?;
        let at = |path: &str| format!("http://{host}:{port}{path}");
        let client = at("/good");
        self.document("before a policy is set", &client).await?;
        self.set_policy().await?;
        self.document("good", &client).await?;
        self.document("good, once more", &client).await?;
        for path in DOCUMENTS.iter().map(|(path, _)| *path).chain(["/absent", "/html", "/large", "/redirect"]) {
            self.document(path, &at(path)).await?;
        }
        for (name, client_id) in [
            ("another host", "http://evil.example/client.json".to_owned()),
            ("a query", at("/good?x=1")),
            ("no path", at("")),
            ("a fragment", at("/good#x")),
            ("dots", at("/a/../good")),
            ("a user name", format!("http://user:pw@{host}:{port}/good")),
        ] {
            self.document(name, &client_id).await?;
        }
        Ok(())
    }

    async fn is_keycloak(&mut self) -> Result<bool, Failed> {
        // Only Keycloak has an account console.
        let account = self.http.send(&Request::get(&format!("{}/account/", self.issuer)).without_redirects()).await?;
        Ok(account.status != 404)
    }

    async fn document(&mut self, name: &str, client_id: &str) -> Result<(), Failed> {
        let url = self.demo_authorization_url(&[("client_id", client_id)]);
        self.record(&format!("document: {name}"), Request::get(&url).header("accept", "text/html")).await?;
        Ok(())
    }

    /// The policy that `enable-cimd` of lesson 03 sets.
    async fn set_policy(&mut self) -> Result<(), Failed> {
        let administrator = self.administrator_signs_in().await?;
        let hosts = json!(["localhost", "127.0.0.1", "host.docker.internal"]);
        let executor = json!({"cimd-allow-http-scheme": true, "cimd-allow-permitted-domains": hosts,
            "cimd-restrict-same-domain": false, "only-allow-confidential-client": false});
        let condition =
            json!({"client-id-uri-scheme": ["http", "https"], "client-id-uri-allow-permitted-domains": hosts});
        let profile = json!({"name": "documents", "executors": [{"executor": "client-id-metadata-document", "configuration": executor}]});
        let policy = json!({"name": "documents", "enabled": true, "profiles": ["documents"],
            "conditions": [{"condition": "client-id-uri", "configuration": condition}]});
        for (list, entry) in [("profiles", profile), ("policies", policy)] {
            let url = format!("{}/admin/realms/mcp-oauth/client-policies/{list}", self.server());
            let mut lists = self.record(&format!("client {list}"), Request::get(&url).bearer(&administrator)).await?;
            lists[list].as_array_mut().unwrap().push(entry);
            self.record(&format!("client {list}: replace"), Request::put_json(&url, &lists).bearer(&administrator))
                .await?;
        }
        Ok(())
    }
}

/// Documents by their path: what they change in a good one; null takes a member away.
const DOCUMENTS: &[(&str, &str)] = &[
    ("/good", "{}"),
    ("/another-client-id", r#"{"client_id": "http://localhost/other"}"#),
    ("/no-client-id", r#"{"client_id": null}"#),
    ("/no-name", r#"{"client_name": null}"#),
    ("/no-redirect-uris", r#"{"redirect_uris": null}"#),
    ("/another-redirect-uri", r#"{"redirect_uris": ["https://evil.example/cb"]}"#),
    ("/unknown-member", r#"{"foo": 1}"#),
    ("/application-type", r#"{"application_type": "native"}"#),
    ("/secret", r#"{"client_secret": "x"}"#),
    ("/secret-method", r#"{"token_endpoint_auth_method": "client_secret_basic"}"#),
    ("/no-method", r#"{"token_endpoint_auth_method": null}"#),
    ("/scope", r#"{"scope": "mcp:read mcp:write"}"#),
    ("/client-uri-elsewhere", r#"{"client_uri": "https://evil.example"}"#),
];

async fn serve_documents(host: &str) -> Result<(u16, Serving), Failed> {
    let listener = listen::bind_openly(0, "the documents", "").await?;
    let port = listen::port(&listener);
    let document = |path: &str, changes: &str| {
        let mut document = json!({
            "client_id": format!("http://{host}:{port}{path}"), "client_name": "differential",
            "redirect_uris": ["http://127.0.0.1/callback"], "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"], "token_endpoint_auth_method": "none",
        });
        let members = document.as_object_mut().unwrap();
        members.extend(serde_json::from_str::<Map<String, Value>>(changes).unwrap());
        members.retain(|_, value| !value.is_null());
        document
    };
    let mut router = Router::new();
    for (path, changes) in DOCUMENTS {
        let document = document(path, changes);
        router = router.route(path, get(move || async move { Json(document) }));
    }
    let large = document("/large", &json!({"client_name": "x".repeat(6000)}).to_string());
    router = router
        .route("/html", get(|| async { axum::response::Html("<title>no document</title>") }))
        .route("/large", get(move || async move { Json(large) }))
        .route("/redirect", get(|| async { axum::response::Redirect::temporary("/good") }));
    Ok((port, listen::serve(listener, router)))
}
