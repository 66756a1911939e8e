//! For tests: an embedded IdP whose secrets are known to the test, because it reads what is on the
//! wire; and the search for them in all that a lesson prints.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use libtest_mimic::Failed;
use serde_json::Value;
use shared::listen;
use shared::testing::{any_ports, private_folder, secrets};
use tokio::runtime::Runtime;
use url::form_urlencoded;

use crate::{Embedded, Realm};

pub mod administrator;

/// The secrets that were seen.
pub type Watch = Arc<Mutex<BTreeSet<String>>>;

/// The names of what nobody may read.
const NAMES: [&str; 12] = [
    "access_token",
    "refresh_token",
    "id_token",
    "code",
    "code_verifier",
    "client_secret",
    "client_assertion",
    "subject_token",
    "registration_access_token",
    "password",
    "session_code",
    "token",
];
const MOST: usize = 1024 * 1024;

/// Passes a request on, and takes down the secrets in it and in its response.
pub async fn show(State(watch): State<Watch>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, MOST).await else { return StatusCode::PAYLOAD_TOO_LARGE.into_response() };
    take_down(&watch, &parts.headers, parts.uri.query().unwrap_or_default(), &bytes);
    let response = next.run(Request::from_parts(parts, Body::from(bytes))).await;
    let (parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, MOST).await else { return StatusCode::BAD_GATEWAY.into_response() };
    let location = parts.headers.get(header::LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    take_down(&watch, &parts.headers, location.split_once('?').map_or("", |(_, query)| query), &bytes);
    Response::from_parts(parts, Body::from(bytes))
}

fn take_down(watch: &Watch, headers: &HeaderMap, query: &str, body: &[u8]) {
    let mut seen = watch.lock().unwrap_or_else(PoisonError::into_inner);
    let mut add = |value: &str| {
        if value.len() >= 8 {
            seen.insert(value.to_owned());
        }
    };
    for name in [header::AUTHORIZATION, header::COOKIE, header::SET_COOKIE] {
        for value in headers.get_all(&name).iter().filter_map(|value| value.to_str().ok()) {
            match value.split_once(if name == header::AUTHORIZATION { ' ' } else { '=' }) {
                Some((_, value)) => add(value.split(';').next().unwrap_or_default()),
                None => add(value),
            }
        }
    }
    for (name, value) in form_urlencoded::parse(query.as_bytes()).chain(form_urlencoded::parse(body)) {
        if NAMES.contains(&&*name) {
            add(&value);
        }
    }
    if let Ok(Value::Object(members)) = serde_json::from_slice::<Value>(body) {
        members
            .iter()
            .filter(|(name, _)| NAMES.contains(&name.as_str()))
            .filter_map(|(_, value)| value.as_str())
            .for_each(add);
    }
}

/// Runs the lesson with each of these arguments, as text with everything and as JSON, each with a
/// report: nothing that it prints or writes has a secret of the IdP. `fewest` are the secrets that
/// the runs have at least.
pub fn no_secret_is_printed(binary: &str, runs: &[&[&str]], fewest: usize) -> Result<(), Failed> {
    let runtime = Runtime::new()?;
    let _entered = runtime.enter();
    let watch = Watch::default();
    let embedded = runtime.block_on(async {
        let listener = listen::bind(0, "the embedded IdP", "").await?;
        Ok::<_, Failed>(Embedded::watched(listener, Realm::shipped()?, watch.clone()))
    })?;
    let (home, reports) = (private_folder(), private_folder());
    let mut printed = vec![];
    for arguments in runs {
        for (view, report) in [(&["--full", "--curl"][..], "report.html"), (&["--json"], "report.md")] {
            let arguments = [arguments, view, &["--idp", embedded.issuer()]].concat();
            let mut command = Command::new(binary);
            command
                .args(&arguments)
                .args(any_ports(binary, &arguments))
                .arg("--report")
                .arg(reports.path().join(report))
                .env("MCP_OAUTH_HOME", home.path())
                .stdin(Stdio::null());
            let output = command.output()?;
            let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
            if text.len() < 500 {
                return Err(format!("{arguments:?} printed little: {text}").into());
            }
            let written = std::fs::read_to_string(reports.path().join(report))?;
            printed.push((arguments.join(" "), text + &written));
        }
    }
    let secrets: Vec<_> = watch.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect();
    if secrets.len() < fewest {
        return Err(format!("only {} secrets were seen: {secrets:?}", secrets.len()).into());
    }
    for (what, text) in printed {
        secrets::assert_hidden(&text, &secrets, &what);
    }
    Ok(())
}
