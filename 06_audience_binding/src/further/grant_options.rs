//! Tokens without a sign-in, on the command line of the complete client. Which grant
//! it is to be, and what the client has to show for itself.
//!
//! Secrets come from the environment, and JWTs and keys from files: everybody on a machine can read
//! the command lines of its programs.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use as_metadata::find;
use as_metadata::requirements::Needs;
use authorization_code::further::client_assertion::ClientKey;
use authorization_code::further::client_credentials::ClientCredentials;
use authorization_code::further::client_credentials::option_about_signing_in;
use authorization_code::further::grant::{Grant, GrantRequest, TokenFuture};
use authorization_code::token_response;
use authorization_code::user_agent::SignInOptions;
use clap::{Args, ValueEnum};
use dynamic_client_registration::ClientInformation;
use dynamic_client_registration::further::options::Plan;
use dynamic_client_registration::further::preregistered::StaticClient;
use keycloak::IdpChoice;
use shared::http::Http;
use shared::{Failure, Secret, spec};

use crate::further::assertions::{EnterpriseManaged, WorkloadIdentity};
use crate::further::error::GrantError;

/// The environment variable with the client's secret at the company's IdP.
const COMPANY_SECRET: &str = "COMPANY_CLIENT_SECRET";
/// Bytes of a file with a key or a JWT at most.
const LONGEST: u64 = 64 * 1024;

/// What `--grant` asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum GrantKind {
    /// The client acts for itself (RFC 6749 §4.4): with a secret in CLIENT_SECRET, or with
    /// --client-key
    ClientCredentials,
    /// A program that its platform vouches for (RFC 7523): with --assertion
    WorkloadIdentity,
    /// The IdP of the user's company decides (ID-JAG): with --company-idp, --company-client-id and
    /// --id-token
    EnterpriseManaged,
}

impl std::fmt::Display for GrantKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::ClientCredentials => "client-credentials",
            Self::WorkloadIdentity => "workload-identity",
            Self::EnterpriseManaged => "enterprise-managed",
        })
    }
}

/// Options about tokens without a sign-in.
#[derive(Args, Clone, Debug)]
pub struct GrantOptions {
    /// Get the token without a sign-in, for --client-id, a client that was registered by hand
    /// [default: the user signs in]
    #[arg(long, value_enum, value_name = "GRANT")]
    pub grant: Option<GrantKind>,
    /// With client-credentials: the client's private key for ES256, in PKCS #8 as PEM, to sign with
    /// instead of sending a secret
    #[arg(long, value_name = "FILE", requires = "grant")]
    pub client_key: Option<PathBuf>,
    /// With workload-identity: the platform's JWT about this program
    #[arg(long, value_name = "FILE", requires = "grant", required_if_eq("grant", "workload-identity"))]
    pub assertion: Option<PathBuf>,
    /// With enterprise-managed: the company's IdP
    #[arg(long, value_name = "ISSUER_URL", value_parser = issuer, requires = "grant", required_if_eq("grant", "enterprise-managed"))]
    pub company_idp: Option<String>,
    /// With enterprise-managed: this client at the company's IdP (its secret, if any, in the
    /// environment variable COMPANY_CLIENT_SECRET)
    #[arg(long, value_name = "ID", requires = "grant", required_if_eq("grant", "enterprise-managed"))]
    pub company_client_id: Option<String>,
    /// With enterprise-managed: the user's ID token, from the sign-in at the company's IdP
    #[arg(long, value_name = "FILE", requires = "grant", required_if_eq("grant", "enterprise-managed"))]
    pub id_token: Option<PathBuf>,
}

/// An issuer URL, as an option gives it.
pub fn issuer(text: &str) -> Result<String, String> {
    match text.parse::<IdpChoice>() {
        Ok(IdpChoice::Issuer(issuer)) => Ok(issuer),
        _ => Err("an issuer URL such as https://idp.example".to_owned()),
    }
}

impl GrantOptions {
    /// Puts the options together, or says which do not go together; `None`: the user signs in.
    /// Nobody is asked anything yet.
    pub fn choose(&self, plan: &Plan, sign_in: &SignInOptions) -> Result<Option<Chosen>, Failure> {
        let Some(grant) = self.grant else { return Ok(None) };
        if let Some(option) = option_about_signing_in(sign_in, plan) {
            return Err(GrantError::WithoutUser { option: option.to_owned() }.into());
        }
        if let Some((option, of)) = self.stray(grant) {
            return Err(GrantError::OfAnother { option, of, grant }.into());
        }
        let client = plan.static_client.clone().ok_or(GrantError::NoClient { grant })?;
        let shown = match grant {
            GrantKind::ClientCredentials => Shown::Itself(self.key(&client)?.map(Box::new)),
            GrantKind::WorkloadIdentity if client.issuer.is_none() => return Err(GrantError::NoIssuer.into()),
            GrantKind::WorkloadIdentity => Shown::Assertion(jwt("--assertion", self.assertion.as_deref())?),
            GrantKind::EnterpriseManaged => Shown::Company(Box::new(self.company()?)),
        };
        Ok(Some(Chosen { client, shown }))
    }

    /// An option that another grant has.
    fn stray(&self, grant: GrantKind) -> Option<(&'static str, GrantKind)> {
        let all = [
            ("--client-key", self.client_key.is_some(), GrantKind::ClientCredentials),
            ("--assertion", self.assertion.is_some(), GrantKind::WorkloadIdentity),
            ("--company-idp", self.company_idp.is_some(), GrantKind::EnterpriseManaged),
            ("--company-client-id", self.company_client_id.is_some(), GrantKind::EnterpriseManaged),
            ("--id-token", self.id_token.is_some(), GrantKind::EnterpriseManaged),
        ];
        all.into_iter().find(|(_, given, of)| *given && *of != grant).map(|(option, _, of)| (option, of))
    }

    /// "The client MUST NOT use more than one authentication method in each request." (RFC 6749
    /// §2.3)
    fn key(&self, client: &StaticClient) -> Result<Option<ClientKey>, GrantError> {
        match (&self.client_key, &client.client_secret) {
            (Some(_), Some(_)) => Err(GrantError::TwoProofs),
            (None, None) => Err(GrantError::NoProof { client_id: client.client_id.clone() }),
            (None, Some(_)) => Ok(None),
            (Some(path), None) => {
                let key = ClientKey::from_pem(read("--client-key", path)?.expose());
                let problem = "has no private key for ES256 (P-256) in PKCS #8 as PEM";
                key.map(Some).ok_or_else(|| bad_file("--client-key", path, problem))
            }
        }
    }

    fn company(&self) -> Result<Company, GrantError> {
        let secret = std::env::var(COMPANY_SECRET).ok().filter(|secret| !secret.is_empty()).map(Secret::new);
        let client_id = self.company_client_id.as_deref().unwrap_or_default();
        Ok(Company {
            issuer: self.company_idp.clone().unwrap_or_default(),
            client: ClientInformation::known(client_id, secret),
            id_token: jwt("--id-token", self.id_token.as_deref())?,
        })
    }
}

/// Reads a file, without the white space around its text.
fn read(option: &'static str, path: &Path) -> Result<Secret, GrantError> {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_string(&mut text));
    match read {
        Err(error) => Err(bad_file(option, path, &format!("cannot be read ({error})"))),
        Ok(length) if length as u64 > LONGEST => Err(bad_file(option, path, "is longer than 64 KiB")),
        Ok(_) if text.trim().is_empty() => Err(bad_file(option, path, "is empty")),
        Ok(_) => Ok(Secret::new(text.trim())),
    }
}

/// A file with a signed JWT: "a sequence of URL-safe parts separated by period ('.') characters"
/// (RFC 7519 §3), three of them. The party that receives it decides whether it is valid.
fn jwt(option: &'static str, path: Option<&Path>) -> Result<Secret, GrantError> {
    let path = path.unwrap_or(Path::new(""));
    let text = read(option, path)?;
    match (token_response::header(&text), token_response::claims(&text)) {
        (Some(_), Some(_)) => Ok(text),
        _ => Err(bad_file(option, path, "has no signed JWT")),
    }
}

fn bad_file(option: &'static str, path: &Path, problem: &str) -> GrantError {
    GrantError::File { option, path: path.display().to_string(), problem: problem.to_owned() }
}

/// A grant that can be used once the parties have been found.
pub struct Chosen {
    client: StaticClient,
    shown: Shown,
}

/// What the client has to show.
enum Shown {
    /// Its secret, or its key.
    Itself(Option<Box<ClientKey>>),
    /// What its platform says about it.
    Assertion(Secret),
    /// What its user's company says.
    Company(Box<Company>),
}

struct Company {
    issuer: String,
    client: ClientInformation,
    id_token: Secret,
}

impl Chosen {
    /// The grant; the company's IdP, where there is one, is found by its metadata (lesson 02).
    pub async fn prepare(self, http: &Http) -> Result<Arc<dyn Grant>, Failure> {
        let Self { client: registered, shown } = self;
        let client = ClientInformation::known(&registered.client_id, registered.client_secret.clone());
        let grant: Box<dyn Grant> = match shown {
            Shown::Itself(key) => Box::new(ClientCredentials { client, key: key.map(|key| *key) }),
            Shown::Assertion(assertion) => Box::new(WorkloadIdentity { client, assertion }),
            Shown::Company(company) => {
                let idp_token_endpoint = company.token_endpoint(http).await?;
                let Company { client: idp_client, id_token, .. } = *company;
                Box::new(EnterpriseManaged { client, idp_token_endpoint, idp_client, id_token })
            }
        };
        Ok(Arc::new(OfOneServer { registered, grant }))
    }
}

impl Company {
    async fn token_endpoint(&self, http: &Http) -> Result<String, Failure> {
        let reporter = http.reporter();
        reporter.note(format!(
            "The company's IdP is {} (--company-idp). The client fetches its metadata first.",
            self.issuer
        ));
        // Metadata without one is refused there.
        Ok(find::find(http, &self.issuer, Needs::OtherGrant).await?.token_endpoint.unwrap_or_default())
    }
}

/// A grant of a client that was registered at one authorization server. The MCP server names the
/// authorization server, and a hostile one would name its own: so what the client has to show is
/// shown to nobody else.
struct OfOneServer {
    registered: StaticClient,
    grant: Box<dyn Grant>,
}

impl Grant for OfOneServer {
    fn client_id(&self) -> &str {
        self.grant.client_id()
    }

    fn tokens<'a>(&'a self, http: &'a Http, wanted: GrantRequest<'a>) -> TokenFuture<'a> {
        Box::pin(async move {
            let reporter = http.reporter();
            reporter.stage("use a client that was registered by hand", &spec::MCP_PREREGISTRATION).await;
            self.registered.information(reporter, wanted.authorization_server)?;
            self.grant.tokens(http, wanted).await
        })
    }
}
