//! The confused deputy, shown: an attacker registers with a proxy, and sends a link to a user who
//! is signed in. A proxy that trusts the authorization server to ask hands over a code that nobody
//! agreed to.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use authorization_code::client::Ready;
use authorization_code::further::scripted_browser::ScriptedBrowser;
use authorization_code::user_agent::{Login, UserAgent};
use axum::Router;
use axum::response::Html;
use axum::routing::get;
use dynamic_client_registration::further::administration;
use keycloak::SERVERS;
use protected_resource_discovery::setup::Setup;
use serde_json::{Value, json};
use shared::http::{Http, Request};
use shared::listen::{self, Serving};
use shared::{Failure, Reporter, Side, spec};
use url::{Url, form_urlencoded};

use crate::further::at_idp::AtIdp;
use crate::further::proxy::{self, Proxy, Remembered};
use crate::further::rules;
use crate::parties::LessonOptions;

/// What the proxy is at the tutorial's realm: a client for which that realm does not ask the user.
const STATIC_CLIENT: &str = "mcp-demo-client";

/// Runs `-- confused-deputy`, without any MCP server.
pub async fn run(setup: &Setup<'_>, options: &LessonOptions) -> Result<(), Failure> {
    let AtIdp { idp: _idp, http, ready, .. } = AtIdp::find(setup, options, SERVERS).await?;
    show(&http, &ready, SERVERS[0], &options.scopes()[0].join(" ")).await
}

/// Shows both proxies; at another IdP than the tutorial's, it says why not.
pub async fn show(http: &Http, ready: &Ready, resource: &str, scope: &str) -> Result<(), Failure> {
    let reporter = http.reporter();
    let issuer = &ready.authorization_server.issuer;
    let endpoint = ready.authorization_server.authorization_endpoint.clone();
    let Some(endpoint) = endpoint.filter(|_| administration::is_tutorial(issuer)) else {
        reporter.note(format!("confused-deputy is left out: it needs the tutorial's client {STATIC_CLIENT}, but {issuer} is another realm."));
        return Ok(());
    };
    // The user's part is a script's here in any case: it is about what a browser does by itself.
    let login = match &ready.user_agent {
        UserAgent::Scripted { login, .. } => login.clone(),
        UserAgent::Browser { .. } => Login::of_demo_user(),
    };
    for asks in [false, true] {
        let title = if asks {
            "the same proxy, which asks the user for each of its clients"
        } else {
            "an OAuth proxy that does not ask (the confused deputy)"
        };
        reporter.aside(title, &spec::MCP_CONFUSED_DEPUTY).await;
        let demonstration = Demonstration::start(http, &endpoint, resource, scope, asks).await?;
        demonstration.attack(&login, asks).await?;
    }
    Ok(())
}

struct Demonstration<'a> {
    http: &'a Http,
    endpoint: String,
    proxy_url: String,
    landing: String,
    _serving: [Serving; 2],
}

impl<'a> Demonstration<'a> {
    async fn start(http: &'a Http, endpoint: &str, resource: &str, scope: &str, asks: bool) -> Result<Self, Failure> {
        let listener = listen::bind(0, "the proxy", "").await?;
        let landing_listener = listen::bind(0, "the clients", "").await?;
        let proxy_url = format!("http://127.0.0.1:{}", listen::port(&listener));
        let landing = format!("http://127.0.0.1:{}", listen::port(&landing_listener));
        let proxy = Proxy {
            url: proxy_url.clone(),
            authorization_endpoint: endpoint.to_owned(),
            client_id: STATIC_CLIENT.to_owned(),
            scope: scope.to_owned(),
            resource: resource.to_owned(),
            asks,
            state: Mutex::new(Remembered::default()),
        };
        let page = || async { Html("<title>Back at the client</title>") };
        let clients = Router::new().route("/honest", get(page)).route("/attacker", get(page));
        let _serving = [listen::serve(listener, proxy::app(Arc::new(proxy))), listen::serve(landing_listener, clients)];
        Ok(Self { http, endpoint: endpoint.to_owned(), proxy_url, landing, _serving })
    }

    async fn attack(&self, login: &Login, asks: bool) -> Result<(), Failure> {
        let reporter = self.http.reporter();
        let mut browser = ScriptedBrowser::new(reporter, self.http.reach(), &self.endpoint)?;
        let honest = self.register("Weather Desk", "honest").await?;
        reporter.note("The user signs in through the proxy, for an honest client:");
        self.visit(&mut browser, &honest, "honest", login, false).await?;

        let attacker = self.register("Free Umbrellas", "attacker").await?;
        reporter.note("Days later, in the same browser, the user clicks on a link from the attacker:");
        // A user who is asked says no.
        let response = self.visit(&mut browser, &attacker, "attacker", login, true).await?;
        let has_code = response.contains_key("code");
        let server = reporter.on(Side::Server);
        let why = "The IdP asked the user once, for the proxy. It cannot know that this code is for another client of the proxy.";
        let _expecting = (!asks).then(|| reporter.demonstrating(Side::Server, &rules::PROXY_ASKS, why));
        let expected = "the proxy asks the user before another of its clients gets a code";
        let got = match (has_code, response.get("error")) {
            (true, _) => "the user was not asked, and the attacker has a code for this user".to_owned(),
            (false, Some(error)) => format!("the user said no: the attacker has {error}"),
            (false, None) => "the attacker has nothing".to_owned(),
        };
        server.require(&rules::PROXY_ASKS, !has_code, expected, got).ok();
        Ok(())
    }

    async fn register(&self, name: &str, path: &str) -> Result<String, Failure> {
        let silent = self.http.clone().telling(Reporter::silent());
        let redirect_uri = format!("{}/{path}", self.landing);
        let metadata = json!({"client_name": name, "redirect_uris": [redirect_uri]});
        let response = silent.send(&Request::post_json(&format!("{}/register", self.proxy_url), &metadata)).await?;
        let document: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        let client_id = document["client_id"].as_str().unwrap_or_default().to_owned();
        self.http.reporter().note(format!("“{name}” registers with the proxy, with the redirect URI {redirect_uri}."));
        Ok(client_id)
    }

    /// Opens the proxy's authorization endpoint, and follows; the query at the end.
    async fn visit(
        &self,
        browser: &mut ScriptedBrowser,
        client_id: &str,
        path: &str,
        login: &Login,
        denies: bool,
    ) -> Result<BTreeMap<String, String>, Failure> {
        let redirect_uri = format!("{}/{path}", self.landing);
        let parameters = [("client_id", client_id), ("redirect_uri", &redirect_uri), ("state", "x")];
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        let url = format!("{}/authorize?{query}", self.proxy_url);
        let end = browser.visit(&url, &redirect_uri, login, denies).await?;
        let response: BTreeMap<_, _> =
            Url::parse(&end).map(|url| url.query_pairs().into_owned().collect()).unwrap_or_default();
        let brought = if response.contains_key("code") { "a code" } else { "no code" };
        self.http.reporter().note(format!("The browser ends at {redirect_uri}, with {brought}."));
        Ok(response)
    }
}
