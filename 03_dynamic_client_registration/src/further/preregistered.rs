//! A client that somebody registered by hand, given by configuration: `--client-id`,
//! `--client-issuer`, and the environment variable `CLIENT_SECRET`.
//!
//! A client identifier without the authorization server that it belongs to is a trap: whoever
//! controls an MCP server names the authorization server, and would be sent the secret.

use as_metadata::AuthorizationServerMetadata;
use shared::{Failure, Reporter, Secret, spec};
use url::Url;

use crate::client::{Client, Registering};
use crate::client_information::ClientInformation;
use crate::error::RegistrationError;
use crate::further::administration;
use crate::get_or_register::check_issuer;

/// The client that the tutorial's realm has from the start.
const DEMO_CLIENT: &str = "mcp-demo-client";

/// Takes the client of the configuration, or the realm's own where it is the tutorial's. `None`
/// where there is neither.
pub(crate) async fn use_client(registering: &Registering<'_>) -> Result<Option<Client>, Failure> {
    let reporter = registering.http.reporter();
    reporter.stage("use a client that was registered by hand", &spec::MCP_PREREGISTRATION).await;
    let issuer = &registering.authorization_server.issuer;
    let client = match &registering.plan.static_client {
        Some(client) => client.clone(),
        None if administration::is_tutorial(issuer) => {
            StaticClient { client_id: DEMO_CLIENT.to_owned(), client_secret: None, issuer: Some(issuer.clone()) }
        }
        None => {
            reporter.note("No --client-id was given, so this way is left out.");
            return Ok(None);
        }
    };
    reporter.note(format!("Client: {} (nothing is sent to register it).", client.client_id));
    let information = client.information(reporter, registering.authorization_server)?;
    let fix = "check --client-id and CLIENT_SECRET: the IdP has no such client, or another secret, or another way to authenticate for it.";
    registering.check_known(&information, fix).await?;
    Ok(Some((information, None)))
}

/// The client as it was configured.
#[derive(Clone, Debug)]
pub struct StaticClient {
    /// `--client-id`.
    pub client_id: String,
    /// `CLIENT_SECRET`.
    pub client_secret: Option<Secret>,
    /// `--client-issuer`, or the IdP that this run was told to use.
    pub issuer: Option<String>,
}

impl StaticClient {
    /// Checks that what was configured makes sense: a secret needs a client, and an authorization
    /// server that it belongs to.
    pub fn from_configuration(
        client_id: Option<&str>,
        client_secret: Option<Secret>,
        issuer: Option<&str>,
    ) -> Result<Option<Self>, Failure> {
        match (client_id, &client_secret, issuer) {
            (None, Some(_), _) => Err(Failure::new(
                "configuration.client-id",
                "CLIENT_SECRET is set, but no --client-id says whose secret it is.",
                "Give both, or neither: without them the client registers itself.",
            )),
            (Some(""), _, _) => {
                Err(Failure::new("configuration.client-id", "--client-id is empty.", "Give the client's identifier."))
            }
            (Some(_), Some(_), None) => Err(Failure::new(
                "configuration.client-issuer",
                "CLIENT_SECRET is set, and nothing says which authorization server may see it.",
                "Name it: --client-issuer <issuer URL>. The MCP server must not be the one who decides that.",
            )),
            (_, _, Some(issuer)) if !matches!(Url::parse(issuer).map(|url| url.has_host()), Ok(true)) => {
                Err(Failure::new(
                    "configuration.client-issuer",
                    format!("--client-issuer is {issuer:?}, which is no URL."),
                    "Give the issuer as the authorization server's metadata spells it: https://idp.example/realms/staff.",
                ))
            }
            (None, None, _) => Ok(None),
            (Some(id), _, _) => {
                Ok(Some(Self { client_id: id.to_owned(), client_secret, issuer: issuer.map(str::to_owned) }))
            }
        }
    }

    /// The client, if it belongs to the authorization server that was discovered.
    ///
    /// "If the authorization server indicated by protected resource metadata no longer matches the
    /// one the credentials were registered with, clients SHOULD surface an error rather than
    /// silently attempting to use mismatched credentials." (MCP 2026-07-28)
    pub fn information(
        &self,
        reporter: &Reporter,
        authorization_server: &AuthorizationServerMetadata,
    ) -> Result<ClientInformation, RegistrationError> {
        let discovered = &authorization_server.issuer;
        match &self.issuer {
            None => reporter.note(format!(
                "Nothing says which authorization server knows {}, so the one that was discovered is asked (--client-issuer would say it).",
                self.client_id
            )),
            Some(registered) => {
                let reporter = reporter.with_fix("register a client there, and name it with --client-id and --client-issuer.");
                check_issuer(reporter, registered, discovered).map_err(|_| RegistrationError::OtherIssuer {
                    registered: registered.clone(),
                    discovered: discovered.clone(),
                })?;
            }
        }
        let client = ClientInformation::known(&self.client_id, self.client_secret.clone());
        Ok(client.choosing_method(authorization_server))
    }
}

#[cfg(test)]
mod tests {
    use shared::testing::Captured;

    use super::*;

    fn configured(id: Option<&str>, secret: Option<&str>, issuer: Option<&str>) -> Result<bool, String> {
        StaticClient::from_configuration(id, secret.map(Secret::new), issuer)
            .map(|client| client.is_some())
            .map_err(|failure| failure.id)
    }

    #[test]
    fn half_a_configuration_gets_a_sentence() {
        let secret = Some("s");
        assert_eq!(configured(None, None, None), Ok(false));
        assert_eq!(configured(Some("id"), None, None), Ok(true));
        assert_eq!(configured(Some("id"), secret, Some("https://idp.example")), Ok(true));
        assert_eq!(configured(None, secret, None), Err("configuration.client-id".to_owned()));
        assert_eq!(configured(None, None, Some("https://idp.example")), Ok(false), "other credentials are bound, too");
        assert_eq!(configured(Some(""), None, None), Err("configuration.client-id".to_owned()));
        assert_eq!(configured(Some("id"), secret, None), Err("configuration.client-issuer".to_owned()));
        for nonsense in ["nonsense", "", "idp.example", "mailto:idp@idp.example", "https://"] {
            for (id, secret) in [(Some("id"), secret), (None, None)] {
                assert_eq!(configured(id, secret, Some(nonsense)), Err("configuration.client-issuer".to_owned()));
            }
        }
    }

    #[test]
    fn a_client_is_shown_to_its_own_authorization_server_only() {
        let captured = Captured::json();
        let client = StaticClient::from_configuration(Some("id"), Some(Secret::new("s")), Some("https://a.example"));
        let client = client.unwrap().unwrap();
        let metadata = |issuer: &str| AuthorizationServerMetadata { issuer: issuer.to_owned(), ..Default::default() };
        assert!(client.information(&captured.reporter(), &metadata("https://a.example")).is_ok());
        let error = client.information(&captured.reporter(), &metadata("https://a.example/")).unwrap_err();
        assert_eq!(error.id(), "credentials.issuer");
        assert_eq!(captured.checks("credentials.issuer").len(), 2);
    }
}
