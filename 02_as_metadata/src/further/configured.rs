//! An authorization server that publishes no metadata, and a client whose user knows its endpoints:
//! how programs with a built-in list of sign-in services come to OAuth.
//!
//! MCP has no such client: "MCP authorization servers MUST provide at least one of the following
//! discovery mechanisms" (MCP 2026-07-28, Overview). So it is looked for all the same, and what is
//! missing is reported.

use protected_resource_discovery::client::select_authorization_server;
use protected_resource_discovery::further::select::Wanted;
use protected_resource_discovery::{DiscoveryError, discover};
use shared::http::Http;
use shared::{Failure, spec};

use crate::client::DiscoveredServer;
use crate::error::MetadataError;
use crate::find;
use crate::metadata::AuthorizationServerMetadata;
use crate::requirements::{Needs, requirements};
use crate::rules;

/// The endpoints that the user names, and the authorization server that they belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfiguredEndpoints {
    /// The issuer.
    pub issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
}

impl ConfiguredEndpoints {
    /// From an MCP server's URL to these endpoints. An MCP server without metadata of its own (RFC
    /// 9728) has nothing to say about the authorization server; one with metadata does, and the
    /// caller compares the issuers before it sends anything there.
    pub async fn discover(&self, http: &Http, server_url: &str) -> Result<DiscoveredServer, Failure> {
        let reporter = http.reporter();
        let discovery = match discover(http, server_url).await {
            Ok(discovery) => Some(discovery),
            Err(error @ (DiscoveryError::NotFound { .. } | DiscoveryError::NoSignIn { .. })) => {
                reporter.note(error.to_string());
                None
            }
            Err(error) => return Err(error.into()),
        };
        let issuer = match &discovery {
            Some(discovery) => {
                let wanted = Wanted::Preferably(self.issuer.clone());
                select_authorization_server(reporter, discovery, &wanted).await?.to_owned()
            }
            None => self.issuer.clone(),
        };
        let authorization_server = self.metadata(http, &issuer).await?;
        Ok(DiscoveredServer { discovery, authorization_server })
    }

    /// What is known of this authorization server: what it publishes, if anything, with these
    /// endpoints.
    pub async fn metadata(&self, http: &Http, issuer: &str) -> Result<AuthorizationServerMetadata, MetadataError> {
        let reporter = http.reporter();
        let published = find::find(http, issuer, Needs::AuthorizationCode).await;
        reporter.stage("take the endpoints that the user names", &spec::MCP_AS_METADATA).await;
        let known = match published {
            Ok(published) => {
                let [authorization, token] = [&published.authorization_endpoint, &published.token_endpoint]
                    .map(|endpoint| endpoint.as_deref().unwrap_or("absent"));
                reporter.note(format!(
                    "{issuer} publishes metadata, with authorization_endpoint {authorization} and token_endpoint {token}. \
                     The ones on the command line are used; leave them out to use the published ones."
                ));
                published
            }
            Err(error) => {
                reporter.note(format!(
                    "{error} The run goes on with the endpoints on the command line. The client sends PKCE (S256) and \
                     state as always; nothing says whether this authorization server checks the code verifier."
                ));
                AuthorizationServerMetadata {
                    issuer: issuer.to_owned(),
                    response_types_supported: Some(vec!["code".to_owned()]),
                    code_challenge_methods_supported: Some(vec!["S256".to_owned()]),
                    ..AuthorizationServerMetadata::default()
                }
            }
        };
        let metadata = AuthorizationServerMetadata {
            authorization_endpoint: Some(self.authorization_endpoint.clone()),
            token_endpoint: Some(self.token_endpoint.clone()),
            ..known
        };
        // A code and a secret are sent to these URLs, also where the user chose them.
        for requirement in requirements(issuer, &metadata, |url| http.accepts(url).is_ok()) {
            if requirement.rule.id == rules::ENDPOINTS_SECURE.id {
                requirement.check(reporter).map_err(MetadataError::Unfit)?;
            }
        }
        Ok(metadata)
    }
}
