//! The authorization response: what comes back with the browser, and whether it may be believed.
//! RFC 6749 §4.1.2, <https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2>; RFC 9207 §2.4,
//! <https://www.rfc-editor.org/rfc/rfc9207#section-2.4>.

use shared::{Reporter, one_line};
use url::form_urlencoded;

use crate::error::AuthorizationError;
use crate::further::discarded;
use crate::rules;

/// What the client wrote down before it sent the browser away: "the client MUST record the issuer
/// value from the selected authorization server's validated metadata document" (MCP 2026-07-28,
/// Authorization Response Validation).
#[derive(Clone, Debug)]
pub struct Expected {
    /// The `state` that was sent.
    pub state: String,
    /// The authorization server that was asked.
    pub issuer: String,
    /// Whether its metadata promises `iss` (`authorization_response_iss_parameter_supported`).
    pub iss_promised: bool,
}

/// The parameters of the redirect.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthorizationResponse {
    parameters: Vec<(String, String)>,
}

impl AuthorizationResponse {
    /// Reads the query of a redirect.
    pub fn from_query(query: &str) -> Self {
        let response = Self { parameters: form_urlencoded::parse(query.as_bytes()).into_owned().collect() };
        // Whatever repeats the code from now on, in an error for example, is not printed with it.
        response.get("code").inspect(|code| shared::redact::learn("code", code));
        response
    }

    /// The value of a parameter; `None` where it is absent, or there more than once ("parameters
    /// MUST NOT be included more than once", RFC 6749 §3.1).
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut values = self.parameters.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let first = values.next();
        first.filter(|_| values.next().is_none())
    }

    /// Whether the parameter is there, once or more often.
    pub fn has(&self, name: &str) -> bool {
        self.times(name) > 0
    }

    fn times(&self, name: &str) -> usize {
        self.parameters.iter().filter(|(known, _)| known == name).count()
    }

    /// How often a parameter appears, where that is not once.
    pub fn wrong_number(&self, name: &str) -> Option<String> {
        match self.times(name) {
            0 => Some(format!("no {name}")),
            1 => None,
            2 => Some(format!("{name} appears twice")),
            times => Some(format!("{name} appears {times} times")),
        }
    }

    /// The parameters, one in a line. Those that are worth something are masked, and an error's
    /// words have to wait: until `iss` has been looked at, they could be anybody's.
    pub fn table(&self) -> String {
        let width = self.parameters.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
        let row = |(name, value): &(String, String)| {
            let shown = match name.as_str() {
                "iss" => one_line(value),
                "error" | "error_description" | "error_uri" => "(shown when it is known whose it is)".to_owned(),
                _ => fingerprint(value),
            };
            format!("\n  {:<width$}  {shown}", one_line(name))
        };
        self.parameters.iter().map(row).collect()
    }

    /// Whether the answer is to the request with this state.
    pub fn answers(&self, state: &str) -> bool {
        self.get("state") == Some(state)
    }
}

/// "MCP clients SHOULD use and verify state parameters in the authorization code flow and discard
/// any results that do not include or have a mismatch with the original state." (MCP 2026-07-28)
pub fn check_state(
    reporter: &Reporter,
    expected: &Expected,
    response: &AuthorizationResponse,
) -> Result<(), AuthorizationError> {
    let wanted = format!("the state that was sent: {}", fingerprint(&expected.state));
    let wrong_number = response.wrong_number("state");
    let seen = wrong_number.unwrap_or_else(|| response.get("state").map(fingerprint).unwrap_or_default());
    reporter
        .with_fix(discarded::fix(response))
        .require(&rules::STATE, response.answers(&expected.state), wanted, seen)
        .map_err(AuthorizationError::Response)
}

/// Who gave the answer, before anything of it is used:
///
/// | promised | `iss` | |
/// |---|---|---|
/// | yes | there | compare |
/// | yes | absent | reject |
/// | no | there | compare |
/// | no | absent | go on |
///
/// The comparison is of the two strings as they are: "clients MUST NOT apply scheme or host case
/// folding, default-port elision, trailing-slash, or percent-encoding normalization" (MCP
/// 2026-07-28).
pub fn check_issuer(
    reporter: &Reporter,
    expected: &Expected,
    response: &AuthorizationResponse,
) -> Result<(), AuthorizationError> {
    let iss = response.get("iss");
    // "Clients MUST reject authorization responses without the iss parameter from authorization
    // servers that do support the parameter according to the client's configuration." (RFC 9207
    // §2.4)
    let promise = if expected.iss_promised { "and it does" } else { "and it does not" };
    let wanted = format!("iss is there if the metadata promises it ({promise})");
    // One that is there twice is none, and not absent either.
    let is_repeated = iss.is_none() && response.has("iss");
    let is_present = iss.is_some() || !expected.iss_promised && !is_repeated;
    let wrong_number = response.wrong_number("iss").filter(|_| is_repeated);
    let seen = wrong_number.as_deref().or(iss).unwrap_or("absent");
    reporter.require(&rules::ISS_PRESENT, is_present, wanted, seen).map_err(AuthorizationError::Response)?;
    // "If the value does not match the expected issuer identifier, clients MUST reject the
    // authorization response and MUST NOT proceed with the authorization grant." (RFC 9207 §2.4)
    let Some(iss) = iss else { return Ok(()) };
    let wanted = format!("iss is the authorization server that was asked: {}", expected.issuer);
    reporter.require(&rules::ISS, iss == expected.issuer, wanted, iss).map_err(AuthorizationError::Response)
}

/// The code; or the error, which is shown only now that it is known whose it is.
pub fn code(reporter: &Reporter, response: &AuthorizationResponse) -> Result<String, AuthorizationError> {
    let Some(error) = response.get("error") else {
        let code = response.get("code").filter(|code| !code.is_empty() && !response.has("error"));
        let seen = code.map_or_else(|| discarded::without_code(response), fingerprint);
        let checked = reporter.with_fix(discarded::NO_CODE_FIX).require(&rules::CODE, code.is_some(), "a code", seen);
        return checked.map(|()| code.unwrap_or_default().to_owned()).map_err(AuthorizationError::Response);
    };
    // An IdP that found the request itself wrong has been told of before this.
    if !is_about_the_request(error) {
        reporter.require(&rules::CODE, false, "a code", format!("error {error}")).ok();
    }
    let description = response.get("error_description").unwrap_or_default().to_owned();
    Err(AuthorizationError::Denied { error: error.to_owned(), description })
}

/// Errors that an authorization server finds before anyone signs in.
pub fn is_about_the_request(error: &str) -> bool {
    matches!(
        error,
        "invalid_request" | "invalid_scope" | "invalid_target" | "unauthorized_client" | "unsupported_response_type"
    )
}

fn fingerprint(secret: &str) -> String {
    shared::Secret::new(secret).fingerprint()
}

#[cfg(test)]
mod tests {
    use shared::testing::Captured;

    use super::*;

    const ISSUER: &str = "https://idp.example";

    fn issuer_check(promised: bool, query: &str) -> Result<(), &'static str> {
        let captured = Captured::json();
        let expected = Expected { state: "s".to_owned(), issuer: ISSUER.to_owned(), iss_promised: promised };
        let response = AuthorizationResponse::from_query(query);
        check_issuer(&captured.reporter(), &expected, &response).map_err(|error| error.id())
    }

    #[test]
    fn the_table_of_rfc_9207_holds() {
        let there = "iss=https%3A%2F%2Fidp.example&code=c";
        assert_eq!(issuer_check(true, there), Ok(()));
        assert_eq!(issuer_check(false, there), Ok(()));
        assert_eq!(issuer_check(true, "code=c"), Err("callback.iss-present"));
        assert_eq!(issuer_check(false, "code=c"), Ok(()));
        for other in
            ["https://evil.example", "https://idp.example/", "https://IDP.example", "https://idp.example:443", ""]
        {
            let query: String = form_urlencoded::Serializer::new(String::new()).append_pair("iss", other).finish();
            for promised in [true, false] {
                assert_eq!(issuer_check(promised, &query), Err("callback.iss"), "{other}");
            }
        }
        for promised in [true, false] {
            for twice in ["iss=https%3A%2F%2Fidp.example&iss=x", "iss=https://evil.example&iss=https://idp.example"] {
                assert_eq!(issuer_check(promised, twice), Err("callback.iss-present"), "{twice}");
            }
        }
    }

    #[test]
    fn the_state_is_compared_as_it_is() {
        let expected = Expected { state: "abc".to_owned(), issuer: ISSUER.to_owned(), iss_promised: false };
        let captured = Captured::json();
        let check = |query: &str| {
            check_state(&captured.reporter(), &expected, &AuthorizationResponse::from_query(query)).is_ok()
        };
        assert!(check("state=abc&code=c"));
        for query in ["", "state=", "state=ABC", "state=abc&state=abc", "state=abcd", "code=c"] {
            assert!(!check(query), "{query}");
        }
        assert!(!captured.text().contains("\"abc\""), "a state is not shown");
    }

    #[test]
    fn a_code_beside_an_error_is_no_code() {
        let captured = Captured::json();
        let read = |query: &str| code(&captured.reporter(), &AuthorizationResponse::from_query(query)).ok();
        assert_eq!(read("code=c").as_deref(), Some("c"));
        for query in [
            "",
            "code=",
            "error=access_denied",
            "code=c&error=access_denied",
            "code=c&error=a&error=b",
            "code=a&code=b",
        ] {
            assert_eq!(read(query), None, "{query}");
        }
    }
}
