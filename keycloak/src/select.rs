//! Which identity provider a run talks to, and why.

use std::str::FromStr;

use clap::Args;
use shared::urls::Difference;
use shared::{Failure, listen};

use crate::probe::{ProbeResult, probe};
use crate::realm::{SERVERS, issuer_at};
use crate::{Defect, EMBEDDED_PORT, Embedded, Realm, RealmError};

/// How to get a real Keycloak.
pub(crate) const START_KEYCLOAK: &str = "docker compose -f keycloak/compose.yaml up -d --wait";
/// Seconds within which a Keycloak on this machine has to answer to be chosen.
const LOCAL_SECONDS: u64 = 3;
/// Seconds within which an IdP has to answer that was asked for by its issuer.
const NAMED_SECONDS: u64 = 5;

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

/// How long the IdP is needed, and by whom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lifetime {
    /// For one story; an embedded IdP inside this process may have any port.
    #[default]
    Story,
    /// For other programs to find: an embedded IdP inside this process has port 9100.
    Server,
    /// Beyond this process: for commands that change something there.
    Lasting,
    /// For one story, as a second embedded IdP beside the first one.
    Beside,
}

/// Which IdP a run needs.
#[derive(Clone, Copy)]
pub struct IdpRequest<'a> {
    /// What `--idp` asks for.
    pub choice: &'a IdpChoice,
    /// How long it is needed.
    pub lifetime: Lifetime,
    /// How it has to misbehave: only an embedded IdP inside this process does that on demand.
    pub defect: Option<Defect>,
    /// The MCP servers for which an embedded IdP inside this process issues tokens: the first and
    /// the second of its realm file.
    pub servers: &'a [&'a str],
}

/// The identity provider of this run.
pub struct Idp {
    issuer: String,
    reason: String,
    embedded: Option<Embedded>,
}

impl IdpRequest<'_> {
    /// Finds the IdP, or starts the embedded one.
    pub async fn find(self) -> Result<Idp, Failure> {
        if self.lifetime == Lifetime::Beside {
            return self.start_inside("beside the first one").await;
        }
        match (self.choice, self.defect) {
            (IdpChoice::Auto | IdpChoice::Embedded, Some(_)) => self.start_inside("since this --break needs it").await,
            (_, Some(_)) => Err(Failure::new(
                "idp.defect",
                "This --break needs an IdP that can be made to misbehave or to do more, and only the embedded one can.",
                "Leave --idp out.",
            )),
            (IdpChoice::Issuer(issuer), None) => find_named(issuer).await,
            (IdpChoice::Keycloak, None) => find_keycloak().await,
            (IdpChoice::Embedded, None) => self.find_embedded("because of --idp embedded").await,
            (IdpChoice::Auto, None) => self.find_any().await,
        }
    }

    /// `auto`: Keycloak where it is up, else an embedded one.
    async fn find_any(self) -> Result<Idp, Failure> {
        let issuer = keycloak_issuer();
        match probe(&issuer, LOCAL_SECONDS).await? {
            ProbeResult::Ready => Ok(Idp::at(&issuer, format!("Keycloak at {issuer}, since it responds there"))),
            other => self.find_embedded(&format!("since {other}; for a real Keycloak: {START_KEYCLOAK}")).await,
        }
    }

    /// The embedded IdP that is up already, else one inside this process.
    async fn find_embedded(self, why: &str) -> Result<Idp, Failure> {
        let elsewhere = embedded_issuer();
        let is_up = probe(&elsewhere, LOCAL_SECONDS).await? == ProbeResult::Ready;
        if self.lifetime == Lifetime::Lasting {
            return if is_up {
                Ok(Idp::at(&elsewhere, format!("The embedded stand-in that is up at {elsewhere}")))
            } else {
                Err(self.nothing_lasts(&elsewhere))
            };
        }
        if is_up && self.fits_realm_file() {
            return Ok(Idp::at(&elsewhere, format!("The embedded stand-in that is up at {elsewhere}, {why}")));
        }
        if is_up {
            let servers = self.servers.join(" and ");
            let why = format!("since the one that is up at {elsewhere} issues no tokens for {servers}");
            return self.start_inside(&why).await;
        }
        self.start_inside(why).await
    }

    fn nothing_lasts(self, embedded: &str) -> Failure {
        match self.choice {
            IdpChoice::Embedded => Failure::new(
                "idp.lasting",
                format!("This command needs an IdP that stays up, but no embedded one is up at {embedded}."),
                "Start it: cargo run -p keycloak",
            ),
            _ => Failure::new(
                "idp.lasting",
                "This command needs an IdP that stays up, but none is up.",
                format!("Start one: {START_KEYCLOAK}, or, without Docker: cargo run -p keycloak"),
            ),
        }
    }

    /// Whether an IdP that has read the realm file as it is knows these servers. Only a story with
    /// two servers has to care: a server reports what it finds, and a story with one server shows
    /// what comes of another port (lessons 01 to 05).
    fn fits_realm_file(self) -> bool {
        let names_others = std::env::var_os("MCP_RESOURCE_URL").is_some();
        self.lifetime == Lifetime::Server || self.servers.len() < 2 || names_others || self.servers == SERVERS
    }

    async fn start_inside(self, why: &str) -> Result<Idp, Failure> {
        let port = if self.lifetime == Lifetime::Server { EMBEDDED_PORT } else { 0 };
        let listener = listen::bind(port, "the embedded IdP", "--idp <issuer URL> (another IdP)").await?;
        let embedded = Embedded::misbehaving(listener, Realm::shipped_for(self.servers)?, self.defect);
        let issuer = embedded.issuer().to_owned();
        let reason = format!("The embedded stand-in inside this process, at {issuer}, {why}");
        Ok(Idp { issuer, reason, embedded: Some(embedded) })
    }
}

impl Idp {
    /// Whether it is an embedded one, in this process or in another.
    pub fn is_embedded(&self) -> bool {
        self.embedded.is_some() || self.issuer == embedded_issuer()
    }

    /// Whether it is still there when this process has ended.
    pub fn stays(&self) -> bool {
        self.embedded.is_none()
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
        Self { issuer: issuer.to_owned(), reason, embedded: None }
    }
}

async fn find_named(issuer: &str) -> Result<Idp, Failure> {
    let other = match probe(issuer, NAMED_SECONDS).await? {
        ProbeResult::Ready => return Ok(Idp::at(issuer, format!("{issuer}, because of --idp"))),
        other => other,
    };
    let fix = match &other {
        ProbeResult::Nothing { .. } => {
            "Start it, or give --idp the issuer URL at which it is reached from here. Without --idp an embedded one is used."
                .to_owned()
        }
        ProbeResult::RealmNotReady { .. } => {
            "Wait until the realm has been imported, or correct its name in the issuer URL.".to_owned()
        }
        ProbeResult::NotTrusted { fix, .. } => fix.clone(),
        ProbeResult::OtherIssuer { found, .. } => {
            format!("{} Pass --idp {found}, or leave --idp out.", Difference::between(issuer, found))
        }
        _ => "Give the issuer exactly as the IdP's metadata spells it, or leave --idp out.".to_owned(),
    };
    Err(Failure::new("idp.issuer", format!("The IdP {issuer} was asked for with --idp, but {other}."), fix))
}

async fn find_keycloak() -> Result<Idp, Failure> {
    let issuer = keycloak_issuer();
    match probe(&issuer, LOCAL_SECONDS).await? {
        ProbeResult::Ready => Ok(Idp::at(&issuer, format!("Keycloak at {issuer}, because of --idp keycloak"))),
        other => Err(Failure::new(
            "idp.keycloak",
            format!("Keycloak was asked for with --idp keycloak, but {other}."),
            keycloak_fix(&other),
        )),
    }
}

pub(crate) fn keycloak_fix(found: &ProbeResult) -> String {
    let fix = match found {
        ProbeResult::OtherIssuer { found, .. } => format!(
            "Give the issuer that it has: --idp {found}. To have it named by the address in KEYCLOAK_URL, start Keycloak with that as its hostname."
        ),
        ProbeResult::RealmNotReady { .. } => format!(
            "Wait until the realm has been imported; a Keycloak that was started without keycloak/realm-export.json has to be started with it: {START_KEYCLOAK}"
        ),
        ProbeResult::SomethingElse { .. } => format!(
            "Put Keycloak's address into KEYCLOAK_URL: another program has this one. If none is up yet, start it: {START_KEYCLOAK}"
        ),
        ProbeResult::NotTrusted { fix, .. } => fix.clone(),
        ProbeResult::Nothing { .. } | ProbeResult::Ready => format!("Start it: {START_KEYCLOAK}"),
    };
    format!("{} (or leave --idp out for the embedded IdP).", fix.trim_end_matches('.'))
}

impl From<RealmError> for Failure {
    fn from(error: RealmError) -> Self {
        Failure::new("idp.realm-file", error.to_string(), "Fix keycloak/realm-export.json.")
    }
}

pub(crate) fn keycloak_issuer() -> String {
    let base = std::env::var("KEYCLOAK_URL").ok().filter(|url| !url.is_empty());
    issuer_at(&base.unwrap_or_else(|| "http://localhost:9000".to_owned()))
}

/// Where an embedded IdP that stays is looked for; tests look elsewhere.
fn embedded_issuer() -> String {
    let base = std::env::var("EMBEDDED_IDP_URL");
    issuer_at(&base.unwrap_or_else(|_| format!("http://localhost:{EMBEDDED_PORT}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn find(choice: &IdpChoice) -> Result<Idp, Failure> {
        IdpRequest { choice, lifetime: Lifetime::Story, defect: None, servers: &[] }.find().await
    }

    #[tokio::test]
    async fn an_idp_is_found_by_its_issuer() {
        let listener = listen::bind(0, "test", "").await.unwrap();
        let embedded = Embedded::start(listener, Realm::shipped().unwrap());
        let idp = find(&IdpChoice::Issuer(embedded.issuer().to_owned())).await.unwrap();
        assert_eq!(idp.issuer(), embedded.issuer());
    }

    #[tokio::test]
    async fn nobody_there_gets_a_sentence_and_what_to_do() {
        for (issuer, expected) in [
            (
                "http://localhost:1/realms/x",
                "was asked for with --idp, but nothing responds at http://localhost:1/realms/x (",
            ),
            ("http://", "but nothing responds at http:// ("),
            ("http://169.254.169.254/", "its host is at 169.254.169.254, a link-local or reserved address"),
            ("ftp://localhost/", "its scheme is ftp, not http or https"),
        ] {
            let choice: IdpChoice = issuer.parse().unwrap();
            let failure = find(&choice).await.err().unwrap();
            assert!(failure.message.contains(expected), "{failure}");
            assert!(!failure.fix.is_empty() && !failure.fix.contains('?'), "{failure}");
        }
    }

    #[test]
    fn what_to_do_about_keycloak_fits_what_was_found() {
        let issuer = "http://localhost:9000/realms/mcp-oauth".to_owned();
        let found = "http://kc.example/realms/mcp-oauth".to_owned();
        for (result, says, starts) in [
            (ProbeResult::Nothing { issuer: issuer.clone(), reason: String::new() }, "Start it: docker compose", true),
            (
                ProbeResult::OtherIssuer { issuer: issuer.clone(), found },
                "--idp http://kc.example/realms/mcp-oauth",
                false,
            ),
            (ProbeResult::RealmNotReady { issuer: issuer.clone(), status: 404 }, "Wait until the realm", false),
            (ProbeResult::SomethingElse { issuer, status: 200 }, "KEYCLOAK_URL", false),
        ] {
            let fix = keycloak_fix(&result);
            assert!(fix.contains(says) && !fix.contains('?'), "{fix}");
            assert_eq!(fix.starts_with("Start it"), starts, "{fix}");
        }
    }
}
