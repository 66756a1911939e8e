//! The sentences of the standards that checks refer to, as data: they are printed with the check,
//! so they are read, and a citation that is wrong is seen. Each quote is one sentence, or the part
//! of it that matters, word for word.

use serde::Serialize;

/// Where a requirement stands.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct SpecRef {
    /// For example `RFC 9728`, or `MCP 2026-07-28`.
    pub id: &'static str,
    /// For example `§3.3`; the name of the section where sections have no numbers.
    pub section: &'static str,
    /// A link to the section.
    pub url: &'static str,
    /// The sentence. The JSON form carries the link and leaves it out.
    #[serde(skip)]
    pub quote: &'static str,
}

/// RFC 6750 §3.1
pub static RFC6750_3_1_NO_ERROR: SpecRef = SpecRef {
    id: "RFC 6750",
    section: "§3.1",
    url: "https://www.rfc-editor.org/rfc/rfc6750#section-3.1",
    quote: "If the request lacks any authentication information (e.g., the client was unaware that authentication is necessary or attempted using an unsupported authentication method), the resource server SHOULD NOT include an error code or other error information.",
};

/// RFC 9110 §11.6.1
pub static RFC9110_11_6_1: SpecRef = SpecRef {
    id: "RFC 9110",
    section: "§11.6.1",
    url: "https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1",
    quote: "User agents are advised to take special care in parsing the field value, as it might contain more than one challenge, and each challenge can contain a comma-separated list of authentication parameters.",
};

/// RFC 9728 §2
pub static RFC9728_2_SCOPES: SpecRef = SpecRef {
    id: "RFC 9728",
    section: "§2",
    url: "https://www.rfc-editor.org/rfc/rfc9728#section-2",
    quote: "RECOMMENDED. JSON array containing a list of scope values, as defined in OAuth 2.0 [RFC6749], that are used in authorization requests to request access to this protected resource.",
};

/// RFC 9728 §3
pub static RFC9728_3: SpecRef = SpecRef {
    id: "RFC 9728",
    section: "§3",
    url: "https://www.rfc-editor.org/rfc/rfc9728#section-3",
    quote: "Protected resources supporting metadata MUST make a JSON document containing metadata as specified in Section 2 available at a URL formed by inserting a well-known URI string into the protected resource's resource identifier between the host component and the path and/or query components, if any.",
};

/// RFC 9728 §3.2
pub static RFC9728_3_2: SpecRef = SpecRef {
    id: "RFC 9728",
    section: "§3.2",
    url: "https://www.rfc-editor.org/rfc/rfc9728#section-3.2",
    quote: "A successful response MUST use the 200 OK HTTP status code and return a JSON object using the application/json content type that contains a set of metadata parameters as its members that are a subset of the metadata parameters defined in Section 2.",
};

/// RFC 9728 §3.2
pub static RFC9728_3_2_UNKNOWN: SpecRef = SpecRef {
    id: "RFC 9728",
    section: "§3.2",
    url: "https://www.rfc-editor.org/rfc/rfc9728#section-3.2",
    quote: "Additional metadata parameters MAY be defined and used; any metadata parameters that are not understood MUST be ignored.",
};

/// RFC 9728 §3.2
pub static RFC9728_3_2_ARRAYS: SpecRef = SpecRef {
    id: "RFC 9728",
    section: "§3.2",
    url: "https://www.rfc-editor.org/rfc/rfc9728#section-3.2",
    quote: "Parameters with multiple values are represented as JSON arrays. Parameters with zero values MUST be omitted from the response.",
};

/// RFC 9728 §3.3
pub static RFC9728_3_3: SpecRef = SpecRef {
    id: "RFC 9728",
    section: "§3.3",
    url: "https://www.rfc-editor.org/rfc/rfc9728#section-3.3",
    quote: "The resource value returned MUST be identical to the protected resource's resource identifier value into which the well-known URI path suffix was inserted to create the URL used to retrieve the metadata. If these values are not identical, the data contained in the response MUST NOT be used.",
};

/// RFC 9728 §3.3
pub static RFC9728_3_3_CHALLENGE: SpecRef = SpecRef {
    id: "RFC 9728",
    section: "§3.3",
    url: "https://www.rfc-editor.org/rfc/rfc9728#section-3.3",
    quote: "If the protected resource metadata was retrieved from a URL returned by the protected resource via the WWW-Authenticate resource_metadata parameter, then the resource value returned MUST be identical to the URL that the client used to make the request to the resource server.",
};

/// RFC 9728 §7.7
pub static RFC9728_7_7: SpecRef = SpecRef {
    id: "RFC 9728",
    section: "§7.7",
    url: "https://www.rfc-editor.org/rfc/rfc9728#section-7.7",
    quote: "Clients SHOULD take appropriate precautions against SSRF attacks, such as blocking requests to internal IP address ranges.",
};

/// MCP 2026-07-28 Protected Resource Metadata Discovery Requirements
pub static MCP_SERVER_LOCATION: SpecRef = SpecRef {
    id: "MCP 2026-07-28",
    section: "Protected Resource Metadata Discovery Requirements",
    url: "https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/authorization-server-discovery#protected-resource-metadata-discovery-requirements",
    quote: "MCP servers MUST implement one of the following discovery mechanisms to provide authorization server location information to MCP clients",
};

/// MCP 2026-07-28 Authorization Server Location
pub static MCP_AUTHORIZATION_SERVERS: SpecRef = SpecRef {
    id: "MCP 2026-07-28",
    section: "Authorization Server Location",
    url: "https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/authorization-server-discovery#authorization-server-location",
    quote: "The Protected Resource Metadata document returned by the MCP server MUST include the authorization_servers field containing at least one authorization server.",
};

/// MCP 2026-07-28 Protected Resource Metadata Discovery Requirements
pub static MCP_CLIENT_DISCOVERY: SpecRef = SpecRef {
    id: "MCP 2026-07-28",
    section: "Protected Resource Metadata Discovery Requirements",
    url: "https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/authorization-server-discovery#protected-resource-metadata-discovery-requirements",
    quote: "MCP clients MUST support both discovery mechanisms and use the resource metadata URL from the parsed WWW-Authenticate headers when present; otherwise, they MUST fall back to constructing and requesting the well-known URIs in the order listed above.",
};

/// MCP 2026-07-28 Protected Resource Metadata Discovery Requirements
pub static MCP_CLIENT_CHALLENGE: SpecRef = SpecRef {
    id: "MCP 2026-07-28",
    section: "Protected Resource Metadata Discovery Requirements",
    url: "https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/authorization-server-discovery#protected-resource-metadata-discovery-requirements",
    quote: "MCP clients MUST be able to parse WWW-Authenticate headers and respond appropriately to HTTP 401 Unauthorized responses from the MCP server.",
};

/// MCP 2026-07-28 Scope Selection Strategy
pub static MCP_SCOPE_CHALLENGE: SpecRef = SpecRef {
    id: "MCP 2026-07-28",
    section: "Scope Selection Strategy",
    url: "https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#scope-selection-strategy",
    quote: "MCP servers SHOULD include a scope parameter in the WWW-Authenticate header as defined in RFC 6750 Section 3 to indicate the scopes required for accessing the resource.",
};

/// MCP 2026-07-28 Refresh Tokens
pub static MCP_NO_OFFLINE_ACCESS: SpecRef = SpecRef {
    id: "MCP 2026-07-28",
    section: "Refresh Tokens",
    url: "https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#refresh-tokens",
    quote: "MCP Servers (Protected Resources) SHOULD NOT include offline_access in WWW-Authenticate scope or Protected Resource Metadata scopes_supported, as refresh tokens are not a resource requirement.",
};

/// MCP 2026-07-28 Security & Endpoint
pub static MCP_ORIGIN: SpecRef = SpecRef {
    id: "MCP 2026-07-28",
    section: "Security & Endpoint",
    url: "https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#security-%26-endpoint",
    quote: "If the Origin header is present and invalid, servers MUST respond with HTTP 403 Forbidden.",
};

/// MCP 2026-07-28 Token Requirements
pub static MCP_BEARER_HEADER: SpecRef = SpecRef {
    id: "MCP 2026-07-28",
    section: "Token Requirements",
    url: "https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-requirements",
    quote: "MCP client MUST use the Authorization request header field defined in OAuth 2.1 Section 5.1.1",
};

/// MCP 2026-07-28 Authorization Server Location
pub static MCP_CLIENT_SELECTS: SpecRef = SpecRef {
    id: "MCP 2026-07-28",
    section: "Authorization Server Location",
    url: "https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/authorization-server-discovery#authorization-server-location",
    quote: "The responsibility for selecting which authorization server to use lies with the MCP client, following the guidelines specified in RFC9728 Section 7.6 \"Authorization Servers\".",
};

/// MCP 2026-07-28 Roles
pub static MCP_AS_OUT_OF_SCOPE: SpecRef = SpecRef {
    id: "MCP 2026-07-28",
    section: "Roles",
    url: "https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#roles",
    quote: "The implementation details of the authorization server are beyond the scope of this specification.",
};

/// MCP 2026-07-28 Server-Side Request Forgery (SSRF)
pub static MCP_HTTP_LOOPBACK: SpecRef = SpecRef {
    id: "MCP 2026-07-28",
    section: "Server-Side Request Forgery (SSRF)",
    url: "https://modelcontextprotocol.io/docs/2026-07-28/tutorials/security/security_best_practices#server-side-request-forgery-ssrf",
    quote: "Reject http:// URLs except for loopback addresses (localhost, 127.0.0.1, ::1) during development",
};

/// RFC 8414 §2
pub static RFC8414_2_ISSUER: SpecRef = SpecRef {
    id: "RFC 8414",
    section: "§2",
    url: "https://www.rfc-editor.org/rfc/rfc8414#section-2",
    quote: "REQUIRED. The authorization server's issuer identifier, which is a URL that uses the \"https\" scheme and has no query or fragment components.",
};

/// RFC 8414 §2
pub static RFC8414_2_AUTHORIZATION_ENDPOINT: SpecRef = SpecRef {
    id: "RFC 8414",
    section: "§2",
    url: "https://www.rfc-editor.org/rfc/rfc8414#section-2",
    quote: "URL of the authorization server's authorization endpoint [RFC6749]. This is REQUIRED unless no grant types are supported that use the authorization endpoint.",
};

/// RFC 8414 §2
pub static RFC8414_2_TOKEN_ENDPOINT: SpecRef = SpecRef {
    id: "RFC 8414",
    section: "§2",
    url: "https://www.rfc-editor.org/rfc/rfc8414#section-2",
    quote: "URL of the authorization server's token endpoint [RFC6749]. This is REQUIRED unless only the implicit grant type is supported.",
};

/// RFC 8414 §2
pub static RFC8414_2_RESPONSE_TYPES: SpecRef = SpecRef {
    id: "RFC 8414",
    section: "§2",
    url: "https://www.rfc-editor.org/rfc/rfc8414#section-2",
    quote: "REQUIRED. JSON array containing a list of the OAuth 2.0 \"response_type\" values that this authorization server supports.",
};

/// RFC 8414 §2
pub static RFC8414_2_GRANT_TYPES: SpecRef = SpecRef {
    id: "RFC 8414",
    section: "§2",
    url: "https://www.rfc-editor.org/rfc/rfc8414#section-2",
    quote: "JSON array containing a list of the OAuth 2.0 grant type values that this authorization server supports.",
};

/// RFC 8414 §2
pub static RFC8414_2_SCOPES: SpecRef = SpecRef {
    id: "RFC 8414",
    section: "§2",
    url: "https://www.rfc-editor.org/rfc/rfc8414#section-2",
    quote: "RECOMMENDED. JSON array containing a list of the OAuth 2.0 [RFC6749] \"scope\" values that this authorization server supports.",
};

/// RFC 8414 §3.2
pub static RFC8414_3_2: SpecRef = SpecRef {
    id: "RFC 8414",
    section: "§3.2",
    url: "https://www.rfc-editor.org/rfc/rfc8414#section-3.2",
    quote: "A successful response MUST use the 200 OK HTTP status code and return a JSON object using the \"application/json\" content type that contains a set of claims as its members that are a subset of the metadata values defined in Section 2.",
};

/// RFC 8414 §3.2
pub static RFC8414_3_2_ARRAYS: SpecRef = SpecRef {
    id: "RFC 8414",
    section: "§3.2",
    url: "https://www.rfc-editor.org/rfc/rfc8414#section-3.2",
    quote: "Claims that return multiple values are represented as JSON arrays. Claims with zero elements MUST be omitted from the response.",
};

/// RFC 8414 §3.3
pub static RFC8414_3_3: SpecRef = SpecRef {
    id: "RFC 8414",
    section: "§3.3",
    url: "https://www.rfc-editor.org/rfc/rfc8414#section-3.3",
    quote: "The \"issuer\" value returned MUST be identical to the authorization server's issuer identifier value into which the well-known URI string was inserted to create the URL used to retrieve the metadata. If these values are not identical, the data contained in the response MUST NOT be used.",
};

/// MCP 2026-07-28 Overview
pub static MCP_AS_METADATA: SpecRef = SpecRef {
    id: "MCP 2026-07-28",
    section: "Overview",
    url: "https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#overview",
    quote: "MCP authorization servers MUST provide at least one of the following discovery mechanisms: … OAuth 2.0 Authorization Server Metadata (RFC8414) … OpenID Connect Discovery 1.0",
};

/// MCP 2026-07-28 Authorization Server Metadata Discovery
pub static MCP_AS_ORDER: SpecRef = SpecRef {
    id: "MCP 2026-07-28",
    section: "Authorization Server Metadata Discovery",
    url: "https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/authorization-server-discovery#authorization-server-metadata-discovery",
    quote: "To handle different issuer URL formats and ensure interoperability with both OAuth 2.0 Authorization Server Metadata and OpenID Connect Discovery 1.0 specifications, MCP clients MUST attempt multiple well-known endpoints when discovering authorization server metadata.",
};

/// MCP 2026-07-28 Authorization Server Metadata Discovery
pub static MCP_AS_ISSUER: SpecRef = SpecRef {
    id: "MCP 2026-07-28",
    section: "Authorization Server Metadata Discovery",
    url: "https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/authorization-server-discovery#authorization-server-metadata-discovery",
    quote: "the issuer value in the document MUST be identical to the issuer identifier used to construct the well-known URL.",
};

/// MCP 2026-07-28 Authorization Code Protection
pub static MCP_PKCE_SUPPORT: SpecRef = SpecRef {
    id: "MCP 2026-07-28",
    section: "Authorization Code Protection",
    url: "https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/security-considerations#authorization-code-protection",
    quote: "If code_challenge_methods_supported is absent, the authorization server does not support PKCE and MCP clients MUST refuse to proceed.",
};

/// MCP 2026-07-28 Authorization Code Protection
pub static MCP_PKCE_S256: SpecRef = SpecRef {
    id: "MCP 2026-07-28",
    section: "Authorization Code Protection",
    url: "https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/security-considerations#authorization-code-protection",
    quote: "MCP clients MUST use the S256 code challenge method when technically capable, as required by OAuth 2.1 Section 4.1.1.",
};

/// MCP 2026-07-28 Communication Security
pub static MCP_AS_HTTPS: SpecRef = SpecRef {
    id: "MCP 2026-07-28",
    section: "Communication Security",
    url: "https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/security-considerations#communication-security",
    quote: "All authorization server endpoints MUST be served over HTTPS.",
};

/// MCP 2026-07-28 Client ID Metadata Documents
pub static MCP_CLIENT_ID_METADATA: SpecRef = SpecRef {
    id: "MCP 2026-07-28",
    section: "Client ID Metadata Documents",
    url: "https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/client-registration#client-id-metadata-documents",
    quote: "MCP clients and authorization servers SHOULD support OAuth Client ID Metadata Documents as specified in OAuth Client ID Metadata Document for client registration.",
};

/// MCP 2026-07-28 Authorization Response Validation
pub static MCP_ISS_PARAMETER: SpecRef = SpecRef {
    id: "MCP 2026-07-28",
    section: "Authorization Response Validation",
    url: "https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#authorization-response-validation",
    quote: "MCP authorization servers SHOULD include the iss parameter in authorization responses, including error responses, as defined in RFC9207 Section 2.",
};

/// MCP 2025-03-26 Fallbacks for Servers without Metadata Discovery
pub static MCP_2025_03_26_FALLBACK: SpecRef = SpecRef {
    id: "MCP 2025-03-26",
    section: "Fallbacks for Servers without Metadata Discovery",
    url: "https://modelcontextprotocol.io/specification/2025-03-26/basic/authorization#fallbacks-for-servers-without-metadata-discovery",
    quote: "For servers that do not implement OAuth 2.0 Authorization Server Metadata, clients MUST use the following default endpoint paths relative to the authorization base URL",
};

/// RFC 7591 §2
pub static RFC7591_2_IGNORE: SpecRef = SpecRef {
    id: "RFC 7591",
    section: "§2",
    url: "https://www.rfc-editor.org/rfc/rfc7591#section-2",
    quote: "The authorization server MUST ignore any client metadata sent by the client that it does not understand (for instance, by silently removing unknown metadata from the client's registration record during processing).",
};

/// RFC 7591 §3.2.1
pub static RFC7591_2_REPLACE: SpecRef = SpecRef {
    id: "RFC 7591",
    section: "§3.2.1",
    url: "https://www.rfc-editor.org/rfc/rfc7591#section-3.2.1",
    quote: "The authorization server MAY reject or replace any of the client's requested metadata values submitted during the registration and substitute them with suitable values.",
};

/// RFC 7591 §3
pub static RFC7591_3: SpecRef = SpecRef {
    id: "RFC 7591",
    section: "§3",
    url: "https://www.rfc-editor.org/rfc/rfc7591#section-3",
    quote: "The client registration endpoint MUST accept HTTP POST messages with request parameters encoded in the entity body using the \"application/json\" format.",
};

/// RFC 7591 §3
pub static RFC7591_3_TOKEN: SpecRef = SpecRef {
    id: "RFC 7591",
    section: "§3",
    url: "https://www.rfc-editor.org/rfc/rfc7591#section-3",
    quote: "The client registration endpoint MAY be an OAuth 2.0 [RFC6749] protected resource and it MAY accept an initial access token in the form of an OAuth 2.0 access token to limit registration to only previously authorized parties.",
};

/// RFC 7591 §3.2.1
pub static RFC7591_3_2_1_CREATED: SpecRef = SpecRef {
    id: "RFC 7591",
    section: "§3.2.1",
    url: "https://www.rfc-editor.org/rfc/rfc7591#section-3.2.1",
    quote: "The successful registration response uses an HTTP 201 Created status code with a body of type \"application/json\" consisting of a single JSON object [RFC7159] with all parameters as top-level members of the object.",
};

/// RFC 7591 §3.2.1
pub static RFC7591_3_2_1_CLIENT_ID: SpecRef = SpecRef {
    id: "RFC 7591",
    section: "§3.2.1",
    url: "https://www.rfc-editor.org/rfc/rfc7591#section-3.2.1",
    quote: "REQUIRED. OAuth 2.0 client identifier string.",
};

/// RFC 7591 §3.2.1
pub static RFC7591_3_2_1_EXPIRES: SpecRef = SpecRef {
    id: "RFC 7591",
    section: "§3.2.1",
    url: "https://www.rfc-editor.org/rfc/rfc7591#section-3.2.1",
    quote: "REQUIRED if \"client_secret\" is issued. Time at which the client secret will expire or 0 if it will not expire.",
};

/// RFC 7591 §3.2.1
pub static RFC7591_3_2_1_CHECK: SpecRef = SpecRef {
    id: "RFC 7591",
    section: "§3.2.1",
    url: "https://www.rfc-editor.org/rfc/rfc7591#section-3.2.1",
    quote: "The client or developer can check the values in the response to determine if the registration is sufficient for use (e.g., the registered \"token_endpoint_auth_method\" is supported by the client software) and determine a course of action appropriate for the client software.",
};

/// RFC 7591 §2
pub static RFC7591_2_SCOPE: SpecRef = SpecRef {
    id: "RFC 7591",
    section: "§2",
    url: "https://www.rfc-editor.org/rfc/rfc7591#section-2",
    quote: "String containing a space-separated list of scope values (as described in Section 3.3 of OAuth 2.0 [RFC6749]) that the client can use when requesting access tokens.",
};

/// RFC 7591 §5
pub static RFC7591_5_REDIRECT_URI: SpecRef = SpecRef {
    id: "RFC 7591",
    section: "§5",
    url: "https://www.rfc-editor.org/rfc/rfc7591#section-5",
    quote: "registered redirection URI values MUST be one of: … A web site hosted on the local machine using an HTTP URI",
};

/// RFC 7592 §2.1
pub static RFC7592_2_1: SpecRef = SpecRef {
    id: "RFC 7592",
    section: "§2.1",
    url: "https://www.rfc-editor.org/rfc/rfc7592#section-2.1",
    quote: "To read the current configuration of the client on the authorization server, the client makes an HTTP GET request to the client configuration endpoint, authenticating with its registration access token.",
};

/// RFC 7592 §2.1
pub static RFC7592_2_1_GONE: SpecRef = SpecRef {
    id: "RFC 7592",
    section: "§2.1",
    url: "https://www.rfc-editor.org/rfc/rfc7592#section-2.1",
    quote: "If the client does not exist on this server, the server MUST respond with HTTP 401 Unauthorized and the registration access token used to make this request SHOULD be immediately revoked.",
};

/// RFC 7592 §2.2
pub static RFC7592_2_2: SpecRef = SpecRef {
    id: "RFC 7592",
    section: "§2.2",
    url: "https://www.rfc-editor.org/rfc/rfc7592#section-2.2",
    quote: "Valid values of client metadata fields in this request MUST replace, not augment, the values previously associated with this client.",
};

/// RFC 7592 §2.2
pub static RFC7592_2_2_TOKEN: SpecRef = SpecRef {
    id: "RFC 7592",
    section: "§2.2",
    url: "https://www.rfc-editor.org/rfc/rfc7592#section-2.2",
    quote: "If the authorization server includes a new client secret and/or registration access token in its response, the client MUST immediately discard its previous client secret and/or registration access token.",
};

/// RFC 7592 §2.3
pub static RFC7592_2_3: SpecRef = SpecRef {
    id: "RFC 7592",
    section: "§2.3",
    url: "https://www.rfc-editor.org/rfc/rfc7592#section-2.3",
    quote: "If a client has been successfully deprovisioned, the authorization server MUST respond with an HTTP 204 No Content message.",
};

/// RFC 7592 §5
pub static RFC7592_5: SpecRef = SpecRef {
    id: "RFC 7592",
    section: "§5",
    url: "https://www.rfc-editor.org/rfc/rfc7592#section-5",
    quote: "since the registration access token is a Bearer Token and acts as the sole authentication for use at the client configuration endpoint, it MUST be protected by the developer or client as described in the OAuth 2.0 Bearer Token Usage specification [RFC6750].",
};

/// RFC 6749 §5.2
pub static RFC6749_5_2_INVALID_CLIENT: SpecRef = SpecRef {
    id: "RFC 6749",
    section: "§5.2",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-5.2",
    quote: "invalid_client Client authentication failed (e.g., unknown client, no client authentication included, or unsupported authentication method).",
};

/// CIMD draft-00 §3
pub static CIMD_3: SpecRef = SpecRef {
    id: "CIMD draft-00",
    section: "§3",
    url: "https://datatracker.ietf.org/doc/html/draft-ietf-oauth-client-id-metadata-document-00#section-3",
    quote: "Client identifier URLs MUST have an \"https\" scheme, MUST contain a path component, MUST NOT contain single-dot or double-dot path segments, MUST NOT contain a fragment component and MUST NOT contain a username or password",
};

/// CIMD draft-00 §4.1
pub static CIMD_4_1: SpecRef = SpecRef {
    id: "CIMD draft-00",
    section: "§4.1",
    url: "https://datatracker.ietf.org/doc/html/draft-ietf-oauth-client-id-metadata-document-00#section-4.1",
    quote: "The client metadata document MUST contain a client_id property whose value MUST match the URL of the document using simple string comparison as defined in [RFC3986] Section 6.2.1.",
};

/// CIMD draft-00 §4.1
pub static CIMD_4_1_SECRET: SpecRef = SpecRef {
    id: "CIMD draft-00",
    section: "§4.1",
    url: "https://datatracker.ietf.org/doc/html/draft-ietf-oauth-client-id-metadata-document-00#section-4.1",
    quote: "the token_endpoint_auth_method property MUST NOT include client_secret_post, client_secret_basic, client_secret_jwt, or any other method based around a shared symmetric secret.",
};

/// MCP 2026-07-28 Implementation Requirements
pub static MCP_CIMD_PROPERTIES: SpecRef = SpecRef {
    id: "MCP 2026-07-28",
    section: "Implementation Requirements",
    url: "https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/client-registration#implementation-requirements",
    quote: "The metadata document MUST include at least the following properties: client_id, client_name, redirect_uris",
};

/// CIMD draft-00 §4
pub static MCP_CIMD_FETCH: SpecRef = SpecRef {
    id: "CIMD draft-00",
    section: "§4",
    url: "https://datatracker.ietf.org/doc/html/draft-ietf-oauth-client-id-metadata-document-00#section-4",
    quote: "The authorization server SHOULD fetch the document indicated by the client_id to retrieve the client registration information.",
};

/// MCP 2026-07-28 Authorization Server Binding
pub static MCP_CREDENTIALS_BY_ISSUER: SpecRef = SpecRef {
    id: "MCP 2026-07-28",
    section: "Authorization Server Binding",
    url: "https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/client-registration#authorization-server-binding",
    quote: "Clients that use pre-registered credentials, or persist client credentials obtained via Dynamic Client Registration, MUST associate those credentials with the specific authorization server that issued them, keyed by the authorization server's issuer identifier.",
};

/// MCP 2026-07-28 Authorization Server Binding
pub static MCP_CREDENTIALS_NO_REUSE: SpecRef = SpecRef {
    id: "MCP 2026-07-28",
    section: "Authorization Server Binding",
    url: "https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/client-registration#authorization-server-binding",
    quote: "clients MUST NOT reuse client credentials from a different authorization server and MUST re-register with the new authorization server.",
};

/// MCP 2026-07-28 Pre-registration
pub static MCP_PREREGISTRATION: SpecRef = SpecRef {
    id: "MCP 2026-07-28",
    section: "Pre-registration",
    url: "https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/client-registration#pre-registration",
    quote: "MCP clients SHOULD support an option for static client credentials such as those supplied by a pre-registration flow.",
};

/// MCP 2026-07-28 Client Registration (introduction)
pub static MCP_REGISTER_PRIORITY: SpecRef = SpecRef {
    id: "MCP 2026-07-28",
    section: "Client Registration (introduction)",
    url: "https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/client-registration",
    quote: "Clients supporting all options SHOULD use the following priority order: 1. Use pre-registered client information for the server if the client has it available 2. Use Client ID Metadata Documents if the Authorization Server indicates that it supports them … 3. Use Dynamic Client Registration as a fallback if the Authorization Server supports it … 4. Prompt the user to enter the client information if no other option is available",
};

/// MCP 2026-07-28 Overview
pub static MCP_DCR_DEPRECATED: SpecRef = SpecRef {
    id: "MCP 2026-07-28",
    section: "Overview",
    url: "https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#overview",
    quote: "Note that Dynamic Client Registration is deprecated and retained for backwards compatibility with authorization servers that do not support Client ID Metadata Documents.",
};

/// MCP 2026-07-28 Dynamic Client Registration
pub static MCP_DCR: SpecRef = SpecRef {
    id: "MCP 2026-07-28",
    section: "Dynamic Client Registration",
    url: "https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/client-registration#dynamic-client-registration",
    quote: "MCP clients and authorization servers MAY support the OAuth 2.0 Dynamic Client Registration Protocol RFC7591 to allow MCP clients to obtain OAuth client IDs without user interaction.",
};

/// RFC 7592 §5
pub static RFC7592_5_ROTATE: SpecRef = SpecRef {
    id: "RFC 7592",
    section: "§5",
    url: "https://www.rfc-editor.org/rfc/rfc7592#section-5",
    quote: "to limit the exposure surface of the registration access token, the registration access token MAY be rotated when the developer or client does a read or update operation on the client's client configuration endpoint.",
};

/// RFC 6749 §3.1.2.4
pub static RFC6749_3_1_2_4: SpecRef = SpecRef {
    id: "RFC 6749",
    section: "§3.1.2.4",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-3.1.2.4",
    quote: "If an authorization request fails validation due to a missing, invalid, or mismatching redirection URI, the authorization server SHOULD inform the resource owner of the error and MUST NOT automatically redirect the user-agent to the invalid redirection URI.",
};

/// RFC 6749 §4.1.2
pub static RFC6749_4_1_2_ONCE: SpecRef = SpecRef {
    id: "RFC 6749",
    section: "§4.1.2",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2",
    quote: "If an authorization code is used more than once, the authorization server MUST deny the request and SHOULD revoke (when possible) all tokens previously issued based on that authorization code.",
};

/// RFC 6749 §5.2
pub static RFC6749_5_2_INVALID_GRANT: SpecRef = SpecRef {
    id: "RFC 6749",
    section: "§5.2",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-5.2",
    quote: "invalid_grant The provided authorization grant (e.g., authorization code, resource owner credentials) or refresh token is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client.",
};

/// RFC 6749 §6
pub static RFC6749_6: SpecRef = SpecRef {
    id: "RFC 6749",
    section: "§6",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-6",
    quote: "The requested scope MUST NOT include any scope not originally granted by the resource owner, and if omitted is treated as equal to the scope originally granted by the resource owner.",
};

/// RFC 7636 §4.4.1
pub static RFC7636_4_4_1: SpecRef = SpecRef {
    id: "RFC 7636",
    section: "§4.4.1",
    url: "https://www.rfc-editor.org/rfc/rfc7636#section-4.4.1",
    quote: "If the server requires Proof Key for Code Exchange (PKCE) by OAuth public clients and the client does not send the \"code_challenge\" in the request, the authorization endpoint MUST return the authorization error response with the \"error\" value set to \"invalid_request\".",
};

/// RFC 7636 §4.6
pub static RFC7636_4_6: SpecRef = SpecRef {
    id: "RFC 7636",
    section: "§4.6",
    url: "https://www.rfc-editor.org/rfc/rfc7636#section-4.6",
    quote: "Upon receipt of the request at the token endpoint, the server verifies it by calculating the code challenge from the received \"code_verifier\" and comparing it with the previously associated \"code_challenge\", after first transforming it according to the \"code_challenge_method\" method specified by the client.",
};

/// RFC 7636 §4.1
pub static RFC7636_4_1: SpecRef = SpecRef {
    id: "RFC 7636",
    section: "§4.1",
    url: "https://www.rfc-editor.org/rfc/rfc7636#section-4.1",
    quote: "The code verifier SHOULD have enough entropy to make it impractical to guess the value.",
};

/// RFC 9207 §2.4
pub static RFC9207_2_4: SpecRef = SpecRef {
    id: "RFC 9207",
    section: "§2.4",
    url: "https://www.rfc-editor.org/rfc/rfc9207#section-2.4",
    quote: "If the value does not match the expected issuer identifier, clients MUST reject the authorization response and MUST NOT proceed with the authorization grant.",
};

/// RFC 9207 §2.4
pub static RFC9207_2_4_MISSING: SpecRef = SpecRef {
    id: "RFC 9207",
    section: "§2.4",
    url: "https://www.rfc-editor.org/rfc/rfc9207#section-2.4",
    quote: "Clients MUST reject authorization responses without the iss parameter from authorization servers that do support the parameter according to the client's configuration.",
};

/// RFC 8707 §2.2
pub static RFC8707_2_2: SpecRef = SpecRef {
    id: "RFC 8707",
    section: "§2.2",
    url: "https://www.rfc-editor.org/rfc/rfc8707#section-2.2",
    quote: "In the case of a refresh_token or authorization_code grant type request, such policy may limit the acceptable resources to those that were originally granted by the resource owner or a subset thereof.",
};

/// RFC 8707 §2
pub static RFC8707_2_AUDIENCE: SpecRef = SpecRef {
    id: "RFC 8707",
    section: "§2",
    url: "https://www.rfc-editor.org/rfc/rfc8707#section-2",
    quote: "The authorization server SHOULD audience-restrict issued access tokens to the resource(s) indicated by the resource parameter.",
};

/// MCP 2026-07-28 OAuth Authorization URL Validation
pub static MCP_URL_DANGEROUS: SpecRef = SpecRef {
    id: "MCP 2026-07-28",
    section: "OAuth Authorization URL Validation",
    url: "https://modelcontextprotocol.io/docs/2026-07-28/tutorials/security/security_best_practices#oauth-authorization-url-validation",
    quote: "MUST reject javascript:, data:, file:, vbscript:, and other potentially dangerous schemes",
};

/// MCP 2026-07-28 Token Theft
pub static MCP_ROTATE_REFRESH: SpecRef = SpecRef {
    id: "MCP 2026-07-28",
    section: "Token Theft",
    url: "https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/security-considerations#token-theft",
    quote: "For public clients, authorization servers MUST rotate refresh tokens as described in OAuth 2.1 Section 4.3.1 \"Token Endpoint Extension\".",
};

/// RFC 8252 §7.3
pub static RFC8252_7_3: SpecRef = SpecRef {
    id: "RFC 8252",
    section: "§7.3",
    url: "https://www.rfc-editor.org/rfc/rfc8252#section-7.3",
    quote: "The authorization server MUST allow any port to be specified at the time of the request for loopback IP redirect URIs, to accommodate clients that obtain an available ephemeral port from the operating system at the time of the request.",
};

/// RFC 6749 §4.1.2
pub static RFC6749_4_1_2_CODE: SpecRef = SpecRef {
    id: "RFC 6749",
    section: "§4.1.2",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2",
    quote: "The authorization code is bound to the client identifier and redirection URI.",
};

/// RFC 6749 §10.4
pub static OAUTH_REFRESH_REPLAY: SpecRef = SpecRef {
    id: "RFC 6749",
    section: "§10.4",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-10.4",
    quote: "If a refresh token is compromised and subsequently used by both the attacker and the legitimate client, one of them will present an invalidated refresh token, which will inform the authorization server of the breach.",
};

/// RFC 6749 §7.1
pub static RFC6749_7_1: SpecRef = SpecRef {
    id: "RFC 6749",
    section: "§7.1",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-7.1",
    quote: "The client MUST NOT use an access token if it does not understand the token type.",
};

/// RFC 6749 §5.1
pub static RFC6749_5_1: SpecRef = SpecRef {
    id: "RFC 6749",
    section: "§5.1",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-5.1",
    quote: "REQUIRED. The access token issued by the authorization server.",
};

/// RFC 6749 §5.1
pub static RFC6749_5_1_SCOPE: SpecRef = SpecRef {
    id: "RFC 6749",
    section: "§5.1",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-5.1",
    quote: "OPTIONAL, if identical to the scope requested by the client; otherwise, REQUIRED.",
};

/// RFC 6749 §4.4
pub static RFC6749_4_4: SpecRef = SpecRef {
    id: "RFC 6749",
    section: "§4.4",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-4.4",
    quote: "The client can request an access token using only its client credentials (or other supported means of authentication) when the client is requesting access to the protected resources under its control",
};

/// MCP 2026-07-28 Scope Selection Strategy
pub static MCP_SCOPE_ORDER: SpecRef = SpecRef {
    id: "MCP 2026-07-28",
    section: "Scope Selection Strategy",
    url: "https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#scope-selection-strategy",
    quote: "Use scope parameter from the initial WWW-Authenticate header in the 401 response, if provided",
};

/// MCP 2026-07-28 Resource Parameter Implementation
pub static MCP_RESOURCE_BOTH: SpecRef = SpecRef {
    id: "MCP 2026-07-28",
    section: "Resource Parameter Implementation",
    url: "https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#resource-parameter-implementation",
    quote: "MUST be included in both authorization requests and token requests.",
};

/// RFC 6749 §10.12
pub static RFC6749_10_12: SpecRef = SpecRef {
    id: "RFC 6749",
    section: "§10.12",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-10.12",
    quote: "The client MUST implement CSRF protection for its redirection URI.",
};

/// RFC 6749 §4.4
pub static RFC6749_4_4_CONFIDENTIAL: SpecRef = SpecRef {
    id: "RFC 6749",
    section: "§4.4",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-4.4",
    quote: "The client credentials grant type MUST only be used by confidential clients.",
};

/// RFC 6749 §4.4.2
pub static RFC6749_4_4_2: SpecRef = SpecRef {
    id: "RFC 6749",
    section: "§4.4.2",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-4.4.2",
    quote: "The authorization server MUST authenticate the client.",
};

/// RFC 6749 §4.4.3
pub static RFC6749_4_4_3: SpecRef = SpecRef {
    id: "RFC 6749",
    section: "§4.4.3",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-4.4.3",
    quote: "A refresh token SHOULD NOT be included.",
};

/// RFC 7523 §3
pub static RFC7523_3: SpecRef = SpecRef {
    id: "RFC 7523",
    section: "§3",
    url: "https://www.rfc-editor.org/rfc/rfc7523#section-3",
    quote: "For client authentication, the subject MUST be the \"client_id\" of the OAuth client.",
};

/// RFC 6750 §3.1
pub static RFC6750_3_1_INVALID_REQUEST: SpecRef = SpecRef {
    id: "RFC 6750",
    section: "§3.1",
    url: "https://www.rfc-editor.org/rfc/rfc6750#section-3.1",
    quote: "The request is missing a required parameter, includes an unsupported parameter or parameter value, repeats the same parameter, uses more than one method for including an access token, or is otherwise malformed. The resource server SHOULD respond with the HTTP 400 (Bad Request) status code.",
};

/// RFC 6750 §3.1
pub static RFC6750_3_1_INSUFFICIENT_SCOPE: SpecRef = SpecRef {
    id: "RFC 6750",
    section: "§3.1",
    url: "https://www.rfc-editor.org/rfc/rfc6750#section-3.1",
    quote: "The request requires higher privileges than provided by the access token. The resource server SHOULD respond with the HTTP 403 (Forbidden) status code and MAY include the \"scope\" attribute with the scope necessary to access the protected resource.",
};

/// MCP 2026-07-28 Token Requirements
pub static MCP_TOKEN_NOT_IN_QUERY: SpecRef = SpecRef {
    id: "MCP 2026-07-28",
    section: "Token Requirements",
    url: "https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-requirements",
    quote: "Access tokens MUST NOT be included in the URI query string",
};

/// MCP 2026-07-28 Token Requirements
pub static MCP_TOKEN_IN_EVERY_REQUEST: SpecRef = SpecRef {
    id: "MCP 2026-07-28",
    section: "Token Requirements",
    url: "https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-requirements",
    quote: "Note that authorization MUST be included in every HTTP request from client to server.",
};

/// MCP 2026-07-28 Token Handling
pub static MCP_INVALID_TOKEN_401: SpecRef = SpecRef {
    id: "MCP 2026-07-28",
    section: "Token Handling",
    url: "https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-handling",
    quote: "Invalid or expired tokens MUST receive a HTTP 401 response.",
};

/// RFC 7519 §7.2
pub static RFC7519_7_2: SpecRef = SpecRef {
    id: "RFC 7519",
    section: "§7.2",
    url: "https://www.rfc-editor.org/rfc/rfc7519#section-7.2",
    quote: "If any of the listed steps fail, then the JWT MUST be rejected -- that is, treated by the application as an invalid input.",
};

/// RFC 7515 §4.1.11
pub static RFC7515_4_1_11: SpecRef = SpecRef {
    id: "RFC 7515",
    section: "§4.1.11",
    url: "https://www.rfc-editor.org/rfc/rfc7515#section-4.1.11",
    quote: "If any of the listed extension Header Parameters are not understood and supported by the recipient, then the JWS is invalid.",
};

/// RFC 8725 §3.1
pub static RFC8725_3_1: SpecRef = SpecRef {
    id: "RFC 8725",
    section: "§3.1",
    url: "https://www.rfc-editor.org/rfc/rfc8725#section-3.1",
    quote: "Libraries MUST enable the caller to specify a supported set of algorithms and MUST NOT use any other algorithms when performing cryptographic operations.",
};

/// RFC 8725 §3.1
pub static RFC8725_3_1_ONE: SpecRef = SpecRef {
    id: "RFC 8725",
    section: "§3.1",
    url: "https://www.rfc-editor.org/rfc/rfc8725#section-3.1",
    quote: "each key MUST be used with exactly one algorithm, and this MUST be checked when the cryptographic operation is performed.",
};

/// RFC 9068 §4
pub static RFC9068_4_TYP: SpecRef = SpecRef {
    id: "RFC 9068",
    section: "§4",
    url: "https://www.rfc-editor.org/rfc/rfc9068#section-4",
    quote: "The resource server MUST verify that the \"typ\" header value is \"at+jwt\" or \"application/at+jwt\" and reject tokens carrying any other value.",
};

/// RFC 9068 §4
pub static RFC9068_4_KEYS: SpecRef = SpecRef {
    id: "RFC 9068",
    section: "§4",
    url: "https://www.rfc-editor.org/rfc/rfc9068#section-4",
    quote: "The resource server MUST use the keys provided by the authorization server.",
};

/// RFC 9068 §4
pub static RFC9068_4_SIGNATURE: SpecRef = SpecRef {
    id: "RFC 9068",
    section: "§4",
    url: "https://www.rfc-editor.org/rfc/rfc9068#section-4",
    quote: "The resource server MUST validate the signature of all incoming JWT access tokens according to [RFC7515] using the algorithm specified in the JWT \"alg\" Header Parameter.",
};

/// RFC 9068 §4
pub static RFC9068_4_ISS: SpecRef = SpecRef {
    id: "RFC 9068",
    section: "§4",
    url: "https://www.rfc-editor.org/rfc/rfc9068#section-4",
    quote: "The issuer identifier for the authorization server (which is typically obtained during discovery) MUST exactly match the value of the \"iss\" claim.",
};

/// RFC 9068 §4
pub static RFC9068_4_EXP: SpecRef = SpecRef {
    id: "RFC 9068",
    section: "§4",
    url: "https://www.rfc-editor.org/rfc/rfc9068#section-4",
    quote: "The current time MUST be before the time represented by the \"exp\" claim.",
};

/// RFC 7519 §4.1.5
pub static RFC7519_4_1_5: SpecRef = SpecRef {
    id: "RFC 7519",
    section: "§4.1.5",
    url: "https://www.rfc-editor.org/rfc/rfc7519#section-4.1.5",
    quote: "The \"nbf\" (not before) claim identifies the time before which the JWT MUST NOT be accepted for processing.",
};

/// RFC 9068 §2.2
pub static RFC9068_2_2_SUB: SpecRef = SpecRef {
    id: "RFC 9068",
    section: "§2.2",
    url: "https://www.rfc-editor.org/rfc/rfc9068#section-2.2",
    quote: "sub REQUIRED - as defined in Section 4.1.2 of [RFC7519].",
};

/// MCP 2026-07-28 Token Handling
pub static MCP_AUDIENCE: SpecRef = SpecRef {
    id: "MCP 2026-07-28",
    section: "Token Handling",
    url: "https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-handling",
    quote: "MCP servers MUST validate that access tokens were issued specifically for them as the intended audience, according to RFC 8707 Section 2.",
};

/// RFC 9068 §4
pub static RFC9068_4_AUD: SpecRef = SpecRef {
    id: "RFC 9068",
    section: "§4",
    url: "https://www.rfc-editor.org/rfc/rfc9068#section-4",
    quote: "The JWT access token MUST be rejected if \"aud\" does not contain a resource indicator of the current resource server as a valid audience.",
};

/// RFC 7523 §2.1
pub static RFC7523_2_1: SpecRef = SpecRef {
    id: "RFC 7523",
    section: "§2.1",
    url: "https://www.rfc-editor.org/rfc/rfc7523#section-2.1",
    quote: "To use a Bearer JWT as an authorization grant, the client uses an access token request as defined in Section 4 of the OAuth Assertion Framework [RFC7521] with the following specific parameter values and encodings.",
};

/// RFC 8693 §2.1
pub static RFC8693_2_1: SpecRef = SpecRef {
    id: "RFC 8693",
    section: "§2.1",
    url: "https://www.rfc-editor.org/rfc/rfc8693#section-2.1",
    quote: "In processing the request, the authorization server MUST perform the appropriate validation procedures for the indicated token type and, if the actor token is present, also perform the appropriate validation procedures for its indicated token type.",
};

/// RFC 8693 §2.2.1
pub static RFC8693_2_2_1: SpecRef = SpecRef {
    id: "RFC 8693",
    section: "§2.2.1",
    url: "https://www.rfc-editor.org/rfc/rfc8693#section-2.2.1",
    quote: "issued_token_type REQUIRED. An identifier, as described in Section 3, for the representation of the issued security token.",
};

/// MCP 2026-07-28 Access Token Privilege Restriction
pub static MCP_PASSTHROUGH: SpecRef = SpecRef {
    id: "MCP 2026-07-28",
    section: "Access Token Privilege Restriction",
    url: "https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/security-considerations#access-token-privilege-restriction",
    quote: "If the MCP server makes requests to upstream APIs, it may act as an OAuth client to them. The access token used at the upstream API is a separate token, issued by the upstream authorization server. The MCP server MUST NOT pass through the token it received from the MCP client.",
};

/// MCP 2026-07-28 Access Token Privilege Restriction
pub static MCP_AUDIENCE_CLAIM: SpecRef = SpecRef {
    id: "MCP 2026-07-28",
    section: "Access Token Privilege Restriction",
    url: "https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/security-considerations#access-token-privilege-restriction",
    quote: "MCP servers MUST only accept tokens specifically intended for themselves and MUST reject tokens that do not include them in the audience claim or otherwise verify that they are the intended recipient of the token.",
};

/// MCP 2026-07-28 Confused Deputy Problem
pub static MCP_CONFUSED_DEPUTY: SpecRef = SpecRef {
    id: "MCP 2026-07-28",
    section: "Confused Deputy Problem",
    url: "https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/security-considerations#confused-deputy-problem",
    quote: "MCP proxy servers using static client IDs MUST obtain user consent for each dynamically registered client before forwarding to third-party authorization servers (which may require additional consent).",
};

/// MCP 2026-07-28 Token Audience Binding and Validation
pub static MCP_AUDIENCE_BINDING: SpecRef = SpecRef {
    id: "MCP 2026-07-28",
    section: "Token Audience Binding and Validation",
    url: "https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/security-considerations#token-audience-binding-and-validation",
    quote: "RFC 8707 Resource Indicators provide critical security benefits by binding tokens to their intended audiences when the Authorization Server supports the capability.",
};

/// MCP 2026-07-28 Tools, Capabilities
pub static MCP_TOOLS_VARY: SpecRef = SpecRef {
    id: "MCP 2026-07-28",
    section: "Tools, Capabilities",
    url: "https://modelcontextprotocol.io/specification/2026-07-28/server/tools#capabilities",
    quote: "The set MAY vary by the authorization presented on the request — for example, returning only the tools the caller's granted scopes permit — since credentials are per-request input, not connection state.",
};

/// MCP 2026-07-28 Step-Up Authorization Flow
pub static MCP_STEP_UP: SpecRef = SpecRef {
    id: "MCP 2026-07-28",
    section: "Step-Up Authorization Flow",
    url: "https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#step-up-authorization-flow",
    quote: "Clients SHOULD respond to these errors by requesting a new access token with an increased set of scopes via a step-up authorization flow or handle the errors in other, appropriate ways.",
};

/// MCP 2026-07-28 Step-Up Authorization Flow
pub static MCP_STEP_UP_UNION: SpecRef = SpecRef {
    id: "MCP 2026-07-28",
    section: "Step-Up Authorization Flow",
    url: "https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#step-up-authorization-flow",
    quote: "Determine required scopes by computing the union of the client's previously requested scope set and the scopes from the current challenge.",
};

/// OpenID Connect Core §10.1.1
pub static OIDC_KEY_ROTATION: SpecRef = SpecRef {
    id: "OpenID Connect Core",
    section: "§10.1.1",
    url: "https://openid.net/specs/openid-connect-core-1_0.html#RotateSigKeys",
    quote: "The verifier knows to go back to the jwks_uri location to re-retrieve the keys when it sees an unfamiliar kid value.",
};

/// RFC 7009 §2.1
pub static RFC7009_2_1: SpecRef = SpecRef {
    id: "RFC 7009",
    section: "§2.1",
    url: "https://www.rfc-editor.org/rfc/rfc7009#section-2.1",
    quote: "The invalidation takes place immediately, and the token cannot be used again after the revocation.",
};

/// RFC 7009 §2.2
pub static RFC7009_2_2: SpecRef = SpecRef {
    id: "RFC 7009",
    section: "§2.2",
    url: "https://www.rfc-editor.org/rfc/rfc7009#section-2.2",
    quote: "The authorization server responds with HTTP status code 200 if the token has been revoked successfully or if the client submitted an invalid token.",
};

/// RFC 7009 §2.1
pub static RFC7009_2_1_CASCADE: SpecRef = SpecRef {
    id: "RFC 7009",
    section: "§2.1",
    url: "https://www.rfc-editor.org/rfc/rfc7009#section-2.1",
    quote: "If the particular token is a refresh token and the authorization server supports the revocation of access tokens, then the authorization server SHOULD also invalidate all access tokens based on the same authorization grant (see Implementation Note).",
};

/// RFC 7662 §2.2
pub static RFC7662_2_2: SpecRef = SpecRef {
    id: "RFC 7662",
    section: "§2.2",
    url: "https://www.rfc-editor.org/rfc/rfc7662#section-2.2",
    quote: "active REQUIRED. Boolean indicator of whether or not the presented token is currently active.",
};

/// MCP 2025-11-25 Session Hijacking
pub static MCP_2025_11_25_SESSION: SpecRef = SpecRef {
    id: "MCP 2025-11-25",
    section: "Session Hijacking",
    url: "https://modelcontextprotocol.io/docs/2025-11-25/tutorials/security/security_best_practices#session-hijacking",
    quote: "MCP servers SHOULD bind session IDs to user-specific information.",
};

/// RFC 9449 §4.3
pub static RFC9449_4_3_ONE: SpecRef = SpecRef {
    id: "RFC 9449",
    section: "§4.3",
    url: "https://www.rfc-editor.org/rfc/rfc9449#section-4.3",
    quote: "There is not more than one DPoP HTTP request header field.",
};

/// RFC 9449 §4.3
pub static RFC9449_4_3_JWT: SpecRef = SpecRef {
    id: "RFC 9449",
    section: "§4.3",
    url: "https://www.rfc-editor.org/rfc/rfc9449#section-4.3",
    quote: "The DPoP HTTP request header field value is a single and well-formed JWT.",
};

/// RFC 9449 §4.3
pub static RFC9449_4_3_CLAIMS: SpecRef = SpecRef {
    id: "RFC 9449",
    section: "§4.3",
    url: "https://www.rfc-editor.org/rfc/rfc9449#section-4.3",
    quote: "All required claims per Section 4.2 are contained in the JWT.",
};

/// RFC 9449 §4.3
pub static RFC9449_4_3_TYP: SpecRef = SpecRef {
    id: "RFC 9449",
    section: "§4.3",
    url: "https://www.rfc-editor.org/rfc/rfc9449#section-4.3",
    quote: "The typ JOSE Header Parameter has the value dpop+jwt.",
};

/// RFC 9449 §4.3
pub static RFC9449_4_3_ALG: SpecRef = SpecRef {
    id: "RFC 9449",
    section: "§4.3",
    url: "https://www.rfc-editor.org/rfc/rfc9449#section-4.3",
    quote: "The alg JOSE Header Parameter indicates a registered asymmetric digital signature algorithm [IANA.JOSE.ALGS], is not none, is supported by the application, and is acceptable per local policy.",
};

/// RFC 9449 §4.3
pub static RFC9449_4_3_SIGNATURE: SpecRef = SpecRef {
    id: "RFC 9449",
    section: "§4.3",
    url: "https://www.rfc-editor.org/rfc/rfc9449#section-4.3",
    quote: "The JWT signature verifies with the public key contained in the jwk JOSE Header Parameter.",
};

/// RFC 9449 §4.3
pub static RFC9449_4_3_JWK: SpecRef = SpecRef {
    id: "RFC 9449",
    section: "§4.3",
    url: "https://www.rfc-editor.org/rfc/rfc9449#section-4.3",
    quote: "The jwk JOSE Header Parameter does not contain a private key.",
};

/// RFC 9449 §4.3
pub static RFC9449_4_3_HTM: SpecRef = SpecRef {
    id: "RFC 9449",
    section: "§4.3",
    url: "https://www.rfc-editor.org/rfc/rfc9449#section-4.3",
    quote: "The htm claim matches the HTTP method of the current request.",
};

/// RFC 9449 §4.3
pub static RFC9449_4_3_HTU: SpecRef = SpecRef {
    id: "RFC 9449",
    section: "§4.3",
    url: "https://www.rfc-editor.org/rfc/rfc9449#section-4.3",
    quote: "The htu claim matches the HTTP URI value for the HTTP request in which the JWT was received, ignoring any query and fragment parts.",
};

/// RFC 9449 §4.3
pub static RFC9449_4_3_IAT: SpecRef = SpecRef {
    id: "RFC 9449",
    section: "§4.3",
    url: "https://www.rfc-editor.org/rfc/rfc9449#section-4.3",
    quote: "The creation time of the JWT, as determined by either the iat claim or a server managed timestamp via the nonce claim, is within an acceptable window (see Section 11.1).",
};

/// RFC 9449 §4.3
pub static RFC9449_4_3_ATH: SpecRef = SpecRef {
    id: "RFC 9449",
    section: "§4.3",
    url: "https://www.rfc-editor.org/rfc/rfc9449#section-4.3",
    quote: "ensure that the value of the ath claim equals the hash of that access token",
};

/// RFC 9449 §4.3
pub static RFC9449_4_3_KEY: SpecRef = SpecRef {
    id: "RFC 9449",
    section: "§4.3",
    url: "https://www.rfc-editor.org/rfc/rfc9449#section-4.3",
    quote: "confirm that the public key to which the access token is bound matches the public key from the DPoP proof.",
};

/// RFC 9449 §5
pub static RFC9449_5_TOKEN_TYPE: SpecRef = SpecRef {
    id: "RFC 9449",
    section: "§5",
    url: "https://www.rfc-editor.org/rfc/rfc9449#section-5",
    quote: "The client MUST discard the response in this case if this protection is deemed important for the security of the application; otherwise, the client may continue as in a regular OAuth interaction.",
};

/// RFC 9449 §6.1
pub static RFC9449_6_1: SpecRef = SpecRef {
    id: "RFC 9449",
    section: "§6.1",
    url: "https://www.rfc-editor.org/rfc/rfc9449#section-6.1",
    quote: "The value of the jkt member MUST be the base64url encoding (as defined in [RFC7515]) of the JWK SHA-256 Thumbprint (according to [RFC7638]) of the DPoP public key (in JWK format) to which the access token is bound.",
};

/// RFC 9449 §7
pub static RFC9449_7: SpecRef = SpecRef {
    id: "RFC 9449",
    section: "§7",
    url: "https://www.rfc-editor.org/rfc/rfc9449#section-7",
    quote: "Requests to DPoP-protected resources MUST include both a DPoP proof as per Section 4 and the access token as described in Section 7.1.",
};

/// RFC 9449 §7.2
pub static RFC9449_7_2: SpecRef = SpecRef {
    id: "RFC 9449",
    section: "§7.2",
    url: "https://www.rfc-editor.org/rfc/rfc9449#section-7.2",
    quote: "Specifically, such a protected resource MUST reject a DPoP-bound access token received as a bearer token per [RFC6750].",
};

/// RFC 9449 §11.1
pub static RFC9449_11_1: SpecRef = SpecRef {
    id: "RFC 9449",
    section: "§11.1",
    url: "https://www.rfc-editor.org/rfc/rfc9449#section-11.1",
    quote: "HTTP requests to the same URI for which the jti value has been seen before would be declined.",
};

/// RFC 9728 §2
pub static RFC9728_2_DPOP: SpecRef = SpecRef {
    id: "RFC 9728",
    section: "§2",
    url: "https://www.rfc-editor.org/rfc/rfc9728#section-2",
    quote: "OPTIONAL. Boolean value specifying whether the protected resource always requires the use of DPoP-bound access tokens [RFC9449].",
};

/// Every reference above.
pub static ALL: &[&SpecRef] = &[
    &RFC6750_3_1_NO_ERROR,
    &RFC9110_11_6_1,
    &RFC9728_2_SCOPES,
    &RFC9728_3,
    &RFC9728_3_2,
    &RFC9728_3_2_UNKNOWN,
    &RFC9728_3_2_ARRAYS,
    &RFC9728_3_3,
    &RFC9728_3_3_CHALLENGE,
    &RFC9728_7_7,
    &MCP_SERVER_LOCATION,
    &MCP_AUTHORIZATION_SERVERS,
    &MCP_CLIENT_DISCOVERY,
    &MCP_CLIENT_CHALLENGE,
    &MCP_SCOPE_CHALLENGE,
    &MCP_NO_OFFLINE_ACCESS,
    &MCP_ORIGIN,
    &MCP_BEARER_HEADER,
    &MCP_CLIENT_SELECTS,
    &MCP_AS_OUT_OF_SCOPE,
    &MCP_HTTP_LOOPBACK,
    &RFC8414_2_ISSUER,
    &RFC8414_2_AUTHORIZATION_ENDPOINT,
    &RFC8414_2_TOKEN_ENDPOINT,
    &RFC8414_2_RESPONSE_TYPES,
    &RFC8414_2_GRANT_TYPES,
    &RFC8414_2_SCOPES,
    &RFC8414_3_2,
    &RFC8414_3_2_ARRAYS,
    &RFC8414_3_3,
    &MCP_AS_METADATA,
    &MCP_AS_ORDER,
    &MCP_AS_ISSUER,
    &MCP_PKCE_SUPPORT,
    &MCP_PKCE_S256,
    &MCP_AS_HTTPS,
    &MCP_CLIENT_ID_METADATA,
    &MCP_ISS_PARAMETER,
    &MCP_2025_03_26_FALLBACK,
    &RFC7591_2_IGNORE,
    &RFC7591_2_REPLACE,
    &RFC7591_3,
    &RFC7591_3_TOKEN,
    &RFC7591_3_2_1_CREATED,
    &RFC7591_3_2_1_CLIENT_ID,
    &RFC7591_3_2_1_EXPIRES,
    &RFC7591_3_2_1_CHECK,
    &RFC7591_2_SCOPE,
    &RFC7591_5_REDIRECT_URI,
    &RFC7592_2_1,
    &RFC7592_2_1_GONE,
    &RFC7592_2_2,
    &RFC7592_2_2_TOKEN,
    &RFC7592_2_3,
    &RFC7592_5,
    &RFC6749_5_2_INVALID_CLIENT,
    &CIMD_3,
    &CIMD_4_1,
    &CIMD_4_1_SECRET,
    &MCP_CIMD_PROPERTIES,
    &MCP_CIMD_FETCH,
    &MCP_CREDENTIALS_BY_ISSUER,
    &MCP_CREDENTIALS_NO_REUSE,
    &MCP_PREREGISTRATION,
    &MCP_REGISTER_PRIORITY,
    &MCP_DCR_DEPRECATED,
    &MCP_DCR,
    &RFC7592_5_ROTATE,
    &RFC6749_3_1_2_4,
    &RFC6749_4_1_2_ONCE,
    &RFC6749_5_2_INVALID_GRANT,
    &RFC6749_6,
    &RFC7636_4_4_1,
    &RFC7636_4_6,
    &RFC7636_4_1,
    &RFC9207_2_4,
    &RFC9207_2_4_MISSING,
    &RFC8707_2_2,
    &RFC8707_2_AUDIENCE,
    &MCP_URL_DANGEROUS,
    &MCP_ROTATE_REFRESH,
    &RFC8252_7_3,
    &RFC6749_4_1_2_CODE,
    &OAUTH_REFRESH_REPLAY,
    &RFC6749_7_1,
    &RFC6749_5_1,
    &RFC6749_5_1_SCOPE,
    &RFC6749_4_4,
    &MCP_SCOPE_ORDER,
    &MCP_RESOURCE_BOTH,
    &RFC6749_10_12,
    &RFC6749_4_4_CONFIDENTIAL,
    &RFC6749_4_4_2,
    &RFC6749_4_4_3,
    &RFC7523_3,
    &RFC6750_3_1_INVALID_REQUEST,
    &RFC6750_3_1_INSUFFICIENT_SCOPE,
    &MCP_TOKEN_NOT_IN_QUERY,
    &MCP_TOKEN_IN_EVERY_REQUEST,
    &MCP_INVALID_TOKEN_401,
    &RFC7519_7_2,
    &RFC7515_4_1_11,
    &RFC8725_3_1,
    &RFC8725_3_1_ONE,
    &RFC9068_4_TYP,
    &RFC9068_4_KEYS,
    &RFC9068_4_SIGNATURE,
    &RFC9068_4_ISS,
    &RFC9068_4_EXP,
    &RFC7519_4_1_5,
    &RFC9068_2_2_SUB,
    &MCP_AUDIENCE,
    &RFC9068_4_AUD,
    &RFC7523_2_1,
    &RFC8693_2_1,
    &RFC8693_2_2_1,
    &MCP_PASSTHROUGH,
    &MCP_AUDIENCE_CLAIM,
    &MCP_CONFUSED_DEPUTY,
    &MCP_AUDIENCE_BINDING,
    &MCP_TOOLS_VARY,
    &MCP_STEP_UP,
    &MCP_STEP_UP_UNION,
    &OIDC_KEY_ROTATION,
    &RFC7009_2_1,
    &RFC7009_2_2,
    &RFC7009_2_1_CASCADE,
    &RFC7662_2_2,
    &MCP_2025_11_25_SESSION,
    &RFC9449_4_3_ONE,
    &RFC9449_4_3_JWT,
    &RFC9449_4_3_CLAIMS,
    &RFC9449_4_3_TYP,
    &RFC9449_4_3_ALG,
    &RFC9449_4_3_SIGNATURE,
    &RFC9449_4_3_JWK,
    &RFC9449_4_3_HTM,
    &RFC9449_4_3_HTU,
    &RFC9449_4_3_IAT,
    &RFC9449_4_3_ATH,
    &RFC9449_4_3_KEY,
    &RFC9449_5_TOKEN_TYPE,
    &RFC9449_6_1,
    &RFC9449_7,
    &RFC9449_7_2,
    &RFC9449_11_1,
    &RFC9728_2_DPOP,
];

#[cfg(test)]
mod tests {
    use super::ALL;

    #[test]
    fn every_reference_links_to_the_section_that_it_names() {
        for spec in ALL {
            match spec.id.strip_prefix("RFC ") {
                Some(number) => {
                    let section = spec.section.strip_prefix('§').expect("an RFC's section is a number");
                    assert_eq!(spec.url, format!("https://www.rfc-editor.org/rfc/rfc{number}#section-{section}"));
                }
                None if spec.id == "CIMD draft-00" => {
                    let section = spec.section.strip_prefix('§').expect("a draft's section is a number");
                    let draft = "draft-ietf-oauth-client-id-metadata-document-00";
                    assert_eq!(spec.url, format!("https://datatracker.ietf.org/doc/html/{draft}#section-{section}"));
                }
                None if spec.id == "OpenID Connect Core" => {
                    assert!(
                        spec.url.starts_with("https://openid.net/specs/openid-connect-core-1_0.html#"),
                        "{}",
                        spec.url
                    );
                }
                None => {
                    let version = spec.id.strip_prefix("MCP ").expect("a version of MCP");
                    assert!(spec.url.starts_with("https://modelcontextprotocol.io/"), "{}", spec.url);
                    assert!(spec.url.contains(&format!("/{version}/")), "{}", spec.url);
                }
            }
        }
    }

    #[test]
    fn no_sentence_stands_here_twice() {
        let mut quotes: Vec<_> = ALL.iter().map(|spec| (spec.id, spec.quote)).collect();
        quotes.sort_unstable();
        quotes.dedup();
        assert_eq!(quotes.len(), ALL.len());
        assert!(ALL.iter().all(|spec| spec.quote.len() > 20));
    }
}
