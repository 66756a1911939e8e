//! What is compared with less than full exactness, and why. All of it is in three tables: texts,
//! durations, and requests. `dropped.rs` has more requests.

use std::collections::BTreeSet;

use regex::Regex;
use serde_json::{Value, json};

use super::recording::Compared;

/// Texts that differ by their nature: a pattern, and the name that takes its place.
const TEXTS: &[(&str, &str)] = &[
    // Tokens.
    ("eyJ[A-Za-z0-9_.-]+", "TOKEN"),
    // UUIDs.
    ("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID"),
    // Keycloak's JSON parser counts columns in another way.
    ("at line 1 column [0-9]+", "at line 1 column N"),
    // The IdP's own URL inside a redirect.
    ("localhost%3A[0-9]+", "ORIGIN"),
    // Which of the two sentences is a matter of whole seconds.
    ("Stale token", "Maximum allowed refresh token reuse exceeded"),
];

/// Fields that are a number of seconds. One IdP may take a second boundary between two looks at the
/// clock, or may have had to make a key first.
const DURATIONS: &[&str] = &["lifetime", "expires_in", "refresh_expires_in"];
/// Seconds by which they may differ, in both directions.
const TOLERANCE: u64 = 10;

/// What is compared of the responses to some requests.
pub enum Compare {
    /// Both IdPs refuse. The status, the code and the sentence may differ.
    Refusal,
    /// All but these fields.
    AllBut(&'static [&'static str]),
    /// Nothing: the embedded IdP does less, or more, than Keycloak.
    Nothing,
}

pub struct Row {
    /// A pattern for the whole name of a request.
    pub requests: &'static str,
    pub compare: Compare,
    pub reason: &'static str,
}

pub const ROWS: &[Row] = &[
    Row {
        requests: "register: (no JSON|an array|a string|null|an empty body|redirect_uris is a string|a name that is an object|a scope that is an array)",
        compare: Compare::Refusal,
        reason: "a malformed request is refused in several ways, down to HTTP 500; no lesson sends one",
    },
    Row {
        requests: "register: redirect with a space",
        compare: Compare::Refusal,
        reason: "Keycloak fails on other URIs without a host, and the embedded IdP on this one, too",
    },
    Row {
        requests: "register: contacts that are a string",
        compare: Compare::Nothing,
        reason: "the embedded IdP reads only the members that it uses",
    },
    Row {
        requests: "register: private_key_jwt with no set",
        compare: Compare::Refusal,
        reason: "Keycloak fails; no lesson registers such a key set",
    },
    Row {
        requests: r#"initial access: \{"count":(-1|1,"expiration":-1)\}"#,
        compare: Compare::Refusal,
        reason: "no lesson asks for a negative number",
    },
    Row {
        requests: "introspect: (hint id_token|a hint that nobody knows|garbage with a wrong hint)",
        compare: Compare::Nothing,
        reason: "the embedded IdP ignores an unknown hint (RFC 7662 §2.1)",
    },
    Row {
        requests: "introspect: (its own ID token|its own ID token, with a hint|its own refresh token, with a hint|not bound to a key)",
        compare: Compare::Nothing,
        reason: "no lesson introspects ID tokens or refresh tokens",
    },
    Row {
        requests: "(token use: a code|refresh: the (first|second) of two sign-ins|refresh: the client came back)",
        compare: Compare::AllBut(&["access_token.claims.acr"]),
        reason: "a sign-in without a password has acr 0; no lesson prints it",
    },
    Row {
        requests: "introspect: (the first of two sign-ins|the client came back)",
        compare: Compare::AllBut(&["acr"]),
        reason: "the same, as introspection shows it",
    },
    Row {
        requests: "refresh: revoked before the client came back",
        compare: Compare::Refusal,
        reason: "no lesson shows which sentence it is",
    },
    Row {
        requests: "exchange: (two faults: )?(another subject|another issuer|both issuers|not enabled, another subject|no subject, another one).*",
        compare: Compare::Refusal,
        reason: "Keycloak names the parameter; no lesson sends one",
    },
    Row {
        requests: "dpop: exchange: bound, another issuer",
        compare: Compare::Refusal,
        reason: "Keycloak names the parameter; no lesson sends one",
    },
    Row {
        requests: "dpop: (a key for .*|.* bytes less of zeros|.*: no signature)",
        compare: Compare::Refusal,
        reason: "Keycloak tells apart why a signature is wrong; no lesson sends one",
    },
    Row {
        requests: "dpop: an RSA key with k",
        compare: Compare::Nothing,
        reason: "the embedded IdP refuses the member of a symmetric key in every key",
    },
    Row {
        requests: "dpop: header: .*",
        compare: Compare::Refusal,
        reason: "the sentences name Java classes, and some are HTTP 500; no lesson shows them",
    },
    Row { requests: "dpop: another jwk, and .*", compare: Compare::Refusal, reason: "the same" },
    Row {
        requests: r#"dpop: claims: \{"(htm|htu)":(5|true)\}"#,
        compare: Compare::Refusal,
        reason: "Keycloak takes numbers for texts; no lesson sends them",
    },
    Row {
        requests: r#"dpop: claims: \{"(jti":(5|true)|iat":"NOW")\}"#,
        compare: Compare::Nothing,
        reason: "Keycloak takes numbers for texts and texts for numbers; the embedded IdP is stricter",
    },
    Row {
        requests: r#"dpop: claims: \{"iat":(" ?"|18446744073709551615|1e\+300)\}"#,
        compare: Compare::Refusal,
        reason: "Keycloak has several sentences for an absurd time",
    },
    Row {
        requests: r#"dpop: claims: \{"htu":"(URL(\{a\}|%|%zz| |\\\\|\\n)|a b)".*"#,
        compare: Compare::Refusal,
        reason: "Keycloak tells a malformed URL from another URL",
    },
    Row {
        requests: r#"dpop: claims: \{"htu":"URL#a#b"\}"#,
        compare: Compare::Nothing,
        reason: "the embedded IdP cuts off the fragment without reading it",
    },
    Row {
        requests: "assertion: exp in three days",
        compare: Compare::Nothing,
        reason: "the embedded IdP remembers an assertion until it expires, so it takes none that lives for days",
    },
    Row {
        requests: "dpop: one proof: after the bad scope",
        compare: Compare::Nothing,
        reason: "the embedded IdP remembers a proof only when its grant is valid, so that nobody fills its memory",
    },
    Row {
        requests: r#"dpop_bound_access_tokens registered: ("(true|True|TRUE|tRUE|false||x)"|1|0|1.5|\[\]|\{\})"#,
        compare: Compare::Nothing,
        reason: "Keycloak reads texts and numbers as truth values; the embedded IdP wants JSON truth values",
    },
];

/// The rows for a Keycloak with the feature `resource-indicators`.
pub const ROWS_WITH_RESOURCES: &[Row] = &[Row {
    requests: r#"resource .*, scope "(openid)?""#,
    compare: Compare::Refusal,
    reason: "Keycloak 26.7.3 fails if the scopes bring no audience",
}];

/// The text with the names of [`TEXTS`], and with the IdP's URL named.
pub fn settled(text: &str, server: &str) -> String {
    TEXTS.iter().fold(text.replace(server, "ORIGIN"), |text, (pattern, name)| {
        Regex::new(pattern).unwrap().replace_all(&text, *name).into_owned()
    })
}

/// Applies [`ROWS`], and remembers which were needed.
pub struct Normaliser {
    rows: Vec<(Regex, &'static Row)>,
    used: BTreeSet<&'static str>,
}

impl Normaliser {
    pub fn new(rows: impl Iterator<Item = &'static Row>) -> Self {
        let rows = rows.map(|row| (Regex::new(&format!("^(?:{})$", row.requests)).unwrap(), row)).collect();
        Self { rows, used: BTreeSet::new() }
    }

    /// The rows that no response needed.
    pub fn unused(&self) -> Vec<String> {
        let unused = self.rows.iter().filter(|(_, row)| !self.used.contains(row.requests));
        unused.map(|(_, row)| format!("{} ({})", row.requests, row.reason)).collect()
    }

    /// What is to be compared of two responses to the request of this name.
    pub fn normalised(&mut self, name: &str, ours: Compared, theirs: Compared) -> (Compared, Compared) {
        let mut pair = (ours, theirs);
        for (pattern, row) in &self.rows {
            if pattern.is_match(name) && !differing(&pair.0, &pair.1).is_empty() {
                self.used.insert(row.requests);
                pair = (row.compare.reduce(pair.0), row.compare.reduce(pair.1));
            }
        }
        pair
    }
}

impl Compare {
    fn reduce(&self, mut response: Compared) -> Compared {
        match self {
            Self::Nothing => Compared::new(),
            Self::AllBut(fields) => {
                response.retain(|name, _| !fields.contains(&name.as_str()));
                response
            }
            Self::Refusal if response["status"].as_u64().is_some_and(|status| status >= 400) => {
                Compared::from([("is refused".to_owned(), json!(true))])
            }
            Self::Refusal => response,
        }
    }
}

/// The names of the fields that differ.
pub fn differing(ours: &Compared, theirs: &Compared) -> Vec<String> {
    let names: BTreeSet<_> = ours.keys().chain(theirs.keys()).collect();
    names.into_iter().filter(|name| !is_same(name, ours.get(*name), theirs.get(*name))).cloned().collect()
}

fn is_same(name: &str, ours: Option<&Value>, theirs: Option<&Value>) -> bool {
    let seconds = |value: Option<&Value>| value.and_then(Value::as_u64);
    match (seconds(ours), seconds(theirs)) {
        (Some(ours), Some(theirs)) if DURATIONS.contains(&name.rsplit('.').next().unwrap_or_default()) => {
            ours.abs_diff(theirs) <= TOLERANCE
        }
        _ => ours == theirs,
    }
}
