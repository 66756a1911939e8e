//! The API behind the MCP server. It knows nothing of MCP; it takes tokens that are for it, as
//! every resource server should.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use serde_json::{Value, json};
use shared::{Failure, Reporter, Secret};
use token_use::access_token::{AccessToken, Verifier};
use token_use::bearer;
use token_use::further::dpop::proof;
use token_use::further::key_rotation::Limits;
use token_use::options::CheckOptions;
use token_use::refusal::{Checks, Refusal, RefusalKind, short};

use crate::further::api_page;
use crate::parties::AudienceOptions;
use crate::{audience, rules};

/// The API, which can stop looking at `aud`.
pub struct Downstream {
    careful: Verifier,
    careless: Verifier,
    scope: String,
    is_careless: AtomicBool,
    reporter: Reporter,
}

impl Downstream {
    /// An API that takes tokens of this authorization server.
    pub fn new(
        issuer: &str,
        options: &AudienceOptions,
        checks: &CheckOptions,
        reporter: Reporter,
    ) -> Result<Self, Failure> {
        // It fetches the authorization server's keys as every server does, and that was shown.
        let verifier = || Verifier::of(issuer, checks, Limits::default(), &Reporter::silent());
        let accepted = [options.downstream_audience.clone()];
        let audience = Some(audience::check(&rules::DOWNSTREAM_AUDIENCE, "the downstream API", issuer, &accepted));
        Ok(Self {
            careful: Verifier { audience, ..verifier()? },
            careless: verifier()?,
            scope: options.downstream_scope.clone(),
            is_careless: AtomicBool::new(false),
            reporter,
        })
    }

    /// Takes any token of its authorization server from now on, as an API does that does not look
    /// at `aud`; or no longer.
    pub fn set_careless(&self, careless: bool) {
        self.is_careless.store(careless, Ordering::Relaxed);
    }

    async fn verified(&self, request: Request) -> Result<AccessToken, Refusal> {
        let (parts, _) = request.into_parts();
        let checks = Checks::told(&self.reporter);
        let token = bearer::token(&checks, &parts)?;
        let seen = Secret::new(token);
        if self.is_careless.load(Ordering::Relaxed) {
            let token = self.careless.verify(&checks, token).await?;
            checks.note(|| {
                format!(
                    "The downstream API accepts {} of the client {}. It does not check aud.",
                    seen.fingerprint(),
                    azp(&token)
                )
            });
            return Ok(token);
        }
        let token = self.careful.verify(&checks, token).await?;
        proof::not_bound(&checks, &token)?;
        // "The request requires higher privileges than provided by the access token." (RFC 6750
        // §3.1)
        let granted = token.scopes.contains(&self.scope);
        let expected = format_args!("the downstream API needs the scope {}", self.scope);
        let kind = RefusalKind::InsufficientScope(Some(self.scope.clone()));
        checks.require(&rules::DOWNSTREAM_SCOPE, granted, expected, token.scopes.join(" "), kind)?;
        checks.note(|| format!("The downstream API accepts {} of the client {}.", seen.fingerprint(), azp(&token)));
        Ok(token)
    }
}

/// The client that the token was given to.
fn azp(token: &AccessToken) -> String {
    short(token.claims.get("azp").and_then(Value::as_str).unwrap_or("somebody"))
}

/// The API: one document, and a page for people.
pub fn app(downstream: Arc<Downstream>) -> Router {
    Router::new().route("/reports", get(reports)).with_state(downstream).merge(api_page::route())
}

async fn reports(State(downstream): State<Arc<Downstream>>, request: Request) -> Response {
    match downstream.verified(request).await {
        Ok(token) => Json(json!({
            "reports": ["Umbrellas sold in Oslo", "Umbrellas lost in Lisbon"],
            "for": token.subject(),
            "asked_by": azp(&token),
        }))
        .into_response(),
        Err(refusal) => refused(&downstream, &refusal),
    }
}

fn refused(downstream: &Downstream, refusal: &Refusal) -> Response {
    refusal.failed.iter().for_each(|failed| downstream.reporter.report_failed(failed));
    let (status, challenge) = match &refusal.kind {
        RefusalKind::Unavailable { .. } | RefusalKind::NoSuchSession => {
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
        RefusalKind::Unauthenticated => (StatusCode::UNAUTHORIZED, "Bearer".to_owned()),
        RefusalKind::InvalidRequest(why) => (StatusCode::BAD_REQUEST, error("invalid_request", why)),
        RefusalKind::InvalidToken(why) => (StatusCode::UNAUTHORIZED, error("invalid_token", why)),
        RefusalKind::Unproven(unproven) => (StatusCode::UNAUTHORIZED, error("invalid_token", unproven.description())),
        RefusalKind::InsufficientScope(_) => {
            (StatusCode::FORBIDDEN, error("insufficient_scope", "The token lacks the scope"))
        }
    };
    downstream.reporter.note(format!("The downstream API refuses: {}.", status.as_u16()));
    (status, [(header::WWW_AUTHENTICATE, challenge)], "WWW-Authenticate says what is wrong.\n").into_response()
}

fn error(code: &str, why: &str) -> String {
    format!("Bearer error=\"{code}\", error_description=\"{why}\"")
}
