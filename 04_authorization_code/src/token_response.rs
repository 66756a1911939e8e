//! The token response: RFC 6749 §5.1, <https://www.rfc-editor.org/rfc/rfc6749#section-5.1>; and a
//! look into its tokens, for people.
//!
//! A client has no business with the inside of an access token: it is for the resource server. It
//! is decoded here, unverified, only to be shown. Lesson 05 verifies it, on the server.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use shared::members::{DocumentError, Members};
use shared::{Reporter, Secret};

use crate::error::AuthorizationError;
use crate::further::recipients::{Recipient, recipient};
use crate::further::scope_advice;
use crate::rules;

/// What the token endpoint gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenResponse {
    /// `access_token`, REQUIRED.
    pub access_token: Secret,
    /// `token_type`, REQUIRED.
    pub token_type: String,
    /// `expires_in`, RECOMMENDED: seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<u64>,
    /// `refresh_token`, OPTIONAL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<Secret>,
    /// `scope`, OPTIONAL "if identical to the scope requested by the client; otherwise, REQUIRED".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// `id_token` (OpenID Connect), where `openid` was asked for. It is about the user, for the
    /// client, and opens nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_token: Option<Secret>,
}

impl TokenResponse {
    pub fn from_json(bytes: &[u8]) -> Result<Self, DocumentError> {
        Self::read(bytes).map(|(tokens, _)| tokens)
    }

    /// The response, and what is wrong with its OPTIONAL members: those count as absent then.
    pub fn read(bytes: &[u8]) -> Result<(Self, Vec<DocumentError>), DocumentError> {
        let members = Members::from_json(bytes)?;
        // `access-token = 1*VSCHAR` (RFC 6749, appendix A.12): it goes into a header.
        let access_token = members.required_visible_string("access_token")?;
        let mut optional = members.optional();
        let tokens = Self {
            access_token: Secret::new(access_token),
            token_type: members.required_string("token_type")?,
            expires_in: optional.usable(members.integer("expires_in")),
            refresh_token: optional.string("refresh_token").map(Secret::new),
            // An empty one says that nothing was granted.
            scope: optional.usable(members.string("scope")),
            id_token: optional.string("id_token").map(Secret::new),
        };
        Ok((tokens, optional.into_faults()))
    }

    /// The scopes that were granted; what was asked for, where the answer does not say.
    pub fn scopes<'a>(&'a self, requested: &'a [String]) -> Vec<&'a str> {
        match &self.scope {
            Some(scope) => scope_advice::granted(scope, requested).0,
            None => requested.iter().map(String::as_str).collect(),
        }
    }
}

/// What has to be true of a token response before it is used.
pub fn check(
    reporter: &Reporter,
    response: &TokenResponse,
    requested: &[String],
    resource: &str,
    dpop: bool,
) -> Result<(), AuthorizationError> {
    // "The client MUST NOT use an access token if it does not understand the token type." (RFC 6749
    // §7.1) And, of one that is not bound to the key although that was asked for: "The client MUST
    // discard the response" (RFC 9449 §5).
    let (rule, expected) = if dpop { (&rules::TOKEN_TYPE_DPOP, "DPoP") } else { (&rules::TOKEN_TYPE, "Bearer") };
    let known = response.token_type.eq_ignore_ascii_case(expected);
    reporter.require(rule, known, format!("token_type is {expected}"), &response.token_type).map_err(|_| {
        let got = format!("its token_type is {}", response.token_type);
        if dpop { AuthorizationError::NotBound { got } } else { AuthorizationError::TokenType { got } }
    })?;
    let (is_granted, got, fix) = scope_advice::compared(response, requested);
    reporter.with_fix(fix).recommend(&rules::SCOPE_GRANTED, is_granted, "the token has every requested scope", got);

    // A token that cannot be read says nothing, and that is all right.
    if let Some(claims) = claims(&response.access_token) {
        let audience = audiences(&claims);
        let expected = format!("aud names the MCP server: {resource}");
        let fix = "have the IdP put the server's URL into aud, by resource indicators (RFC 8707) or by an audience mapper in a requested scope \
                   (Keycloak). The tutorial's realm knows http://localhost:8000/mcp: leave --port out, or set MCP_RESOURCE_URL before the IdP starts.";
        let fix = match recipient(&response.access_token, resource, &[]) {
            Recipient::Named(names) => {
                format!("{resource} could use this token at every server that accepts {}: {fix}", names.join(" or "))
            }
            _ => fix.to_owned(),
        };
        let got = named(&audience);
        reporter.with_fix(fix).recommend(&rules::AUDIENCE, audience.contains(&resource), expected, got);
    }
    Ok(())
}

/// `aud`, which is a string or an array of strings (RFC 7519 §4.1.3).
pub fn audiences(claims: &Map<String, Value>) -> Vec<&str> {
    match claims.get("aud") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// [`audiences`] for a person to read.
pub fn named(audiences: &[&str]) -> String {
    if audiences.is_empty() { "no aud".to_owned() } else { audiences.join(", ") }
}

/// The header of a token that is a JWT, unverified.
pub fn header(token: &Secret) -> Option<Map<String, Value>> {
    part(token, 0)
}

/// The claims of a token that is a JWT, unverified.
pub fn claims(token: &Secret) -> Option<Map<String, Value>> {
    part(token, 1)
}

fn part(token: &Secret, n: usize) -> Option<Map<String, Value>> {
    let parts: Vec<_> = token.expose().split('.').collect();
    let bytes = URL_SAFE_NO_PAD.decode(parts.get(n).filter(|_| parts.len() == 3)?).ok()?;
    serde_json::from_slice(&bytes).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use shared::testing::Captured;

    use super::*;

    fn jwt(claims: &Value) -> Secret {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        Secret::new(format!("{}.{}.c2ln", part(&json!({"alg": "RS256", "typ": "JWT"})), part(claims)))
    }

    fn response(token: Secret, scope: Option<&str>) -> TokenResponse {
        TokenResponse {
            access_token: token,
            token_type: "Bearer".to_owned(),
            expires_in: Some(300),
            refresh_token: None,
            scope: scope.map(str::to_owned),
            id_token: None,
        }
    }

    /// The example of RFC 6749 §5.1.
    #[test]
    fn the_example_of_the_rfc_is_read() {
        let response = TokenResponse::from_json(
            br#"{"access_token":"2YotnFZFEjr1zCsicMWpAA", "token_type":"example", "expires_in":3600,
                 "refresh_token":"tGzv3JOkF0XG5Qx2TlKWIA", "example_parameter":"example_value"}"#,
        )
        .unwrap();
        assert_eq!((response.expires_in, response.scope.as_deref()), (Some(3600), None));
        assert!(!format!("{response:?}").contains("2YotnFZF"));
        let captured = Captured::json();
        assert_eq!(check(&captured.reporter(), &response, &[], "r", false).unwrap_err().id(), "token.type");
    }

    #[test]
    fn wrong_types_are_told_by_name() {
        for (text, message) in [
            ("{}", "access_token is absent"),
            (r#"{"access_token": 1}"#, "access_token is a number"),
            (r#"{"access_token": "a"}"#, "token_type is absent"),
            (r#"{"access_token": ""}"#, "access_token is empty, or has other characters than visible ASCII"),
            (r#"{"access_token": "a\nb"}"#, "access_token is empty, or has other characters than visible ASCII"),
            (r#"{"access_token": "ﾼ"}"#, "access_token is empty, or has other characters than visible ASCII"),
        ] {
            assert_eq!(TokenResponse::from_json(text.as_bytes()).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn optional_members_of_a_wrong_type_count_as_absent() {
        for (member, message) in [
            (r#""expires_in": "300""#, "expires_in is a string"),
            (r#""scope": ["a"]"#, "scope is an array of strings"),
            (r#""refresh_token": null"#, "refresh_token is null"),
            (r#""refresh_token": """#, "refresh_token is empty"),
            (r#""id_token": {}"#, "id_token is an object"),
        ] {
            let text = format!(r#"{{"access_token": "a", "token_type": "Bearer", {member}}}"#);
            let (tokens, faults) = TokenResponse::read(text.as_bytes()).unwrap();
            assert_eq!(faults.iter().map(ToString::to_string).collect::<Vec<_>>(), [message]);
            assert_eq!(tokens, response_without(tokens.access_token.clone()));
        }
        // An empty scope says something: nothing was granted.
        let empty = TokenResponse::from_json(br#"{"access_token": "a", "token_type": "Bearer", "scope": ""}"#).unwrap();
        assert_eq!(empty.scopes(&["b".to_owned()]), Vec::<&str>::new());
    }

    fn response_without(access_token: Secret) -> TokenResponse {
        let token_type = "Bearer".to_owned();
        TokenResponse { access_token, token_type, expires_in: None, refresh_token: None, scope: None, id_token: None }
    }

    #[test]
    fn scope_and_audience_are_looked_at() {
        let results = |token: Secret, scope: Option<&str>| {
            let captured = Captured::json();
            let requested = ["a".to_owned(), "b".to_owned()];
            check(&captured.reporter(), &response(token, scope), &requested, "http://r", false).unwrap();
            (captured.checks("token.scope")[0].1, captured.checks("token.audience").first().map(|(_, passed)| *passed))
        };
        assert_eq!(results(jwt(&json!({"aud": "http://r"})), Some("b a")), (true, Some(true)));
        assert_eq!(results(jwt(&json!({"aud": ["x", "http://r"]})), None), (true, Some(true)));
        assert_eq!(results(jwt(&json!({"aud": "http://r/"})), Some("a")), (false, Some(false)));
        assert_eq!(results(jwt(&json!({})), Some("")), (false, Some(false)));
        assert_eq!(results(Secret::new("opaque"), None), (true, None));
    }
}
