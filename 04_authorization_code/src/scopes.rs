//! Which scopes to ask for: MCP 2026-07-28, Scope Selection Strategy.
//!
//! Registered is one thing (lesson 03: all that the MCP server lists), requested another: what the
//! challenge asks for.

use protected_resource_discovery::Discovery;
use shared::scope;

/// The scopes of the authorization request, and where they come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scopes {
    /// The scopes; empty where the parameter is left out.
    pub values: Vec<String>,
    /// For people.
    pub source: &'static str,
}

/// "1. Use scope parameter from the initial WWW-Authenticate header in the 401 response, if
/// provided 2. If scope is not available, use all scopes defined in scopes_supported from the
/// Protected Resource Metadata document, omitting the scope parameter if scopes_supported is
/// undefined." (MCP 2026-07-28) `offline_access` comes on top only where it was asked for and the
/// authorization server lists it.
pub fn select(discovery: Option<&Discovery>, idp_lists: &[String], wants_offline_access: bool) -> Scopes {
    let challenged = discovery.and_then(|discovery| discovery.challenge.as_ref()?.parameter("scope"));
    let listed = discovery.and_then(|discovery| discovery.metadata.scopes_supported.as_deref());
    let mut scopes = match (challenged, listed) {
        (Some(scope), _) => {
            let values = scope::split(scope).map(str::to_owned).collect();
            Scopes { values, source: "the scope of the challenge (lesson 01)" }
        }
        (None, Some(listed)) => Scopes { values: listed.to_vec(), source: "scopes_supported of the MCP server" },
        (None, None) => {
            Scopes { values: Vec::new(), source: "nothing: neither the challenge nor the metadata names a scope" }
        }
    };
    if wants_offline_access && idp_lists.iter().any(|scope| scope == "offline_access") {
        scopes.values.push("offline_access".to_owned());
    }
    scopes
}

#[cfg(test)]
mod tests {
    use protected_resource_discovery::ProtectedResourceMetadata;
    use protected_resource_discovery::challenge;

    use super::*;

    fn discovery(challenge: &str, listed: Option<&[&str]>) -> Discovery {
        let mut metadata = ProtectedResourceMetadata::from_json(br#"{"resource": "r"}"#).unwrap();
        metadata.scopes_supported = listed.map(|listed| listed.iter().map(|scope| (*scope).to_owned()).collect());
        Discovery {
            server_url: "r".to_owned(),
            challenge: challenge::parse(challenge).0.first().cloned(),
            metadata_url: "m".to_owned(),
            metadata,
            obstacle: None,
        }
    }

    fn selected(discovery: Option<&Discovery>, offline: bool) -> String {
        select(discovery, &["openid".to_owned(), "offline_access".to_owned()], offline).values.join(" ")
    }

    #[test]
    fn the_challenge_goes_before_the_metadata() {
        assert_eq!(selected(Some(&discovery("Bearer scope=\"a\"", Some(&["a", "b"]))), false), "a");
        assert_eq!(selected(Some(&discovery("Bearer", Some(&["a", "b"]))), false), "a b");
        assert_eq!(selected(Some(&discovery("", None)), false), "");
        assert_eq!(selected(None, false), "");
    }

    #[test]
    fn offline_access_is_added_only_where_the_idp_lists_it() {
        let discovery = discovery("Bearer scope=\"a\"", None);
        assert_eq!(selected(Some(&discovery), true), "a offline_access");
        assert_eq!(select(Some(&discovery), &[], true).values, ["a"]);
    }
}
