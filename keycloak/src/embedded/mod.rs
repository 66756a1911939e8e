//! A teaching stand-in for Keycloak: an authorization server inside the process that reads the same
//! realm file.
//!
//! It answers as Keycloak 26.7.3 does with this realm, as far as the lessons have come. A
//! differential test holds the answers against Keycloak's. It writes its JSON itself, from nothing
//! that the lessons use to read it: a misspelt member fails a test instead of going round. It
//! forgets everything when it ends, as `start-dev` without a volume does.
//!
//! | file | what it holds |
//! |---|---|
//! | `metadata.rs` | RFC 8414, in Keycloak's places |
//! | `keys.rs` | the realm's signing keys |
//! | `clients.rs` | the clients that the realm knows |
//! | `registration.rs` | RFC 7591, RFC 7592 |
//! | `policies.rs` | who may register what |
//! | `cimd.rs` | Client ID Metadata Documents |
//! | `authorize.rs` | the authorization endpoint |
//! | `login.rs`, `pages.rs` | the user signs in and agrees |
//! | `sessions.rs` | what happens between an authorization request and a token |
//! | `token.rs` | the token endpoint |
//! | `token_exchange.rs` | RFC 8693 |
//! | `dpop.rs`, `jwk.rs` | RFC 9449: tokens that are good only with the client's key |
//! | `revoke.rs`, `introspect.rs` | RFC 7009, RFC 7662 |
//! | `logout.rs` | a client ends the session |
//! | `client_authentication.rs` | who asks there, and that it is that one |
//! | `access_token.rs` | what stands in tokens |
//! | `tokens.rs` | tokens that are for this server alone |
//! | `presented.rs` | what a token is that somebody presents |
//! | `administration.rs`, `components.rs` | the parts of the admin API that the lessons use |
//! | `defect.rs` | what it can do wrong on purpose |

mod access_token;
mod administration;
mod authorize;
mod cimd;
mod client_authentication;
mod clients;
mod components;
mod defect;
mod dpop;
mod introspect;
mod jwk;
mod jws;
mod keys;
mod login;
mod logout;
mod metadata;
mod pages;
mod policies;
mod presented;
mod random;
mod registration;
mod revoke;
mod sessions;
mod token;
mod token_exchange;
mod tokens;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{MethodRouter, any, delete, get, post};
use ring::digest;
use serde_json::{Value, json};
use shared::listen::{self, Serving};
use shared::now;
use tokio::net::TcpListener;
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::realm::Realm;
use administration::{ClientPolicies, InitialAccess};
use clients::Clients;
pub use defect::Defect;
use dpop::UsedProofs;
use keys::SigningKeys;
use sessions::Sessions;
use tokens::OwnTokens;

/// A running embedded IdP; it ends when this is dropped.
#[must_use = "the IdP ends when this is dropped"]
pub struct Embedded {
    issuer: String,
    _serving: Serving,
}

impl Embedded {
    /// Serves `realm` on `listener`.
    pub fn start(listener: TcpListener, realm: Realm) -> Self {
        Self::misbehaving(listener, realm, None)
    }

    /// The same, with a defect.
    pub fn misbehaving(listener: TcpListener, realm: Realm, defect: Option<Defect>) -> Self {
        let issuer = format!("http://localhost:{}/realms/{}", listen::port(&listener), realm.name);
        let keys = Arc::new(SigningKeys::made_in_the_background());
        let serving = listen::serve(listener, router(issuer.clone(), keys, realm, defect));
        Self { issuer, _serving: serving }
    }

    /// The realm's issuer identifier (RFC 8414 §2).
    pub fn issuer(&self) -> &str {
        &self.issuer
    }
}

/// What every request sees.
pub(crate) struct Server {
    issuer: String,
    realm: Realm,
    keys: Arc<SigningKeys>,
    tokens: OwnTokens,
    clients: Clients,
    initial_access: InitialAccess,
    policies: ClientPolicies,
    sessions: Sessions,
    proofs: UsedProofs,
    defect: Option<Defect>,
}

impl Server {
    /// The subject identifier of a user, or of a client that acts for itself: the same as long as
    /// this server runs.
    fn subject(&self, name: &str) -> String {
        let hash = digest::digest(&digest::SHA256, format!("{} {name}", self.issuer).as_bytes());
        let hex: String = hash.as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        format!("{}-{}-4{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..])
    }
}

fn router(issuer: String, keys: Arc<SigningKeys>, realm: Realm, defect: Option<Defect>) -> Router {
    let server = Arc::new(Server {
        keys,
        tokens: OwnTokens::new(&issuer),
        clients: Clients::of_realm_file(&realm),
        initial_access: InitialAccess::default(),
        policies: ClientPolicies::of_realm_file(&realm),
        sessions: Sessions::default(),
        proofs: UsedProofs::default(),
        issuer,
        realm,
        defect,
    });
    // Keycloak lets a page of any origin read metadata and keys, and mirrors the origin that asks;
    // its error answers do not.
    let readable = |handler: MethodRouter<Arc<Server>>| {
        handler.layer(CorsLayer::new().allow_origin(AllowOrigin::mirror_request()).allow_credentials(true))
    };
    let of_a_realm = Router::new()
        .route("/realms/{realm}", readable(get(realm_information)).fallback(not_allowed))
        .route(
            "/realms/{realm}/.well-known/openid-configuration",
            readable(get(metadata::document)).fallback(not_found_in_realm),
        )
        .route(
            "/realms/{realm}/.well-known/oauth-authorization-server",
            readable(get(metadata::at_rfc_8414_place)).fallback(not_found_in_realm),
        )
        .route(
            "/.well-known/oauth-authorization-server/realms/{realm}",
            readable(get(metadata::at_rfc_8414_place)).fallback(not_found_in_realm),
        )
        .route("/.well-known/openid-configuration/realms/{realm}", any(not_found_in_realm))
        .route("/realms/{realm}/protocol/openid-connect/certs", readable(get(certificates)).fallback(not_allowed))
        .route(
            "/realms/{realm}/protocol/openid-connect/auth",
            get(authorize::get).post(authorize::post).fallback(not_allowed),
        )
        .route("/realms/{realm}/login-actions/authenticate", post(login::authenticate).fallback(not_allowed))
        .route("/realms/{realm}/login-actions/required-action", get(login::required_action).fallback(not_allowed))
        .route("/realms/{realm}/login-actions/consent", post(login::consent).fallback(not_allowed))
        .route("/realms/{realm}/protocol/openid-connect/token", post(token::post).fallback(not_allowed))
        .route("/realms/{realm}/protocol/openid-connect/revoke", post(revoke::post).fallback(not_allowed))
        .route("/realms/{realm}/protocol/openid-connect/token/introspect", post(introspect::post).fallback(not_allowed))
        .route("/realms/{realm}/protocol/openid-connect/logout", post(logout::post).fallback(not_allowed))
        .route(
            "/realms/{realm}/clients-registrations/openid-connect",
            post(registration::register).options(preflight).fallback(not_found_in_realm),
        )
        .route(
            "/realms/{realm}/clients-registrations/openid-connect/{client_id}",
            any(registration::manage).options(preflight),
        )
        .layer(middleware::from_fn_with_state((server.clone(), UNKNOWN_REALM), known_realm));
    let of_the_administrator = Router::new()
        .route(
            "/admin/realms/{realm}/clients-initial-access",
            post(administration::make_initial_access).get(administration::list_initial_access),
        )
        .route("/admin/realms/{realm}/clients-initial-access/{id}", delete(administration::delete_initial_access))
        .route(
            "/admin/realms/{realm}/client-policies/{list}",
            get(administration::read_policies).put(administration::replace_policies),
        )
        .route("/admin/realms/{realm}/components", get(components::list).post(components::make))
        .route("/admin/realms/{realm}/components/{id}", get(components::read).delete(components::delete))
        .layer(middleware::from_fn_with_state((server.clone(), "Realm not found."), known_realm));
    of_a_realm
        .merge(of_the_administrator)
        .route("/realms/master/protocol/openid-connect/token", post(administration::sign_in))
        .fallback(not_found)
        .with_state(server)
}

/// Keycloak's sentence where it serves users and clients; its admin API has another.
const UNKNOWN_REALM: &str = "Realm does not exist";

/// Keycloak lets pages of any origin ask before they register; whether they may is seen then.
async fn preflight(headers: HeaderMap) -> Response {
    let origin = headers.get(header::ORIGIN).cloned().unwrap_or(HeaderValue::from_static("*"));
    let allowed = "Origin, Access-Control-Request-Method, Accept, X-Requested-With, Access-Control-Request-Headers, DPoP, \
                   Content-Type, Authorization";
    (
        [
            (header::ACCESS_CONTROL_ALLOW_ORIGIN, origin),
            (header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true")),
            (header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("DELETE, POST, GET, OPTIONS, PUT")),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(allowed)),
            (header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("3600")),
        ],
        StatusCode::OK,
    )
        .into_response()
}

async fn not_allowed() -> Refusal {
    error(StatusCode::METHOD_NOT_ALLOWED, "HTTP 405 Method Not Allowed")
}

async fn not_found_in_realm() -> Refusal {
    error(StatusCode::NOT_FOUND, "HTTP 404 Not Found")
}

/// Lets requests through that name the realm; others get the sentence.
async fn known_realm(
    State((server, sentence)): State<(Arc<Server>, &'static str)>,
    Path(parameters): Path<BTreeMap<String, String>>,
    request: Request,
    next: Next,
) -> Response {
    match parameters.get("realm") == Some(&server.realm.name) {
        true => next.run(request).await,
        false => error(StatusCode::NOT_FOUND, sentence).into_response(),
    }
}

async fn realm_information(State(server): State<Arc<Server>>) -> Response {
    match server.keys.current().await {
        Some(key) => (
            UTF_8,
            no_cache(json!({
                "realm": server.realm.name,
                "public_key": key.subject_public_key_info,
                "token-service": format!("{}/protocol/openid-connect", server.issuer),
                "account-service": format!("{}/account", server.issuer),
                "tokens-not-before": 0,
            })),
        )
            .into_response(),
        None => no_answer().into_response(),
    }
}

async fn certificates(State(server): State<Arc<Server>>) -> Response {
    if server.defect == Some(Defect::NoKeys) {
        return error(StatusCode::SERVICE_UNAVAILABLE, "HTTP 503 Service Unavailable").into_response();
    }
    let keys: Vec<_> = server.keys.published().await.iter().map(|key| key.jwk.clone()).collect();
    no_cache(json!({"keys": keys}))
}

fn no_cache(document: Value) -> Response {
    ([(header::CACHE_CONTROL, "no-cache")], Json(document)).into_response()
}

async fn not_found(State(server): State<Arc<Server>>, request: Request) -> Refusal {
    let realm = request.uri().path().strip_prefix("/realms/").and_then(|rest| rest.split('/').next());
    match realm {
        Some(name) if name == server.realm.name => not_found_in_realm().await,
        Some(_) => error(StatusCode::NOT_FOUND, UNKNOWN_REALM),
        None => error(StatusCode::NOT_FOUND, "Unable to find matching target resource method"),
    }
}

/// Keycloak names the character set in some answers, and not in others.
const UTF_8: [(HeaderName, &str); 1] = [(header::CONTENT_TYPE, "application/json;charset=UTF-8")];

/// An answer that refuses: Keycloak's errors are JSON documents with one or two members.
#[derive(Debug)]
struct Refusal {
    status: StatusCode,
    error: String,
    description: Option<String>,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut body = json!({"error": self.error});
        if let Some(description) = self.description {
            body["error_description"] = description.into();
        }
        (self.status, Json(body)).into_response()
    }
}

/// An error code alone.
fn error(status: StatusCode, error: &str) -> Refusal {
    Refusal { status, error: error.to_owned(), description: None }
}

/// An error with a sentence.
fn described(status: StatusCode, error: &str, description: &str) -> Refusal {
    Refusal { status, error: error.to_owned(), description: Some(description.to_owned()) }
}

/// Keycloak's answer where it falls over a request.
fn no_answer() -> Refusal {
    let sentence = "For more on this error consult the server log.";
    described(StatusCode::INTERNAL_SERVER_ERROR, "unknown_error", sentence)
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use tower::ServiceExt;

    use super::*;

    const ISSUER: &str = "http://localhost:9100/realms/mcp-oauth";

    fn idp(defect: Option<Defect>) -> Router {
        let realm = Realm::from_json(crate::realm::SHIPPED, |_| None).unwrap();
        router(ISSUER.to_owned(), Arc::new(SigningKeys::made_in_the_background()), realm, defect)
    }

    async fn send(idp: &Router, request: Request<Body>) -> (StatusCode, Value) {
        let answer = idp.clone().oneshot(request).await.unwrap();
        let status = answer.status();
        let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    async fn get_from(idp: &Router, path: &str) -> (StatusCode, Value) {
        send(idp, Request::get(path).body(Body::empty()).unwrap()).await
    }

    async fn get(path: &str) -> (StatusCode, Value) {
        get_from(&idp(None), path).await
    }

    #[tokio::test]
    async fn pages_of_any_origin_may_read_metadata_and_keys() {
        for path in [
            "/realms/mcp-oauth",
            "/.well-known/oauth-authorization-server/realms/mcp-oauth",
            "/realms/mcp-oauth/protocol/openid-connect/certs",
        ] {
            let request = Request::get(path).header("origin", "http://page.example").body(Body::empty()).unwrap();
            let answer = idp(None).oneshot(request).await.unwrap();
            assert_eq!(answer.headers()["access-control-allow-origin"], "http://page.example", "{path}");
        }
    }

    #[tokio::test]
    async fn metadata_is_where_keycloak_has_it_and_nowhere_else() {
        for path in [
            "/.well-known/oauth-authorization-server/realms/mcp-oauth",
            "/realms/mcp-oauth/.well-known/openid-configuration",
            "/realms/mcp-oauth/.well-known/oauth-authorization-server",
        ] {
            let (status, document) = get(path).await;
            assert_eq!(status, StatusCode::OK, "{path}");
            assert_eq!(document["issuer"], ISSUER);
            assert_eq!(document["jwks_uri"], format!("{ISSUER}/protocol/openid-connect/certs"));
            let scopes = document["scopes_supported"].as_array().unwrap();
            assert!(scopes.contains(&json!("mcp:read")) && !scopes.contains(&json!("downstream:read")), "{scopes:?}");
        }
    }

    #[tokio::test]
    async fn what_keycloak_does_not_have_gets_keycloaks_answers() {
        for (path, error) in [
            ("/realms/nope", "Realm does not exist"),
            ("/realms/nope/.well-known/openid-configuration", "Realm does not exist"),
            ("/.well-known/oauth-authorization-server/realms/nope", "Realm does not exist"),
            ("/realms/mcp-oauth/nope", "HTTP 404 Not Found"),
            ("/realms/mcp-oauth/.well-known/nope", "HTTP 404 Not Found"),
            ("/.well-known/oauth-authorization-server", "Unable to find matching target resource method"),
            ("/nope", "Unable to find matching target resource method"),
        ] {
            assert_eq!(get(path).await, (StatusCode::NOT_FOUND, json!({"error": error})), "{path}");
        }
    }

    #[tokio::test]
    async fn the_published_key_is_a_whole_rsa_key_and_nothing_of_it_is_private() {
        let (_, document) = get("/realms/mcp-oauth/protocol/openid-connect/certs").await;
        let key = document["keys"][0].as_object().unwrap();
        let members: Vec<_> = key.keys().map(String::as_str).collect();
        assert_eq!(members, ["kid", "kty", "alg", "use", "n", "e"]);
        assert_eq!(
            (&key["alg"], &key["kty"], &key["use"], &key["e"]),
            (&json!("RS256"), &json!("RSA"), &json!("sig"), &json!("AQAB"))
        );
        assert_eq!(key["n"].as_str().unwrap().len(), 342, "2048 bits in base64url");
        assert_eq!(key["kid"].as_str().unwrap().len(), 43, "SHA-256 in base64url");
    }

    /// A confidential client's own token, as its claims.
    async fn claims_of_a_token(idp: &Router) -> Value {
        let document = json!({
            "redirect_uris": ["http://127.0.0.1/callback"], "token_endpoint_auth_method": "client_secret_post",
            "grant_types": ["client_credentials"],
        });
        let request = Request::post("/realms/mcp-oauth/clients-registrations/openid-connect")
            .header("content-type", "application/json")
            .body(Body::from(document.to_string()));
        let (_, client) = send(idp, request.unwrap()).await;
        let text = |name: &str| client[name].as_str().unwrap();
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}",
            text("client_id"),
            text("client_secret")
        );
        let request = Request::post("/realms/mcp-oauth/protocol/openid-connect/token").body(Body::from(form));
        let (_, answer) = send(idp, request.unwrap()).await;
        let token = answer["access_token"].as_str().unwrap();
        let claims = token.split('.').nth(1).unwrap();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap()
    }

    #[tokio::test]
    async fn expired_tokens_ended_an_hour_ago_and_began_before() {
        let claims = claims_of_a_token(&idp(Some(Defect::ExpiredTokens))).await;
        let [exp, iat] = ["exp", "iat"].map(|name| claims[name].as_u64().unwrap());
        assert!((now() - 3610..=now() - 3600).contains(&exp) && iat + 300 == exp, "{claims}");
    }

    #[tokio::test]
    async fn tokens_that_are_not_yet_good_are_so_in_an_hour() {
        let claims = claims_of_a_token(&idp(Some(Defect::TokensNotYetGood))).await;
        let nbf = claims["nbf"].as_u64().unwrap();
        assert!((now() + 3590..=now() + 3600).contains(&nbf) && claims["iss"] == ISSUER, "{claims}");
    }

    #[tokio::test]
    async fn another_issuer_in_tokens_is_in_tokens_alone() {
        let idp = idp(Some(Defect::OtherIssuerInTokens));
        let claims = claims_of_a_token(&idp).await;
        assert_eq!(claims["iss"], "https://other.example/realms/mcp-oauth");
        assert!(claims["exp"].as_u64().unwrap() > now() && claims.get("nbf").is_none(), "{claims}");
        let (_, metadata) = get_from(&idp, "/realms/mcp-oauth/.well-known/openid-configuration").await;
        assert_eq!(metadata["issuer"], ISSUER);
    }

    #[tokio::test]
    async fn without_keys_their_endpoint_is_out_of_service_and_the_rest_is_not() {
        let idp = idp(Some(Defect::NoKeys));
        let (status, _) = get_from(&idp, "/realms/mcp-oauth/protocol/openid-connect/certs").await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(claims_of_a_token(&idp).await["iss"], ISSUER);
    }

    #[tokio::test]
    async fn a_token_is_bound_to_the_key_that_a_proof_shows() {
        let idp = idp(None);
        let document = json!({
            "redirect_uris": ["http://127.0.0.1/callback"], "token_endpoint_auth_method": "client_secret_post",
            "grant_types": ["client_credentials"], "dpop_bound_access_tokens": true,
        });
        let request = Request::post("/realms/mcp-oauth/clients-registrations/openid-connect")
            .header("content-type", "application/json")
            .body(Body::from(document.to_string()));
        let (_, client) = send(&idp, request.unwrap()).await;
        assert_eq!(client["dpop_bound_access_tokens"], true);
        let [id, secret] = ["client_id", "client_secret"].map(|name| client[name].as_str().unwrap());
        let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
        let ask = async |proof: Option<&str>| {
            let mut request = Request::post("/realms/mcp-oauth/protocol/openid-connect/token");
            request = proof.iter().fold(request, |request, proof| request.header("dpop", *proof));
            send(&idp, request.body(Body::from(form.clone())).unwrap()).await
        };
        let key = dpop::tests::Key::new();
        let proof = key.proof(&json!({}), &json!({"iat": now(), "jti": "a"}));
        let (status, answer) = ask(Some(&proof)).await;
        assert_eq!((status, &answer["token_type"]), (StatusCode::OK, &json!("DPoP")), "{answer}");
        let claims = access_token::unverified(answer["access_token"].as_str().unwrap()).unwrap();
        let jkt = jwk::PublicKey::read(key.jwk.as_object().unwrap()).unwrap().thumbprint().to_owned();
        assert_eq!((&claims["typ"], &claims["cnf"]["jkt"]), (&json!("DPoP"), &json!(jkt)), "{claims}");
        for (proof, sentence) in [
            (Some(proof.as_str()), "DPoP proof has already been used"),
            (None, "DPoP proof is missing"),
            (Some("x"), "DPoP header verification failure"),
        ] {
            let expected = json!({"error": "invalid_request", "error_description": sentence});
            assert_eq!(ask(proof).await, (StatusCode::BAD_REQUEST, expected));
        }
    }
}
