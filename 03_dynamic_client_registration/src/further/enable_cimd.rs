//! `-- enable-cimd`: the tutorial's Keycloak realm takes Client ID Metadata Documents from this
//! machine.

use as_metadata::requirements::Needs;
use shared::http::Http;
use shared::{Failure, Reporter, spec};

use crate::further::administration::{Administration, NEEDS_CIMD, is_tutorial};

/// Changes the realm's policies, where its Keycloak can take documents at all.
pub async fn run(http: &Http, issuer: &str) -> Result<(), Failure> {
    if !is_tutorial(issuer) {
        let message =
            format!("{issuer} is not the tutorial's own realm on this machine, so its policies are left alone.");
        let fix = "Its administrator can set the policy: keycloak/README.md says which.";
        return Err(Failure::new("enable-cimd.realm", message, fix));
    }
    let reporter = http.reporter();
    reporter.stage("let the realm take documents from this machine", &spec::MCP_CIMD_FETCH).await;
    // Keycloak says so as soon as the feature is on, whatever the policies are.
    let silent = http.clone().telling(Reporter::silent());
    let metadata = as_metadata::find(&silent, issuer, Needs::AuthorizationCode).await?;
    if metadata.client_id_metadata_document_supported != Some(true) {
        let message = format!(
            "The metadata of {issuer} does not say client_id_metadata_document_supported, so this Keycloak cannot take documents, and no policy \
             can change that."
        );
        return Err(Failure::new("enable-cimd.feature", message, NEEDS_CIMD));
    }
    let changed = Administration::sign_in(http, issuer).await?.enable_cimd().await?;
    reporter.note(if changed {
        "The realm now takes documents from localhost, 127.0.0.1 and host.docker.internal, plain http included: for development only."
    } else {
        "The realm took such documents already."
    });
    Ok(())
}
