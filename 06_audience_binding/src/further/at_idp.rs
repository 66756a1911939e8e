//! A client at an authorization server, without any MCP server.

use as_metadata::client::DiscoveredServer;
use authorization_code::client::{Ready, get_ready_at};
use authorization_code::user_agent::SignInOptions;
use dynamic_client_registration::further::administration::is_tutorial;
use dynamic_client_registration::further::options::Plan;
use keycloak::{Idp, Lifetime};
use protected_resource_discovery::Discovery;
use protected_resource_discovery::setup::Setup;
use shared::http::Http;
use shared::{Failure, Reporter};

use crate::parties::LessonOptions;

/// A client that is registered at an IdP, for a command that starts no MCP server.
pub struct AtIdp {
    /// Ends when this is dropped, if it is in this process.
    pub idp: Idp,
    pub http: Http,
    /// How the client has registered.
    pub plan: Plan,
    pub ready: Ready,
}

impl AtIdp {
    /// Finds the IdP and registers with it. `servers` are those that tokens are asked for.
    pub async fn find(setup: &Setup<'_>, options: &LessonOptions, servers: [&str; 2]) -> Result<Self, Failure> {
        let idp = setup.find_idp(Lifetime::Story, &servers).await?;
        let http = setup.run.http(servers[0], &[idp.issuer()]).await?;
        let plan = options.plan(Some(idp.issuer()), idp.stays())?;
        let plan = Plan { own_scopes: Some(setup.server.scopes().to_vec()), ..plan };
        let ready = get_ready(&http, idp.issuer(), servers[0], None, &plan, &options.sign_in).await?;
        Ok(Self { idp, http, plan, ready })
    }
}

/// A client at an authorization server that no MCP server has named: lessons 02 and 03, not shown.
pub async fn get_ready(
    http: &Http,
    issuer: &str,
    server_url: &str,
    discovery: Option<Discovery>,
    plan: &Plan,
    options: &SignInOptions,
) -> Result<Ready, Failure> {
    let silent = http.clone().telling(Reporter::silent());
    let authorization_server = plan.find_metadata(&silent, issuer).await?;
    let found = DiscoveredServer { discovery, authorization_server };
    // Three sign-ins: no person wants to make them where the demo user can, unless they ask for it
    // (--browser).
    let needs_script = is_tutorial(issuer);
    Ok(get_ready_at(&silent, server_url, found, plan, options, needs_script).await?.0)
}
