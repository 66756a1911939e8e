//! The audience lab: what decides about `aud` at an authorization server? Three sign-ins that
//! differ in scopes and in the authorization server, and their claims side by side. Nothing at the
//! authorization server is changed.

mod comparison;
mod mode;

use authorization_code::client::Ready;
use authorization_code::user_agent::SignInOptions;
use authorization_code::{AuthorizationError, token_response};
use clap::Args;
use dynamic_client_registration::further::options::{Plan, RegistrationOptions};
use dynamic_client_registration::way::Way;
use keycloak::{Defect, Idp, IdpChoice, IdpRequest, Lifetime, SERVERS};
use protected_resource_discovery::setup::Setup;
use serde_json::{Map, Value};
use shared::cli::OptionGroup;
use shared::http::Http;
use shared::{Failure, Side, spec};

use crate::client::Story;
use crate::error::AudienceError;
use crate::further::at_idp::{AtIdp, get_ready};
use crate::further::grant_options::issuer;
use crate::parties::LessonOptions;
use crate::{audience, rules};

pub use mode::Mode;

/// Options of the audience lab.
#[derive(Args, Clone, Debug)]
pub struct LabOptions {
    /// Another IdP for the audience lab, one that heeds resource (RFC 8707): its issuer URL
    #[arg(long, value_name = "ISSUER_URL", value_parser = issuer, global = true)]
    pub indicators: Option<String>,
}

impl LabOptions {
    /// These options, for the commands that use them.
    pub const GROUP: OptionGroup = OptionGroup::of::<Self>(Side::Client);

    /// The lab's second IdP: the one that was named, or, beside an embedded one inside this
    /// process, another one there.
    pub async fn find_second_idp(&self, idp: &Idp, servers: [&str; 2]) -> Result<Option<Idp>, Failure> {
        let named = self.indicators.clone().map(IdpChoice::Issuer);
        let request = match &named {
            Some(choice) => IdpRequest { choice, lifetime: Lifetime::Story, defect: None, servers: &[] },
            None if !idp.is_embedded() => return Ok(None),
            None => IdpRequest {
                choice: &IdpChoice::Embedded,
                lifetime: Lifetime::Beside,
                defect: Some(Defect::ResourceIndicators),
                servers: &servers,
            },
        };
        request.find().await.map(Some)
    }
}

/// The servers' options of which the lab makes use: the scopes that it asks for.
pub const SCOPE_OPTIONS: OptionGroup = OptionGroup::of::<ScopeOptions>(Side::Server);

/// Only the names count here: ServerOptions and AudienceOptions hold the values.
#[derive(Args)]
struct ScopeOptions {
    #[arg(long)]
    scopes: Option<String>,
    #[arg(long)]
    second_scopes: Option<String>,
}

/// Arguments of `-- lab`.
#[derive(Args)]
pub struct LabArguments {
    /// What is to bring the audience
    #[arg(value_enum)]
    mode: Option<Mode>,
    /// The server that the tokens are asked for
    #[arg(long, value_name = "URL", value_parser = resource, default_value = SERVERS[0])]
    resource: String,
    /// The server that the other scopes belong to
    #[arg(long, value_name = "URL", value_parser = resource, default_value = SERVERS[1])]
    second_resource: String,
}

/// "Its value MUST be an absolute URI … The URI MUST NOT include a fragment component." (RFC 8707
/// §2)
fn resource(text: &str) -> Result<String, String> {
    match url::Url::parse(text) {
        Ok(url) if url.fragment().is_none() => Ok(text.to_owned()),
        Ok(_) => Err("a URL without the part behind #".to_owned()),
        Err(_) => Err("a URL such as https://mcp.example.com/mcp".to_owned()),
    }
}

/// Runs `-- lab`: one mode or all of them, without any MCP server.
pub async fn run(setup: &Setup<'_>, options: &LessonOptions, arguments: &LabArguments) -> Result<(), Failure> {
    let LabArguments { mode, resource, second_resource } = arguments;
    let servers = [resource.as_str(), second_resource.as_str()];
    let AtIdp { idp, http, plan, ready } = AtIdp::find(setup, options, servers).await?;
    let modes = mode.as_ref().map_or(Mode::ALL, std::slice::from_ref);
    let uses_second = modes.contains(&Mode::ResourceIndicators);
    let second_idp = if uses_second { options.lab.find_second_idp(&idp, servers).await? } else { None };
    let second = match &second_idp {
        Some(second) => {
            let plan = plan_of_second(&plan);
            Some(get_ready(&http, second.issuer(), resource, None, &plan, &options.sign_in).await?)
        }
        None => None,
    };
    let lab = Lab {
        http: &http,
        sign_in: &options.sign_in,
        first: (resource, setup.server.scopes()),
        second: (second_resource, &options.audience.second_scopes.0),
    };
    lab.show(&ready, second.as_ref(), modes).await
}

/// All three modes, with the story's client and servers.
pub async fn show_in_story(story: &Story<'_>) -> Result<(), Failure> {
    let ready = &story.authorized.ready().await.ok_or(AudienceError::NotSignedIn)?;
    let (first, second) = (&story.parties.first, &story.parties.second);
    let second_ready = match &story.second_idp {
        Some(idp) => {
            let plan = plan_of_second(story.plan);
            let discovery = ready.discovery.clone();
            Some(get_ready(story.http, idp.issuer(), first, discovery, &plan, story.sign_in).await?)
        }
        None => None,
    };
    let [first_scope, second_scope] = story.scopes;
    let (first, second) = ((first.as_str(), first_scope), (second.as_str(), second_scope));
    let lab = Lab { http: story.http, sign_in: story.sign_in, first, second };
    lab.show(ready, second_ready.as_ref(), Mode::ALL).await
}

/// Whether the authorization server has refused a request of the sign-in.
pub fn is_refusal(failure: &Failure) -> bool {
    use AuthorizationError::{RedirectUri, Request, Token};
    matches!(failure.cause(), Some(Request { .. } | RedirectUri { .. } | Token { .. }))
}

/// The sign-ins that bring the lab's tokens, and the servers that these are for.
struct Lab<'a> {
    /// Shows what a person has to do.
    http: &'a Http,
    sign_in: &'a SignInOptions,
    /// The server that `resource` names, and scopes that bring its audience.
    first: (&'a str, &'a [String]),
    /// Another server, and scopes of its own.
    second: (&'a str, &'a [String]),
}

/// The result of one sign-in.
struct Sample {
    mode: Mode,
    claims: Option<Map<String, Value>>,
    /// Why there are no claims.
    instead: String,
}

impl Lab<'_> {
    /// Every mode that is asked for, then the claims side by side. `indicators` is a second
    /// authorization server, which honours `resource`; without it, the first one shows whether it
    /// does.
    async fn show(&self, ready: &Ready, indicators: Option<&Ready>, modes: &[Mode]) -> Result<(), Failure> {
        let reporter = self.http.reporter();
        let mut samples = Vec::new();
        for mode in modes {
            let at = indicators.filter(|_| *mode == Mode::ResourceIndicators).unwrap_or(ready);
            reporter.stage(format!("the audience lab: {}", mode.title()), &spec::MCP_AUDIENCE_BINDING).await;
            let sample = self.sample(at, *mode).await?;
            self.report(at, &sample, indicators.is_some());
            samples.push(sample);
        }
        if samples.len() > 1 {
            reporter.note(comparison::compared(&samples));
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
            // A refusal is a result, too; that no response came is not.
            Err(failure) if is_refusal(&failure) => Ok(Sample { mode, claims: None, instead: failure.message }),
            Err(failure) => Err(failure),
        }
    }

    fn report(&self, at: &Ready, sample: &Sample, is_second: bool) {
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
        // The first two modes show no fault of this IdP; whether it honours resource is
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
        let idp = reporter.on(Side::Idp);
        let is_bound = idp.recommend(&rules::IDP_BINDS, audiences == [self.first.0], expected, got);
        drop(expecting);
        if sample.mode == Mode::ResourceIndicators && !is_bound && !is_second {
            reporter.note(format!(
                "{} does not heed resource. To see one that does: a Keycloak with the feature resource-indicators, named with --indicators \
                 (FURTHER.md, The audience lab).",
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
            // The mode is explained only where the IdP behaved that way.
            Mode::ResourceIndicators if !is_bound => return,
            mode => mode.meaning(),
        });
    }
}

/// How a client registers at the lab's second authorization server, which knows nothing of those
/// that are known at the first.
pub fn plan_of_second(plan: &Plan) -> Plan {
    let options = RegistrationOptions { document_port: 0, client_issuer: None, ..plan.options.clone() };
    Plan {
        ways: vec![Way::Anonymous],
        static_client: None,
        hosted_document: None,
        issuer: None,
        options,
        ..plan.clone()
    }
}
