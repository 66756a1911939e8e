//! URLs as people read and type them: what tells two of them apart, and what is wrong with one that
//! cannot be requested. The standards compare such URLs letter by letter, so nothing here says that
//! two different ones are equal.

use std::fmt::{self, Display, Formatter};

use crate::reach::is_loopback;

mod typed;

pub use typed::{UrlFault, fault, lowered};

/// The parts of a URL, cut as text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Parts<'a> {
    scheme: &'a str,
    user: &'a str,
    host: &'a str,
    port: &'a str,
    has_colon: bool,
    path: &'a str,
    query: &'a str,
    fragment: &'a str,
}

impl<'a> Parts<'a> {
    fn of(url: &'a str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let (rest, fragment) = rest.split_at(rest.find('#').unwrap_or(rest.len()));
        let (rest, query) = rest.split_at(rest.find('?').unwrap_or(rest.len()));
        let (authority, path) = rest.split_at(rest.find(['/', '\\']).unwrap_or(rest.len()));
        let (user, place) = authority.rsplit_once('@').unwrap_or(("", authority));
        // The colons of an IPv6 address are inside brackets.
        let after_address = place.rfind(']').unwrap_or_default();
        let colon = place[after_address..].find(':').map_or(place.len(), |at| after_address + at);
        let (host, port) = place.split_at(colon);
        let (has_colon, port) = (!port.is_empty(), port.strip_prefix(':').unwrap_or_default());
        Some(Self { scheme, user, host, port, has_colon, path, query, fragment })
    }

    /// The port that a connection uses.
    fn effective_port(&self) -> &'a str {
        match (self.port, self.scheme.to_ascii_lowercase().as_str()) {
            ("", "https") => "443",
            ("", "http") => "80",
            (port, _) => port,
        }
    }
}

/// The URL without user name and password.
pub fn without_credentials(url: &str) -> String {
    match Parts::of(url) {
        Some(Parts { scheme, user, .. }) if !user.is_empty() => {
            let start = scheme.len() + "://".len();
            url[..start].to_owned() + &url[start + user.len() + 1..]
        }
        _ => url.to_owned(),
    }
}

/// One thing in which two URLs differ.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// One of them has no scheme and host.
    Form,
    Blanks,
    SchemeCase,
    Scheme(String),
    User,
    HostCase,
    /// Both are names of this machine.
    Loopback(String),
    Host(String),
    /// Only one of them spells the scheme's own port out.
    DefaultPort(String),
    Port(String),
    /// Both have no port, and one of them has the colon before it.
    Colon,
    Slash,
    PathCase,
    Encoding,
    Path(String),
    Query,
    Fragment,
}

impl Display for Part {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Part::Form => f.write_str("their form: one of them has no scheme and host"),
            Part::Blanks => f.write_str("the blanks around one of them"),
            Part::SchemeCase => f.write_str("the capital letters of the scheme"),
            Part::Scheme(both) => write!(f, "the scheme ({both})"),
            Part::User => f.write_str("the user name or password"),
            Part::HostCase => f.write_str("the capital letters of the host"),
            Part::Loopback(both) => write!(f, "the host ({both}: two names of one machine)"),
            Part::Host(both) => write!(f, "the host ({both})"),
            Part::DefaultPort(port) => write!(f, "the port {port}, which only one of them spells out"),
            Part::Port(both) => write!(f, "the port ({both})"),
            Part::Colon => f.write_str("a colon without a port"),
            Part::Slash => f.write_str("the slash at the end"),
            Part::PathCase => f.write_str("the capital letters of the path"),
            Part::Encoding => f.write_str("the percent-encoding of the path"),
            Part::Path(both) => write!(f, "the path ({both})"),
            // What stands there may be a secret.
            Part::Query => f.write_str("the query"),
            Part::Fragment => f.write_str("the part after #"),
        }
    }
}

/// In what two URLs differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference(Vec<Part>);

impl Difference {
    /// Between the URL that was expected and the one that came; empty where they are identical.
    pub fn between(expected: &str, received: &str) -> Self {
        if expected == received {
            return Self(Vec::new());
        }
        if expected.trim() == received.trim() {
            return Self(vec![Part::Blanks]);
        }
        let (Some(a), Some(b)) = (Parts::of(expected.trim()), Parts::of(received.trim())) else {
            return Self(vec![Part::Form]);
        };
        let host = host(a.host, b.host);
        // Another host has its own ports.
        let is_elsewhere = matches!(host, Some(Part::Host(_)));
        let blanks = (expected.trim() != expected || received.trim() != received).then_some(Part::Blanks);
        let parts = [
            blanks,
            scheme(a.scheme, b.scheme),
            (a.user != b.user).then_some(Part::User),
            host,
            port(&a, &b).filter(|_| !is_elsewhere),
            (a.has_colon != b.has_colon && a.port == b.port && !is_elsewhere).then_some(Part::Colon),
            path(a.path, b.path),
            (a.query != b.query).then_some(Part::Query),
            (a.fragment != b.fragment).then_some(Part::Fragment),
        ];
        Self(parts.into_iter().flatten().collect())
    }

    /// The smallest of the differences between these and the URL that came.
    pub fn from_nearest(expected: &[String], received: &str) -> Self {
        let all = expected.iter().map(|expected| Self::between(expected, received));
        all.min_by_key(|difference| (difference.0.len(), !difference.is_spelling())).unwrap_or(Self(Vec::new()))
    }

    /// Whether a person who types the other spelling reaches the same server, and nothing but the
    /// spelling has to change.
    pub fn is_spelling(&self) -> bool {
        let is_spelling = |part: &Part| {
            matches!(
                part,
                Part::Loopback(_) | Part::DefaultPort(_) | Part::Colon | Part::Slash | Part::PathCase | Part::Encoding
            )
        };
        !self.0.is_empty() && self.0.iter().all(is_spelling)
    }

    /// Whether only capital letters of scheme and host tell them apart.
    pub fn is_host_case(&self) -> bool {
        !self.0.is_empty() && self.0.iter().all(|part| matches!(part, Part::SchemeCase | Part::HostCase))
    }

    /// Whether they are two places of one server.
    pub fn is_place(&self) -> bool {
        let is_place = |part: &Part| matches!(part, Part::Path(_) | Part::Query | Part::Slash | Part::PathCase);
        !self.0.is_empty() && self.0.iter().all(is_place)
    }

    /// Whether only blanks tell them apart.
    pub fn is_blanks(&self) -> bool {
        self.0 == [Part::Blanks]
    }
}

/// Whether the URL that came is the https form of the one that was expected.
pub fn is_https_of(expected: &str, received: &str) -> bool {
    expected.strip_prefix("http://").is_some_and(|rest| received.strip_prefix("https://") == Some(rest))
}

/// `They differ in the host (a.example and b.example) and the path (/mcp and none).`
impl Display for Difference {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let parts: Vec<_> = self.0.iter().map(ToString::to_string).collect();
        match parts.split_last() {
            None => f.write_str("They are identical."),
            Some((last, [])) => write!(f, "They differ in {last}."),
            Some((last, before)) => write!(f, "They differ in {} and {last}.", before.join(", ")),
        }
    }
}

fn both(a: &str, b: &str) -> String {
    let [a, b] = [a, b].map(|part| if part.is_empty() { "none" } else { part });
    format!("{a} and {b}")
}

fn scheme(a: &str, b: &str) -> Option<Part> {
    if a == b {
        None
    } else if a.eq_ignore_ascii_case(b) {
        Some(Part::SchemeCase)
    } else {
        Some(Part::Scheme(both(a, b)))
    }
}

fn host(a: &str, b: &str) -> Option<Part> {
    if a == b {
        None
    } else if a.eq_ignore_ascii_case(b) {
        Some(Part::HostCase)
    } else if is_loopback(a) && is_loopback(b) {
        Some(Part::Loopback(both(a, b)))
    } else {
        Some(Part::Host(both(a, b)))
    }
}

fn port(a: &Parts<'_>, b: &Parts<'_>) -> Option<Part> {
    if a.port == b.port {
        None
    } else if a.effective_port() == b.effective_port() {
        Some(Part::DefaultPort(a.effective_port().to_owned()))
    } else {
        Some(Part::Port(both(a.port, b.port)))
    }
}

fn path(a: &str, b: &str) -> Option<Part> {
    if a == b {
        None
    } else if a.trim_end_matches('/') == b.trim_end_matches('/') {
        Some(Part::Slash)
    } else if a.eq_ignore_ascii_case(b) && !a.contains('%') {
        Some(Part::PathCase)
    } else if decoded(a) == decoded(b) {
        Some(Part::Encoding)
    } else {
        Some(Part::Path(both(a, b)))
    }
}

/// A path with its percent-encoding taken away, in which an encoded slash stays another one.
fn decoded(path: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = path.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(b'/') if *first == b'%' => {
                bytes.extend(b"%2F");
                rest = &after[2..];
            }
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests;
