//! What became of the scopes that were asked for, and what to do where they were not granted.

use shared::scope;

use crate::token_response::TokenResponse;

/// The scopes of a token response: "expressed as a list of space-delimited, case-sensitive strings"
/// (RFC 6749 §3.3). Some IdPs separate them with commas; whether that is so, the second value says.
/// A comma belongs to a scope where one that was asked for has one.
pub fn granted<'a>(list: &'a str, requested: &[String]) -> (Vec<&'a str>, bool) {
    let has_commas = list.contains(',') && !requested.iter().any(|scope| scope.contains(','));
    let scopes = scope::split(list).flat_map(|part| part.split(|c| has_commas && c == ','));
    (scopes.filter(|scope| !scope.is_empty()).collect(), has_commas)
}

const NOT_GRANTED: &str = "sign in as a user with the role for this scope, or add the scope at the IdP. Without it, calls that need it get 403 (lesson \
    05).";
const COMMAS: &str =
    "separate the scopes with spaces, as RFC 6749 §3.3 requires: other clients read the list as one scope.";

/// Whether every scope that was asked for was granted, what was granted, and what to do about the
/// rest.
pub fn compared(response: &TokenResponse, requested: &[String]) -> (bool, String, &'static str) {
    let granted = response.scopes(requested);
    let has_commas = response.scope.as_ref().is_some_and(|list| self::granted(list, requested).1);
    let missing = scope::missing(requested.iter().map(String::as_str), &granted);
    let shown = if granted.is_empty() { "none".to_owned() } else { granted.join(" ") };
    match (missing.is_empty(), has_commas) {
        (true, false) => (true, shown, ""),
        (true, true) => (false, format!("{shown}, separated by commas"), COMMAS),
        (false, _) => (false, format!("{shown} (not: {})", missing.join(" ")), NOT_GRANTED),
    }
}

/// What to do where the authorization server refuses the scopes: its own list says whether it lacks
/// one, or this client may not have it.
pub fn refused(requested: &[String], supported: Option<&[String]>) -> String {
    let Some(supported) = supported else {
        return "look up the IdP's scopes in its administration, since its metadata has no scopes_supported. Create the missing ones, and allow the \
                others for this client."
            .to_owned();
    };
    let supported: Vec<_> = supported.iter().map(String::as_str).collect();
    let unknown = scope::missing(requested.iter().map(String::as_str), &supported);
    if unknown.is_empty() {
        return "allow these scopes for this client at the IdP: its scopes_supported has them all (-- clients show of lesson 03 lists the client's \
                registered scopes)."
            .to_owned();
    }
    format!(
        "create {} at the IdP, whose scopes_supported does not list it, or have the MCP server name other scopes in its challenge and its metadata.",
        unknown.join(" and ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn commas_part_scopes_only_where_no_scope_has_one() {
        for (text, requested, scopes, has_commas) in [
            ("a b", "a b", "a b", false),
            ("a,b", "a b", "a b", true),
            ("a, b,,c ", "a", "a b c", true),
            ("a,b c", "a,b c", "a,b c", false),
            ("", "a", "", false),
            (",", "a", "", true),
            ("repo,gist", "", "repo gist", true),
        ] {
            let (found, commas) = granted(text, &list(requested));
            assert_eq!((found.join(" ").as_str(), commas), (scopes, has_commas), "{text:?}");
        }
    }

    #[test]
    fn the_idps_own_list_decides_what_to_do_about_refused_scopes() {
        for (requested, supported, says) in [
            ("mcp:read", Some("openid"), "create mcp:read at the IdP"),
            ("a b c", Some("b"), "create a and c at the IdP"),
            ("a", Some(""), "create a at the IdP"),
            ("a b", Some("b a c"), "allow these scopes for this client"),
            ("a", None, "no scopes_supported"),
        ] {
            let supported = supported.map(list);
            let fix = refused(&list(requested), supported.as_deref());
            assert!(fix.contains(says) && !fix.contains('?'), "{requested} {supported:?}: {fix}");
        }
    }
}
