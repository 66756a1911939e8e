//! Every kind of token at every server: who takes what.

use authorization_code::TokenResponse;
use shared::http::{Http, Request};
use shared::{Failure, Secret, Side, mcp, spec};

use crate::other_tokens::OtherTokens;
use crate::parties::Parties;
use crate::{attacks, rules};

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
    pub others: OtherTokens<'a>,
    /// The servers.
    pub parties: &'a Parties,
    /// A scope of the first server, and one of the second.
    pub scopes: [&'a str; 2],
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
        let [one, other] = self.scopes.map(str::to_owned);
        let own = attacks::own(self.others.authorized).await?;
        let access = |tokens: TokenResponse| tokens.access_token;
        let with_id_token = self.others.token(first, &["openid".to_owned(), one.clone()]).await?;
        let mut rows = vec![
            Row { name: "for the first server", token: own.clone(), taken_by: [true, false, false] },
            Row {
                name: "for the calendar",
                token: access(self.others.token(second, std::slice::from_ref(&other)).await?),
                taken_by: [false, true, false],
            },
            Row {
                name: "for both (scopes of both)",
                token: access(self.others.token(first, &[one, other]).await?),
                taken_by: [true, true, false],
            },
            Row {
                name: "for nobody (no aud)",
                token: access(self.others.token(first, &[]).await?),
                taken_by: [false; 3],
            },
        ];
        match self.others.of_account(first).await {
            Ok(tokens) => {
                let name = "for Keycloak's account pages";
                rows.push(Row { name, token: access(tokens), taken_by: [false; 3] });
            }
            // Only the administrator of a Keycloak can have it.
            Err(failure) => reporter.note(format!("Without a token for account: {}", failure.message)),
        }
        match with_id_token.id_token {
            Some(token) => rows.push(Row { name: "an ID token", token, taken_by: [false; 3] }),
            None => reporter.note("Without an ID token: this IdP gave none."),
        }
        match &reports.exchange {
            Some(exchange) => {
                let token = exchange.exchange(&own).await.map_err(|error| {
                    Failure::new("exchange.failed", format!("There is no exchanged token: {error}."), "See above.")
                })?;
                rows.push(Row {
                    name: "exchanged by the first server",
                    token: access(token),
                    taken_by: [false, false, true],
                });
            }
            None => reporter.note("Without an exchanged token: the MCP server has no credentials at this IdP."),
        }
        Ok(rows)
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
