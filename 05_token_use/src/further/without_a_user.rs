//! Going further: a client that acts for itself, or has something to show for its user already. It
//! gets its tokens by one of lesson 04's or lesson 06's grants, and nobody signs in.

use as_metadata::client::{DiscoveredServer, resource};
use as_metadata::requirements::Needs;
use authorization_code::further::grant::{Grant, GrantRequest};
use authorization_code::further::stored_tokens::Kept;
use authorization_code::{scopes as scope_selection, token_response};
use shared::http::Response;
use shared::{Failure, now, spec};

use crate::authorized_client::AuthorizedClient;
use crate::server_demand::union;
use crate::token_store::TokenStore;

/// Lessons 01 and 02, then the grant: for these scopes and those of before.
pub async fn request(
    client: &AuthorizedClient,
    grant: &dyn Grant,
    store: &TokenStore,
    scopes: &[String],
    refusal: Option<&Response>,
) -> Result<Kept, Failure> {
    let AuthorizedClient { http, server_url, options, plan, .. } = client;
    let DiscoveredServer { discovery, authorization_server } =
        as_metadata::client::run_after(http, server_url, refusal, &plan.wanted, Needs::OtherGrant).await?;
    options.check_key(discovery.as_ref())?;
    let base = match store.tokens_of(&authorization_server.issuer) {
        Some(kept) => kept.requested.clone(),
        None => scope_selection::select(discovery.as_ref(), &[], false).values,
    };
    let requested = union(&base, scopes);
    let resource = resource(discovery.as_ref(), server_url).to_owned();
    let wanted = GrantRequest {
        authorization_server: &authorization_server,
        resource: &resource,
        scopes: &requested,
        parameter: &options.resource_parameter,
    };
    let tokens = grant.tokens(http, wanted).await?;
    http.reporter().stage("look at the tokens", &spec::RFC6749_7_1).await;
    token_response::check(http.reporter(), &tokens, &requested, &resource, options.dpop)?;
    let (issuer, client_id) = (authorization_server.issuer, Some(grant.client_id().to_owned()));
    Ok(Kept { issuer, client_id, resource: Some(resource), requested, obtained_at: now(), refused: false, tokens })
}
