//! Tokens for an assertion (RFC 7523), against authorization servers that respond as they should,
//! and as they should not.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::{Arc, Mutex};

use as_metadata::AuthorizationServerMetadata;
use audience_binding::further::assertions::{EnterpriseManaged, WorkloadIdentity};
use audience_binding::{further, rules};
use authorization_code::further::grant::{Grant, GrantRequest};
use authorization_code::further::resource_parameter::ResourceParameter;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Json;
use axum::routing::post;
use dynamic_client_registration::ClientInformation;
use serde_json::{Value, json};
use shared::Secret;
use shared::http::Http;
use shared::listen::{self, Serving};
use shared::reach::{Privacy, Reach};
use shared::testing::Captured;

const ID_JAG: &str = "urn:ietf:params:oauth:token-type:id-jag";
/// These look like tokens, so that they would be seen if they were shown.
const ID_TOKEN: &str = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.aWQ";
const ASSERTION: &str = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.amFn";
const MCP_SERVER: &str = "http://localhost:8000/mcp";

type Fields = Vec<(String, String)>;
type Asked = Arc<Mutex<Vec<(HeaderMap, Fields)>>>;

/// Two token endpoints, the company's at `/company` and the authorization server's at `/token`, and
/// what they were asked.
struct Authority {
    origin: String,
    asked: Asked,
    _serving: Serving,
}

impl Authority {
    async fn new(company: (u16, Value), own: (u16, Value)) -> Self {
        let listener = listen::bind(0, "test", "").await.unwrap();
        let origin = format!("http://localhost:{}", listen::port(&listener));
        let asked = Asked::default();
        let respond = |(status, response): (u16, Value)| {
            post(move |State(asked): State<Asked>, headers: HeaderMap, body: String| async move {
                let fields = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
                asked.lock().unwrap().push((headers, fields));
                (StatusCode::from_u16(status).unwrap(), Json(response))
            })
        };
        let router =
            Router::new().route("/company", respond(company)).route("/token", respond(own)).with_state(asked.clone());
        Self { origin, asked, _serving: listen::serve(listener, router) }
    }

    async fn tokens(&self, grant: &dyn Grant, captured: &Captured) -> Result<String, String> {
        let metadata = json!({"issuer": self.origin, "token_endpoint": format!("{}/token", self.origin)});
        let metadata = AuthorizationServerMetadata::from_json(metadata.to_string().as_bytes()).unwrap();
        let scopes = ["mcp:read".to_owned()];
        let wanted = GrantRequest {
            authorization_server: &metadata,
            resource: MCP_SERVER,
            scopes: &scopes,
            parameter: &ResourceParameter::default(),
        };
        let http = Http::new(captured.reporter(), Reach::public_only().limit(Privacy::Loopback)).unwrap();
        let tokens = grant.tokens(&http, wanted).await;
        tokens.map(|tokens| tokens.access_token.expose().to_owned()).map_err(|failure| failure.message)
    }

    fn enterprise(&self) -> EnterpriseManaged {
        EnterpriseManaged {
            client: ClientInformation::known("at-the-server", Some(Secret::new("server-secret"))),
            idp_token_endpoint: format!("{}/company", self.origin),
            idp_client: ClientInformation::known("at-the-company", None),
            id_token: Secret::new(ID_TOKEN),
        }
    }
}

fn grant_response() -> Value {
    json!({"access_token": ASSERTION, "issued_token_type": ID_JAG, "token_type": "N_A", "expires_in": 60})
}

fn token_response() -> Value {
    json!({"access_token": "new", "token_type": "Bearer"})
}

fn has(fields: &Fields, expected: &[(&str, &str)]) {
    let expected: Fields = expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    assert_eq!(*fields, expected);
}

#[tokio::test]
async fn the_two_requests_of_enterprise_managed_authorization_are_the_extensions_and_show_no_secret() {
    let authority = Authority::new((200, grant_response()), (200, token_response())).await;
    let captured = Captured::json();
    assert_eq!(authority.tokens(&authority.enterprise(), &captured).await.unwrap(), "new");
    let asked = authority.asked.lock().unwrap();
    let [(_, first), (headers, second)] = asked.as_slice() else { panic!("{} requests", asked.len()) };
    has(
        first,
        &[
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("requested_token_type", ID_JAG),
            ("subject_token", ID_TOKEN),
            ("subject_token_type", "urn:ietf:params:oauth:token-type:id_token"),
            ("audience", authority.origin.as_str()),
            ("resource", MCP_SERVER),
            ("scope", "mcp:read"),
            ("client_id", "at-the-company"),
        ],
    );
    let redeemed = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
        ("assertion", ASSERTION),
        ("resource", MCP_SERVER),
        ("scope", "mcp:read"),
        ("client_id", "at-the-server"),
    ];
    has(second, &redeemed);
    assert!(headers["authorization"].to_str().unwrap().starts_with("Basic "), "each client in its own name");
    let told = captured.text();
    for secret in [ID_TOKEN, ASSERTION, "server-secret", "\"new\""] {
        assert!(!told.contains(secret), "{secret}: {told}");
    }
    for rule in [&further::rules::IDP_GIVES_GRANT, &rules::ISSUED_TOKEN_TYPE, &further::rules::IDP_TAKES_ASSERTION] {
        assert_eq!(
            captured.checks(rule.id).iter().map(|(_, passed)| *passed).collect::<Vec<_>>(),
            [true],
            "{}",
            rule.id
        );
    }
}

#[tokio::test]
async fn a_workload_trades_its_platforms_jwt_in_one_request() {
    let authority = Authority::new((500, json!({})), (200, token_response())).await;
    let grant =
        WorkloadIdentity { client: ClientInformation::known("workload", None), assertion: Secret::new(ASSERTION) };
    let captured = Captured::json();
    assert_eq!(authority.tokens(&grant, &captured).await.unwrap(), "new");
    let asked = authority.asked.lock().unwrap();
    let [(_, fields)] = asked.as_slice() else { panic!("{} requests", asked.len()) };
    assert!(fields.contains(&("assertion".to_owned(), ASSERTION.to_owned())));
    assert!(fields.contains(&("client_id".to_owned(), "workload".to_owned())));
    assert!(!captured.text().contains(ASSERTION));
}

#[tokio::test]
async fn a_refusal_is_final_and_gets_a_sentence() {
    let without_type = {
        let mut response = grant_response();
        response.as_object_mut().unwrap().remove("issued_token_type");
        response
    };
    let of_access_token = {
        let mut response = grant_response();
        response["issued_token_type"] = json!("urn:ietf:params:oauth:token-type:access_token");
        response
    };
    let denied = json!({"error": "access_denied", "error_description": "not this user."});
    let bad = json!({"error": "invalid_grant"});
    let good = (200, grant_response());
    for (company, own, sentence, failed, requests) in [
        (
            (403, denied),
            (200, token_response()),
            "no authorization grant: HTTP 403 access_denied: not this user.",
            &further::rules::IDP_GIVES_GRANT,
            1,
        ),
        ((200, without_type), (200, token_response()), "issued_token_type is absent", &rules::ISSUED_TOKEN_TYPE, 1),
        ((200, of_access_token), (200, token_response()), "token-type:access_token", &rules::ISSUED_TOKEN_TYPE, 1),
        (
            good.clone(),
            (400, bad),
            "accept the assertion: HTTP 400 invalid_grant.",
            &further::rules::IDP_TAKES_ASSERTION,
            2,
        ),
        (good.clone(), (302, json!({})), "accept the assertion: HTTP 302.", &further::rules::IDP_TAKES_ASSERTION, 2),
        (good, (500, json!("<html>")), "accept the assertion: HTTP 500.", &further::rules::IDP_TAKES_ASSERTION, 2),
    ] {
        let authority = Authority::new(company, own).await;
        let captured = Captured::json();
        let told = authority.tokens(&authority.enterprise(), &captured).await.unwrap_err();
        assert!(told.contains(sentence), "{told}");
        assert_eq!(captured.checks(failed.id).last().map(|(_, passed)| *passed), Some(false), "{told}");
        assert_eq!(authority.asked.lock().unwrap().len(), requests, "{told}");
    }
}

#[tokio::test]
async fn a_response_without_a_token_gets_a_sentence() {
    let authority = Authority::new((200, grant_response()), (200, json!({"token_type": "Bearer"}))).await;
    let told = authority.tokens(&authority.enterprise(), &Captured::json()).await.unwrap_err();
    assert!(told.contains("access_token is absent"), "{told}");
}
