//! The tables that show what an exchange changes in a token.

use authorization_code::token_response;
use serde_json::{Map, Value};
use shared::Secret;

use crate::audience;

/// The two tokens, side by side, as far as they can be read.
pub fn side_by_side(before: &Secret, after: &Secret) -> Option<String> {
    let (before, after) = (token_response::claims(before)?, token_response::claims(after)?);
    let shown = |claims: &Map<String, Value>, name: &str| claims.get(name).map_or("absent".to_owned(), audience::shown);
    let rows = [
        ("aud", "the server"),
        ("azp", "the client that received it"),
        ("scope", "the access that it grants"),
        ("sub", "the user"),
        ("act", "the acting party; Keycloak 26.7.3 does not write it"),
    ];
    let rows = rows.map(|(name, meaning)| {
        let (before, after) = (shown(&before, name), shown(&after, name));
        if before == after {
            format!("\n  {name:<5}  {after}, as before  ({meaning})")
        } else {
            format!("\n  {name:<5}  {after}, before: {before}  ({meaning})")
        }
    });
    Some(format!("The MCP server has exchanged the token for another one:{}", rows.concat()))
}
