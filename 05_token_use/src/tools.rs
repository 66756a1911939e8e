//! What a token has to allow for each tool. MCP leaves that to the server; scopes say what the user
//! let the client do, roles what the user may do at all. The layer in front of the tools
//! ([`crate::server`]) and the tools themselves ([`crate::further::sample_tools`]) decide by the
//! same table, so a tool that can be reached by another way is still not open.
//!
//! "Servers MUST account for scope hierarchies" (MCP 2026-07-28, Step-Up Authorization Flow): there
//! is none here, neither scope implies the other.

use crate::access_token::AccessToken;
use crate::refusal::{Checks, Refusal, RefusalKind};
use crate::rules;

/// What a tool needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// A valid token, whatever it allows.
    Token,
    /// The scope to read.
    Read,
    /// The scope to write.
    Write,
}

/// A server's tools, and what each needs.
pub type Table = &'static [(&'static str, Needs)];

/// The tools of this lesson's server.
pub const TOOLS: Table = &[
    ("get_user_profile", Needs::Token),
    ("get_weather", Needs::Read),
    ("list_files", Needs::Read),
    ("save_note", Needs::Write),
];

/// The role for reading in the tutorial's realm. It counts where a token has roles at all.
const READER: &str = "mcp-reader";
/// The role for writing, which counts likewise.
const WRITER: &str = "mcp-writer";

/// Which scopes and roles reading and writing take here.
#[derive(Clone, Debug)]
pub struct Permissions {
    tools: Table,
    read: Option<String>,
    write: Option<String>,
    open: bool,
}

impl Permissions {
    /// The first of the server's scopes is for reading, the last one for writing.
    pub fn of_scopes(tools: Table, scopes: &[String]) -> Self {
        Self { tools, read: scopes.first().cloned(), write: scopes.last().cloned(), open: false }
    }

    /// Everybody may do everything, with or without a token: what a server is like that has no
    /// authorization.
    pub fn open() -> Self {
        Self { open: true, ..Self::of_scopes(TOOLS, &[]) }
    }

    /// Whether this tool may be called with this token. A tool that is not in the table is refused
    /// where it is called.
    pub fn check(&self, checks: &Checks<'_>, tool: &str, token: &AccessToken) -> Result<(), Refusal> {
        let Some((_, needs)) = self.tools.iter().find(|(name, _)| *name == tool) else { return Ok(()) };
        let (scope, role) = match needs {
            Needs::Token => return Ok(()),
            Needs::Read => (self.read.as_deref(), READER),
            Needs::Write => (self.write.as_deref(), WRITER),
        };
        // "The request requires higher privileges than provided by the access token." (RFC 6750
        // §3.1)
        let granted = scope.is_none_or(|scope| token.scopes.iter().any(|own| own == scope));
        let expected = format_args!("{tool} needs the scope {}", scope.unwrap_or("(none)"));
        let seen = if token.scopes.is_empty() { "no scope".to_owned() } else { token.scopes.join(" ") };
        let kind = RefusalKind::InsufficientScope(scope.map(str::to_owned));
        checks.require(&rules::SCOPE, granted, expected, seen, kind)?;

        let Some(roles) = &token.roles else { return Ok(()) };
        let has_role = roles.iter().any(|own| own == role);
        let kind = RefusalKind::InsufficientScope(None);
        checks.require(&rules::ROLE, has_role, format_args!("{tool} needs the role {role}"), roles.join(" "), kind)
    }

    /// The same without a report, for a list and for the tools themselves. A tool that is not in
    /// the table is allowed to nobody.
    pub fn allows(&self, tool: &str, token: Option<&AccessToken>) -> bool {
        let is_known = self.tools.iter().any(|(name, _)| *name == tool);
        token.map_or(self.open, |token| is_known && self.check(&Checks::quiet(), tool, token).is_ok())
    }
}
