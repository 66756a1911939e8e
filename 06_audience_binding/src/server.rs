//! The MCP server: lesson 05's, and one line.

use protected_resource_discovery::server::ProtectedResource;
use shared::{Failure, Reporter};
use token_use::further::key_rotation::Limits;
use token_use::options::CheckOptions;
use token_use::server::Server;

use crate::{audience, rules};

/// An MCP server that takes tokens for `accepted`, which are its own names, and no others.
pub fn create(
    protected: ProtectedResource,
    accepted: &[String],
    options: &CheckOptions,
    limits: Limits,
    reporter: Reporter,
) -> Result<Server, Failure> {
    let mut server = Server::new(protected, options, limits, reporter)?;
    let issuer = server.verifier.issuer.clone();
    // "MCP servers MUST validate that access tokens were issued specifically for them as the
    // intended audience" (MCP 2026-07-28, Token Handling). This is the line that lesson 05's server
    // lacks.
    server.verifier.audience = Some(audience::check(&rules::AUDIENCE, "this server", &issuer, accepted));
    Ok(server)
}
