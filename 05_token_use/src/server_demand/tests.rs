use axum::http::{HeaderMap, HeaderValue};

use shared::Failure;

use super::*;

fn by(status: u16, challenge: &str) -> Option<ServerDemand> {
    let mut headers = HeaderMap::new();
    if !challenge.is_empty() {
        headers.insert("www-authenticate", HeaderValue::from_str(challenge).unwrap());
    }
    ServerDemand::read(&Response { url: String::new(), status, headers, body: Vec::new() })
}

#[test]
fn a_challenge_says_what_to_do() {
    let scopes = |list: &[&str]| list.iter().map(|scope| (*scope).to_owned()).collect::<Vec<_>>();
    let token = |list: &[&str], said: &str| {
        Some(ServerDemand::Token { scopes: scopes(list), said: said.to_owned(), bound: false })
    };
    assert_eq!(by(401, ""), token(&[], "HTTP 401"));
    assert_eq!(by(401, "Bearer scope=\"a b\""), token(&["a", "b"], "HTTP 401"));
    let expired = "Bearer error=\"invalid_token\", error_description=\"The token has expired\"";
    assert_eq!(by(401, expired), token(&[], "HTTP 401 invalid_token: The token has expired"));
    let bound = |challenge| match by(401, challenge) {
        Some(ServerDemand::Token { bound, .. }) => bound,
        _ => false,
    };
    assert!(bound("DPoP algs=\"ES256\"") && bound("dpop error=\"invalid_token\""));
    assert!(!bound("Bearer, DPoP algs=\"ES256\"") && !bound("Bearer") && !bound("Basic"));
    let insufficient = "Bearer error=\"insufficient_scope\", scope=\"w\"";
    assert_eq!(by(403, insufficient), Some(ServerDemand::Scopes { scopes: scopes(&["w"]) }));
    let other = |said: &str| Some(ServerDemand::OtherUser { said: said.to_owned() });
    assert_eq!(by(403, "Bearer error=\"insufficient_scope\""), other("HTTP 403 insufficient_scope"));
    assert_eq!(by(403, ""), other("HTTP 403"));
    assert_eq!(by(403, "Basic realm=\"x\""), other("HTTP 403"));
    let malformed =
        |status: u16, fault: &str| format!("HTTP {status} (its WWW-Authenticate is malformed: {fault} characters))");
    let scheme = malformed(401, "the name of an authentication scheme is expected (after 0");
    assert_eq!(by(401, "§$%&"), token(&[], &scheme));
    // What stands in front of a fault counts, and the fault is named.
    let comma = malformed(403, "there is a comma after Bearer, where only a space belongs (after 13");
    assert_eq!(by(403, "Bearer, error=\"insufficient_scope\", scope=\"w\""), other(&comma));
    let first = format!("{insufficient}, Basic realm=\"x");
    assert_eq!(by(403, &first), Some(ServerDemand::Scopes { scopes: scopes(&["w"]) }));
    assert_eq!(by(503, ""), Some(ServerDemand::Patience { retry_after: "not given".to_owned() }));
    for status in [200, 202, 400, 404, 500] {
        assert_eq!(by(status, insufficient), None);
    }
}

fn list(scopes: &[&str]) -> Vec<String> {
    scopes.iter().map(|scope| (*scope).to_owned()).collect()
}

fn demands() -> [ServerDemand; 4] {
    [
        ServerDemand::Token { scopes: list(&["r"]), said: "HTTP 401".to_owned(), bound: false },
        ServerDemand::Scopes { scopes: list(&["w"]) },
        ServerDemand::OtherUser { said: "HTTP 403".to_owned() },
        ServerDemand::Patience { retry_after: "7".to_owned() },
    ]
}

/// A row of the table; `None` stands for any value.
struct Row {
    demand: usize,
    refreshed: Option<bool>,
    signed_in: Option<bool>,
    may_step_up: Option<bool>,
    refresh_token: Option<bool>,
    scopes: Option<bool>,
    step: &'static str,
}

const ANY: Row =
    Row { demand: 0, refreshed: None, signed_in: None, may_step_up: None, refresh_token: None, scopes: None, step: "" };

const TABLE: &[Row] = &[
    // 401, without a refresh token or after a refresh: the user signs in, once.
    Row { refreshed: Some(false), refresh_token: Some(true), step: "refresh", ..ANY },
    Row { refreshed: Some(false), refresh_token: Some(false), signed_in: Some(false), step: "sign in r", ..ANY },
    Row { refreshed: Some(true), signed_in: Some(false), step: "sign in r", ..ANY },
    Row { refreshed: Some(false), refresh_token: Some(false), signed_in: Some(true), step: "use.refused", ..ANY },
    Row { refreshed: Some(true), signed_in: Some(true), step: "use.refused", ..ANY },
    // 403 insufficient_scope: the user is asked for more, twice at most, and not for what is there.
    Row { demand: 1, may_step_up: Some(true), scopes: Some(false), step: "step up w", ..ANY },
    Row { demand: 1, may_step_up: Some(true), scopes: Some(true), step: "step-up.never-enough", ..ANY },
    Row { demand: 1, may_step_up: Some(false), step: "step-up.never-enough", ..ANY },
    // Nothing would help.
    Row { demand: 2, step: "use.forbidden", ..ANY },
    Row { demand: 3, step: "use.cannot-check", ..ANY },
];

impl Row {
    fn is_for(&self, demand: usize, attempts: Attempts, holdings: Holdings) -> bool {
        let may_step_up = attempts.step_ups < 2;
        let is = |wanted: Option<bool>, value: bool| wanted.is_none_or(|wanted| wanted == value);
        self.demand == demand
            && is(self.refreshed, attempts.refreshed)
            && is(self.signed_in, attempts.signed_in)
            && is(self.may_step_up, may_step_up)
            && is(self.refresh_token, holdings.refresh_token)
            && is(self.scopes, holdings.scopes)
    }
}

fn name(step: &Step<'_>) -> String {
    match step {
        Step::Refresh => "refresh".to_owned(),
        Step::SignIn(scopes) => format!("sign in {}", scopes.join(" ")),
        Step::StepUp(scopes) => format!("step up {}", scopes.join(" ")),
        Step::GiveUp(error) => Failure::from(error.clone()).id,
    }
}

#[test]
fn every_combination_has_one_next_step() {
    let bools = [false, true];
    let attempts = bools.into_iter().flat_map(|refreshed| {
        let signed_in = bools.into_iter();
        signed_in.flat_map(move |signed_in| (0..=3).map(move |step_ups| Attempts { refreshed, signed_in, step_ups }))
    });
    let attempts: Vec<_> = attempts.collect();
    let holdings = bools.into_iter().flat_map(|refresh_token| bools.map(|scopes| Holdings { refresh_token, scopes }));
    let holdings: Vec<_> = holdings.collect();
    for (n, demand) in demands().iter().enumerate() {
        for &attempts in &attempts {
            for &holdings in &holdings {
                let rows: Vec<_> = TABLE.iter().filter(|row| row.is_for(n, attempts, holdings)).collect();
                assert_eq!(rows.len(), 1, "{demand:?} {attempts:?} {holdings:?}");
                let step = next_step(demand, attempts, holdings);
                assert_eq!(name(&step), rows[0].step, "{demand:?} {attempts:?} {holdings:?}");
            }
        }
    }
}

#[test]
fn giving_up_says_how_often_it_was_tried() {
    let [_, scopes, ..] = demands();
    let attempts = Attempts { step_ups: 2, ..Attempts::default() };
    let step = next_step(&scopes, attempts, Holdings { refresh_token: false, scopes: false });
    assert_eq!(step, Step::GiveUp(TokenUseError::NeverEnough { asked: "w".to_owned(), tries: 3 }));
}

#[test]
fn what_was_asked_for_before_is_asked_for_again() {
    for (before, more, all) in [
        (&["r"][..], &["w"][..], &["r", "w"][..]),
        (&["r", "w"], &["w"], &["r", "w"]),
        (&[], &["w", "w"], &["w"]),
        (&["r"], &[], &["r"]),
    ] {
        assert_eq!(union(&list(before), &list(more)), list(all));
    }
}
