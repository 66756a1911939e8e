//! All that `--break` does in this lesson: the switches, and functions that spoil a valid value.
//! The client does it, so all of it works on a real Keycloak too.

use as_metadata::requirements::Needs;
use keycloak::{IdpChoice, IdpRequest, Lifetime};
use serde_json::json;
use shared::breakage::Breakage;
use shared::{Failure, Side};

use crate::client::Registering;
use crate::client_information::ClientInformation;
use crate::client_metadata::ClientMetadata;
use crate::further::administration::Administration;
use crate::further::manage;
use crate::get_or_register::{RegistrationRequest, get_or_register};
use crate::rules;
use crate::store::Store;
use crate::way::Way;

/// What can be broken in this lesson.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    /// A redirect URI that is not this machine's: an attacker would get the code.
    RedirectElsewhere,
    /// A scope that nobody may register.
    UnknownScope,
    /// A member that no standard knows.
    UnknownMember,
    /// A token for one registration, used twice.
    ReusedIat,
    /// The client was deleted at the IdP.
    StaleRegistration,
    /// The credentials of one authorization server on the way to another.
    OtherIssuer,
}

impl shared::breakage::Switch for Switch {
    const ALL: &'static [Self] = &[
        Switch::RedirectElsewhere,
        Switch::UnknownScope,
        Switch::UnknownMember,
        Switch::ReusedIat,
        Switch::StaleRegistration,
        Switch::OtherIssuer,
    ];

    fn breakage(self) -> &'static Breakage {
        match self {
            Switch::RedirectElsewhere => &REDIRECT_ELSEWHERE,
            Switch::UnknownScope => &UNKNOWN_SCOPE,
            Switch::UnknownMember => &UNKNOWN_MEMBER,
            Switch::ReusedIat => &REUSED_IAT,
            Switch::StaleRegistration => &STALE_REGISTRATION,
            Switch::OtherIssuer => &OTHER_ISSUER,
        }
    }
}

static REDIRECT_ELSEWHERE: Breakage = Breakage::by_client(
    "redirect-elsewhere",
    "registers a redirect URI at attacker.example",
    Side::Idp,
    &rules::IDP_TAKES_REDIRECT_URI,
);

static UNKNOWN_SCOPE: Breakage = Breakage::by_client(
    "unknown-scope",
    "registers for the scope admin:all, which the realm does not offer",
    Side::Idp,
    &rules::IDP_TAKES_SCOPE,
);

static UNKNOWN_MEMBER: Breakage = Breakage::by_client(
    "unknown-member",
    "sends a member that no standard knows; an authorization server has to ignore it, and Keycloak does not",
    Side::Client,
    &rules::UNKNOWN_MEMBER_IGNORED,
);

static REUSED_IAT: Breakage = Breakage::by_client(
    "reused-iat",
    "uses an Initial Access Token for one registration twice",
    Side::Idp,
    &rules::IDP_TAKES_TOKEN,
);

static STALE_REGISTRATION: Breakage = Breakage::by_client(
    "stale-registration",
    "still has a client in its store that was deleted at the IdP; it notices and registers again",
    Side::Client,
    &rules::ENTRY_THERE,
);

static OTHER_ISSUER: Breakage = Breakage::by_client(
    "other-issuer",
    "takes the client that it has at one authorization server for another; it notices and registers there",
    Side::Client,
    &rules::CREDENTIALS_ISSUER,
);

/// The values of one registration pass through here; without a switch they stay as they are.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sabotage(pub Option<Switch>);

impl Sabotage {
    /// Whether anything is broken: then the stored clients are left alone.
    pub fn is_on(self) -> bool {
        self.0.is_some()
    }

    /// What the client says about itself.
    pub fn client_metadata(self, mut metadata: ClientMetadata) -> ClientMetadata {
        match self.0 {
            Some(Switch::RedirectElsewhere) => {
                metadata.redirect_uris = vec!["https://attacker.example/callback".to_owned()];
            }
            Some(Switch::UnknownScope) => metadata.scopes.get_or_insert_default().push("admin:all".to_owned()),
            Some(Switch::UnknownMember) => {
                metadata.additional.insert("mcp_tutorial".to_owned(), json!(true));
            }
            Some(Switch::ReusedIat | Switch::StaleRegistration | Switch::OtherIssuer) | None => {}
        }
        metadata
    }

    /// The client that the rest of the story uses, after something has happened to the one that was
    /// registered.
    pub(crate) async fn registered_client(
        self,
        registering: &Registering<'_>,
        store: &Store,
        client: ClientInformation,
    ) -> Result<ClientInformation, Failure> {
        match self.0 {
            Some(Switch::ReusedIat) => {
                manage::remove(registering.http, &client).await;
                reuse_token(registering).await
            }
            Some(Switch::StaleRegistration) => {
                registering
                    .http
                    .reporter()
                    .note("--break stale-registration: the client is deleted at the IdP, and stays in the store.");
                manage::delete(registering.http, &client).await?;
                let request = registering.request(Way::Anonymous);
                get_or_register(registering.http, store, &request, async || Ok(None)).await
            }
            Some(Switch::OtherIssuer) => {
                register_at_another_idp(registering, store).await?;
                Ok(client)
            }
            Some(Switch::RedirectElsewhere | Switch::UnknownScope | Switch::UnknownMember) | None => Ok(client),
        }
    }
}

/// `--break reused-iat`: one token, two registrations.
async fn reuse_token(registering: &Registering<'_>) -> Result<ClientInformation, Failure> {
    let http = registering.http;
    let administration = Administration::sign_in(http, &registering.authorization_server.issuer).await?;
    let made = administration.initial_access_token(1, 60).await?;
    let request = registering.request(Way::InitialAccessToken);
    let first = get_or_register(http, &Store::in_memory(), &request, async || Ok(Some(made.token.clone()))).await?;
    manage::remove(http, &first).await;
    registering.http.reporter().note("--break reused-iat: the same token once more.");
    get_or_register(http, &Store::in_memory(), &request, async || Ok(Some(made.token))).await
}

/// `--break other-issuer`: the MCP server has moved to another authorization server, which runs
/// inside this process, and the client takes what the first one gave it.
async fn register_at_another_idp(registering: &Registering<'_>, store: &Store) -> Result<(), Failure> {
    let request = IdpRequest { choice: &IdpChoice::Embedded, lifetime: Lifetime::Beside, defect: None, servers: &[] };
    let another = request.find().await?;
    registering
        .http
        .reporter()
        .note(format!("--break other-issuer: the MCP server now names another IdP, {}.", another.issuer()));
    let found = as_metadata::find(registering.http, another.issuer(), Needs::AuthorizationCode).await?;
    let request = RegistrationRequest { authorization_server: &found, ..registering.request(Way::Anonymous) };
    get_or_register(registering.http, store, &request, async || Ok(None)).await.map(drop)
}
