//! What extensions add to the requests of RFC 6749: assertions (RFC 7523), PKCE (RFC 7636), native
//! apps (RFC 8252), token exchange (RFC 8693), resource indicators (RFC 8707), and the issuer in
//! the authorization response (RFC 9207).

documents! {
    "RFC 7523", "https://www.rfc-editor.org/rfc/rfc7523" {
        RFC7523_2_1("2.1"):
            "To use a Bearer JWT as an authorization grant, the client uses an access token \
            request as defined in Section 4 of the OAuth Assertion Framework [RFC7521] with the \
            following specific parameter values and encodings.";
        RFC7523_3("3"):
            "For client authentication, the subject MUST be the \"client_id\" of the OAuth client.";
    }

    "RFC 7636", "https://www.rfc-editor.org/rfc/rfc7636" {
        RFC7636_4_1("4.1"):
            "The code verifier SHOULD have enough entropy to make it impractical to guess the \
            value.";
        RFC7636_4_4_1("4.4.1"):
            "If the server requires Proof Key for Code Exchange (PKCE) by OAuth public clients and \
            the client does not send the \"code_challenge\" in the request, the authorization \
            endpoint MUST return the authorization error response with the \"error\" value set to \
            \"invalid_request\".";
        RFC7636_4_6("4.6"):
            "Upon receipt of the request at the token endpoint, the server verifies it by \
            calculating the code challenge from the received \"code_verifier\" and comparing it \
            with the previously associated \"code_challenge\", after first transforming it \
            according to the \"code_challenge_method\" method specified by the client.";
    }

    "RFC 8252", "https://www.rfc-editor.org/rfc/rfc8252" {
        RFC8252_7_3("7.3"):
            "The authorization server MUST allow any port to be specified at the time of the \
            request for loopback IP redirect URIs, to accommodate clients that obtain an available \
            ephemeral port from the operating system at the time of the request.";
    }

    "RFC 8693", "https://www.rfc-editor.org/rfc/rfc8693" {
        RFC8693_2_1("2.1"):
            "In processing the request, the authorization server MUST perform the appropriate \
            validation procedures for the indicated token type and, if the actor token is present, \
            also perform the appropriate validation procedures for its indicated token type.";
        RFC8693_2_2_1("2.2.1"):
            "issued_token_type REQUIRED. An identifier, as described in Section 3, for the \
            representation of the issued security token.";
    }

    "RFC 8707", "https://www.rfc-editor.org/rfc/rfc8707" {
        RFC8707_2_AUDIENCE("2"):
            "The authorization server SHOULD audience-restrict issued access tokens to the \
            resource(s) indicated by the resource parameter.";
        RFC8707_2_2("2.2"):
            "In the case of a refresh_token or authorization_code grant type request, such policy \
            may limit the acceptable resources to those that were originally granted by the \
            resource owner or a subset thereof.";
    }

    "RFC 9207", "https://www.rfc-editor.org/rfc/rfc9207" {
        RFC9207_2_4("2.4"):
            "If the value does not match the expected issuer identifier, clients MUST reject the \
            authorization response and MUST NOT proceed with the authorization grant.";
        RFC9207_2_4_MISSING("2.4"):
            "Clients MUST reject authorization responses without the iss parameter from \
            authorization servers that do support the parameter according to the client's \
            configuration.";
    }
}
