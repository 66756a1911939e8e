//! Holds the embedded IdP honest: the same requests go to it and to a Keycloak in a container, and
//! the responses are compared field by field. `known.rs`, `normalised.rs` and `dropped.rs` list
//! the differences with their reasons. A difference that is not listed fails the test, and so does
//! a listed one that is no longer there.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;
use std::process::ExitCode;

use keycloak::container::Features;
use keycloak::{Defect, Embedded, Realm};
use libtest_mimic::{Arguments, Failed};
use serde_json::{Value, json};
use shared::http::Request;
use shared::listen;

mod assertions;
mod authorization;
mod codes;
mod documents;
mod dpop_algorithms;
mod dpop_clients;
mod dpop_key;
mod dpop_proofs;
mod dpop_tokens;
mod dropped;
mod idp;
mod introspection;
mod known;
mod management;
mod normalised;
mod recording;
mod refreshes;
mod registration;
mod revocation;
mod rotation;
mod sessions;
mod sign_in;
mod token_exchange;

use dropped::DROPPED;
use idp::IdpUnderTest;
use known::KNOWN;
use normalised::{Normaliser, ROWS, ROWS_WITH_RESOURCES, differing};
use recording::Compared;

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

/// The requests: a method and a path.
const REQUESTS: &[(&str, &str)] = &[
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

fn compare(keycloak: &str) -> Result<(), Failed> {
    let seen = differences(None, keycloak, async |idp| {
        idp.places().await?;
        idp.registrations().await?;
        idp.sign_ins_and_tokens().await
    })?;
    let gone: Vec<_> = KNOWN.iter().map(|(field, _)| *field).filter(|field| !seen.contains(field)).collect();
    assert!(gone.is_empty(), "listed differences that are no longer there: {gone:?}");
    Ok(())
}

fn compare_with_resource_indicators(keycloak: &str) -> Result<(), Failed> {
    differences(Some(Defect::ResourceIndicators), keycloak, async |idp| idp.resource_indicators().await).map(drop)
}

/// Sends the same requests to both IdPs; the fields of [`KNOWN`] that differ. Others fail.
fn differences(
    defect: Option<Defect>,
    keycloak: &str,
    send: impl AsyncFn(&mut IdpUnderTest) -> Result<(), Failed>,
) -> Result<BTreeSet<&'static str>, Failed> {
    let runtime = tokio::runtime::Runtime::new()?;
    let (ours, theirs) = runtime.block_on(async {
        let listener = listen::bind(0, "the embedded IdP", "").await?;
        let embedded = Embedded::misbehaving(listener, Realm::shipped()?, defect);
        let (mut ours, mut theirs) = (IdpUnderTest::new(embedded.issuer())?, IdpUnderTest::new(keycloak)?);
        send(&mut ours).await?;
        send(&mut theirs).await?;
        Ok::<_, Failed>((ours.responses, theirs.responses))
    })?;
    assert_eq!(ours.len(), theirs.len());
    let (rows, dropped) = if defect.is_some() { (ROWS_WITH_RESOURCES, &[][..]) } else { (ROWS, DROPPED) };
    let (mut seen, mut normaliser) = (BTreeSet::new(), Normaliser::new(rows.iter().chain(dropped)));
    let mut unknown = Vec::new();
    for ((name, ours), (_, theirs)) in ours.into_iter().zip(theirs) {
        let (ours, theirs) = normaliser.normalised(&name, ours, theirs);
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
    assert!(unknown.is_empty(), "differences that are not listed:\n{}", unknown.join("\n"));
    let unused = normaliser.unused();
    assert!(unused.is_empty(), "rows of the normalisation that no response needs: {unused:?}");
    Ok(seen)
}

/// A list of the embedded IdP may be shorter than Keycloak's, and may have nothing that Keycloak's
/// lacks.
fn promises_no_more(ours: &Compared, theirs: &Compared, field: &str) -> bool {
    match (ours.get(field).and_then(Value::as_array), theirs.get(field).and_then(Value::as_array)) {
        (Some(ours), Some(theirs)) => ours.iter().all(|value| theirs.contains(value)),
        _ => true,
    }
}

impl IdpUnderTest {
    async fn places(&mut self) -> Result<(), Failed> {
        for (method, path) in REQUESTS {
            let url = format!("{}{path}", self.server());
            let request = if *method == "GET" { Request::get(&url) } else { Request::post_json(&url, &json!({})) };
            self.record(&format!("{method} {path}"), request.header("origin", "https://page.example")).await?;
        }
        Ok(())
    }

    async fn registrations(&mut self) -> Result<(), Failed> {
        self.requests_to_register().await?;
        self.life_of_a_client().await?;
        self.initial_access_tokens().await?;
        self.clients_at_the_token_endpoint().await?;
        self.authorization_requests().await?;
        self.documents().await
    }

    async fn sign_ins_and_tokens(&mut self) -> Result<(), Failed> {
        self.pages().await?;
        self.tokens().await?;
        self.codes_that_are_refused().await?;
        self.refresh_tokens().await?;
        self.clients_for_themselves().await?;
        self.assertions().await?;
        self.assertions_at_each_endpoint().await?;
        self.revocation().await?;
        self.introspection().await?;
        self.sessions_of_several().await?;
        self.after_a_while().await?;
        self.rotation().await?;
        self.token_exchange().await?;
        self.dpop().await
    }
}

fn base64(text: &str) -> String {
    use ::base64::Engine;
    ::base64::engine::general_purpose::STANDARD.encode(text)
}
