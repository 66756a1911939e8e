//! The command line of this lesson, where it differs from those before.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;
use std::process::{Command, Output};

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use shared::testing::Run;

const LESSON: &str = env!("CARGO_BIN_EXE_06_audience_binding");

fn run(arguments: &[&str], home: &Path) -> Output {
    run_with(arguments, &[], home)
}

fn run_with(arguments: &[&str], variables: &[(&str, &str)], home: &Path) -> Output {
    Command::new(LESSON)
        .args(arguments)
        .envs(variables.iter().copied())
        .envs([("KEYCLOAK_URL", "http://localhost:1"), ("EMBEDDED_IDP_URL", "http://localhost:2")])
        .env("MCP_OAUTH_HOME", home)
        .env_remove("MCP_OAUTH_PASSPHRASE")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap()
}

#[test]
fn wrong_usage_ends_with_exit_code_2() {
    let home = shared::testing::private_folder();
    for (arguments, sentence) in [
        (&["lab", "everything"][..], "invalid value 'everything'"),
        (&["client", "--args", "{}"], "--call <NAME>"),
        (&["client", "--second-port", "1"], "--second-port is the MCP server's, which takes no part in this run"),
        (&["server", "--send-anyway"], "--send-anyway is the client's"),
        (&["lab", "--audience", "x"], "--audience would change nothing here"),
        (&["lab", "--port", "1"], "--port is the MCP server's"),
        (&["client", "--break", "passthrough"], "is done by the server, which takes no part in this run"),
        (&["lab", "--break", "passthrough"], "is done by the server, which takes no part in this run"),
        (&["client", "--break", "audience-slash"], "is done by the IdP, which takes no part in this run"),
        (&["server", "--break", "other-servers-token"], "is done by the client, which takes no part in this run"),
        (&["client", "--idp", "embedded"], "--idp is for the whole lesson and for the server"),
        (&["lab", "--indicators", "nonsense"], "an issuer URL such as https://idp.example"),
        (&["lab", "--resource", "nonsense"], "a URL such as https://mcp.example.com/mcp"),
        (&["lab", "--second-resource", "https://mcp.example.com/#a"], "a URL without the part behind #"),
        (&["matrix", "--resource", "https://mcp.example.com/mcp"], "unexpected argument '--resource'"),
        (&["--second-scopes", "a\"b"], "a scope cannot have the character '\"'"),
        (&["--grant", "client-credentials"], "unexpected argument '--grant'"),
        (&["client", "--grant", "magic"], "invalid value 'magic'"),
        (&["client", "--client-key", "k.pem"], "--grant <GRANT>"),
        (&["client", "--assertion", "a.jwt"], "--grant <GRANT>"),
        (&["client", "--company-idp", "https://idp.example"], "--grant <GRANT>"),
        (&["client", "--company-client-id", "x"], "--grant <GRANT>"),
        (&["client", "--id-token", "i.jwt"], "--grant <GRANT>"),
        (&["client", "--grant", "workload-identity"], "--assertion <FILE>"),
        (&["client", "--grant", "enterprise-managed"], "--company-idp <ISSUER_URL>"),
        (&["client", "--grant", "enterprise-managed"], "--company-client-id <ID>"),
        (&["client", "--grant", "enterprise-managed"], "--id-token <FILE>"),
        (&["client", "--grant", "enterprise-managed", "--company-idp", "nonsense"], "an issuer URL such as"),
        (&["client", "--grant", "client-credentials", "--probe-audience"], "cannot be used with"),
        (&["client", "--grant", "client-credentials", "--break", "passthrough"], "is done by the server"),
    ] {
        let output = run(arguments, home.path());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.contains(sentence), "{arguments:?}: {text}");
    }
}

#[test]
fn what_is_missing_gets_a_sentence() {
    let home = shared::testing::private_folder();
    for (arguments, id, sentence) in [
        (&["client", "--call", "x", "--args", "["][..], "tool.arguments", "not JSON"),
        (&["client", "--server-url", "http://localhost:3/mcp"], "http.unreachable", "cannot be reached"),
        (&["lab", "--indicators", "http://localhost:3/realms/x"], "idp.issuer", "nothing responds at"),
        (&["lab", "--break", "other-servers-token"], "configuration.break", "this command runs only a part"),
        (&["list-tools", "--break", "other-servers-token"], "configuration.break", "this command runs only a part"),
        (&["--require-dpop"], "configuration.dpop", "makes the servers refuse them"),
        (&["client", "--dpop", "--break", "other-servers-token"], "configuration.dpop", "requests bound tokens"),
        (&["logout"], "tokens.none", "No tokens are stored"),
    ] {
        let run = Run::of(&run(&[&["--json"], arguments].concat(), home.path()));
        assert!(!run.success, "{arguments:?}");
        let (seen, message, _) = run.error();
        assert_eq!(seen, id, "{arguments:?}: {message}");
        assert!(message.contains(sentence), "{arguments:?}: {message}");
    }
}

const ISSUER: [&str; 2] = ["--client-issuer", "http://localhost:3/realms/x"];
const SECRET: &[(&str, &str)] = &[("CLIENT_SECRET", "opensesame")];
/// Its payload is `{"sub":"x"}`.
const JWT: &str = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.amFn";

/// Files of every kind, good and bad.
fn files(folder: &Path) -> impl Fn(&str) -> String {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let inner = STANDARD.encode(pair.to_pkcs8v1().unwrap());
    let pem = |kind: &str| format!("-----BEGIN {kind}-----\n{inner}\n-----END {kind}-----\n");
    for (name, text) in [
        ("good.pem", pem("PRIVATE KEY")),
        ("older.pem", pem("EC PRIVATE KEY")),
        ("public.pem", pem("PUBLIC KEY")),
        ("good.jwt", format!("{JWT}\n")),
        ("four.jwt", format!("{JWT}.x")),
        ("bearer.jwt", format!("Bearer {JWT}")),
        ("text", "notreally a secret".to_owned()),
        ("empty", " \n".to_owned()),
        ("long", JWT.repeat(2000)),
    ] {
        std::fs::write(folder.join(name), text).unwrap();
    }
    std::fs::write(folder.join("binary"), [0xff, 0xfe, 0x00]).unwrap();
    let folder = folder.to_owned();
    move |name| folder.join(name).to_str().unwrap().to_owned()
}

/// One sentence, exit code 1, and nothing of what the files and the variables hold.
fn refused(arguments: &[&str], variables: &[(&str, &str)], home: &Path, id: &str, sentence: &str) {
    let output = run_with(&[&["--json"], arguments].concat(), variables, home);
    let printed = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {printed}");
    let (seen, message, _) = Run::of(&output).error();
    assert_eq!(seen, id, "{arguments:?}: {message}");
    assert!(message.contains(sentence), "{arguments:?}: {message}");
    for secret in ["opensesame", JWT, "eyJ", "MIG", "notreally"] {
        assert!(!printed.contains(secret), "{arguments:?} shows {secret}: {printed}");
    }
}

#[test]
fn options_that_make_no_grant_get_a_sentence() {
    let home = shared::testing::private_folder();
    let file = files(home.path());
    let (key, jwt) = (file("good.pem"), file("good.jwt"));
    let credentials = ["client", "--grant", "client-credentials"];
    let workload = ["client", "--grant", "workload-identity", "--assertion", &jwt];
    let company = ["--company-idp", "http://localhost:4/company", "--company-client-id", "c", "--id-token", &jwt];
    let enterprise = [&["client", "--grant", "enterprise-managed"], &company[..]].concat();
    let client = [&["--client-id", "me"], &ISSUER[..]].concat();
    let anybody = ["--client-id", "me"];
    let none = &[][..];
    for (arguments, variables, id, sentence) in [
        // Who the client is.
        (credentials.to_vec(), none, "configuration.client-id", "--grant client-credentials needs a client"),
        (workload.to_vec(), none, "configuration.client-id", "--grant workload-identity needs a client"),
        (enterprise.clone(), none, "configuration.client-id", "--grant enterprise-managed needs a client"),
        (credentials.to_vec(), SECRET, "configuration.client-id", "no --client-id says whose secret it is"),
        // That it is that one.
        ([&credentials[..], &client].concat(), none, "configuration.client-key", "needs a secret or a key of me"),
        ([&credentials[..], &client, &["--client-key", &key]].concat(), SECRET, "configuration.client-key", "one way"),
        // Who may see it.
        ([&credentials[..], &anybody].concat(), SECRET, "configuration.client-issuer", "CLIENT_SECRET is set"),
        ([&workload[..], &anybody].concat(), none, "configuration.client-issuer", "without the authorization server"),
        // What belongs to another grant.
        (
            [&credentials[..], &client, &["--assertion", &jwt]].concat(),
            none,
            "configuration.grant",
            "--assertion belongs",
        ),
        (
            [&credentials[..], &client, &company].concat(),
            none,
            "configuration.grant",
            "--company-idp belongs to --grant",
        ),
        (
            [&workload[..], &client, &["--client-key", &key]].concat(),
            none,
            "configuration.grant",
            "--client-key belongs",
        ),
        (
            [&enterprise[..], &client, &["--assertion", &jwt]].concat(),
            none,
            "configuration.grant",
            "--assertion belongs",
        ),
        // What belongs to a user, or to a new client.
        (
            [&credentials[..], &client, &["--login", "mcpuser:password123"]].concat(),
            none,
            "configuration.grant",
            "--login is about",
        ),
        (
            [&["--login", "mcpuser:password123"], &credentials[..], &client].concat(),
            none,
            "configuration.grant",
            "--login is about",
        ),
        ([&workload[..], &client, &["--browser"]].concat(), none, "configuration.grant", "--browser is about"),
        ([&workload[..], &client, &["--deny"]].concat(), none, "configuration.grant", "--deny is about"),
        (
            [&enterprise[..], &client, &["--offline-access"]].concat(),
            none,
            "configuration.grant",
            "--offline-access is",
        ),
        (
            [&credentials[..], &client, &["--register", "all"]].concat(),
            none,
            "configuration.grant",
            "--register is about",
        ),
        ([&credentials[..], &["--confidential"]].concat(), none, "configuration.grant", "--confidential is about"),
        (
            [&credentials[..], &client, &["--break", "other-servers-token"]].concat(),
            none,
            "configuration.grant",
            "--break other-servers-token needs a user",
        ),
        // Whoever is not there.
        (
            [&credentials[..], &anybody, &["--client-key", &key]].concat(),
            none,
            "http.unreachable",
            "http://localhost:3/mcp",
        ),
        ([&enterprise[..], &anybody].concat(), none, "http.unreachable", "http://localhost:4/"),
    ] {
        let at = ["--server-url", "http://localhost:3/mcp"];
        refused(&[&arguments[..], &at].concat(), variables, home.path(), id, sentence);
    }
}

#[test]
fn files_that_hold_something_else_get_a_sentence() {
    let home = shared::testing::private_folder();
    let file = files(home.path());
    let folder = home.path().to_str().unwrap();
    let client = [&["--client-id", "me"], &ISSUER[..]].concat();
    let company = ["--company-idp", "http://localhost:4/company", "--company-client-id", "c"];
    for (grant, option, more, bad) in [
        ("client-credentials", "--client-key", &[][..], ["older.pem", "public.pem", "good.jwt", "text"]),
        ("workload-identity", "--assertion", &[], ["four.jwt", "bearer.jwt", "good.pem", "text"]),
        ("enterprise-managed", "--id-token", &company, ["four.jwt", "bearer.jwt", "good.pem", "text"]),
    ] {
        let refused = |path: &str, sentence: &str| {
            let arguments = [&["client", "--grant", grant, option, path], more, &client].concat();
            let told = format!("The file of {option}, {path}, {sentence}");
            refused(&arguments, &[], home.path(), "configuration.file", &told);
        };
        refused(&file("nowhere"), "cannot be read (No such file");
        refused(folder, "cannot be read (");
        refused(&file("binary"), "cannot be read (");
        refused(&file("empty"), "is empty.");
        refused(&file("long"), "is longer than 64 KiB.");
        for name in bad {
            refused(&file(name), "has no ");
        }
    }
}

#[test]
fn a_plain_run_fits_on_a_few_screens_and_counts_its_marks() {
    shared::testing::assert_plain_run_fits(env!("CARGO_BIN_EXE_06_audience_binding"), 280);
}
