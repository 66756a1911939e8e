//! Authorization servers that know no resource indicators (RFC 8707): some refuse a request with
//! `resource`, others want the audience in a parameter of their own. MCP wants `resource` all the
//! same, so both are reported.

use clap::Args;
use shared::{Reporter, spec};

use crate::authorization_request::AuthorizationRequest;
use crate::further::rules;
use crate::token_request::TokenRequest;

/// Options about the parameter that says whom a token is for.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceParameter {
    /// Leave resource out of the requests, for an IdP that refuses it; MCP requires it
    #[arg(long, global = true)]
    pub omit_resource: bool,
    /// Send audience=VALUE in the requests too, for an IdP that chooses a token's audience by that
    /// parameter (Auth0 and others); --audience is about tokens, not about requests
    #[arg(long, value_name = "VALUE", global = true)]
    pub request_audience: Option<String>,
}

impl ResourceParameter {
    /// The authorization request as this authorization server wants it.
    pub fn authorization_request(
        &self,
        reporter: &Reporter,
        mut request: AuthorizationRequest,
    ) -> AuthorizationRequest {
        self.report(reporter);
        if *self == Self::default() {
            return request;
        }
        let kept: Vec<_> = request.url.query_pairs().into_owned().filter(|(name, _)| !self.leaves_out(name)).collect();
        let audience = self.request_audience.iter().map(|audience| ("audience".to_owned(), audience.clone()));
        request.url.query_pairs_mut().clear().extend_pairs(kept.into_iter().chain(audience));
        request
    }

    /// The token request as this authorization server wants it.
    pub fn token_request(&self, request: TokenRequest) -> TokenRequest {
        let request = if self.omit_resource { request.without("resource") } else { request };
        match &self.request_audience {
            Some(audience) => request.with("audience", audience),
            None => request,
        }
    }

    fn leaves_out(&self, name: &str) -> bool {
        self.omit_resource && name == "resource" || self.request_audience.is_some() && name == "audience"
    }

    /// Says in which way the requests differ from what MCP requires.
    pub fn report(&self, reporter: &Reporter) {
        if self.omit_resource {
            let advised = reporter
                .with_fix("Leave --omit-resource out as soon as the IdP ignores an unknown resource parameter, as RFC 6749 §3.1 requires.");
            let seen = "left out (--omit-resource)";
            advised.require(&rules::RESOURCE_SENT, false, "resource is in the requests", seen).ok();
        }
        if let Some(audience) = &self.request_audience {
            reporter.note(format!(
                "The client also sends audience={audience} (--request-audience). This parameter is the IdP's own: {} uses resource instead.",
                spec::MCP_RESOURCE_BOTH.section
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use shared::Secret;
    use shared::testing::Captured;

    use super::*;
    use crate::authorization_response::Expected;

    fn asked(options: &ResourceParameter) -> (String, String, Vec<bool>) {
        let captured = Captured::json();
        let url =
            "https://idp.example/auth?tenant=a%20b&audience=old&resource=https%3A%2F%2Fm&state=s".parse().unwrap();
        let expected = Expected { state: "s".to_owned(), issuer: String::new(), iss_promised: false };
        let request = AuthorizationRequest { url, verifier: Secret::new("v"), expected };
        let url = options.authorization_request(&captured.reporter(), request).url;
        let token = options.token_request(TokenRequest::refresh(&Secret::new("r"), "https://m"));
        let checks = captured.checks(rules::RESOURCE_SENT.id).into_iter().map(|(_, passed)| passed).collect();
        let shown = format!("{token:?}");
        let sent = ["resource", "audience"].into_iter().filter(|name| shown.contains(&format!("\"{name}\"")));
        (url.query().unwrap().to_owned(), sent.collect::<Vec<_>>().join(" "), checks)
    }

    #[test]
    fn a_request_has_what_the_idp_wants_and_the_report_says_so() {
        let [tenant, old, resource, state] = ["tenant=a+b", "audience=old", "resource=https%3A%2F%2Fm", "state=s"];
        let with = |omit_resource: bool, audience: Option<&str>| {
            asked(&ResourceParameter { omit_resource, request_audience: audience.map(str::to_owned) })
        };
        let untouched = "tenant=a%20b&audience=old&resource=https%3A%2F%2Fm&state=s".to_owned();
        assert_eq!(with(false, None), (untouched, "resource".to_owned(), vec![]));
        assert_eq!(with(true, None), (format!("{tenant}&{old}&{state}"), "".to_owned(), vec![false]));
        assert_eq!(
            with(false, Some("https://api")),
            (format!("{tenant}&{resource}&{state}&audience=https%3A%2F%2Fapi"), "resource audience".to_owned(), vec![])
        );
        assert_eq!(
            with(true, Some("a b")),
            (format!("{tenant}&{state}&audience=a+b"), "audience".to_owned(), vec![false])
        );
    }
}
