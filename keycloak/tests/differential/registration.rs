//! Requests to register, valid and wrong.

use libtest_mimic::Failed;
use serde_json::{Value, json};
use shared::http::Request;

use super::idp::IdpUnderTest;

/// A registration that every IdP takes, with members changed; null takes one away.
pub fn with(changes: Value) -> Value {
    let mut document = json!({
        "client_name": "differential", "redirect_uris": ["http://127.0.0.1/callback"],
        "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
        "token_endpoint_auth_method": "none", "application_type": "native", "scope": "mcp:read mcp:write",
    });
    let members = document.as_object_mut().unwrap();
    members.extend(changes.as_object().unwrap().clone());
    members.retain(|_, value| !value.is_null());
    document
}

/// Registrations by their name: what they change in a valid one; null takes a member away.
const REGISTRATIONS: &[(&str, &str)] = &[
    (
        "an empty object",
        r#"{"client_name": null, "redirect_uris": null, "grant_types": null, "response_types": null, "token_endpoint_auth_method": null, "application_type": null, "scope": null}"#,
    ),
    ("no redirect URI", r#"{"redirect_uris": []}"#),
    ("redirect_uris is a string", r#"{"redirect_uris": "http://127.0.0.1/cb"}"#),
    ("redirect to another host", r#"{"redirect_uris": ["https://evil.example/cb"]}"#),
    ("redirect with a fragment", r#"{"redirect_uris": ["http://127.0.0.1/cb#x"]}"#),
    ("redirect to a script", r#"{"redirect_uris": ["javascript:alert(1)"]}"#),
    ("redirect to an application", r#"{"redirect_uris": ["com.example.app:/cb"]}"#),
    ("redirect with a space", r#"{"redirect_uris": ["not a url"]}"#),
    ("redirect with a port", r#"{"redirect_uris": ["http://127.0.0.1:8888/cb"]}"#),
    ("redirect to [::1]", r#"{"redirect_uris": ["http://[::1]/cb"]}"#),
    ("redirect in upper case", r#"{"redirect_uris": ["http://LOCALHOST/cb"]}"#),
    ("redirect to a host that begins alike", r#"{"redirect_uris": ["http://localhost.evil.example/cb"]}"#),
    ("redirect with a user name that looks like a host", r#"{"redirect_uris": ["http://localhost@evil.example/"]}"#),
    ("redirect with a wildcard port", r#"{"redirect_uris": ["http://localhost:*"]}"#),
    ("one good redirect, one bad", r#"{"redirect_uris": ["http://127.0.0.1/cb", "https://evil.example/cb"]}"#),
    ("two redirects", r#"{"redirect_uris": ["http://127.0.0.1/a", "http://localhost/b"]}"#),
    // Not another host and another scope at once: which of two policies Keycloak asks first
    // differs from import to import.
    ("another host and a fragment", r#"{"redirect_uris": ["https://evil.example/cb#x"]}"#),
    ("another scope and a fragment", r#"{"redirect_uris": ["http://127.0.0.1/cb#x"], "scope": "admin:all"}"#),
    ("response types code and none", r#"{"response_types": ["code", "none"]}"#),
    ("the response type none", r#"{"response_types": ["none"]}"#),
    ("the response type none, and no grant type", r#"{"response_types": ["none"], "grant_types": []}"#),
    (
        "the response type none, and a refresh token",
        r#"{"response_types": ["none"], "grant_types": ["refresh_token"]}"#,
    ),
    ("client_uri on a trusted host", r#"{"client_uri": "https://github.com/x"}"#),
    ("client_uri on another host", r#"{"client_uri": "https://evil.example"}"#),
    ("client_uri that is no URL", r#"{"client_uri": "nope"}"#),
    ("logo_uri with a script", r#"{"logo_uri": "javascript:x"}"#),
    ("an unknown member", r#"{"foo": 1}"#),
    ("client_id", r#"{"client_id": "mine"}"#),
    ("client_id and another host", r#"{"client_id": "mine", "redirect_uris": ["https://evil.example/cb"]}"#),
    ("client_secret", r#"{"client_secret": "mine", "token_endpoint_auth_method": "client_secret_basic"}"#),
    ("a name that is an object", r#"{"client_name": {}}"#),
    ("a scope that is an array", r#"{"scope": ["mcp:read"]}"#),
    ("contacts that are a string", r#"{"contacts": "x"}"#),
    ("no scope", r#"{"scope": null}"#),
    ("an empty scope", r#"{"scope": ""}"#),
    ("the scope openid", r#"{"scope": "openid mcp:read"}"#),
    ("a scope twice", r#"{"scope": "mcp:read mcp:read"}"#),
    ("a scope of the realm that is not offered", r#"{"scope": "downstream:read"}"#),
    ("the scope offline_access", r#"{"scope": "mcp:read offline_access"}"#),
    ("scopes with two spaces", r#"{"scope": "mcp:read  mcp:write"}"#),
    ("no grant types", r#"{"grant_types": null}"#),
    ("codes only", r#"{"grant_types": ["authorization_code"]}"#),
    ("client credentials only", r#"{"grant_types": ["client_credentials"]}"#),
    ("an empty list of grants", r#"{"grant_types": []}"#),
    (
        "client credentials only, and no response types",
        r#"{"grant_types": ["client_credentials"], "response_types": null}"#,
    ),
    ("refresh tokens only", r#"{"grant_types": ["refresh_token"], "response_types": []}"#),
    ("no grant types and no response types", r#"{"grant_types": [], "response_types": []}"#),
    ("an unknown grant", r#"{"grant_types": ["x"]}"#),
    ("token exchange for a public client", r#"{"grant_types": ["urn:ietf:params:oauth:grant-type:token-exchange"]}"#),
    ("an unknown response type", r#"{"response_types": ["x"]}"#),
    ("no method", r#"{"token_endpoint_auth_method": null}"#),
    ("client_secret_basic", r#"{"token_endpoint_auth_method": "client_secret_basic"}"#),
    ("client_secret_post", r#"{"token_endpoint_auth_method": "client_secret_post"}"#),
    ("private_key_jwt without a key", r#"{"token_endpoint_auth_method": "private_key_jwt"}"#),
    ("private_key_jwt", r#"{"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "http://localhost/jwks"}"#),
    ("private_key_jwt with an empty set", r#"{"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": []}}"#),
    ("private_key_jwt with no set", r#"{"token_endpoint_auth_method": "private_key_jwt", "jwks": {}}"#),
    (
        "private_key_jwt with a broken key",
        r#"{"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [{"kty": "EC", "crv": "P-256", "x": "a", "y": "b", "kid": "q"}]}}"#,
    ),
    ("an unknown method", r#"{"token_endpoint_auth_method": "x"}"#),
    ("application_type web", r#"{"application_type": "web"}"#),
    ("a name with markup", r#"{"client_name": "<script>alert(1)</script>"}"#),
];

impl IdpUnderTest {
    pub async fn ask_to_register(&mut self, name: &str, changes: Value) -> Result<Value, Failed> {
        self.record(&format!("register: {name}"), Request::post_json(&self.registration_endpoint(), &with(changes)))
            .await
    }

    pub async fn requests_to_register(&mut self) -> Result<(), Failed> {
        self.ask_to_register("as the lesson does", json!({})).await?;
        for (name, body) in
            [("no JSON", "{"), ("an array", "[]"), ("a string", "\"x\""), ("null", "null"), ("an empty body", "")]
        {
            let endpoint = self.registration_endpoint();
            self.record(&format!("register: {name}"), Request::post_text(&endpoint, "application/json", body)).await?;
        }
        let endpoint = self.registration_endpoint();
        self.record("register: a form", Request::post_form(&endpoint, &[("client_name", "x")])).await?;
        for (name, changes) in REGISTRATIONS {
            self.ask_to_register(name, serde_json::from_str(changes)?).await?;
        }
        let request = || Request::post_json(&endpoint, &with(json!({})));
        for value in ["Bearer x", "Bearer ", "Bearer", "Basic eDp5", "bearer x", "x"] {
            self.record(&format!("register: Authorization: {value:?}"), request().header("authorization", value))
                .await?;
        }
        for origin in ["http://localhost:6274", "https://evil.example", "http://localhost:6275", "null"] {
            self.record(&format!("register: Origin: {origin}"), request().header("origin", origin)).await?;
        }
        let both = request().header("origin", "https://evil.example").header("authorization", "Bearer x");
        self.record("register: a bad token from a bad origin", both).await?;
        let unknown = Request::post_json(&endpoint, &with(json!({"foo": 1}))).header("authorization", "Bearer x");
        self.record("register: a bad token and an unknown member", unknown).await?;
        let named = Request::post_json(&endpoint, &with(json!({"client_id": "x"}))).header("authorization", "Bearer x");
        self.record("register: a bad token and client_id", named).await?;
        self.record("registration endpoint: GET", Request::get(&endpoint)).await?;
        Ok(())
    }
}
