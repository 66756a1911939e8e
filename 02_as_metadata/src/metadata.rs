//! The authorization server metadata document: RFC 8414 §2,
//! <https://www.rfc-editor.org/rfc/rfc8414#section-2>.
//!
//! OpenID Connect providers publish the same members in a document of another name. Left out:
//! `signed_metadata` (§2.1), and the members of OpenID Connect that OAuth has no use for. What a
//! document must say to be used is checked by [`mod@crate::find`].

use shared::members::{DocumentError, Members};

/// What an authorization server publishes about itself, as far as these lessons use it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthorizationServerMetadata {
    /// `issuer`, REQUIRED: the issuer identifier, a URL.
    pub issuer: String,
    /// `authorization_endpoint`, REQUIRED for the authorization code grant.
    pub authorization_endpoint: Option<String>,
    /// `token_endpoint`, REQUIRED for the authorization code grant.
    pub token_endpoint: Option<String>,
    /// `jwks_uri`, OPTIONAL: the keys that sign its tokens.
    pub jwks_uri: Option<String>,
    /// `registration_endpoint`, OPTIONAL (RFC 7591).
    pub registration_endpoint: Option<String>,
    /// `scopes_supported`, RECOMMENDED.
    pub scopes_supported: Option<Vec<String>>,
    /// `response_types_supported`, REQUIRED.
    pub response_types_supported: Option<Vec<String>>,
    /// `grant_types_supported`, OPTIONAL; see [`AuthorizationServerMetadata::grant_types`].
    pub grant_types_supported: Option<Vec<String>>,
    /// `token_endpoint_auth_methods_supported`, OPTIONAL.
    pub token_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// `code_challenge_methods_supported`: OPTIONAL in RFC 8414, asked for by MCP.
    pub code_challenge_methods_supported: Option<Vec<String>>,
    /// `revocation_endpoint`, OPTIONAL (RFC 7009).
    pub revocation_endpoint: Option<String>,
    /// `introspection_endpoint`, OPTIONAL (RFC 7662).
    pub introspection_endpoint: Option<String>,
    /// `pushed_authorization_request_endpoint`, OPTIONAL (RFC 9126).
    pub pushed_authorization_request_endpoint: Option<String>,
    /// `dpop_signing_alg_values_supported`, OPTIONAL (RFC 9449).
    pub dpop_signing_alg_values_supported: Option<Vec<String>>,
    /// `authorization_response_iss_parameter_supported`, OPTIONAL (RFC 9207 §3).
    pub authorization_response_iss_parameter_supported: Option<bool>,
    /// `client_id_metadata_document_supported`, OPTIONAL (OAuth Client ID Metadata Document).
    pub client_id_metadata_document_supported: Option<bool>,
    /// Members that cannot be used, and count as absent.
    pub unusable: Vec<DocumentError>,
}

impl AuthorizationServerMetadata {
    pub fn from_json(bytes: &[u8]) -> Result<Self, DocumentError> {
        let members = Members::from_json(bytes)?;
        let mut optional = members.optional();
        Ok(Self {
            issuer: members.required_string("issuer")?,
            authorization_endpoint: optional.string("authorization_endpoint"),
            token_endpoint: optional.string("token_endpoint"),
            jwks_uri: optional.string("jwks_uri"),
            registration_endpoint: optional.string("registration_endpoint"),
            scopes_supported: optional.strings("scopes_supported"),
            response_types_supported: optional.strings("response_types_supported"),
            grant_types_supported: optional.strings("grant_types_supported"),
            token_endpoint_auth_methods_supported: optional.strings("token_endpoint_auth_methods_supported"),
            code_challenge_methods_supported: optional.strings("code_challenge_methods_supported"),
            revocation_endpoint: optional.string("revocation_endpoint"),
            introspection_endpoint: optional.string("introspection_endpoint"),
            pushed_authorization_request_endpoint: optional.string("pushed_authorization_request_endpoint"),
            dpop_signing_alg_values_supported: optional.strings("dpop_signing_alg_values_supported"),
            authorization_response_iss_parameter_supported: optional
                .boolean("authorization_response_iss_parameter_supported"),
            client_id_metadata_document_supported: optional.boolean("client_id_metadata_document_supported"),
            unusable: optional.into_faults(),
        })
    }

    /// The grant types: "If omitted, the default value is ["authorization_code", "implicit"]." (RFC
    /// 8414 §2)
    pub fn grant_types(&self) -> Vec<String> {
        let default = || vec!["authorization_code".to_owned(), "implicit".to_owned()];
        self.grant_types_supported.clone().unwrap_or_else(default)
    }

    /// The endpoints that these lessons use, with the member's name.
    pub fn endpoints(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("authorization_endpoint", &self.authorization_endpoint),
            ("token_endpoint", &self.token_endpoint),
            ("jwks_uri", &self.jwks_uri),
            ("registration_endpoint", &self.registration_endpoint),
            ("revocation_endpoint", &self.revocation_endpoint),
            ("introspection_endpoint", &self.introspection_endpoint),
            ("pushed_authorization_request_endpoint", &self.pushed_authorization_request_endpoint),
        ]
        .into_iter()
        .filter_map(|(name, url)| url.as_deref().map(|url| (name, url)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 8414 §3.2.
    #[test]
    fn the_example_of_the_rfc_is_read() {
        let metadata = AuthorizationServerMetadata::from_json(
            br#"{
              "issuer": "https://server.example.com",
              "authorization_endpoint": "https://server.example.com/authorize",
              "token_endpoint": "https://server.example.com/token",
              "token_endpoint_auth_methods_supported": ["client_secret_basic", "private_key_jwt"],
              "userinfo_endpoint": "https://server.example.com/userinfo",
              "jwks_uri": "https://server.example.com/jwks.json",
              "registration_endpoint": "https://server.example.com/register",
              "scopes_supported": ["openid", "profile", "offline_access"],
              "response_types_supported": ["code", "code token"],
              "ui_locales_supported": ["en-US", "de-DE"]
            }"#,
        )
        .unwrap();
        assert_eq!(metadata.issuer, "https://server.example.com");
        assert_eq!(metadata.grant_types(), ["authorization_code", "implicit"]);
        assert_eq!(metadata.endpoints().count(), 4);
        assert_eq!(metadata.code_challenge_methods_supported, None);
    }

    #[test]
    fn wrong_types_are_told_by_name() {
        for (text, message) in [
            ("{}", "issuer is absent"),
            (r#"{"issuer": ["x"]}"#, "issuer is an array of strings"),
            ("[]", "an empty array"),
        ] {
            assert_eq!(AuthorizationServerMetadata::from_json(text.as_bytes()).unwrap_err().to_string(), message);
        }
    }
    #[test]
    fn other_members_of_a_wrong_type_count_as_absent() {
        for (member, value, message) in [
            ("token_endpoint", "1", "token_endpoint is a number"),
            ("registration_endpoint", "null", "registration_endpoint is null"),
            ("introspection_endpoint", "\"\"", "introspection_endpoint is empty"),
            ("code_challenge_methods_supported", "\"S256\"", "code_challenge_methods_supported is a string"),
            ("client_id_metadata_document_supported", "\"true\"", "client_id_metadata_document_supported is a string"),
        ] {
            let text = format!(r#"{{"issuer": "x", "{member}": {value}}}"#);
            let metadata = AuthorizationServerMetadata::from_json(text.as_bytes()).unwrap();
            let faults: Vec<_> = metadata.unusable.iter().map(ToString::to_string).collect();
            assert_eq!(faults, [message]);
            let expected = AuthorizationServerMetadata { issuer: "x".to_owned(), ..Default::default() };
            assert_eq!(AuthorizationServerMetadata { unusable: Vec::new(), ..metadata }, expected);
        }
    }
}
