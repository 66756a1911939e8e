//! Whom a token is for, as far as it says, and whether it may be sent to an MCP server. Nothing is
//! sent in this lesson; the later ones ask here before each token that they send.
//!
//! An MCP server chooses the scopes that the client asks for, so it can ask for those of another
//! server. The user sees a page of an honest authorization server, and the token opens the other
//! server. Only the token itself says so, in `aud`.

use clap::Args;
use serde_json::Value;
use shared::cli::OptionGroup;
use shared::http::Request;
use shared::{Reporter, Secret, Side};
use url::Url;

use crate::error::AuthorizationError;
use crate::further::rules;
use crate::token_response::claims;

/// Options about where tokens are sent.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
pub struct Recipients {
    /// Accept this aud too as the MCP server's, for IdPs that do not write the server's URL (may be
    /// repeated)
    #[arg(long, value_name = "URI", global = true)]
    pub audience: Vec<String>,
    /// Send the token even if its aud names only other servers; the operator of this server can
    /// then use it there
    #[arg(long, global = true)]
    pub send_anyway: bool,
}

impl Recipients {
    /// These options, for the commands that use them.
    pub const GROUP: OptionGroup = OptionGroup::of::<Self>(Side::Client);
}

/// For whom a token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recipient {
    /// For the MCP server, maybe among others.
    Server,
    /// It does not say: it cannot be read, or has no `aud`.
    Unknown,
    /// For somebody with a name that is no URL: who that is, the authorization server knows.
    Named(Vec<String>),
    /// For servers with URLs, and this one is not among them.
    OtherServers(Vec<String>),
}

/// The decision: for whom is this token, seen from the MCP server at this URL?
///
/// Its names are its URL, its origin (`https://host`), and `also`. Names are compared to the letter
/// (RFC 7519 §4.1.3): a slash makes another one. An array with anything but strings in it names
/// nobody here, though a careless server may read it; so URLs count wherever they stand in it.
pub fn recipient(token: &Secret, server_url: &str, also: &[String]) -> Recipient {
    let Some(aud) = claims(token).and_then(|mut claims| claims.remove("aud")) else { return Recipient::Unknown };
    let own = own_names(server_url);
    let is_own = |aud: &Value| aud.as_str().is_some_and(|aud| own.iter().chain(also).any(|name| name == aud));
    let names_server = match &aud {
        Value::Array(several) => several.iter().all(Value::is_string) && several.iter().any(is_own),
        one => is_own(one),
    };
    if names_server {
        return Recipient::Server;
    }
    let named = strings(&aud);
    let urls: Vec<_> = named.iter().filter(|name| is_web_url(name)).cloned().collect();
    match (urls.is_empty(), named.is_empty()) {
        (false, _) => Recipient::OtherServers(urls),
        (true, false) => Recipient::Named(named),
        (true, true) => Recipient::Unknown,
    }
}

/// The server's URL as it was typed and as browsers write it, and its origin.
fn own_names(server_url: &str) -> Vec<String> {
    let parsed = Url::parse(server_url).ok().filter(|url| url.has_host());
    let written = parsed.map(|url| [url.origin().ascii_serialization(), url.into()]);
    written.into_iter().flatten().chain([server_url.to_owned()]).collect()
}

/// Every string in the value that says something.
fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => vec![text.clone()],
        Value::Array(several) => several.iter().flat_map(strings).collect(),
        Value::Object(members) => members.values().flat_map(strings).collect(),
        _ => Vec::new(),
    }
}

/// Whether somebody could take this for the URL of a server. URLs are read as generously as
/// browsers do: `HTTPS:\\host` is one.
fn is_web_url(name: &str) -> bool {
    let start = name.trim_start().to_ascii_lowercase();
    match Url::parse(name) {
        Ok(url) => ["http", "https"].contains(&url.scheme()),
        Err(_) => start.starts_with("http:") || start.starts_with("https:"),
    }
}

/// What has to be true before a token is sent to the MCP server at this URL. Whether it is for the
/// server was reported with the token response; here only what forbids to send it.
pub fn check(
    reporter: &Reporter,
    token: &Secret,
    server_url: &str,
    options: &Recipients,
) -> Result<(), AuthorizationError> {
    let Recipient::OtherServers(others) = recipient(token, server_url, &options.audience) else { return Ok(()) };
    let others = others.join(", ");
    let error = AuthorizationError::ForOtherServers { others: others.clone(), server_url: server_url.to_owned() };
    let expected = format!("a token sent to {server_url} is for that server");
    reporter.require(&rules::RECIPIENT, false, expected, format!("aud: {others}")).ok();
    if !options.send_anyway {
        return Err(error);
    }
    reporter.note(format!(
        "The client sends it because of --send-anyway. The operator of {server_url} can use it at {others}."
    ));
    Ok(())
}

/// The request with a token that is not for whoever gets it: what `--send-anyway` does, for
/// demonstrations of what happens then.
pub fn send_anyway(request: Request, token: &Secret) -> Request {
    request.bearer(token)
}

#[cfg(test)]
mod tests;
