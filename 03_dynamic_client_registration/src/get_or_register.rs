//! The client of this authorization server that was registered before, if it is still good; else a
//! new one.
//!
//! Every reason for which a stored client may be no good is a check of its own: it belongs to
//! another authorization server, its secret has expired, the authorization server does not know it
//! any more, or it was registered for other redirect URIs or scopes than this run needs.

use as_metadata::AuthorizationServerMetadata;
use shared::clock::rfc3339;
use shared::http::Http;
use shared::members::compare;
use shared::reporter::Advised;
use shared::{Failed, Failure, Reporter, Secret, now, spec};

use crate::client_information::{CREDENTIALS, ClientInformation};
use crate::client_metadata::ClientMetadata;
use crate::further::granted_credentials;
use crate::further::manage;
use crate::further::stored_client::{check_fits, still_known};
use crate::register::{check_granted, register};
use crate::rules;
use crate::store::{Opened, Registration, Store};
use crate::way::Way;

/// What a client wants to be registered for, and where.
pub struct RegistrationRequest<'a> {
    /// The authorization server that was discovered.
    pub authorization_server: &'a AuthorizationServerMetadata,
    /// The issuer whose stored client is looked up: the same one, in an honest run.
    pub stored_at: &'a str,
    /// The MCP server that the client is for.
    pub mcp_server: &'a str,
    /// What the client says about itself.
    pub metadata: ClientMetadata,
    /// How: [`Way::Anonymous`] or [`Way::InitialAccessToken`].
    pub way: Way,
}

/// The stored client, or a new one. `token` is asked for an Initial Access Token where a
/// registration needs one.
pub async fn get_or_register(
    http: &Http,
    store: &Store,
    request: &RegistrationRequest<'_>,
    token: impl AsyncFnOnce() -> Result<Option<Secret>, Failure>,
) -> Result<ClientInformation, Failure> {
    let reporter = http.reporter();
    let issuer = &request.authorization_server.issuer;
    // Held until the end, so that two runs at once register one client between them.
    let mut opened = store.open().await?;
    reporter.stage("look for a client that is registered already", &spec::MCP_CREDENTIALS_BY_ISSUER).await;
    reporter.note(format!("Clients are kept in {}.", opened.place()));
    let replaced = match stored(http, &mut opened, request).await? {
        Stored::Good(information) => return Ok(information),
        Stored::None => None,
        Stored::Replace(old) => Some(old),
    };

    reporter.stage("register the client", &spec::RFC7591_3).await;
    let token = token().await?;
    let information = register(http, request.authorization_server, &request.metadata, token.as_ref()).await?;
    let requested = request.metadata.to_registration();
    opened.insert(
        issuer.clone(),
        Registration {
            way: request.way,
            registered_at: now(),
            mcp_servers: vec![request.mcp_server.to_owned()],
            requested: requested.clone(),
            information: information.clone(),
        },
    );
    // Before anything is checked: the client exists, whatever is wrong with it.
    opened.save()?;
    // Only now: a registration that is refused must not cost the client that there was.
    if let Some(old) = replaced {
        manage::remove(http, &old).await;
    }
    check_granted(http, request.authorization_server, &request.metadata, &information)?;

    reporter.stage("compare what was asked for with what was granted", &spec::RFC7591_2_REPLACE).await;
    reporter
        .note(compare(&[("asked for", requested.as_object()), ("granted", Some(&information.granted))], &CREDENTIALS));
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
async fn stored(http: &Http, opened: &mut Opened<'_>, request: &RegistrationRequest<'_>) -> Result<Stored, Failure> {
    let reporter = http.reporter();
    let issuer = &request.authorization_server.issuer;
    let Some(registration) = opened.get(request.stored_at).cloned() else {
        tell_of_others(reporter, opened, request);
        return Ok(Stored::None);
    };
    if check_issuer(reporter.with_fix(AGAIN), request.stored_at, issuer).is_err() {
        return Ok(Stored::None);
    }
    let client_id = &registration.information.client_id;
    let when = rfc3339(registration.registered_at);
    reporter.note(format!("Stored client: {client_id}, {}, since {when}.", registration.way.title()));

    // "Time at which the client secret will expire or 0 if it will not expire." (RFC 7591 §3.2.1)
    let expired = registration.information.secret_has_expired(now());
    let at = registration.information.client_secret_expires_at;
    if registration.information.client_secret.is_some() {
        let got = at.map_or("no date".to_owned(), |at| if at == 0 { "never".to_owned() } else { rfc3339(at) });
        let reporter = reporter.with_fix(AGAIN);
        reporter.recommend(&rules::SECRET_NOT_EXPIRED, !expired, "the secret has not expired", got);
        if at.is_none() {
            granted_credentials::check_expiry_said(http, &registration.information);
        }
    }
    let Some(information) = still_known(http, request, &registration.information).await? else {
        return Ok(Stored::None);
    };
    if expired {
        return Ok(Stored::Replace(information));
    }

    let before = information.clone();
    let stored = registration.information.clone();
    let mut registration = Registration { information, ..registration };
    let fits = check_fits(http, request, &stored, &mut registration).await;
    if !registration.mcp_servers.iter().any(|server| server == request.mcp_server) {
        registration.mcp_servers.push(request.mcp_server.to_owned());
    }
    let information = registration.information.clone();
    // However that ended: the credentials may be new.
    opened.insert(issuer.clone(), registration);
    opened.save()?;
    if !fits? {
        return Ok(Stored::Replace(information));
    }
    reporter.note(if information == before {
        "The stored client is good: nothing is registered."
    } else {
        "The stored client was changed at the IdP: nothing new is registered."
    });
    Ok(Stored::Good(information))
}

/// What this run does about a client that is no good.
pub(crate) const AGAIN: &str = "none needed: this run registers a new client.";

/// The MCP server may have moved to another authorization server since the last run: its old client
/// stays with the old one.
fn tell_of_others(reporter: &Reporter, opened: &Opened<'_>, request: &RegistrationRequest<'_>) {
    let used = |registration: &Registration| registration.mcp_servers.iter().any(|server| server == request.mcp_server);
    let issuer = &request.authorization_server.issuer;
    match opened.iter().find(|(_, registration)| used(registration)) {
        Some((other, _)) => reporter.note(format!(
            "This MCP server named {other} before, and now {issuer}. The client registered there is not used here: a new one is registered."
        )),
        None => reporter.note(format!("No client is stored for {issuer}.")),
    }
}

/// "clients MUST NOT reuse client credentials from a different authorization server and MUST
/// re-register with the new authorization server" (MCP 2026-07-28)
pub fn check_issuer(reporter: Advised<'_>, registered: &str, discovered: &str) -> Result<(), Failed> {
    let expected = format!("the client was registered at this very authorization server: {discovered}");
    reporter.require(&rules::CREDENTIALS_ISSUER, registered == discovered, expected, registered)
}
