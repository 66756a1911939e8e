//! The client's part, top to bottom: lessons 01 to 03, then the user signs in, and a code becomes
//! tokens.

use as_metadata::AuthorizationServerMetadata;
use as_metadata::client::{DiscoveredServer, resource};
use dynamic_client_registration::ClientInformation;
use dynamic_client_registration::client::{self, Registered};
use dynamic_client_registration::further::metadata_document::Published;
use dynamic_client_registration::further::options::Plan;
use dynamic_client_registration::redirect::LoopbackRedirect;
use protected_resource_discovery::Discovery;
use shared::http::{Http, Response};
use shared::{Failure, Reporter, Side, spec};

use crate::authorization_request::{AuthorizationParameters, AuthorizationRequest, build_request};
use crate::authorization_response::{self, AuthorizationResponse};
use crate::callback::Callback;
use crate::error::AuthorizationError;
use crate::further::explanation::{explain_request, explain_response, report_request};
use crate::further::{scope_advice, token_tables};
use crate::rules;
use crate::sabotage::Sabotage;
use crate::scopes::{self, Scopes};
use crate::token_request::{Decision, TokenEndpoint, TokenRequest, request_tokens};
use crate::token_response::{self, TokenResponse};
use crate::user_agent::{SignInOptions, UserAgent};

/// What the user's sign-in brought.
pub struct SignedIn {
    /// The authorization server.
    pub issuer: String,
    /// The client, by its name there.
    pub client_id: String,
    /// The MCP server, as its URL was given.
    pub resource: String,
    /// What was asked for.
    pub requested: Vec<String>,
    /// The tokens.
    pub tokens: TokenResponse,
    /// Where the tokens come from, for a refresh.
    pub endpoint: TokenEndpoint,
}

/// What lessons 01 to 03 brought, and who signs in: enough for a sign-in, and for a later one that
/// asks for more.
pub struct Ready {
    /// What lesson 01 found; `None` for a server that is its own authorization server.
    pub discovery: Option<Discovery>,
    /// What lesson 02 found.
    pub authorization_server: AuthorizationServerMetadata,
    /// What lesson 03 registered.
    pub client: ClientInformation,
    /// Where the browser brings its answers.
    pub redirect_uri: String,
    /// Who signs in.
    pub user_agent: UserAgent,
    /// The client's document, for as long as it has to be there.
    pub document: Option<Published>,
}

#[derive(Clone, Copy)]
pub struct SignIn<'a> {
    /// What is asked for.
    pub requested: &'a [String],
    /// The MCP server, as its URL was given.
    pub resource: &'a str,
    /// Who signs in, and how long that may take.
    pub options: &'a SignInOptions,
    /// What `--break` does to it.
    pub sabotage: Sabotage,
    /// Where a person is told to sign in, if elsewhere than the rest.
    pub announced: Option<&'a Reporter>,
}

/// From an MCP server's URL to tokens for it.
pub async fn run(
    http: &Http,
    server_url: &str,
    plan: &Plan,
    options: &SignInOptions,
    sabotage: Sabotage,
) -> Result<SignedIn, Failure> {
    let (ready, redirect) = get_ready(http, server_url, plan, options, sabotage.is_on()).await?;
    let requested = ready.choose_scopes(http, options).await;
    let resource = ready.resource(server_url).to_owned();
    let sign_in = SignIn { requested: &requested, resource: &resource, options, sabotage, announced: None };
    let (endpoint, tokens) = ready.sign_in(http, sign_in, redirect).await?;
    let (issuer, client_id) = (ready.authorization_server.issuer, ready.client.client_id);
    Ok(SignedIn { issuer, client_id, resource, requested, tokens, endpoint })
}

/// Lessons 01 to 03, and the choice of who signs in.
pub async fn get_ready(
    http: &Http,
    server_url: &str,
    plan: &Plan,
    options: &SignInOptions,
    needs_script: bool,
) -> Result<(Ready, LoopbackRedirect), Failure> {
    get_ready_after(http, server_url, None, plan, options, needs_script).await
}

/// The same after the MCP server's 401, if there was one: its challenge says where to begin.
pub async fn get_ready_after(
    http: &Http,
    server_url: &str,
    refusal: Option<&Response>,
    plan: &Plan,
    options: &SignInOptions,
    needs_script: bool,
) -> Result<(Ready, LoopbackRedirect), Failure> {
    options.check_login(plan)?;
    let found = plan.discover(http, server_url, refusal).await?;
    get_ready_at(http, server_url, found, plan, options, needs_script).await
}

/// The same, where lessons 01 and 02 are done.
pub async fn get_ready_at(
    http: &Http,
    server_url: &str,
    found: DiscoveredServer,
    plan: &Plan,
    options: &SignInOptions,
    needs_script: bool,
) -> Result<(Ready, LoopbackRedirect), Failure> {
    options.check_key(found.discovery.as_ref())?;
    // Before anything is registered at an authorization server that is not the user's.
    let issuer = found.authorization_server.issuer.as_str();
    let user_agent = UserAgent::choose(options, needs_script, plan.issuer.as_deref(), issuer).await?;
    let Registered { discovery, authorization_server, client, redirect, document } =
        client::register_at(http, server_url, found, plan).await?;
    let redirect_uri = redirect.uri.clone();
    Ok((Ready { discovery, authorization_server, client, redirect_uri, user_agent, document }, redirect))
}

impl Ready {
    /// What the parameter `resource` says of the MCP server at this URL.
    pub fn resource<'a>(&'a self, server_url: &'a str) -> &'a str {
        resource(self.discovery.as_ref(), server_url)
    }

    /// The scopes of a first sign-in.
    pub async fn choose_scopes(&self, http: &Http, options: &SignInOptions) -> Vec<String> {
        let reporter = http.reporter();
        reporter.stage("choose the scopes to request", &spec::MCP_SCOPE_ORDER).await;
        let listed = self.authorization_server.scopes_supported.as_deref().unwrap_or_default();
        let Scopes { values, source } = scopes::select(self.discovery.as_ref(), listed, options.offline_access);
        let shown = if values.is_empty() { "no scope".to_owned() } else { values.join(" ") };
        reporter.note(format!("{shown} – from {source}."));
        values
    }

    /// The user signs in and agrees; a code becomes tokens.
    pub async fn sign_in(
        &self,
        http: &Http,
        sign_in: SignIn<'_>,
        redirect: LoopbackRedirect,
    ) -> Result<(TokenEndpoint, TokenResponse), Failure> {
        let SignIn { requested, resource, options, sabotage, announced } = sign_in;
        let reporter = http.reporter();
        let redirect_uri = redirect.uri.clone();
        let endpoint = TokenEndpoint::new(&self.authorization_server, &self.client)?;

        reporter.stage("build the authorization request", &spec::RFC7636_4_1).await;
        let parameters = AuthorizationParameters {
            client_id: &self.client.client_id,
            redirect_uri: &redirect_uri,
            scopes: requested,
            resource,
            asks_again: options.deny,
        };
        let request = build_request(reporter, &self.authorization_server, parameters)?;
        let request = options.resource_parameter.authorization_request(reporter, request);
        let request = sabotage.authorization_request(request);
        explain_request(reporter, &request);
        let AuthorizationRequest { url, verifier, expected } = request;

        reporter.stage("send the user to the authorization server", &spec::RFC8252_7_3).await;
        let visit = Visit {
            user_agent: &self.user_agent,
            url: url.as_str(),
            expected: &expected,
            seconds: options.sign_in_timeout,
            announced: announced.unwrap_or(reporter),
        };
        let response = ask_user(http, visit, redirect).await?;

        reporter.stage("check who sent the response", &spec::RFC9207_2_4).await;
        authorization_response::check_issuer(reporter, &expected, &response)?;
        report_decision(http, &response, requested, self.authorization_server.scopes_supported.as_deref());
        let code = authorization_response::code(reporter, &response)?;

        reporter.stage("exchange the code for tokens", &spec::MCP_RESOURCE_BOTH).await;
        let request = TokenRequest::code(&code, &verifier, &redirect_uri, resource);
        let request = sabotage.token_request(options.resource_parameter.token_request(request));
        let tokens = request_tokens(http, &endpoint, &request, sabotage.decision(TAKES_CODE)).await?;
        sabotage.replay_code(http, &endpoint, &request).await?;

        reporter.stage("look at the tokens", &spec::RFC6749_7_1).await;
        token_response::check(reporter, &tokens, requested, resource, options.dpop)?;
        token_tables::show(reporter, &tokens);
        let scopes = tokens.scope.clone().unwrap_or_else(|| requested.join(" "));
        reporter.result(token_tables::summary(&tokens, &scopes));
        Ok((endpoint, tokens))
    }
}

const TAKES_CODE: Decision = Decision {
    rule: &rules::IDP_TAKES_CODE,
    expected: "the IdP accepts the code, its verifier and the resource",
    fix: "Run it again: a code works once and for a short time. If the error comes back, read the IdP's log.",
};

/// The user's way to the authorization server.
struct Visit<'a> {
    user_agent: &'a UserAgent,
    url: &'a str,
    expected: &'a authorization_response::Expected,
    /// Seconds to wait for the user.
    seconds: u64,
    /// Where a person is told to sign in.
    announced: &'a Reporter,
}

/// The user goes to the authorization server, and comes back with an answer.
async fn ask_user(http: &Http, visit: Visit<'_>, redirect: LoopbackRedirect) -> Result<AuthorizationResponse, Failure> {
    let Visit { user_agent, url, expected, seconds, announced } = visit;
    let reporter = http.reporter();
    let redirect_uri = redirect.uri.clone();
    reporter.note(format!("The client waits for one response at {redirect_uri}."));
    let callback = Callback::wait_for(redirect, expected.clone(), user_agent.is_scripted(), reporter.clone());
    report_request(reporter, url);
    user_agent.visit(http, announced, url, &redirect_uri).await.inspect_err(|failure| report_refusal(http, failure))?;
    let (seconds, person) = if user_agent.is_scripted() { (1, None) } else { (seconds, Some(announced)) };
    let response = callback.response(seconds, person).await?;
    // The redirect URI was good enough to be redirected to.
    reporter.on(Side::Idp).require(&rules::IDP_TAKES_REDIRECT_URI, true, TAKES_REDIRECT_URI, &redirect_uri)?;
    explain_response(reporter, &redirect_uri, &response);
    Ok(response)
}

/// What the authorization server thought of the request; its words are shown only now that it is
/// known to be the one that was asked.
fn report_decision(http: &Http, response: &AuthorizationResponse, requested: &[String], supported: Option<&[String]>) {
    let error = response.get("error").filter(|error| authorization_response::is_about_the_request(error));
    let got = error.map_or("it did".to_owned(), |error| {
        response.get("error_description").map_or(error.to_owned(), |text| format!("{error}: {text}"))
    });
    let idp = http.reporter().on(Side::Idp);
    let fix = match error {
        Some("invalid_scope") => scope_advice::refused(requested, supported),
        _ => "compare the request with what the IdP's metadata offers (lesson 02).".to_owned(),
    };
    idp.with_fix(fix).require(&rules::IDP_TAKES_REQUEST, error.is_none(), TAKES_REQUEST, got).ok();
}

const TAKES_REQUEST: &str = "the IdP accepts the request, including PKCE and scopes";
const TAKES_REDIRECT_URI: &str = "the IdP knows the redirect URI";

/// An IdP that shows an error page instead of its sign-in has decided something, too.
fn report_refusal(http: &Http, failure: &Failure) {
    let (rule, expected) = match failure.cause() {
        Some(AuthorizationError::Request { .. }) => (&rules::IDP_TAKES_REQUEST, TAKES_REQUEST),
        Some(AuthorizationError::RedirectUri { .. }) => (&rules::IDP_TAKES_REDIRECT_URI, TAKES_REDIRECT_URI),
        _ => return,
    };
    let idp = http.reporter().on(Side::Idp);
    idp.with_fix(failure.fix.as_str()).require(rule, false, expected, &failure.message).ok();
}
