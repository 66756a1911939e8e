//! The client's part, top to bottom. [`Story`] is this lesson with its own servers; [`complete`] is
//! the client of all six lessons, for any MCP server.

use authorization_code::user_agent::SignInOptions;
use authorization_code::{TokenResponse, token_response};
use dynamic_client_registration::options::Plan;
use protected_resource_discovery::discover::discover;
use rmcp::model::JsonObject;
use serde_json::{Map, Value, json};
use shared::http::Http;
use shared::mcp::client::Connection;
use shared::{Failure, Reporter, Secret, Side, mcp, spec};
use token_use::authorized_client::Authorized;
use token_use::client::{call_tool, tools_table};
use token_use::further::dpop::{self, Dpop};

use crate::error::AudienceError;
use crate::further::confused_deputy;
use crate::further::lab::{self, Lab, Mode};
use crate::parties::Parties;
use crate::reports::With;
use crate::tools::LIST_REPORTS;
use crate::{rules, verdict};

/// This lesson, with its own servers.
pub struct Story<'a> {
    /// Shows every request.
    pub http: &'a Http,
    /// The client.
    pub authorized: Authorized,
    /// How it registers.
    pub plan: &'a Plan,
    /// Who signs in.
    pub sign_in: &'a SignInOptions,
    /// The servers.
    pub parties: &'a Parties,
    /// A scope of the first server, and one of the second: the lab asks for both.
    pub scopes: [&'a [String]; 2],
    /// An IdP that heeds `resource`, for the lab.
    pub indicators: Option<&'a str>,
}

impl Story<'_> {
    /// From the first token to the last.
    pub async fn tell(&self) -> Result<(), Failure> {
        self.authorized.sign_in_first(&[]).await?;
        check_bound(self.http, &self.authorized, &self.parties.first).await?;
        self.use_it().await?;
        let calendars = self.sign_in_at_the_second_server().await?;
        self.swap(&calendars).await?;
        self.lab().await?;
        match &self.parties.reports.exchange {
            Some(_) => {
                self.pass_through().await?;
                self.exchange().await?;
                self.confuse(&calendars).await?;
            }
            None => self.http.reporter().note(
                "The MCP server has no credentials at this IdP (MCP_SERVER_CLIENT_ID, MCP_SERVER_CLIENT_SECRET), so token exchange is left out.",
            ),
        }
        let state = self.authorized.state().await;
        let ready = state.ready.as_ref().ok_or(AudienceError::NotSignedIn)?;
        confused_deputy::tell(self.http, ready, &self.parties.first, &self.scopes[0].join(" ")).await
    }

    async fn use_it(&self) -> Result<(), Failure> {
        let reporter = self.http.reporter();
        reporter.stage("use the token at the server that it is for", &spec::MCP_AUDIENCE).await;
        let connection = Connection::open(self.authorized.clone(), &self.parties.first).await?;
        let said = call_tool(&connection, "get_user_profile", JsonObject::new()).await?;
        reporter.note(format!("get_user_profile says: {said}"));
        connection.close().await;
        Ok(())
    }

    /// Lessons 01 to 04 once more, for the second server. It is at the same authorization server,
    /// so the client is registered there already.
    async fn sign_in_at_the_second_server(&self) -> Result<TokenResponse, Failure> {
        let reporter = self.http.reporter();
        let second = self.parties.second.as_str();
        reporter.stage("sign in for a second MCP server", &spec::MCP_AUTHORIZATION_SERVERS).await;
        reporter.note(format!(
            "{second} is discovered and signed in for as the first one was (lessons 01 to 04, not shown)."
        ));
        let discovery = discover(&self.http.clone().telling(Reporter::silent()), second).await?;
        let issuer = self.parties.idp.issuer();
        if !discovery.metadata.authorization_servers.iter().any(|named| named == issuer) {
            let named = discovery.metadata.authorization_servers.join(", ");
            return Err(AudienceError::AnotherIssuer { named, expected: issuer.to_owned() }.into());
        }
        let challenged = discovery.challenge.as_ref().and_then(|challenge| challenge.parameter("scope"));
        let scopes: Vec<_> = match challenged {
            Some(scope) => scope.split_whitespace().map(str::to_owned).collect(),
            None => self.scopes[1].to_vec(),
        };
        let tokens = self.authorized.token_for(self.http, second, &scopes).await?;
        let request = mcp::call_tool_request(second, "list_events", &json!({})).bearer(&tokens.access_token);
        let status = self.http.send(&request).await?.status;
        let expected = "the second server takes the token that is for it";
        reporter.check(&rules::SERVER_TAKES_OWN, status == 200, expected, format!("HTTP {status}"));
        Ok(tokens)
    }

    /// Each token at the other server.
    async fn swap(&self, calendars: &TokenResponse) -> Result<(), Failure> {
        let (first, second) = (self.parties.first.as_str(), self.parties.second.as_str());
        let reporter = self.http.reporter();
        reporter.stage("use each token at the other server", &spec::MCP_AUDIENCE_CLAIM).await;
        let first_token = own_token(&self.authorized).await?;
        self.misuse(second, &first_token, "the first server's token, at the calendar").await?;
        self.misuse(first, &calendars.access_token, "the calendar's token, at the first server").await?;
        reporter.note(
            "In lesson 05 the calendar's token opened the first server. One line closes it (src/server.rs): server.verifier.audience = Some(audience::check(…)).",
        );
        Ok(())
    }

    /// A token where it does not belong.
    async fn misuse(&self, server_url: &str, token: &Secret, what: &str) -> Result<(), Failure> {
        let reporter = self.http.reporter();
        let why = "This is what this lesson's server is for.";
        let expecting = reporter.expecting(Side::Server, &rules::AUDIENCE, why);
        let request = mcp::call_tool_request(server_url, "get_user_profile", &json!({})).bearer(token);
        let status = self.http.send(&request).await?.status;
        drop(expecting);
        let expected = format!("401 to {what}");
        reporter.check(&rules::SERVER_REFUSES_OTHERS, status == 401, expected, format!("HTTP {status}"));
        if let Some(claims) = token_response::claims(token) {
            let title = format!("Seen from the client – {what}:");
            reporter.note(verdict::table(&title, &claims, self.parties.idp.issuer(), &[server_url.to_owned()]));
        }
        Ok(())
    }

    async fn lab(&self) -> Result<(), Failure> {
        let state = self.authorized.state().await;
        let ready = state.ready.as_ref().ok_or(AudienceError::NotSignedIn)?;
        let second_idp = match self.indicators {
            Some(issuer) => {
                let discovery = ready.discovery.clone();
                let first = &self.parties.first;
                let plan = lab::plan_of_second(self.plan);
                Some(lab::ready_at(self.http, issuer, first, discovery, &plan, self.sign_in).await?)
            }
            None => None,
        };
        let lab = Lab {
            http: self.http,
            sign_in: self.sign_in,
            first: (&self.parties.first, self.scopes[0]),
            second: (&self.parties.second, self.scopes[1]),
        };
        lab.tell(ready, second_idp.as_ref(), Mode::ALL).await
    }

    /// Done wrong, twice: with an API that does not look at `aud`, and with one that does.
    async fn pass_through(&self) -> Result<(), Failure> {
        let Parties { first, reports, downstream, .. } = self.parties;
        let reporter = self.http.reporter();
        reporter
            .stage("pass the client's token on to the API behind the server (done wrong)", &spec::MCP_PASSTHROUGH)
            .await;
        reporter.note(
            "For this stage the MCP server passes on what it was sent, and the API behind it does not look at aud.",
        );
        reports.set(With::Passthrough);
        downstream.set_careless(true);
        let connection = Connection::open(self.authorized.clone(), first).await?;
        let said = call_tool(&connection, LIST_REPORTS, JsonObject::new()).await;
        downstream.set_careless(false);
        reporter.note(format!("{LIST_REPORTS} says: {}", said?));
        reporter.note(
            "It works, and that is the trap: whoever runs the API now has the client's token. They can use it, too:",
        );
        let request =
            mcp::call_tool_request(first, "get_user_profile", &json!({})).bearer(&own_token(&self.authorized).await?);
        let status = self.http.send(&request).await?.status;
        let why = "This is what passing a token on costs: the MCP server cannot tell the API from its client.";
        let expecting = reporter.expecting(Side::Client, &rules::NOT_PASSED_THROUGH, why);
        let expected = "what was sent to the API behind the server does not open the server itself";
        reporter.check(&rules::NOT_PASSED_THROUGH, status == 401, expected, format!("HTTP {status}: it does"));
        drop(expecting);

        reporter.stage("the same, and the API looks at aud", &spec::RFC9068_4_AUD).await;
        let why = "An API that looks at aud makes passing tokens on impossible.";
        let expecting = reporter.expecting(Side::Server, &rules::DOWNSTREAM_AUDIENCE, why);
        let said = call_tool(&connection, LIST_REPORTS, JsonObject::new()).await;
        drop(expecting);
        reports.set(With::Exchange);
        connection.close().await;
        match said {
            Err(failure) if failure.id == "tool.failed" => reporter.note(failure.message),
            Err(failure) => return Err(failure),
            Ok(said) => reporter.note(format!("{LIST_REPORTS} says: {said}")),
        }
        Ok(())
    }

    /// Done right.
    async fn exchange(&self) -> Result<(), Failure> {
        let reporter = self.http.reporter();
        reporter.stage("exchange the token for one of the server's own (done right)", &spec::RFC8693_2_1).await;
        let connection = Connection::open(self.authorized.clone(), &self.parties.first).await?;
        let said = call_tool(&connection, LIST_REPORTS, JsonObject::new()).await?;
        reporter.note(format!("{LIST_REPORTS} says: {said}"));
        connection.close().await;
        Ok(())
    }

    /// Whoever runs the calendar has the user's token for it, and wants the reports.
    async fn confuse(&self, calendars: &TokenResponse) -> Result<(), Failure> {
        let reporter = self.http.reporter();
        reporter.stage("have the server fetch the reports with the calendar's token", &spec::MCP_AUDIENCE_CLAIM).await;
        let token = &calendars.access_token;
        let why = "A server that exchanged whatever it is sent would fetch the user's reports for the calendar.";
        let expecting = reporter.expecting(Side::Server, &rules::AUDIENCE, why);
        let request = mcp::call_tool_request(&self.parties.first, LIST_REPORTS, &json!({})).bearer(token);
        let status = self.http.send(&request).await?.status;
        drop(expecting);
        let expected = "the server does nothing for a token that is not for it: 401";
        reporter.check(&rules::SERVER_REFUSES_OTHERS, status == 401, expected, format!("HTTP {status}"));

        let Some(exchange) = &self.parties.reports.exchange else { return Ok(()) };
        reporter.note(
            "And a server that did not look? It would ask the IdP for the exchange, and the IdP looks once more:",
        );
        let why = "The IdP exchanges a token only for the server that it is for.";
        let _expecting = reporter.expecting(Side::Idp, &rules::IDP_EXCHANGES, why);
        if exchange.exchange(token).await.is_ok() {
            reporter.note("This IdP gave a token all the same: here the server's own check is the only one. Look for a setting that limits who may exchange what.");
        }
        Ok(())
    }
}

/// The token that the client has for its server.
pub async fn own_token(authorized: &Authorized) -> Result<Secret, Failure> {
    let state = authorized.state().await;
    let kept = state.tokens.as_ref().ok_or(AudienceError::NotSignedIn)?;
    Ok(kept.tokens.access_token.clone())
}

/// The client's token, claim by claim; its claims, where it can be read.
async fn tell_claims(http: &Http, authorized: &Authorized, server_url: &str) -> Result<Map<String, Value>, Failure> {
    let reporter = http.reporter();
    let Some(claims) = token_response::claims(&own_token(authorized).await?) else {
        reporter.note(
            "The token is one that only the IdP can read. Whether it is bound to the server, the server has to ask (introspection, lesson 05).",
        );
        return Ok(Map::new());
    };
    let issuer = authorized.state().await.tokens.as_ref().map(|kept| kept.issuer.clone()).unwrap_or_default();
    reporter.note(verdict::table("The token, claim by claim:", &claims, &issuer, &[server_url.to_owned()]));
    Ok(claims)
}

/// Whether the authorization server has bound the token to the MCP server, and to nobody else.
async fn check_bound(http: &Http, authorized: &Authorized, server_url: &str) -> Result<(), Failure> {
    let reporter = http.reporter();
    reporter.stage("see for whom the token is", &spec::MCP_AUDIENCE_BINDING).await;
    let claims = tell_claims(http, authorized, server_url).await?;
    if claims.is_empty() {
        return Ok(());
    }
    let audiences = token_response::audiences(&claims);
    let expected = format!("aud is {server_url} and nobody else");
    let got = token_response::named(&audiences);
    let fix = "have the IdP heed resource (RFC 8707), or give each MCP server's scopes an audience of their own. A token for several servers can be used by \
               each of them at the others.";
    reporter.on(Side::Idp).check_or(&rules::IDP_BINDS, audiences == [server_url], expected, got, fix);
    Ok(())
}

/// What the complete client is asked to do.
pub struct ClientTask<'a> {
    /// The tool to call, and its arguments.
    pub call: Option<(&'a str, JsonObject)>,
    /// Find out whether the server looks at `aud`.
    pub probe: bool,
    /// The key that the tokens are to be bound to, if any.
    pub dpop: Option<&'a Dpop>,
}

/// The client of all six lessons, against any MCP server: discovery, metadata, registration,
/// sign-in (lessons 01 to 04), for whom the token is, and calls with it, with refresh and step-up
/// as they come (lesson 05).
pub async fn complete(
    http: &Http,
    server_url: &str,
    authorized: &Authorized,
    task: ClientTask<'_>,
) -> Result<(), Failure> {
    authorized.sign_in_first(&[]).await?;
    check_bound(http, authorized, server_url).await?;
    let reporter = http.reporter();
    if let (Some(dpop), Some(kept)) = (task.dpop, &authorized.state().await.tokens) {
        reporter.stage("is the token bound to the client's key?", &spec::RFC9449_7).await;
        dpop.check_bound(reporter, &kept.tokens.access_token);
    }
    reporter.stage("list the tools, with the token", &spec::MCP_TOKEN_IN_EVERY_REQUEST).await;
    let connection = match Connection::open(authorized.clone(), server_url).await {
        Err(failure) if failure.id == "use.refused" => {
            tell_claims(http, authorized, server_url).await?;
            return Err(failure);
        }
        connection => connection?,
    };
    reporter.note(tools_table(&connection.list_tools().await?));
    match task.call {
        Some((name, arguments)) => {
            reporter.stage(format!("call {name}, with the token"), &spec::MCP_TOKEN_IN_EVERY_REQUEST).await;
            let said = call_tool(&connection, name, arguments).await?;
            reporter.note(format!("{name} says: {said}"));
        }
        // A stranger's tools are not called without being asked for.
        None => reporter.note("No tool is called: --call NAME --args JSON does that."),
    }
    connection.close().await;
    if task.probe { probe(http, server_url, authorized).await } else { Ok(()) }
}

/// Whether the server looks at `aud`: it gets a token that names nobody, or only others. Such a
/// token is asked for without any scope, so that it is worth as little as can be.
async fn probe(http: &Http, server_url: &str, authorized: &Authorized) -> Result<(), Failure> {
    let reporter = http.reporter();
    reporter.stage("find out whether the server looks at aud", &spec::MCP_AUDIENCE_CLAIM).await;
    reporter.note("The user signs in once more, for no scope (lesson 04, not shown).");
    let refused =
        |failure: Failure| unknown(&format!("there is no such token ({})", failure.message.trim_end_matches('.')));
    let tokens = authorized.token_for(http, server_url, &[]).await.map_err(refused)?;
    let claims = token_response::claims(&tokens.access_token).unwrap_or_default();
    if claims.is_empty() || token_response::audiences(&claims).contains(&server_url) {
        return Err(unknown("this IdP binds even such a token to the server, or gives one that nobody else can read"));
    }
    let status = http.send(&dpop::presenting(mcp::discover_request(server_url), &tokens)).await?.status;
    let expected = "the server refuses a token that does not name it: HTTP 401";
    let fix = "have the server compare aud with its own URL, exactly (src/audience.rs).";
    reporter.check_or(&rules::SERVER_REFUSES_OTHERS, status == 401, expected, format!("HTTP {status}"), fix);
    Ok(())
}

fn unknown(why: &str) -> Failure {
    let message = format!("Whether the server looks at aud cannot be found out from here: {why}.");
    Failure::new(
        "probe.unknown",
        message,
        "Take a token for another server by hand, and send it: it has to be answered with 401.",
    )
}
