//! OAuth Client ID Metadata Documents: the client's name is the URL of a document about it, and the
//! authorization server fetches that.
//! <https://datatracker.ietf.org/doc/html/draft-ietf-oauth-client-id-metadata-document-00>
//!
//! A real client has its document on the web, at an https URL that is the same for all its users,
//! and nothing is registered anywhere. Here it is served from this machine over plain http, which
//! is for development only.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use as_metadata::AuthorizationServerMetadata;
use axum::Router;
use axum::response::Json;
use axum::routing::get;
use serde_json::Value;
use shared::http::{Http, Request, Response};
use shared::listen::{self, Serving};
use shared::members::Members;
use shared::{Failure, Reporter, Side, page, spec};
use url::form_urlencoded;

use crate::client_information::ClientInformation;
use crate::client_metadata::ClientMetadata;
use crate::error::RegistrationError;
use crate::rules;

/// The document's path.
const PATH: &str = "/client.json";
/// Under this name a container reaches the machine that it runs on.
const HOST_OF_A_CONTAINER: &str = "host.docker.internal";
/// The example of RFC 7636 Appendix B: nobody will redeem a code for it.
const CODE_CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A document that is being served; it is gone when this is dropped.
#[must_use = "the document is gone when this is dropped"]
pub struct Published {
    client_id: String,
    fetched: Arc<AtomicUsize>,
    serving: Serving,
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
        let document = metadata.to_document(&client_id);
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

    fn fetched(&self) -> usize {
        self.fetched.load(Ordering::Relaxed)
    }
}

/// What it takes to show a document to an authorization server.
pub struct Presenting<'a> {
    /// The authorization server.
    pub authorization_server: &'a AuthorizationServerMetadata,
    /// The MCP server, for the parameter `resource`.
    pub mcp_server: &'a str,
    /// The client.
    pub metadata: &'a ClientMetadata,
}

/// Serves the document and shows its URL to the authorization server: under the host that was asked
/// for, else under this machine's own name and then under the one that containers know it by.
pub async fn publish_and_present(
    http: &Http,
    presenting: &Presenting<'_>,
    host: Option<&str>,
    port: u16,
) -> Result<(ClientInformation, Published), Failure> {
    let hosts = host.map_or_else(|| vec!["localhost", HOST_OF_A_CONTAINER], |host| vec![host]);
    let last = hosts.len() - 1;
    let reporter = http.reporter();
    for (n, host) in hosts.into_iter().enumerate() {
        reporter.stage("publish a document about the client", &spec::CIMD_4_1).await;
        let published = Published::serve(presenting.metadata, host, port, reporter.clone()).await?;
        reporter
            .note("For development only: the document's URL MUST be https. This one is plain http on this machine.");
        if host == HOST_OF_A_CONTAINER {
            reporter.note("For as long as this runs, the document is served on all addresses of this machine: a container has to reach it.");
        }
        if host == "localhost" {
            let document = fetch(http, published.client_id()).await?;
            check_document(reporter, published.client_id(), &document)?;
        }
        let before = published.fetched();
        match present(http, presenting, published.client_id()).await {
            Ok(()) => {
                let fetches = published.fetched() - before;
                reporter.note(match fetches {
                    0 => "The IdP did not fetch the document now: it still knows it from an earlier run.".to_owned(),
                    n => format!("The IdP fetched the document ({n}×)."),
                });
                return Ok((ClientInformation::known(published.client_id(), None), published));
            }
            // An IdP in a container has a localhost of its own, where no document is.
            Err(Refused { got, .. }) if n < last && published.fetched() == before && !got.contains(NO_POLICY) => {
                published.serving.stop().await;
                reporter.note(format!(
                    "The IdP did not come for the document ({got}). One in a container does not reach this machine as localhost, but as {HOST_OF_A_CONTAINER}."
                ));
            }
            Err(refused) => return Err(refused.told(http.reporter()).into()),
        }
    }
    Err(Failure::new("cimd.host", "There is no host to publish the document under.", ""))
}

/// Uses a document that is on the web already: `--client-id URL`.
pub async fn present_hosted(
    http: &Http,
    presenting: &Presenting<'_>,
    client_id: &str,
) -> Result<ClientInformation, Failure> {
    let reporter = http.reporter();
    reporter.stage("fetch the document about the client", &spec::CIMD_4_1).await;
    let document = fetch(http, client_id).await?;
    check_document(reporter, client_id, &document)?;
    present(http, presenting, client_id).await.map_err(|refused| refused.told(reporter))?;
    Ok(ClientInformation::known(client_id, None))
}

/// The client of a document that is published and known to be good: nothing is asked, but a URL
/// that cannot name a client is still refused.
pub fn known(reporter: &Reporter, client_id: &str) -> Result<ClientInformation, RegistrationError> {
    check_url(reporter, client_id)?;
    Ok(ClientInformation::known(client_id, None))
}

async fn fetch(http: &Http, client_id: &str) -> Result<Vec<u8>, RegistrationError> {
    let response = http.send(&Request::get(client_id).without_redirects()).await;
    Ok(response.map_err(RegistrationError::Unavailable)?.body)
}

fn check_url(reporter: &Reporter, client_id: &str) -> Result<(), RegistrationError> {
    // "Client identifier URLs MUST have an "https" scheme, MUST contain a path component, MUST NOT
    // contain single-dot or double-dot path segments, MUST NOT contain a fragment component and
    // MUST NOT contain a username or password" (CIMD draft-00 §3)
    let fault = url_fault(client_id);
    let fix = "publish the document at an https URL with a path.";
    let expected = "the client_id is an https URL with a path (http on this machine for development only)";
    if reporter.check_or(&rules::DOCUMENT_URL, fault.is_none(), expected, fault.unwrap_or(client_id), fix) {
        return Ok(());
    }
    Err(RegistrationError::MetadataDocument {
        rule: &rules::DOCUMENT_URL,
        reason: format!("{client_id} cannot name a client: {}.", fault.unwrap_or_default()),
        fix: "Mend the document, or its URL.".to_owned(),
    })
}

/// What a document has to be, checked before the authorization server sees it.
pub fn check_document(reporter: &Reporter, client_id: &str, document: &[u8]) -> Result<(), RegistrationError> {
    check_url(reporter, client_id)?;
    let failed = |rule, reason: String| {
        Err(RegistrationError::MetadataDocument { rule, reason, fix: "Mend the document, or its URL.".to_owned() })
    };
    // "The metadata document MUST include at least the following properties: client_id,
    // client_name, redirect_uris" (MCP 2026-07-28)
    let members = Members::from_json(document);
    let read = members.and_then(|members| {
        let name = members.required_string("client_id")?;
        members.required_string("client_name")?;
        let uris = members.strings("redirect_uris")?.unwrap_or_default();
        Ok((name, uris, members))
    });
    let expected = "the document has client_id, client_name and redirect_uris";
    let (name, uris, members) = match read {
        Ok((name, uris, members)) if !uris.is_empty() => (name, uris, members),
        other => {
            let got = other.map_or_else(|error| error.to_string(), |_| "no redirect_uris".to_owned());
            reporter.check_or(&rules::DOCUMENT_MEMBERS, false, expected, &got, "add what is missing.");
            return failed(&rules::DOCUMENT_MEMBERS, format!("The document at {client_id} cannot be used: {got}."));
        }
    };
    reporter.check(&rules::DOCUMENT_MEMBERS, true, expected, uris.join(" "));

    // "The client metadata document MUST contain a client_id property whose value MUST match the
    // URL of the document using simple string comparison" (CIMD draft-00 §4.1)
    let expected = format!("client_id in the document is the document's own URL: {client_id}");
    if !reporter.check(&rules::DOCUMENT_CLIENT_ID, name == client_id, expected, &name) {
        return failed(&rules::DOCUMENT_CLIENT_ID, format!("The document at {client_id} names itself {name}."));
    }

    // "the token_endpoint_auth_method property MUST NOT include … any other method based around a
    // shared symmetric secret" (CIMD draft-00 §4.1)
    let members = members.into_inner();
    let method = members.get("token_endpoint_auth_method").and_then(Value::as_str).unwrap_or("none");
    let has_secret = method.starts_with("client_secret") || members.contains_key("client_secret");
    if !reporter.check(&rules::DOCUMENT_NO_SECRET, !has_secret, "a document that everyone reads has no secret", method)
    {
        return failed(&rules::DOCUMENT_NO_SECRET, format!("The document at {client_id} relies on a shared secret."));
    }
    Ok(())
}

/// What is wrong with a client identifier URL.
fn url_fault(client_id: &str) -> Option<&'static str> {
    let rest = client_id.strip_prefix("https://").or_else(|| {
        let rest = client_id.strip_prefix("http://")?;
        let host = rest.split(['/', ':']).next().unwrap_or_default();
        ["localhost", "127.0.0.1", HOST_OF_A_CONTAINER].contains(&host).then_some(rest)
    });
    let Some(rest) = rest else { return Some("it is not https") };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    match () {
        () if client_id.contains('#') => Some("it has a fragment"),
        () if authority.contains('@') => Some("it has a user name"),
        () if path.is_empty() => Some("it has no path"),
        () if path.split(['/', '?']).any(|segment| segment == "." || segment == "..") => Some("it has dot segments"),
        () => None,
    }
}

/// Keycloak's words where no policy lets documents in.
const NO_POLICY: &str = "Client not found";

/// An authorization server that will not have the document.
struct Refused {
    client_id: String,
    got: String,
}

impl Refused {
    /// Makes the failed check, which is the authorization server's, not the client's.
    fn told(self, reporter: &Reporter) -> RegistrationError {
        let fix = if self.got.contains(NO_POLICY) {
            "Keycloak takes documents only where a client policy says so: -- enable-cimd (of lesson 03) sets one in the tutorial's realm. For another \
             one, see keycloak/README.md."
        } else if self.got.contains("fetch failed") {
            "The IdP has to reach the document: name a host that it knows this machine by with --document-host, or publish the document \
             on the web and give its URL with --client-id."
        } else {
            "Compare the document with what the IdP says, and look into the IdP's log."
        };
        reporter.on(Side::Idp).check_or(&rules::IDP_TAKES_DOCUMENT, false, TAKES_DOCUMENT, &self.got, fix);
        RegistrationError::MetadataDocument {
            rule: &rules::IDP_TAKES_DOCUMENT,
            reason: format!(
                "The authorization server does not take the document {} (it answered {}).",
                self.client_id, self.got
            ),
            fix: fix.to_owned(),
        }
    }
}

const TAKES_DOCUMENT: &str = "the IdP takes the document and goes on to the sign-in";

/// The first half of lesson 04's authorization request: the authorization server looks at the
/// client before anyone signs in.
async fn present(http: &Http, presenting: &Presenting<'_>, client_id: &str) -> Result<(), Refused> {
    let reporter = http.reporter();
    reporter.stage("show the document's URL to the authorization server", &spec::MCP_CIMD_FETCH).await;
    let refused = |got: String| Refused { client_id: client_id.to_owned(), got };
    let Some(endpoint) = &presenting.authorization_server.authorization_endpoint else {
        return Err(refused("no authorization endpoint".to_owned()));
    };
    let redirect_uri = presenting.metadata.redirect_uris.first().map_or("", String::as_str);
    let query = authorization_query(presenting, client_id, redirect_uri);
    let mark = if endpoint.contains('?') { '&' } else { '?' };
    let request = Request::get(&format!("{endpoint}{mark}{query}")).header("accept", "text/html");
    let response = http.send(&request.without_redirects()).await.map_err(|error| refused(error.to_string()))?;
    match verdict(&response, redirect_uri) {
        Ok(got) => {
            reporter.on(Side::Idp).check(&rules::IDP_TAKES_DOCUMENT, true, TAKES_DOCUMENT, got);
            Ok(())
        }
        Err(got) => Err(refused(got)),
    }
}

fn authorization_query(presenting: &Presenting<'_>, client_id: &str, redirect_uri: &str) -> String {
    let scope = presenting.metadata.scope().unwrap_or_default();
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs([
        ("response_type", "code"),
        ("client_id", client_id),
        ("redirect_uri", redirect_uri),
        ("code_challenge", CODE_CHALLENGE),
        ("code_challenge_method", "S256"),
        ("state", "lesson-03"),
        ("resource", presenting.mcp_server),
    ]);
    if !scope.is_empty() {
        query.append_pair("scope", &scope);
    }
    query.finish()
}

/// A page to sign in at, or the way to one, is a yes; an error page, or an error brought to the
/// redirect URI, is a no.
fn verdict(response: &Response, redirect_uri: &str) -> Result<String, String> {
    let location = response.header_values("location").into_iter().next().unwrap_or_default();
    let message = page::message(&String::from_utf8_lossy(&response.body));
    let said = message.map(|message| format!(" “{message}”")).unwrap_or_default();
    match response.status {
        200 => Ok(format!("HTTP 200{said}")),
        300..=399 if location.starts_with(redirect_uri) => {
            let query = location.split_once('?').map_or("", |(_, query)| query);
            let parameter = |name: &str| {
                form_urlencoded::parse(query.as_bytes())
                    .find(|(known, _)| known == name)
                    .map(|(_, value)| value.into_owned())
            };
            let error = parameter("error").unwrap_or_else(|| "no error".to_owned());
            let description = parameter("error_description").map(|text| format!(": {text}")).unwrap_or_default();
            Err(format!("{error}{description}"))
        }
        300..=399 => Ok(format!("HTTP {}, on to {}", response.status, location.split('?').next().unwrap_or_default())),
        status => Err(format!("HTTP {status}{said}")),
    }
}

#[cfg(test)]
mod tests {
    use shared::testing::Captured;

    use super::*;

    #[test]
    fn a_client_identifier_url_is_https_with_a_path() {
        for url in ["https://app.example/client.json", "https://app.example/", "http://localhost:8889/client.json"] {
            assert_eq!(url_fault(url), None, "{url}");
        }
        for (url, fault) in [
            ("https://app.example", "it has no path"),
            ("http://app.example/client.json", "it is not https"),
            ("http://localhost.evil.example/c", "it is not https"),
            ("https://app.example/c#x", "it has a fragment"),
            ("https://user:pw@app.example/c", "it has a user name"),
            ("https://app.example/a/../c", "it has dot segments"),
            ("https://app.example/./c", "it has dot segments"),
            ("javascript:alert(1)", "it is not https"),
            ("", "it is not https"),
        ] {
            assert_eq!(url_fault(url), Some(fault), "{url}");
        }
    }

    #[test]
    fn each_rule_of_a_document_has_its_broken_twin() {
        let url = "https://app.example/client.json";
        let good = r#"{"client_id":"https://app.example/client.json","client_name":"x","redirect_uris":["http://127.0.0.1/c"]}"#;
        let captured = Captured::json();
        assert!(check_document(&captured.reporter(), url, good.as_bytes()).is_ok());
        for (document, id) in [
            (good.replace("client.json", "other.json"), "cimd.client-id"),
            (good.replace("\"client_name\":\"x\",", ""), "cimd.members"),
            (good.replace("[\"http://127.0.0.1/c\"]", "[]"), "cimd.members"),
            (good.replace("[\"http://127.0.0.1/c\"]", "\"x\""), "cimd.members"),
            ("<html>".to_owned(), "cimd.members"),
            (good.replace("\"x\",", "\"x\",\"client_secret\":\"s\","), "cimd.no-secret"),
            (good.replace("\"x\",", "\"x\",\"token_endpoint_auth_method\":\"client_secret_jwt\","), "cimd.no-secret"),
        ] {
            let error = check_document(&captured.reporter(), url, document.as_bytes()).unwrap_err();
            assert_eq!(error.id(), id, "{document}");
        }
        assert_eq!(check_document(&captured.reporter(), "ftp://x/y", good.as_bytes()).unwrap_err().id(), "cimd.url");
    }

    #[test]
    fn an_idps_answer_is_a_yes_or_a_no() {
        let response = |status, location: &str, body: &str| {
            let mut headers = axum::http::HeaderMap::new();
            if !location.is_empty() {
                headers.insert("location", location.parse().unwrap());
            }
            Response { url: String::new(), status, headers, body: body.as_bytes().to_vec() }
        };
        let redirect_uri = "http://127.0.0.1:8888/callback";
        assert_eq!(
            verdict(&response(200, "", "<title>Sign in</title>"), redirect_uri),
            Ok("HTTP 200 “Sign in”".to_owned())
        );
        assert_eq!(
            verdict(&response(302, "https://idp.example/login?x=y", ""), redirect_uri),
            Ok("HTTP 302, on to https://idp.example/login".to_owned())
        );
        let error = format!("{redirect_uri}?error=invalid_scope&error_description=Invalid+scopes%3A+x");
        assert_eq!(
            verdict(&response(302, &error, ""), redirect_uri),
            Err("invalid_scope: Invalid scopes: x".to_owned())
        );
        assert_eq!(verdict(&response(400, "", "<h1>No</h1>"), redirect_uri), Err("HTTP 400 “No”".to_owned()));
    }
}
