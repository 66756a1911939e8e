//! The OAuth 2.0 Authorization Framework.

documents! {
    "RFC 6749", "https://www.rfc-editor.org/rfc/rfc6749" {
        RFC6749_3_1_2_4("3.1.2.4"):
            "If an authorization request fails validation due to a missing, invalid, or \
            mismatching redirection URI, the authorization server SHOULD inform the resource owner \
            of the error and MUST NOT automatically redirect the user-agent to the invalid \
            redirection URI.";
        RFC6749_4_1_2_ONCE("4.1.2"):
            "If an authorization code is used more than once, the authorization server MUST deny \
            the request and SHOULD revoke (when possible) all tokens previously issued based on \
            that authorization code.";
        RFC6749_4_1_2_CODE("4.1.2"):
            "The authorization code is bound to the client identifier and redirection URI.";
        RFC6749_4_1_3_VALID("4.1.3"):
            "verify that the authorization code is valid";
        RFC6749_4_4("4.4"):
            "The client can request an access token using only its client credentials (or other \
            supported means of authentication) when the client is requesting access to the \
            protected resources under its control";
        RFC6749_4_4_CONFIDENTIAL("4.4"):
            "The client credentials grant type MUST only be used by confidential clients.";
        RFC6749_4_4_2("4.4.2"):
            "The authorization server MUST authenticate the client.";
        RFC6749_4_4_3("4.4.3"):
            "A refresh token SHOULD NOT be included.";
        RFC6749_5_1("5.1"):
            "REQUIRED. The access token issued by the authorization server.";
        RFC6749_5_1_SCOPE("5.1"):
            "OPTIONAL, if identical to the scope requested by the client; otherwise, REQUIRED.";
        RFC6749_5_2_INVALID_CLIENT("5.2"):
            "invalid_client Client authentication failed (e.g., unknown client, no client \
            authentication included, or unsupported authentication method).";
        RFC6749_5_2_INVALID_GRANT("5.2"):
            "invalid_grant The provided authorization grant (e.g., authorization code, resource \
            owner credentials) or refresh token is invalid, expired, revoked, does not match the \
            redirection URI used in the authorization request, or was issued to another client.";
        RFC6749_5_2_UNAUTHORIZED_CLIENT("5.2"):
            "unauthorized_client The authenticated client is not authorized to use this \
            authorization grant type.";
        RFC6749_6("6"):
            "The requested scope MUST NOT include any scope not originally granted by the resource \
            owner, and if omitted is treated as equal to the scope originally granted by the \
            resource owner.";
        RFC6749_7_1("7.1"):
            "The client MUST NOT use an access token if it does not understand the token type.";
        OAUTH_REFRESH_REPLAY("10.4"):
            "If a refresh token is compromised and subsequently used by both the attacker and the \
            legitimate client, one of them will present an invalidated refresh token, which will \
            inform the authorization server of the breach.";
        RFC6749_10_12("10.12"):
            "The client MUST implement CSRF protection for its redirection URI.";
    }
}
