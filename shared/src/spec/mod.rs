//! The sentences of the standards that checks refer to, as data: they are printed with the check,
//! so they are read, and a citation that is wrong is seen. Each quote is one sentence, or the part
//! of it that matters, word for word.
//!
//! There is a file for each large document, and one for each group of small ones. To cite another
//! sentence, add it to its document: its name is then `spec::NAME`, and it is in [`ALL`].

use serde::Serialize;

/// Where a requirement stands.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct SpecRef {
    /// For example `RFC 9728`, or `MCP 2026-07-28`.
    pub id: &'static str,
    /// For example `§3.3`; the name of the section where sections have no numbers.
    pub section: &'static str,
    /// A link to the section; empty for a rule of this tutorial's own.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub url: &'static str,
    /// The sentence.
    pub quote: &'static str,
}

/// Declares the references to some documents, and `ALL` with every one of them.
///
/// A document has an id, a URL, and its sentences. Before each sentence stand the name of the
/// reference and, in parentheses, its section. A section with a number gives only that, since the
/// link follows from it; any other gives its title and the part of the link after the URL.
///
/// ```text
/// documents! {
///     "RFC 9728", "https://www.rfc-editor.org/rfc/rfc9728" {
///         RFC9728_7_7("7.7"):
///             "Clients SHOULD take appropriate precautions against SSRF attacks.";
///     }
///     "MCP 2026-07-28", "https://modelcontextprotocol.io/…/authorization" {
///         MCP_AS_OUT_OF_SCOPE("Roles", "#roles"):
///             "The implementation details of the authorization server are beyond the scope.";
///     }
/// }
/// ```
macro_rules! documents {
    ($( $id:literal, $url:literal { $( $name:ident $place:tt : $quote:literal; )* } )*) => {
        $($(
            #[doc = concat!($id, ", ", section!($place))]
            pub static $name: $crate::spec::SpecRef = $crate::spec::SpecRef {
                id: $id,
                section: section!($place),
                url: link!($url, $place),
                quote: $quote,
            };
        )*)*

        pub(super) static ALL: &[&$crate::spec::SpecRef] = &[ $($( &$name, )*)* ];
    };
}

/// The section as it is printed.
macro_rules! section {
    (($number:literal)) => {
        concat!("§", $number)
    };
    (($title:literal, $link:literal)) => {
        $title
    };
}

/// The link to the section.
macro_rules! link {
    ($url:literal, ($number:literal)) => {
        concat!($url, "#section-", $number)
    };
    ($url:literal, ($title:literal, $link:literal)) => {
        concat!($url, $link)
    };
}

mod mcp;
mod mcp_authorization;
mod registration;
mod requests;
mod rfc6749;
mod rfc8414;
mod rfc9449;
mod rfc9728;
mod tokens;
mod tutorial;

pub use mcp::*;
pub use mcp_authorization::*;
pub use registration::*;
pub use requests::*;
pub use rfc6749::*;
pub use rfc8414::*;
pub use rfc9449::*;
pub use rfc9728::*;
pub use tokens::*;
pub use tutorial::*;

/// Every reference, file by file.
pub static ALL: &[&[&SpecRef]] = &[
    mcp::ALL,
    mcp_authorization::ALL,
    registration::ALL,
    requests::ALL,
    rfc6749::ALL,
    rfc8414::ALL,
    rfc9449::ALL,
    rfc9728::ALL,
    tokens::ALL,
    tutorial::ALL,
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{ALL, SpecRef, TUTORIAL_LIMITS};
    use crate::event::Rule;
    use crate::testing::Captured;

    fn all() -> impl Iterator<Item = &'static SpecRef> {
        ALL.iter().copied().flatten().copied()
    }

    #[test]
    fn every_reference_links_to_the_section_that_it_names() {
        for spec in all() {
            let numbered = |base: &str| {
                let section = spec.section.strip_prefix('§').expect("the section is a number");
                assert_eq!(spec.url, format!("{base}#section-{section}"));
            };
            match spec.id.split_once(' ').expect("an id of more than one word") {
                ("RFC", number) => numbered(&format!("https://www.rfc-editor.org/rfc/rfc{number}")),
                ("CIMD", "draft-00") => {
                    let draft = "draft-ietf-oauth-client-id-metadata-document-00";
                    numbered(&format!("https://datatracker.ietf.org/doc/html/{draft}"));
                }
                ("OpenID", "Connect Core") => {
                    let base = "https://openid.net/specs/openid-connect-core-1_0.html#";
                    assert!(spec.url.starts_with(base), "{}", spec.url);
                }
                ("MCP", version) => {
                    assert!(spec.url.starts_with("https://modelcontextprotocol.io/"), "{}", spec.url);
                    assert!(spec.url.contains(&format!("/{version}/")), "{}", spec.url);
                }
                _ => assert_eq!((spec.id, spec.url), ("This tutorial", "")),
            }
        }
    }

    #[test]
    fn a_rule_of_this_tutorial_holds_against_the_schema_without_a_link() {
        static RULE: Rule = Rule::must("test.own", &TUTORIAL_LIMITS);
        let captured = Captured::json();
        captured.reporter().recommend(&RULE, true, "at most a megabyte", "HTTP 200");
        let quote = TUTORIAL_LIMITS.quote;
        let spec = json!({"id": "This tutorial", "section": "Limits", "quote": quote});
        assert_eq!(captured.events()[0]["spec"], spec);
    }

    #[test]
    fn no_sentence_stands_here_twice() {
        let mut quotes: Vec<_> = all().map(|spec| (spec.id, spec.quote)).collect();
        quotes.sort_unstable();
        quotes.dedup();
        assert_eq!(quotes.len(), all().count());
        assert!(all().all(|spec| spec.quote.len() > 20));
    }
}
