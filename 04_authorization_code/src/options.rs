//! Who signs in: options that this lesson and the later ones have.

use clap::Args;
use dynamic_client_registration::options::Plan;
use protected_resource_discovery::discover::Discovery;
use shared::Side;
use shared::cli::OptionGroup;

use crate::error::AuthorizationError;
use crate::user_agent::Login;

/// Options about signing in.
#[derive(Args, Clone, Debug)]
pub struct SignInOptions {
    /// Sign in as this user, by a program that fills in the IdP's forms [default: a browser where
    /// there is a terminal, else the demo user]
    #[arg(long, value_name = "USER:PASSWORD", global = true)]
    pub login: Option<Login>,
    /// Sign in with a browser; its URL is printed too, for a machine without one
    #[arg(long, conflicts_with = "login", global = true)]
    pub browser: bool,
    /// The user who is a program says no on the consent page
    #[arg(long, conflicts_with = "browser", global = true)]
    pub deny: bool,
    /// Seconds to wait for the user
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=3600), global = true)]
    pub sign_in_timeout: u64,
    /// Ask for offline_access too, where the IdP offers it: a refresh token that outlives the
    /// session
    #[arg(long, global = true)]
    pub offline_access: bool,
    /// Whether tokens of the type `DPoP` are understood (RFC 9449): lesson 05 sees to it.
    #[arg(skip)]
    pub dpop: bool,
}

impl SignInOptions {
    /// These options, for the commands that use them.
    pub const GROUP: OptionGroup = OptionGroup::of::<Self>(Side::Client);

    /// A server that takes only tokens that are bound to a key says so (RFC 9728 §2), and without a
    /// key nobody needs to sign in.
    pub fn check_key(&self, discovery: Option<&Discovery>) -> Result<(), AuthorizationError> {
        let required = discovery.and_then(|discovery| discovery.metadata.dpop_bound_access_tokens_required);
        match required == Some(true) && !self.dpop {
            true => Err(AuthorizationError::WantsBoundTokens),
            false => Ok(()),
        }
    }

    /// An option that is for a user who signs in, or for a client that registers itself: where
    /// nobody does either, it would change nothing.
    pub fn about_signing_in(&self, plan: &Plan) -> Option<&'static str> {
        [
            ("--login", self.login.is_some()),
            ("--browser", self.browser),
            ("--deny", self.deny),
            ("--offline-access", self.offline_access),
            ("--register", plan.options.register.is_some()),
            ("--confidential", plan.options.confidential),
        ]
        .into_iter()
        .find_map(|(option, given)| given.then_some(option))
    }

    /// Scopes that the client has to be registered for, beyond those of the MCP server.
    pub fn more_scopes(&self) -> Vec<String> {
        if self.offline_access { vec!["offline_access".to_owned()] } else { Vec::new() }
    }
}
