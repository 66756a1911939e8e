//! Where an Initial Access Token comes from. "The method by which the initial access token is
//! obtained by the client or developer is generally out of band and is out of scope for this
//! specification." (RFC 7591 §3)
//!
//! In this order: the environment variable `INITIAL_ACCESS_TOKEN`, for the authorization server
//! that the user named and no other; one that `-- initial-access-token` made and kept; a hidden
//! prompt where there is a terminal; and for the tutorial's own realm, one that is made on the
//! spot.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};
use shared::http::Http;
use shared::kept::{Home, Locked};
use shared::{Failure, Reporter, Secret, now};

use crate::error::RegistrationError;
use crate::further::administration::{self, Administration};
use crate::refusal::Reason;
use crate::way::Way;

pub const VARIABLE: &str = "INITIAL_ACCESS_TOKEN";
/// The file for those that `-- initial-access-token` made.
const FILE: &str = "initial-access-tokens.json";
/// Seconds that a token lives which is made on the spot.
const ON_THE_SPOT_SECONDS: u64 = 60;

/// Tokens by issuer, with how often each can still be used as far as this machine knows.
type Tokens = BTreeMap<String, Kept>;

#[derive(Serialize, Deserialize)]
struct Kept {
    token: Secret,
    left: u64,
    /// Seconds since 1970.
    expires_at: u64,
}

/// The Initial Access Tokens of one run: where they come from, and how often they are used.
pub struct InitialAccessTokens<'a> {
    http: &'a Http,
    issuer: &'a str,
    /// The authorization server that the user named, if any.
    named: Option<&'a str>,
    /// Where tokens are kept; `None` for an IdP that does not stay.
    home: Option<Home>,
    /// Whether the way of this run needs one.
    needed: bool,
    found: OnceLock<Secret>,
}

impl<'a> InitialAccessTokens<'a> {
    /// For a way that needs one, or for one that does not: then none is ever found.
    pub fn for_way(
        way: Way,
        http: &'a Http,
        issuer: &'a str,
        named: Option<&'a str>,
        keeps: bool,
    ) -> Result<Self, Failure> {
        let needed = way == Way::InitialAccessToken;
        let home = if keeps { Some(Home::of_user(http.reporter())?) } else { None };
        Ok(Self { http, issuer, named, home, needed, found: OnceLock::new() })
    }

    /// The token for a registration, if this run's way needs one.
    pub async fn find(&self) -> Result<Option<Secret>, Failure> {
        if !self.needed {
            return Ok(None);
        }
        let token = match given() {
            Some(token) => {
                check_issuer(self.named, self.issuer)?;
                self.http.reporter().note(format!("The Initial Access Token is the one in {VARIABLE}."));
                token
            }
            None => find(self.http, self.issuer, self.home.as_ref()).await?,
        };
        let _ = self.found.set(token.clone());
        Ok(Some(token))
    }

    /// Counts the use of a kept token: one that the authorization server refused is not kept any
    /// longer, and a registration that failed for another reason does not count.
    pub async fn count_use<T>(&self, registered: &Result<T, Failure>) -> Result<(), Failure> {
        let (Some(token), Some(home)) = (self.found.get(), &self.home) else { return Ok(()) };
        let refused = registered.as_ref().is_err_and(is_refused_token);
        if refused || registered.is_ok() {
            used(home, self.issuer, token, refused).await?;
        }
        Ok(())
    }
}

fn is_refused_token(failure: &Failure) -> bool {
    match failure.cause::<RegistrationError>() {
        Some(RegistrationError::Refused(refusal)) => {
            matches!(refusal.reason, Reason::TokenMissing | Reason::TokenUsedUp | Reason::TokenInvalid)
        }
        _ => false,
    }
}

/// Says that a token is at hand which this run does not use.
pub fn note_unused(reporter: &Reporter, ways: &[Way]) {
    if !ways.contains(&Way::InitialAccessToken) && std::env::var_os(VARIABLE).is_some() {
        reporter
            .note(format!("{VARIABLE} is set, and this run has no use for it: --register initial-access-token has."));
    }
}

/// The token in the environment.
fn given() -> Option<Secret> {
    std::env::var(VARIABLE).ok().filter(|token| !token.is_empty()).map(Secret::new)
}

/// Refuses, before anything is sent, a token in the environment of which nothing says whose it is.
pub fn check_named(ways: &[Way], named: Option<&str>) -> Result<(), Failure> {
    let is_open = named.is_none() && ways.contains(&Way::InitialAccessToken) && given().is_some();
    if is_open { Err(not_named()) } else { Ok(()) }
}

fn not_named() -> Failure {
    Failure::new(
        "configuration.client-issuer",
        format!("{VARIABLE} is set, and nothing says which authorization server may see it."),
        "Name it: --client-issuer <issuer URL>. The MCP server must not be the one who decides that.",
    )
}

/// Whether the token in the environment may go to the authorization server that was discovered.
fn check_issuer(named: Option<&str>, discovered: &str) -> Result<(), Failure> {
    let named = named.ok_or_else(not_named)?;
    if named == discovered {
        return Ok(());
    }
    Err(Failure::new(
        "initial-access-token.issuer",
        format!("{VARIABLE} is for {named}, and the MCP server names {discovered}: it is not sent there."),
        "Give a token of that authorization server, with --client-issuer; or ask the MCP server's operator why it names another one.",
    ))
}

/// Finds a token for this issuer, or makes one. `home` is where tokens are kept; `None` for an
/// IdP that does not stay.
async fn find(http: &Http, issuer: &str, home: Option<&Home>) -> Result<Secret, Failure> {
    let reporter = http.reporter();
    if let Some(home) = home
        && let Some(token) = kept(home, issuer).await?
    {
        reporter.note("The Initial Access Token is one that -- initial-access-token made and kept.");
        return Ok(token);
    }
    let prompt = format!("Initial Access Token of {issuer} (hidden; Enter alone if you have none): ");
    if let Some(token) = ask_hidden(prompt).await {
        return Ok(Secret::new(token.expose().trim()));
    }
    if administration::is_tutorial(issuer) {
        reporter.note("No Initial Access Token is at hand, so one is made: the password of this realm's administrator is no secret.");
        let made = Administration::sign_in(http, issuer).await?.initial_access_token(1, ON_THE_SPOT_SECONDS).await?;
        return Ok(made.token);
    }
    Err(Failure::new(
        "initial-access-token.missing",
        format!("There is no Initial Access Token for {issuer}."),
        format!(
            "Give one in the environment variable {VARIABLE}; on a Keycloak that you administrate, -- initial-access-token makes one."
        ),
    ))
}

/// Keeps a token for later runs, for so many uses and seconds.
pub async fn keep(home: &Home, issuer: &str, token: Secret, left: u64, seconds: u64) -> Result<String, Failure> {
    let file = Locked::open(home, FILE).await?;
    let mut tokens = read(&file)?;
    tokens.insert(issuer.to_owned(), Kept { token, left, expires_at: now().saturating_add(seconds) });
    write(&file, &tokens)?;
    Ok(file.path().display().to_string())
}

/// The kept token for this issuer, if it can still be good.
async fn kept(home: &Home, issuer: &str) -> Result<Option<Secret>, Failure> {
    // Nothing was ever kept: then nothing is made here either.
    if !home.has(FILE) {
        return Ok(None);
    }
    let file = Locked::open(home, FILE).await?;
    let mut tokens = read(&file)?;
    let is_good = |kept: &Kept| kept.left > 0 && kept.expires_at > now();
    let token = tokens.get(issuer).filter(|kept| is_good(kept)).map(|kept| kept.token.clone());
    if token.is_none() && tokens.remove(issuer).is_some() {
        write(&file, &tokens)?;
    }
    Ok(token)
}

/// Counts a use of the kept token; one that the authorization server refused is not kept any
/// longer.
async fn used(home: &Home, issuer: &str, token: &Secret, refused: bool) -> Result<(), Failure> {
    if !home.has(FILE) {
        return Ok(());
    }
    let file = Locked::open(home, FILE).await?;
    let mut tokens = read(&file)?;
    let Some(kept) = tokens.get_mut(issuer).filter(|kept| kept.token == *token) else { return Ok(()) };
    kept.left = if refused { 0 } else { kept.left.saturating_sub(1) };
    if kept.left == 0 {
        tokens.remove(issuer);
    }
    write(&file, &tokens)
}

fn read(file: &Locked) -> Result<Tokens, Failure> {
    let Some(bytes) = file.read()? else { return Ok(Tokens::new()) };
    serde_json::from_slice(&bytes).map_err(|error| {
        let path = file.path().display();
        Failure::new(
            "initial-access-token.file",
            format!("{path} holds no tokens: {error}."),
            format!("Move {path} away."),
        )
    })
}

fn write(file: &Locked, tokens: &Tokens) -> Result<(), Failure> {
    let bytes = serde_json::to_vec_pretty(tokens).map_err(|error| {
        Failure::new("initial-access-token.file", format!("Tokens cannot be written: {error}."), "")
    })?;
    file.write(&bytes)
}

/// Asks the person, without an echo, where there is a terminal. Enter alone means that there is
/// none.
pub async fn ask_hidden(prompt: String) -> Option<Secret> {
    let typed = shared::prompt::hidden(prompt).await?;
    Some(typed).filter(|typed| !typed.trim().is_empty()).map(Secret::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_kept_token_is_given_as_often_and_as_long_as_it_may() {
        let folder = shared::testing::private_folder();
        let home = Home::at(folder.path());
        let (home, issuer, token) = (&home, "https://idp.example", Secret::new("t"));
        assert_eq!(kept(home, issuer).await.unwrap(), None);
        assert_eq!(std::fs::read_dir(home.folder()).unwrap().count(), 0, "looking makes no file");
        keep(home, issuer, token.clone(), 2, 60).await.unwrap();
        assert_eq!(kept(home, "https://other.example").await.unwrap(), None);
        for _ in 0..2 {
            assert_eq!(kept(home, issuer).await.unwrap(), Some(token.clone()));
            used(home, issuer, &token, false).await.unwrap();
        }
        assert_eq!(kept(home, issuer).await.unwrap(), None, "used up");
        keep(home, issuer, token.clone(), 2, 0).await.unwrap();
        assert_eq!(kept(home, issuer).await.unwrap(), None, "expired");
        keep(home, issuer, token.clone(), 100, 60).await.unwrap();
        used(home, issuer, &Secret::new("another"), true).await.unwrap();
        assert!(kept(home, issuer).await.unwrap().is_some());
        used(home, issuer, &token, true).await.unwrap();
        assert_eq!(kept(home, issuer).await.unwrap(), None, "refused");
    }

    #[test]
    fn a_token_from_the_environment_goes_to_the_named_authorization_server_only() {
        let idp = "https://idp.example/realms/staff";
        assert!(check_issuer(Some(idp), idp).is_ok());
        for discovered in [
            "https://idp.example/realms/staff/",
            "https://idp.example/realms/other",
            "https://IDP.example/realms/staff",
            "http://idp.example/realms/staff",
            "https://idp.example.evil.example/realms/staff",
            "https://idp.example@evil.example/realms/staff",
            "http://localhost:9000/realms/mcp-oauth",
            "",
        ] {
            let failure = check_issuer(Some(idp), discovered).unwrap_err();
            assert_eq!(failure.id, "initial-access-token.issuer", "{discovered}");
            assert_eq!(check_issuer(None, discovered).unwrap_err().id, "configuration.client-issuer", "{discovered}");
        }
    }
}
