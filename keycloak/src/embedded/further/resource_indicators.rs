//! Keycloak's feature `resource-indicators` (RFC 8707): `resource` decides the audience. Keycloak
//! has it switched off by default, and then ignores the parameter.

use crate::embedded::defect::Defect;
use crate::embedded::refusal::{IdpRefusal, bad_request};
use crate::embedded::server::IdpServer;

fn is_on(server: &IdpServer) -> bool {
    server.defect == Some(Defect::ResourceIndicators)
}

/// The resource that a token is for: the one of the authorization request, which a token request
/// may only repeat.
pub fn resource(server: &IdpServer, before: Option<&str>, now: Option<&str>) -> Result<Option<String>, IdpRefusal> {
    if !is_on(server) {
        return Ok(None);
    }
    if now.is_some_and(|now| before != Some(now)) {
        let sentence = "The requested resource is not matching the original request.";
        return Err(bad_request("invalid_target", sentence));
    }
    Ok(before.map(str::to_owned))
}

/// With a resource, the audience is that one alone, if the scopes bring its server. Keycloak
/// filters audiences, and never adds one.
pub fn audiences(
    server: &IdpServer,
    audiences: Vec<String>,
    resource: Option<&str>,
) -> Result<Vec<String>, IdpRefusal> {
    let Some(resource) = resource else { return Ok(audiences) };
    let resource_server = server.clients.by_resource_url(resource);
    if resource_server.is_some_and(|client| audiences.contains(&client.client_id)) {
        Ok(vec![resource.to_owned()])
    } else {
        Err(unknown_resource())
    }
}

pub fn unknown_resource() -> IdpRefusal {
    bad_request("invalid_target", "The requested resource is invalid, missing, unknown, or malformed.")
}
