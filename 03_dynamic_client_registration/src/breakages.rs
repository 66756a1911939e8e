//! What `--break` can break in this lesson, and who catches it. The client does it, so all of it
//! works on a real Keycloak too.

use shared::Side;
use shared::breakage::Breakage;

use crate::rules;

/// A redirect URI that is not this machine's: an attacker would get the code.
pub static REDIRECT_ELSEWHERE: Breakage = Breakage {
    name: "redirect-elsewhere",
    broken_by: Side::Client,
    what: "registers a redirect URI at attacker.example",
    caught_by: Side::Idp,
    caught_as: &rules::IDP_TAKES_REDIRECT_URI,
};

/// A scope that nobody may register.
pub static UNKNOWN_SCOPE: Breakage = Breakage {
    name: "unknown-scope",
    broken_by: Side::Client,
    what: "registers for the scope admin:all, which the realm does not offer",
    caught_by: Side::Idp,
    caught_as: &rules::IDP_TAKES_SCOPE,
};

/// A member that no standard knows.
pub static UNKNOWN_MEMBER: Breakage = Breakage {
    name: "unknown-member",
    broken_by: Side::Client,
    what: "sends a member that no standard knows; an authorization server has to ignore it, and Keycloak does not",
    caught_by: Side::Client,
    caught_as: &rules::UNKNOWN_MEMBER_IGNORED,
};

/// A token for one registration, used twice.
pub static REUSED_IAT: Breakage = Breakage {
    name: "reused-iat",
    broken_by: Side::Client,
    what: "uses an Initial Access Token for one registration twice",
    caught_by: Side::Idp,
    caught_as: &rules::IDP_TAKES_TOKEN,
};

/// The client was deleted at the IdP.
pub static STALE_REGISTRATION: Breakage = Breakage {
    name: "stale-registration",
    broken_by: Side::Client,
    what: "still has a client in its store that was deleted at the IdP; it notices and registers anew",
    caught_by: Side::Client,
    caught_as: &rules::ENTRY_THERE,
};

/// The credentials of one authorization server on the way to another.
pub static OTHER_ISSUER: Breakage = Breakage {
    name: "other-issuer",
    broken_by: Side::Client,
    what: "takes the client that it has at one authorization server for another; it notices and registers there",
    caught_by: Side::Client,
    caught_as: &rules::CREDENTIALS_ISSUER,
};

/// Every switch above.
pub static ALL: &[&Breakage] =
    &[&REDIRECT_ELSEWHERE, &UNKNOWN_SCOPE, &UNKNOWN_MEMBER, &REUSED_IAT, &STALE_REGISTRATION, &OTHER_ISSUER];

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
