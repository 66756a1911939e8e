//! What MCP 2026-07-28 requires of an authorization server, as far as its metadata can show it.
//!
//! [`requirements`] is pure: a document in, a list of decisions out. A client stops at the first
//! MUST that fails; `inspect` shows them all.

use shared::event::Keyword;
use shared::{Failed, Reporter, Rule};

use crate::error::issuer_fix;
use crate::further::endpoints;
use crate::metadata::AuthorizationServerMetadata;
use crate::rules;

/// What a client needs of an authorization server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Needs {
    /// The authorization code grant: the user signs in.
    #[default]
    AuthorizationCode,
    /// Another grant, for which the requirements about codes do not matter.
    OtherGrant,
}

/// One requirement, and whether the metadata meets it.
#[derive(Debug)]
pub struct Requirement {
    /// The rule.
    pub rule: &'static Rule,
    /// Whether it is met.
    pub passed: bool,
    /// What it requires.
    pub expected: &'static str,
    /// What the metadata says.
    pub seen: String,
    /// What the IdP's operator can do.
    pub fix: String,
}

impl Requirement {
    /// Reports it; the error is there for a MUST that is not met.
    pub fn check(&self, reporter: &Reporter) -> Result<(), Failed> {
        let advised = reporter.with_fix(self.fix.as_str());
        if self.rule.keyword == Keyword::Must {
            return advised.require(self.rule, self.passed, self.expected, &self.seen);
        }
        advised.recommend(self.rule, self.passed, self.expected, &self.seen);
        Ok(())
    }

    /// Whether a client with these needs can do without it.
    pub fn matters_for(&self, needs: Needs) -> bool {
        let about_codes = [
            &rules::AUTHORIZATION_ENDPOINT,
            &rules::RESPONSE_TYPE_CODE,
            &rules::GRANT_TYPE_CODE,
            &rules::PKCE_ANNOUNCED,
            &rules::PKCE_S256,
        ];
        needs == Needs::AuthorizationCode || !about_codes.iter().any(|rule| rule.id == self.rule.id)
    }
}

/// Every requirement, most important first. `is_acceptable` says whether a client may send
/// something to that URL: https, or plain http to this machine.
pub fn requirements(
    issuer: &str,
    metadata: &AuthorizationServerMetadata,
    is_acceptable: impl Fn(&str) -> bool,
) -> Vec<Requirement> {
    let texts = Texts { is_keycloak: issuer.contains("/realms/") };
    vec![
        check_issuer(issuer, metadata, texts),
        check_issuer_url(issuer, &is_acceptable),
        is_there(
            &rules::AUTHORIZATION_ENDPOINT,
            "an authorization endpoint",
            metadata.authorization_endpoint.as_ref(),
            "publish authorization_endpoint.",
        ),
        is_there(
            &rules::TOKEN_ENDPOINT,
            "a token endpoint",
            metadata.token_endpoint.as_ref(),
            "publish token_endpoint.",
        ),
        check_endpoints(metadata, &is_acceptable, texts),
        has_value(
            &rules::RESPONSE_TYPE_CODE,
            "response_types_supported has code",
            metadata.response_types_supported.as_deref(),
            "code",
            "switch the authorization code flow on.",
        ),
        check_grant_type(metadata),
        check_pkce_announced(metadata, texts),
        check_pkce_s256(metadata),
        is_true(
            &rules::CLIENT_ID_METADATA,
            "client_id_metadata_document_supported is true",
            metadata.client_id_metadata_document_supported,
            texts.client_id_metadata(),
        ),
        is_true(
            &rules::ISS_PARAMETER,
            "authorization_response_iss_parameter_supported is true",
            metadata.authorization_response_iss_parameter_supported,
            texts.iss_parameter(),
        ),
        is_there(
            &rules::SCOPES_SUPPORTED,
            "scopes_supported is there",
            metadata.scopes_supported.as_ref().map(|scopes| listed(Some(scopes))).as_ref(),
            "publish the scopes that clients may ask for.",
        ),
    ]
}

/// "If they differ, the client MUST NOT use the metadata." (MCP 2026-07-28) The two are compared as
/// the texts that they are: a slash or a capital letter makes another issuer.
pub fn check_issuer(issuer: &str, metadata: &AuthorizationServerMetadata, texts: Texts) -> Requirement {
    let setting = texts.choose(" (Keycloak: --hostname or KC_HOSTNAME.)", "");
    Requirement {
        rule: &rules::ISSUER_IDENTICAL,
        passed: metadata.issuer == issuer,
        expected: "issuer is identical to the one asked for",
        seen: metadata.issuer.clone(),
        fix: format!("{}{setting}", issuer_fix(issuer, &metadata.issuer)),
    }
}

/// "a URL that uses the "https" scheme and has no query or fragment components" (RFC 8414 §2)
fn check_issuer_url(issuer: &str, is_acceptable: impl Fn(&str) -> bool) -> Requirement {
    Requirement {
        rule: &rules::ISSUER_URL,
        passed: is_acceptable(issuer) && !issuer.contains(['?', '#']),
        expected: "the issuer is https or loopback, without query",
        seen: issuer.to_owned(),
        fix: "serve the IdP over https; plain http is for this machine only.".to_owned(),
    }
}

/// "All authorization server endpoints MUST be served over HTTPS." (MCP 2026-07-28, Communication
/// Security) Plain http is accepted for this machine.
fn check_endpoints(
    metadata: &AuthorizationServerMetadata,
    is_acceptable: impl Fn(&str) -> bool,
    texts: Texts,
) -> Requirement {
    // RFC 6749 forbids a fragment in both endpoints (§3.1, §3.2).
    let unusable = || metadata.endpoints().filter(|(_, url)| !is_acceptable(url) || url.contains('#'));
    let fault = |url| endpoints::fault(url).unwrap_or_default();
    let seen: Vec<_> = unusable().map(|(name, url)| format!("{name} {url}{}", fault(url))).collect();
    let advice = unusable().find_map(|(name, url)| endpoints::fix(name, url, &metadata.issuer));
    Requirement {
        rule: &rules::ENDPOINTS_SECURE,
        passed: seen.is_empty(),
        expected: "the endpoints are absolute URLs, https or loopback",
        seen: if seen.is_empty() { "they are".to_owned() } else { seen.join(", ") },
        fix: advice.unwrap_or_else(|| texts.endpoints().to_owned()),
    }
}

/// "If omitted, the default value is "["authorization_code", "implicit"]"." (RFC 8414 §2)
fn check_grant_type(metadata: &AuthorizationServerMetadata) -> Requirement {
    let grant_types = metadata.grant_types();
    let seen = match &metadata.grant_types_supported {
        None => format!("absent, so the default: {}", grant_types.join(", ")),
        Some(present) => listed(Some(present)),
    };
    Requirement {
        rule: &rules::GRANT_TYPE_CODE,
        passed: grant_types.iter().any(|grant| grant == "authorization_code"),
        expected: "grant_types_supported has authorization_code",
        seen,
        fix: "switch the authorization code grant on.".to_owned(),
    }
}

/// "If code_challenge_methods_supported is absent, the authorization server does not support PKCE
/// and MCP clients MUST refuse to proceed." (MCP 2026-07-28, Authorization Code Protection)
fn check_pkce_announced(metadata: &AuthorizationServerMetadata, texts: Texts) -> Requirement {
    let methods = metadata.code_challenge_methods_supported.as_deref();
    Requirement {
        rule: &rules::PKCE_ANNOUNCED,
        passed: methods.is_some(),
        expected: "code_challenge_methods_supported is there",
        seen: listed(methods),
        fix: texts.pkce().to_owned(),
    }
}

/// "MCP clients MUST use the S256 code challenge method when technically capable" (MCP 2026-07-28,
/// Authorization Code Protection)
fn check_pkce_s256(metadata: &AuthorizationServerMetadata) -> Requirement {
    has_value(
        &rules::PKCE_S256,
        "code_challenge_methods_supported has S256",
        metadata.code_challenge_methods_supported.as_deref(),
        "S256",
        "switch PKCE with S256 on (RFC 7636 §4.2).",
    )
}

fn is_there(rule: &'static Rule, expected: &'static str, member: Option<&String>, fix: &str) -> Requirement {
    let seen = member.cloned().unwrap_or_else(|| "absent".to_owned());
    Requirement { rule, passed: member.is_some(), expected, seen, fix: fix.to_owned() }
}

fn is_true(rule: &'static Rule, expected: &'static str, member: Option<bool>, fix: &str) -> Requirement {
    let seen = member.map_or("absent".to_owned(), |value| value.to_string());
    Requirement { rule, passed: member == Some(true), expected, seen, fix: fix.to_owned() }
}

fn has_value(
    rule: &'static Rule,
    expected: &'static str,
    member: Option<&[String]>,
    wanted: &str,
    fix: &str,
) -> Requirement {
    let passed = member.is_some_and(|values| values.iter().any(|value| value == wanted));
    Requirement { rule, passed, expected, seen: listed(member), fix: fix.to_owned() }
}

fn listed(values: Option<&[String]>) -> String {
    match values {
        None => "absent".to_owned(),
        Some([]) => "an empty list".to_owned(),
        Some(values) => values.join(", "),
    }
}

/// What the IdP's operator can do. For a Keycloak, whose issuers end in `/realms/REALM`, it can
/// name the very setting.
#[derive(Clone, Copy)]
pub struct Texts {
    is_keycloak: bool,
}

impl Texts {
    fn choose(self, keycloak: &'static str, other: &'static str) -> &'static str {
        if self.is_keycloak { keycloak } else { other }
    }

    fn endpoints(self) -> &'static str {
        self.choose(
            "set --hostname (KC_HOSTNAME) to the https URL; behind a proxy also --proxy-headers.",
            "publish https endpoints; behind a proxy, tell the IdP its public URL.",
        )
    }

    fn pkce(self) -> &'static str {
        self.choose(
            "Keycloak announces it: look for a proxy in between that rewrites the document, or for another product at this URL.",
            "announce PKCE, if the IdP does it; many OpenID providers do it and forget to say so.",
        )
    }

    fn client_id_metadata(self) -> &'static str {
        self.choose(
            "start Keycloak (26.6 or newer) with --features=cimd, and give the realm a client policy for it; else register clients (lesson 03).",
            "switch Client ID Metadata Documents on, where the IdP has them; else register clients (lesson 03).",
        )
    }

    fn iss_parameter(self) -> &'static str {
        self.choose("Keycloak 26 announces it: update an older one.", "switch RFC 9207 on, where the IdP has it.")
    }
}

#[cfg(test)]
mod tests;
