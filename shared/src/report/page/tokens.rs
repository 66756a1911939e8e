//! Tokens as cards: header and claims, what each claim says, and which checks looked at it.

use std::time::Duration;

use maud::{Markup, html};

use super::super::holdings::masked;
use super::super::line::{Claim, Token};
use super::super::run::Run;
use super::{by_claim, hue, mark};

/// The card of every token that was issued.
pub fn cards(run: &Run) -> Markup {
    let tokens: Vec<_> = run.tokens().collect();
    let longest = tokens.iter().filter_map(|(_, token)| lifetime(token)).max().unwrap_or_default();
    let checks = by_claim(run);
    html! {
        @if !tokens.is_empty() {
            h2 { "Tokens" }
            div.cards { @for (row, token) in &tokens {
                article.card id={ "t" (row.seq) } style={ "--hue:" (masked(&token.token).first().map_or(0, |(_, hash)| hue(hash))) } {
                    h3 { (token.name) " " (short(&token.token)) }
                    p.hint { @for Claim { name, value, .. } in &token.header { (name) " " strong { (value) } " " } }
                    @if let Some(lifetime) = lifetime(token) {
                        p.lifetime { span.bar style={ "width:" (percent(lifetime, longest)) "%" } {} " valid for " (humantime::format_duration(lifetime)) }
                    }
                    table { @for claim in &token.claims {
                        tr {
                            th scope="row" { (claim.name) }
                            td {
                                (claim.value)
                                @if !claim.meaning.is_empty() { br; span.hint { (claim.meaning) } }
                                @if let Some(looked) = checks.get(claim.name.as_str()) {
                                    br; span.hint { "checks: " }
                                    @for (row, check) in looked { a href={ "#e" (row.seq) } title=(check.id) { (mark(check)) } " " }
                                }
                            }
                        }
                    } }
                }
            } }
        }
    }
}

/// The digits by which a token is recognised.
pub fn short(token: &str) -> String {
    masked(token).first().map_or(String::new(), |(_, hash)| hash[..4].to_owned())
}

/// From `iat` to `exp`.
fn lifetime(token: &Token) -> Option<Duration> {
    let time = |name: &str| {
        let claim = token.claims.iter().find(|claim| claim.name == name)?;
        humantime::parse_rfc3339(&claim.value).ok()
    };
    time("exp")?.duration_since(time("iat")?).ok()
}

fn percent(part: Duration, whole: Duration) -> u64 {
    (100 * part.as_secs()).checked_div(whole.as_secs()).unwrap_or_default().max(1)
}
