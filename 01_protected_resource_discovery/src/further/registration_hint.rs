//! `--registration-hint`: the MCP server's metadata has a member that RFC 9728 does not define. A
//! client must ignore it: how clients register is the authorization server's business (lesson 02).

use serde_json::{Value, json};
use shared::Reporter;

use crate::metadata::ProtectedResourceMetadata;

const MEMBER: &str = "client_registration_info";

/// The member, for the server's metadata.
pub fn members() -> Value {
    json!({MEMBER: "Ask the authorization server: registering clients is its business."})
}

/// Tells a person why the hint changes nothing, where there is one.
pub fn explain(reporter: &Reporter, metadata: &ProtectedResourceMetadata) {
    if metadata.ignored.iter().any(|name| name == MEMBER) {
        reporter.note("The registration hint changes nothing: whether and how clients register is what the authorization server's own metadata says (lesson 02), never the MCP server.");
    }
}
