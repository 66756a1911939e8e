//! OAuth Client ID Metadata Documents: the client's name is the URL of a document about it, and the
//! authorization server fetches that.
//! <https://datatracker.ietf.org/doc/html/draft-ietf-oauth-client-id-metadata-document-00>
//!
//! A real client has its document on the web, at an https URL that is the same for all its users,
//! and nothing is registered anywhere. Here it is served from this machine over plain http, which
//! is for development only.

mod document;
mod presenting;
mod published;

use shared::http::{Http, Request};
use shared::{Failure, Reporter, spec};

use self::document::{check_document, check_url};
use self::presenting::{NO_POLICY, Presenting, RefusedDocument, present};
pub use self::published::Published;
use crate::client::{Client, Registering};
use crate::client_information::ClientInformation;
use crate::error::RegistrationError;
use crate::further::administration::{Administration, NEEDS_CIMD};

/// Under this name a container reaches the machine that it runs on.
const HOST_OF_A_CONTAINER: &str = "host.docker.internal";

/// Names the client by the URL of a document: one on the web (`--client-id`), or one that this
/// machine serves.
pub(crate) async fn use_document(registering: &Registering<'_>) -> Result<Client, Failure> {
    let Registering { http, plan, authorization_server, server_url, metadata, .. } = registering;
    // "MCP clients SHOULD check for this capability" (MCP 2026-07-28); one that is not
    // announced may be there all the same.
    if authorization_server.client_id_metadata_document_supported != Some(true) {
        let keycloak = if authorization_server.issuer.contains("/realms/") { NEEDS_CIMD } else { "" };
        http.reporter().note(format!(
            "The IdP's metadata does not say client_id_metadata_document_supported, so it will most likely refuse the document. It is asked all the \
             same. {keycloak}"
        ));
    }
    // Nobody else can have set the policy of an IdP inside this process.
    if !plan.idp_stays {
        let title = "let the IdP inside this process take documents, as -- enable-cimd does";
        http.reporter().stage(title, &spec::MCP_CIMD_FETCH).await;
        Administration::sign_in(http, &authorization_server.issuer).await?.enable_cimd().await?;
    }
    let presenting = Presenting { authorization_server, mcp_server: server_url, metadata };
    match &plan.hosted_document {
        Some(client_id) if plan.proves => Ok((present_hosted(http, &presenting, client_id).await?, None)),
        Some(client_id) => Ok((known(http.reporter(), client_id)?, None)),
        None => {
            let (host, port) = (plan.options.document_host.as_deref(), plan.options.document_port);
            let (client, published) = publish_and_present(http, &presenting, host, port).await?;
            Ok((client, Some(published)))
        }
    }
}

/// Serves the document and shows its URL to the authorization server: under the host that was asked
/// for, else under this machine's own name and then under the one that containers know it by.
async fn publish_and_present(
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
            fetch_and_check(http, published.client_id()).await?;
        }
        let before = published.fetched();
        match present(http, presenting, published.client_id(), || published.fetched() > before).await {
            Ok(()) => {
                let fetches = published.fetched() - before;
                if fetches > 0 {
                    reporter.note(format!("The IdP fetched the document ({fetches}×)."));
                }
                return Ok((ClientInformation::known(published.client_id(), None), published));
            }
            // An IdP in a container has a localhost of its own, where no document is.
            Err(RefusedDocument { got, .. })
                if n < last && published.fetched() == before && !got.contains(NO_POLICY) =>
            {
                published.serving.stop().await;
                reporter.note(format!(
                    "The IdP did not come for the document ({got}). One in a container does not reach this machine as localhost, but as {HOST_OF_A_CONTAINER}."
                ));
            }
            Err(refused) => return Err(refused.report(http.reporter()).into()),
        }
    }
    Err(Failure::new("cimd.host", "There is no host to publish the document under.", ""))
}

/// Uses a document that is on the web already: `--client-id URL`.
async fn present_hosted(
    http: &Http,
    presenting: &Presenting<'_>,
    client_id: &str,
) -> Result<ClientInformation, Failure> {
    let reporter = http.reporter();
    reporter.stage("fetch the document about the client", &spec::CIMD_4_1).await;
    fetch_and_check(http, client_id).await?;
    // On the web, nobody here sees who fetches it.
    present(http, presenting, client_id, || false).await.map_err(|refused| refused.report(reporter))?;
    Ok(ClientInformation::known(client_id, None))
}

/// The client of a document that is published and known to be good: nothing is asked, but a URL
/// that cannot name a client is still refused.
pub fn known(reporter: &Reporter, client_id: &str) -> Result<ClientInformation, RegistrationError> {
    check_url(reporter, client_id)?;
    Ok(ClientInformation::known(client_id, None))
}

async fn fetch_and_check(http: &Http, client_id: &str) -> Result<(), RegistrationError> {
    let response = http.send(&Request::get(client_id).without_redirects()).await;
    check_document(http.reporter(), client_id, &response.map_err(RegistrationError::Unavailable)?)
}
