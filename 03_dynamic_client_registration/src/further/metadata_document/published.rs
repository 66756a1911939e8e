//! The server of a client's document, on this machine.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::response::Json;
use axum::routing::get;
use serde_json::{Value, json};
use shared::listen::{self, Serving};
use shared::{Failure, Reporter};

use crate::client_metadata::ClientMetadata;

const PATH: &str = "/client.json";

/// A document that is being served; it is gone when this is dropped.
#[must_use = "the document is gone when this is dropped"]
pub struct Published {
    client_id: String,
    fetched: Arc<AtomicUsize>,
    pub(super) serving: Serving,
}

impl Published {
    /// Serves the document on `port`, under a URL with this host. A host that is not this machine's
    /// own name means that somebody else has to reach it, so then it is served on all addresses.
    pub async fn serve(metadata: &ClientMetadata, host: &str, port: u16, reporter: Reporter) -> Result<Self, Failure> {
        let what = "the server of the client's document";
        let listener = match host {
            "localhost" | "127.0.0.1" => listen::bind(port, what, "--document-port").await?,
            _ => listen::bind_openly(port, what, "--document-port").await?,
        };
        let client_id = format!("http://{host}:{}{PATH}", listen::port(&listener));
        let document = document(metadata, &client_id);
        let fetched = Arc::new(AtomicUsize::new(0));
        let counter = fetched.clone();
        let response = move || async move {
            counter.fetch_add(1, Ordering::Relaxed);
            reporter.note(format!("GET {PATH}: somebody fetches the client's document."));
            Json(document)
        };
        let serving = listen::serve(listener, Router::new().route(PATH, get(response)));
        Ok(Self { client_id, fetched, serving })
    }

    /// The document's URL, which is the client's name.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// How often it has been fetched.
    pub fn fetched(&self) -> usize {
        self.fetched.load(Ordering::Relaxed)
    }
}

/// The Client ID Metadata Document at `client_id`.
///
/// It has no `scope`: the draft gives the member no meaning of its own, and a scope that the
/// authorization server does not know would shut the client out.
fn document(metadata: &ClientMetadata, client_id: &str) -> Value {
    let mut document = json!({"client_id": client_id});
    if let (Value::Object(document), Value::Object(common)) = (&mut document, metadata.common()) {
        document.extend(common.into_iter().filter(|(name, _)| name != "scope"));
    }
    document
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_begins_with_its_own_url() {
        let metadata = ClientMetadata::native("http://127.0.0.1/callback", Some(vec!["a".to_owned()]));
        let document = document(&metadata, "https://app.example/client.json");
        let names: Vec<_> = document.as_object().unwrap().keys().map(String::as_str).collect();
        let expected = [
            "client_id",
            "client_name",
            "redirect_uris",
            "grant_types",
            "response_types",
            "token_endpoint_auth_method",
        ];
        assert_eq!(names, expected);
    }
}
