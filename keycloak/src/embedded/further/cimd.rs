//! Client ID Metadata Documents, as Keycloak's executor `client-id-metadata-document` takes them,
//! where an administrator has set a policy with it (`enable-cimd` of lesson 03).
//!
//! A client_id that is a URL makes this server fetch something that a stranger named. So hosts have
//! to be on the policy's list, nothing is redirected, and a document has at most 5000 bytes.

use serde_json::Value;
use shared::http::{Http, Request};
use shared::reach::{Privacy, Reach};
use shared::{Reporter, scope};

use crate::embedded::client_metadata::MEMBERS;
use crate::embedded::clients::{self, IdpClient, host, strings};
use crate::embedded::now;
use crate::embedded::refusal::first_fault;
use crate::embedded::server::IdpServer;

/// Bytes of a document; Keycloak's limit.
const MAX_BYTES: usize = 5000;
/// Seconds within which a document has to come.
const FETCH_SECONDS: u64 = 5;
/// Seconds for which a document is kept at least; Keycloak's lower bound.
const KEPT_SECONDS: u64 = 300;

/// The client that this URL names: as it is kept, or as its document says now. `None` where no
/// policy lets such a client in; the error is Keycloak's sentence.
pub async fn client(server: &IdpServer, client_id: &str, redirect_uri: &str) -> Result<Option<IdpClient>, String> {
    let Some((condition, executor)) = server.policies.active("client-id-uri", "client-id-metadata-document") else {
        return Ok(None);
    };
    let listed =
        |value: &Value, wanted: &str| value.as_array().is_some_and(|list| list.iter().any(|item| item == wanted));
    let scheme = client_id.split("://").next().unwrap_or_default();
    let host_of_id = host(client_id).unwrap_or_default();
    if !listed(&condition["client-id-uri-scheme"], scheme)
        || !listed(&condition["client-id-uri-allow-permitted-domains"], &host_of_id)
    {
        return Ok(None);
    }
    check_url(client_id).map_err(str::to_owned)?;
    if let Some(kept) = server.clients.get(client_id).filter(|kept| kept.document_expires.is_some_and(|at| at > now()))
    {
        return Ok(Some(kept));
    }
    let permitted = |host: &str| listed(&executor["cimd-allow-permitted-domains"], host);
    if !permitted(&host_of_id) {
        return Err("Invalid Client ID: domain not allowed.".to_owned());
    }
    let document = fetch(client_id).await.ok_or("Client Metadata fetch failed")?;
    check_document(&document, client_id, redirect_uri).map_err(str::to_owned)?;
    if let Some(uri) = document["client_uri"].as_str()
        && !host(uri).is_some_and(|host| permitted(&host))
    {
        return Err("Invalid Client ID: domain not allowed.".to_owned());
    }
    let client = of_document(server, &document, client_id);
    server.clients.put(client.clone());
    Ok(Some(client))
}

/// What Keycloak wants of the URL itself.
fn check_url(client_id: &str) -> Result<(), &'static str> {
    let rest = client_id.split_once("://").map_or("", |(_, rest)| rest);
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    first_fault(&[
        (authority.contains('@'), "Invalid Client ID: userinfo included."),
        (client_id.contains('#'), "Invalid Client ID: fragment included."),
        (client_id.contains('?'), "Invalid Client ID: query included."),
        (path.is_empty(), "Invalid Client ID: empty path."),
        (
            path.split('/').any(|segment| segment == "." || segment == ".."),
            "Invalid Client ID: path traverse segment included.",
        ),
    ])
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
    document.as_object()?.keys().all(|name| MEMBERS.contains(&name.as_str())).then_some(document)
}

fn check_document(document: &Value, client_id: &str, redirect_uri: &str) -> Result<(), &'static str> {
    let has = |name: &str| document.get(name).is_some_and(|value| !value.is_null());
    let method = document["token_endpoint_auth_method"].as_str().unwrap_or("none");
    let candidate = IdpClient { redirect_uris: strings(&document["redirect_uris"]), ..IdpClient::default() };
    first_fault(&[
        (!has("client_id"), "Invalid Client Metadata: no client_id."),
        (
            document["client_id"] != client_id,
            "Invalid Client Metadata: client_id property does not exactly match client_id parameter.",
        ),
        (
            has("client_secret") || has("client_secret_expires_at"),
            "Invalid Client Metadata: client_secret or client_secret_expires_at property in client metadata is must not included.",
        ),
        (
            method.starts_with("client_secret"),
            "Invalid Client Metadata: token_endpoint_auth_method property in client metadata is not-allowed authentication method..",
        ),
        (
            !candidate.may_redirect_to(redirect_uri),
            "Invalid Client Metadata: redirect_uri parameter does not exactly match the one of redirect_uris property in client metadata.",
        ),
    ])
}

fn of_document(server: &IdpServer, document: &Value, client_id: &str) -> IdpClient {
    let text = |name: &str| document[name].as_str().map(str::to_owned);
    let of_realm = || server.realm.optional_scopes().map(str::to_owned).collect();
    IdpClient {
        client_id: client_id.to_owned(),
        auth_method: text("token_endpoint_auth_method").unwrap_or_else(|| "none".to_owned()),
        name: text("client_name"),
        client_uri: text("client_uri"),
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
