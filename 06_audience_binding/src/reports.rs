//! How the MCP server asks the API behind it: with a token of its own, or, done wrong, with the one
//! that its client sent.

use std::sync::Mutex;
use std::sync::PoisonError;

use shared::Secret;
use shared::http::{Http, Request};

use crate::token_exchange::{TokenExchange, side_by_side};

/// With which token the MCP server asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum With {
    /// One of its own, by token exchange.
    Exchange,
    /// The client's. "The MCP server MUST NOT pass through the token it received from the MCP
    /// client." (MCP 2026-07-28)
    Passthrough,
}

/// The MCP server's way to the API behind it.
pub struct Reports {
    /// Tells every request.
    pub http: Http,
    /// The API's document.
    pub url: String,
    /// `None` where the MCP server has no credentials at the authorization server.
    pub exchange: Option<TokenExchange>,
    with: Mutex<With>,
}

impl Reports {
    /// The way to `url`.
    pub fn new(http: Http, url: String, exchange: Option<TokenExchange>, with: With) -> Self {
        Self { http, url, exchange, with: Mutex::new(with) }
    }

    /// From now on with this token.
    pub fn set(&self, with: With) {
        *self.with.lock().unwrap_or_else(PoisonError::into_inner) = with;
    }

    /// The reports, for the user whose token the client sent; an error is in words for the caller.
    pub async fn list(&self, presented: &Secret) -> Result<String, String> {
        let with = *self.with.lock().unwrap_or_else(PoisonError::into_inner);
        let token = match with {
            With::Passthrough => presented.clone(),
            With::Exchange => self.exchanged(presented).await?,
        };
        let answer = self.http.send(&Request::get(&self.url).without_redirects().bearer(&token)).await;
        let answer = answer.map_err(|error| format!("The downstream API does not answer: {error}"))?;
        match answer.status {
            200 => Ok(String::from_utf8_lossy(&answer.body).into_owned()),
            status => Err(format!("The downstream API refuses this server's token: HTTP {status}.")),
        }
    }

    async fn exchanged(&self, presented: &Secret) -> Result<Secret, String> {
        let exchange = self.exchange.as_ref().ok_or(NO_CREDENTIALS)?;
        let response = exchange.exchange(presented).await;
        let token = response.map_err(|error| format!("The reports cannot be had: {error}."))?.access_token;
        if let Some(table) = side_by_side(presented, &token) {
            self.http.reporter().note(table);
        }
        Ok(token)
    }
}

const NO_CREDENTIALS: &str = "This MCP server is no client of its authorization server, so it can get no token for the API behind it. Its operator gives \
                              it MCP_SERVER_CLIENT_ID and MCP_SERVER_CLIENT_SECRET.";
