//! What a client says about itself: RFC 7591 §2,
//! <https://www.rfc-editor.org/rfc/rfc7591#section-2>. The same members stand in a registration
//! request and in a Client ID Metadata Document.
//!
//! Left out, since a command-line client on the user's machine has no use for them: keys, contacts,
//! logos, software statements, and names in several languages.

use as_metadata::AuthorizationServerMetadata;
use serde_json::{Map, Value, json};

/// The name that people see on the consent page.
pub const CLIENT_NAME: &str = "MCP OAuth tutorial";

/// How a client authenticates at the token endpoint (`token_endpoint_auth_method`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthMethod {
    /// `none`: a public client. Whoever can read the program can read its secret, so it has none.
    None,
    /// `client_secret_basic`: a confidential client, its secret in the `Authorization` header.
    ClientSecretBasic,
    /// `client_secret_post`: a confidential client, its secret in the form.
    ClientSecretPost,
}

impl AuthMethod {
    /// As it stands in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            AuthMethod::None => "none",
            AuthMethod::ClientSecretBasic => "client_secret_basic",
            AuthMethod::ClientSecretPost => "client_secret_post",
        }
    }

    /// The method for a client with a secret, of those that the authorization server lists. No list
    /// means `client_secret_basic` (RFC 8414 §2).
    pub fn with_secret(authorization_server: &AuthorizationServerMetadata) -> Self {
        let listed = authorization_server.token_endpoint_auth_methods_supported.as_deref().unwrap_or_default();
        let lists = |method: AuthMethod| listed.iter().any(|name| name == method.as_str());
        let only_in_form = lists(AuthMethod::ClientSecretPost) && !lists(AuthMethod::ClientSecretBasic);
        if only_in_form { AuthMethod::ClientSecretPost } else { AuthMethod::ClientSecretBasic }
    }

    /// The method of this name, where this client can do it.
    pub fn from_name(name: &str) -> Option<Self> {
        [AuthMethod::None, AuthMethod::ClientSecretBasic, AuthMethod::ClientSecretPost]
            .into_iter()
            .find(|method| method.as_str() == name)
    }
}

/// The metadata of a client that runs on its user's machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientMetadata {
    /// `client_name`.
    pub client_name: String,
    /// `redirect_uris`: where the user's browser may bring a code.
    pub redirect_uris: Vec<String>,
    /// `token_endpoint_auth_method`.
    pub token_endpoint_auth_method: AuthMethod,
    /// `scope`: all that this client may ever ask for; `None` leaves the choice to the
    /// authorization server.
    pub scopes: Option<Vec<String>>,
    /// Members beyond those that the RFCs know.
    pub additional: Map<String, Value>,
}

impl ClientMetadata {
    /// A public client with this redirect URI.
    pub fn native(redirect_uri: &str, scopes: Option<Vec<String>>) -> Self {
        Self {
            client_name: CLIENT_NAME.to_owned(),
            redirect_uris: vec![redirect_uri.to_owned()],
            token_endpoint_auth_method: AuthMethod::None,
            scopes,
            additional: Map::new(),
        }
    }

    /// The redirect URI that this client listens on.
    pub fn redirect_uri(&self) -> &str {
        self.redirect_uris.first().map_or("", String::as_str)
    }

    /// `scope`, its values separated by spaces.
    pub fn scope(&self) -> Option<String> {
        self.scopes.as_ref().map(|scopes| scopes.join(" "))
    }

    /// The registration request: RFC 7591 §3.1.
    pub fn to_registration(&self) -> Value {
        let mut document = self.common();
        // "MCP clients MUST specify an appropriate application_type during Dynamic Client
        // Registration." (MCP 2026-07-28)
        document["application_type"] = json!("native");
        for (name, value) in &self.additional {
            document[name] = value.clone();
        }
        document
    }

    /// What a registration and a document have in common.
    pub(crate) fn common(&self) -> Value {
        let mut document = json!({
            "client_name": self.client_name,
            "redirect_uris": self.redirect_uris,
            // "MCP Clients that desire refresh tokens: … SHOULD include refresh_token in their
            // grant_types client metadata" (MCP 2026-07-28, Refresh Tokens)
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": self.token_endpoint_auth_method.as_str(),
        });
        if let Some(scope) = self.scope() {
            document["scope"] = json!(scope);
        }
        document
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registration_says_that_the_client_is_native_and_public() {
        let metadata =
            ClientMetadata::native("http://127.0.0.1:8888/callback", Some(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(
            metadata.to_registration(),
            json!({
                "client_name": "MCP OAuth tutorial",
                "redirect_uris": ["http://127.0.0.1:8888/callback"],
                "grant_types": ["authorization_code", "refresh_token"],
                "response_types": ["code"],
                "token_endpoint_auth_method": "none",
                "application_type": "native",
                "scope": "a b",
            })
        );
    }

    #[test]
    fn scopes_that_are_not_known_are_not_asked_for() {
        let metadata = ClientMetadata::native("http://127.0.0.1/callback", None);
        assert_eq!(metadata.to_registration().get("scope"), None);
    }
}
