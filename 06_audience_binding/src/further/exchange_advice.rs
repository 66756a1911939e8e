//! What the MCP server's operator can do where the authorization server exchanges no token.

/// A part of the refusal, as Keycloak 26 words it, and what changes it. The first one that fits is
/// taken.
const ADVICE: &[(&str, &str)] = &[
    (
        "Standard token exchange is not enabled",
        "allow token exchange for the MCP server's client (Keycloak: Standard Token Exchange, or kcadm.sh update clients/ID -r REALM -s \
         'attributes.\"standard.token.exchange.enabled\"=true').",
    ),
    (
        "Audience not found",
        "create a client for the API behind the MCP server, or name another with --downstream-audience (in Keycloak, the audience is a client id).",
    ),
    (
        "invalid_scope",
        "create the scope and make it an optional scope of the MCP server's client, or name one that it has with --downstream-scope.",
    ),
    (
        "Requested audience not available",
        "have the scope of --downstream-scope add the API to aud (Keycloak: an audience mapper, oidc-audience-mapper, with the API's client as \
        Included Client Audience).",
    ),
    (
        "unsupported_grant_type",
        "use an authorization server with token exchange (RFC 8693). Keycloak has it since 26.2.",
    ),
    (
        "invalid_client",
        "compare MCP_SERVER_CLIENT_ID and MCP_SERVER_CLIENT_SECRET with what this authorization server has, and start the MCP server again.",
    ),
];

/// What to do about a refusal in these words; empty where nothing is known.
pub fn advice(refusal: &str) -> &'static str {
    ADVICE.iter().find(|(part, _)| refusal.contains(part)).map_or("", |(_, advice)| advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_of_keycloak_has_its_own_advice() {
        for (refusal, part) in [
            (
                "HTTP 400 invalid_request: Standard token exchange is not enabled for the requested client",
                "standard.token",
            ),
            ("HTTP 400 invalid_client: Audience not found", "--downstream-audience"),
            ("HTTP 400 invalid_scope: Invalid scopes: downstream:read", "--downstream-scope"),
            ("HTTP 400 invalid_request: Requested audience not available: downstream-api", "oidc-audience-mapper"),
            ("HTTP 400 unsupported_grant_type: Unsupported grant_type", "26.2"),
            ("HTTP 401 invalid_client: Invalid client or Invalid client credentials", "MCP_SERVER_CLIENT_SECRET"),
        ] {
            assert!(advice(refusal).contains(part), "{refusal}: {}", advice(refusal));
        }
        // Here the refusal is what protects the user.
        assert_eq!(advice("HTTP 403 access_denied: Client is not within the token audience"), "");
        assert_eq!(advice("HTTP 500 no error code"), "");
    }
}
