//! `--probe-audience`: does the MCP server look at `aud`? It gets a token that is for nobody it
//! knows. Such a token is asked for without any scope, so that it is worth as little as can be.

use authorization_code::{TokenResponse, token_response};
use shared::http::Http;
use shared::{Failure, mcp, spec};
use token_use::authorized_client::AuthorizedClient;
use token_use::further::dpop;

use crate::further::lab::is_refusal;
use crate::rules;

/// A server that nobody runs (RFC 2606 §2): a token for it opens nothing, whoever gets it.
const NOBODYS_SERVER: &str = "https://other-server.example/mcp";

/// Sends the MCP server a token that does not name it, and looks at the response.
pub async fn run(http: &Http, server_url: &str, authorized: &AuthorizedClient) -> Result<(), Failure> {
    let reporter = http.reporter();
    reporter.stage("test whether the server checks aud", &spec::MCP_AUDIENCE_CLAIM).await;
    let (tokens, resource) = foreign_token(http, server_url, authorized).await?;
    let claims = token_response::claims(&tokens.access_token);
    let audiences = claims.as_ref().map(token_response::audiences);
    check_foreign(audiences.as_deref(), server_url, resource).map_err(unknown)?;
    if audiences.as_deref().is_some_and(|audiences| audiences != [NOBODYS_SERVER]) {
        authorized.check_recipient(&tokens)?;
    }
    let status = http.send(&dpop::presenting(mcp::discover_request(server_url), &tokens)).await?.status;
    if audiences.is_none() && status != 401 {
        return Err(unknown(&format!(
            "it does not refuse a token that was requested for {resource} with 401 (HTTP {status}), and only the IdP can read that token's audience: \
             either the IdP ignores resource, or the server does not check aud"
        )));
    }
    let expected = "the server refuses a token that does not name it: HTTP 401";
    let fix = "have the server compare aud with its own URL, exactly (src/audience.rs).";
    let seen = format!("HTTP {status}");
    reporter.with_fix(fix).require(&rules::SERVER_REFUSES_OTHERS, status == 401, expected, seen).ok();
    Ok(())
}

/// A token for another server, and the resource that it was asked for. Where the IdP gives none for
/// a server that it does not know, one for this server without any scope may name nobody.
async fn foreign_token<'a>(
    http: &Http,
    server_url: &'a str,
    authorized: &AuthorizedClient,
) -> Result<(TokenResponse, &'a str), Failure> {
    let reporter = http.reporter();
    reporter.announce(format!(
        "The user signs in again, without a scope and for {NOBODYS_SERVER}, which does not exist (lesson 04, not shown)."
    ));
    match authorized.token_for(http, NOBODYS_SERVER, &[]).await {
        Ok(tokens) => return Ok((tokens, NOBODYS_SERVER)),
        Err(failure) if is_refusal(&failure) => {
            reporter.announce(format!(
                "The IdP issues no token for it: {} The client tries again, for this server.",
                failure.message
            ));
        }
        Err(failure) => return Err(unknown(&no_token(&failure))),
    }
    let tokens = authorized.token_for(http, server_url, &[]).await;
    Ok((tokens.map_err(|failure| unknown(&no_token(&failure)))?, server_url))
}

fn no_token(failure: &Failure) -> String {
    format!("there is no such token ({})", failure.message.trim_end_matches('.'))
}

/// Whether a token with these audiences (`None`: it cannot be read) says something about the server
/// once the server has it.
fn check_foreign(audiences: Option<&[&str]>, server_url: &str, resource: &str) -> Result<(), &'static str> {
    match audiences {
        Some(audiences) if audiences.contains(&server_url) => Err("this IdP binds even such a token to the server"),
        None if resource == server_url => {
            Err("this IdP issues tokens only for known servers, and only the IdP can read them")
        }
        Some(_) | None => Ok(()),
    }
}

fn unknown(why: &str) -> Failure {
    let message = format!("Cannot test whether the server checks aud: {why}.");
    Failure::new(
        "probe.unknown",
        message,
        "Get a token for another server by hand, and send it. The server must respond with 401.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_token_for_somebody_else_tells_anything() {
        let server = "https://mcp.example/mcp";
        for (audiences, resource, tells) in [
            (Some(&[NOBODYS_SERVER][..]), NOBODYS_SERVER, true),
            (Some(&[][..]), server, true),
            (Some(&["account"][..]), NOBODYS_SERVER, true),
            (None, NOBODYS_SERVER, true),
            (None, server, false),
            (Some(&[server][..]), NOBODYS_SERVER, false),
            (Some(&[NOBODYS_SERVER, server][..]), NOBODYS_SERVER, false),
        ] {
            assert_eq!(check_foreign(audiences, server, resource).is_ok(), tells, "{audiences:?} {resource}");
        }
    }
}
