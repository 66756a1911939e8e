//! Going further: why an MCP server may have refused the client's token, as far as the token itself
//! shows it. A client has no business with the inside of an access token; but the person who sets
//! up server and IdP needs to know which of the two to change.

use authorization_code::further::recipients::{Recipient, recipient};
use authorization_code::further::stored_tokens::Kept;
use authorization_code::token_response::{audiences, claims, header, named};
use shared::{Failure, now};

use crate::error::TokenUseError;
use crate::further::token_advice::ADD_SUB;
use crate::server_demand::{Attempts, ServerDemand};

/// The failure, with advice from the token that the server refused.
pub fn explain(failure: Failure, refused: Option<&Kept>, server_url: &str) -> Failure {
    let is_refusal = matches!(failure.cause(), Some(TokenUseError::Refused(_)));
    match refused.filter(|_| is_refusal) {
        Some(kept) => {
            let fix = format!(
                "Change the settings of the server or of the IdP first: another sign-in brings the same kind of token. {} {}",
                advice(kept, server_url),
                failure.fix
            );
            failure.with_fix(fix)
        }
        None => failure,
    }
}

/// A new token that the server refuses stays refused: to refresh it, or to sign in again, would
/// bring the same, unless it has ended meanwhile, or the server wants other scopes. So both count
/// as done.
pub fn attempts_with(demand: &ServerDemand, attempts: Attempts, new: Option<&Kept>) -> Attempts {
    let (ServerDemand::Token { scopes, .. }, Some(kept)) = (demand, new) else { return attempts };
    let lasts = kept.tokens.expires_in.is_none_or(|seconds| now() < kept.obtained_at.saturating_add(seconds));
    let has_scopes = scopes.iter().all(|scope| kept.requested.contains(scope));
    if lasts && has_scopes { Attempts { refreshed: true, signed_in: true, ..attempts } } else { attempts }
}

/// What is unusual about the token, each with what to do.
fn advice(kept: &Kept, server_url: &str) -> String {
    let token = &kept.tokens.access_token;
    let (Some(claims), Some(header)) = (claims(token), header(token)) else {
        let kind = if token.expose().split('.').count() == 5 { "encrypted" } else { "opaque" };
        return format!(
            "The token is {kind}: a server that takes only signed JWTs cannot check it. Have the IdP issue such access tokens (RFC 9068), or have the \
             server ask the IdP (introspection, RFC 7662)."
        );
    };
    let text = |name: &str| claims.get(name).and_then(|value| value.as_str());
    let typ = header.get("typ").and_then(|typ| typ.as_str()).unwrap_or("absent");
    let is_keycloaks = typ.eq_ignore_ascii_case("JWT") && matches!(text("typ"), Some("Bearer" | "DPoP"));
    let is_access_token = ["at+jwt", "application/at+jwt"].iter().any(|known| typ.eq_ignore_ascii_case(known));
    let resource = kept.resource.as_deref().unwrap_or(server_url);
    let mut found = vec![];
    if recipient(token, resource, &[]) != Recipient::Server {
        let aud = named(&audiences(&claims));
        found.push(format!(
            "Its audience ({aud}) does not name {resource}: have the IdP write that URL into aud, for example with an audience mapper."
        ));
    }
    if text("iss") != Some(kept.issuer.as_str()) {
        let iss = text("iss").unwrap_or("absent");
        found.push(format!(
            "Its iss ({iss}) is not the issuer {}: start the server with the IdP that issues its tokens.",
            kept.issuer
        ));
    }
    if !is_access_token && !is_keycloaks {
        let taken = if typ == "absent" { "\"\"" } else { typ };
        found.push(format!("Its typ ({typ}) is not at+jwt: start this tutorial's server with --accept-typ {taken}, or have the IdP write at+jwt."));
    }
    if text("sub").is_none_or(str::is_empty) {
        found.push(format!("It has no sub. {ADD_SUB}"));
    }
    found.extend(clocks(&claims));
    if found.is_empty() {
        return "The token's aud, iss and typ are right.".to_owned();
    }
    format!("The token shows this: {}", found.join(" "))
}

/// Times that cannot be right in a token that was issued just now.
fn clocks(claims: &serde_json::Map<String, serde_json::Value>) -> Option<String> {
    let time = |name: &str| claims.get(name).and_then(serde_json::Value::as_u64);
    let now = now();
    let ahead = ["iat", "nbf"].iter().find_map(|name| Some((*name, time(name)?.checked_sub(now)?)));
    match (ahead.filter(|(_, seconds)| *seconds > 30), time("exp").filter(|exp| *exp <= now)) {
        (Some((name, seconds)), _) => Some(format!(
            "Its {name} is {seconds} s ahead of this machine's clock: set the clocks of IdP, server and client by NTP."
        )),
        (None, Some(exp)) => {
            Some(format!("Its exp is {} s behind this machine's clock: set the clocks by NTP.", now - exp))
        }
        _ => None,
    }
}
