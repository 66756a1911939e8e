//! What is wrong with a URL that a person typed or a document names, and which one was meant.

use url::Url;

use super::Parts;
use crate::reach::{Privacy, is_loopback, privacy_by_name};

/// A URL as a person typed it, with its scheme and host in lower case: "the scheme and host are
/// case-insensitive and therefore should be normalized to lowercase" (RFC 3986 §6.2.2.1). MCP asks
/// for that in a server's canonical URI.
pub fn lowered(text: &str) -> String {
    let Some(Parts { scheme, user, host, .. }) = Parts::of(text) else { return text.to_owned() };
    // A URL with a user name is refused later, and shown as it was typed.
    if !user.is_empty() {
        return text.to_owned();
    }
    let end = scheme.len() + "://".len() + host.len();
    text[..end].to_ascii_lowercase() + &text[end..]
}

/// What is wrong with a text that should be an absolute http(s) URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UrlFault {
    /// `it has no scheme`
    pub reason: String,
    /// The URL that was meant, where the text leaves no doubt.
    pub meant: Option<String>,
}

/// Marks that people copy along with a URL.
const MARKS: &[char] = &['<', '>', '"', '\'', '`', '“', '”', '‘', '’'];

/// What is wrong with `text`; `None` where it is an absolute http(s) URL.
pub fn fault(text: &str) -> Option<UrlFault> {
    let fault = |reason: &str, meant: Option<String>| Some(UrlFault { reason: reason.to_owned(), meant });
    let bare = text.trim().trim_matches(MARKS).trim();
    if bare.is_empty() {
        return fault("it is empty", None);
    }
    let meant = || with_scheme(bare).filter(|meant| fault_inside(meant).is_none());
    if text.trim() != text {
        return fault("it has blanks around it", meant());
    }
    if bare != text {
        return fault("it has quotation marks or brackets around it", meant());
    }
    if let Some(reason) = fault_inside(text) {
        return fault(&reason, meant().filter(|meant| meant != text));
    }
    None
}

fn fault_inside(text: &str) -> Option<String> {
    if text.contains(char::is_whitespace) {
        return Some("it has a blank inside".to_owned());
    }
    let Some(Parts { scheme, host, .. }) = Parts::of(text) else {
        return Some(match text.split_once(':') {
            Some((scheme, rest)) if is_http(scheme) && rest.starts_with('/') => {
                format!("one slash is missing after {scheme}:")
            }
            Some((scheme, _)) if is_http(scheme) => format!("the two slashes after {scheme}: are missing"),
            Some((scheme, _)) if ["mailto", "javascript", "data", "file"].contains(&&*scheme.to_ascii_lowercase()) => {
                format!("its scheme is {scheme}, not http or https")
            }
            _ if text.starts_with('/') && !text.starts_with("//") => "it is a path without scheme and host".to_owned(),
            _ => "it has no scheme".to_owned(),
        });
    };
    if !is_http(scheme) {
        let scheme = if scheme.is_empty() { "empty" } else { scheme };
        return Some(format!("its scheme is {scheme}, not http or https"));
    }
    if host.is_empty() {
        return Some("it has no host".to_owned());
    }
    Url::parse(text).err().map(|error| error.to_string())
}

fn is_http(scheme: &str) -> bool {
    scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
}

/// The text with a scheme and two slashes, where it begins with a host: http for this machine and a
/// private address, https for every other host.
fn with_scheme(text: &str) -> Option<String> {
    if Parts::of(text).is_some_and(|parts| is_http(parts.scheme)) {
        return Some(text.to_owned());
    }
    if let Some((scheme, rest)) = text.split_once(':').filter(|(scheme, _)| is_http(scheme)) {
        return Some(format!("{scheme}://{}", rest.trim_start_matches('/')));
    }
    let rest = text.strip_prefix("//").unwrap_or(text);
    let as_http = format!("http://{rest}");
    let host = Parts::of(&as_http)?.host;
    let is_host = is_loopback(host) || host.starts_with('[') || host.contains('.');
    if !is_host
        || text.contains(['@', '\\'])
        || text.contains("://")
        || text.starts_with('/') && !text.starts_with("//")
    {
        return None;
    }
    let is_public = privacy_by_name(host) == Privacy::Public;
    Some(if is_public { format!("https://{rest}") } else { as_http })
}
