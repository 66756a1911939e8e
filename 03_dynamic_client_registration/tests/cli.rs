//! The command line of this lesson, where it differs from those before.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};
use shared::testing::{Run, any_ports, assert_events_hold};

const LESSON: &str = env!("CARGO_BIN_EXE_03_dynamic_client_registration");

fn command_at(arguments: &[&str], home: &Path) -> Command {
    let mut command = Command::new(LESSON);
    command
        .args(arguments)
        .env("MCP_OAUTH_HOME", home)
        .env_remove("MCP_OAUTH_PASSPHRASE")
        .env("KEYCLOAK_URL", "http://localhost:1")
        .env("EMBEDDED_IDP_URL", "http://localhost:2")
        .stdin(std::process::Stdio::null());
    command
}

fn run(arguments: &[&str], home: &Path) -> Output {
    command_at(arguments, home).output().unwrap()
}

fn error(arguments: &[&str], home: &Path) -> Value {
    let ports = any_ports(LESSON, arguments);
    let ports: Vec<_> = ports.iter().map(String::as_str).collect();
    let output = run(&[&["--json"], &ports[..], arguments].concat(), home);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let events = assert_events_hold(&String::from_utf8(output.stdout).unwrap());
    let errors: Vec<_> = events.iter().filter(|event| event["event"] == "error").collect();
    assert_eq!(errors.len(), 1, "{events:#?}");
    errors[0].clone()
}

#[test]
fn wrong_usage_ends_with_exit_code_2() {
    let home = shared::testing::private_folder();
    for (arguments, sentence) in [
        (&["clients"][..], "Usage: 03_dynamic_client_registration clients"),
        (&["clients", "update"], "--client-name <NAME>"),
        (&["--register", "somehow"], "invalid value 'somehow'"),
        (&["initial-access-token", "--count", "0"], "0 is not in 1..=1000"),
        (&["initial-access-token", "--expires", "soon"], "invalid value 'soon'"),
        (&["--document-host", "http://x/"], "a host name without port and path"),
        (&["client", "--idp", "embedded"], "--idp is for the whole lesson and for the server"),
        (&["client", "--port", "8010"], "--port is the MCP server's, which takes no part in this run"),
        (&["clients", "list", "--scopes", "a"], "--scopes is the MCP server's"),
        (&["--registration-hint", "client"], "--registration-hint is the MCP server's"),
        (&["clients", "list", "--idp", "embedded"], "--idp is for the whole lesson and for the server"),
        (&["reset"], "there is no terminal for the question whether to delete what is stored: add --yes"),
        (&["--json", "reset"], "add --yes"),
        (&["reset", "--yes", "--scopes", "a"], "--scopes is the MCP server's"),
        (&["server", "--break", "reused-iat"], "is done by the client, which takes no part in this run"),
    ] {
        let output = run(arguments, home.path());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.contains(sentence), "{arguments:?}: {text}");
    }
}

#[test]
fn a_redirect_uri_is_one_of_this_machine() {
    let home = shared::testing::private_folder();
    for (arguments, sentence) in [
        (&["--redirect-uri", "http://localhost:3118/cb", "--callback-port", "1"][..], "cannot be used with"),
        (&["--redirect-uri", "https://localhost:3118/cb"], "write http:"),
        (&["--redirect-uri", "http://app.example/cb"], "name this machine: localhost"),
        (&["--redirect-uri", "localhost:3118/cb"], "write a whole URL"),
        (&["--redirect-uri", "http://LOCALHOST:3118/cb"], "write it as browsers do: http://localhost:3118/cb"),
        (&["--redirect-uri", "http://localhost:3118/cb#x"], "a fragment is never allowed"),
        (&["server", "--redirect-uri", "http://localhost:3118/cb"], "which takes no part in this run"),
    ] {
        let output = run(arguments, home.path());
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {text}");
        assert!(text.contains(sentence), "{arguments:?}: {text}");
    }
    let good = ["--port", "0", "--document-port", "0", "--redirect-uri", "http://localhost:0/oauth/callback"];
    assert!(run(&good, home.path()).status.success());
}

#[test]
fn what_is_missing_gets_a_sentence() {
    let home = shared::testing::private_folder();
    for (arguments, id, sentence) in [
        (&["clients", "show"][..], "clients.which", "No client is kept in "),
        (&["enable-cimd"], "idp.lasting", "none is up"),
        (&["initial-access-token", "--idp", "embedded"], "idp.lasting", "no embedded one is up"),
        (&["--register", "preregistered"], "configuration.client-id", "needs a client that somebody registered"),
        (&["--client-id", "x", "--register", "anonymous"], "configuration.either", "--register asks for a new one"),
        (&["--client-issuer", "https://idp.example"], "credentials.issuer", "nothing is sent there"),
        (&["client", "--server-url", "http://localhost:1/mcp"], "http.unreachable", "cannot be reached"),
    ] {
        let error = error(arguments, home.path());
        assert_eq!(error["id"], id, "{arguments:?}");
        assert!(error["message"].as_str().unwrap().contains(sentence), "{arguments:?}: {error}");
        assert!(!error["fix"].as_str().unwrap().is_empty(), "{arguments:?}");
    }
    assert_eq!(error(&["enable-cimd", "--idp", "http://localhost:1/realms/x"], home.path())["id"], "idp.issuer");
}

#[test]
fn a_port_that_is_taken_gets_a_sentence() {
    let home = shared::testing::private_folder();
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let error = error(&["--callback-port", &port], home.path());
    assert!(error["message"].as_str().unwrap().contains(&format!("Port {port} is taken")), "{error}");
    assert!(error["fix"].as_str().unwrap().contains("--callback-port"), "{error}");
}

#[test]
fn a_store_that_cannot_be_read_is_left_alone() {
    let home = shared::testing::private_folder();
    let file = home.path().join("clients.json");
    std::fs::write(&file, "{\"version\": 99}").unwrap();
    let error = error(&["clients", "list"], home.path());
    assert_eq!(error["id"], "store.readable");
    assert_eq!(std::fs::read_to_string(file).unwrap(), "{\"version\": 99}");
}

fn plant(home: &Path, name: &str, text: &str) {
    std::fs::write(home.join(name), text).unwrap();
    std::fs::write(home.join(name).with_extension("lock"), "").unwrap();
}

#[test]
fn reset_deletes_what_is_stored_and_nothing_else() {
    let home = shared::testing::private_folder();
    let says = |arguments: &[&str]| {
        let output = run(arguments, home.path());
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(says(&["reset", "--yes"]).contains("Nothing is stored in "));
    std::fs::write(home.path().join("notes.txt"), "mine").unwrap();
    // Files that no command can read are deleted too.
    plant(home.path(), "clients.json", "{\"version\": 99}");
    plant(home.path(), "tokens.json", "mcp-oauth store, encrypted, version 1\n");
    assert_eq!(run(&["reset"], home.path()).status.code(), Some(2));
    assert!(home.path().join("clients.json").exists(), "no question, no deletion");
    let said = says(&["reset", "--yes"]);
    assert!(said.contains("Deleted from ") && said.contains("clients.json, tokens.json."), "{said}");
    assert!(!home.path().join("clients.json").exists() && !home.path().join("tokens.json").exists());
    assert!(home.path().join("notes.txt").exists());
    assert!(says(&["reset", "--yes"]).contains("Nothing is stored in "));
}

#[test]
fn a_store_is_encrypted_with_the_passphrase_of_the_environment() {
    let home = shared::testing::private_folder();
    let issuer = "https://idp.example/realms/x";
    let client = json!({
        "way": "anonymous",
        "registered_at": 1,
        "mcp_servers": ["http://localhost:8000/mcp"],
        "requested": {"client_name": "x"},
        "information": {"client_id": "id", "client_secret": "stored-secret"},
    });
    plant(home.path(), "clients.json", &json!({"version": 1, "clients": {issuer: client}}).to_string());
    let clients = |command: &[&str], passphrase: &str| {
        let mut run = command_at(&[&["--json", "clients"], command].concat(), home.path());
        Run::of(&run.env("MCP_OAUTH_PASSPHRASE", passphrase).output().unwrap())
    };
    let on_disk = || String::from_utf8_lossy(&std::fs::read(home.path().join("clients.json")).unwrap()).into_owned();
    let listed = clients(&["list"], "right");
    assert!(listed.success && listed.says(issuer), "{listed:#?}");
    assert!(on_disk().contains("stored-secret"), "a look changes nothing");
    let forgotten = clients(&["forget"], "right");
    assert!(forgotten.success && forgotten.says("is now encrypted with the passphrase."), "{forgotten:#?}");
    assert!(on_disk().starts_with("mcp-oauth store, encrypted") && !on_disk().contains("clients"));
    assert!(clients(&["list"], "right").says("No client is kept in "));
    for (passphrase, sentence) in
        [("", "is encrypted, and there is no passphrase."), ("wrong", "the passphrase is wrong")]
    {
        let refused = clients(&["list"], passphrase);
        let (id, message, fix) = refused.error();
        assert!(!refused.success && id == "kept.passphrase" && message.contains(sentence), "{message}");
        assert!(fix.contains("MCP_OAUTH_PASSPHRASE") && fix.contains("cargo reset"), "{fix}");
    }
}

/// Without `MCP_OAUTH_HOME`: the state directory, and a store of an earlier version.
#[test]
#[cfg(unix)]
fn the_store_is_in_the_users_state_directory() {
    use std::os::unix::fs::PermissionsExt;
    let place = shared::testing::private_folder();
    let (state, former) = (place.path().join("state"), place.path().join(".mcp-oauth"));
    std::fs::create_dir(&former).unwrap();
    plant(&former, "clients.json", r#"{"version": 1, "clients": {}}"#);
    let set_mode = |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    let list = || {
        let mut list = command_at(&["--json", "clients", "list"], Path::new(""));
        let list = list.env_remove("MCP_OAUTH_HOME").env("XDG_STATE_HOME", &state).current_dir(place.path());
        Run::of(&list.output().unwrap())
    };
    // As a repository brings it.
    set_mode(&former, 0o755);
    set_mode(&former.join("clients.json"), 0o600);
    let run = list();
    assert!(run.success && run.says(".mcp-oauth is not used: ") && run.says("its mode is 0755"), "{run:#?}");
    std::fs::remove_dir_all(&state).unwrap();
    // As an earlier version of this program left it.
    set_mode(&former, 0o700);
    let run = list();
    assert!(run.success && run.says("The store has moved from .mcp-oauth to "), "{run:#?}");
    let stored = state.join("mcp-oauth");
    assert!(stored.join("clients.json").exists() && !former.exists());
    assert_eq!(std::fs::metadata(&stored).unwrap().permissions().mode() & 0o777, 0o700);
    assert!(std::fs::read_to_string(stored.join(".gitignore")).unwrap().ends_with("*\n"));
    assert!(!list().says("mcp-oauth is not used") && !list().says("has moved"));
    // An open folder is refused with a sentence.
    set_mode(&stored, 0o755);
    let (id, message, fix) = list().error();
    assert!(id == "kept.folder" && message.contains("its mode is 0755") && fix.contains("chmod 700"), "{message}");
}

#[test]
fn an_idp_inside_the_process_leaves_nothing_behind() {
    let home = shared::testing::private_folder();
    for arguments in [&[][..], &["--register", "initial-access-token"], &["--register", "cimd"]] {
        let ports = ["--port", "0", "--callback-port", "0", "--document-port", "0"];
        assert!(run(&[&ports[..], arguments].concat(), home.path()).status.success(), "{arguments:?}");
    }
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
}

#[test]
fn a_plain_run_fits_on_a_few_screens_and_counts_its_marks() {
    shared::testing::assert_plain_run_fits(env!("CARGO_BIN_EXE_03_dynamic_client_registration"), 150);
}
