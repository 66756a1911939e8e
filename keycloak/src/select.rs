//! Which identity provider a run talks to, and why.

use std::str::FromStr;

use clap::Args;
use serde_json::Value;
use shared::http::{Http, HttpError, Request};
use shared::reach::{Privacy, Reach, host_of};
use shared::{Failure, Reporter, listen};

use crate::{Defect, EMBEDDED_PORT, Embedded, Realm, RealmError};

/// How to get a real Keycloak.
const START_KEYCLOAK: &str = "docker compose -f keycloak/compose.yaml up -d --wait";
/// Seconds within which a Keycloak on this machine has to answer to be chosen.
const LOCAL_SECONDS: u64 = 1;
/// Seconds within which an IdP has to answer that was asked for by its issuer.
const NAMED_SECONDS: u64 = 5;

/// The option `--idp`.
#[derive(Args, Clone, Debug)]
pub struct IdpOptions {
    /// Identity provider: auto, keycloak, embedded, or an issuer URL
    #[arg(long, value_name = "IDP", default_value = "auto", global = true)]
    pub idp: IdpChoice,
}

/// What `--idp` asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdpChoice {
    /// Keycloak where one is up with the right realm, else the embedded IdP.
    Auto,
    /// Keycloak, at `http://localhost:9000` or at the environment variable `KEYCLOAK_URL`.
    Keycloak,
    /// The embedded IdP: the one on port 9100 where it is up, else one inside this process.
    Embedded,
    /// Any authorization server, by its issuer identifier.
    Issuer(String),
}

impl FromStr for IdpChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text {
            "auto" => IdpChoice::Auto,
            "keycloak" => IdpChoice::Keycloak,
            "embedded" => IdpChoice::Embedded,
            issuer if issuer.contains("://") => IdpChoice::Issuer(issuer.to_owned()),
            _ => return Err("auto, keycloak, embedded, or an issuer URL such as https://idp.example".to_owned()),
        })
    }
}

/// How long an embedded IdP inside this process is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// For one story; any port will do.
    Story,
    /// For other programs to find: port 9100.
    Server,
}

/// An embedded IdP inside this process, as it is needed.
#[derive(Clone, Copy)]
struct Inside<'a> {
    lifetime: Lifetime,
    resources: &'a [&'a str],
}

impl Inside<'_> {
    /// Whether an IdP that has read the realm file as it is knows these servers. Only a story has
    /// to care: a server says what it finds.
    fn fits_realm_file(&self) -> bool {
        let of_file = ["http://localhost:8000/mcp", "http://localhost:8001/mcp"];
        let names_others = std::env::var_os("MCP_RESOURCE_URL").is_some();
        // A story with one server shows what comes of another port (lessons 01 to 05).
        self.lifetime == Lifetime::Server || self.resources.len() < 2 || names_others || self.resources == of_file
    }
}

/// The identity provider of this run.
pub struct Idp {
    issuer: String,
    reason: String,
    _embedded: Option<Embedded>,
}

impl Idp {
    /// Finds the IdP that `choice` asks for, or starts the embedded one.
    pub async fn select(choice: &IdpChoice, lifetime: Lifetime) -> Result<Self, Failure> {
        Self::select_with(choice, lifetime, None, &[]).await
    }

    /// The same; with a defect it is always an embedded one inside this process, since no other IdP
    /// misbehaves on demand. Such a one takes `resources` for the MCP servers of its realm file,
    /// the first and the second.
    pub async fn select_with(
        choice: &IdpChoice,
        lifetime: Lifetime,
        defect: Option<Defect>,
        resources: &[&str],
    ) -> Result<Self, Failure> {
        let inside = Inside { lifetime, resources };
        match choice {
            IdpChoice::Auto | IdpChoice::Embedded if defect.is_some() => {
                Self::inside(inside, "since this --break needs it", defect).await
            }
            _ if defect.is_some() => Err(Failure::new(
                "idp.defect",
                "This --break needs an IdP that can be made to misbehave or to do more, and only the embedded one can.",
                "Leave --idp out.",
            )),
            IdpChoice::Issuer(issuer) => Self::named(issuer).await,
            IdpChoice::Keycloak => Self::keycloak().await,
            IdpChoice::Embedded => Self::embedded(inside, "as asked for".to_owned()).await,
            IdpChoice::Auto => {
                let issuer = keycloak_issuer();
                match probe(&issuer, LOCAL_SECONDS).await? {
                    Found::Ready => Ok(Self::at(&issuer, format!("Keycloak at {issuer}, since it answers there"))),
                    other => {
                        Self::embedded(inside, format!("since {other}; for a real Keycloak: {START_KEYCLOAK}")).await
                    }
                }
            }
        }
    }

    /// An IdP that is still there when this process has ended: for commands that change something
    /// there.
    pub async fn select_lasting(choice: &IdpChoice) -> Result<Self, Failure> {
        let embedded = format!("{}/realms/mcp-oauth", embedded_url());
        match choice {
            IdpChoice::Issuer(issuer) => Self::named(issuer).await,
            IdpChoice::Keycloak => Self::keycloak().await,
            IdpChoice::Auto if probe(&keycloak_issuer(), LOCAL_SECONDS).await? == Found::Ready => {
                let issuer = keycloak_issuer();
                Ok(Self::at(&issuer, format!("Keycloak at {issuer}, since it answers there")))
            }
            _ if probe(&embedded, LOCAL_SECONDS).await? == Found::Ready => {
                Ok(Self::at(&embedded, format!("The embedded stand-in that is up at {embedded}")))
            }
            IdpChoice::Embedded => Err(Failure::new(
                "idp.lasting",
                format!("This needs an IdP that is still there afterwards, and no embedded one is up at {embedded}."),
                "Start it: cargo run -p keycloak",
            )),
            _ => Err(Failure::new(
                "idp.lasting",
                "This needs an IdP that is still there afterwards, and none is up.",
                format!("Start one: {START_KEYCLOAK}, or, without Docker: cargo run -p keycloak"),
            )),
        }
    }

    /// A second embedded one inside this process, on a port of its own.
    pub async fn another() -> Result<Self, Failure> {
        Self::another_with(None, &[]).await
    }

    /// The same with a defect, or with a feature that the first one has not got, for these MCP
    /// servers.
    pub async fn another_with(defect: Option<Defect>, resources: &[&str]) -> Result<Self, Failure> {
        Self::inside(Inside { lifetime: Lifetime::Story, resources }, "beside the first one", defect).await
    }

    /// Whether it is an embedded one, in this process or in another.
    pub fn is_embedded(&self) -> bool {
        self._embedded.is_some() || self.issuer == format!("{}/realms/mcp-oauth", embedded_url())
    }

    /// Whether it is still there when this process has ended.
    pub fn stays(&self) -> bool {
        self._embedded.is_none()
    }

    /// The issuer identifier (RFC 8414 §2).
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Line one of a run: which IdP, and why.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    fn at(issuer: &str, reason: String) -> Self {
        Self { issuer: issuer.to_owned(), reason, _embedded: None }
    }

    async fn named(issuer: &str) -> Result<Self, Failure> {
        match probe(issuer, NAMED_SECONDS).await? {
            Found::Ready => Ok(Self::at(issuer, format!("{issuer}, as asked for"))),
            other => {
                let fix = match other {
                    Found::Nothing { .. } => {
                        "Is it up, and is that its address? Without --idp an embedded one is used."
                    }
                    Found::RealmNotReady { .. } => "Is the realm's name right, and has it been imported?",
                    _ => "Give the issuer exactly as the IdP's metadata spells it, or leave --idp out.",
                };
                Err(Failure::new("idp.issuer", format!("The IdP {issuer} was asked for with --idp, but {other}."), fix))
            }
        }
    }

    async fn keycloak() -> Result<Self, Failure> {
        let issuer = keycloak_issuer();
        match probe(&issuer, LOCAL_SECONDS).await? {
            Found::Ready => Ok(Self::at(&issuer, format!("Keycloak at {issuer}, as asked for"))),
            other => Err(Failure::new(
                "idp.keycloak",
                format!("Keycloak was asked for with --idp keycloak, but {other}."),
                format!("Start it: {START_KEYCLOAK} (or leave --idp out for the embedded IdP)."),
            )),
        }
    }

    async fn embedded(inside: Inside<'_>, why: String) -> Result<Self, Failure> {
        let elsewhere = format!("{}/realms/mcp-oauth", embedded_url());
        let is_up = probe(&elsewhere, LOCAL_SECONDS).await? == Found::Ready;
        if is_up && !inside.fits_realm_file() {
            let why = format!(
                "since the one that is up at {elsewhere} gives no tokens for {}",
                inside.resources.join(" and ")
            );
            return Self::inside(inside, &why, None).await;
        }
        if is_up {
            return Ok(Self::at(&elsewhere, format!("The embedded stand-in that is up at {elsewhere}, {why}")));
        }
        Self::inside(inside, &why, None).await
    }

    async fn inside(inside: Inside<'_>, why: &str, defect: Option<Defect>) -> Result<Self, Failure> {
        let port = match inside.lifetime {
            Lifetime::Story => 0,
            Lifetime::Server => EMBEDDED_PORT,
        };
        let listener = listen::bind(port, "the embedded IdP", "--idp <issuer URL> (another IdP)").await?;
        let realm = Realm::shipped_for(inside.resources)?;
        let embedded = Embedded::misbehaving(listener, realm, defect);
        let issuer = embedded.issuer().to_owned();
        let reason = format!("The embedded stand-in inside this process, at {issuer}, {why}");
        Ok(Self { issuer, reason, _embedded: Some(embedded) })
    }
}

impl From<RealmError> for Failure {
    fn from(error: RealmError) -> Self {
        Failure::new("idp.realm-file", error.to_string(), "Mend keycloak/realm-export.json.")
    }
}

fn keycloak_issuer() -> String {
    let base = std::env::var("KEYCLOAK_URL").ok().filter(|url| !url.is_empty());
    let base = base.unwrap_or_else(|| "http://localhost:9000".to_owned());
    format!("{}/realms/mcp-oauth", base.trim_end_matches('/'))
}

/// Where an embedded IdP that stays is looked for; tests look elsewhere.
fn embedded_url() -> String {
    std::env::var("EMBEDDED_IDP_URL").unwrap_or_else(|_| format!("http://localhost:{EMBEDDED_PORT}"))
}

/// What was found where an IdP should be.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    /// An authorization server with exactly this issuer.
    Ready,
    Nothing {
        issuer: String,
        reason: String,
    },
    OtherIssuer {
        issuer: String,
        found: String,
    },
    RealmNotReady {
        issuer: String,
        status: u16,
    },
    SomethingElse {
        issuer: String,
        status: u16,
    },
}

impl std::fmt::Display for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Found::Ready => f.write_str("it is ready"),
            Found::Nothing { issuer, reason } => write!(f, "nothing answers at {issuer} ({reason})"),
            Found::OtherIssuer { issuer, found } => {
                write!(f, "the metadata found for {issuer} names the issuer {found}")
            }
            Found::RealmNotReady { issuer, status } => {
                write!(
                    f,
                    "a Keycloak answers there, without {issuer} (HTTP {status}; a realm that is being imported is not there yet)"
                )
            }
            Found::SomethingElse { issuer, status } => {
                write!(f, "what answers at {issuer} is no authorization server (HTTP {status} instead of metadata)")
            }
        }
    }
}

/// Asks for the issuer's metadata, where OpenID Connect Discovery puts it and then where RFC 8414
/// does, without showing it: lesson 02 does that.
async fn probe(issuer: &str, seconds: u64) -> Result<Found, Failure> {
    let (scheme, rest) = issuer.split_once("://").unwrap_or(("", issuer));
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    // The user named this IdP, so it may be anywhere.
    let reach = Reach::public_only().limit(Privacy::Loopback).name(&host_of(issuer));
    let http = Http::new(Reporter::silent(), reach)?.within(seconds);
    let urls = [
        format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/')),
        format!("{scheme}://{authority}/.well-known/oauth-authorization-server{}", path.trim_end_matches('/')),
    ];
    let mut found = ask(&http, &urls[0], issuer).await;
    if matches!(found, Found::SomethingElse { .. }) {
        found = ask(&http, &urls[1], issuer).await;
    }
    Ok(found)
}

async fn ask(http: &Http, url: &str, issuer: &str) -> Found {
    let request = Request::get(url);
    let nothing = |reason: String| Found::Nothing { issuer: issuer.to_owned(), reason };
    let response = match http.send(&request).await {
        Ok(response) => response,
        Err(HttpError::Unreachable { reason, .. }) => return nothing(reason),
        Err(HttpError::TimedOut { seconds, .. }) => return nothing(format!("no answer within {seconds} s")),
        Err(other) => return nothing(other.to_string()),
    };
    let document: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    match (response.status, document["issuer"].as_str(), document["error"].as_str()) {
        (200, Some(found), _) if found == issuer => Found::Ready,
        (200, Some(found), _) => Found::OtherIssuer { issuer: issuer.to_owned(), found: found.to_owned() },
        // Keycloak opens its port before it has imported the realm.
        (404, _, Some("Realm does not exist")) | (503, _, _) => {
            Found::RealmNotReady { issuer: issuer.to_owned(), status: response.status }
        }
        (status, _, _) => Found::SomethingElse { issuer: issuer.to_owned(), status },
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::http::StatusCode;
    use axum::response::Json;
    use axum::routing::get;
    use serde_json::json;

    use super::*;

    async fn found(router: Router) -> String {
        let listener = listen::bind(0, "test", "").await.unwrap();
        let issuer = format!("http://localhost:{}/realms/mcp-oauth", listen::port(&listener));
        let _serving = listen::serve(listener, router);
        let found = probe(&issuer, 1).await.unwrap();
        found.to_string().replace(&issuer, "ISSUER")
    }

    #[tokio::test]
    async fn an_embedded_idp_is_found_by_its_issuer() {
        let listener = listen::bind(0, "test", "").await.unwrap();
        let embedded = Embedded::start(listener, Realm::shipped().unwrap());
        assert_eq!(probe(embedded.issuer(), 1).await.unwrap(), Found::Ready);
        let idp = Idp::select(&IdpChoice::Issuer(embedded.issuer().to_owned()), Lifetime::Story).await.unwrap();
        assert_eq!(idp.issuer(), embedded.issuer());
    }

    #[tokio::test]
    async fn metadata_only_at_the_place_of_rfc_8414_is_found_too() {
        let listener = listen::bind(0, "test", "").await.unwrap();
        let issuer = format!("http://localhost:{}", listen::port(&listener));
        let document = json!({"issuer": issuer});
        let router = Router::new().route("/.well-known/oauth-authorization-server", get(|| async { Json(document) }));
        let _serving = listen::serve(listener, router);
        assert_eq!(probe(&issuer, 1).await.unwrap(), Found::Ready);
    }

    #[tokio::test]
    async fn what_is_no_ready_idp_is_told_apart() {
        let answering =
            |status: StatusCode, body: Value| Router::new().fallback(move || async move { (status, Json(body)) });
        let other = answering(StatusCode::OK, json!({"issuer": "http://localhost:1/realms/mcp-oauth"}));
        assert_eq!(
            found(other).await,
            "the metadata found for ISSUER names the issuer http://localhost:1/realms/mcp-oauth"
        );
        let starting = answering(StatusCode::NOT_FOUND, json!({"error": "Realm does not exist"}));
        assert_eq!(
            found(starting).await,
            "a Keycloak answers there, without ISSUER (HTTP 404; a realm that is being imported is not there yet)"
        );
        let something = answering(StatusCode::OK, json!("<html>"));
        assert_eq!(
            found(something).await,
            "what answers at ISSUER is no authorization server (HTTP 200 instead of metadata)"
        );
        let silent = Router::new().fallback(|| async { tokio::time::sleep(std::time::Duration::from_secs(60)).await });
        assert_eq!(found(silent).await, "nothing answers at ISSUER (no answer within 1 s)");
    }

    #[tokio::test]
    async fn nobody_there_gets_a_sentence_and_what_to_do() {
        for (issuer, expected) in [
            (
                "http://localhost:1/realms/x",
                "was asked for with --idp, but nothing answers at http://localhost:1/realms/x (",
            ),
            ("http://", "but nothing answers at http:// ("),
            ("http://169.254.169.254/", "its host is at 169.254.169.254, a link-local or reserved address"),
            ("ftp://localhost/", "its scheme is ftp, not http or https"),
        ] {
            let choice: IdpChoice = issuer.parse().unwrap();
            let failure = Idp::select(&choice, Lifetime::Story).await.err().unwrap();
            assert!(failure.message.contains(expected), "{failure}");
            assert!(!failure.fix.is_empty());
        }
    }
}
