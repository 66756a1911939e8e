//! Why discovery ends without an authorization server.

use shared::Failure;
use shared::http::HttpError;
use shared::members::DocumentError;
use shared::urls::Difference;

use crate::further::first_response::FirstResponse;
use crate::further::{mismatch, select};
use crate::rules;

/// The decision that failed, with what was expected and what was seen.
#[derive(Debug)]
pub enum DiscoveryError {
    /// The MCP server's URL cannot be asked, or gives no answer.
    Server(HttpError),
    /// The MCP server's URL has a fragment: "a URL that uses the https scheme and has no fragment
    /// component" (RFC 9728 §1.2). Or it is a metadata document's.
    ServerUrl {
        /// The MCP server's URL.
        server_url: String,
        /// What is wrong with it.
        reason: &'static str,
        /// The URL that was meant.
        meant: String,
    },
    /// The MCP server answers a request without a token with something else than 401 or success.
    Unexpected(FirstResponse),
    /// The challenge names a URL at which no metadata can be.
    NamedUrl {
        /// `resource_metadata`
        url: String,
        /// What is wrong with it.
        reason: String,
        /// Where the metadata belongs.
        meant: String,
    },
    /// The metadata's URL cannot be asked, or gives no whole answer.
    Unavailable(HttpError),
    /// The metadata's URL answers with something else than 200.
    Status {
        /// The metadata's URL.
        url: String,
        /// HTTP status code of its answer.
        status: u16,
    },
    /// No challenge named the metadata, and no well-known URL has it.
    NotFound {
        /// The URLs that were tried.
        tried: Vec<String>,
    },
    /// The server serves requests without a token, and has no metadata.
    NoSignIn {
        /// The server's URL.
        server_url: String,
    },
    /// The metadata is served as something else than JSON.
    MediaType {
        /// The metadata's URL.
        url: String,
        /// The media type of the answer.
        got: String,
    },
    /// The document is no protected resource metadata.
    Document {
        /// The metadata's URL.
        url: String,
        /// What is wrong with it.
        error: DocumentError,
    },
    /// The document is about another resource.
    ResourceMismatch {
        /// The values of `resource` that would have been right.
        expected: Vec<String>,
        /// The value in the document.
        received: String,
        /// Whether a challenge named the document's URL.
        from_challenge: bool,
    },
    /// The document names no authorization server.
    NoAuthorizationServer {
        /// The metadata's URL.
        url: String,
    },
    /// The user chose an authorization server that the MCP server does not name.
    NotNamed {
        /// `--issuer`
        issuer: String,
        /// `authorization_servers`
        named: Vec<String>,
    },
    /// The server takes no token where MCP clients put it.
    NoBearerHeader {
        /// `bearer_methods_supported`.
        methods: Vec<String>,
    },
}

impl DiscoveryError {
    /// Names the decision: the id of its check, where it is one.
    pub fn id(&self) -> &'static str {
        match self {
            DiscoveryError::Server(error) => error.id(),
            DiscoveryError::ServerUrl { .. } => "server.url",
            DiscoveryError::NotNamed { .. } => "server.issuer",
            DiscoveryError::Unexpected(_) => "server.status",
            DiscoveryError::Unavailable(HttpError::Refused { .. }) => rules::METADATA_ADDRESS.id,
            DiscoveryError::Unavailable(HttpError::Insecure { .. } | HttpError::Downgraded { .. }) => {
                rules::METADATA_SECURE.id
            }
            DiscoveryError::Unavailable(
                HttpError::TooLarge { .. } | HttpError::TimedOut { .. } | HttpError::TooManyRedirects { .. },
            ) => rules::METADATA_LIMITS.id,
            DiscoveryError::Unavailable(_) | DiscoveryError::Status { .. } | DiscoveryError::NamedUrl { .. } => {
                rules::METADATA_AVAILABLE.id
            }
            DiscoveryError::NotFound { .. } | DiscoveryError::NoSignIn { .. } => "metadata.not-found",
            DiscoveryError::MediaType { .. } => rules::METADATA_MEDIA_TYPE.id,
            DiscoveryError::Document { error: DocumentError::NotAnObject { .. }, .. } => rules::METADATA_OBJECT.id,
            DiscoveryError::Document { error: DocumentError::Member { .. }, .. } => rules::METADATA_MEMBER_TYPES.id,
            DiscoveryError::ResourceMismatch { from_challenge: true, .. } => rules::RESOURCE_OF_CHALLENGE.id,
            DiscoveryError::ResourceMismatch { from_challenge: false, .. } => rules::RESOURCE_OF_WELL_KNOWN.id,
            DiscoveryError::NoAuthorizationServer { .. } => rules::AUTHORIZATION_SERVERS.id,
            DiscoveryError::NoBearerHeader { .. } => rules::BEARER_HEADER.id,
        }
    }

    /// A first response that no sign-in can change.
    pub(crate) fn obstacle(&self) -> Option<FirstResponse> {
        match self {
            DiscoveryError::Unexpected(first) if first.is_obstacle() => Some(first.clone()),
            _ => None,
        }
    }

    /// What to do about it.
    pub fn fix(&self) -> String {
        match self {
            DiscoveryError::Server(error) | DiscoveryError::Unavailable(error) => error.fix(),
            DiscoveryError::ServerUrl { meant, .. } => format!("Pass --server-url {meant}"),
            DiscoveryError::NotNamed { issuer, named } => select::fix(issuer, named),
            DiscoveryError::Unexpected(first) => first.fix(),
            DiscoveryError::NamedUrl { meant, .. } => {
                format!("The server's operator has to publish the document and name it in resource_metadata: {meant}")
            }
            DiscoveryError::Status { .. } => "The server's operator has to publish the document there, for everyone.".to_owned(),
            DiscoveryError::NoSignIn { .. } => {
                "Use the server without a token; if a call asks for one later, run the command for that call: its challenge says where the metadata is.".to_owned()
            }
            DiscoveryError::NotFound { .. } => {
                "The server publishes no metadata: ask its operator, or use a client that can be told its authorization server."
                    .to_owned()
            }
            DiscoveryError::MediaType { .. } => "The server's operator has to serve it as application/json.".to_owned(),
            DiscoveryError::Document { .. } => "The server's operator has to fix the document.".to_owned(),
            DiscoveryError::ResourceMismatch { expected, received, .. } => mismatch::fix(expected, received),
            DiscoveryError::NoAuthorizationServer { .. } => {
                "The server's operator has to name at least one issuer in authorization_servers.".to_owned()
            }
            DiscoveryError::NoBearerHeader { .. } => {
                "The server's operator has to accept the Authorization header, the only place MCP allows.".to_owned()
            }
        }
    }
}

impl std::fmt::Display for DiscoveryError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            DiscoveryError::Server(error) => write!(f, "The MCP server at {error}"),
            DiscoveryError::ServerUrl { server_url, reason, .. } => {
                write!(f, "{server_url} is not the URL of an MCP server: {reason}.")
            }
            DiscoveryError::NotNamed { issuer, named } => {
                let named = if named.is_empty() { "none".to_owned() } else { named.join(", ") };
                write!(f, "--issuer is {issuer}, and the authorization servers that the MCP server names are: {named}.")
            }
            DiscoveryError::Unexpected(first) => write!(f, "{first}"),
            DiscoveryError::NamedUrl { url, reason, .. } => {
                write!(f, "resource_metadata in the challenge is {url:?}, where no metadata can be: {reason}.")
            }
            DiscoveryError::Unavailable(error) => write!(f, "The metadata at {error}"),
            DiscoveryError::Status { url, status } => {
                write!(f, "The metadata at {url} came with HTTP {status} instead of 200.")
            }
            DiscoveryError::NoSignIn { server_url } => write!(
                f,
                "{server_url} serves requests without a token and has no protected resource metadata: it asks for no sign-in."
            ),
            DiscoveryError::NotFound { tried } => {
                write!(
                    f,
                    "There is no protected resource metadata: no challenge names it, and none is at {}.",
                    tried.join(" or ")
                )
            }
            DiscoveryError::MediaType { url, got } => {
                write!(f, "The metadata at {url} is served as {got:?} instead of application/json.")
            }
            DiscoveryError::Document { url, error: DocumentError::NotAnObject { got } } => {
                write!(f, "The metadata at {url} is not usable: a JSON object was expected, and it is {got}.")
            }
            DiscoveryError::Document { url, error: DocumentError::Member { name, expected, got } } => {
                write!(f, "In the metadata at {url}, {name} has to be {expected}, and is {got}.")
            }
            DiscoveryError::ResourceMismatch { expected, received, .. } => write!(
                f,
                "The metadata is about another resource: {} was asked for, and its resource is {received}. {}",
                expected.join(" or "),
                Difference::from_nearest(expected, received)
            ),
            DiscoveryError::NoAuthorizationServer { url } => {
                write!(f, "The metadata at {url} names no authorization server.")
            }
            DiscoveryError::NoBearerHeader { methods } => {
                write!(f, "The server takes a token by {}, but not in the Authorization header.", methods.join(", "))
            }
        }
    }
}

impl std::error::Error for DiscoveryError {}

impl From<DiscoveryError> for Failure {
    fn from(error: DiscoveryError) -> Self {
        Failure::new(error.id(), error.to_string(), error.fix()).caused_by(error)
    }
}
