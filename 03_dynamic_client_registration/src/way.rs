//! The ways in which a client gets its name at an authorization server, in the order of MCP
//! 2026-07-28.

use as_metadata::AuthorizationServerMetadata;
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use shared::{Reporter, spec};

use crate::further::initial_access_token;
use crate::further::options::Plan;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// A client that somebody registered by hand (--client-id)
    Preregistered,
    /// The URL of a document about the client (OAuth Client ID Metadata Document)
    Cimd,
    /// Dynamic registration, open to everyone (RFC 7591)
    Anonymous,
    /// Dynamic registration with a token from the administrator (RFC 7591 §3)
    InitialAccessToken,
}

impl Way {
    /// Every way, in MCP's order.
    pub const ALL: [Way; 4] = [Way::Preregistered, Way::Cimd, Way::Anonymous, Way::InitialAccessToken];

    /// Whether the client asks the registration endpoint.
    pub fn is_dynamic(self) -> bool {
        matches!(self, Way::Anonymous | Way::InitialAccessToken)
    }

    /// This way in words, for people.
    pub fn title(self) -> &'static str {
        match self {
            Way::Preregistered => "registered by hand",
            Way::Cimd => "Client ID Metadata Document",
            Way::Anonymous => "dynamic registration, anonymous",
            Way::InitialAccessToken => "dynamic registration with an Initial Access Token",
        }
    }
}

/// Shows MCP's order, and what follows from the way that this run takes.
pub fn explain_choice(reporter: &Reporter, authorization_server: &AuthorizationServerMetadata, plan: &Plan) {
    let client_id = plan.static_client.as_ref().map(|client| client.client_id.as_str());
    reporter.note(table(authorization_server, client_id, &plan.ways));
    initial_access_token::note_unused(reporter, &plan.ways);
    if plan.ways.iter().any(|way| way.is_dynamic()) {
        let quote = spec::MCP_DCR_DEPRECATED.quote;
        reporter.note(format!(
            "DEPRECATED: “{quote}” It is taught here all the same: most identity providers and clients have it, few have documents \
             yet, and anyone who runs either has to understand it."
        ));
    }
    if plan.ways == [Way::Anonymous] && authorization_server.client_id_metadata_document_supported == Some(true) {
        reporter.note(
            "A client with a document on the web would take the second way here (--register cimd shows it). This lesson takes the third.",
        );
    }
}

/// MCP's order, with what speaks for and against each way here. `chosen` is the way that this run
/// takes.
fn table(authorization_server: &AuthorizationServerMetadata, client_id: Option<&str>, chosen: &[Way]) -> String {
    let takes_documents = authorization_server.client_id_metadata_document_supported == Some(true);
    let documents = if takes_documents {
        "says client_id_metadata_document_supported"
    } else {
        "does not say client_id_metadata_document_supported"
    };
    let has_endpoint = authorization_server.registration_endpoint.is_some();
    let endpoint = if has_endpoint { "names a registration_endpoint" } else { "names no registration_endpoint" };
    let is_by_hand = client_id.is_some() || chosen.contains(&Way::Preregistered);
    let unnamed = if is_by_hand { "the realm's own client for this tutorial" } else { "no --client-id was given" };
    let by_hand = client_id.map_or(unnamed.to_owned(), |id| format!("--client-id {id}"));
    let rows = [
        ("registered by hand", is_by_hand, by_hand, &[Way::Preregistered][..]),
        ("Client ID Metadata Document", takes_documents, format!("the IdP {documents}"), &[Way::Cimd]),
        (
            "dynamic registration (deprecated)",
            has_endpoint,
            format!("the IdP {endpoint}"),
            &[Way::Anonymous, Way::InitialAccessToken],
        ),
        ("ask the user", true, "what is left when nothing else is open".to_owned(), &[]),
    ];
    let rows = rows.iter().enumerate().map(|(n, (name, open, reason, ways))| {
        let taken = if ways.iter().any(|way| chosen.contains(way)) { "  ← taken here" } else { "" };
        let open = if *open { "open" } else { "no" };
        format!("  {}. {name:<34} {open:<4}  {reason}{taken}", n + 1)
    });
    ["MCP's order, and what is open here:".to_owned()].into_iter().chain(rows).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_says_what_is_open_and_why() {
        let nothing = AuthorizationServerMetadata::default();
        let closed = table(&nothing, None, &[]);
        assert_eq!(closed.matches(" no  ").count(), 3, "{closed}");
        let open = AuthorizationServerMetadata {
            registration_endpoint: Some("x".to_owned()),
            client_id_metadata_document_supported: Some(true),
            ..nothing
        };
        let open = table(&open, Some("id"), &[Way::Anonymous]);
        assert_eq!(open.matches(" open  ").count(), 4, "{open}");
        assert!(open.lines().nth(3).unwrap().ends_with("← taken here"), "{open}");
    }
}
