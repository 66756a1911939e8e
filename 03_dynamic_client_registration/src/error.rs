//! Why there is no client to go on with.

use shared::http::HttpError;
use shared::members::DocumentError;
use shared::urls::Difference;
use shared::{Failed, Failure, Rule};

use crate::further;
use crate::further::keycloak_policies::Policy;
use crate::further::refusal_advice::BY_HAND;
use crate::refusal::{Reason, Refusal};
use crate::rules;

/// The decision that failed, with what was expected and what was seen.
#[derive(Debug)]
pub enum RegistrationError {
    /// The authorization server's metadata names no registration endpoint.
    NoEndpoint {
        /// Whose metadata it is.
        issuer: String,
        /// What is left to do.
        fix: String,
    },
    /// The endpoint gives no answer.
    Unavailable(HttpError),
    /// The authorization server says no.
    Refused(Refusal),
    /// The answer is no client information.
    Document(DocumentError),
    /// The authorization server granted something that this client cannot use.
    Unfit(Failed),
    /// The authorization server does not know this client.
    Unknown {
        /// The client identifier.
        client_id: String,
        /// The check, with what it responded.
        failed: Failed,
    },
    /// The authorization server does not let this client use the authorization code grant.
    NotForCodes {
        /// The client identifier.
        client_id: String,
        /// The check, with what it responded.
        failed: Failed,
    },
    /// A client of one authorization server was about to be shown to another.
    OtherIssuer {
        /// The authorization server that the credentials belong to.
        registered: String,
        /// The authorization server that was discovered.
        discovered: String,
    },
    /// A Client ID Metadata Document that breaks the rules for one.
    MetadataDocument {
        /// The document's URL.
        client_id: String,
        /// The check, with what is wrong with it.
        failed: Failed,
    },
}

impl RegistrationError {
    /// Names the decision: the id of its check, where it is one.
    pub fn id(&self) -> &'static str {
        match self {
            RegistrationError::NoEndpoint { .. } => rules::ENDPOINT.id,
            RegistrationError::Unavailable(error) => error.id(),
            RegistrationError::Refused(refusal) => rule_of(&refusal.reason).id,
            RegistrationError::Document(_) => rules::CLIENT_INFORMATION.id,
            RegistrationError::Unfit(failed)
            | RegistrationError::Unknown { failed, .. }
            | RegistrationError::NotForCodes { failed, .. }
            | RegistrationError::MetadataDocument { failed, .. } => failed.rule.id,
            RegistrationError::OtherIssuer { .. } => rules::CREDENTIALS_ISSUER.id,
        }
    }

    /// What to do about it.
    pub fn fix(&self) -> String {
        match self {
            RegistrationError::NoEndpoint { fix, .. } => fix.clone(),
            RegistrationError::Unavailable(error) => error.fix(),
            RegistrationError::Refused(refusal) => refusal.fix(),
            RegistrationError::Document(_) => format!(
                "The IdP's operator has to correct the response. If it made a client all the same, that stays there. Until then {BY_HAND}."
            ),
            RegistrationError::Unfit(failed)
            | RegistrationError::Unknown { failed, .. }
            | RegistrationError::NotForCodes { failed, .. }
            | RegistrationError::MetadataDocument { failed, .. } => failed.fix.clone(),
            RegistrationError::OtherIssuer { registered, discovered }
                if Difference::between(registered, discovered).is_spelling() =>
            {
                format!("{} Pass --client-issuer {discovered}", Difference::between(registered, discovered))
            }
            RegistrationError::OtherIssuer { .. } => {
                "If the MCP server moved to another IdP on purpose, register there and name the new client; if not, somebody may be \
                 after the credentials."
                    .to_owned()
            }
        }
    }
}

/// The check that a refusal fails.
pub(crate) fn rule_of(reason: &Reason) -> &'static Rule {
    match reason {
        Reason::Policy(Policy::TrustedHosts) | Reason::RedirectUri => &rules::IDP_TAKES_REDIRECT_URI,
        Reason::Policy(Policy::ClientScopes) => &rules::IDP_TAKES_SCOPE,
        Reason::Policy(Policy::UnknownMember(_)) => &rules::UNKNOWN_MEMBER_IGNORED,
        Reason::TokenUsedUp | Reason::TokenInvalid => &rules::IDP_TAKES_TOKEN,
        Reason::TokenMissing | Reason::BeforeReading | Reason::TooMany(_) | Reason::Policy(Policy::TrustedSender) => {
            &further::rules::REGISTRATION_OPEN
        }
        _ => &rules::CREATED,
    }
}

impl std::fmt::Display for RegistrationError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            RegistrationError::NoEndpoint { issuer, .. } => {
                write!(f, "{issuer} has no registration endpoint, so a client cannot register itself there.")
            }
            RegistrationError::Unavailable(error) => write!(f, "{error}"),
            RegistrationError::Refused(refusal) => {
                let verb = match refusal.reason {
                    Reason::ServerFault(_) => "failed at the registration:",
                    Reason::Redirected(_) => "did not register the client:",
                    _ => "refused the registration with",
                };
                let refusal = refusal.to_string();
                let end = if refusal.ends_with('.') { "" } else { "." };
                write!(f, "The authorization server {verb} {refusal}{end}")
            }
            RegistrationError::Document(DocumentError::NotAnObject { got }) => {
                write!(
                    f,
                    "The response to the registration is not usable: a JSON object was expected, and it is {got}."
                )
            }
            RegistrationError::Document(DocumentError::Member { name, expected, got }) => {
                write!(f, "In the response to the registration, {name} has to be {expected}, and is {got}.")
            }
            RegistrationError::Unfit(Failed { expected, seen, .. }) => {
                write!(f, "The client that was registered cannot be used (asked for: {expected}; granted: {seen}).")
            }
            RegistrationError::Unknown { client_id, failed } => {
                write!(
                    f,
                    "The authorization server does not know the client {client_id} (its response: {}).",
                    failed.seen
                )
            }
            RegistrationError::NotForCodes { client_id, failed } => write!(
                f,
                "The authorization server knows the client {client_id}, but does not let it use the authorization code grant (its \
                 response: {}).",
                failed.seen
            ),
            RegistrationError::OtherIssuer { registered, discovered } => write!(
                f,
                "The client belongs to {registered}, and the MCP server names {discovered}: it is not shown there."
            ),
            RegistrationError::MetadataDocument { client_id, failed: Failed { expected, seen, .. } } => {
                write!(f, "The document {client_id} cannot be used (asked for: {expected}; seen: {seen}).")
            }
        }
    }
}

impl std::error::Error for RegistrationError {}

impl From<RegistrationError> for Failure {
    fn from(error: RegistrationError) -> Self {
        Failure::new(error.id(), error.to_string(), error.fix()).caused_by(error)
    }
}
