//! Parties that vouch for a client: a platform, and a company's IdP that gives ID-JAGs.

use std::future::Future;

use authorization_code::further::client_assertion::{self, ClientKey};
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use libtest_mimic::Failed;
use serde_json::{Value, json};
use shared::http::{Http, Request};
use shared::listen::{self, Serving};
use shared::reach::{Privacy, Reach};
use shared::{Reporter, now};
use tokio::runtime::Runtime;

/// `iss` of what the platform says.
pub const PLATFORM: &str = "https://platform.example";
/// Whom the platform's and the company's JWTs are about.
pub const SUBJECT: &str = "subject-7";
/// What the client is at the company's IdP.
pub const AT_COMPANY: &str = "agent-at-the-company";
/// What it is at the MCP server's authorization server.
const AT_SERVER: &str = "mcp-agent";

/// A key for ES256, in the forms in which files and administrators have it.
pub struct Key {
    pair: EcdsaKeyPair,
}

impl Key {
    pub fn generate() -> Self {
        Self { pair: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap() }
    }

    /// As `openssl genpkey` writes it.
    pub fn pem(&self) -> String {
        pem("PRIVATE KEY", self.pair.to_pkcs8v1().unwrap().as_ref())
    }

    pub fn public_pem(&self) -> String {
        let der: PublicKeyX509Der<'_> = self.pair.public_key().as_der().unwrap();
        pem("PUBLIC KEY", der.as_ref())
    }

    fn key(&self) -> ClientKey {
        ClientKey::from_pem(&self.pem()).unwrap()
    }

    pub fn jwt(&self, typ: &str, claims: &Value) -> String {
        self.key().sign(&json!({"alg": "ES256", "typ": typ}), claims).unwrap().expose().to_owned()
    }
}

fn pem(kind: &str, der: &[u8]) -> String {
    format!("-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n", STANDARD.encode(der))
}

/// The claims of a JWT that is good for a minute, and once.
pub fn claims(issuer: &str, audience: &str, changes: &Value) -> Value {
    let jti = client_assertion::random().unwrap();
    let mut claims =
        json!({"iss": issuer, "sub": SUBJECT, "aud": audience, "iat": now(), "exp": now() + 60, "jti": jti});
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

/// Registers a client that signs, and acts for itself; its identifier.
pub fn register(issuer: &str, key: &Key) -> String {
    let document = json!({
        "client_name": "one that signs", "grant_types": ["client_credentials"], "response_types": [],
        "token_endpoint_auth_method": "private_key_jwt", "scope": "mcp:read", "jwks": {"keys": [key.key().jwk]},
    });
    let url = format!("{issuer}/clients-registrations/openid-connect");
    let http = Http::new(Reporter::silent(), Reach::public_only().limit(Privacy::Loopback)).unwrap();
    let response = Runtime::new().unwrap().block_on(http.send(&Request::post_json(&url, &document))).unwrap();
    let document: Value = serde_json::from_slice(&response.body).unwrap();
    document["client_id"].as_str().unwrap().to_owned()
}

/// A company's IdP: it lets its one client use every MCP server.
pub struct Company {
    pub issuer: String,
    pub key: std::sync::Arc<Key>,
    runtime: Runtime,
    _serving: Serving,
}

impl Company {
    pub fn start() -> Result<Self, Failed> {
        let runtime = Runtime::new()?;
        let key = std::sync::Arc::new(Key::generate());
        let (issuer, serving) = runtime.block_on(async {
            let listener = listen::bind(0, "the company's IdP", "").await?;
            let issuer = format!("http://localhost:{}", listen::port(&listener));
            let metadata = json!({
                "issuer": issuer, "authorization_endpoint": format!("{issuer}/authorize"),
                "token_endpoint": format!("{issuer}/token"), "response_types_supported": ["code"],
            });
            let router = Router::new()
                .route("/.well-known/oauth-authorization-server", get(|| async { Json(metadata) }))
                .route("/token", post(exchange))
                .with_state((issuer.clone(), key.clone()));
            Ok::<_, Failed>((issuer, listen::serve(listener, router)))
        })?;
        Ok(Self { issuer, key, runtime, _serving: serving })
    }

    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    /// From the user's sign-in here.
    pub fn id_token(&self) -> String {
        self.key.jwt("JWT", &claims(&self.issuer, AT_COMPANY, &json!({})))
    }
}

/// The user's ID token becomes a grant for the authorization server and the MCP server that the
/// client names.
async fn exchange(State((issuer, key)): State<(String, std::sync::Arc<Key>)>, body: String) -> Response {
    let fields: Vec<(String, String)> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let field = |name: &str| fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let asks_for_grant = field("requested_token_type") == Some("urn:ietf:params:oauth:token-type:id-jag");
    if !asks_for_grant || field("client_id") != Some(AT_COMPANY) {
        return (StatusCode::BAD_REQUEST, Json(json!({"error": "invalid_request"}))).into_response();
    }
    let more = json!({"client_id": AT_SERVER, "resource": field("resource"), "scope": field("scope")});
    let grant = key.jwt("oauth-id-jag+jwt", &claims(&issuer, field("audience").unwrap_or_default(), &more));
    let issued = "urn:ietf:params:oauth:token-type:id-jag";
    let response = json!({"access_token": grant, "issued_token_type": issued, "token_type": "N_A", "expires_in": 60});
    Json(response).into_response()
}
