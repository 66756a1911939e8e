//! This lesson's story, top to bottom, with its own servers. The client of all six lessons, for any
//! MCP server, is in [`complete_client`](crate::complete_client).

use authorization_code::TokenResponse;
use authorization_code::further::recipients::send_anyway;
use authorization_code::user_agent::SignInOptions;
use authorization_code::{scopes, token_response};
use dynamic_client_registration::further::options::Plan;
use keycloak::{Idp, Lifetime};
use protected_resource_discovery::discover::discover;
use protected_resource_discovery::setup::Setup;
use rmcp::model::JsonObject;
use serde_json::json;
use shared::http::Http;
use shared::mcp::client::Connection;
use shared::{Failure, Reporter, Secret, Side, mcp, spec};
use token_use::authorized_client::AuthorizedClient;
use token_use::client::call_tool;

use crate::complete_client::check_bound;
use crate::error::AudienceError;
use crate::further::{confused_deputy, lab};
use crate::parties::{Conduct, LessonOptions, Parties};
use crate::sabotage::Sabotage;
use crate::sabotage::attacks::Attack;
use crate::tools::{LIST_REPORTS, TokenSent};
use crate::{audience, rules};

/// The whole story, or what `--break` sends instead.
pub async fn run(setup: &Setup<'_>, options: &LessonOptions, sabotage: Sabotage) -> Result<(), Failure> {
    let parties = start(setup, options, Lifetime::Story, sabotage).await?;
    let issuer = parties.idp.issuer();
    let plan = options.plan(Some(issuer), parties.idp.stays())?;
    let http = setup.run.http(&parties.first, &[issuer]).await?;
    let sign_in = &options.sign_in;
    let needs_script = sabotage.is_on();
    let authorized =
        AuthorizedClient::new(http.clone(), &parties.first, plan.clone(), sign_in.clone(), None, None, needs_script);
    let scopes = options.scopes();
    if let Some(switch) = sabotage.0 {
        let (http, authorized, server_url) = (&http, &authorized, parties.first.as_str());
        let other = (parties.second.as_str(), scopes[1]);
        return Attack { http, authorized, sign_in, server_url, other, is_alone: false }.run(switch).await;
    }
    let second_idp = options.lab.find_second_idp(&parties.idp, [&parties.first, &parties.second]).await?;
    Story { http: &http, authorized, plan: &plan, sign_in, parties: &parties, scopes, second_idp }.run().await
}

/// `-- server`: the servers alone, until a person ends them.
pub async fn serve(setup: &Setup<'_>, options: &LessonOptions, sabotage: Sabotage) -> Result<(), Failure> {
    let parties = start(setup, options, Lifetime::Server, sabotage).await?;
    setup.run.stay_up(&parties.first).await
}

async fn start(
    setup: &Setup<'_>,
    options: &LessonOptions,
    lifetime: Lifetime,
    sabotage: Sabotage,
) -> Result<Parties, Failure> {
    let conduct = sabotage.conduct(Conduct::default());
    let parties = Parties::start(setup, options, lifetime, conduct).await?;
    setup.run.announce_run();
    Ok(parties)
}

/// This lesson, with its own servers.
pub struct Story<'a> {
    pub http: &'a Http,
    pub authorized: AuthorizedClient,
    pub plan: &'a Plan,
    pub sign_in: &'a SignInOptions,
    pub parties: &'a Parties,
    /// A scope of the first server, and one of the second: the lab asks for both.
    pub scopes: [&'a [String]; 2],
    /// An IdP that honours `resource`, for the lab.
    pub second_idp: Option<Idp>,
}

impl Story<'_> {
    /// From the first token to the last.
    async fn run(&self) -> Result<(), Failure> {
        self.authorized.sign_in_first(&[]).await?;
        check_bound(self.http, &self.authorized, &self.parties.first).await?;
        let connection = self.use_token().await?;
        let calendars = self.sign_in_at_the_second_server().await?;
        self.swap(&calendars).await?;
        lab::show_in_story(self).await?;
        match &self.parties.reports.exchange {
            Some(_) => {
                self.pass_through(&connection).await?;
                self.exchange(&connection).await?;
                self.confuse(&calendars).await?;
            }
            None => self.http.reporter().note(
                "The MCP server has no credentials at this IdP (MCP_SERVER_CLIENT_ID, MCP_SERVER_CLIENT_SECRET), so token exchange is left out.",
            ),
        }
        connection.close().await;
        let ready = self.authorized.ready().await.ok_or(AudienceError::NotSignedIn)?;
        confused_deputy::show(self.http, &ready, &self.parties.first, &self.scopes[0].join(" ")).await
    }

    /// Calls a tool of the first server, as an MCP client does.
    async fn call(&self, connection: &Connection, name: &str) -> Result<(), Failure> {
        let said = call_tool(connection, name, JsonObject::new()).await?;
        self.http.reporter().note(format!("{name} says: {said}"));
        self.http.reporter().result(format!("{name}: {said}"));
        Ok(())
    }

    /// Sends one tool call with this token, for whomever it is; returns the status of the response.
    async fn send(&self, server_url: &str, name: &str, token: &Secret) -> Result<u16, Failure> {
        let request = mcp::call_tool_request(server_url, name, &json!({}));
        Ok(self.http.send(&send_anyway(request, token)).await?.status)
    }

    async fn use_token(&self) -> Result<Connection, Failure> {
        let reporter = self.http.reporter();
        reporter.stage("use the token at its own server", &spec::MCP_AUDIENCE).await;
        let connection = Connection::open(self.authorized.clone(), &self.parties.first).await?;
        self.call(&connection, "get_user_profile").await?;
        Ok(connection)
    }

    /// Lessons 01 to 04 once more, for the second server. It is at the same authorization server,
    /// so the client is registered there already.
    async fn sign_in_at_the_second_server(&self) -> Result<TokenResponse, Failure> {
        let reporter = self.http.reporter();
        let second = self.parties.second.as_str();
        reporter.stage("sign in for a second MCP server", &spec::MCP_AUTHORIZATION_SERVERS).await;
        reporter.note(format!("The client goes through lessons 01 to 04 again, for {second} (not shown)."));
        let discovery = discover(&self.http.clone().telling(Reporter::silent()), second).await?;
        let issuer = self.parties.idp.issuer();
        if !discovery.metadata.authorization_servers.iter().any(|named| named == issuer) {
            let named = discovery.metadata.authorization_servers.join(", ");
            return Err(AudienceError::AnotherIssuer { named, expected: issuer.to_owned() }.into());
        }
        let scopes = scopes::select(Some(&discovery), &[], false).values;
        let tokens = self.authorized.token_for(self.http, second, &scopes).await?;
        let status = self.send(second, "list_events", &tokens.access_token).await?;
        let expected = "the second server accepts its own token";
        reporter.require(&rules::SERVER_TAKES_OWN, status == 200, expected, format!("HTTP {status}")).ok();
        Ok(tokens)
    }

    /// Sends each token to the other server.
    async fn swap(&self, calendars: &TokenResponse) -> Result<(), Failure> {
        let (first, second) = (self.parties.first.as_str(), self.parties.second.as_str());
        let reporter = self.http.reporter();
        reporter.stage("use each token at the other server", &spec::MCP_AUDIENCE_CLAIM).await;
        let first_token = own_token(&self.authorized).await?;
        self.misuse(second, &first_token, "the first server's token, at the calendar").await?;
        self.misuse(first, &calendars.access_token, "the calendar's token, at the first server").await?;
        reporter.note("One line of src/server.rs refuses it: server.verifier.audience = Some(audience::check(…)).");
        Ok(())
    }

    /// Sends a token where it does not belong.
    async fn misuse(&self, server_url: &str, token: &Secret, what: &str) -> Result<(), Failure> {
        let reporter = self.http.reporter();
        let why = "It is for the other server.";
        let expecting = reporter.expecting_refusal(Side::Server, &rules::AUDIENCE, why);
        let status = self.send(server_url, "get_user_profile", token).await?;
        drop(expecting);
        let expected = format!("401 to {what}");
        reporter.require(&rules::SERVER_REFUSES_OTHERS, status == 401, expected, format!("HTTP {status}")).ok();
        if let Some(claims) = token_response::claims(token) {
            let aud = claims.get("aud").map_or("absent".to_owned(), audience::shown);
            reporter.note(format!("The client can see the reason too: the token's aud is {aud}."));
        }
        Ok(())
    }

    /// Done wrong: the API behind the server gets the client's token, and does not look at `aud`.
    async fn pass_through(&self, connection: &Connection) -> Result<(), Failure> {
        let Parties { first, reports, downstream, .. } = self.parties;
        let reporter = self.http.reporter();
        reporter
            .stage("pass the client's token on to the API behind the server (done wrong)", &spec::MCP_PASSTHROUGH)
            .await;
        reporter.note("The MCP server passes on the client's token, and the API does not check aud.");
        reports.set(TokenSent::PassedThrough);
        downstream.set_careless(true);
        let said = call_tool(connection, LIST_REPORTS, JsonObject::new()).await;
        downstream.set_careless(false);
        reporter.note(format!("{LIST_REPORTS} says: {}", said?));
        reporter.note("It works, and that is the trap. The API now has the client's token and can use it:");
        let status = self.send(first, "get_user_profile", &own_token(&self.authorized).await?).await?;
        let why = "This is the cost of passing a token on: the MCP server cannot tell the API from its client.";
        let expecting = reporter.demonstrating(Side::Client, &rules::NOT_PASSED_THROUGH, why);
        let expected = "the MCP server does not accept the token from the API";
        reporter
            .require(&rules::NOT_PASSED_THROUGH, status == 401, expected, format!("HTTP {status}: it accepts it"))
            .ok();
        drop(expecting);
        self.pass_through_to_a_careful_api(connection).await
    }

    /// Done wrong once more, with an API that looks at `aud`.
    async fn pass_through_to_a_careful_api(&self, connection: &Connection) -> Result<(), Failure> {
        let reporter = self.http.reporter();
        reporter.stage("pass the token on to an API that checks aud", &spec::RFC9068_4_AUD).await;
        let why = "An API that checks aud makes token passthrough impossible.";
        let expecting = reporter.expecting_refusal(Side::Server, &rules::DOWNSTREAM_AUDIENCE, why);
        let said = call_tool(connection, LIST_REPORTS, JsonObject::new()).await;
        drop(expecting);
        self.parties.reports.set(TokenSent::Exchanged);
        reporter.note(said.map_or_else(|failure| failure.message, |said| format!("{LIST_REPORTS} says: {said}")));
        Ok(())
    }

    /// Done right: the API behind the server gets a token for it.
    async fn exchange(&self, connection: &Connection) -> Result<(), Failure> {
        let reporter = self.http.reporter();
        reporter.stage("exchange the token for one of the server's own (done right)", &spec::RFC8693_2_1).await;
        self.call(connection, LIST_REPORTS).await
    }

    /// The operator of the calendar has the user's token for it, and wants the reports.
    async fn confuse(&self, calendars: &TokenResponse) -> Result<(), Failure> {
        let reporter = self.http.reporter();
        reporter.stage("call the tool for the reports with the calendar's token", &spec::MCP_AUDIENCE_CLAIM).await;
        let token = &calendars.access_token;
        let why = "A server that exchanged any token it receives would fetch the user's reports for the calendar.";
        let expecting = reporter.expecting_refusal(Side::Server, &rules::AUDIENCE, why);
        let status = self.send(&self.parties.first, LIST_REPORTS, token).await?;
        drop(expecting);
        let expected = "401 to the calendar's token, also for list_reports";
        reporter.require(&rules::SERVER_REFUSES_OTHERS, status == 401, expected, format!("HTTP {status}")).ok();

        let Some(exchange) = &self.parties.reports.exchange else { return Ok(()) };
        reporter.note("A server without this check would request the exchange. The IdP makes its own check:");
        let why = "The IdP exchanges a token only for the server that the token names.";
        let _expecting = reporter.expecting_refusal(Side::Idp, &rules::IDP_EXCHANGES, why);
        if exchange.exchange(token).await.is_ok() {
            reporter.note("This IdP issued a token. So the server's own check is the only one. Limit at the IdP which clients may exchange which tokens.");
        }
        Ok(())
    }
}

/// The token that the client has for its server.
pub async fn own_token(authorized: &AuthorizedClient) -> Result<Secret, Failure> {
    Ok(authorized.tokens().await.ok_or(AudienceError::NotSignedIn)?.tokens.access_token)
}
