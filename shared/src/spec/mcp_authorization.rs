//! The pages of MCP 2026-07-28 on authorization.

documents! {
    "MCP 2026-07-28",
    "https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization" {
        MCP_SCOPE_CHALLENGE("Scope Selection Strategy", "#scope-selection-strategy"):
            "MCP servers SHOULD include a scope parameter in the WWW-Authenticate header as \
            defined in RFC 6750 Section 3 to indicate the scopes required for accessing the \
            resource.";
        MCP_NO_OFFLINE_ACCESS("Refresh Tokens", "#refresh-tokens"):
            "MCP Servers (Protected Resources) SHOULD NOT include offline_access in \
            WWW-Authenticate scope or Protected Resource Metadata scopes_supported, as refresh \
            tokens are not a resource requirement.";
        MCP_BEARER_HEADER("Token Requirements", "#token-requirements"):
            "MCP client MUST use the Authorization request header field defined in OAuth 2.1 \
            Section 5.1.1";
        MCP_AS_OUT_OF_SCOPE("Roles", "#roles"):
            "The implementation details of the authorization server are beyond the scope of this \
            specification.";
        MCP_AS_METADATA("Overview", "#overview"):
            "MCP authorization servers MUST provide at least one of the following discovery \
            mechanisms: … OAuth 2.0 Authorization Server Metadata (RFC8414) … OpenID Connect \
            Discovery 1.0";
        MCP_ISS_PARAMETER(
            "Authorization Response Validation",
            "#authorization-response-validation"
        ):
            "MCP authorization servers SHOULD include the iss parameter in authorization \
            responses, including error responses, as defined in RFC9207 Section 2.";
        MCP_DCR_DEPRECATED("Overview", "#overview"):
            "Note that Dynamic Client Registration is deprecated and retained for backwards \
            compatibility with authorization servers that do not support Client ID Metadata \
            Documents.";
        MCP_SCOPE_ORDER("Scope Selection Strategy", "#scope-selection-strategy"):
            "Use scope parameter from the initial WWW-Authenticate header in the 401 response, if \
            provided";
        MCP_RESOURCE_BOTH(
            "Resource Parameter Implementation",
            "#resource-parameter-implementation"
        ):
            "MUST be included in both authorization requests and token requests.";
        MCP_TOKEN_NOT_IN_QUERY("Token Requirements", "#token-requirements"):
            "Access tokens MUST NOT be included in the URI query string";
        MCP_TOKEN_IN_EVERY_REQUEST("Token Requirements", "#token-requirements"):
            "Note that authorization MUST be included in every HTTP request from client to server.";
        MCP_INVALID_TOKEN_401("Token Handling", "#token-handling"):
            "Invalid or expired tokens MUST receive a HTTP 401 response.";
        MCP_AUDIENCE("Token Handling", "#token-handling"):
            "MCP servers MUST validate that access tokens were issued specifically for them as the \
            intended audience, according to RFC 8707 Section 2.";
        MCP_STEP_UP("Step-Up Authorization Flow", "#step-up-authorization-flow"):
            "Clients SHOULD respond to these errors by requesting a new access token with an \
            increased set of scopes via a step-up authorization flow or handle the errors in \
            other, appropriate ways.";
        MCP_STEP_UP_UNION("Step-Up Authorization Flow", "#step-up-authorization-flow"):
            "Determine required scopes by computing the union of the client's previously requested \
            scope set and the scopes from the current challenge.";
    }

    "MCP 2026-07-28",
    "https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/authorization-server-discovery" {
        MCP_SERVER_LOCATION(
            "Protected Resource Metadata Discovery Requirements",
            "#protected-resource-metadata-discovery-requirements"
        ):
            "MCP servers MUST implement one of the following discovery mechanisms to provide \
            authorization server location information to MCP clients";
        MCP_AUTHORIZATION_SERVERS(
            "Authorization Server Location",
            "#authorization-server-location"
        ):
            "The Protected Resource Metadata document returned by the MCP server MUST include the \
            authorization_servers field containing at least one authorization server.";
        MCP_CLIENT_DISCOVERY(
            "Protected Resource Metadata Discovery Requirements",
            "#protected-resource-metadata-discovery-requirements"
        ):
            "MCP clients MUST support both discovery mechanisms and use the resource metadata URL \
            from the parsed WWW-Authenticate headers when present; otherwise, they MUST fall back \
            to constructing and requesting the well-known URIs in the order listed above.";
        MCP_CLIENT_CHALLENGE(
            "Protected Resource Metadata Discovery Requirements",
            "#protected-resource-metadata-discovery-requirements"
        ):
            "MCP clients MUST be able to parse WWW-Authenticate headers and respond appropriately \
            to HTTP 401 Unauthorized responses from the MCP server.";
        MCP_CLIENT_SELECTS("Authorization Server Location", "#authorization-server-location"):
            "The responsibility for selecting which authorization server to use lies with the MCP \
            client, following the guidelines specified in RFC9728 Section 7.6 \"Authorization \
            Servers\".";
        MCP_AS_ORDER(
            "Authorization Server Metadata Discovery",
            "#authorization-server-metadata-discovery"
        ):
            "To handle different issuer URL formats and ensure interoperability with both OAuth \
            2.0 Authorization Server Metadata and OpenID Connect Discovery 1.0 specifications, MCP \
            clients MUST attempt multiple well-known endpoints when discovering authorization \
            server metadata.";
        MCP_AS_ISSUER(
            "Authorization Server Metadata Discovery",
            "#authorization-server-metadata-discovery"
        ):
            "the issuer value in the document MUST be identical to the issuer identifier used to \
            construct the well-known URL.";
    }

    "MCP 2026-07-28",
    "https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/client-registration" {
        MCP_CLIENT_ID_METADATA("Client ID Metadata Documents", "#client-id-metadata-documents"):
            "MCP clients and authorization servers SHOULD support OAuth Client ID Metadata \
            Documents as specified in OAuth Client ID Metadata Document for client registration.";
        MCP_CIMD_PROPERTIES("Implementation Requirements", "#implementation-requirements"):
            "The metadata document MUST include at least the following properties: client_id, \
            client_name, redirect_uris";
        MCP_CREDENTIALS_BY_ISSUER("Authorization Server Binding", "#authorization-server-binding"):
            "Clients that use pre-registered credentials, or persist client credentials obtained \
            via Dynamic Client Registration, MUST associate those credentials with the specific \
            authorization server that issued them, keyed by the authorization server's issuer \
            identifier.";
        MCP_CREDENTIALS_NO_REUSE("Authorization Server Binding", "#authorization-server-binding"):
            "clients MUST NOT reuse client credentials from a different authorization server and \
            MUST re-register with the new authorization server.";
        MCP_PREREGISTRATION("Pre-registration", "#pre-registration"):
            "MCP clients SHOULD support an option for static client credentials such as those \
            supplied by a pre-registration flow.";
        MCP_REGISTER_PRIORITY("Client Registration (introduction)", ""):
            "Clients supporting all options SHOULD use the following priority order: 1. Use \
            pre-registered client information for the server if the client has it available 2. Use \
            Client ID Metadata Documents if the Authorization Server indicates that it supports \
            them … 3. Use Dynamic Client Registration as a fallback if the Authorization Server \
            supports it … 4. Prompt the user to enter the client information if no other option is \
            available";
        MCP_DCR("Dynamic Client Registration", "#dynamic-client-registration"):
            "MCP clients and authorization servers MAY support the OAuth 2.0 Dynamic Client \
            Registration Protocol RFC7591 to allow MCP clients to obtain OAuth client IDs without \
            user interaction.";
    }

    "MCP 2026-07-28",
    "https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/security-considerations" {
        MCP_PKCE_SUPPORT("Authorization Code Protection", "#authorization-code-protection"):
            "If code_challenge_methods_supported is absent, the authorization server does not \
            support PKCE and MCP clients MUST refuse to proceed.";
        MCP_PKCE_S256("Authorization Code Protection", "#authorization-code-protection"):
            "MCP clients MUST use the S256 code challenge method when technically capable, as \
            required by OAuth 2.1 Section 4.1.1.";
        MCP_AS_HTTPS("Communication Security", "#communication-security"):
            "All authorization server endpoints MUST be served over HTTPS.";
        MCP_PASSTHROUGH(
            "Access Token Privilege Restriction",
            "#access-token-privilege-restriction"
        ):
            "The MCP server MUST NOT pass through the token it received from the MCP client.";
        MCP_AUDIENCE_CLAIM(
            "Access Token Privilege Restriction",
            "#access-token-privilege-restriction"
        ):
            "MCP servers MUST only accept tokens specifically intended for themselves and MUST \
            reject tokens that do not include them in the audience claim or otherwise verify that \
            they are the intended recipient of the token.";
        MCP_CONFUSED_DEPUTY("Confused Deputy Problem", "#confused-deputy-problem"):
            "MCP proxy servers using static client IDs MUST obtain user consent for each \
            dynamically registered client before forwarding to third-party authorization servers \
            (which may require additional consent).";
        MCP_AUDIENCE_BINDING(
            "Token Audience Binding and Validation",
            "#token-audience-binding-and-validation"
        ):
            "RFC 8707 Resource Indicators provide critical security benefits by binding tokens to \
            their intended audiences when the Authorization Server supports the capability.";
    }
}
