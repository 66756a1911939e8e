//! Where an authorization server's metadata is: RFC 8414 §3.1,
//! <https://www.rfc-editor.org/rfc/rfc8414#section-3.1>, and OpenID Connect Discovery 1.0 §4, in
//! the order of MCP 2026-07-28, Authorization Server Metadata Discovery.
//!
//! URLs are cut as text, since the document's `issuer` has to be identical to the text that they
//! were made from.

use protected_resource_discovery::well_known::split;

/// The URLs to ask for the metadata of this issuer, in order. Empty where the text has no scheme
/// and host.
///
/// The place where many look first, `<issuer>/.well-known/oauth-authorization-server`, is not among
/// them: no standard puts the document there.
pub fn locations(issuer: &str) -> Vec<String> {
    let Some((origin, path)) = split(issuer) else {
        return Vec::new();
    };
    // "If the issuer identifier value contains a path component, any terminating "/" MUST be
    // removed before inserting "/.well-known/" and the well-known URI suffix between the host
    // component and the path component." (RFC 8414 §3.1)
    let path = path.strip_suffix('/').unwrap_or(path);
    let oauth = format!("{origin}/.well-known/oauth-authorization-server{path}");
    let openid = format!("{origin}/.well-known/openid-configuration{path}");
    match path {
        "" => vec![oauth, openid],
        _ => vec![oauth, openid, format!("{origin}{path}/.well-known/openid-configuration")],
    }
}

#[cfg(test)]
mod tests {
    use super::locations;

    #[test]
    fn an_issuer_with_a_path_has_three_places() {
        let expected = [
            "https://auth.example.com/.well-known/oauth-authorization-server/tenant1",
            "https://auth.example.com/.well-known/openid-configuration/tenant1",
            "https://auth.example.com/tenant1/.well-known/openid-configuration",
        ];
        assert_eq!(locations("https://auth.example.com/tenant1"), expected);
        assert_eq!(
            locations("https://auth.example.com/tenant1/"),
            expected,
            "a slash at the end makes no difference here"
        );
        assert_eq!(locations("http://LOCALHOST:9000/realms/a b").len(), 3);
    }

    #[test]
    fn an_issuer_without_a_path_has_two() {
        let expected = [
            "https://auth.example.com/.well-known/oauth-authorization-server",
            "https://auth.example.com/.well-known/openid-configuration",
        ];
        assert_eq!(locations("https://auth.example.com"), expected);
        assert_eq!(locations("https://auth.example.com/"), expected);
    }

    #[test]
    fn what_has_no_host_has_none() {
        for text in ["", "auth.example.com", "https://", "https:///x", "mailto:a@b"] {
            assert_eq!(locations(text), Vec::<String>::new(), "{text}");
        }
    }
}
