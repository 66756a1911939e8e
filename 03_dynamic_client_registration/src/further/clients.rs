//! `clients`: what to do with the clients that this machine has registered, at whichever
//! authorization servers.

use std::fmt::Write;

use clap::Subcommand;
use shared::clock::rfc3339;
use shared::http::Http;
use shared::members::compare;
use shared::{Failure, Reporter, scope, spec};

use crate::client_information::{CREDENTIALS, ClientInformation};
use crate::client_metadata::{AuthMethod, ClientMetadata};
use crate::further::forgetting::{self, AllOf};
use crate::further::manage::{self, ManageError};
use crate::further::rules;
use crate::store::{Opened, Registration, Registrations, Store};

#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// All clients that are kept, at all authorization servers
    List,
    /// One client: what was asked for, what was granted, what the authorization server has now (RFC
    /// 7592 §2.1)
    Show {
        /// Its identifier or its issuer, or the beginning of either; needed where several are kept
        client: Option<String>,
    },
    /// Change a client (RFC 7592 §2.2)
    Update {
        /// Its identifier or its issuer, or the beginning of either; needed where several are kept
        client: Option<String>,
        /// The name that people see on the consent page
        #[arg(long, value_name = "NAME")]
        client_name: String,
    },
    /// Get a new registration access token for a client; the old one dies (RFC 7592 §2.2)
    Rotate {
        /// Its identifier or its issuer, or the beginning of either; needed where several are kept
        client: Option<String>,
    },
    /// Forget a client here, whatever becomes of it there; with --issuer or --server-url everything
    /// that is stored for one, tokens included
    Forget {
        /// Its identifier or its issuer, or the beginning of either; needed where several are kept
        #[arg(conflicts_with_all = ["issuer", "server_url"])]
        client: Option<String>,
        #[command(flatten)]
        all_of: AllOf,
    },
    /// Delete a client there and here (RFC 7592 §2.3)
    Delete {
        /// Its identifier or its issuer, or the beginning of either; needed where several are kept
        client: Option<String>,
    },
}

/// Runs a command. `http` gives a client that may reach the authorization server with that issuer.
pub async fn run(
    reporter: &Reporter,
    command: &Command,
    http: impl AsyncFn(&str) -> Result<Http, Failure>,
) -> Result<(), Failure> {
    if let Command::Forget { all_of, .. } = command
        && !all_of.is_empty()
    {
        return forgetting::run(reporter, all_of).await;
    }
    let store = Store::for_idp(true, reporter)?;
    let mut opened = store.open().await?;
    let wanted = match command {
        Command::List => {
            reporter.note(list(&opened, &opened.place()));
            return Ok(());
        }
        Command::Show { client }
        | Command::Update { client, .. }
        | Command::Rotate { client }
        | Command::Forget { client, .. }
        | Command::Delete { client } => client.as_deref(),
    };
    let issuer = chosen(&opened, wanted, &opened.place())?;
    if let Command::Forget { .. } = command {
        let forgotten = opened.remove(&issuer).map(|registration| registration.information.client_id);
        opened.save()?;
        reporter.note(format!(
            "{} at {issuer} is no longer kept here. If that IdP still has it, it stays there.",
            forgotten.unwrap_or_default()
        ));
        return Ok(());
    }
    let http = http(&issuer).await?;
    let mut managing = Managing { http: &http, opened: &mut opened, issuer };
    match command {
        Command::List | Command::Forget { .. } => Ok(()),
        Command::Show { .. } => managing.show().await,
        Command::Update { client_name, .. } => managing.update(client_name).await,
        Command::Rotate { .. } => managing.rotate().await,
        Command::Delete { .. } => managing.delete().await,
    }
}

fn list(clients: &Registrations, place: &str) -> String {
    if clients.is_empty() {
        return format!("No client is kept in {place}.");
    }
    let mut text = format!("Kept in {place}:");
    for (issuer, Registration { way, registered_at, mcp_servers, information, .. }) in clients {
        let secret = match (&information.client_secret, information.client_secret_expires_at) {
            (None, _) => "none (a public client)".to_owned(),
            (Some(secret), None) => format!("{}, no date given", secret.fingerprint()),
            (Some(secret), Some(0)) => format!("{}, does not expire", secret.fingerprint()),
            (Some(secret), Some(expiry)) => format!("{}, expires {}", secret.fingerprint(), rfc3339(expiry)),
        };
        let entry = information.registration_client_uri.as_deref().unwrap_or("none: this IdP has no RFC 7592");
        let _ = write!(
            text,
            "\n{}\n    at             {issuer}\n    registered     {}, {}\n    for            {}\n    secret         {secret}\n    own entry      {entry}",
            information.client_id,
            rfc3339(*registered_at),
            way.title(),
            mcp_servers.join(" "),
        );
    }
    text
}

/// The issuer of the client that was meant.
fn chosen(clients: &Registrations, wanted: Option<&str>, place: &str) -> Result<String, Failure> {
    let fails = |message: String, fix: &str| Err(Failure::new("clients.which", message, fix));
    let known: Vec<_> = clients.iter().map(|(issuer, client)| (issuer, &client.information.client_id)).collect();
    let begins = |wanted: &str| -> Vec<_> {
        known.iter().filter(|(issuer, id)| issuer.starts_with(wanted) || id.starts_with(wanted)).collect()
    };
    let exact = wanted.and_then(|wanted| known.iter().find(|(issuer, id)| *issuer == wanted || *id == wanted));
    let found = match (exact, wanted) {
        (Some(exact), _) => vec![exact],
        (None, Some(wanted)) => begins(wanted),
        (None, None) => known.iter().collect(),
    };
    match (found.as_slice(), wanted) {
        ([(issuer, _)], _) => Ok((*issuer).clone()),
        ([], _) if known.is_empty() => fails(
            format!("No client is kept in {place}."),
            "Run the lesson first, against an IdP that stays: a Keycloak, or cargo run -p keycloak.",
        ),
        ([], wanted) => {
            let wanted = wanted.unwrap_or_default();
            fails(format!("No client kept in {place} begins with {wanted}."), "See them: -- clients list.")
        }
        (several, _) => {
            let ids: Vec<_> = several.iter().map(|(issuer, id)| format!("{id} at {issuer}")).collect();
            let fix = "Say which one, by the beginning of its identifier or of its issuer.";
            fails(format!("Several clients could be meant: {}.", ids.join(", ")), fix)
        }
    }
}

/// One client, and where it is.
struct Managing<'a, 'b> {
    http: &'a Http,
    opened: &'a mut Opened<'b>,
    issuer: String,
}

impl Managing<'_, '_> {
    fn registration(&self) -> Result<Registration, Failure> {
        self.opened.get(&self.issuer).cloned().ok_or_else(|| Failure::new("clients.which", "That client is gone.", ""))
    }

    fn keep(&mut self, information: ClientInformation) -> Result<(), Failure> {
        if let Some(registration) = self.opened.get_mut(&self.issuer) {
            registration.information = information;
        }
        self.opened.save()
    }

    async fn show(&mut self) -> Result<(), Failure> {
        let reporter = self.http.reporter();
        let registration = self.registration()?;
        reporter.stage("read the client's entry", &spec::RFC7592_2_1).await;
        let now = manage::read(self.http, &registration.information).await?;
        reporter.note(format!("{} at {}", now.client_id, self.issuer));
        reporter.note(compare(
            &[
                ("asked for", registration.requested.as_object()),
                ("granted", Some(&registration.information.granted)),
                ("now", Some(&now.granted)),
            ],
            &CREDENTIALS,
        ));
        // What was granted at the registration stays as it was; only the credentials may be new.
        self.keep(ClientInformation { granted: registration.information.granted, ..now })
    }

    async fn update(&mut self, client_name: &str) -> Result<(), Failure> {
        let reporter = self.http.reporter();
        let mut registration = self.registration()?;
        reporter.stage("replace the client's entry", &spec::RFC7592_2_2).await;
        let metadata = ClientMetadata { client_name: client_name.to_owned(), ..as_it_is(&registration) };
        let now = manage::update(self.http, &registration.information, &metadata).await?;
        registration.requested = metadata.to_registration();
        reporter.note(compare(
            &[
                ("before", Some(&registration.information.granted)),
                ("asked for", registration.requested.as_object()),
                ("now", Some(&now.granted)),
            ],
            &CREDENTIALS,
        ));
        if let Some(kept) = self.opened.get_mut(&self.issuer) {
            kept.requested = registration.requested;
        }
        self.keep(now)
    }

    async fn rotate(&mut self) -> Result<(), Failure> {
        let reporter = self.http.reporter().clone();
        let registration = self.registration()?;
        let before = registration.information.clone();
        reporter.stage("replace the client's entry by itself", &spec::RFC7592_2_2).await;
        let now = manage::update(self.http, &before, &as_it_is(&registration)).await?;
        // Kept first: whatever happens next, the new token must not be lost.
        self.keep(now.clone())?;
        let renewed = now.registration_access_token != before.registration_access_token;
        let token = |client: &ClientInformation| {
            client.registration_access_token.as_ref().map_or("none".to_owned(), shared::Secret::fingerprint)
        };
        let fix = "this IdP does not renew it on an update; delete the client and register a new one.";
        let expected = "a new registration access token";
        let seen = format!("{} after {}", token(&now), token(&before));
        reporter.with_fix(fix).recommend(&rules::TOKEN_RENEWED, renewed, expected, seen);
        if !renewed {
            return Ok(());
        }
        reporter.stage("try the old token", &spec::RFC7592_2_2_TOKEN).await;
        let tried = manage::read(self.http, &before).await;
        let dead = matches!(&tried, Err(ManageError::Gone(_)));
        let got = match tried {
            Err(ManageError::Gone(refusal)) => refusal.to_string(),
            Err(error) => error.to_string(),
            Ok(_) => "it still opens the entry".to_owned(),
        };
        reporter.recommend(&rules::OLD_TOKEN_DEAD, dead, "the old token opens nothing", got);
        Ok(())
    }

    async fn delete(&mut self) -> Result<(), Failure> {
        let reporter = self.http.reporter().clone();
        let information = self.registration()?.information;
        reporter.stage("delete the client", &spec::RFC7592_2_3).await;
        match manage::delete(self.http, &information).await {
            Ok(()) => {
                let gone = matches!(manage::read(self.http, &information).await, Err(ManageError::Gone(_)));
                let got = if gone { "it is gone" } else { "its entry can still be read" };
                reporter.recommend(&rules::DELETED, gone, "the client is gone", got);
            }
            Err(ManageError::Gone(refusal)) => {
                reporter.note(format!("The IdP has no such client any more ({refusal}); it is removed here."));
            }
            Err(other) => return Err(other.into()),
        }
        self.opened.remove(&self.issuer);
        self.opened.save()?;
        reporter.note(format!("{} is no longer kept here.", information.client_id));
        Ok(())
    }
}

/// The client's metadata as it was asked for.
fn as_it_is(registration: &Registration) -> ClientMetadata {
    let text = |name: &str| registration.requested[name].as_str().unwrap_or_default();
    let list = |name: &str| -> Vec<String> {
        let items = registration.requested[name].as_array().into_iter().flatten();
        items.filter_map(|item| item.as_str().map(str::to_owned)).collect()
    };
    ClientMetadata {
        client_name: text("client_name").to_owned(),
        redirect_uris: list("redirect_uris"),
        token_endpoint_auth_method: AuthMethod::from_name(text("token_endpoint_auth_method"))
            .unwrap_or(AuthMethod::None),
        scopes: registration.requested["scope"].as_str().map(|scope| scope::split(scope).map(str::to_owned).collect()),
        additional: Default::default(),
    }
}

#[cfg(test)]
mod tests;
