//! The audience lab: what decides about `aud` at an authorization server? Three sign-ins that
//! differ in scopes and in the authorization server, and their claims side by side. Nothing at the
//! authorization server is changed.

use as_metadata::client::DiscoveredServer;
use as_metadata::find;
use as_metadata::requirements::Needs;
use authorization_code::client::{Ready, get_ready_at};
use authorization_code::token_response;
use authorization_code::user_agent::SignInOptions;
use clap::ValueEnum;
use dynamic_client_registration::further::administration::is_tutorial;
use dynamic_client_registration::further::options::{Plan, RegistrationOptions};
use dynamic_client_registration::way::Way;
use protected_resource_discovery::Discovery;
use serde_json::{Map, Value};
use shared::http::Http;
use shared::{Failure, Reporter, Side, spec};

use crate::{audience, rules};

/// What brings the audience.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// Nothing does: no scope with an audience mapper is asked for
    NoMapper,
    /// The scopes: each of the two that are asked for has an audience mapper
    ScopeMapper,
    /// The parameter resource, at an IdP that heeds it (RFC 8707)
    ResourceIndicators,
}

impl Mode {
    /// All three.
    pub const ALL: &[Mode] = &[Mode::NoMapper, Mode::ScopeMapper, Mode::ResourceIndicators];

    fn title(self) -> &'static str {
        match self {
            Mode::NoMapper => "no mapper",
            Mode::ScopeMapper => "a mapper in each scope",
            Mode::ResourceIndicators => "resource indicators",
        }
    }

    /// What it means where people depend on it.
    fn meaning(self) -> &'static str {
        match self {
            Mode::NoMapper => {
                "In a real deployment: what comes out of a Keycloak before somebody gives its scopes audiences (or aud is account, where clients have full \
                 scope: -- matrix shows one). A server that checks aud refuses every such token, and the tempting way out is to drop the check. Give \
                 each MCP server's scopes an audience mapper instead."
            }
            Mode::ScopeMapper => {
                "In a real deployment: works with any Keycloak. The scopes decide, whatever resource says, so scopes of two servers in one request make a \
                 token that each of them can use at the other. Give each server scopes of its own, and have clients ask for one server at a time."
            }
            Mode::ResourceIndicators => {
                "In a real deployment: what MCP clients are built for. They send resource with every request, and the token is for that server alone, \
                 whatever scopes are in it. In Keycloak the feature is experimental (26.7.3 answers HTTP 500 where no mapper brings an aud); it narrows what \
                 mappers bring, and adds nothing."
            }
        }
    }
}

/// Where the lab's tokens come from, and whom they are for.
pub struct Lab<'a> {
    /// Tells what a person has to do.
    pub http: &'a Http,
    /// Who signs in.
    pub sign_in: &'a SignInOptions,
    /// The server that `resource` names, and scopes that bring its audience.
    pub first: (&'a str, &'a [String]),
    /// Another server, and scopes of its own.
    pub second: (&'a str, &'a [String]),
}

/// What one sign-in brought.
struct Sample {
    mode: Mode,
    claims: Option<Map<String, Value>>,
    /// Why there are no claims.
    instead: String,
}

impl Lab<'_> {
    /// Every mode that is asked for, then the claims side by side. `indicators` is a second
    /// authorization server, which heeds `resource`; without it, the first one shows whether it
    /// does.
    pub async fn tell(&self, ready: &Ready, indicators: Option<&Ready>, modes: &[Mode]) -> Result<(), Failure> {
        let reporter = self.http.reporter();
        let mut samples = Vec::new();
        for mode in modes {
            let at = indicators.filter(|_| *mode == Mode::ResourceIndicators).unwrap_or(ready);
            reporter.stage(format!("the audience lab: {}", mode.title()), &spec::MCP_AUDIENCE_BINDING).await;
            let sample = self.sample(at, *mode).await?;
            self.tell_sample(at, &sample, indicators.is_some());
            samples.push(sample);
        }
        if samples.len() > 1 {
            reporter.note(compared(&samples));
            reporter.note(self.verdict(&samples));
        }
        Ok(())
    }

    /// In one sentence: who decides.
    fn verdict(&self, samples: &[Sample]) -> String {
        let audiences = |mode: Mode| {
            let claims = samples.iter().find(|sample| sample.mode == mode).and_then(|sample| sample.claims.as_ref());
            claims.map(token_response::audiences).unwrap_or_default()
        };
        let (first, second) = (self.first.0, self.second.0);
        let (by_scope, by_resource) = (audiences(Mode::ScopeMapper), audiences(Mode::ResourceIndicators));
        let scopes = match (by_scope.contains(&first), by_scope.contains(&second)) {
            (true, true) => "the scopes bring both servers",
            (true, false) => "the token is for the server that was asked for",
            (false, true) => "the scopes bring only the other server",
            (false, false) => "nothing brings either server",
        };
        let resource = match by_resource.as_slice() {
            [one] if *one == first => "with the third sign-in resource leaves the one that was asked for",
            _ => "and resource changes nothing",
        };
        format!("The verdict: {scopes}; {resource}.")
    }

    fn scopes(&self, mode: Mode) -> Vec<String> {
        match mode {
            Mode::NoMapper => Vec::new(),
            Mode::ScopeMapper | Mode::ResourceIndicators => [self.first.1, self.second.1].concat(),
        }
    }

    async fn sample(&self, at: &Ready, mode: Mode) -> Result<Sample, Failure> {
        let reporter = self.http.reporter();
        let scopes = self.scopes(mode);
        let asked = if scopes.is_empty() { "no scope".to_owned() } else { format!("scope {}", scopes.join(" ")) };
        let issuer = &at.authorization_server.issuer;
        reporter.note(format!("Asked of {issuer}: {asked}, resource {} (lesson 04, not shown).", self.first.0));
        match at.tokens_for(self.http, self.sign_in, self.first.0, &scopes).await {
            Ok(tokens) => {
                let claims = token_response::claims(&tokens.access_token);
                Ok(Sample { mode, claims, instead: "a token that only the IdP can read".to_owned() })
            }
            // An answer is a result, too; that there is none is not.
            Err(failure) if failure.id.starts_with("idp.") => {
                Ok(Sample { mode, claims: None, instead: failure.message })
            }
            Err(failure) => Err(failure),
        }
    }

    fn tell_sample(&self, at: &Ready, sample: &Sample, is_second: bool) {
        let reporter = self.http.reporter();
        let Some(claims) = &sample.claims else {
            reporter.note(format!("There is no token to look at: {}", sample.instead));
            if sample.mode == Mode::NoMapper && sample.instead.contains("HTTP 500") {
                reporter.note("A Keycloak before 26.8 with the feature resource-indicators falls over a token without any aud (its issues 49077, 49717).");
            }
            reporter.note(sample.mode.meaning());
            return;
        };
        let audiences = token_response::audiences(claims);
        // What the first two modes show is no fault of this IdP's; whether it heeds resource is
        // what the third one finds out.
        let why = match sample.mode {
            Mode::NoMapper => Some("That is what this mode shows: nothing in the request brings an audience."),
            Mode::ScopeMapper => {
                Some("That is what this mode shows: each scope brings its own server, and resource is not heeded.")
            }
            Mode::ResourceIndicators => None,
        };
        let expecting = why.map(|why| reporter.expecting(Side::Idp, &rules::IDP_BINDS, why));
        let expected = format!("aud is {} and nobody else", self.first.0);
        let got = token_response::named(&audiences);
        let is_bound = reporter.on(Side::Idp).check(&rules::IDP_BINDS, audiences == [self.first.0], expected, got);
        drop(expecting);
        if sample.mode == Mode::ResourceIndicators && !is_bound && !is_second {
            reporter.note(format!(
                "{} does not heed resource. To see one that does: a Keycloak with the feature resource-indicators, named with --indicators \
                 (README, The audience lab).",
                at.authorization_server.issuer
            ));
        }
        let verdict = |server: &str| {
            let takes = audience::is_meant(claims, &[server.to_owned()]);
            format!("{server} {}", if takes { "takes it" } else { "refuses it" })
        };
        reporter.note(format!("By its aud: {}; {}.", verdict(self.first.0), verdict(self.second.0)));
        reporter.note(match sample.mode {
            Mode::ScopeMapper if is_bound => {
                "This IdP heeds resource: of the two audiences that the scopes bring it has left the one that was asked for. That is the third mode already."
            }
            // What it would mean, where it were so.
            Mode::ResourceIndicators if !is_bound => return,
            mode => mode.meaning(),
        });
    }
}

/// Claims that every token, or every authorization server, has to itself.
const UNIQUE: [&str; 9] = ["exp", "iat", "auth_time", "jti", "sid", "sub", "iss", "azp", "client_id"];

/// What differs, and the names of what does not.
fn compared(samples: &[Sample]) -> String {
    let mut names: Vec<&str> = vec!["aud", "scope"];
    for name in samples.iter().filter_map(|sample| sample.claims.as_ref()).flat_map(Map::keys) {
        if !names.contains(&name.as_str()) && !UNIQUE.contains(&name.as_str()) {
            names.push(name);
        }
    }
    let shown = |sample: &Sample, name: &str| match &sample.claims {
        Some(claims) => claims.get(name).map_or("absent".to_owned(), audience::shown),
        None => "(no token)".to_owned(),
    };
    let (same, different): (Vec<_>, Vec<_>) = names.into_iter().partition(|name| {
        let mut values = samples.iter().filter(|sample| sample.claims.is_some()).map(|sample| shown(sample, name));
        let first = values.next();
        values.all(|value| Some(value) == first)
    });
    let mut lines = vec!["The claims, side by side:".to_owned()];
    for name in different {
        lines.push(format!("  {name}"));
        lines.extend(samples.iter().map(|sample| format!("    {:<22}  {}", sample.mode.title(), shown(sample, name))));
    }
    let same = if same.is_empty() { "nothing".to_owned() } else { same.join(", ") };
    lines.push(format!("The same in all: {same}. Each token's own: exp, jti, azp and the like."));
    lines.join("\n")
}

/// How a client registers at the lab's second authorization server, which knows nothing of those
/// that are known at the first.
pub fn plan_of_second(plan: &Plan) -> Plan {
    let options = RegistrationOptions { document_port: 0, ..plan.options.clone() };
    Plan { ways: vec![Way::Anonymous], static_client: None, hosted_document: None, options, ..plan.clone() }
}

/// A client at an authorization server that no MCP server has named: lessons 02 and 03, not shown.
pub async fn ready_at(
    http: &Http,
    issuer: &str,
    server_url: &str,
    discovery: Option<Discovery>,
    plan: &Plan,
    options: &SignInOptions,
) -> Result<Ready, Failure> {
    let silent = http.clone().telling(Reporter::silent());
    let authorization_server = find::find(&silent, issuer, Needs::AuthorizationCode).await?;
    let found = DiscoveredServer { discovery, authorization_server };
    // Three sign-ins: no person wants to make them where the demo user can, unless they ask for it
    // (--browser).
    let needs_script = is_tutorial(issuer);
    Ok(get_ready_at(&silent, server_url, found, plan, options, needs_script).await?.0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sample(mode: Mode, claims: Option<Value>) -> Sample {
        let claims = claims.and_then(|claims| claims.as_object().cloned());
        Sample { mode, claims, instead: String::new() }
    }

    #[test]
    fn what_differs_stands_side_by_side() {
        let samples = [
            sample(Mode::NoMapper, Some(json!({"scope": "", "typ": "c", "jti": "1"}))),
            sample(Mode::ScopeMapper, Some(json!({"aud": ["A", "B"], "scope": "a b", "typ": "c", "jti": "2"}))),
            sample(Mode::ResourceIndicators, None),
        ];
        let told = compared(&samples);
        let lines: Vec<_> = told.lines().collect();
        assert_eq!(
            lines[1..5],
            [
                "  aud",
                "    no mapper               absent",
                "    a mapper in each scope  [\"A\",\"B\"]",
                "    resource indicators     (no token)",
            ]
        );
        assert!(told.ends_with("The same in all: typ. Each token's own: exp, jti, azp and the like."), "{told}");
    }
}
