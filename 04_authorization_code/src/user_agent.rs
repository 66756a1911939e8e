//! Who signs in, and with what: a person with a browser, or the demo user by a program that fills
//! in the pages' forms.

use std::io::IsTerminal;

use clap::Args;
use dynamic_client_registration::further::administration;
use dynamic_client_registration::further::options::Plan;
use protected_resource_discovery::Discovery;
use shared::cli::OptionGroup;
use shared::http::Http;
use shared::{Failure, Reporter, Side};

use crate::error::AuthorizationError;
pub use crate::further::login::{self, Login};
use crate::further::open_browser::open;
use crate::further::recipients::Recipients;
use crate::further::resource_parameter::ResourceParameter;
use crate::further::scripted_browser::ScriptedBrowser;

/// Options about signing in.
#[derive(Args, Clone, Debug)]
pub struct SignInOptions {
    /// Sign in as this user: a program fills in the forms of the IdP of --idp or --client-issuer;
    /// the password is in LOGIN_PASSWORD, or you type it at a prompt; for a demo user:
    /// USER:PASSWORD [default: a browser if there is a terminal, else the demo user]
    #[arg(long, value_name = "USER", global = true)]
    pub login: Option<Login>,
    /// Sign in with a browser; the URL is printed too, for a browser on another machine: copy that
    /// browser's last address into the terminal
    #[arg(long, conflicts_with = "login", global = true)]
    pub browser: bool,
    /// The scripted user says no on the consent page
    #[arg(long, conflicts_with = "browser", global = true)]
    pub deny: bool,
    /// Seconds to wait for the user
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=3600), global = true)]
    pub sign_in_timeout: u64,
    /// Request offline_access too, if the IdP offers it: a refresh token that outlives the session
    #[arg(long, global = true)]
    pub offline_access: bool,
    #[command(flatten)]
    pub resource_parameter: ResourceParameter,
    /// Whether tokens of the type `DPoP` are understood (RFC 9449): lesson 05 sees to it.
    #[arg(skip)]
    pub dpop: bool,
    /// Where tokens may be sent: the lessons that send them see to it.
    #[arg(skip)]
    pub recipients: Recipients,
    /// Whether the authorization server lets everybody in, without a page that asks for a name: a
    /// test suite's does.
    #[arg(skip)]
    pub lets_everybody_in: bool,
}

impl SignInOptions {
    /// These options, for the commands that use them.
    pub const GROUP: OptionGroup = OptionGroup::of::<Self>(Side::Client);

    /// A server that accepts only tokens that are bound to a key says so (RFC 9728 §2), and without
    /// a key nobody needs to sign in.
    pub fn check_key(&self, discovery: Option<&Discovery>) -> Result<(), AuthorizationError> {
        let required = discovery.and_then(|discovery| discovery.metadata.dpop_bound_access_tokens_required);
        if required == Some(true) && !self.dpop { Err(AuthorizationError::WantsBoundTokens) } else { Ok(()) }
    }

    /// Refuses a login of which nothing says which authorization server it is for, before anything
    /// is sent.
    pub fn check_login(&self, plan: &Plan) -> Result<(), AuthorizationError> {
        self.login.as_ref().map_or(Ok(()), |login| login.check_named(plan.issuer.as_deref()))
    }

    /// Scopes that the client has to be registered for, beyond those of the MCP server.
    pub fn more_scopes(&self) -> Vec<String> {
        if self.offline_access { vec!["offline_access".to_owned()] } else { Vec::new() }
    }
}

/// How the user's part is done.
#[derive(Clone, Debug)]
pub enum UserAgent {
    /// A person, in a browser that is opened here, or anywhere else with the URL that is printed.
    Browser {
        /// A sentence about whom to sign in as, where everybody may know it.
        hint: Option<String>,
    },
    /// A program that fills in the forms.
    Scripted {
        /// Who signs in.
        login: Login,
        /// Says no on the consent page.
        denies: bool,
    },
}

impl UserAgent {
    /// What the options and the surroundings ask for. A login goes to the authorization server that
    /// the user `named`, the demo user's to the tutorial's realm on this machine.
    pub async fn choose(
        options: &SignInOptions,
        needs_script: bool,
        named: Option<&str>,
        issuer: &str,
    ) -> Result<Self, Failure> {
        let denies = options.deny;
        let terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
        if options.lets_everybody_in {
            let login = Login { username: "nobody".to_owned(), password: None };
            return Ok(UserAgent::Scripted { login, denies });
        }
        match &options.login {
            Some(login) => {
                login.check_issuer(named, issuer)?;
                Ok(UserAgent::Scripted { login: login.with_password(issuer).await?, denies })
            }
            None if options.browser || terminal && !needs_script && !denies => {
                Ok(UserAgent::Browser { hint: login::hint(issuer) })
            }
            None if administration::is_tutorial(issuer) => {
                Ok(UserAgent::Scripted { login: Login::of_demo_user(), denies })
            }
            None => Err(AuthorizationError::Nobody { issuer: issuer.to_owned() }.into()),
        }
    }

    /// Whether this one brings one answer and then no other.
    pub fn is_scripted(&self) -> bool {
        matches!(self, UserAgent::Scripted { .. })
    }

    /// Sends the user to the authorization server. A browser goes its own way; a script has brought
    /// the answer when this returns.
    pub async fn visit(&self, http: &Http, reporter: &Reporter, url: &str, redirect_uri: &str) -> Result<(), Failure> {
        match self {
            UserAgent::Browser { hint } => {
                open(reporter, url, hint.as_deref());
                Ok(())
            }
            UserAgent::Scripted { login, denies } => {
                let what = if *denies { "and does not agree" } else { "and agrees" };
                reporter.note(format!("The user is a script. It signs in as {} {what}.", login.username));
                ScriptedBrowser::new(reporter, http.reach(), url)?.visit(url, redirect_uri, login, *denies).await?;
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_demo_password_goes_to_the_tutorials_realm_only() {
        let options = SignInOptions {
            login: None,
            browser: false,
            deny: false,
            sign_in_timeout: 300,
            offline_access: false,
            resource_parameter: ResourceParameter::default(),
            dpop: false,
            recipients: Recipients::default(),
            lets_everybody_in: false,
        };
        let choose = async |issuer: &str| UserAgent::choose(&options, true, Some(issuer), issuer).await;
        assert!(choose("http://localhost:9000/realms/mcp-oauth").await.unwrap().is_scripted());
        assert_eq!(choose("https://idp.example/realms/mcp-oauth").await.unwrap_err().id, "sign-in.nobody");
    }
}
