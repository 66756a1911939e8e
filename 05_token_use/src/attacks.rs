//! `--break`: one request with one rule broken, after an honest sign-in.

use authorization_code::TokenResponse;
use authorization_code::further::refresh::{USED, replay};
use authorization_code::token_request::{Decision, TokenRequest, request_tokens};
use serde_json::{Value, json};
use shared::breakage::Breakage;
use shared::http::{Http, Request};
use shared::{Failure, Secret, mcp, spec};

use crate::authorized_client::{Authorized, TAKES_REFRESH_TOKEN};
use crate::error::TokenUseError;
use crate::further::dpop::{self, Dpop};
use crate::{breakages, forgeries, rules};

/// Sends what the switch says, and tells how the server answers. Where the client is alone, its
/// answer is all that there is to see.
pub async fn run(
    http: &Http,
    authorized: &Authorized,
    server_url: &str,
    dpop: Option<&Dpop>,
    breakage: &Breakage,
    is_alone: bool,
) -> Result<(), Failure> {
    if breakage.name == breakages::STOLEN_REFRESH.name {
        return use_refresh_token_twice(http, authorized, server_url).await;
    }
    http.reporter().stage("use a token with one rule broken", &spec::MCP_TOKEN_IN_EVERY_REQUEST).await;
    if is_alone || dpop.is_some() {
        let state = authorized.state().await;
        let tokens = &state.tokens.as_ref().ok_or_else(forgeries::impossible)?.tokens;
        try_honestly(http, server_url, tokens, breakage.name).await?;
    }
    let request = match dpop {
        Some(dpop) if breakages::needs_dpop(breakage) => {
            broken_proof(http, authorized, server_url, dpop, breakage.name).await?
        }
        _ => broken(http, authorized, server_url, breakage.name).await?,
    };
    let response = http.send(&request).await?;
    let due = due(breakage);
    let verb = match response.status {
        status if status == due => "refuses, as it must".to_owned(),
        200..=299 => "lets it in".to_owned(),
        _ => format!("gives another answer than the {due} that is due"),
    };
    http.reporter().note(format!("The server {verb}: HTTP {}.", response.status));
    if response.status == due || !is_alone {
        return Ok(());
    }
    let message =
        format!("The server did not refuse with {due} what --break {} sent: HTTP {}.", breakage.name, response.status);
    Err(Failure::new("break.slipped-through", message, "Tell the server's operator which check is missing."))
}

/// Nothing follows from a refusal by a server that refuses what is good, too.
pub async fn try_honestly(http: &Http, server_url: &str, tokens: &TokenResponse, name: &str) -> Result<(), Failure> {
    http.reporter().note("First the same request with nothing broken, so that a refusal means something:");
    let response = http.send(&dpop::presenting(mcp::discover_request(server_url), tokens)).await?;
    // An older server may not know this request, and has looked at the token all the same.
    if !matches!(response.status, 401 | 403 | 500..) {
        return Ok(());
    }
    let message = format!(
        "Whether the server notices what --break {name} does cannot be found out: it refuses the honest request, too (HTTP {}).",
        response.status
    );
    Err(Failure::new("break.unknown", message, "Try it without --break first: client says what the server wants."))
}

/// The status by which a server shows that it noticed: RFC 6750 §3.1.
fn due(breakage: &Breakage) -> u16 {
    match breakage.caught_as.id {
        id if id.starts_with("request.") => 400,
        id if id == rules::SCOPE.id => 403,
        _ => 401,
    }
}

async fn broken(http: &Http, authorized: &Authorized, server_url: &str, name: &str) -> Result<Request, Failure> {
    let honest = mcp::discover_request(server_url);
    let (access_token, id_token) = tokens(authorized).await?;
    let bearer = |token: Option<Secret>| Ok(honest.clone().bearer(&token.ok_or_else(forgeries::impossible)?));
    match name {
        name if name == breakages::ALG_NONE.name => bearer(forgeries::with_alg_none(&access_token)),
        name if name == breakages::UNKNOWN_KID.name => bearer(forgeries::with_unknown_kid(&access_token)),
        name if name == breakages::ID_TOKEN.name => bearer(id_token),
        name if name == breakages::HS256_WITH_PUBLIC_KEY.name => {
            let keys = keys(http, authorized).await?;
            bearer(forgeries::with_public_key_as_secret(&access_token, &keys))
        }
        name if name == breakages::TOKEN_IN_QUERY.name => Ok(forgeries::in_query(honest, &access_token)),
        name if name == breakages::TWO_HEADERS.name => Ok(forgeries::in_two_headers(honest, &access_token)),
        name if name == breakages::MISSING_SCOPE.name => {
            let note = json!({"name": "from-the-attacker", "text": "hello"});
            Ok(mcp::call_tool_request(server_url, "save_note", &note).bearer(&access_token))
        }
        // What the IdP breaks, the client passes on.
        _ => Ok(honest.bearer(&access_token)),
    }
}

/// With a token that is bound to a key.
async fn broken_proof(
    http: &Http,
    authorized: &Authorized,
    server_url: &str,
    dpop: &Dpop,
    name: &str,
) -> Result<Request, Failure> {
    let honest = mcp::discover_request(server_url);
    let (token, _) = tokens(authorized).await?;
    let proven = |dpop: &Dpop, signed: &Request| {
        dpop.with_proof_of(honest.clone(), signed, &token).ok_or_else(forgeries::impossible)
    };
    match name {
        name if name == breakages::BOUND_AS_BEARER.name => Ok(honest.clone().bearer(&token)),
        name if name == breakages::OTHER_KEY.name => proven(&Dpop::generate()?, &honest),
        name if name == breakages::PROOF_FOR_OTHER_URL.name => proven(dpop, &honest.clone().to(ANOTHER_SERVER)),
        _ => {
            let overheard = proven(dpop, &honest)?;
            http.send(&overheard).await?;
            http.reporter().note("That was the client. Now comes who overheard it, with the same words:");
            Ok(overheard)
        }
    }
}

/// For which a proof may have been made that somebody found.
const ANOTHER_SERVER: &str = "https://another.example/mcp";

async fn tokens(authorized: &Authorized) -> Result<(Secret, Option<Secret>), Failure> {
    let state = authorized.state().await;
    let kept = state.tokens.as_ref().ok_or_else(forgeries::impossible)?;
    Ok((kept.tokens.access_token.clone(), kept.tokens.id_token.clone()))
}

/// The authorization server's keys: they are public.
async fn keys(http: &Http, authorized: &Authorized) -> Result<Value, Failure> {
    let state = authorized.state().await;
    let server = state.ready.as_ref().map(|ready| &ready.authorization_server);
    let jwks_uri = server.and_then(|server| server.jwks_uri.clone());
    let jwks_uri = jwks_uri.ok_or(TokenUseError::NoEndpoint { name: "jwks_uri" })?;
    let response = http.send(&Request::get(&jwks_uri)).await?;
    Ok(serde_json::from_slice(&response.body).unwrap_or_default())
}

/// "If a refresh token is compromised and subsequently used by both the attacker and the legitimate
/// client, one of them will present an invalidated refresh token" (RFC 6749 §10.4): here the thief
/// comes late.
pub async fn use_refresh_token_twice(http: &Http, authorized: &Authorized, server_url: &str) -> Result<(), Failure> {
    let state = authorized.state().await;
    let stolen = state.tokens.as_ref().and_then(|kept| Some((kept, kept.tokens.refresh_token.clone()?)));
    let Some((kept, stolen)) = stolen else {
        return Err(TokenUseError::NoRefresh { got: "the IdP gave no refresh token".to_owned() }.into());
    };
    let endpoint = authorized.issued_by(&state, kept).await?.token_endpoint()?;
    let request = TokenRequest::refresh(&stolen, server_url);
    let reporter = http.reporter();
    reporter.stage("refresh, as the user's client does", &spec::RFC6749_6).await;
    let renewed = request_tokens(http, &endpoint, &request, TAKES_REFRESH_TOKEN).await?;

    reporter.stage("use the old refresh token, as a thief would", &spec::OAUTH_REFRESH_REPLAY).await;
    let expected = "the refresh token was not used before";
    let once = Decision { rule: &rules::IDP_TAKES_REFRESH_TOKEN_ONCE, expected, fix: USED };
    let thief = request_tokens(http, &endpoint, &request, once).await;

    reporter.stage("use the new refresh token, as the user's client would next", &spec::MCP_ROTATE_REFRESH).await;
    let newest = renewed.refresh_token.unwrap_or(stolen);
    let dead = replay(http, &endpoint, &TokenRequest::refresh(&newest, server_url)).await?;
    let got = dead.unwrap_or_else(|| "it is taken".to_owned());
    let is_dead = got != "it is taken";
    let expected = "the whole family is dead, since nobody knows who the thief is";
    let fix = "end everything that came from a refresh token when it is used twice (Keycloak does with Revoke Refresh Token).";
    reporter.on(shared::Side::Idp).check_or(&rules::IDP_ENDS_FAMILY, is_dead, expected, got, fix);
    thief.map(|_| ()).map_err(Failure::from)
}
