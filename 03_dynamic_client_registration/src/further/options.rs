//! The options about registering, and what they make of a run.

use clap::{Args, ValueEnum};
use protected_resource_discovery::further::select::Wanted;
use protected_resource_discovery::setup::McpServer;
use shared::cli::OptionGroup;
use shared::{Failure, Reporter, Secret, Side};

use crate::further::administration::is_tutorial;
use crate::further::endpoints::EndpointOptions;
use crate::further::initial_access_token;
use crate::further::preregistered::StaticClient;
use crate::get_or_register::check_issuer;
use crate::redirect::RedirectUri;
use crate::sabotage::Sabotage;
use crate::way::Way;

/// The environment variable with the secret of a client that was registered by hand.
const SECRET_VARIABLE: &str = "CLIENT_SECRET";

/// What `--register` asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Register {
    /// A client that somebody registered by hand (--client-id)
    Preregistered,
    /// The URL of a document about the client (OAuth Client ID Metadata Document)
    Cimd,
    /// Dynamic registration, open to everyone (RFC 7591); the default
    Anonymous,
    /// Dynamic registration with a token from the administrator (RFC 7591 §3)
    InitialAccessToken,
    /// All four, one after the other; nothing is kept
    All,
}

impl Register {
    /// The ways, in MCP's order.
    pub fn ways(self) -> Vec<Way> {
        match self {
            Register::Preregistered => vec![Way::Preregistered],
            Register::Cimd => vec![Way::Cimd],
            Register::Anonymous => vec![Way::Anonymous],
            Register::InitialAccessToken => vec![Way::InitialAccessToken],
            Register::All => Way::ALL.to_vec(),
        }
    }
}

#[derive(Args, Clone, Debug)]
pub struct RegistrationOptions {
    /// How the client registers; without it, with --client-id as that client, else anonymously.
    /// Without WAY: initial-access-token
    #[arg(long, value_enum, value_name = "WAY", num_args = 0..=1, default_missing_value = "initial-access-token", global = true)]
    pub register: Option<Register>,
    /// A client that was registered by hand (its secret, if any, in the environment variable
    /// CLIENT_SECRET); with --register cimd, the URL of a document
    #[arg(long, value_name = "ID", global = true)]
    pub client_id: Option<String>,
    /// The authorization server that may see --client-id, INITIAL_ACCESS_TOKEN and --login, where
    /// the client finds its IdP by discovery
    #[arg(long, value_name = "ISSUER_URL", global = true)]
    pub client_issuer: Option<String>,
    #[command(flatten)]
    pub endpoints: EndpointOptions,
    /// Register a client with a secret instead of a public one
    #[arg(long, conflicts_with = "client_id", global = true)]
    pub confidential: bool,
    /// Port on which the client waits for the browser; 0 lets the system choose
    #[arg(long, value_name = "PORT", default_value_t = 8888, global = true)]
    pub callback_port: u16,
    /// Redirect URI that the client was registered with, such as http://localhost:3118/callback;
    /// the client waits for the browser there, on this machine only
    #[arg(long = "redirect-uri", value_name = "URI", conflicts_with = "callback_port", global = true)]
    pub own_redirect_uri: Option<RedirectUri>,
    /// Host under which the IdP reaches the client's document [default: localhost, then
    /// host.docker.internal]
    #[arg(long, value_name = "HOST", value_parser = host, global = true)]
    pub document_host: Option<String>,
    /// Port of the client's document; 0 lets the system choose
    #[arg(long, value_name = "PORT", default_value_t = 8889, global = true)]
    pub document_port: u16,
}

/// A host name or an address, without a port and a path.
fn host(text: &str) -> Result<String, String> {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    if !text.is_empty() && text.chars().all(is_allowed) {
        Ok(text.to_owned())
    } else {
        Err("a host name without port and path, for example host.docker.internal".to_owned())
    }
}

/// What a run is to do about registering.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The ways to take, in MCP's order.
    pub ways: Vec<Way>,
    /// `--client-id`, where it is no URL of a document.
    pub static_client: Option<StaticClient>,
    /// `--client-id`, where it is the URL of a document.
    pub hosted_document: Option<String>,
    /// The authorization server that the user named, by `--client-issuer` or as the IdP of the run:
    /// what is the user's own goes nowhere else.
    pub issuer: Option<String>,
    /// Which authorization server the client goes to, where the MCP server names several.
    pub wanted: Wanted,
    /// The options.
    pub options: RegistrationOptions,
    /// Whether the authorization server will still be there after this run.
    pub idp_stays: bool,
    /// What `--break` does to it.
    pub sabotage: Sabotage,
    /// Scopes to register for beyond those of the MCP server, where the authorization server offers
    /// them.
    pub more_scopes: Vec<String>,
    /// Whether the authorization server is asked if it knows the client, by a token request with a
    /// code that cannot exist.
    pub proves: bool,
    /// Scopes to register for where no MCP server names any.
    pub own_scopes: Option<Vec<String>>,
}

impl RegistrationOptions {
    /// These options, for the commands that use them.
    pub const GROUP: OptionGroup = OptionGroup::of::<Self>(Side::Client);

    /// Where the client waits for the browser.
    pub fn redirect_uri(&self) -> RedirectUri {
        self.own_redirect_uri.clone().unwrap_or_else(|| RedirectUri::at_port(self.callback_port))
    }

    /// Puts the options together, or says which do not go together. `issuer` is the authorization
    /// server that the user named.
    pub fn plan(&self, issuer: Option<&str>, idp_stays: bool) -> Result<Plan, Failure> {
        let named = self.client_issuer.as_deref().or(issuer);
        let secret = std::env::var(SECRET_VARIABLE).ok().filter(|secret| !secret.is_empty()).map(Secret::new);
        let wants_document = self.register == Some(Register::Cimd);
        let hosted_document = self.client_id.clone().filter(|_| wants_document);
        if let Some(url) = hosted_document.as_ref().filter(|url| !url.contains("://")) {
            return Err(Failure::new(
                "configuration.client-id",
                format!("--register cimd takes the URL of a document about the client, and {url} is none."),
                "Give the URL, or leave --client-id out: then a document is served from this machine.",
            ));
        }
        let static_client = match hosted_document {
            Some(_) => None,
            None => StaticClient::from_configuration(self.client_id.as_deref(), secret, named)?,
        };
        let register = self.register.unwrap_or(match static_client {
            Some(_) => Register::Preregistered,
            None => Register::Anonymous,
        });
        let dynamic = register != Register::All && register.ways().iter().all(|way| way.is_dynamic());
        if let (Some(client), true) = (&static_client, dynamic) {
            return Err(Failure::new(
                "configuration.either",
                format!("--client-id {} names a client, and --register asks for a new one.", client.client_id),
                "Give one or the other.",
            ));
        }
        if register == Register::Preregistered && static_client.is_none() {
            let demo = if named.is_some_and(is_tutorial) {
                " The tutorial's realm has --client-id mcp-demo-client."
            } else {
                ""
            };
            return Err(Failure::new(
                "configuration.client-id",
                "--register preregistered needs a client that somebody registered.",
                format!("Name it: --client-id ID.{demo}"),
            ));
        }
        initial_access_token::check_named(&register.ways(), named)?;
        Ok(Plan {
            issuer: named.map(str::to_owned),
            wanted: named.map_or(Wanted::Any, |named| Wanted::Preferably(named.to_owned())),
            ways: register.ways(),
            static_client,
            hosted_document,
            options: self.clone(),
            idp_stays,
            sabotage: Sabotage::default(),
            more_scopes: Vec::new(),
            proves: true,
            own_scopes: None,
        })
    }
}

impl Plan {
    /// The same for the client of this MCP server: `--issuer` outweighs what the client knows.
    pub fn for_server(self, at: &McpServer) -> Self {
        let wanted = if at.issuer.is_some() { at.wanted() } else { self.wanted };
        Self { wanted, ..self }
    }

    /// Whether the authorization server that was discovered is the one of `--client-issuer`; for a
    /// client of `--client-id`, that is checked where the client is shown.
    pub fn check_issuer(&self, reporter: &Reporter, discovered: &str) -> Result<(), Failure> {
        let Some(named) = self.options.client_issuer.as_ref().filter(|_| self.static_client.is_none()) else {
            return Ok(());
        };
        let fix = "Name the authorization server as its metadata spells it, or leave --client-issuer out.";
        check_issuer(reporter.with_fix(fix), named, discovered).map_err(|failed| {
            let message =
                format!("--client-issuer is {named}, and the MCP server names {discovered}: nothing is sent there.");
            Failure::new(failed.rule.id, message, failed.fix)
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        options: RegistrationOptions,
    }

    #[test]
    fn a_run_that_was_bound_to_an_issuer_goes_to_no_other() {
        let captured = shared::testing::Captured::json();
        let plan = |arguments: &[&str]| {
            let cli = Cli::try_parse_from(["x"].iter().chain(arguments)).unwrap();
            cli.options.plan(None, true).unwrap()
        };
        let bound = plan(&["--client-issuer", "https://idp.example/r"]);
        assert_eq!(bound.issuer.as_deref(), Some("https://idp.example/r"));
        assert!(bound.check_issuer(&captured.reporter(), "https://idp.example/r").is_ok());
        for other in ["https://idp.example/r/", "https://idp.example", "https://evil.example/r", "http://idp.example/r"]
        {
            let failure = bound.check_issuer(&captured.reporter(), other).unwrap_err();
            assert_eq!(failure.id, "credentials.issuer", "{other}");
            assert!(plan(&[]).check_issuer(&captured.reporter(), other).is_ok(), "nothing was named");
        }
    }

    #[test]
    fn the_issuer_for_a_server_outweighs_what_the_client_knows() {
        let cli = |arguments: &[&str]| Cli::try_parse_from(["x"].iter().chain(arguments)).unwrap();
        let at = |issuer: Option<&str>| McpServer { server_url: String::new(), issuer: issuer.map(str::to_owned) };
        for (arguments, issuer, wanted) in [
            (&[][..], None, Wanted::Any),
            (&["--client-issuer", "https://a"], None, Wanted::Preferably("https://a".to_owned())),
            (&["--client-issuer", "https://a"], Some("https://b"), Wanted::Only("https://b".to_owned())),
            (&[], Some("https://b"), Wanted::Only("https://b".to_owned())),
        ] {
            let plan = cli(arguments).options.plan(None, true).unwrap().for_server(&at(issuer));
            assert_eq!(plan.wanted, wanted, "{arguments:?} {issuer:?}");
        }
    }

    fn planned(arguments: &[&str]) -> Result<Vec<Way>, String> {
        let cli = Cli::try_parse_from(["x"].iter().chain(arguments)).map_err(|error| error.to_string())?;
        cli.options.plan(None, true).map(|plan| plan.ways).map_err(|failure| failure.id)
    }

    #[test]
    fn options_make_a_plan_or_get_a_sentence() {
        assert_eq!(planned(&[]), Ok(vec![Way::Anonymous]));
        assert_eq!(planned(&["--client-id", "x"]), Ok(vec![Way::Preregistered]));
        assert_eq!(planned(&["--register", "cimd", "--client-id", "https://a/c"]), Ok(vec![Way::Cimd]));
        assert_eq!(planned(&["--register", "all"]).map(|ways| ways.len()), Ok(4));
        assert_eq!(planned(&["--register", "preregistered"]), Err("configuration.client-id".to_owned()));
        assert_eq!(planned(&["--register", "cimd", "--client-id", "x"]), Err("configuration.client-id".to_owned()));
        assert!(planned(&["--confidential", "--client-id", "x"]).unwrap_err().contains("cannot be used with"));
        let both = ["--register", "anonymous", "--client-id", "x"];
        assert_eq!(planned(&both), Err("configuration.either".to_owned()));
        assert!(planned(&["--document-host", "http://x"]).unwrap_err().contains("without port and path"));
    }
}
