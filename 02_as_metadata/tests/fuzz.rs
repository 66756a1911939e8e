//! What an untrusted authorization server controls in lesson 02: its issuer identifier and its
//! metadata. `shared::testing::fuzz` says how the inputs are made.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use as_metadata::requirements::requirements;
use as_metadata::{AuthorizationServerMetadata, well_known};
use serde_json::{Value, json};
use shared::Reporter;
use shared::event::Keyword;
use shared::http::Http;
use shared::reach::{Privacy, Reach};
use shared::testing::fuzz::{bytes, check, is_absolute_url, nearly, nearly_json_text, one_of};
use url::{Host, Url};

const ISSUER: &str = "https://idp.example/realms/r";

const ISSUERS: &[&str] = &[ISSUER, "https://auth.example.com", "http://LOCALHOST:9000/realms/a%20b/", "http://[::1]/"];

#[test]
fn well_known_urls() {
    check("well-known URLs of an issuer", 2000, &nearly(one_of(ISSUERS)), |issuer| {
        let locations = well_known::locations(&issuer);
        // The HTTP client uses no other URLs.
        let Some(url) = Url::parse(&issuer).ok().filter(|url| ["http", "https"].contains(&url.scheme())) else {
            return;
        };
        assert!(!is_absolute_url(&issuer) || !locations.is_empty(), "no place for {url}");
        for location in locations {
            let place = Url::parse(&location);
            assert!(!is_absolute_url(&issuer) || place.is_ok(), "{place:?}");
            // The HTTP client repairs some texts, and their places may be beyond repair.
            let Ok(place) = place else { continue };
            assert_eq!(place.origin(), url.origin(), "{place}");
        }
    });
}

fn valid() -> Value {
    json!({
        "issuer": ISSUER,
        "authorization_endpoint": "https://idp.example/realms/r/auth",
        "token_endpoint": "https://idp.example/realms/r/token",
        "jwks_uri": "https://idp.example/realms/r/certs",
        "registration_endpoint": "http://localhost:9000/register",
        "response_types_supported": ["code", "none"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "code_challenge_methods_supported": ["plain", "S256"],
        "authorization_response_iss_parameter_supported": true,
        "scopes_supported": ["mcp:read"],
    })
}

/// Whether this is a URL that a client may send a secret to.
fn is_secure(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    let is_this_machine = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => {
            address.is_loopback() || address.to_ipv4_mapped().is_some_and(|v4| v4.is_loopback())
        }
        Some(Host::Domain(name)) => ["localhost", "localhost."].contains(&name) || name.ends_with(".localhost"),
        None => false,
    };
    url.scheme() == "https" || url.scheme() == "http" && is_this_machine
}

#[test]
fn authorization_server_metadata() {
    let http = Http::new(Reporter::silent(), Reach::public_only().limit(Privacy::Loopback)).unwrap();
    check("authorization server metadata", 1000, &bytes(nearly_json_text(valid())), |document| {
        let metadata = match AuthorizationServerMetadata::from_json(&document) {
            Ok(metadata) => metadata,
            Err(error) => return assert!(!error.to_string().contains('\n'), "{error}"),
        };
        let requirements = requirements(ISSUER, &metadata, |url| http.accepts(url).is_ok());
        if requirements.iter().any(|one| one.rule.keyword == Keyword::Must && !one.passed) {
            return;
        }
        // It is accepted, so it holds what RFC 8414 and MCP require.
        let document: Value = serde_json::from_slice(&document).unwrap();
        let lists = |name: &str, value: &str| document[name].as_array().is_some_and(|all| all.contains(&json!(value)));
        assert_eq!(document["issuer"], ISSUER);
        assert!(lists("response_types_supported", "code") && lists("code_challenge_methods_supported", "S256"));
        // What has another type counts as absent, and absent means authorization_code.
        let is_list = document["grant_types_supported"].as_array().is_some_and(|all| all.iter().all(Value::is_string));
        assert!(!is_list || lists("grant_types_supported", "authorization_code"));
        for required in ["authorization_endpoint", "token_endpoint"] {
            assert!(document[required].is_string(), "{required}");
        }
        for (name, url) in metadata.endpoints() {
            assert!(is_secure(url), "{name}: {url}");
        }
    });
}
