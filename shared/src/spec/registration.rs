//! How an authorization server gets to know a client: Dynamic Client Registration (RFC 7591), the
//! management of a registered client (RFC 7592), and Client ID Metadata Documents.

documents! {
    "RFC 7591", "https://www.rfc-editor.org/rfc/rfc7591" {
        RFC7591_2_IGNORE("2"):
            "The authorization server MUST ignore any client metadata sent by the client that it \
            does not understand (for instance, by silently removing unknown metadata from the \
            client's registration record during processing).";
        RFC7591_2_SCOPE("2"):
            "String containing a space-separated list of scope values (as described in Section 3.3 \
            of OAuth 2.0 [RFC6749]) that the client can use when requesting access tokens.";
        RFC7591_3("3"):
            "The client registration endpoint MUST accept HTTP POST messages with request \
            parameters encoded in the entity body using the \"application/json\" format.";
        RFC7591_3_TOKEN("3"):
            "The client registration endpoint MAY be an OAuth 2.0 [RFC6749] protected resource and \
            it MAY accept an initial access token in the form of an OAuth 2.0 access token to \
            limit registration to only previously authorized parties.";
        RFC7591_3_OPEN("3"):
            "To support open registration and facilitate wider interoperability, the client \
            registration endpoint SHOULD allow registration requests with no authorization (which \
            is to say, with no initial access token in the request).";
        RFC7591_2_REPLACE("3.2.1"):
            "The authorization server MAY reject or replace any of the client's requested metadata \
            values submitted during the registration and substitute them with suitable values.";
        RFC7591_3_2_1_CREATED("3.2.1"):
            "The successful registration response uses an HTTP 201 Created status code with a body \
            of type \"application/json\" consisting of a single JSON object [RFC7159] with all \
            parameters as top-level members of the object.";
        RFC7591_3_2_1_CLIENT_ID("3.2.1"):
            "REQUIRED. OAuth 2.0 client identifier string.";
        RFC7591_3_2_1_EXPIRES("3.2.1"):
            "REQUIRED if \"client_secret\" is issued. Time at which the client secret will expire \
            or 0 if it will not expire.";
        RFC7591_3_2_1_CHECK("3.2.1"):
            "The client or developer can check the values in the response to determine if the \
            registration is sufficient for use (e.g., the registered \
            \"token_endpoint_auth_method\" is supported by the client software) and determine a \
            course of action appropriate for the client software.";
        RFC7591_5_REDIRECT_URI("5"):
            "registered redirection URI values MUST be one of: … A web site hosted on the local \
            machine using an HTTP URI";
    }

    "RFC 7592", "https://www.rfc-editor.org/rfc/rfc7592" {
        RFC7592_2_1("2.1"):
            "To read the current configuration of the client on the authorization server, the \
            client makes an HTTP GET request to the client configuration endpoint, authenticating \
            with its registration access token.";
        RFC7592_2_1_GONE("2.1"):
            "If the client does not exist on this server, the server MUST respond with HTTP 401 \
            Unauthorized and the registration access token used to make this request SHOULD be \
            immediately revoked.";
        RFC7592_2_2("2.2"):
            "Valid values of client metadata fields in this request MUST replace, not augment, the \
            values previously associated with this client.";
        RFC7592_2_2_TOKEN("2.2"):
            "If the authorization server includes a new client secret and/or registration access \
            token in its response, the client MUST immediately discard its previous client secret \
            and/or registration access token.";
        RFC7592_2_3("2.3"):
            "If a client has been successfully deprovisioned, the authorization server MUST \
            respond with an HTTP 204 No Content message.";
        RFC7592_5("5"):
            "since the registration access token is a Bearer Token and acts as the sole \
            authentication for use at the client configuration endpoint, it MUST be protected by \
            the developer or client as described in the OAuth 2.0 Bearer Token Usage specification \
            [RFC6750].";
        RFC7592_5_ROTATE("5"):
            "to limit the exposure surface of the registration access token, the registration \
            access token MAY be rotated when the developer or client does a read or update \
            operation on the client's client configuration endpoint.";
    }

    "CIMD draft-00",
    "https://datatracker.ietf.org/doc/html/draft-ietf-oauth-client-id-metadata-document-00" {
        CIMD_3("3"):
            "Client identifier URLs MUST have an \"https\" scheme, MUST contain a path component, \
            MUST NOT contain single-dot or double-dot path segments, MUST NOT contain a fragment \
            component and MUST NOT contain a username or password";
        MCP_CIMD_FETCH("4"):
            "The authorization server SHOULD fetch the document indicated by the client_id to \
            retrieve the client registration information.";
        CIMD_4_1("4.1"):
            "The client metadata document MUST contain a client_id property whose value MUST match \
            the URL of the document using simple string comparison as defined in [RFC3986] Section \
            6.2.1.";
        CIMD_4_1_SECRET("4.1"):
            "the token_endpoint_auth_method property MUST NOT include client_secret_post, \
            client_secret_basic, client_secret_jwt, or any other method based around a shared \
            symmetric secret.";
    }
}
