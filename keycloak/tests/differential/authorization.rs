//! Clients at the token endpoint, and at the authorization endpoint.

use libtest_mimic::Failed;
use serde_json::json;
use shared::http::Request;

use super::base64;
use super::idp::IdpUnderTest;

type Changes = &'static [(&'static str, &'static str)];

/// Authorization requests by their name: what they change in a valid one.
const AUTHORIZATION_REQUESTS: &[(&str, Changes)] = &[
    ("good", &[]),
    ("an unknown client", &[("client_id", "nobody")]),
    ("no client", &[("client_id", "")]),
    ("another redirect URI", &[("redirect_uri", "http://127.0.0.1:8888/other")]),
    ("no redirect URI", &[("redirect_uri", "")]),
    ("a redirect URI elsewhere", &[("redirect_uri", "https://evil.example/x")]),
    ("localhost as redirect URI", &[("redirect_uri", "http://localhost:5/callback")]),
    ("a redirect URI with a query", &[("redirect_uri", "http://127.0.0.1:8888/callback?x=1")]),
    ("a redirect URI in another case", &[("redirect_uri", "http://127.0.0.1:8888/Callback")]),
    ("a redirect URI with a user name", &[("redirect_uri", "http://a@127.0.0.1:8888/callback")]),
    ("a redirect URI with dots", &[("redirect_uri", "http://127.0.0.1:8888/a/../callback")]),
    ("no response type", &[("response_type", "")]),
    ("an unknown response type", &[("response_type", "x")]),
    ("an unknown scope", &[("scope", "admin:all mcp:read")]),
    ("no scope", &[("scope", "")]),
    ("the scope openid", &[("scope", "openid mcp:read")]),
    ("the scope offline_access", &[("scope", "offline_access")]),
    ("no PKCE", &[("code_challenge", ""), ("code_challenge_method", "")]),
    ("plain PKCE", &[("code_challenge_method", "plain")]),
    ("no PKCE method", &[("code_challenge_method", "")]),
    ("no challenge", &[("code_challenge", "")]),
    ("a short challenge", &[("code_challenge", "x")]),
    ("a challenge of other characters", &[("code_challenge", "!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!")]),
    ("no state", &[("state", "")]),
    ("no resource", &[("resource", "")]),
    ("a relative resource", &[("resource", "/mcp")]),
    ("a resource with a fragment", &[("resource", "http://localhost:8000/mcp#x")]),
    ("an unknown resource", &[("resource", "http://x.example/mcp")]),
    ("prompt none", &[("prompt", "none")]),
    ("an unknown response mode", &[("response_mode", "x")]),
    ("a request object", &[("request", "x")]),
];

impl IdpUnderTest {
    pub async fn clients_at_the_token_endpoint(&mut self) -> Result<(), Failed> {
        let url = format!("{}/protocol/openid-connect/token", self.issuer);
        let code = [("grant_type", "authorization_code"), ("code", "x"), ("redirect_uri", "http://127.0.0.1/callback")];
        let confidential = json!({"token_endpoint_auth_method": "client_secret_basic"});
        let client = self.ask_to_register("confidential", confidential).await?;
        let text = |name: &str| client[name].as_str().unwrap().to_owned();
        let (id, secret) = (text("client_id"), text("client_secret"));
        let resource_server = "http://localhost:8000/mcp";
        for (name, fields) in [
            ("no client", vec![]),
            ("an unknown client", vec![("client_id", "nobody")]),
            ("the demo client", vec![("client_id", "mcp-demo-client")]),
            ("the demo client with a secret", vec![("client_id", "mcp-demo-client"), ("client_secret", "x")]),
            ("a confidential client without its secret", vec![("client_id", id.as_str())]),
            (
                "a client_secret_basic client that posts",
                vec![("client_id", id.as_str()), ("client_secret", secret.as_str())],
            ),
            ("a URL as client_id", vec![("client_id", resource_server), ("client_secret", "mcp-server-secret")]),
            ("a URL as client_id, wrong secret", vec![("client_id", resource_server), ("client_secret", "x")]),
        ] {
            self.record(&format!("token: {name}"), Request::post_form(&url, &[&code[..], &fields].concat())).await?;
        }
        for (name, user, password) in [
            ("right", id.as_str(), secret.as_str()),
            ("wrong", id.as_str(), "x"),
            ("unknown", "nobody", "x"),
            ("a URL", "http%3A%2F%2Flocalhost%3A8000%2Fmcp", "mcp-server-secret"),
        ] {
            let basic = base64(&format!("{user}:{password}"));
            let request = Request::post_form(&url, &code).header("authorization", &format!("Basic {basic}"));
            self.record(&format!("token: Basic, {name}"), request).await?;
        }
        for fields in [
            &[("client_id", "mcp-demo-client")][..],
            &[("client_id", "mcp-demo-client"), ("grant_type", "x")],
            &[("client_id", "mcp-demo-client"), ("grant_type", "authorization_code")],
        ] {
            self.record(&format!("token: {fields:?}"), Request::post_form(&url, fields)).await?;
        }
        self.record("token: GET", Request::get(&url)).await?;
        Ok(())
    }

    pub async fn authorization_requests(&mut self) -> Result<(), Failed> {
        for (name, changes) in AUTHORIZATION_REQUESTS {
            let request = Request::get(&self.demo_authorization_url(changes)).header("accept", "text/html");
            self.record(&format!("authorize: {name}"), request).await?;
        }
        let twice = format!("{}&state=y", self.demo_authorization_url(&[]));
        self.record("authorize: a parameter twice", Request::get(&twice)).await?;
        Ok(())
    }

    /// An empty value leaves the parameter out.
    pub fn demo_authorization_url(&self, changes: &[(&str, &str)]) -> String {
        let mut parameters = vec![
            ("response_type", "code"),
            ("client_id", "mcp-demo-client"),
            ("redirect_uri", "http://127.0.0.1:8888/callback"),
            ("scope", "mcp:read"),
            ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
            ("code_challenge_method", "S256"),
            ("state", "x"),
            ("resource", "http://localhost:8000/mcp"),
        ];
        parameters.retain(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
        parameters.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        format!("{}/protocol/openid-connect/auth?{query}", self.issuer)
    }
}
