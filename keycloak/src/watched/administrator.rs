//! What every command of an administrator must do, with the right password and without.

use std::process::{Command, Stdio};

use libtest_mimic::Failed;
use shared::listen;
use shared::testing::{private_folder, secrets};
use tokio::runtime::Runtime;

use super::Watch;
use crate::{Embedded, Realm};

/// A password that no administrator has.
const WRONG: &str = "not-the-password-of-anybody";

/// How the command ends at a realm that is not the tutorial's, with that realm's administrator in
/// the environment.
pub enum OtherRealm {
    Served,
    /// The error's identifier.
    Refused(&'static str),
}

struct Row<'a> {
    what: &'a str,
    issuer: &'a str,
    password: Option<&'a str>,
    /// The error's identifier; `None` where the command succeeds.
    error: Option<&'a str>,
}

/// Runs the command against embedded IdPs, as text with everything and as JSON. Where it succeeds
/// it prints `said`. Neither view has a password or a token.
pub fn command_is_safe(binary: &str, command: &[&str], said: &str, other: &OtherRealm) -> Result<(), Failed> {
    let runtime = Runtime::new()?;
    let _entered = runtime.enter();
    let watch = Watch::default();
    let serve = |name: &str| {
        let mut realm = Realm::shipped()?;
        name.clone_into(&mut realm.name);
        let listener = runtime.block_on(listen::bind(0, "the embedded IdP", ""))?;
        Ok::<_, Failed>(Embedded::watched(listener, realm, watch.clone()))
    };
    let (tutorial, company) = (serve("mcp-oauth")?, serve("company")?);
    let missing = tutorial.issuer().replace("mcp-oauth", "missing");
    let refused = |error: &'static str| match other {
        OtherRealm::Served => error,
        OtherRealm::Refused(error) => error,
    };
    let served = match other {
        OtherRealm::Served => None,
        OtherRealm::Refused(error) => Some(*error),
    };
    let row = |what, issuer, password, error| Row { what, issuer, password, error };
    let rows = [
        row("the tutorial's realm", tutorial.issuer(), None, None),
        row("the tutorial's realm, and a password for another", tutorial.issuer(), Some(WRONG), None),
        row("another realm", company.issuer(), Some("admin123"), served),
        row("a wrong password", company.issuer(), Some(WRONG), Some(refused("administration.sign-in"))),
        row("no password", company.issuer(), None, Some(refused("administration.credentials"))),
        row("no such realm", &missing, Some(WRONG), Some("idp.issuer")),
        row("nobody there", "http://localhost:1/realms/mcp-oauth", Some(WRONG), Some("idp.issuer")),
    ];
    let mut printed = vec![];
    for row in &rows {
        for view in [&["--full", "--curl"][..], &["--json"]] {
            printed.push((row.what, run(binary, &[view, command].concat(), row, said)?));
        }
    }
    let mut known: Vec<_> = watch.lock().map_err(|_| "the watch is broken")?.iter().cloned().collect();
    known.push(WRONG.to_owned());
    for (what, text) in printed {
        secrets::assert_hidden(&text, &known, what);
    }
    Ok(())
}

fn run(binary: &str, arguments: &[&str], row: &Row<'_>, said: &str) -> Result<String, Failed> {
    let home = private_folder();
    let mut command = Command::new(binary);
    command.args(arguments).args(["--idp", row.issuer]).env("MCP_OAUTH_HOME", home.path()).stdin(Stdio::null());
    command.env_remove("KEYCLOAK_ADMIN").env_remove("KEYCLOAK_ADMIN_PASSWORD");
    if let Some(password) = row.password {
        command.env("KEYCLOAK_ADMIN", "admin").env("KEYCLOAK_ADMIN_PASSWORD", password);
    }
    let output = command.output()?;
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    // The text has no identifiers, and says what to do.
    let expected = match row.error {
        Some(id) if arguments.contains(&"--json") => id,
        Some(_) => "What to do: ",
        None => said,
    };
    let code = i32::from(row.error.is_some());
    if output.status.code() != Some(code) || !text.contains(expected) {
        let what = row.what;
        return Err(format!("{what}: not {code} with {expected:?}, but {:?}: {text}", output.status.code()).into());
    }
    Ok(text)
}
