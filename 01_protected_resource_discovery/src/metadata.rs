//! The protected resource metadata document: RFC 9728 §2,
//! <https://www.rfc-editor.org/rfc/rfc9728#section-2>.
//!
//! Left out: `signed_metadata` (§2.2) is neither required nor verified, and members in other
//! languages (§2.1, `resource_name#de`) are not read. What a document must say to be used is
//! checked by [`mod@crate::discover`].

use shared::members::{DocumentError, Members};

/// What a protected resource (in MCP: an MCP server) publishes about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProtectedResourceMetadata {
    /// `resource`, REQUIRED: the resource identifier, a URL.
    pub resource: String,
    /// `authorization_servers`, OPTIONAL here and required by MCP: issuer identifiers.
    pub authorization_servers: Vec<String>,
    /// `scopes_supported`, RECOMMENDED: scope values that requests for access may name.
    pub scopes_supported: Option<Vec<String>>,
    /// `bearer_methods_supported`, OPTIONAL: where a token may be: `header`, `body`, `query`.
    pub bearer_methods_supported: Option<Vec<String>>,
    /// `resource_name`, RECOMMENDED: a name for people.
    pub resource_name: Option<String>,
    /// `dpop_bound_access_tokens_required`, OPTIONAL: whether a bearer token is of no use here (RFC
    /// 9449).
    pub dpop_bound_access_tokens_required: Option<bool>,
    /// Members that RFC 9728 does not define. "any metadata parameters that are not understood MUST
    /// be ignored" (§3.2)
    pub ignored: Vec<String>,
    /// OPTIONAL members that cannot be used, and count as absent.
    pub unusable: Vec<DocumentError>,
}

/// Members that RFC 9728 §2 defines.
const DEFINED: &[&str] = &[
    "resource",
    "authorization_servers",
    "jwks_uri",
    "scopes_supported",
    "bearer_methods_supported",
    "resource_signing_alg_values_supported",
    "resource_name",
    "resource_documentation",
    "resource_policy_uri",
    "resource_tos_uri",
    "tls_client_certificate_bound_access_tokens",
    "authorization_details_types_supported",
    "dpop_signing_alg_values_supported",
    "dpop_bound_access_tokens_required",
    "signed_metadata",
];

impl ProtectedResourceMetadata {
    pub fn from_json(bytes: &[u8]) -> Result<Self, DocumentError> {
        let members = Members::from_json(bytes)?;
        let is_defined = |name: &str| DEFINED.contains(&name.split('#').next().unwrap_or_default());
        let mut optional = members.optional();
        Ok(Self {
            resource: members.required_string("resource")?,
            authorization_servers: members.strings("authorization_servers")?.unwrap_or_default(),
            scopes_supported: optional.strings("scopes_supported"),
            bearer_methods_supported: optional.strings("bearer_methods_supported"),
            resource_name: optional.string("resource_name"),
            dpop_bound_access_tokens_required: optional.boolean("dpop_bound_access_tokens_required"),
            ignored: members.names().filter(|name| !is_defined(name)).map(str::to_owned).collect(),
            unusable: optional.into_faults(),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(document: Value) -> Result<ProtectedResourceMetadata, DocumentError> {
        ProtectedResourceMetadata::from_json(document.to_string().as_bytes())
    }

    /// The example of RFC 9728 §3.2.
    #[test]
    fn the_example_of_the_rfc_is_read() {
        let metadata = read(json!({
            "resource": "https://resource.example.com",
            "authorization_servers": ["https://as1.example.com", "https://as2.example.net"],
            "bearer_methods_supported": ["header", "body"],
            "scopes_supported": ["profile", "email", "phone"],
            "resource_documentation": "https://resource.example.com/resource_documentation.html",
        }))
        .unwrap();
        assert_eq!(metadata.resource, "https://resource.example.com");
        assert_eq!(metadata.authorization_servers.len(), 2);
        assert_eq!(metadata.ignored, Vec::<String>::new());
    }

    #[test]
    fn members_that_are_not_understood_are_ignored() {
        let metadata =
            read(json!({"resource": "r", "x": {"deep": [1]}, "resource_name#de": "n", "jwks_uri": 7})).unwrap();
        assert_eq!(metadata.ignored, ["x"]);
        assert_eq!(metadata.authorization_servers, Vec::<String>::new());
        assert_eq!(metadata.scopes_supported, None);
    }

    #[test]
    fn wrong_types_are_told_by_name() {
        for (document, message) in [
            (json!({}), "resource is absent"),
            (json!({"resource": null}), "resource is null"),
            (json!({"resource": 1}), "resource is a number"),
            (json!({"resource": ["r"]}), "resource is an array of strings"),
            (json!({"resource": "r", "authorization_servers": "https://as"}), "authorization_servers is a string"),
            (
                json!({"resource": "r", "authorization_servers": {"0": "https://as"}}),
                "authorization_servers is an object",
            ),
            (
                json!({"resource": "r", "authorization_servers": ["https://as", 1]}),
                "authorization_servers is an array with something else than strings",
            ),
            (json!([]), "an empty array"),
            (json!("text"), "a string"),
        ] {
            assert_eq!(read(document).unwrap_err().to_string(), message);
        }
    }
    #[test]
    fn optional_members_of_a_wrong_type_count_as_absent() {
        for (member, value, message) in [
            ("scopes_supported", json!("a b"), "scopes_supported is a string"),
            ("scopes_supported", json!(null), "scopes_supported is null"),
            ("bearer_methods_supported", json!(true), "bearer_methods_supported is true or false"),
            ("resource_name", json!(null), "resource_name is null"),
            ("resource_name", json!(""), "resource_name is empty"),
            ("dpop_bound_access_tokens_required", json!("true"), "dpop_bound_access_tokens_required is a string"),
        ] {
            let metadata = read(json!({"resource": "r", member: value})).unwrap();
            let faults: Vec<_> = metadata.unusable.iter().map(ToString::to_string).collect();
            assert_eq!(faults, [message]);
            assert_eq!(
                (metadata.scopes_supported, metadata.resource_name, metadata.dpop_bound_access_tokens_required),
                (None, None, None),
            );
        }
    }
}
