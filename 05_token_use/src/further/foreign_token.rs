//! The last stage of the story: what a server without the audience check accepts. Lesson 06 is
//! about that.

use authorization_code::further::recipients::send_anyway;
use serde_json::json;
use shared::{Failure, Rule, Secret, Side, mcp, spec};

use crate::client::Story;
use crate::further::dpop;
use crate::further::rules;

/// The second MCP server of the tutorial's realm, which nobody runs here, and the scope that brings
/// its audience.
const ANOTHER_SERVER: (&str, &str) = (keycloak::SERVERS[1], "calendar:read");

/// What a token that was issued for another server shows.
#[derive(Clone, Copy)]
pub struct ForeignToken {
    /// The check that fails, and whose it is.
    pub fails_at: (Side, &'static Rule),
    /// Why it fails.
    pub why: &'static str,
    /// The check that the client makes.
    pub rule: &'static Rule,
    /// What that check requires.
    pub expected: &'static str,
    /// What follows.
    pub conclusion: &'static str,
}

const FOREIGN_TOKEN: ForeignToken = ForeignToken {
    fails_at: (Side::Client, &rules::FOREIGN_TOKEN),
    why: "Lesson 06 fixes this: its server checks aud and responds with 401.",
    rule: &rules::FOREIGN_TOKEN,
    expected: "the server refuses a token that was issued for another one",
    conclusion: "The calendar's operator can read this user's profile here, with a token that the user gave to the calendar. With more scopes, it \
                 could use the other tools too.",
};

/// Scopes that the client has to be registered for, beyond those of the MCP server.
pub fn more_scopes() -> Vec<String> {
    vec![ANOTHER_SERVER.1.to_owned()]
}

impl Story<'_> {
    /// The last stage: what a server without the audience check lets in.
    pub(crate) async fn use_a_token_for_another_server(&self) -> Result<(), Failure> {
        let reporter = self.http.reporter();
        reporter.stage("use a token that was issued for another server", &spec::MCP_AUDIENCE).await;
        let (resource, scope) = ANOTHER_SERVER;
        let ready = self.authorized.ready().await;
        let metadata = ready.as_ref().map(|ready| &ready.authorization_server);
        let offered = metadata.and_then(|metadata| metadata.scopes_supported.as_deref()).unwrap_or_default();
        if !offered.iter().any(|offered| offered == scope) {
            reporter.note(format!("This IdP does not offer {scope}, the scope of the tutorial's second server, so this run has no such token."));
            return Ok(());
        }
        reporter.note(format!("The user signs in for {resource}, a calendar (the stages of lesson 04, not shown)."));
        let tokens = self.authorized.token_for(self.http, resource, &[scope.to_owned()]).await?;
        self.present(&tokens.access_token).await
    }

    /// The calendar's token, as the calendar could present it: it has it, the user gave it.
    async fn present(&self, token: &Secret) -> Result<(), Failure> {
        let reporter = self.http.reporter();
        let request = mcp::call_tool_request(self.server_url, "get_user_profile", &json!({}));
        let lesson = if self.dpop.is_some() { dpop::FOREIGN_TOKEN } else { FOREIGN_TOKEN };
        let _expecting = match lesson.fails_at {
            (Side::Client, rule) => reporter.demonstrating(Side::Client, rule, lesson.why),
            (side, rule) => reporter.expecting_refusal(side, rule, lesson.why),
        };
        let status = self.http.send(&send_anyway(request, token)).await?.status;
        reporter.require(lesson.rule, status == 401, lesson.expected, format!("HTTP {status}")).ok();
        reporter.note(lesson.conclusion);
        Ok(())
    }
}
