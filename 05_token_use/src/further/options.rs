//! How the MCP server checks tokens, and how it asks about them.

use std::sync::Arc;

use clap::Args;
use dynamic_client_registration::ClientInformation;
use dynamic_client_registration::further::administration;
use keycloak::Idp;
use shared::cli::OptionGroup;
use shared::{Failure, Secret, Side};

use crate::further::dpop::Dpop;

/// Options about checking tokens.
#[derive(Args, Clone, Debug, Default)]
pub struct CheckOptions {
    /// Also accept access tokens with this typ in the header, for IdPs that do not write at+jwt;
    /// for example JWT (may be repeated)
    #[arg(long, value_name = "TYP", global = true)]
    pub accept_typ: Vec<String>,
    /// Going further: remember this many verified tokens instead of verifying them each time
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=100_000), global = true)]
    pub remember_tokens: u32,
    /// Going further: accept only tokens that are bound to a key (DPoP, RFC 9449), and require a
    /// nonce in each proof
    #[arg(long, global = true)]
    pub require_dpop: bool,
}

impl CheckOptions {
    /// These options, for the commands that use them.
    pub const GROUP: OptionGroup = OptionGroup::of::<Self>(Side::Server);
}

/// Options about using tokens.
#[derive(Args, Clone, Debug, Default)]
pub struct UseOptions {
    /// Going further: bind the tokens to this run's key, so that nobody else can use them (DPoP,
    /// RFC 9449)
    #[arg(long, global = true)]
    pub dpop: bool,
}

impl UseOptions {
    /// These options, for the commands that use them.
    pub const GROUP: OptionGroup = OptionGroup::of::<Self>(Side::Client);

    /// A key for this run, if one is asked for.
    pub fn key(&self) -> Result<Option<Arc<Dpop>>, Failure> {
        self.dpop.then(|| Dpop::generate().map(Arc::new)).transpose()
    }

    /// The key is there for one run only, so tokens that are kept are bound to none.
    pub fn no_dpop(&self) -> Result<(), Failure> {
        let message = "--dpop creates a key for one run, but this command stores tokens for later runs.";
        if self.dpop {
            return Err(Failure::new("configuration.dpop", message, "Leave --dpop out, or use client."));
        }
        Ok(())
    }
}

/// The client of the tutorial's realm that stands for the MCP server, and its secret.
const DEMO_RESOURCE_SERVER: (&str, &str) = (keycloak::SERVERS[0], "mcp-server-secret");

/// How this MCP server authenticates to its authorization server, to ask about tokens (RFC 7662
/// §2.1): `MCP_SERVER_CLIENT_ID` and `MCP_SERVER_CLIENT_SECRET` from the environment; in the
/// tutorial's realm, what its file says. `None` for an IdP where neither is known.
pub fn resource_server(idp: &Idp, server_url: &str) -> Option<ClientInformation> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let (demo_id, demo_secret) = DEMO_RESOURCE_SERVER;
    // An IdP inside this process knows this very server; one that stays knows the server of its
    // realm file.
    let demo_id = if idp.stays() { demo_id } else { server_url };
    let is_tutorial = administration::is_tutorial(idp.issuer());
    let or_demo = |demo: &str| is_tutorial.then(|| demo.to_owned());
    let id = variable("MCP_SERVER_CLIENT_ID").or_else(|| variable("MCP_RESOURCE_URL").filter(|_| is_tutorial));
    let id = id.or_else(|| or_demo(demo_id))?;
    let secret = variable("MCP_SERVER_CLIENT_SECRET").or_else(|| or_demo(demo_secret))?;
    Some(ClientInformation::known(&id, Some(Secret::new(secret))))
}
