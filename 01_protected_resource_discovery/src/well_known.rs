//! Where the metadata is when no challenge says it: RFC 9728 §3,
//! <https://www.rfc-editor.org/rfc/rfc9728#section-3>, and the order that MCP asks for.
//!
//! URLs are cut as text: a round trip through a URL type could change them, and the document's
//! `resource` has to be identical to what the user typed.

/// The well-known URI string of RFC 9728.
pub const SUFFIX: &str = "/.well-known/oauth-protected-resource";

/// The well-known URI strings of metadata documents: RFC 9728, RFC 8414, OpenID Connect Discovery.
const DOCUMENTS: [&str; 3] = [SUFFIX, "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"];

/// What a metadata document is about, where this is the URL of one: the URL without the well-known
/// part.
pub fn without_document(url: &str) -> Option<String> {
    DOCUMENTS.iter().find_map(|document| {
        let (before, after) = url.split_once(document)?;
        matches!(after.chars().next(), None | Some('/')).then(|| format!("{before}{}", after.trim_end_matches('/')))
    })
}

/// A place to look for the metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WellKnown {
    /// The URL to ask.
    pub url: String,
    /// The values of `resource` that a document found there may have.
    pub resources: Vec<String>,
    /// The root, which MCP adds to RFC 9728 for a server whose URL has a path.
    pub is_root: bool,
}

/// The places to look for the metadata of this MCP server, in order. Empty where the text has no
/// scheme and host.
pub fn locations(server_url: &str) -> Vec<WellKnown> {
    let Some((origin, rest)) = split(server_url) else {
        return Vec::new();
    };
    // "If the resource identifier value contains a path or query component, any terminating slash
    // (/) following the host component MUST be removed before inserting" (RFC 9728 §3.1)
    let (path, query) = rest.split_at(rest.find('?').unwrap_or(rest.len()));
    let path = if path == "/" { "" } else { path };
    let exact = WellKnown {
        url: format!("{origin}{SUFFIX}{path}{query}"),
        resources: vec![server_url.to_owned()],
        is_root: path.is_empty() && query.is_empty(),
    };
    if exact.is_root {
        return vec![exact];
    }
    let root = WellKnown {
        url: format!("{origin}{SUFFIX}"),
        resources: vec![server_url.to_owned(), origin.to_owned()],
        is_root: true,
    };
    vec![exact, root]
}

/// Scheme and authority, and the rest of a URL. A backslash is not part of a URL, but HTTP clients
/// take it for a slash. They also drop tabs and line breaks, after which another part of the text
/// can be the host: such an authority is none.
pub fn split(url: &str) -> Option<(&str, &str)> {
    let authority = url.find("://")? + 3;
    let end = url[authority..].find(['/', '?', '#', '\\']).map_or(url.len(), |n| authority + n);
    let is_authority = end > authority && !url[authority..end].contains(|c: char| c.is_ascii_control());
    is_authority.then(|| url.split_at(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urls(server_url: &str) -> Vec<String> {
        locations(server_url).into_iter().map(|location| location.url).collect()
    }

    #[test]
    fn the_well_known_string_goes_between_host_and_path() {
        for (server_url, expected) in [
            (
                "https://example.com/public/mcp",
                &[
                    "https://example.com/.well-known/oauth-protected-resource/public/mcp",
                    "https://example.com/.well-known/oauth-protected-resource",
                ][..],
            ),
            ("https://example.com", &["https://example.com/.well-known/oauth-protected-resource"]),
            ("https://example.com/", &["https://example.com/.well-known/oauth-protected-resource"]),
            (
                "https://example.com/?k=v",
                &[
                    "https://example.com/.well-known/oauth-protected-resource?k=v",
                    "https://example.com/.well-known/oauth-protected-resource",
                ],
            ),
            (
                "http://LOCALHOST:8000/mcp/?a=/b",
                &[
                    "http://LOCALHOST:8000/.well-known/oauth-protected-resource/mcp/?a=/b",
                    "http://LOCALHOST:8000/.well-known/oauth-protected-resource",
                ],
            ),
            (
                "http://[::1]:8000/mcp",
                &[
                    "http://[::1]:8000/.well-known/oauth-protected-resource/mcp",
                    "http://[::1]:8000/.well-known/oauth-protected-resource",
                ],
            ),
            (
                "https://m\\p.example",
                &[
                    "https://m/.well-known/oauth-protected-resource\\p.example",
                    "https://m/.well-known/oauth-protected-resource",
                ],
            ),
        ] {
            assert_eq!(urls(server_url), expected, "{server_url}");
        }
    }

    #[test]
    fn only_the_root_document_may_name_the_origin() {
        let locations = locations("http://h/mcp");
        assert_eq!(locations[0].resources, ["http://h/mcp"]);
        assert_eq!(locations[1].resources, ["http://h/mcp", "http://h"]);
    }

    #[test]
    fn the_url_of_a_document_leads_back_to_what_it_is_about() {
        for (url, expected) in [
            ("http://h/.well-known/oauth-protected-resource/mcp", Some("http://h/mcp")),
            ("https://h/.well-known/oauth-authorization-server", Some("https://h")),
            ("https://h/.well-known/oauth-authorization-server/realms/r", Some("https://h/realms/r")),
            ("https://h/realms/r/.well-known/openid-configuration", Some("https://h/realms/r")),
            ("https://h/.well-known/openid-configuration/", Some("https://h")),
            ("https://h/.well-known/oauth-protected-resources/mcp", None),
            ("https://h/.well-known/mcp", None),
            ("https://h/mcp", None),
        ] {
            assert_eq!(without_document(url).as_deref(), expected, "{url}");
        }
    }

    #[test]
    fn what_has_no_host_has_no_locations() {
        for text in
            ["", "mcp", "http://", "http:///mcp", "localhost:8000/mcp", "https://\t/mcp.example", "http://h\n/mcp"]
        {
            assert_eq!(urls(text), Vec::<String>::new(), "{text}");
        }
    }
}
