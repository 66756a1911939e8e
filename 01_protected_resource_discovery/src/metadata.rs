//! The protected resource metadata document: RFC 9728 §2, <https://www.rfc-editor.org/rfc/rfc9728#section-2>.
//!
//! Left out: `signed_metadata` (§2.2) is neither required nor verified, and members in other languages (§2.1, `resource_name#de`)
//! are not read. What a document must say to be used is checked by [`crate::discover`].

use serde_json::{Map, Value};

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
    /// Members that RFC 9728 does not define. "any metadata parameters that are not understood MUST be ignored" (§3.2)
    pub ignored: Vec<String>,
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

/// Why a document is no protected resource metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MetadataError {
    /// Not a JSON object.
    NotAnObject {
        /// What it is instead.
        got: String,
    },
    /// A member has another type than RFC 9728 gives it, or is required and absent.
    Member {
        /// The member's name.
        name: &'static str,
        /// The type that it should have.
        expected: &'static str,
        /// What it is.
        got: String,
    },
}

impl std::fmt::Display for MetadataError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            MetadataError::NotAnObject { got } => f.write_str(got),
            MetadataError::Member { name, got, .. } => write!(f, "{name} is {got}"),
        }
    }
}

impl std::error::Error for MetadataError {}

impl ProtectedResourceMetadata {
    /// Reads a document.
    pub fn from_json(bytes: &[u8]) -> Result<Self, MetadataError> {
        let document: Value = serde_json::from_slice(bytes)
            .map_err(|error| MetadataError::NotAnObject { got: format!("not JSON ({error})") })?;
        let Value::Object(members) = document else {
            return Err(MetadataError::NotAnObject { got: kind(&document) });
        };
        let resource = string(&members, "resource")?.ok_or(MetadataError::Member {
            name: "resource",
            expected: STRING,
            got: "absent".to_owned(),
        })?;
        let is_defined = |name: &str| DEFINED.contains(&name.split('#').next().unwrap_or_default());
        Ok(Self {
            resource,
            authorization_servers: strings(&members, "authorization_servers")?.unwrap_or_default(),
            scopes_supported: strings(&members, "scopes_supported")?,
            bearer_methods_supported: strings(&members, "bearer_methods_supported")?,
            resource_name: string(&members, "resource_name")?,
            ignored: members.keys().filter(|name| !is_defined(name)).cloned().collect(),
        })
    }
}

const STRING: &str = "a string";
const STRINGS: &str = "an array of strings";

fn string(members: &Map<String, Value>, name: &'static str) -> Result<Option<String>, MetadataError> {
    match members.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(other) => Err(wrong(name, STRING, other)),
    }
}

fn strings(members: &Map<String, Value>, name: &'static str) -> Result<Option<Vec<String>>, MetadataError> {
    let Some(value) = members.get(name) else { return Ok(None) };
    let Value::Array(items) = value else { return Err(wrong(name, STRINGS, value)) };
    let texts = items.iter().map(|item| item.as_str().map(str::to_owned).ok_or_else(|| wrong(name, STRINGS, value)));
    texts.collect::<Result<_, _>>().map(Some)
}

fn wrong(name: &'static str, expected: &'static str, got: &Value) -> MetadataError {
    MetadataError::Member { name, expected, got: kind(got) }
}

fn kind(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) => "true or false".to_owned(),
        Value::Number(_) => "a number".to_owned(),
        Value::String(_) => "a string".to_owned(),
        Value::Array(items) if items.iter().all(Value::is_string) => "an array of strings".to_owned(),
        Value::Array(_) => "an array with something else than strings".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(document: Value) -> Result<ProtectedResourceMetadata, MetadataError> {
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
            (json!({"resource": "r", "scopes_supported": "a b"}), "scopes_supported is a string"),
            (json!({"resource": "r", "bearer_methods_supported": true}), "bearer_methods_supported is true or false"),
            (json!([]), "an array of strings"),
            (json!("text"), "a string"),
        ] {
            assert_eq!(read(document).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn what_is_not_json_is_told_as_that() {
        let deep = "[".repeat(100_000);
        for text in ["", "<html>", "{\"resource\": \"r\"", "\u{feff}{}", deep.as_str(), "{\"resource\":\"r\"} x"] {
            let error = ProtectedResourceMetadata::from_json(text.as_bytes()).unwrap_err().to_string();
            assert!(error.starts_with("not JSON ("), "{error}");
        }
        assert!(ProtectedResourceMetadata::from_json(&[0xff, 0xfe, 0x00]).is_err());
    }
}
