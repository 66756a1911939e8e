//! What a registration asked for that the authorization server's metadata does not list.

use as_metadata::AuthorizationServerMetadata;
use serde_json::Value;

use crate::client_metadata::ClientMetadata;
use crate::refusal::{Reason, Refusal};

/// The refusal; where it says `invalid_client_metadata` and no more, with what is not listed.
pub fn explained(
    refusal: Refusal,
    metadata: &ClientMetadata,
    authorization_server: &AuthorizationServerMetadata,
) -> Refusal {
    match refusal.reason {
        Reason::ClientMetadata(_) => {
            Refusal { reason: Reason::ClientMetadata(not_listed(metadata, authorization_server)), ..refusal }
        }
        _ => refusal,
    }
}

/// Each member with what was asked for and what the metadata lists.
pub fn not_listed(metadata: &ClientMetadata, authorization_server: &AuthorizationServerMetadata) -> Vec<String> {
    let asked = metadata.to_registration();
    let words = |name: &str| -> Vec<String> {
        match &asked[name] {
            Value::String(text) => text.split(' ').map(str::to_owned).collect(),
            Value::Array(items) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            _ => vec![],
        }
    };
    let lists = [
        ("token_endpoint_auth_method", &authorization_server.token_endpoint_auth_methods_supported),
        ("grant_types", &authorization_server.grant_types_supported),
        ("response_types", &authorization_server.response_types_supported),
        ("scope", &authorization_server.scopes_supported),
    ];
    let differs = |(name, listed): (&str, &Option<Vec<String>>)| {
        let listed = listed.as_ref()?;
        let missing: Vec<_> = words(name).into_iter().filter(|word| !listed.contains(word)).collect();
        (!missing.is_empty())
            .then(|| format!("{name} asks for {}, and the metadata lists {}", missing.join(" "), listed.join(" ")))
    };
    lists.into_iter().filter_map(differs).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_listed_is_named_with_the_list() {
        let list = |names: &[&str]| Some(names.iter().map(|&name| name.to_owned()).collect());
        let metadata = ClientMetadata::native("http://127.0.0.1/cb", list(&["a", "b"]));
        let silent = AuthorizationServerMetadata::default();
        assert_eq!(not_listed(&metadata, &silent), Vec::<String>::new());
        let server = AuthorizationServerMetadata {
            token_endpoint_auth_methods_supported: list(&["client_secret_basic"]),
            grant_types_supported: list(&["authorization_code", "refresh_token"]),
            scopes_supported: list(&["a"]),
            ..silent
        };
        let expected = [
            "token_endpoint_auth_method asks for none, and the metadata lists client_secret_basic",
            "scope asks for b, and the metadata lists a",
        ];
        assert_eq!(not_listed(&metadata, &server), expected);
    }
}
