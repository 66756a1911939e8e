//! What to do about an authorization server whose metadata names no registration endpoint.

use as_metadata::{AuthorizationServerMetadata, well_known};
use shared::http::{Http, Request};

use crate::error::RegistrationError;
use crate::further::refusal_advice::BY_HAND;

/// The error, with every way that is left: MCP's order first. A client without a user has no
/// redirect URI.
pub async fn error(
    http: &Http,
    authorization_server: &AuthorizationServerMetadata,
    redirect_uri: Option<&str>,
) -> RegistrationError {
    let issuer = authorization_server.issuer.clone();
    let takes_documents = authorization_server.client_id_metadata_document_supported == Some(true);
    let elsewhere = elsewhere(http, &issuer).await;
    let fix = fix(takes_documents, elsewhere.as_deref(), redirect_uri);
    RegistrationError::NoEndpoint { issuer, fix }
}

/// Another metadata document of this issuer that names a registration endpoint. Some IdPs have it
/// only in the document of OpenID Connect, or where the well-known part is appended to the issuer's
/// path instead of being put in front of it (RFC 8414 §3.1).
async fn elsewhere(http: &Http, issuer: &str) -> Option<String> {
    let mut places = well_known::locations(issuer);
    let appended = format!("{}/.well-known/oauth-authorization-server", issuer.trim_end_matches('/'));
    if !places.contains(&appended) {
        places.push(appended);
    }
    http.reporter()
        .note("Another document of this issuer may name a registration endpoint, so each place is looked at.");
    for url in places {
        let Ok(response) = http.send(&Request::get(&url).without_redirects()).await else { continue };
        let document = AuthorizationServerMetadata::from_json(&response.body);
        if response.status == 200 && document.is_ok_and(|found| found.registration_endpoint.is_some()) {
            return Some(url);
        }
    }
    None
}

fn fix(takes_documents: bool, elsewhere: Option<&str>, redirect_uri: Option<&str>) -> String {
    let by_hand = match redirect_uri {
        Some(uri) => format!("{BY_HAND} (public, PKCE, redirect URI {uri})."),
        None => format!("{BY_HAND}."),
    };
    let document = "The IdP says that it takes Client ID Metadata Documents: --register cimd, with --client-id URL for a document on the web.";
    let found = elsewhere.map(|url| {
        format!(
            "{url} does name a registration_endpoint, but clients stop at the document that they find first: the IdP's operator has to add it there."
        )
    });
    let mut ways: Vec<_> = takes_documents.then(|| document.to_owned()).into_iter().chain(found).collect();
    ways.push(if ways.is_empty() { by_hand.replacen("have", "Have", 1) } else { format!("Or {by_hand}") });
    ways.join(" ")
}

#[cfg(test)]
mod tests {
    use super::fix;

    #[test]
    fn the_ways_that_are_left_are_named() {
        let uri = Some("http://localhost:3118/callback");
        let by_hand = fix(false, None, uri);
        assert!(by_hand.contains("(public, PKCE, redirect URI http://localhost:3118/callback)"), "{by_hand}");
        assert!(by_hand.starts_with("Have a client registered by hand") && by_hand.contains("--client-id ID"));
        let all = fix(true, Some("https://idp.example/t/.well-known/openid-configuration"), uri);
        assert!(all.starts_with("The IdP says that it takes Client ID Metadata Documents: --register cimd"), "{all}");
        assert!(all.contains("https://idp.example/t/.well-known/openid-configuration does name"), "{all}");
        assert!(all.contains("Or have a client registered by hand"), "{all}");
    }
}
