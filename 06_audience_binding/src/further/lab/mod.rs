//! The audience lab: what decides about `aud` at an authorization server? One sign-in without
//! scopes, then two that differ in nothing but `resource`; their claims side by side, and a
//! verdict. Nothing at the authorization server is changed.

mod comparison;
mod mode;
mod sample;
mod verdict;

use authorization_code::client::Ready;
use authorization_code::user_agent::SignInOptions;
use authorization_code::{AuthorizationError, token_response};
use clap::Args;
use dynamic_client_registration::further::options::{Plan, RegistrationOptions};
use dynamic_client_registration::way::Way;
use keycloak::{Defect, Idp, IdpChoice, IdpRequest, Lifetime, SERVERS};
use protected_resource_discovery::setup::Setup;
use shared::cli::OptionGroup;
use shared::http::Http;
use shared::{Failure, Side, spec};

use crate::client::Story;
use crate::error::AudienceError;
use crate::further::at_idp::{AtIdp, get_ready};
use crate::further::grant_options::issuer;
use crate::parties::LessonOptions;
use crate::{audience, rules};

use crate::further::lab::sample::{PAIR, Request, Sample};
use crate::further::lab::verdict::{Decides, Seen, decides};

pub use mode::Mode;

/// Options of the audience lab.
#[derive(Args, Clone, Debug)]
pub struct LabOptions {
    /// Another IdP for the audience lab, one that follows resource (RFC 8707): its issuer URL
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
    /// How the audience gets into the token
    #[arg(value_enum)]
    mode: Option<Mode>,
    /// The server that the tokens are requested for
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
    let second_idp = if modes.contains(&Mode::ResourceIndicators) {
        options.lab.find_second_idp(&idp, servers).await?
    } else {
        None
    };
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

/// Whether the authorization server has refused a request of the sign-in. One that is busy has
/// decided nothing.
pub fn is_refusal(failure: &Failure) -> bool {
    use AuthorizationError::{RedirectUri, Request, Token};
    match failure.cause() {
        Some(Token { got, .. }) => !["HTTP 503", "HTTP 429"].iter().any(|busy| got.starts_with(busy)),
        cause => matches!(cause, Some(Request { .. } | RedirectUri { .. })),
    }
}

/// The sign-ins that bring the lab's tokens, and the servers that these are for.
struct Lab<'a> {
    /// Shows what a person has to do.
    http: &'a Http,
    sign_in: &'a SignInOptions,
    /// A server, and scopes of its own.
    first: (&'a str, &'a [String]),
    /// Another server, and scopes of its own.
    second: (&'a str, &'a [String]),
}

impl Lab<'_> {
    /// Every mode that is asked for, then the claims side by side. `indicators` is a second
    /// authorization server, which honours `resource`. Without it, the first one has shown by then
    /// what it does with `resource`.
    async fn show(&self, ready: &Ready, indicators: Option<&Ready>, modes: &[Mode]) -> Result<(), Failure> {
        let reporter = self.http.reporter();
        let has_pair = modes.contains(&Mode::ScopeMapper);
        let mut samples: Vec<Sample> = Vec::new();
        for mode in modes {
            let (at, requests) = match (mode, indicators) {
                (Mode::NoMapper, _) => (ready, &[Request::NoScopeForA][..]),
                (Mode::ResourceIndicators, Some(second)) => (second, PAIR),
                (Mode::ResourceIndicators, None) if has_pair => continue,
                (Mode::ScopeMapper | Mode::ResourceIndicators, _) => (ready, PAIR),
            };
            let issuer = &at.authorization_server.issuer;
            let is_opaque = |sample: &Sample| sample.issuer == *issuer && matches!(sample.seen, Seen::Opaque);
            if samples.iter().any(is_opaque) {
                continue;
            }
            reporter.aside(format!("the audience lab: {}", mode.title()), &spec::MCP_AUDIENCE_BINDING).await;
            for request in requests {
                // What resource does not do here is counted, but where a second authorization
                // server shows it better.
                let counts =
                    *request == Request::BothScopesForB && (*mode == Mode::ResourceIndicators || indicators.is_none());
                samples.push(self.sample(at, *mode, *request, counts).await?);
                if samples.iter().any(is_opaque) {
                    break;
                }
            }
            if requests == PAIR || samples.iter().any(is_opaque) {
                let decided = self.decided(samples.iter().filter(|sample| sample.issuer == *issuer));
                reporter.note(format!("The verdict for {issuer}: {}", decided.sentence()));
            }
        }
        if samples.iter().all(|sample| matches!(sample.seen, Seen::Refused(_))) {
            return Err(AudienceError::NoSample.into());
        }
        if let Some(table) = comparison::table(&samples, [self.first.0, self.second.0]) {
            reporter.note(table);
        }
        if has_pair && indicators.is_none() {
            reporter.note("To compare this authorization server with another one, pass --indicators URL (FURTHER.md, The audience lab).");
        }
        Ok(())
    }

    fn decided<'s>(&self, samples: impl Iterator<Item = &'s Sample> + Clone) -> Decides {
        let seen = |request| samples.clone().find(|sample| sample.request == request).map(|sample| &sample.seen);
        let pair = [seen(Request::BothScopesForA), seen(Request::BothScopesForB)];
        decides(seen(Request::NoScopeForA), pair, [self.first.0, self.second.0])
    }

    /// One sign-in. That the authorization server binds its token to no server is a miss where it
    /// `counts`, and an observation elsewhere.
    async fn sample(&self, at: &Ready, mode: Mode, request: Request, counts: bool) -> Result<Sample, Failure> {
        let reporter = self.http.reporter();
        let (scopes, resource) = match request {
            Request::NoScopeForA => (Vec::new(), self.first.0),
            Request::BothScopesForA => ([self.first.1, self.second.1].concat(), self.first.0),
            Request::BothScopesForB => ([self.first.1, self.second.1].concat(), self.second.0),
        };
        let asked = if scopes.is_empty() { "no scope".to_owned() } else { format!("scope {}", scopes.join(" ")) };
        let issuer = at.authorization_server.issuer.clone();
        reporter.note(format!("The client requests at {issuer}: {asked}, resource {resource} (lesson 04, not shown)."));
        let seen = match at.tokens_for(self.http, self.sign_in, resource, &scopes).await {
            Ok(tokens) => token_response::claims(&tokens.access_token).map_or(Seen::Opaque, Seen::Claims),
            // A refusal is a result, too; that no response came is not.
            Err(failure) if is_refusal(&failure) => Seen::Refused(failure.message),
            Err(failure) => return Err(failure),
        };
        self.report(&issuer, &seen, resource, counts);
        Ok(Sample { issuer, mode, request, seen })
    }

    fn report(&self, issuer: &str, seen: &Seen, resource: &str, counts: bool) {
        let reporter = self.http.reporter();
        let claims = match seen {
            Seen::Claims(claims) => claims,
            Seen::Opaque => {
                reporter.note("Only the IdP can read this token, so the lab cannot see its audience.");
                return;
            }
            Seen::Refused(why) => {
                reporter.note(format!("The client received no token: {why}"));
                if why.contains("HTTP 500") && issuer.contains("/realms/") {
                    reporter.note("A Keycloak before 26.8 with the feature resource-indicators fails on a token without any aud (its issues 49077, \
                        49717).");
                }
                return;
            }
        };
        let audiences = token_response::audiences(claims);
        let why = "The lab tests whether resource decides aud.";
        let expecting = (!counts).then(|| reporter.demonstrating(Side::Idp, &rules::IDP_BINDS, why));
        let expected = format!("aud is {resource} and no other server");
        let got = token_response::named(&audiences);
        reporter.on(Side::Idp).recommend(&rules::IDP_BINDS, audiences == [resource], expected, got);
        drop(expecting);
        let verdict = |server: &str| {
            let takes = audience::is_meant(claims, &[server.to_owned()]);
            format!("{server} {}", if takes { "accepts it" } else { "refuses it" })
        };
        reporter.note(format!("By its aud: {}; {}.", verdict(self.first.0), verdict(self.second.0)));
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
