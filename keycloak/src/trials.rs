//! For tests: one scenario becomes two trials, `embedded` and `keycloak`.
//!
//! The trial `keycloak` runs where a Docker engine answers and the image is there or can be pulled;
//! elsewhere it is reported as ignored, with the reason. With the environment variable `CI` set, a
//! missing engine or image is a failure.

use std::process::ExitCode;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use shared::listen;
use shared::testing::ReservedPort;
use tokio::runtime::Runtime;

use crate::container::{Features, Keycloak, NotStarted};
use crate::{Embedded, Realm};

/// Runs `scenario` on both IdPs, and the other trials beside it. The scenario gets the issuer; it
/// may block.
pub fn run(scenario: fn(&str) -> Result<(), Failed>, others: Vec<Trial>) -> ExitCode {
    let arguments = Arguments::from_args();
    let mut trials = vec![
        Trial::test("embedded", move || on_embedded(scenario)),
        on_keycloak_with("keycloak", Features::Cimd, scenario),
    ];
    trials.extend(others);
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Two MCP servers of a scenario, on ports of their own: trials run side by side.
pub struct Servers {
    /// The ports.
    pub ports: [String; 2],
    /// The servers' URLs, by which the IdP knows them.
    pub urls: [String; 2],
    _reserved: [ReservedPort; 2],
}

impl Servers {
    fn choose() -> Self {
        let reserved = [ReservedPort::take(), ReservedPort::take()];
        let ports = reserved.each_ref().map(ReservedPort::to_string);
        let urls = ports.each_ref().map(|port| format!("http://localhost:{port}/mcp"));
        Self { ports, urls, _reserved: reserved }
    }
}

/// What a scenario with two MCP servers gets: the issuer, and the servers that it knows.
pub type ServersScenario = fn(&str, &Servers) -> Result<(), Failed>;

/// [`run`] for a scenario with two MCP servers.
pub fn run_for(scenario: ServersScenario, others: Vec<Trial>) -> ExitCode {
    let arguments = Arguments::from_args();
    let mut trials = vec![
        Trial::test("embedded", move || {
            let servers = Servers::choose();
            let urls: [&str; 2] = servers.urls.each_ref().map(String::as_str);
            on_embedded_for(&urls, |issuer| scenario(issuer, &servers))
        }),
        on_keycloak_for("keycloak", Features::Cimd, scenario),
    ];
    trials.extend(others);
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// A trial on a Keycloak with these features, whose realm knows the scenario's MCP servers.
pub fn on_keycloak_for(name: &str, features: Features, scenario: ServersScenario) -> Trial {
    Trial::ignorable_test(name, move || {
        let servers = Servers::choose();
        with_keycloak(features, move |keycloak, runtime| {
            runtime.block_on(keycloak.rename_resources(&servers.urls))?;
            scenario(keycloak.issuer(), &servers)
        })
    })
}

/// A trial on a Keycloak with other features than the lessons' own.
pub fn on_keycloak_with(name: &str, features: Features, scenario: fn(&str) -> Result<(), Failed>) -> Trial {
    Trial::ignorable_test(name, move || on_keycloak(features, scenario))
}

/// Runs `scenario` on an embedded IdP.
pub fn on_embedded(scenario: impl FnOnce(&str) -> Result<(), Failed>) -> Result<(), Failed> {
    on_embedded_for(&[], scenario)
}

/// The same, for MCP servers at these URLs.
pub fn on_embedded_for(resources: &[&str], scenario: impl FnOnce(&str) -> Result<(), Failed>) -> Result<(), Failed> {
    let runtime = Runtime::new()?;
    let _entered = runtime.enter();
    let embedded = runtime.block_on(async {
        let listener = listen::bind(0, "the embedded IdP", "").await?;
        Ok::<_, Failed>(Embedded::start(listener, Realm::shipped_for(resources)?))
    })?;
    scenario(embedded.issuer())
}

/// A trial that stops and starts its Keycloak.
pub fn on_keycloak_that_stops(name: &str, scenario: fn(&Keycloak, &Runtime) -> Result<(), Failed>) -> Trial {
    Trial::ignorable_test(name, move || with_keycloak(Features::Cimd, scenario))
}

fn on_keycloak(features: Features, scenario: fn(&str) -> Result<(), Failed>) -> Result<Completion, Failed> {
    with_keycloak(features, move |keycloak, _| scenario(keycloak.issuer()))
}

fn with_keycloak(
    features: Features,
    scenario: impl FnOnce(&Keycloak, &Runtime) -> Result<(), Failed>,
) -> Result<Completion, Failed> {
    let runtime = Runtime::new()?;
    let keycloak = match runtime.block_on(Keycloak::start(features)) {
        Ok(keycloak) => keycloak,
        Err(NotStarted::Impossible(reason)) if std::env::var_os("CI").is_none() => {
            return Ok(Completion::ignored_with(reason));
        }
        Err(NotStarted::Impossible(reason)) => {
            return Err(format!("CI is set, so Keycloak has to be tested, but {reason}. Run .ci/docker-engine and .ci/keycloak-image first.").into());
        }
        Err(NotStarted::Failed(reason)) => return Err(reason.into()),
    };
    // A scenario that panics must not leave its container behind.
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| scenario(&keycloak, &runtime)));
    runtime.block_on(keycloak.remove())?;
    match result {
        Ok(result) => result.map(|()| Completion::Completed),
        Err(panic) => std::panic::resume_unwind(panic),
    }
}
