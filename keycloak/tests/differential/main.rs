//! Holds the embedded IdP honest: the same requests go to it and to a Keycloak in a container, and
//! the answers are compared field by field. A difference that is known is listed with its reason;
//! one that is not fails the test, and so does a listed one that is no longer there.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

use keycloak::container::Features;
use keycloak::{Defect, Embedded, Realm};
use libtest_mimic::{Arguments, Failed};
use serde_json::{Value, json};
use shared::http::{Http, Request};
use shared::reach::{Privacy, Reach};
use shared::{Reporter, listen};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trial =
        keycloak::trials::on_keycloak_with("keycloak_and_the_embedded_idp_answer_alike", Features::Cimd, compare);
    let indicators = keycloak::trials::on_keycloak_with(
        "keycloak_and_the_embedded_idp_answer_alike_with_resource_indicators",
        Features::ResourceIndicators,
        compare_with_resource_indicators,
    );
    libtest_mimic::run(&arguments, vec![trial, indicators]).exit_code()
}

mod code_flow;
mod dpop;
mod registration;
mod token_exchange;
mod token_use;

/// The requests: a method and a path.
const REQUESTS: &[(&str, &str)] = &[
    ("GET", "/realms/mcp-oauth"),
    ("POST", "/realms/mcp-oauth"),
    ("GET", "/realms/nope"),
    ("GET", "/realms/mcp-oauth/nope"),
    ("GET", "/realms/nope/nope"),
    ("GET", "/nope"),
    ("GET", "/.well-known/oauth-authorization-server/realms/mcp-oauth"),
    ("GET", "/.well-known/oauth-authorization-server/realms/nope"),
    ("GET", "/.well-known/oauth-authorization-server"),
    ("GET", "/.well-known/openid-configuration/realms/mcp-oauth"),
    ("GET", "/.well-known/openid-configuration"),
    ("GET", "/realms/mcp-oauth/.well-known/openid-configuration"),
    ("POST", "/realms/mcp-oauth/.well-known/openid-configuration"),
    ("GET", "/realms/mcp-oauth/.well-known/oauth-authorization-server"),
    ("GET", "/realms/nope/.well-known/openid-configuration"),
    ("GET", "/realms/mcp-oauth/.well-known/nope"),
    ("GET", "/realms/mcp-oauth/protocol/openid-connect/certs"),
    ("GET", "/realms/nope/protocol/openid-connect/certs"),
];

const LATER: &str = "the embedded IdP learns it with a later lesson";
const NOT_NEEDED: &str = "no lesson uses it";
const OPENID: &str = "OpenID Connect's own, which MCP has no use for";
const RANDOM: &str = "each IdP makes keys of its own";
const CERTIFICATE: &str = "a certificate around the same key, which no lesson uses";

/// Fields that differ, and why.
const KNOWN: &[(&str, &str)] = &[
    ("public_key", RANDOM),
    ("keys[0].kid", RANDOM),
    ("keys[0].n", RANDOM),
    ("keys[0].x5c", CERTIFICATE),
    ("keys[0].x5t", CERTIFICATE),
    ("keys[0].x5t#S256", CERTIFICATE),
    ("keys[1]", "a key to encrypt to, which no lesson uses"),
    ("code_challenge_methods_supported", "Keycloak lists plain although the realm's policy refuses it"),
    ("response_types_supported", "MCP uses code only"),
    ("scopes_supported", "the scopes that Keycloak brings itself come with the lessons that use them"),
    ("grant_types_supported", LATER),
    ("token_endpoint_auth_methods_supported", LATER),
    ("access_token.claims.clientAddress", "where the request came from, which no lesson uses"),
    ("access_token.claims.clientHost", "where the request came from, which no lesson uses"),
    ("acr_values_supported", NOT_NEEDED),
    ("authorization_encryption_alg_values_supported", NOT_NEEDED),
    ("authorization_encryption_enc_values_supported", NOT_NEEDED),
    ("authorization_signing_alg_values_supported", NOT_NEEDED),
    ("backchannel_authentication_endpoint", NOT_NEEDED),
    ("backchannel_authentication_request_signing_alg_values_supported", NOT_NEEDED),
    ("backchannel_logout_session_supported", OPENID),
    ("backchannel_logout_supported", OPENID),
    ("backchannel_token_delivery_modes_supported", NOT_NEEDED),
    ("check_session_iframe", OPENID),
    ("claim_types_supported", OPENID),
    ("claims_parameter_supported", OPENID),
    ("claims_supported", OPENID),
    ("device_authorization_endpoint", NOT_NEEDED),
    ("end_session_endpoint", OPENID),
    ("frontchannel_logout_session_supported", OPENID),
    ("frontchannel_logout_supported", OPENID),
    ("id_token_encryption_alg_values_supported", OPENID),
    ("id_token_encryption_enc_values_supported", OPENID),
    ("id_token_signing_alg_values_supported", OPENID),
    ("introspection_endpoint_auth_methods_supported", LATER),
    ("introspection_endpoint_auth_signing_alg_values_supported", LATER),
    ("mtls_endpoint_aliases", NOT_NEEDED),
    ("prompt_values_supported", OPENID),
    ("pushed_authorization_request_endpoint", NOT_NEEDED),
    ("request_object_encryption_alg_values_supported", OPENID),
    ("request_object_encryption_enc_values_supported", OPENID),
    ("request_object_signing_alg_values_supported", OPENID),
    ("request_parameter_supported", OPENID),
    ("request_uri_parameter_supported", OPENID),
    ("require_pushed_authorization_requests", NOT_NEEDED),
    ("require_request_uri_registration", OPENID),
    ("response_modes_supported", NOT_NEEDED),
    ("revocation_endpoint_auth_methods_supported", LATER),
    ("revocation_endpoint_auth_signing_alg_values_supported", LATER),
    ("subject_types_supported", OPENID),
    ("tls_client_certificate_bound_access_tokens", NOT_NEEDED),
    ("token_endpoint_auth_signing_alg_values_supported", LATER),
    ("userinfo_encryption_alg_values_supported", OPENID),
    ("userinfo_encryption_enc_values_supported", OPENID),
    ("userinfo_endpoint", OPENID),
    ("userinfo_signing_alg_values_supported", OPENID),
];

fn compare(keycloak: &str) -> Result<(), Failed> {
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let listener = listen::bind(0, "the embedded IdP", "").await?;
        let embedded = Embedded::start(listener, Realm::shipped()?);
        let mut seen = BTreeSet::new();
        let mut unknown = Vec::new();
        let mut answers = Vec::new();
        for (method, path) in REQUESTS {
            let name = format!("{method} {path}");
            answers.push((name, ask(embedded.issuer(), method, path).await?, ask(keycloak, method, path).await?));
        }
        let (ours, theirs) = (registration::answers(embedded.issuer()).await?, registration::answers(keycloak).await?);
        assert_eq!(ours.len(), theirs.len());
        answers.extend(ours.into_iter().zip(theirs).map(|((name, ours), (_, theirs))| (name, ours, theirs)));
        let (ours, theirs) = (code_flow::answers(embedded.issuer()).await?, code_flow::answers(keycloak).await?);
        assert_eq!(ours.len(), theirs.len());
        answers.extend(ours.into_iter().zip(theirs).map(|((name, ours), (_, theirs))| (name, ours, theirs)));
        differences(answers, &mut seen, &mut unknown);
        let gone: Vec<_> = KNOWN.iter().map(|(field, _)| *field).filter(|field| !seen.contains(field)).collect();
        assert!(unknown.is_empty(), "differences that are not listed:\n{}", unknown.join("\n"));
        assert!(gone.is_empty(), "listed differences that are no longer there: {gone:?}");
        Ok(())
    })
}

fn compare_with_resource_indicators(keycloak: &str) -> Result<(), Failed> {
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let listener = listen::bind(0, "the embedded IdP", "").await?;
        let embedded = Embedded::misbehaving(listener, Realm::shipped()?, Some(Defect::ResourceIndicators));
        let ours = code_flow::answers_with_resource_indicators(embedded.issuer()).await?;
        let theirs = code_flow::answers_with_resource_indicators(keycloak).await?;
        assert_eq!(ours.len(), theirs.len());
        let answers = ours.into_iter().zip(theirs).map(|((name, ours), (_, theirs))| (name, ours, theirs)).collect();
        let mut unknown = Vec::new();
        differences(answers, &mut BTreeSet::new(), &mut unknown);
        assert!(unknown.is_empty(), "differences that are not listed:\n{}", unknown.join("\n"));
        Ok(())
    })
}

type Named = (String, BTreeMap<String, Value>, BTreeMap<String, Value>);

/// Sorts the differences into those that are known and those that are not.
fn differences(answers: Vec<Named>, seen: &mut BTreeSet<&str>, unknown: &mut Vec<String>) {
    for (name, ours, theirs) in answers {
        for field in differing(&ours, &theirs) {
            match KNOWN.iter().find(|(known, _)| *known == field && promises_no_more(&ours, &theirs, &field)) {
                Some((known, _)) => drop(seen.insert(*known)),
                None => unknown.push(format!(
                    "{name}: {field}\n    embedded: {}\n    keycloak: {}",
                    ours.get(&field).unwrap_or(&Value::Null),
                    theirs.get(&field).unwrap_or(&Value::Null)
                )),
            }
        }
    }
}

/// A list of the embedded IdP's may be shorter than Keycloak's, and has nothing that Keycloak's
/// lacks.
fn promises_no_more(ours: &BTreeMap<String, Value>, theirs: &BTreeMap<String, Value>, field: &str) -> bool {
    match (ours.get(field).and_then(Value::as_array), theirs.get(field).and_then(Value::as_array)) {
        (Some(ours), Some(theirs)) => ours.iter().all(|value| theirs.contains(value)),
        _ => true,
    }
}

/// The answer as fields with names; URLs of the IdP itself begin with ORIGIN.
async fn ask(issuer: &str, method: &str, path: &str) -> Result<BTreeMap<String, Value>, Failed> {
    let origin = issuer.split("/realms/").next().unwrap();
    let http = Http::new(Reporter::silent(), Reach::public_only().limit(Privacy::Loopback))?;
    let url = format!("{origin}{path}");
    let request = if method == "GET" { Request::get(&url) } else { Request::post_json(&url, &json!({})) };
    let response = http.send(&request.header("origin", "https://page.example").without_redirects()).await?;
    let mut fields = BTreeMap::from([("status".to_owned(), json!(response.status))]);
    for name in ["content-type", "cache-control", "access-control-allow-origin", "access-control-allow-credentials"] {
        fields.insert(format!("header {name}"), json!(response.header_values(name)));
    }
    let text = String::from_utf8_lossy(&response.body).replace(origin, "ORIGIN");
    let mut body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    if let Some(keys) = body.get_mut("keys").and_then(Value::as_array_mut) {
        keys.sort_by_key(|key| key["use"] != "sig");
    }
    flatten("", &body, &mut fields);
    Ok(fields)
}

/// One field for each member; lists of strings are sets, since neither IdP promises an order.
fn flatten(name: &str, value: &Value, fields: &mut BTreeMap<String, Value>) {
    let below = |part: &str| if name.is_empty() { part.to_owned() } else { format!("{name}.{part}") };
    match value {
        Value::Object(members) if !name.ends_with("_aliases") && name != "keys[1]" => {
            members.iter().for_each(|(member, value)| flatten(&below(member), value, fields));
        }
        Value::Array(items) if items.iter().all(Value::is_string) => {
            let set: BTreeSet<_> = items.iter().filter_map(Value::as_str).collect();
            fields.insert(name.to_owned(), json!(set));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(n, item)| flatten(&format!("{name}[{n}]"), item, fields));
        }
        other => drop(fields.insert(name.to_owned(), other.clone())),
    }
}

fn differing(ours: &BTreeMap<String, Value>, theirs: &BTreeMap<String, Value>) -> Vec<String> {
    let names: BTreeSet<_> = ours.keys().chain(theirs.keys()).collect();
    names.into_iter().filter(|name| ours.get(*name) != theirs.get(*name)).cloned().collect()
}

fn base64(text: &str) -> String {
    use ::base64::Engine;
    ::base64::engine::general_purpose::STANDARD.encode(text)
}
