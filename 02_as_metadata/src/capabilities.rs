//! Two tables of what this authorization server says: beside the requirements of MCP 2026-07-28,
//! and what else it offers.

use shared::one_line;

use crate::metadata::AuthorizationServerMetadata;
use crate::requirements::Requirement;

/// The requirements of MCP 2026-07-28 beside what this authorization server says.
pub fn requirements_table(issuer: &str, requirements: &[Requirement]) -> String {
    let mut lines = vec![format!("What {issuer} says, and what MCP 2026-07-28 asks of it:")];
    for Requirement { rule, passed, expected, seen, fix } in requirements {
        let mark = if *passed { "yes" } else { "NO " };
        // In an issuer the last character matters.
        let seen = if expected.contains("issuer is") { seen.clone() } else { shortened(seen) };
        lines.push(format!("{mark} {:6} {expected:<55} {seen}", rule.keyword.to_string()));
        if !*passed {
            lines.push(format!("         fix: {fix}"));
        }
    }
    lines.join("\n")
}

/// What else the metadata offers, and what no metadata can show.
pub fn offers_table(metadata: &AuthorizationServerMetadata) -> String {
    let mut lines = vec!["What the metadata offers beyond the requirements:".to_owned()];
    for (what, seen) in offers(metadata) {
        lines.push(format!("  {what:<55} {}", seen.map_or_else(|| "no".to_owned(), |seen| shortened(&seen))));
    }
    lines.push("What metadata cannot show, and these lessons try out:".to_owned());
    lines.extend(NOT_IN_METADATA.iter().map(|what| format!("  {what}")));
    lines.join("\n")
}

fn offers(metadata: &AuthorizationServerMetadata) -> Vec<(&'static str, Option<String>)> {
    let grant = |name: &str| metadata.grant_types().into_iter().find(|grant| grant == name);
    let lists = |values: &Option<Vec<String>>| values.as_ref().map(|values| values.join(", "));
    let method =
        |name: &str| metadata.token_endpoint_auth_methods_supported.iter().flatten().find(|method| *method == name);
    let offline = metadata.scopes_supported.iter().flatten().find(|scope| *scope == "offline_access");
    vec![
        ("dynamic client registration (RFC 7591; deprecated)", metadata.registration_endpoint.clone()),
        ("public clients: the client authentication none", method("none").cloned()),
        ("clients with a key: private_key_jwt (RFC 7523)", method("private_key_jwt").cloned()),
        ("refresh tokens", grant("refresh_token")),
        ("the scope offline_access", offline.cloned()),
        ("client credentials", grant("client_credentials")),
        ("token exchange (RFC 8693)", grant("urn:ietf:params:oauth:grant-type:token-exchange")),
        ("the keys that sign its tokens: jwks_uri", metadata.jwks_uri.clone()),
        ("revocation (RFC 7009)", metadata.revocation_endpoint.clone()),
        ("introspection (RFC 7662)", metadata.introspection_endpoint.clone()),
        ("pushed authorization requests (RFC 9126)", metadata.pushed_authorization_request_endpoint.clone()),
        ("DPoP (RFC 9449)", lists(&metadata.dpop_signing_alg_values_supported)),
    ]
}

const NOT_IN_METADATA: [&str; 5] = [
    "resource indicators: does the parameter resource decide a token's audience? (RFC 8707; lesson 06)",
    "are redirect URIs compared exactly, but for the port of a loopback address? (lesson 04)",
    "is a code good for one use, and for its own client and verifier only? (lesson 04)",
    "is a refresh token good for one use? (lesson 05)",
    "who may register, and with which scopes and redirect URIs? (lesson 03)",
];

/// Long values are cut in the table; the checks above it have them whole.
fn shortened(text: &str) -> String {
    let text = one_line(text);
    match text.char_indices().nth(36) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::requirements::requirements;

    #[test]
    fn the_table_has_a_row_for_each_requirement() {
        let issuer = "https://idp.example/realms/r";
        let metadata =
            AuthorizationServerMetadata { issuer: issuer.to_owned(), ..AuthorizationServerMetadata::default() };
        let requirements = requirements(issuer, &metadata, |_| true);
        let table = requirements_table(issuer, &requirements);
        let is_row = |line: &&str| ["MUST ", "SHOULD "].iter().any(|word| line.contains(word));
        assert_eq!(table.lines().filter(is_row).count(), requirements.len());
        let failed = requirements.iter().filter(|row| !row.passed).count();
        assert_eq!(table.matches("\n         fix: ").count(), failed, "{table}");
        assert!(offers_table(&metadata).contains("  resource indicators"));
    }
}
