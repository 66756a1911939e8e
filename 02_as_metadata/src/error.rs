//! Why there is no metadata that a client may use.

use shared::http::{HttpError, Response};
use shared::members::DocumentError;
use shared::urls::Difference;
use shared::{Failed, Failure};

use crate::metadata::AuthorizationServerMetadata;
use crate::rules;

/// What a place has instead of metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotMetadata {
    Status(u16),
    /// Served as something else than JSON, though it may be some.
    MediaType {
        media_type: String,
        is_json: bool,
    },
    /// JSON, and no metadata.
    Document(DocumentError),
}

impl NotMetadata {
    /// "A successful response MUST use the 200 OK HTTP status code and return a JSON object using
    /// the "application/json" content type" (RFC 8414 §3.2). `None`: it is metadata.
    pub fn of(response: &Response) -> Option<Self> {
        if response.status != 200 {
            return Some(Self::Status(response.status));
        }
        let document = AuthorizationServerMetadata::from_json(&response.body);
        let media_type = response.media_type();
        if media_type != "application/json" {
            return Some(Self::MediaType { media_type, is_json: document.is_ok() });
        }
        document.err().map(Self::Document)
    }

    /// What its operator can do.
    pub(crate) fn fix(&self) -> &'static str {
        match self {
            Self::Status(404) => "publish it there too: some clients look nowhere else.",
            Self::Status(_) => "serve the document at this very URL, to everyone.",
            Self::MediaType { is_json: true, .. } => "serve it as application/json.",
            Self::MediaType { .. } => "serve the document there, or 404: a page hides that there is none.",
            Self::Document(_) => "fix the document.",
        }
    }

    /// How much it says about what is wrong.
    pub(crate) fn oddness(&self) -> u8 {
        match self {
            Self::Document(_) | Self::MediaType { is_json: true, .. } => 4,
            Self::Status(300..=399 | 500..=599) => 3,
            Self::MediaType { .. } => 2,
            Self::Status(404) => 0,
            Self::Status(_) => 1,
        }
    }
}

impl std::fmt::Display for NotMetadata {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Status(status) => write!(f, "HTTP {status}"),
            Self::MediaType { media_type, is_json: true } => {
                write!(f, "HTTP 200, JSON that is served as {media_type:?}")
            }
            Self::MediaType { media_type, is_json: false } => write!(f, "HTTP 200, {media_type:?}"),
            Self::Document(error) => write!(f, "HTTP 200, but {error}"),
        }
    }
}

/// The decision that failed, with what was expected and what was seen.
#[derive(Debug)]
pub enum MetadataError {
    /// The issuer is no URL that an issuer may be.
    BadIssuer {
        /// The issuer.
        issuer: String,
        /// What is wrong with it.
        reason: String,
        /// The issuer that was meant, where there is no doubt.
        meant: Option<String>,
    },
    /// A place cannot be asked, or gives no whole answer.
    Unavailable(HttpError),
    /// A place answers with a redirect or a server error.
    Status {
        /// The place.
        url: String,
        /// HTTP status code of its answer.
        status: u16,
    },
    /// None of the places has it.
    NotFound {
        /// The places, and what each has instead.
        tried: Vec<(String, String)>,
        /// Whether one of them has it, and serves it as something else than JSON.
        is_json: bool,
    },
    /// The document is no authorization server metadata.
    Document {
        /// Where it was found.
        url: String,
        /// What is wrong with it.
        error: DocumentError,
    },
    /// The document is about another authorization server.
    IssuerMismatch {
        /// The issuer that was asked for.
        expected: String,
        /// The issuer in the document.
        received: String,
    },
    /// The document names something that this client refuses to use, or lacks something that MCP
    /// asks for.
    Unfit(Failed),
}

impl MetadataError {
    /// Names the decision: the id of its check, where it is one.
    pub fn id(&self) -> &'static str {
        match self {
            MetadataError::BadIssuer { .. } => rules::ISSUER_URL.id,
            MetadataError::Unavailable(error) => error.id(),
            MetadataError::Status { .. } => rules::STATUS.id,
            MetadataError::NotFound { .. } => rules::LOCATION.id,
            MetadataError::Document { error: DocumentError::NotAnObject { .. }, .. } => rules::OBJECT.id,
            MetadataError::Document { error: DocumentError::Member { .. }, .. } => rules::MEMBER_TYPES.id,
            MetadataError::IssuerMismatch { .. } => rules::ISSUER_IDENTICAL.id,
            MetadataError::Unfit(failed) => failed.rule.id,
        }
    }

    /// What to do about it.
    pub fn fix(&self) -> String {
        match self {
            MetadataError::BadIssuer { meant: Some(meant), .. } => format!("The issuer is {meant}: name that one."),
            MetadataError::BadIssuer { .. } => {
                "Give the issuer as the IdP's metadata spells it: a URL without query and fragment.".to_owned()
            }
            MetadataError::Unavailable(error) => error.fix(),
            MetadataError::Status { status: 300..=399, .. } => {
                "The IdP's operator has to serve the document at the well-known URL itself.".to_owned()
            }
            MetadataError::Status { .. } => "Look at the IdP's log, and try again.".to_owned(),
            MetadataError::NotFound { is_json: true, .. } => {
                "The IdP's operator has to serve the document as application/json (RFC 8414 §3.2).".to_owned()
            }
            MetadataError::NotFound { .. } => {
                "Compare the issuer with what the IdP's own pages say, its path included. Keycloak's is http://HOST/realms/REALM.".to_owned()
            }
            MetadataError::Document { .. } => "The IdP's operator has to fix the document.".to_owned(),
            MetadataError::IssuerMismatch { expected, received } => issuer_fix(expected, received),
            MetadataError::Unfit(failed) => failed.fix.clone(),
        }
    }
}

/// Who has to change what, where a document names another issuer. Only the two operators know which
/// of the two names is the right one.
pub(crate) fn issuer_fix(expected: &str, received: &str) -> String {
    let difference = Difference::between(expected, received);
    let advice = format!(
        "The MCP server's operator has to list {received} in authorization_servers, letter by letter, or the IdP's operator has to \
         publish {expected} as its issuer."
    );
    if difference.is_spelling() || difference.is_host_case() || difference.is_blanks() {
        return advice;
    }
    format!("{advice} Until then do not sign in: somebody may be passing another server off as this one.")
}

impl std::fmt::Display for MetadataError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            MetadataError::BadIssuer { issuer, reason, .. } if issuer.trim() != issuer || issuer.is_empty() => {
                write!(f, "{issuer:?} is no issuer: {reason}.")
            }
            MetadataError::BadIssuer { issuer, reason, .. } => write!(f, "{issuer} is no issuer: {reason}."),
            MetadataError::Unavailable(error) => write!(f, "The authorization server's metadata at {error}"),
            MetadataError::Status { url, status } => {
                write!(f, "The authorization server's metadata at {url} came with HTTP {status} instead of 200.")
            }
            MetadataError::NotFound { tried, .. } => {
                let tried: Vec<_> = tried.iter().map(|(url, got)| format!("{url} ({got})")).collect();
                write!(f, "There is no authorization server metadata at {}.", tried.join(" or "))
            }
            MetadataError::Document { url, error: DocumentError::NotAnObject { got } } => {
                write!(f, "The metadata at {url} is not usable: a JSON object was expected, and it is {got}.")
            }
            MetadataError::Document { url, error: DocumentError::Member { name, expected, got } } => {
                write!(f, "In the metadata at {url}, {name} has to be {expected}, and is {got}.")
            }
            MetadataError::IssuerMismatch { expected, received } => {
                write!(
                    f,
                    "The metadata is another authorization server's: {expected} was asked for, and its issuer is {received}. {}",
                    Difference::between(expected, received)
                )
            }
            MetadataError::Unfit(Failed { expected, seen, .. }) => {
                write!(f, "This authorization server cannot be used with MCP (asked for: {expected}; seen: {seen}).")
            }
        }
    }
}

impl std::error::Error for MetadataError {}

impl From<MetadataError> for Failure {
    fn from(error: MetadataError) -> Self {
        Failure::new(error.id(), error.to_string(), error.fix())
    }
}
