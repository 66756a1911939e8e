//! Keycloak, its clock, and the embedded IdP.

use std::time::{SystemTime, UNIX_EPOCH};

use shared::http::{Http, Request};
use shared::reach::Reach;
use shared::{Reporter, listen};

use super::Finding;
use crate::probe::{ProbeResult, probe};
use crate::select::{START_KEYCLOAK, keycloak_fix, keycloak_issuer};
use crate::{Embedded, Realm};

/// Seconds for an IdP to respond.
const SECONDS: u64 = 2;
/// Seconds by which clocks may differ before the lessons reject fresh tokens.
const MOST_SECONDS: i64 = 5;

pub async fn look() -> Vec<Finding> {
    let issuer = keycloak_issuer();
    let (keycloak, embedded) = tokio::join!(look_at_keycloak(&issuer), look_at_embedded());
    keycloak.into_iter().chain([embedded]).collect()
}

async fn look_at_keycloak(issuer: &str) -> Vec<Finding> {
    let result = match probe(issuer, SECONDS).await {
        Ok(result) => result,
        Err(failure) => return vec![failure.into()],
    };
    let clock = if result == ProbeResult::Ready { clock_difference(issuer).await.map(judge_clock) } else { None };
    [judge_keycloak(issuer, &result)].into_iter().chain(clock).collect()
}

fn judge_keycloak(issuer: &str, result: &ProbeResult) -> Finding {
    match result {
        ProbeResult::Ready => Finding::good(format!("Keycloak responds with the issuer {issuer}.")),
        ProbeResult::Nothing { reason, .. } => Finding::optional(
            format!("Keycloak is not up at {issuer} ({reason}). The lessons use the embedded IdP."),
            format!("For a real Keycloak: {START_KEYCLOAK}"),
        ),
        other => {
            Finding::optional(format!("Keycloak: {other}. The lessons use the embedded IdP."), keycloak_fix(other))
        }
    }
}

/// How many seconds the issuer's clock is ahead of this machine's, by the header `Date` of its
/// response.
async fn clock_difference(issuer: &str) -> Option<i64> {
    let http = Http::new(Reporter::silent(), Reach::of_operator(issuer)).ok()?.within(SECONDS);
    let response = http.send(&Request::get(issuer)).await.ok()?;
    let date = httpdate::parse_http_date(response.headers.get("date")?.to_str().ok()?).ok()?;
    Some(seconds(date)? - seconds(SystemTime::now())?)
}

fn seconds(time: SystemTime) -> Option<i64> {
    i64::try_from(time.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok()
}

fn judge_clock(difference: i64) -> Finding {
    let ahead = if difference > 0 { "ahead of" } else { "behind" };
    match difference.abs() {
        0..=MOST_SECONDS => {
            Finding::good(format!("Keycloak's clock and this machine's differ by {} s.", difference.abs()))
        }
        far => Finding::bad(
            format!(
                "Keycloak's clock is {far} s {ahead} this machine's, so fresh tokens look expired or not valid yet."
            ),
            "Set this machine's clock, then restart Docker: a virtual machine's clock can stop while the computer sleeps.",
        ),
    }
}

/// Starts one inside this process and asks it for its metadata.
async fn look_at_embedded() -> Finding {
    let started = async {
        let listener = listen::bind(0, "the embedded IdP", "--port").await?;
        let embedded = Embedded::start(listener, Realm::shipped()?);
        probe(embedded.issuer(), SECONDS).await
    };
    match started.await {
        Ok(result) => judge_embedded(&result),
        Err(failure) => failure.into(),
    }
}

fn judge_embedded(result: &ProbeResult) -> Finding {
    match result {
        ProbeResult::Ready => Finding::good("The embedded IdP starts and responds."),
        other => Finding::bad(
            format!("The embedded IdP was started, but {other}."),
            "Let programs of this machine connect to 127.0.0.1: check the firewall, and the line for localhost in the file hosts.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Mark;
    use super::*;

    const ISSUER: &str = "http://localhost:9000/realms/mcp-oauth";

    #[test]
    fn keycloak_is_optional_and_has_a_fix_for_whatever_is_there() {
        let issuer = ISSUER.to_owned();
        assert_eq!(judge_keycloak(ISSUER, &ProbeResult::Ready).mark, Mark::Good);
        for result in [
            ProbeResult::Nothing { issuer: issuer.clone(), reason: "connection refused".to_owned() },
            ProbeResult::OtherIssuer { issuer: issuer.clone(), found: "http://127.0.0.1:9000".to_owned() },
            ProbeResult::RealmNotReady { issuer: issuer.clone(), status: 404 },
            ProbeResult::SomethingElse { issuer, status: 200 },
        ] {
            let finding = judge_keycloak(ISSUER, &result);
            assert!(finding.mark == Mark::Optional && !finding.fix.is_empty(), "{finding:?}");
        }
    }

    #[test]
    fn a_clock_may_differ_a_little() {
        for (difference, mark) in [(0, Mark::Good), (-5, Mark::Good), (6, Mark::Bad), (-3600, Mark::Bad)] {
            assert_eq!(judge_clock(difference).mark, mark, "{difference}");
        }
        assert!(judge_clock(-60).text.starts_with("Keycloak's clock is 60 s behind this machine's"));
    }

    #[tokio::test]
    async fn the_clock_of_a_server_is_in_its_responses() {
        use axum::Router;
        let router = |date: Option<SystemTime>| {
            Router::new().fallback(move || async move {
                let date = date.map_or_else(|| "yesterday".to_owned(), httpdate::fmt_http_date);
                ([("date", date)], "")
            })
        };
        for (date, expected) in [(Some(UNIX_EPOCH), true), (Some(SystemTime::now()), false)] {
            let listener = listen::bind(0, "test", "").await.unwrap();
            let url = format!("http://localhost:{}/", listen::port(&listener));
            let _serving = listen::serve(listener, router(date));
            let difference = clock_difference(&url).await.unwrap();
            assert_eq!(difference < -1_000_000_000, expected, "{difference}");
        }
        let listener = listen::bind(0, "test", "").await.unwrap();
        let url = format!("http://localhost:{}/", listen::port(&listener));
        let _serving = listen::serve(listener, router(None));
        assert_eq!(clock_difference(&url).await, None);
    }

    #[tokio::test]
    async fn the_embedded_idp_starts_here() {
        assert_eq!(look_at_embedded().await.mark, Mark::Good);
        let nothing = ProbeResult::Nothing { issuer: ISSUER.to_owned(), reason: "x".to_owned() };
        assert_eq!(judge_embedded(&nothing).mark, Mark::Bad);
    }
}
