//! Every kind of token at every server: who takes what.

use authorization_code::token_response;
use authorization_code::user_agent::SignInOptions;
use shared::http::{Http, Request};
use shared::{Failure, Secret, Side, mcp, spec};
use token_use::authorized_client::Authorized;

use crate::client::own_token;
use crate::further::account_token::account_token;
use crate::parties::Parties;
use crate::{audience, rules};

/// A token, and which servers have to take it: the first, the second, the API behind the first.
struct Row {
    name: &'static str,
    token: Secret,
    taken_by: [bool; 3],
}

/// The matrix.
pub struct Matrix<'a> {
    /// Sends the requests.
    pub http: &'a Http,
    /// Gets the tokens.
    pub authorized: &'a Authorized,
    /// Who signs in.
    pub sign_in: &'a SignInOptions,
    /// The servers.
    pub parties: &'a Parties,
    /// A scope of the first server, and one of the second.
    pub scopes: [&'a [String]; 2],
}

impl Matrix<'_> {
    /// Gets every token, and sends each to every server.
    pub async fn tell(&self) -> Result<(), Failure> {
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
                let (rule, expected) = match taken {
                    true => (&rules::SERVER_TAKES_OWN, format!("{server} takes the token {}", row.name)),
                    false => (&rules::SERVER_REFUSES_OTHERS, format!("{server} refuses the token {}", row.name)),
                };
                let is_right = if taken { status == 200 } else { status == 401 };
                reporter.check(rule, is_right, expected, format!("HTTP {status}"));
                cells.push(format!("{} {status}", if status == 200 { '✔' } else { '✘' }));
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
            ("for nobody (no aud)", first, Vec::new(), [false; 3]),
        ];
        for (name, resource, scopes, taken_by) in others {
            let tokens = self.authorized.token_for(self.http, resource, &scopes).await;
            self.add(&mut rows, name, tokens.map(|tokens| Some(tokens.access_token)), taken_by)?;
        }
        // Only the administrator of a Keycloak can have it.
        let account = account_token(self.http, self.authorized, self.sign_in, first)
            .await
            .map(|tokens| Some(tokens.access_token));
        self.add(&mut rows, "for Keycloak's account pages", account, [false; 3])?;
        let scopes = [&["openid".to_owned()], one].concat();
        let id_token = self.authorized.token_for(self.http, first, &scopes).await.map(|tokens| tokens.id_token);
        self.add(&mut rows, "an ID token", id_token, [false; 3])?;
        match &reports.exchange {
            Some(exchange) => {
                let token = exchange.exchange(&own).await.map_err(|error| {
                    let fix = "Are MCP_SERVER_CLIENT_ID, MCP_SERVER_CLIENT_SECRET, --downstream-audience and --downstream-scope what this IdP knows?";
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
        let missing = |why: &str| self.http.reporter().note(format!("Without a token {name}: {why}"));
        match token {
            // An IdP that heeds resource has narrowed it: then it is one for the first server, and
            // no other.
            Ok(Some(token)) if taken_by == [true, true, false] && !is_for(&token, &self.parties.second) => {
                missing("this IdP gives tokens for one server at a time.");
            }
            Ok(Some(token)) => rows.push(Row { name, token, taken_by }),
            Ok(None) => missing("this IdP gave none."),
            Err(failure) if ["idp.", "administration."].iter().any(|kind| failure.id.starts_with(kind)) => {
                missing(&failure.message);
            }
            Err(failure) => return Err(failure),
        }
        Ok(())
    }

    async fn send(&self, url: &str, token: &Secret) -> Result<u16, Failure> {
        let silent = self.http.clone().telling(shared::Reporter::silent());
        let request = match url.ends_with("/mcp") {
            true => mcp::discover_request(url),
            false => Request::get(url).without_redirects(),
        };
        // The servers say what they refuse; that they do is what is shown here.
        let reporter = self.http.reporter();
        let why = "The matrix sends every token everywhere.";
        let _expecting = [&rules::AUDIENCE, &rules::DOWNSTREAM_AUDIENCE, &token_use::rules::TYPE]
            .map(|rule| reporter.expecting(Side::Server, rule, why));
        Ok(silent.send(&request.bearer(token)).await?.status)
    }
}

fn is_for(token: &Secret, server_url: &str) -> bool {
    token_response::claims(token).is_some_and(|claims| audience::is_meant(&claims, &[server_url.to_owned()]))
}
