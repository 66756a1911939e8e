//! What an untrusted MCP server controls in lesson 01: the challenge and the metadata, and the URL
//! that a user was told to type. `shared::testing::fuzz` says how the inputs are made.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use protected_resource_discovery::challenge::{self, Challenge};
use protected_resource_discovery::metadata::ProtectedResourceMetadata;
use protected_resource_discovery::well_known;
use serde_json::{Value, json};
use shared::testing::fuzz::{bytes, check, is_absolute_url, nearly, nearly_json_text, one_of};
use url::Url;

const FIELDS: &[&str] = &[
    "Bearer resource_metadata=\"https://mcp.example.com/.well-known/oauth-protected-resource\", scope=\"files:read\"",
    "Bearer error=\"invalid_token\", error_description=\"It \\\"expired\\\"\", realm = x",
    "Basic realm=\"simple\", Newauth realm=\"apps\", type=1, title=\"Login to \\\"apps\\\"\"",
    "Negotiate YII==, DPoP algs=\"ES256 EdDSA\", Bearer",
    "",
];

/// A challenge as RFC 9110 §11.6.1 has it.
fn written(challenge: &Challenge) -> String {
    let quoted = |value: &str| value.replace('\\', "\\\\").replace('"', "\\\"");
    let parameters = challenge.parameters.iter().map(|(name, value)| format!("{name}=\"{}\"", quoted(value)));
    let credentials = challenge.token68.iter().cloned().chain(parameters).collect::<Vec<_>>();
    format!("{} {}", challenge.scheme, credentials.join(", "))
}

#[test]
fn challenge() {
    check("challenge", 2000, &nearly(one_of(FIELDS)), |field| {
        let (challenges, fault) = challenge::parse(&field);
        let again = challenges.iter().map(written).collect::<Vec<_>>().join(", ");
        assert_eq!(challenge::parse(&again), (challenges.clone(), None), "{again}");
        for Challenge { parameters, .. } in &challenges {
            let mut names: Vec<_> = parameters.iter().map(|(name, _)| name.to_lowercase()).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), parameters.len(), "a parameter appears once");
        }
        assert!(fault.is_none_or(|fault| fault.position <= field.chars().count()), "{field}");
    });
}

const URLS: &[&str] = &[
    "https://mcp.example.com/public/mcp?tenant=a%2Fb",
    "http://localhost:8000/mcp",
    "http://[::1]:8000",
    "HTTPS://user:password@Example.COM:443/a//b/../c/#part",
    "http://127.1/",
];

#[test]
fn well_known_url() {
    check("well-known URL", 2000, &nearly(one_of(URLS)), |text| {
        let locations = well_known::locations(&text);
        // The HTTP client uses no other URLs.
        let Some(url) = Url::parse(&text).ok().filter(|url| ["http", "https"].contains(&url.scheme())) else { return };
        assert!(!is_absolute_url(&text) || !locations.is_empty(), "no place for {url}");
        for location in locations {
            let place = Url::parse(&location.url);
            assert!(!is_absolute_url(&text) || place.is_ok(), "{place:?}");
            // The HTTP client repairs some texts, and their places may be beyond repair.
            let Ok(place) = place else { continue };
            assert_eq!(place.origin(), url.origin(), "{place}");
            // A URL library removes dot segments, also those of the well-known string.
            let has_dots = text.contains("/.") || text.to_lowercase().contains("%2e");
            assert!(has_dots || !is_absolute_url(&text) || place.path().starts_with(well_known::SUFFIX), "{place}");
            assert_eq!(location.resources[0], text);
        }
    });
}

fn valid() -> Value {
    json!({
        "resource": "http://localhost:8000/mcp",
        "authorization_servers": ["http://localhost:9000/realms/mcp-oauth"],
        "scopes_supported": ["mcp:read", "mcp:write"],
        "bearer_methods_supported": ["header"],
        "resource_name": "MCP server",
        "dpop_bound_access_tokens_required": false,
        "resource_name#de": "MCP-Server",
        "something_else": [1],
    })
}

#[test]
fn protected_resource_metadata() {
    check("protected resource metadata", 1000, &bytes(nearly_json_text(valid())), |document| {
        let metadata = match ProtectedResourceMetadata::from_json(&document) {
            Ok(metadata) => metadata,
            Err(error) => return assert!(!error.to_string().contains('\n'), "{error}"),
        };
        let document: Value = serde_json::from_slice(&document).unwrap();
        assert_eq!(document["resource"], metadata.resource);
        let member = |name: &str| document.get(name).cloned();
        assert_eq!(member("authorization_servers").unwrap_or(json!([])), json!(metadata.authorization_servers));
        // What has another type counts as absent.
        let is_list = |value: &Value| value.as_array().is_some_and(|items| items.iter().all(Value::is_string));
        assert_eq!(member("scopes_supported").filter(is_list), metadata.scopes_supported.map(Value::from));
        assert_eq!(
            member("dpop_bound_access_tokens_required").filter(Value::is_boolean),
            metadata.dpop_bound_access_tokens_required.map(Value::from)
        );
        assert!(!metadata.ignored.iter().any(|name| name == "resource"));
    });
}
