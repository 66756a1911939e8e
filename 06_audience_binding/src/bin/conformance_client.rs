//! The complete client under the official conformance suite (`@modelcontextprotocol/conformance`):
//! maps what the suite says in the environment to the lessons' own functions, and holds no OAuth of
//! its own. `.ci/conformance` runs it.
//!
//! The suite starts it as `conformance_client URL`, with the name of a scenario and, for some, a
//! context in JSON; exit code 0 means that the client went all the way.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use audience_binding::complete_client::{ClientTask, complete};
use audience_binding::further::assertions::{EnterpriseManaged, WorkloadIdentity};
use authorization_code::further::client_assertion::ClientKey;
use authorization_code::further::client_credentials::ClientCredentials;
use authorization_code::further::grant::Grant;
use authorization_code::further::scripted_browser::ScriptedBrowser;
use authorization_code::user_agent::SignInOptions;
use clap::Parser;
use dynamic_client_registration::ClientInformation;
use dynamic_client_registration::further::options::{Plan, RegistrationOptions};
use dynamic_client_registration::further::preregistered::StaticClient;
use dynamic_client_registration::way::Way;
use serde_json::{Map, Value};
use shared::http::Http;
use shared::reach::{Privacy, Reach};
use shared::reporter::{Format, Options};
use shared::{Failure, Reporter, Secret};
use token_use::authorized_client::AuthorizedClient;
use token_use::further::dpop::proving;
use token_use::options::UseOptions;
use url::Url;

/// The tool that the suite's servers have.
const TOOL: &str = "test-tool";
/// The document that the suite takes for the client's.
const DOCUMENT: &str = "https://conformance-test.local/client-metadata.json";
/// Within which a scenario has to end.
const TIME: Duration = Duration::from_secs(25);

#[derive(Parser)]
struct Cli {
    /// The MCP server
    #[arg(required_unless_present = "visit", default_value = "")]
    server_url: String,
    /// Instead: sign in at this URL, as a browser would (--login), for the suite's own client
    #[arg(long, value_name = "URL")]
    visit: Option<String>,
    #[command(flatten)]
    registration: RegistrationOptions,
    #[command(flatten)]
    sign_in: SignInOptions,
}

fn main() -> ExitCode {
    let options = Options::in_form(Format::for_stdout(true));
    let reporter = Reporter::new(options, std::io::stdout());
    let ended = tokio::runtime::Runtime::new()
        .map_err(|error| Failure::new("runtime", error.to_string(), ""))
        .and_then(|runtime| runtime.block_on(limited(&reporter)));
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            reporter.error(failure.id, failure.message, failure.fix);
            ExitCode::FAILURE
        }
    }
}

async fn limited(reporter: &Reporter) -> Result<(), Failure> {
    let late = |_| Failure::new("conformance.time", format!("Not done within {} s.", TIME.as_secs()), "");
    tokio::time::timeout(TIME, run(reporter)).await.map_err(late)?
}

async fn run(reporter: &Reporter) -> Result<(), Failure> {
    let Cli { server_url, visit, registration, mut sign_in } = Cli::parse();
    if let (Some(url), Some(login)) = (&visit, &sign_in.login) {
        let reach = Reach::public_only().limit(Privacy::Loopback);
        let redirect_uri = redirect_uri(url);
        let mut browser = ScriptedBrowser::new(reporter, &reach, url)?;
        browser.visit(url, &redirect_uri, login, false).await?;
        return Ok(());
    }
    let scenario = std::env::var("MCP_CONFORMANCE_SCENARIO").unwrap_or_default();
    let context = std::env::var("MCP_CONFORMANCE_CONTEXT").ok().and_then(|text| serde_json::from_str(&text).ok());
    let context = Context(context.unwrap_or_default());
    sign_in.lets_everybody_in = true;
    sign_in.dpop = scenario.starts_with("auth/dpop");
    sign_in.offline_access = scenario.starts_with("auth/offline-access");

    let http = Http::new(reporter.clone(), Reach::of_server(&server_url, &[]))?;
    let dpop = UseOptions { dpop: sign_in.dpop }.key()?;
    let http = proving(&http, dpop.as_ref());
    let registration = RegistrationOptions { callback_port: 0, document_port: 0, ..registration };
    let plan = Plan { proves: false, ..registration.plan(None, true)? };
    let plan = match scenario.as_str() {
        "auth/basic-cimd" => Plan { ways: vec![Way::Cimd], hosted_document: Some(DOCUMENT.to_owned()), ..plan },
        "auth/pre-registration" => {
            let client = StaticClient {
                client_id: context.text("client_id")?,
                client_secret: Some(Secret::new(context.text("client_secret")?)),
                issuer: context.text("issuer").ok(),
            };
            Plan { ways: vec![Way::Preregistered], static_client: Some(client), ..plan }
        }
        _ => plan,
    };
    let authorized = match grant(&scenario, &context)? {
        Some(grant) => AuthorizedClient::by_grant(http.clone(), &server_url, plan, sign_in.clone(), grant),
        None => AuthorizedClient::new(http.clone(), &server_url, plan, sign_in.clone(), None, None, true),
    };
    complete(
        &http,
        &server_url,
        &authorized,
        ClientTask { call: Some((TOOL, Map::new())), probe: false, dpop: dpop.as_deref() },
    )
    .await
}

/// A way to tokens without a user, where the scenario is about one.
fn grant(scenario: &str, context: &Context) -> Result<Option<Arc<dyn Grant>>, Failure> {
    Ok(match scenario {
        "auth/client-credentials-basic" => Some(Arc::new(ClientCredentials { client: context.client()?, key: None })),
        "auth/client-credentials-jwt" => {
            let key = ClientKey::from_pem(&context.text("private_key_pem")?);
            let key = Some(key.ok_or_else(|| bad("private_key_pem is not a key for ES256"))?);
            Some(Arc::new(ClientCredentials { client: context.client()?, key }))
        }
        "auth/wif-jwt-bearer" => {
            let assertion = Secret::new(context.text("valid_jwt")?);
            Some(Arc::new(WorkloadIdentity { client: context.client()?, assertion }))
        }
        "auth/enterprise-managed-authorization" => Some(Arc::new(EnterpriseManaged {
            client: context.client()?,
            idp_token_endpoint: context.text("idp_token_endpoint")?,
            idp_client: ClientInformation::known(&context.text("idp_client_id")?, None),
            id_token: Secret::new(context.text("idp_id_token")?),
        })),
        _ => None,
    })
}

/// What the suite says about a scenario.
struct Context(Value);

impl Context {
    fn text(&self, name: &str) -> Result<String, Failure> {
        self.0[name].as_str().map(str::to_owned).ok_or_else(|| bad(&format!("MCP_CONFORMANCE_CONTEXT has no {name}")))
    }

    fn client(&self) -> Result<ClientInformation, Failure> {
        let secret = self.text("client_secret").ok().map(Secret::new);
        Ok(ClientInformation::known(&self.text("client_id")?, secret))
    }
}

/// Where the suite waits for the response to this authorization request.
fn redirect_uri(url: &str) -> String {
    let parameter =
        |url: Url| url.query_pairs().find(|(name, _)| name == "redirect_uri").map(|(_, uri)| uri.into_owned());
    Url::parse(url).ok().and_then(parameter).unwrap_or_default()
}

fn bad(message: &str) -> Failure {
    Failure::new("conformance.context", format!("{message}."), "Run it by .ci/conformance.")
}
