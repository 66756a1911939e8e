//! Why there is no client to go on with.

use shared::http::HttpError;
use shared::members::DocumentError;
use shared::{Failed, Failure, Rule};

use crate::refusal::{Reason, Refusal};
use crate::rules;

/// The decision that failed, with what was expected and what was seen.
#[derive(Debug)]
pub enum RegistrationError {
    /// The authorization server's metadata names no registration endpoint.
    NoEndpoint {
        /// Whose metadata it is.
        issuer: String,
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
            | RegistrationError::MetadataDocument { failed, .. } => failed.rule.id,
            RegistrationError::OtherIssuer { .. } => rules::CREDENTIALS_ISSUER.id,
        }
    }

    /// What to do about it.
    pub fn fix(&self) -> String {
        match self {
            RegistrationError::NoEndpoint { .. } => {
                "Register a client by hand at the IdP (public, PKCE, redirect URI http://127.0.0.1:8888/callback) and name it: \
                 --client-id ID, its secret, if it has one, in the environment variable CLIENT_SECRET."
                    .to_owned()
            }
            RegistrationError::Unavailable(error) => error.fix(),
            RegistrationError::Refused(refusal) => refusal.fix(),
            RegistrationError::Document(_) => "The IdP's operator has to mend the answer.".to_owned(),
            RegistrationError::Unfit(_) => {
                "Register a client by hand at the IdP and name it with --client-id, or have its operator change what it grants."
                    .to_owned()
            }
            RegistrationError::Unknown { failed, .. } | RegistrationError::MetadataDocument { failed, .. } => {
                failed.fix.clone()
            }
            RegistrationError::OtherIssuer { registered, discovered }
                if registered.trim_end_matches('/') == discovered.trim_end_matches('/') =>
            {
                format!("Issuers are compared letter by letter: --client-issuer {discovered}")
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
        Reason::TrustedHosts | Reason::RedirectUri => &rules::IDP_TAKES_REDIRECT_URI,
        Reason::ClientScopes => &rules::IDP_TAKES_SCOPE,
        Reason::TokenUsedUp | Reason::TokenInvalid | Reason::TokenMissing => &rules::IDP_TAKES_TOKEN,
        Reason::UnknownMember(_) => &rules::UNKNOWN_MEMBER_IGNORED,
        Reason::MaxClients | Reason::OtherPolicy(_) | Reason::ClientMetadata | Reason::Other => &rules::CREATED,
    }
}

impl std::fmt::Display for RegistrationError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            RegistrationError::NoEndpoint { issuer } => {
                write!(f, "{issuer} has no registration endpoint, so a client cannot register itself there.")
            }
            RegistrationError::Unavailable(error) => write!(f, "{error}"),
            RegistrationError::Refused(refusal) => {
                let refusal = refusal.to_string();
                let end = if refusal.ends_with('.') { "" } else { "." };
                write!(f, "The authorization server refused the registration with {refusal}{end}")
            }
            RegistrationError::Document(DocumentError::NotAnObject { got }) => {
                write!(f, "The answer to the registration is not usable: a JSON object was expected, and it is {got}.")
            }
            RegistrationError::Document(DocumentError::Member { name, expected, got }) => {
                write!(f, "In the answer to the registration, {name} has to be {expected}, and is {got}.")
            }
            RegistrationError::Unfit(Failed { expected, seen, .. }) => {
                write!(f, "The client that was registered cannot be used (asked for: {expected}; granted: {seen}).")
            }
            RegistrationError::Unknown { client_id, failed } => {
                write!(
                    f,
                    "The authorization server does not know the client {client_id} (it answered {}).",
                    failed.seen
                )
            }
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
