//! The other pages of MCP 2026-07-28, and older versions.

documents! {
    "MCP 2026-07-28",
    "https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http" {
        MCP_ORIGIN("Security & Endpoint", "#security-%26-endpoint"):
            "If the Origin header is present and invalid, servers MUST respond with HTTP 403 \
            Forbidden.";
    }

    "MCP 2026-07-28", "https://modelcontextprotocol.io/specification/2026-07-28/server/tools" {
        MCP_TOOLS_VARY("Tools, Capabilities", "#capabilities"):
            "The set MAY vary by the authorization presented on the request — for example, \
            returning only the tools the caller's granted scopes permit — since credentials are \
            per-request input, not connection state.";
    }

    "MCP 2026-07-28",
    "https://modelcontextprotocol.io/docs/2026-07-28/tutorials/security/security_best_practices" {
        MCP_HTTP_LOOPBACK(
            "Server-Side Request Forgery (SSRF)",
            "#server-side-request-forgery-ssrf"
        ):
            "Reject http:// URLs except for loopback addresses (localhost, 127.0.0.1, ::1) during \
            development";
        MCP_URL_DANGEROUS(
            "OAuth Authorization URL Validation",
            "#oauth-authorization-url-validation"
        ):
            "MUST reject javascript:, data:, file:, vbscript:, and other potentially dangerous \
            schemes";
    }

    "MCP 2025-11-25",
    "https://modelcontextprotocol.io/docs/2025-11-25/tutorials/security/security_best_practices" {
        MCP_2025_11_25_SESSION("Session Hijacking", "#session-hijacking"):
            "MCP servers SHOULD bind session IDs to user-specific information.";
    }

    "MCP 2025-03-26",
    "https://modelcontextprotocol.io/specification/2025-03-26/basic/authorization" {
        MCP_2025_03_26_FALLBACK(
            "Fallbacks for Servers without Metadata Discovery",
            "#fallbacks-for-servers-without-metadata-discovery"
        ):
            "For servers that do not implement OAuth 2.0 Authorization Server Metadata, clients \
            MUST use the following default endpoint paths relative to the authorization base URL";
    }
}
