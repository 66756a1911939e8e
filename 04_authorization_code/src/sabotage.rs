//! All that `--break` does in this lesson: the switches, and functions that spoil a valid value.
//! Where the IdP breaks a rule, it is the embedded one.

use keycloak::Defect;
use oauth2::PkceCodeChallenge;
use shared::Side;
use shared::breakage::Breakage;
use shared::http::Http;
use url::Url;

use crate::authorization_request::AuthorizationRequest;
use crate::error::AuthorizationError;
use crate::rules;
use crate::token_request::{Decision, TokenEndpoint, TokenRequest, request_tokens};

/// What can be broken in this lesson.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    /// No challenge.
    NoPkce,
    /// A challenge that is its own verifier.
    PlainPkce,
    /// Another verifier than that of the challenge: what somebody has who stole the code.
    WrongVerifier,
    /// The answer to somebody else's request.
    BadState,
    /// An answer in another's name.
    WrongIss,
    /// An answer without a name.
    MissingIss,
    /// The code a second time.
    ReplayedCode,
    /// A redirect URI that was not registered.
    WrongRedirect,
    /// Another resource in the token request.
    ResourceDiffers,
    /// A page that is a script. Lesson 02 catches it where it looks at the metadata.
    JavascriptUrl,
}

impl shared::breakage::Switch for Switch {
    const ALL: &'static [Self] = &[
        Switch::NoPkce,
        Switch::PlainPkce,
        Switch::WrongVerifier,
        Switch::BadState,
        Switch::WrongIss,
        Switch::MissingIss,
        Switch::ReplayedCode,
        Switch::WrongRedirect,
        Switch::ResourceDiffers,
        Switch::JavascriptUrl,
    ];

    fn breakage(self) -> &'static Breakage {
        match self {
            Switch::NoPkce => &NO_PKCE,
            Switch::PlainPkce => &PLAIN_PKCE,
            Switch::WrongVerifier => &WRONG_VERIFIER,
            Switch::BadState => &BAD_STATE,
            Switch::WrongIss => &WRONG_ISS,
            Switch::MissingIss => &MISSING_ISS,
            Switch::ReplayedCode => &REPLAYED_CODE,
            Switch::WrongRedirect => &WRONG_REDIRECT,
            Switch::ResourceDiffers => &RESOURCE_DIFFERS,
            Switch::JavascriptUrl => &JAVASCRIPT_URL,
        }
    }
}

impl Switch {
    /// What the IdP has to be for this switch.
    pub fn defect(self) -> Option<Defect> {
        match self {
            Switch::BadState => Some(Defect::OtherState),
            Switch::WrongIss => Some(Defect::OtherIss),
            Switch::MissingIss => Some(Defect::NoIss),
            Switch::JavascriptUrl => Some(Defect::JavascriptUrl),
            Switch::ResourceDiffers => Some(Defect::ResourceIndicators),
            Switch::NoPkce
            | Switch::PlainPkce
            | Switch::WrongVerifier
            | Switch::ReplayedCode
            | Switch::WrongRedirect => None,
        }
    }
}

static NO_PKCE: Breakage =
    Breakage::by_client("no-pkce", "requests a code without PKCE", Side::Idp, &rules::IDP_TAKES_REQUEST);

static PLAIN_PKCE: Breakage = Breakage::by_client(
    "plain-pkce",
    "uses the PKCE method plain, so anyone who reads the request has the verifier",
    Side::Idp,
    &rules::IDP_TAKES_REQUEST,
);

static WRONG_VERIFIER: Breakage = Breakage::by_client(
    "wrong-verifier",
    "redeems the code with another code_verifier, as a thief would",
    Side::Idp,
    &rules::IDP_CHECKS_VERIFIER,
);

static REPLAYED_CODE: Breakage =
    Breakage::by_client("replayed-code", "redeems the code twice", Side::Idp, &rules::IDP_TAKES_CODE_ONCE);

static WRONG_REDIRECT: Breakage = Breakage::by_client(
    "wrong-redirect",
    "requests the code at a redirect URI that it did not register",
    Side::Idp,
    &rules::IDP_TAKES_REDIRECT_URI,
);

static RESOURCE_DIFFERS: Breakage = Breakage::by_client(
    "resource-differs",
    "requests one resource from the user and another from the token endpoint (an IdP with resource indicators notices; Keycloak ignores resource by \
    default)",
    Side::Idp,
    &rules::IDP_COMPARES_RESOURCE,
);

static BAD_STATE: Breakage = Breakage::by_idp(
    "bad-state",
    "responds with another state, as in an attack with the attacker's code (CSRF)",
    Side::Client,
    &rules::STATE,
);

static WRONG_ISS: Breakage =
    Breakage::by_idp("wrong-iss", "responds in the name of https://honest.example (mix-up)", Side::Client, &rules::ISS);

static MISSING_ISS: Breakage = Breakage::by_idp(
    "missing-iss",
    "leaves iss out, although its metadata promises it",
    Side::Client,
    &rules::ISS_PRESENT,
);

static JAVASCRIPT_URL: Breakage = Breakage::by_idp(
    "javascript-url",
    "has a script as its authorization endpoint, for the client to open",
    Side::Client,
    &as_metadata::rules::ENDPOINTS_SECURE,
);

/// The values of one sign-in pass through here; without a switch they stay as they are.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sabotage(pub Option<Switch>);

impl Sabotage {
    /// Whether anything is broken: then nobody opens a browser for it.
    pub fn is_on(self) -> bool {
        self.0.is_some()
    }

    /// The authorization request that is sent.
    pub fn authorization_request(self, valid: AuthorizationRequest) -> AuthorizationRequest {
        match self.0 {
            Some(Switch::NoPkce) => AuthorizationRequest {
                url: without_parameters(&valid.url, &["code_challenge", "code_challenge_method"]),
                ..valid
            },
            Some(Switch::PlainPkce) => {
                let url = with_parameter(&valid.url, "code_challenge", valid.verifier.expose());
                AuthorizationRequest { url: with_parameter(&url, "code_challenge_method", "plain"), ..valid }
            }
            Some(Switch::WrongRedirect) => AuthorizationRequest {
                url: with_parameter(&valid.url, "redirect_uri", "http://127.0.0.1:8888/elsewhere"),
                ..valid
            },
            _ => valid,
        }
    }

    /// The token request that is sent.
    pub fn token_request(self, valid: TokenRequest) -> TokenRequest {
        match self.0 {
            // A verifier that belongs to no challenge: what a thief of a code has.
            Some(Switch::WrongVerifier) => {
                let (_, other) = PkceCodeChallenge::new_random_sha256();
                valid.with("code_verifier", other.secret())
            }
            Some(Switch::ResourceDiffers) => valid.with("resource", keycloak::SERVERS[1]),
            _ => valid,
        }
    }

    /// The rule that the authorization server applies to the token request of this run.
    pub fn decision(self, valid: Decision) -> Decision {
        match self.0 {
            Some(Switch::WrongVerifier) => Decision {
                rule: &rules::IDP_CHECKS_VERIFIER,
                expected: "the verifier belongs to the challenge",
                fix: "Redeem a code with the verifier from the same authorization request.",
            },
            Some(Switch::ResourceDiffers) => Decision {
                rule: &rules::IDP_COMPARES_RESOURCE,
                expected: "resource is the same as in the authorization request",
                fix: "Send the same resource to both endpoints.",
            },
            _ => valid,
        }
    }

    /// `--break replayed-code`: the same token request once more.
    pub async fn replay_code(
        self,
        http: &Http,
        endpoint: &TokenEndpoint,
        request: &TokenRequest,
    ) -> Result<(), AuthorizationError> {
        if self.0 != Some(Switch::ReplayedCode) {
            return Ok(());
        }
        http.reporter().note("--break replayed-code: the client sends the same code again.");
        let decision = Decision {
            rule: &rules::IDP_TAKES_CODE_ONCE,
            expected: "the code was not used before",
            fix: "Run it again: a code works once and for a short time. If the error comes back, read the IdP's log.",
        };
        request_tokens(http, endpoint, request, decision).await.map(drop)
    }
}

fn with_parameter(url: &Url, name: &str, value: &str) -> Url {
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let mut changed = url.clone();
    let pairs = pairs.iter().map(|(known, old)| (known.as_str(), if known == name { value } else { old.as_str() }));
    changed.query_pairs_mut().clear().extend_pairs(pairs);
    changed
}

fn without_parameters(url: &Url, names: &[&str]) -> Url {
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let mut changed = url.clone();
    changed.query_pairs_mut().clear().extend_pairs(pairs.iter().filter(|(known, _)| !names.contains(&known.as_str())));
    changed
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use shared::Secret;

    use super::*;
    use crate::authorization_response::Expected;

    fn parameters(switch: Option<Switch>) -> BTreeMap<String, String> {
        let valid = AuthorizationRequest {
            url: Url::parse("https://i/auth?redirect_uri=http%3A%2F%2F127.0.0.1%2Fcallback&code_challenge=c&code_challenge_method=S256").unwrap(),
            verifier: Secret::new("v"),
            expected: Expected { state: "s".to_owned(), issuer: "https://i".to_owned(), iss_promised: true },
        };
        Sabotage(switch).authorization_request(valid).url.query_pairs().into_owned().collect()
    }

    #[test]
    fn broken_requests_are_broken_in_one_place() {
        let valid = parameters(None);
        assert_eq!(parameters(Some(Switch::WrongVerifier)), valid);
        assert!(!parameters(Some(Switch::NoPkce)).contains_key("code_challenge"));
        let plain = parameters(Some(Switch::PlainPkce));
        assert_eq!((plain["code_challenge"].as_str(), plain["code_challenge_method"].as_str()), ("v", "plain"));
        assert!(parameters(Some(Switch::WrongRedirect))["redirect_uri"].ends_with("/elsewhere"));
    }
}
