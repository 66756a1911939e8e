//! What an authorization server answers to a registration: the client information response of RFC
//! 7591 §3.2.1,
//! <https://www.rfc-editor.org/rfc/rfc7591#section-3.2.1>, with the members of RFC 7592 §3.
//!
//! It is also the form in which every later lesson gets its client, however that was registered.

use as_metadata::AuthorizationServerMetadata;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use shared::members::{DocumentError, Members};
use shared::{Secret, scope};

use crate::client_metadata::AuthMethod;

/// A client as its authorization server knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientInformation {
    /// `client_id`, REQUIRED.
    pub client_id: String,
    /// `client_secret`, OPTIONAL: a public client has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<Secret>,
    /// `client_secret_expires_at`, REQUIRED with a secret: seconds since 1970, 0 for never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret_expires_at: Option<u64>,
    /// `registration_access_token` (RFC 7592 §3): opens the client's own entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration_access_token: Option<Secret>,
    /// `registration_client_uri` (RFC 7592 §3): where that entry is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration_client_uri: Option<String>,
    /// Everything else: the metadata that the authorization server granted.
    #[serde(default)]
    pub granted: Map<String, Value>,
}

/// The member that says how a client authenticates.
const METHOD: &str = "token_endpoint_auth_method";

/// Members that are no metadata.
pub(crate) const CREDENTIALS: [&str; 6] = [
    "client_id",
    "client_secret",
    "client_id_issued_at",
    "client_secret_expires_at",
    "registration_access_token",
    "registration_client_uri",
];

impl ClientInformation {
    /// Reads a response. Only `client_id` has to be there; what else has a wrong type, or is empty,
    /// counts as absent and comes back beside the client, which exists all the same.
    pub fn from_json(bytes: &[u8]) -> Result<(Self, Vec<DocumentError>), DocumentError> {
        let members = Members::from_json(bytes)?;
        // `client-id = *VSCHAR` (RFC 6749, appendix A.1), and an empty one names nobody.
        let client_id = members.required_visible_string("client_id")?;
        let mut optional = members.optional();
        let client_secret = optional.string("client_secret").map(Secret::new);
        let client_secret_expires_at = optional.integer("client_secret_expires_at");
        let registration_access_token = optional.string("registration_access_token").map(Secret::new);
        let registration_client_uri = optional.string("registration_client_uri");
        // Their types are checked here, so that whoever uses them later need not.
        for name in ["scope", METHOD, "client_name"] {
            optional.string(name);
        }
        for name in ["redirect_uris", "grant_types", "response_types"] {
            optional.strings(name);
        }
        let faults = optional.into_faults();
        let is_faulty = |name: &str| faults.iter().any(|fault| fault.member() == Some(name));
        let granted = |name: &str| !CREDENTIALS.contains(&name) && !is_faulty(name);
        let granted = members.into_inner().into_iter().filter(|(name, _)| granted(name)).collect();
        let information = Self {
            client_id,
            client_secret,
            client_secret_expires_at,
            registration_access_token,
            registration_client_uri,
            granted,
        };
        Ok((information, faults))
    }

    /// A client that its authorization server knows already: registered by hand, or by the URL of a
    /// document.
    pub fn known(client_id: &str, client_secret: Option<Secret>) -> Self {
        Self { client_id: client_id.to_owned(), client_secret, ..Self::default() }
    }

    /// The same client, with the way to authenticate that the authorization server's metadata
    /// lists, where the registration says none: see [`AuthMethod::with_secret`].
    pub fn choosing_method(mut self, authorization_server: &AuthorizationServerMetadata) -> Self {
        if self.client_secret.is_some() && self.named_method().is_none() {
            let method = AuthMethod::with_secret(authorization_server);
            self.granted.insert(METHOD.to_owned(), method.as_str().into());
        }
        self
    }

    /// The method that the registration response names.
    pub(crate) fn named_method(&self) -> Option<&str> {
        self.granted.get(METHOD).and_then(Value::as_str)
    }

    /// How this client authenticates; `None` where it is a method that these lessons do not have.
    ///
    /// "If unspecified or omitted, the default is "client_secret_basic"" (RFC 7591 §2), which needs
    /// a secret.
    pub fn auth_method(&self) -> Option<AuthMethod> {
        match (self.named_method(), &self.client_secret) {
            (Some(name), _) => AuthMethod::from_name(name),
            (None, Some(_)) => Some(AuthMethod::ClientSecretBasic),
            (None, None) => Some(AuthMethod::None),
        }
    }

    /// The granted redirect URIs; `None` where the answer does not say them.
    pub fn redirect_uris(&self) -> Option<Vec<&str>> {
        Some(self.granted.get("redirect_uris")?.as_array()?.iter().filter_map(Value::as_str).collect())
    }

    /// The granted scopes; `None` where the answer does not say them.
    pub fn scopes(&self) -> Option<Vec<&str>> {
        Some(scope::split(self.granted.get("scope")?.as_str()?).collect())
    }

    /// Whether the secret has expired at `now`, in seconds since 1970.
    pub fn secret_has_expired(&self, now: u64) -> bool {
        self.client_secret.is_some() && self.client_secret_expires_at.is_some_and(|at| at != 0 && at <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7591 §3.2.1, with the members of RFC 7592 §3.
    #[test]
    fn an_answer_is_read() {
        let (information, faults) = ClientInformation::from_json(
            br#"{"client_id": "s6BhdRkqt3", "client_secret": "cf136dc3c1fc93f31185e5885805d",
                 "client_id_issued_at": 2893256800, "client_secret_expires_at": 2893276800,
                 "registration_access_token": "reg-23410913-abewfq.123483",
                 "registration_client_uri": "https://server.example.com/register/s6BhdRkqt3",
                 "redirect_uris": ["https://client.example.org/callback"], "scope": "a b",
                 "token_endpoint_auth_method": "client_secret_basic", "example_extension_parameter": "example_value"}"#,
        )
        .unwrap();
        assert_eq!((information.client_id.as_str(), faults), ("s6BhdRkqt3", vec![]));
        assert_eq!(information.redirect_uris().unwrap(), ["https://client.example.org/callback"]);
        assert_eq!(information.scopes().unwrap(), ["a", "b"]);
        assert_eq!(information.auth_method(), Some(AuthMethod::ClientSecretBasic));
        assert_eq!(information.granted.len(), 4, "{:?}", information.granted);
        assert!(!information.secret_has_expired(2_893_276_799));
        assert!(information.secret_has_expired(2_893_276_800));
        let printed = format!("{information:?}");
        assert!(!printed.contains("cf136dc3") && !printed.contains("abewfq"), "{printed}");
    }

    #[test]
    fn zero_means_never() {
        let (information, _) =
            ClientInformation::from_json(br#"{"client_id": "x", "client_secret": "y", "client_secret_expires_at": 0}"#)
                .unwrap();
        assert!(!information.secret_has_expired(u64::MAX));
    }

    #[test]
    fn without_a_client_id_there_is_no_client() {
        for (text, message) in [
            ("{}", "client_id is absent"),
            (r#"{"client_id": 1}"#, "client_id is a number"),
            (r#"{"client_id": ""}"#, "client_id is empty, or has other characters than visible ASCII"),
            (r#"{"client_id": "a\nb"}"#, "client_id is empty, or has other characters than visible ASCII"),
            (r#"{"client_id": null}"#, "client_id is null"),
            ("[1]", "an array with something else than strings"),
        ] {
            assert_eq!(ClientInformation::from_json(text.as_bytes()).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn other_members_of_a_wrong_type_are_told_by_name_and_absent() {
        for (member, message) in [
            (r#""client_secret": ["y"]"#, "client_secret is an array of strings"),
            (r#""client_secret": """#, "client_secret is empty"),
            (r#""client_secret_expires_at": -1"#, "client_secret_expires_at is -1, not a whole number of 0 or more"),
            (r#""client_secret_expires_at": "0""#, "client_secret_expires_at is a string"),
            (r#""redirect_uris": "http://h""#, "redirect_uris is a string"),
            (r#""scope": ["a"]"#, "scope is an array of strings"),
            (r#""token_endpoint_auth_method": null"#, "token_endpoint_auth_method is null"),
            (r#""registration_client_uri": null"#, "registration_client_uri is null"),
        ] {
            let text = format!(r#"{{"client_id": "x", {member}}}"#);
            let (information, faults) = ClientInformation::from_json(text.as_bytes()).unwrap();
            assert_eq!(information, ClientInformation::known("x", None), "{member}");
            assert_eq!(faults.iter().map(ToString::to_string).collect::<Vec<_>>(), [message]);
        }
    }

    #[test]
    fn a_client_without_a_secret_and_a_method_is_public() {
        assert_eq!(ClientInformation::known("x", None).auth_method(), Some(AuthMethod::None));
        let confidential = ClientInformation::known("x", Some(Secret::new("y")));
        assert_eq!(confidential.auth_method(), Some(AuthMethod::ClientSecretBasic));
    }
}
