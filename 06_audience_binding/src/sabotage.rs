//! All that `--break` does in this lesson: the switches, how the parties misbehave for them, and,
//! in [`attacks`], what the client sends. Where the IdP breaks a rule, it is the embedded one.

pub mod attacks;

use authorization_code::further::rules::RECIPIENT;
use keycloak::Defect;
use shared::Side;
use shared::breakage::Breakage;

use crate::parties::Conduct;
use crate::rules;
use crate::tools::TokenSent;

/// What can be broken in this lesson.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    /// A token for somebody else.
    OtherServersToken,
    /// A token for two others.
    AudienceArray,
    /// A token for nobody.
    MissingAudience,
    /// A token for a server of nearly the same name.
    AudienceSlash,
    /// A token for the IdP's own pages.
    AccountAudience,
    /// The client's token, passed on.
    Passthrough,
    /// A challenge for the scopes of another server.
    ScopesOfAnotherServer,
    /// An exchange of what was never for the one who asks.
    ExchangeNotInAudience,
}

impl shared::breakage::Switch for Switch {
    const ALL: &'static [Self] = &[
        Switch::OtherServersToken,
        Switch::AudienceArray,
        Switch::MissingAudience,
        Switch::AudienceSlash,
        Switch::AccountAudience,
        Switch::ScopesOfAnotherServer,
        Switch::Passthrough,
        Switch::ExchangeNotInAudience,
    ];

    fn breakage(self) -> &'static Breakage {
        match self {
            Switch::OtherServersToken => &OTHER_SERVERS_TOKEN,
            Switch::AudienceArray => &AUDIENCE_ARRAY,
            Switch::MissingAudience => &MISSING_AUDIENCE,
            Switch::AudienceSlash => &AUDIENCE_SLASH,
            Switch::AccountAudience => &ACCOUNT_AUDIENCE,
            Switch::ScopesOfAnotherServer => &SCOPES_OF_ANOTHER_SERVER,
            Switch::Passthrough => &PASSTHROUGH,
            Switch::ExchangeNotInAudience => &EXCHANGE_NOT_IN_AUDIENCE,
        }
    }
}

impl Switch {
    /// How the IdP misbehaves for this switch, if it does.
    pub fn defect(self) -> Option<Defect> {
        match self {
            Switch::AudienceArray => Some(Defect::AudienceOfOthers),
            Switch::AudienceSlash => Some(Defect::AudienceWithSlash),
            Switch::OtherServersToken
            | Switch::MissingAudience
            | Switch::AccountAudience
            | Switch::ScopesOfAnotherServer
            | Switch::Passthrough
            | Switch::ExchangeNotInAudience => None,
        }
    }
}

static OTHER_SERVERS_TOKEN: Breakage = Breakage::by_client(
    "other-servers-token",
    "sends the calendar's token to the first MCP server",
    Side::Server,
    &rules::AUDIENCE,
);

static AUDIENCE_ARRAY: Breakage = Breakage::by_idp(
    "audience-array",
    "issues a token whose aud is an array of two other servers",
    Side::Server,
    &rules::AUDIENCE,
);

static MISSING_AUDIENCE: Breakage = Breakage::by_client(
    "missing-audience",
    "requests none of the server's scopes, so the IdP puts no aud into the token",
    Side::Server,
    &rules::AUDIENCE,
);

static AUDIENCE_SLASH: Breakage = Breakage::by_idp(
    "audience-slash",
    "writes the server's URL into aud with a slash at the end",
    Side::Server,
    &rules::AUDIENCE,
);

static ACCOUNT_AUDIENCE: Breakage = Breakage::by_client(
    "account-audience",
    "sends a token for Keycloak's own account pages, as Keycloak issues it without audience mappers",
    Side::Server,
    &rules::AUDIENCE,
);

static SCOPES_OF_ANOTHER_SERVER: Breakage = Breakage::by_server(
    "scopes-of-another-server",
    "names the calendar's scopes in its challenge, to get a token that it could use at the calendar",
    Side::Client,
    &RECIPIENT,
);

static PASSTHROUGH: Breakage = Breakage::by_server(
    "passthrough",
    "passes its client's token on to the downstream API instead of getting its own token",
    Side::Server,
    &rules::DOWNSTREAM_AUDIENCE,
)
.caught_by_the("downstream API");

static EXCHANGE_NOT_IN_AUDIENCE: Breakage = Breakage::by_server(
    "exchange-not-in-audience",
    "does not check aud, and asks the IdP to exchange a token that was issued for another server",
    Side::Idp,
    &rules::IDP_EXCHANGES,
);

/// The values of one run pass through here; without a switch they stay as they are.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sabotage(pub Option<Switch>);

impl Sabotage {
    /// Whether anything is broken: then nobody opens a browser for it.
    pub fn is_on(self) -> bool {
        self.0.is_some()
    }

    /// How the first MCP server treats tokens.
    pub fn conduct(self, valid: Conduct) -> Conduct {
        match self.0 {
            Some(Switch::Passthrough) => Conduct { sends: TokenSent::PassedThrough, ..valid },
            Some(Switch::ScopesOfAnotherServer) => Conduct { wants_others_scopes: true, ..valid },
            Some(Switch::ExchangeNotInAudience) => Conduct { checks_audience: false, ..valid },
            _ => valid,
        }
    }
}
