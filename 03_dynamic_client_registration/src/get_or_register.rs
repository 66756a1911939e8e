//! The client of this authorization server that was registered before, if it is still good; else a
//! new one.
//!
//! Every reason for which a stored client may be no good is a check of its own: it belongs to
//! another authorization server, its secret has expired, the authorization server does not know it
//! any more, or it was registered for other redirect URIs or scopes than this run needs.

use as_metadata::AuthorizationServerMetadata;
use shared::clock::rfc3339;
use shared::http::Http;
use shared::{Failure, Reporter, Secret, now, spec};

use crate::client_information::ClientInformation;
use crate::client_metadata::ClientMetadata;
use crate::compare;
use crate::further::manage::{self, ManageError};
use crate::known;
use crate::register::{check_granted, register};
use crate::rules;
use crate::store::{Opened, Registration, Store};
use crate::way::Way;

/// What a client needs.
pub struct Wanted<'a> {
    /// Where.
    pub authorization_server: &'a AuthorizationServerMetadata,
    /// For which MCP server.
    pub mcp_server: &'a str,
    /// As what.
    pub metadata: ClientMetadata,
    /// How: [`Way::Anonymous`] or [`Way::InitialAccessToken`].
    pub way: Way,
    /// `--break other-issuer`: takes the first client that it finds, whose ever it is.
    pub careless: bool,
}

/// The stored client, or a new one. `token` is asked for an Initial Access Token where a
/// registration needs one.
pub async fn get_or_register(
    http: &Http,
    store: &Store,
    wanted: &Wanted<'_>,
    token: impl AsyncFnOnce() -> Result<Option<Secret>, Failure>,
) -> Result<ClientInformation, Failure> {
    let reporter = http.reporter();
    let issuer = &wanted.authorization_server.issuer;
    // Held until the end, so that two runs at once register one client between them.
    let mut opened = store.open().await?;
    reporter.stage("look for a client that is registered already", &spec::MCP_CREDENTIALS_BY_ISSUER).await;
    reporter.note(format!("Clients are kept in {}.", opened.place()));
    let replaced = match stored(http, &mut opened, wanted).await? {
        Stored::Good(information) => return Ok(information),
        Stored::None => None,
        Stored::Replace(old) => Some(old),
    };

    reporter.stage("register the client", &spec::RFC7591_3).await;
    let token = token().await?;
    let information = register(http, wanted.authorization_server, &wanted.metadata, token.as_ref()).await?;
    let requested = wanted.metadata.to_registration();
    opened.insert(
        issuer.clone(),
        Registration {
            way: wanted.way,
            registered_at: now(),
            mcp_servers: vec![wanted.mcp_server.to_owned()],
            requested: requested.clone(),
            information: information.clone(),
        },
    );
    opened.save()?;
    // Only now: a registration that is refused must not cost the client that there was.
    if let Some(old) = replaced {
        remove_at_idp(http, &old).await;
    }

    reporter.stage("compare what was asked for with what was granted", &spec::RFC7591_2_REPLACE).await;
    reporter.note(compare::table(&[("asked for", requested.as_object()), ("granted", Some(&information.granted))]));
    reporter.note(format!("Kept in {}.", opened.place()));
    Ok(information)
}

/// What the store has for this authorization server.
enum Stored {
    /// Nothing that could be used.
    None,
    /// A client that is still good.
    Good(ClientInformation),
    /// A client that will not do: a new one takes its place, and then it is deleted at the
    /// authorization server.
    Replace(ClientInformation),
}

/// The stored client, if it is still good.
async fn stored(http: &Http, opened: &mut Opened<'_>, wanted: &Wanted<'_>) -> Result<Stored, Failure> {
    let reporter = http.reporter();
    let issuer = &wanted.authorization_server.issuer;
    let found = match wanted.careless {
        true => opened.iter().next(),
        false => opened.get_key_value(issuer),
    };
    let Some((registered, registration)) = found.map(|(issuer, client)| (issuer.clone(), client.clone())) else {
        tell_of_others(reporter, opened, wanted);
        return Ok(Stored::None);
    };
    if !check_issuer(reporter, &registered, issuer) {
        return Ok(Stored::None);
    }
    let client_id = &registration.information.client_id;
    let when = rfc3339(registration.registered_at);
    reporter.note(format!("Stored client: {client_id}, {}, since {when}.", registration.way.title()));

    // "Time at which the client secret will expire or 0 if it will not expire." (RFC 7591 §3.2.1)
    let expired = registration.information.secret_has_expired(now());
    let at = registration.information.client_secret_expires_at;
    if registration.information.client_secret.is_some() {
        let got = at.map_or("no date".to_owned(), |at| if at == 0 { "never".to_owned() } else { at.to_string() });
        reporter.check_or(&rules::SECRET_NOT_EXPIRED, !expired, "the secret has not expired", got, ANEW);
    }
    let Some(information) = still_known(http, wanted, &registration.information).await? else {
        return Ok(Stored::None);
    };
    if expired {
        return Ok(Stored::Replace(information));
    }

    let before = information.clone();
    let mut registration = Registration { information, ..registration };
    if !check_fits(http, wanted, &mut registration).await? {
        return Ok(Stored::Replace(registration.information));
    }
    if !registration.mcp_servers.iter().any(|server| server == wanted.mcp_server) {
        registration.mcp_servers.push(wanted.mcp_server.to_owned());
    }
    let information = registration.information.clone();
    opened.insert(issuer.clone(), registration);
    opened.save()?;
    reporter.note(match information == before {
        true => "The stored client is good: nothing is registered.",
        false => "The stored client was changed at the IdP: nothing new is registered.",
    });
    Ok(Stored::Good(information))
}

/// What this run does about a client that is no good.
const ANEW: &str = "none needed: this run registers a new client.";

/// The MCP server may have moved to another authorization server since the last run: its old client
/// stays with the old one.
fn tell_of_others(reporter: &Reporter, opened: &Opened<'_>, wanted: &Wanted<'_>) {
    let used = |registration: &Registration| registration.mcp_servers.iter().any(|server| server == wanted.mcp_server);
    let issuer = &wanted.authorization_server.issuer;
    match opened.iter().find(|(_, registration)| used(registration)) {
        Some((other, _)) => reporter.note(format!(
            "This MCP server named {other} before, and now {issuer}. The client registered there is not used here: a new one is registered."
        )),
        None => reporter.note(format!("No client is stored for {issuer}.")),
    }
}

/// "clients MUST NOT reuse client credentials from a different authorization server and MUST
/// re-register with the new authorization server" (MCP 2026-07-28)
pub fn check_issuer(reporter: &Reporter, registered: &str, discovered: &str) -> bool {
    let expected = format!("the client was registered at this very authorization server: {discovered}");
    reporter.check_or(&rules::CREDENTIALS_ISSUER, registered == discovered, expected, registered, ANEW)
}

/// Reads the client's own entry where there is one (RFC 7592 §2.1), else asks the token endpoint.
/// `None` where the client is gone.
async fn still_known(
    http: &Http,
    wanted: &Wanted<'_>,
    information: &ClientInformation,
) -> Result<Option<ClientInformation>, Failure> {
    let reporter = http.reporter();
    let expected = "the IdP still has the client's entry";
    match manage::read(http, information).await {
        Ok(renewed) => {
            reporter.check(&rules::ENTRY_THERE, true, expected, &renewed.client_id);
            Ok(Some(renewed))
        }
        Err(ManageError::Gone(refusal)) => {
            reporter.check_or(&rules::ENTRY_THERE, false, expected, refusal, ANEW);
            Ok(None)
        }
        Err(ManageError::NotOffered) => {
            let redirect_uri = wanted.metadata.redirect_uris.first().map_or("", String::as_str);
            let known = known::check_known(http, wanted.authorization_server, information, redirect_uri, ANEW).await;
            Ok(known.is_ok().then(|| information.clone()))
        }
        Err(other) => Err(other.into()),
    }
}

/// Whether the client may do what this run needs. One that may not is changed at the authorization
/// server, where that can be done.
async fn check_fits(http: &Http, wanted: &Wanted<'_>, registration: &mut Registration) -> Result<bool, Failure> {
    let reporter = http.reporter();
    let information = &registration.information;
    let redirect_uris = information.redirect_uris();
    let scopes = information.scopes();
    let lacking = |asked: &[String], granted: &Option<Vec<&str>>| -> Vec<String> {
        let missing = |one: &&String| granted.as_ref().is_some_and(|granted| !granted.contains(&one.as_str()));
        asked.iter().filter(missing).cloned().collect()
    };
    let mut missing = lacking(&wanted.metadata.redirect_uris, &redirect_uris);
    missing.extend(lacking(wanted.metadata.scopes.as_deref().unwrap_or_default(), &scopes));
    let method = wanted.metadata.token_endpoint_auth_method;
    if information.auth_method() != Some(method) {
        missing.push(format!("the authentication {}", method.as_str()));
    }
    let same_way = registration.way == wanted.way;
    if !same_way {
        missing.push(wanted.way.title().to_owned());
    }
    let got = if missing.is_empty() { "all of it".to_owned() } else { format!("it lacks: {}", missing.join(", ")) };
    let expected = "the client was registered for what this run needs";
    let fix = match same_way {
        true => "none needed: this run changes the client at the IdP.",
        false => "none needed: this run registers a new client in its place.",
    };
    if reporter.check_or(&rules::FITS, missing.is_empty(), expected, got, fix) {
        return Ok(true);
    }
    if !same_way {
        return Ok(false);
    }
    reporter.note("The client's entry is replaced: RFC 7592 §2.2.");
    match manage::update(http, information, &wanted.metadata).await {
        Ok(renewed) => {
            check_granted(http, &wanted.metadata, &renewed)?;
            registration.information = renewed;
            registration.requested = wanted.metadata.to_registration();
            Ok(true)
        }
        Err(error) => {
            reporter.note(format!(
                "That cannot be done: {error} A new registration is tried; until it succeeds, the old client stays."
            ));
            Ok(false)
        }
    }
}

/// A client that is replaced should not stay behind at the authorization server, where nobody would
/// miss it.
async fn remove_at_idp(http: &Http, information: &ClientInformation) {
    match manage::delete(http, information).await {
        Ok(()) => http.reporter().note(format!("The old client {} was deleted at the IdP.", information.client_id)),
        Err(error) => {
            http.reporter().note(format!("The old client {} stays at the IdP: {error}", information.client_id));
        }
    }
}
