//! Client ID Metadata Documents, as Keycloak's executor `client-id-metadata-document` takes them,
//! where an administrator has set a policy with it (`enable-cimd` of lesson 03).
//!
//! A client_id that is a URL makes this server fetch something that a stranger named. So hosts have
//! to be on the policy's list, nothing is redirected, and a document has at most 5000 bytes.

use serde_json::Value;
use shared::http::{Http, Request};
use shared::reach::{Privacy, Reach};
use shared::{Reporter, scope};

use crate::embedded::client_metadata::is_member;
use crate::embedded::clients::{self, IdpClient, host, strings};
use crate::embedded::now;
use crate::embedded::server::IdpServer;

/// Bytes of a document; Keycloak's limit.
const MAX_BYTES: usize = 5000;
/// Seconds within which a document has to come.
const FETCH_SECONDS: u64 = 5;
/// Seconds for which a document is kept at least; Keycloak's lower bound.
const KEPT_SECONDS: u64 = 300;

/// The client that this URL names: as it is kept, or as its document says now. `None` where no
/// policy lets such a client in; the error is Keycloak's sentence.
pub async fn client(
    server: &IdpServer,
    client_id: &str,
    redirect_uri: &str,
) -> Result<Option<IdpClient>, &'static str> {
    let Some((condition, executor)) = server.policies.active("client-id-uri", "client-id-metadata-document") else {
        return Ok(None);
    };
    let listed =
        |value: &Value, wanted: &str| value.as_array().is_some_and(|list| list.iter().any(|item| item == wanted));
    let scheme = client_id.split("://").next().unwrap_or_default();
    let host = host(client_id).unwrap_or_default();
    if !listed(&condition["client-id-uri-scheme"], scheme)
        || !listed(&condition["client-id-uri-allow-permitted-domains"], &host)
    {
        return Ok(None);
    }
    if !is_plain(client_id) || !listed(&executor["cimd-allow-permitted-domains"], &host) {
        return Err("Invalid Client ID");
    }
    let is_fresh = |kept: &IdpClient| kept.document_expires.is_some_and(|at| at > now());
    if let Some(kept) = server.clients.get(client_id).filter(is_fresh) {
        return Ok(Some(kept));
    }
    let document = fetch(client_id).await.ok_or("Client Metadata fetch failed")?;
    let client = of_document(server, &document, client_id);
    if !is_about(&document, client_id) || !client.may_redirect_to(redirect_uri) {
        return Err("Invalid Client Metadata");
    }
    server.clients.put_document(client.clone());
    Ok(Some(client))
}

/// Whether the URL has a path without dots, and neither a user name nor a query nor a fragment.
fn is_plain(client_id: &str) -> bool {
    let rest = client_id.split_once("://").map_or("", |(_, rest)| rest);
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let has_dots = path.split('/').any(|segment| segment == "." || segment == "..");
    !authority.contains('@') && !client_id.contains(['#', '?']) && !path.is_empty() && !has_dots
}

/// The document, where it is one.
async fn fetch(client_id: &str) -> Option<Value> {
    let reach = Reach::public_only().limit(Privacy::Loopback);
    let http = Http::new(Reporter::silent(), reach).ok()?.within(FETCH_SECONDS);
    let response = http.send(&Request::get(client_id).without_redirects()).await.ok()?;
    if response.status != 200 || response.body.len() > MAX_BYTES {
        return None;
    }
    let document: Value = serde_json::from_slice(&response.body).ok()?;
    document.as_object()?.keys().all(|name| is_member(name)).then_some(document)
}

/// Whether the document names itself, and a client that has no secret: anyone can read it.
fn is_about(document: &Value, client_id: &str) -> bool {
    let has = |name: &str| document.get(name).is_some_and(|value| !value.is_null());
    let method = document["token_endpoint_auth_method"].as_str().unwrap_or("none");
    document["client_id"] == client_id
        && !has("client_secret")
        && !has("client_secret_expires_at")
        && !method.starts_with("client_secret")
}

fn of_document(server: &IdpServer, document: &Value, client_id: &str) -> IdpClient {
    let text = |name: &str| document[name].as_str().map(str::to_owned);
    let of_realm = || server.realm.optional_scopes().map(str::to_owned).collect();
    IdpClient {
        client_id: client_id.to_owned(),
        auth_method: text("token_endpoint_auth_method").unwrap_or_else(|| "none".to_owned()),
        name: text("client_name"),
        jwks_uri: text("jwks_uri"),
        jwks: document.get("jwks").cloned(),
        redirect_uris: strings(&document["redirect_uris"]),
        grant_types: vec!["authorization_code".to_owned(), "refresh_token".to_owned()],
        optional_scopes: text("scope").map_or_else(of_realm, |scope| scope::split(&scope).map(str::to_owned).collect()),
        standard_flow: true,
        default_scopes: clients::default_scopes(),
        consent_required: true,
        document_expires: Some(now() + KEPT_SECONDS),
        ..IdpClient::default()
    }
}
