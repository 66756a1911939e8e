//! The servers of this lesson: their ports, and the names by which tokens mean them.

use clap::Args;
use protected_resource_discovery::setup::{Scopes, scopes};
use shared::Side;
use shared::cli::OptionGroup;

/// Options of the servers.
#[derive(Args, Clone, Debug)]
pub struct AudienceOptions {
    /// Let the MCP server take tokens with this aud too, for IdPs that do not write the server's
    /// URL (may be repeated)
    #[arg(long, value_name = "URI", global = true)]
    pub audience: Vec<String>,
    /// Port of the second MCP server, the calendar; 0 lets the system choose
    #[arg(long, value_name = "PORT", default_value_t = 8001, global = true)]
    pub second_port: u16,
    /// Scopes that the second MCP server knows, separated by spaces
    #[arg(long, value_name = "SCOPES", default_value = "calendar:read calendar:write", value_parser = scopes, global = true)]
    pub second_scopes: Scopes,
    /// Port of the API behind the MCP server; 0 lets the system choose
    #[arg(long, value_name = "PORT", default_value_t = 8002, global = true)]
    pub downstream_port: u16,
    /// The aud that tokens for the downstream API have
    #[arg(long, value_name = "NAME", default_value = "downstream-api", global = true)]
    pub downstream_audience: String,
    /// The scope that the downstream API wants
    #[arg(long, value_name = "SCOPE", default_value = "downstream:read", global = true)]
    pub downstream_scope: String,
}

impl AudienceOptions {
    /// These options, for the commands that use them.
    pub const GROUP: OptionGroup = OptionGroup::of::<Self>(Side::Server);
}
