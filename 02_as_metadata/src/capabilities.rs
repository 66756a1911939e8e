//! What MCP 2026-07-28 asks of an authorization server, as far as its metadata can show it, and
//! what this one says.
//!
//! [`requirements`] is pure: a document in, a list of decisions out. A client stops at the first
//! MUST that fails; `inspect` shows them all.

use shared::Reporter;
use shared::event::{Keyword, Rule};

use crate::metadata::AuthorizationServerMetadata;
use crate::rules;

/// One requirement, and whether the metadata meets it.
#[derive(Debug)]
pub struct Requirement {
    /// The decision.
    pub rule: &'static Rule,
    /// Whether it is met.
    pub passed: bool,
    /// What is asked for.
    pub expected: &'static str,
    /// What the metadata says.
    pub got: String,
    /// What the IdP's operator can do.
    pub fix: String,
}

impl Requirement {
    /// Says it to the reporter; returns whether it is met.
    pub fn check(&self, reporter: &Reporter) -> bool {
        reporter.check_or(self.rule, self.passed, self.expected, &self.got, &self.fix)
    }

    /// Whether it is about codes, so that a client which will ask for none can do without it.
    pub fn is_about_codes(&self) -> bool {
        let about_codes = [
            &rules::AUTHORIZATION_ENDPOINT,
            &rules::RESPONSE_TYPE_CODE,
            &rules::GRANT_TYPE_CODE,
            &rules::PKCE_ANNOUNCED,
            &rules::PKCE_S256,
        ];
        about_codes.iter().any(|rule| rule.id == self.rule.id)
    }

    /// Whether MCP cannot do without it.
    pub fn is_must(&self) -> bool {
        self.rule.keyword == Keyword::Must
    }
}

/// Every requirement, most important first. `is_acceptable` says whether a client may send
/// something to that URL: https, or plain http to this machine.
pub fn requirements(
    issuer: &str,
    metadata: &AuthorizationServerMetadata,
    is_acceptable: impl Fn(&str) -> bool,
) -> Vec<Requirement> {
    let same_but_slash = metadata.issuer.trim_end_matches('/') == issuer.trim_end_matches('/');
    // Keycloak's issuers end in /realms/REALM; for it the fix can name the very setting.
    let fix =
        |keycloak: &str, other: &str| if issuer.contains("/realms/") { keycloak.to_owned() } else { other.to_owned() };
    let row = |rule, passed, expected, got: &str, fix| Requirement { rule, passed, expected, got: got.to_owned(), fix };
    let listed = |values: &Option<Vec<String>>| match values.as_deref() {
        None => "absent".to_owned(),
        Some([]) => "an empty list".to_owned(),
        Some(values) => values.join(", "),
    };
    let has = |values: &Option<Vec<String>>, wanted: &str| values.iter().flatten().any(|value| value == wanted);
    let or_absent = |value: &Option<String>| value.clone().unwrap_or_else(|| "absent".to_owned());
    let says = |flag: Option<bool>| flag.map_or("absent".to_owned(), |flag| flag.to_string());
    let insecure: Vec<_> = metadata.endpoints().filter(|(_, url)| !is_acceptable(url)).collect();
    let insecure: Vec<_> = insecure.iter().map(|(name, url)| format!("{name} {url}")).collect();
    let pkce = &metadata.code_challenge_methods_supported;
    vec![
        row(
            &rules::ISSUER_IDENTICAL,
            metadata.issuer == issuer,
            "issuer is identical to the one asked for",
            &metadata.issuer,
            match same_but_slash {
                true => "spell the issuer everywhere as the document does, slash included.".to_owned(),
                false => fix(
                    "if it is this very server, set --hostname (KC_HOSTNAME) to the URL that clients use.",
                    "if it is this very server, publish the issuer exactly as resource servers name it.",
                ),
            },
        ),
        row(
            &rules::ISSUER_URL,
            is_acceptable(issuer) && !issuer.contains(['?', '#']),
            "the issuer is https or loopback, without query",
            issuer,
            "serve the IdP over https; plain http is for this machine only.".to_owned(),
        ),
        row(
            &rules::AUTHORIZATION_ENDPOINT,
            metadata.authorization_endpoint.is_some(),
            "an authorization endpoint",
            &or_absent(&metadata.authorization_endpoint),
            "publish authorization_endpoint.".to_owned(),
        ),
        row(
            &rules::TOKEN_ENDPOINT,
            metadata.token_endpoint.is_some(),
            "a token endpoint",
            &or_absent(&metadata.token_endpoint),
            "publish token_endpoint.".to_owned(),
        ),
        row(
            &rules::ENDPOINTS_SECURE,
            insecure.is_empty(),
            "the endpoints are https or loopback",
            &if insecure.is_empty() { "they are".to_owned() } else { insecure.join(", ") },
            fix(
                "set --hostname (KC_HOSTNAME) to the https URL; behind a proxy also --proxy-headers.",
                "publish https endpoints; behind a proxy, tell the IdP its public URL.",
            ),
        ),
        row(
            &rules::RESPONSE_TYPE_CODE,
            has(&metadata.response_types_supported, "code"),
            "response_types_supported has code",
            &listed(&metadata.response_types_supported),
            "switch the authorization code flow on.".to_owned(),
        ),
        row(
            &rules::GRANT_TYPE_CODE,
            metadata.grant_types().iter().any(|grant| grant == "authorization_code"),
            "grant_types_supported has authorization_code",
            &match &metadata.grant_types_supported {
                None => format!("absent, so the default: {}", metadata.grant_types().join(", ")),
                present => listed(present),
            },
            "switch the authorization code grant on.".to_owned(),
        ),
        row(
            &rules::PKCE_ANNOUNCED,
            pkce.is_some(),
            "code_challenge_methods_supported is there",
            &listed(pkce),
            fix(
                "Keycloak announces it: is there a proxy in between that rewrites the document, or is this no Keycloak?",
                "announce PKCE, if the IdP does it; many OpenID providers do it and forget to say so.",
            ),
        ),
        row(
            &rules::PKCE_S256,
            has(pkce, "S256"),
            "code_challenge_methods_supported has S256",
            &listed(pkce),
            "switch PKCE with S256 on (RFC 7636 §4.2).".to_owned(),
        ),
        row(
            &rules::CLIENT_ID_METADATA,
            metadata.client_id_metadata_document_supported == Some(true),
            "client_id_metadata_document_supported is true",
            &says(metadata.client_id_metadata_document_supported),
            fix(
                "start Keycloak (26.6 or newer) with --features=cimd, and give the realm a client policy for it; else register clients (lesson 03).",
                "switch Client ID Metadata Documents on, where the IdP has them; else register clients (lesson 03).",
            ),
        ),
        row(
            &rules::ISS_PARAMETER,
            metadata.authorization_response_iss_parameter_supported == Some(true),
            "authorization_response_iss_parameter_supported is true",
            &says(metadata.authorization_response_iss_parameter_supported),
            fix("Keycloak 26 announces it: is this an older one?", "switch RFC 9207 on, where the IdP has it."),
        ),
        row(
            &rules::SCOPES_SUPPORTED,
            metadata.scopes_supported.is_some(),
            "scopes_supported is there",
            &listed(&metadata.scopes_supported),
            "publish the scopes that clients may ask for.".to_owned(),
        ),
    ]
}

/// The table: the requirements, what else the metadata offers, and what no metadata can show.
pub fn table(issuer: &str, metadata: &AuthorizationServerMetadata, is_acceptable: impl Fn(&str) -> bool) -> String {
    let mut lines = vec![format!("What {issuer} says, and what MCP 2026-07-28 asks of it:")];
    for Requirement { rule, passed, expected, got, .. } in requirements(issuer, metadata, is_acceptable) {
        let mark = if passed { "✔" } else { "✘" };
        // In an issuer the last character matters.
        let got = if expected.contains("issuer is") { got } else { shortened(&got) };
        lines.push(format!("{mark} {:6} {expected:<55} {got}", rule.keyword.to_string()));
    }
    lines.push("What it offers beyond that (✔ it says so, · it does not):".to_owned());
    for (what, seen) in offers(metadata) {
        let (mark, shown) = seen.map_or(("·", String::new()), |seen| ("✔", shortened(&seen)));
        lines.push(format!("{mark} MAY    {what:<55} {shown}").trim_end().to_owned());
    }
    lines.push("What metadata cannot show, and these lessons try out:".to_owned());
    lines.extend(NOT_IN_METADATA.iter().map(|what| format!("? {what}")));
    lines.join("\n")
}

fn offers(metadata: &AuthorizationServerMetadata) -> Vec<(&'static str, Option<String>)> {
    let grant = |name: &str| metadata.grant_types().into_iter().find(|grant| grant == name);
    let lists = |values: &Option<Vec<String>>| values.as_ref().map(|values| values.join(", "));
    let method =
        |name: &str| metadata.token_endpoint_auth_methods_supported.iter().flatten().find(|method| *method == name);
    let offline = metadata.scopes_supported.iter().flatten().find(|scope| *scope == "offline_access");
    vec![
        ("dynamic client registration (RFC 7591; deprecated)", metadata.registration_endpoint.clone()),
        ("public clients: the client authentication none", method("none").cloned()),
        ("clients with a key: private_key_jwt (RFC 7523)", method("private_key_jwt").cloned()),
        ("refresh tokens", grant("refresh_token")),
        ("the scope offline_access", offline.cloned()),
        ("client credentials", grant("client_credentials")),
        ("token exchange (RFC 8693)", grant("urn:ietf:params:oauth:grant-type:token-exchange")),
        ("the keys that sign its tokens: jwks_uri", metadata.jwks_uri.clone()),
        ("revocation (RFC 7009)", metadata.revocation_endpoint.clone()),
        ("introspection (RFC 7662)", metadata.introspection_endpoint.clone()),
        ("pushed authorization requests (RFC 9126)", metadata.pushed_authorization_request_endpoint.clone()),
        ("DPoP (RFC 9449)", lists(&metadata.dpop_signing_alg_values_supported)),
    ]
}

const NOT_IN_METADATA: [&str; 5] = [
    "resource indicators: does the parameter resource decide a token's audience? (RFC 8707; lesson 06)",
    "are redirect URIs compared exactly, but for the port of a loopback address? (lesson 04)",
    "is a code good for one use, and for its own client and verifier only? (lesson 04)",
    "is a refresh token good for one use? (lesson 05)",
    "who may register, and with which scopes and redirect URIs? (lesson 03)",
];

/// Long values are cut in the table; the checks above it have them whole.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(36) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "https://idp.example/realms/r";

    fn fit() -> AuthorizationServerMetadata {
        let list = |value: &str| Some(vec![value.to_owned()]);
        AuthorizationServerMetadata {
            issuer: ISSUER.to_owned(),
            authorization_endpoint: Some(format!("{ISSUER}/auth")),
            token_endpoint: Some(format!("{ISSUER}/token")),
            response_types_supported: list("code"),
            code_challenge_methods_supported: list("S256"),
            scopes_supported: list("mcp:read"),
            authorization_response_iss_parameter_supported: Some(true),
            client_id_metadata_document_supported: Some(true),
            ..AuthorizationServerMetadata::default()
        }
    }

    fn failed(metadata: &AuthorizationServerMetadata) -> Vec<&'static str> {
        let rows = requirements(ISSUER, metadata, |url| url.starts_with("https://"));
        assert!(rows.iter().all(|row| !row.fix.is_empty() && !row.got.is_empty()));
        rows.iter().filter(|row| !row.passed).map(|row| row.rule.id).collect()
    }

    #[test]
    fn an_authorization_server_that_is_fit_passes_all() {
        assert_eq!(failed(&fit()), Vec::<&str>::new());
    }

    #[test]
    fn each_requirement_has_its_broken_twin() {
        let with = |change: fn(&mut AuthorizationServerMetadata)| {
            let mut metadata = fit();
            change(&mut metadata);
            failed(&metadata)
        };
        assert_eq!(with(|m| m.issuer += "/"), ["as-metadata.issuer-identical"]);
        assert_eq!(with(|m| m.issuer = m.issuer.to_uppercase()), ["as-metadata.issuer-identical"]);
        assert_eq!(with(|m| m.authorization_endpoint = None), ["as-metadata.authorization-endpoint"]);
        assert_eq!(with(|m| m.token_endpoint = None), ["as-metadata.token-endpoint"]);
        assert_eq!(with(|m| m.token_endpoint = Some("http://idp.example/t".into())), ["as-metadata.endpoints-secure"]);
        assert_eq!(with(|m| m.registration_endpoint = Some("ftp://x".into())), ["as-metadata.endpoints-secure"]);
        assert_eq!(with(|m| m.response_types_supported = None), ["as-metadata.response-type-code"]);
        assert_eq!(
            with(|m| m.response_types_supported = Some(vec!["token".into()])),
            ["as-metadata.response-type-code"]
        );
        assert_eq!(with(|m| m.grant_types_supported = Some(vec!["password".into()])), ["as-metadata.grant-type-code"]);
        let pkce = ["as-metadata.pkce-announced", "as-metadata.pkce-s256"];
        assert_eq!(with(|m| m.code_challenge_methods_supported = None), pkce);
        assert_eq!(with(|m| m.code_challenge_methods_supported = Some(vec!["plain".into()])), pkce[1..]);
        assert_eq!(with(|m| m.code_challenge_methods_supported = Some(vec![])), pkce[1..]);
        assert_eq!(with(|m| m.client_id_metadata_document_supported = Some(false)), ["as-metadata.client-id-metadata"]);
        assert_eq!(with(|m| m.authorization_response_iss_parameter_supported = None), ["as-metadata.iss-parameter"]);
        assert_eq!(with(|m| m.scopes_supported = None), ["as-metadata.scopes-supported"]);
    }

    #[test]
    fn an_issuer_in_the_clear_or_with_a_query_fails() {
        for issuer in ["http://idp.example/r", "https://idp.example/r?x", "https://idp.example/r#x"] {
            let metadata = AuthorizationServerMetadata { issuer: issuer.to_owned(), ..fit() };
            let rows = requirements(issuer, &metadata, |url| url.starts_with("https://"));
            let failed: Vec<_> = rows.iter().filter(|row| !row.passed).map(|row| row.rule.id).collect();
            assert_eq!(failed, ["as-metadata.issuer-url"], "{issuer}");
        }
    }

    #[test]
    fn the_table_has_a_row_for_each() {
        let table = table(ISSUER, &fit(), |_| true);
        let rows = table.lines().filter(|line| line.starts_with("✔ MUST") || line.starts_with("✔ SHOULD")).count();
        assert_eq!(rows, requirements(ISSUER, &fit(), |_| true).len());
        assert!(table.contains("? resource indicators"), "{table}");
    }
}
