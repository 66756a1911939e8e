//! `--authorization-endpoint` and `--token-endpoint`: an authorization server that publishes no
//! metadata, for a client that somebody registered there by hand.

use as_metadata::client::DiscoveredServer;
use as_metadata::further::configured::ConfiguredEndpoints;
use as_metadata::requirements::Needs;
use as_metadata::{AuthorizationServerMetadata, find};
use clap::Args;
use shared::Failure;
use shared::http::{Http, Response};
use url::Url;

use crate::further::options::Plan;

/// Options about the endpoints of an authorization server without metadata.
#[derive(Args, Clone, Debug, Default)]
pub struct EndpointOptions {
    /// Where users sign in at an IdP that publishes no metadata; goes with --token-endpoint,
    /// --client-id and --client-issuer
    #[arg(long, value_name = "URL", value_parser = endpoint, global = true,
        requires_all = ["token_endpoint", "client_id", "client_issuer"])]
    pub authorization_endpoint: Option<String>,
    /// Where codes become tokens at an IdP that publishes no metadata
    #[arg(long, value_name = "URL", value_parser = endpoint, requires = "authorization_endpoint", global = true)]
    pub token_endpoint: Option<String>,
}

impl EndpointOptions {
    fn of(&self, issuer: &str) -> Option<ConfiguredEndpoints> {
        Some(ConfiguredEndpoints {
            issuer: issuer.to_owned(),
            authorization_endpoint: self.authorization_endpoint.clone()?,
            token_endpoint: self.token_endpoint.clone()?,
        })
    }
}

/// An endpoint has no fragment (RFC 6749 §3.1). Whether this run may go there is checked where the
/// URL is used.
fn endpoint(text: &str) -> Result<String, String> {
    let is_web_page = |url: &Url| matches!(url.scheme(), "http" | "https") && url.has_host();
    match Url::parse(text) {
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            // What was typed holds a password, so it is not repeated.
            Err("an endpoint has no user name and no password: put the client's secret into CLIENT_SECRET".to_owned())
        }
        Ok(url) if is_web_page(&url) && url.fragment().is_none() => Ok(text.to_owned()),
        _ => Err("an http or https URL without a fragment, for example https://idp.example/oauth/authorize".to_owned()),
    }
}

impl Plan {
    /// Lessons 01 and 02: from an MCP server's URL, and its 401 if there was one, to the metadata
    /// of its authorization server.
    pub async fn discover(
        &self,
        http: &Http,
        server_url: &str,
        refusal: Option<&Response>,
    ) -> Result<DiscoveredServer, Failure> {
        match self.endpoints() {
            Some(configured) => configured.discover(http, server_url).await,
            None => {
                as_metadata::client::run_after(http, server_url, refusal, &self.wanted, Needs::AuthorizationCode).await
            }
        }
    }

    /// Lesson 02 alone: the metadata of this authorization server.
    pub async fn find_metadata(&self, http: &Http, issuer: &str) -> Result<AuthorizationServerMetadata, Failure> {
        match self.endpoints().filter(|configured| configured.issuer == issuer) {
            Some(configured) => Ok(configured.metadata(http, issuer).await?),
            None => Ok(find::find(http, issuer, Needs::AuthorizationCode).await?),
        }
    }

    fn endpoints(&self) -> Option<ConfiguredEndpoints> {
        self.options.endpoints.of(self.issuer.as_deref()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_a_web_page() {
        for (text, is_one) in [
            ("https://github.com/login/oauth/authorize", true),
            ("https://idp.example/auth?tenant=1", true),
            ("http://127.0.0.1:9/authorize", true),
            ("HTTPS://IDP.example/auth", true),
            ("https://idp.example/auth#top", false),
            ("idp.example/auth", false),
            ("/auth", false),
            ("", false),
            ("javascript:alert(1)", false),
            ("mailto:me@idp.example", false),
            ("https://", false),
        ] {
            assert_eq!(endpoint(text).is_ok(), is_one, "{text}");
        }
        let refused = endpoint("https://me:pa55word@idp.example/token").unwrap_err();
        assert!(refused.contains("CLIENT_SECRET") && !refused.contains("pa55word"), "{refused}");
    }
}
