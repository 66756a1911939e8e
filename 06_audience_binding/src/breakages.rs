//! What `--break` can break in this lesson, and who catches it. Where the IdP breaks a rule, it is
//! the embedded one.

use keycloak::Defect;
use shared::Side;
use shared::breakage::Breakage;
use shared::event::Rule;

use crate::rules;

const fn caught_by_server(
    name: &'static str,
    broken_by: Side,
    what: &'static str,
    caught_as: &'static Rule,
) -> Breakage {
    Breakage { name, broken_by, what, caught_by: Side::Server, caught_as }
}

/// A token for somebody else.
pub static OTHER_SERVERS_TOKEN: Breakage = caught_by_server(
    "other-servers-token",
    Side::Client,
    "sends the calendar's token to the other MCP server",
    &rules::AUDIENCE,
);

/// A token for two others.
pub static AUDIENCE_ARRAY: Breakage = caught_by_server(
    "audience-array",
    Side::Idp,
    "gives a token for two servers, in an array, of which this is neither",
    &rules::AUDIENCE,
);

/// A token for nobody.
pub static MISSING_AUDIENCE: Breakage = caught_by_server(
    "missing-audience",
    Side::Client,
    "asks for no scope of the server's, so that the IdP puts no aud into the token",
    &rules::AUDIENCE,
);

/// A token for a server of nearly the same name.
pub static AUDIENCE_SLASH: Breakage = caught_by_server(
    "audience-slash",
    Side::Idp,
    "writes the server's URL into aud with a slash at the end",
    &rules::AUDIENCE,
);

/// A token for the IdP's own pages.
pub static ACCOUNT_AUDIENCE: Breakage = caught_by_server(
    "account-audience",
    Side::Client,
    "uses a token as a Keycloak without audience mappers gives it: for Keycloak's own account pages",
    &rules::AUDIENCE,
);

/// The client's token, passed on.
pub static PASSTHROUGH: Breakage = caught_by_server(
    "passthrough",
    Side::Server,
    "passes its client's token on to the downstream API instead of getting one of its own",
    &rules::DOWNSTREAM_AUDIENCE,
);

/// An exchange of what was never for the one who asks.
pub static EXCHANGE_NOT_IN_AUDIENCE: Breakage = Breakage {
    name: "exchange-not-in-audience",
    broken_by: Side::Server,
    what: "does not look at aud, and has the IdP exchange a token that was given out for another server",
    caught_by: Side::Idp,
    caught_as: &rules::IDP_EXCHANGES,
};

/// Every switch above.
pub static ALL: &[&Breakage] = &[
    &OTHER_SERVERS_TOKEN,
    &AUDIENCE_ARRAY,
    &MISSING_AUDIENCE,
    &AUDIENCE_SLASH,
    &ACCOUNT_AUDIENCE,
    &PASSTHROUGH,
    &EXCHANGE_NOT_IN_AUDIENCE,
];

/// What the IdP has to be for this switch.
pub fn defect(breakage: &Breakage) -> Option<Defect> {
    [(&AUDIENCE_ARRAY, Defect::AudienceOfOthers), (&AUDIENCE_SLASH, Defect::AudienceWithSlash)]
        .into_iter()
        .find_map(|(known, defect)| (known.name == breakage.name).then_some(defect))
}

/// Whether `breakage` is this switch.
pub fn is(breakage: Option<&Breakage>, switch: &Breakage) -> bool {
    breakage.is_some_and(|breakage| breakage.name == switch.name)
}

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
            Switch::Passthrough => &PASSTHROUGH,
            Switch::ExchangeNotInAudience => &EXCHANGE_NOT_IN_AUDIENCE,
        }
    }
}
