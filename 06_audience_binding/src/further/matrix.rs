//! Every kind of token at every server: who takes what.

use authorization_code::further::recipients::send_anyway;
use authorization_code::token_response;
use authorization_code::user_agent::SignInOptions;
use dynamic_client_registration::further::administration::is_tutorial;
use keycloak::Lifetime;
use protected_resource_discovery::setup::Setup;
use shared::http::{Http, Request};
use shared::{Failure, Reporter, Secret, Side, mcp, spec};
use token_use::authorized_client::AuthorizedClient;

use crate::client::own_token;
use crate::further::account_token::account_token;
use crate::further::lab::is_refusal;
use crate::parties::{Conduct, LessonOptions, Parties};
use crate::{audience, rules};

/// A token, and which servers have to take it: the first, the second, the API behind the first.
struct Row {
    name: &'static str,
    token: Secret,
    taken_by: [bool; 3],
}

/// Runs `-- matrix`, with its own servers.
pub async fn run(setup: &Setup<'_>, options: &LessonOptions) -> Result<(), Failure> {
    let parties = Parties::start(setup, options, Lifetime::Story, Conduct::default()).await?;
    let issuer = parties.idp.issuer();
    let plan = options.plan(Some(issuer), parties.idp.stays())?;
    let http = setup.run.http(&parties.first, &[issuer]).await?;
    // Seven sign-ins: no person wants to make them, unless they ask for it (--browser).
    let needs_script = is_tutorial(issuer);
    let is_silent = needs_script && !options.sign_in.browser;
    let reporter = if is_silent { Reporter::silent() } else { http.reporter().clone() };
    let (silent, sign_in) = (http.clone().telling(reporter), options.sign_in.clone());
    let authorized = &AuthorizedClient::new(silent, &parties.first, plan, sign_in, None, None, needs_script);
    authorized.sign_in_first(&[]).await?;
    let (sign_in, scopes) = (&options.sign_in, options.scopes());
    Matrix { http: &http, authorized, sign_in, parties: &parties, scopes }.show().await
}

struct Matrix<'a> {
    http: &'a Http,
    authorized: &'a AuthorizedClient,
    sign_in: &'a SignInOptions,
    parties: &'a Parties,
    /// A scope of the first server, and one of the second.
    scopes: [&'a [String]; 2],
}

impl Matrix<'_> {
    /// Gets every token, and sends each to every server.
    async fn show(&self) -> Result<(), Failure> {
        let reporter = self.http.reporter();
        reporter.stage("get a token of each kind", &spec::MCP_AUDIENCE_BINDING).await;
        let rows = self.rows().await?;
        reporter.stage("send each to every server", &spec::MCP_AUDIENCE).await;
        let Parties { first, second, downstream_url, .. } = self.parties;
        let servers =
            [("the first MCP server", first), ("the calendar", second), ("the API behind the first", downstream_url)];
        let mut table = vec![format!("{:<34}  {:<9}  {:<9}  {}", "token", "first", "calendar", "downstream")];
        for row in &rows {
            let mut cells = Vec::new();
            for ((server, url), taken) in servers.iter().zip(row.taken_by) {
                let status = self.send(url, &row.token).await?;
                let (rule, verb, due) = if taken {
                    (&rules::SERVER_TAKES_OWN, "takes", 200)
                } else {
                    (&rules::SERVER_REFUSES_OTHERS, "refuses", 401)
                };
                let expected = format!("{server} {verb} the token {}", row.name);
                reporter.require(rule, status == due, expected, format!("HTTP {status}")).ok();
                cells.push(status.to_string());
            }
            table.push(format!("{:<34}  {:<9}  {:<9}  {}", row.name, cells[0], cells[1], cells[2]));
        }
        reporter.note(table.join("\n"));
        Ok(())
    }

    async fn rows(&self) -> Result<Vec<Row>, Failure> {
        let Parties { first, second, reports, .. } = self.parties;
        let reporter = self.http.reporter();
        let [one, other] = self.scopes;
        let own = own_token(self.authorized).await?;
        let mut rows = vec![Row { name: "for the first server", token: own.clone(), taken_by: [true, false, false] }];
        let others = [
            ("for the calendar", second, other.to_vec(), [false, true, false]),
            ("for both (scopes of both)", first, [one, other].concat(), [true, true, false]),
            ("for no server (no aud)", first, Vec::new(), [false; 3]),
        ];
        for (name, resource, scopes, taken_by) in others {
            let tokens = self.authorized.token_for(self.http, resource, &scopes).await;
            self.add(&mut rows, name, tokens.map(|tokens| Some(tokens.access_token)), taken_by)?;
        }
        // Only the administrator of a Keycloak can get one, so a run without it is no failure.
        let name = "for Keycloak's account pages";
        match account_token(self.http, self.authorized, self.sign_in, first).await {
            Ok(tokens) => rows.push(Row { name, token: tokens.access_token, taken_by: [false; 3] }),
            Err(failure) => self.report_missing(name, &failure.message),
        }
        let scopes = [&["openid".to_owned()], one].concat();
        let id_token = self.authorized.token_for(self.http, first, &scopes).await.map(|tokens| tokens.id_token);
        self.add(&mut rows, "an ID token", id_token, [false; 3])?;
        match &reports.exchange {
            Some(exchange) => {
                let token = exchange.exchange(&own).await.map_err(|error| {
                    let fix = "Set MCP_SERVER_CLIENT_ID, MCP_SERVER_CLIENT_SECRET, --downstream-audience and --downstream-scope to values that this \
                        IdP knows.";
                    Failure::new("exchange.failed", format!("There is no exchanged token: {error}."), fix)
                })?;
                rows.push(Row {
                    name: "exchanged by the first server",
                    token: token.access_token,
                    taken_by: [false, false, true],
                });
            }
            None => reporter.note("Without an exchanged token: the MCP server has no credentials at this IdP."),
        }
        Ok(rows)
    }

    /// A token that this IdP does not give is one row less.
    fn add(
        &self,
        rows: &mut Vec<Row>,
        name: &'static str,
        token: Result<Option<Secret>, Failure>,
        taken_by: [bool; 3],
    ) -> Result<(), Failure> {
        let missing = |why: &str| self.report_missing(name, why);
        match token {
            // An IdP that honours resource has narrowed it: then it is one for the first server,
            // and no other.
            Ok(Some(token)) if taken_by == [true, true, false] && !is_for(&token, &self.parties.second) => {
                missing("this IdP issues tokens for one server at a time.");
            }
            Ok(Some(token)) => rows.push(Row { name, token, taken_by }),
            Ok(None) => missing("this IdP issued none."),
            Err(failure) if is_refusal(&failure) => missing(&failure.message),
            Err(failure) => return Err(failure),
        }
        Ok(())
    }

    fn report_missing(&self, name: &str, why: &str) {
        self.http.reporter().note(format!("Without a token {name}: {why}"));
    }

    async fn send(&self, url: &str, token: &Secret) -> Result<u16, Failure> {
        let silent = self.http.clone().telling(Reporter::silent());
        let request =
            if url.ends_with("/mcp") { mcp::discover_request(url) } else { Request::get(url).without_redirects() };
        // The servers say what they refuse; that they do is what is shown here.
        let reporter = self.http.reporter();
        let why = "The matrix sends every token everywhere.";
        let _expecting = [&rules::AUDIENCE, &rules::DOWNSTREAM_AUDIENCE, &token_use::rules::TYPE]
            .map(|rule| reporter.expecting_refusal(Side::Server, rule, why));
        Ok(silent.send(&send_anyway(request, token)).await?.status)
    }
}

fn is_for(token: &Secret, server_url: &str) -> bool {
    token_response::claims(token).is_some_and(|claims| audience::is_meant(&claims, &[server_url.to_owned()]))
}
