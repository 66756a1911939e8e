//! The reasons why there is no token without a sign-in.

use shared::Failure;

use crate::further::grant_options::GrantKind;

/// Why an assertion brought no token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AssertionError {
    /// The company's IdP gives no grant.
    NoGrant { got: String },
    /// The MCP server's authorization server does not take the assertion.
    Refused {
        /// `error` of its response; empty where there is none.
        code: String,
        got: String,
    },
}

impl std::fmt::Display for AssertionError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoGrant { got } => write!(f, "The company's IdP issued no authorization grant: {got}."),
            Self::Refused { got, .. } => write!(f, "The authorization server does not accept the assertion: {got}."),
        }
    }
}

impl std::error::Error for AssertionError {}

impl From<AssertionError> for Failure {
    fn from(error: AssertionError) -> Self {
        let (id, fix) = match error {
            AssertionError::NoGrant { .. } => (
                "id-jag.none",
                "Ask the company's administrator: a policy decides which user may use which MCP server with which client. If the client has a secret \
                 there, set COMPANY_CLIENT_SECRET.",
            ),
            AssertionError::Refused { ref code, .. } if code == "unsupported_grant_type" => (
                "assertion.refused",
                "Use an authorization server that lists jwt-bearer in grant_types_supported (-- inspect of lesson 02 shows the list).",
            ),
            AssertionError::Refused { .. } => (
                "assertion.refused",
                "Have the IdP trust the issuer of the assertion, and give it an assertion that has not expired and whose aud is this IdP.",
            ),
        };
        Failure::new(id, error.to_string(), fix).caused_by(error)
    }
}

/// Why the options of a grant do not make one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GrantError {
    /// An option that is for a user, or for a client that registers itself.
    WithoutUser { option: String },
    /// What is broken on purpose is what a client does whose user has signed in.
    NoBreak { name: String },
    /// An option of another grant.
    OfAnother {
        option: &'static str,
        of: GrantKind,
        /// What was asked for.
        grant: GrantKind,
    },
    /// There is no `--client-id`.
    NoClient {
        /// What was asked for.
        grant: GrantKind,
    },
    /// The client has neither a secret nor a key.
    NoProof { client_id: String },
    /// It has both.
    TwoProofs,
    /// Nothing says who may see the assertion.
    NoIssuer,
    /// A file is not what it should be.
    File {
        /// The option that names it.
        option: &'static str,
        path: String,
        /// What is wrong with it.
        problem: String,
    },
}

impl GrantError {
    /// The id that names the decision.
    pub fn id(&self) -> &'static str {
        match self {
            Self::WithoutUser { .. } | Self::NoBreak { .. } | Self::OfAnother { .. } => "configuration.grant",
            Self::NoClient { .. } => "configuration.client-id",
            Self::NoProof { .. } | Self::TwoProofs => "configuration.client-key",
            Self::NoIssuer => "configuration.client-issuer",
            Self::File { .. } => "configuration.file",
        }
    }

    /// What to do about it.
    pub fn fix(&self) -> &'static str {
        match self {
            Self::WithoutUser { .. } | Self::NoBreak { .. } => "Leave one of the two out.",
            Self::OfAnother { .. } => "Leave it out, or pass that --grant.",
            Self::NoClient { .. } => {
                "Pass --client-id ID. The tutorial's realm has mcp-demo-service, for client-credentials."
            }
            Self::NoProof { .. } => "Set CLIENT_SECRET and pass --client-issuer, or pass --client-key FILE.",
            Self::TwoProofs => "Unset CLIENT_SECRET, or leave --client-key out.",
            Self::NoIssuer => "Pass --client-issuer <issuer URL>. The MCP server must not choose who sees a password.",
            Self::File { option: "--client-key", .. } => {
                "Create a key with openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out FILE, or convert an older one with openssl \
                pkcs8 -topk8 -nocrypt -in OLD -out FILE."
            }
            Self::File { .. } => "Pass a file that contains only the JWT.",
        }
    }
}

impl std::fmt::Display for GrantError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::WithoutUser { option } => {
                write!(f, "{option} is about a user's sign-in or a new client. With --grant there is neither.")
            }
            Self::NoBreak { name } => {
                write!(f, "--break {name} needs a user who signs in for other tokens. With --grant there is no user.")
            }
            Self::OfAnother { option, of, grant } => {
                write!(f, "{option} belongs to --grant {of}, but this is --grant {grant}.")
            }
            Self::NoClient { grant } => write!(f, "--grant {grant} needs a client that was registered by hand."),
            Self::NoProof { client_id } => {
                write!(f, "--grant client-credentials needs a secret or a key of {client_id}, and there is neither.")
            }
            Self::TwoProofs => f.write_str(
                "CLIENT_SECRET is set and --client-key was passed, but a client authenticates in one way at a time.",
            ),
            Self::NoIssuer => {
                f.write_str("--grant was passed without the authorization server that may see the assertion.")
            }
            Self::File { option, path, problem } => write!(f, "The file of {option}, {path}, {problem}."),
        }
    }
}

impl std::error::Error for GrantError {}

impl From<GrantError> for Failure {
    fn from(error: GrantError) -> Self {
        Failure::new(error.id(), error.to_string(), error.fix()).caused_by(error)
    }
}
