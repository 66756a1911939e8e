//! An authorization server that has metadata and keys, and does nothing else.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Json, Redirect, Response};
use serde_json::{Value, json};
use shared::listen::{self, Serving};

use super::SigningKey;

/// How the authorization server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// As it should.
    Up,
    /// HTTP 500 to everything.
    Down,
    /// It takes requests and never answers.
    Silent,
    /// The keys are an HTML page.
    NotJson,
    /// The keys come with five megabytes of padding.
    Huge,
    /// The keys are said to be at a link-local address, where clouds keep credentials.
    LinkLocal,
    /// The metadata names another issuer.
    OtherIssuer,
}

/// The authorization server; it ends when this is dropped.
pub struct Authority {
    /// Its issuer identifier.
    pub issuer: String,
    inner: Arc<Inner>,
    _serving: Serving,
}

struct Inner {
    issuer: String,
    manner: Mutex<Manner>,
    keys: Mutex<Vec<Value>>,
    metadata_requests: AtomicUsize,
    key_requests: AtomicUsize,
}

impl Authority {
    /// One that publishes these keys.
    pub async fn start(keys: &[&SigningKey]) -> Self {
        let listener = listen::bind(0, "the authorization server of a test", "").await.unwrap();
        let issuer = format!("http://127.0.0.1:{}/realms/test", listen::port(&listener));
        let inner = Arc::new(Inner {
            issuer: issuer.clone(),
            manner: Mutex::new(Manner::Up),
            keys: Mutex::default(),
            metadata_requests: AtomicUsize::new(0),
            key_requests: AtomicUsize::new(0),
        });
        let serving = listen::serve(listener, Router::new().fallback(answer).with_state(inner.clone()));
        let authority = Self { issuer, inner, _serving: serving };
        authority.publish(keys);
        authority
    }

    /// From now on it publishes these keys and no others.
    pub fn publish(&self, keys: &[&SigningKey]) {
        *self.inner.keys.lock().unwrap() = keys.iter().map(|key| key.jwk.clone()).collect();
    }

    /// The same with keys as they are, whatever they are.
    pub fn publish_jwks(&self, keys: &Value) {
        *self.inner.keys.lock().unwrap() = keys.as_array().unwrap().clone();
    }

    /// From now on it answers like this.
    pub fn behave(&self, manner: Manner) {
        *self.inner.manner.lock().unwrap() = manner;
    }

    /// How often its metadata was asked for.
    pub fn metadata_requests(&self) -> usize {
        self.inner.metadata_requests.load(Ordering::Relaxed)
    }

    /// How often its keys were asked for.
    pub fn key_requests(&self) -> usize {
        self.inner.key_requests.load(Ordering::Relaxed)
    }
}

async fn answer(State(inner): State<Arc<Inner>>, uri: Uri) -> Response {
    let manner = *inner.manner.lock().unwrap();
    let is_keys = uri.path() == "/realms/test/certs";
    let counter = if is_keys { &inner.key_requests } else { &inner.metadata_requests };
    counter.fetch_add(1, Ordering::Relaxed);
    match manner {
        Manner::Down => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Manner::Silent => return std::future::pending().await,
        _ => {}
    }
    match uri.path() {
        "/realms/test/certs" => inner.certs(manner),
        "/.well-known/oauth-authorization-server/realms/test" | "/realms/test/.well-known/openid-configuration" => {
            Json(inner.metadata(manner)).into_response()
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

impl Inner {
    fn metadata(&self, manner: Manner) -> Value {
        let own = &self.issuer;
        let issuer = if manner == Manner::OtherIssuer { "https://other.example/realms/test" } else { own };
        json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{own}/auth"),
            "token_endpoint": format!("{own}/token"),
            "jwks_uri": format!("{own}/certs"),
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
        })
    }

    fn certs(&self, manner: Manner) -> Response {
        let keys = self.keys.lock().unwrap().clone();
        match manner {
            Manner::NotJson => "<!doctype html><title>Sign in</title>".into_response(),
            Manner::Huge => Json(json!({"keys": keys, "padding": "x".repeat(5 * 1024 * 1024)})).into_response(),
            Manner::LinkLocal => Redirect::temporary("http://169.254.169.254/certs").into_response(),
            _ => Json(json!({"keys": keys})).into_response(),
        }
    }
}
