//! Showing a document's URL to an authorization server, which fetches the document.

use as_metadata::AuthorizationServerMetadata;
use shared::http::{Http, Request, Response};
use shared::{Failed, Reporter, Side, page, spec};
use url::form_urlencoded;

use crate::client_metadata::ClientMetadata;
use crate::error::RegistrationError;
use crate::further::administration::{NEEDS_CIMD, is_tutorial};
use crate::further::rules;

/// The example of RFC 7636 Appendix B: nobody will redeem a code for it.
const CODE_CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// What it takes to show a document to an authorization server.
pub struct Presenting<'a> {
    /// The authorization server.
    pub authorization_server: &'a AuthorizationServerMetadata,
    /// The MCP server, for the parameter `resource`.
    pub mcp_server: &'a str,
    /// The client.
    pub metadata: &'a ClientMetadata,
}

/// Keycloak's words where no policy lets documents in.
pub const NO_POLICY: &str = "Client not found";

/// An authorization server that will not have the document.
pub struct RefusedDocument {
    client_id: String,
    /// What it responded.
    pub got: String,
    fix: String,
}

impl RefusedDocument {
    /// Makes the failed check, which is the authorization server's, not the client's.
    pub fn report(self, reporter: &Reporter) -> RegistrationError {
        let failed = Failed {
            rule: &rules::IDP_TAKES_DOCUMENT,
            expected: TAKES_DOCUMENT.to_owned(),
            seen: self.got,
            fix: self.fix,
        };
        reporter.on(Side::Idp).report_failed(&failed);
        RegistrationError::MetadataDocument { client_id: self.client_id, failed }
    }
}

/// What to do about a document that was refused with these words.
fn fix(authorization_server: &AuthorizationServerMetadata, got: &str) -> String {
    let is_offered = authorization_server.client_id_metadata_document_supported == Some(true);
    if got.contains(NO_POLICY) {
        let what = match (is_offered, is_tutorial(&authorization_server.issuer)) {
            (false, _) => NEEDS_CIMD,
            (true, true) => "-- enable-cimd (of lesson 03) sets one in the tutorial's realm.",
            (true, false) => "Its administrator can set one: keycloak/README.md says which.",
        };
        return format!(
            "Keycloak takes documents only where the feature is on and a client policy of the realm says so. {what}"
        );
    }
    if got.contains("fetch failed") {
        return "The IdP has to reach the document: name a host that it knows this machine by with --document-host, or publish the document \
                on the web and give its URL with --client-id."
            .to_owned();
    }
    let offered = if is_offered {
        ""
    } else {
        " Its metadata does not say that it takes documents at all: then register in another way."
    };
    format!("Compare the document with what the IdP says, and look into the IdP's log.{offered}")
}

const TAKES_DOCUMENT: &str = "the IdP takes the document and goes on to the sign-in";

/// The first half of lesson 04's authorization request. Some authorization servers look at the
/// client before anyone signs in and some after that, so a page to sign in at says something only
/// if the document has been `fetched` for it.
pub async fn present(
    http: &Http,
    presenting: &Presenting<'_>,
    client_id: &str,
    fetched: impl Fn() -> bool,
) -> Result<(), RefusedDocument> {
    let reporter = http.reporter();
    reporter.stage("show the document's URL to the authorization server", &spec::MCP_CIMD_FETCH).await;
    let refused = |got: String| {
        let fix = fix(presenting.authorization_server, &got);
        RefusedDocument { client_id: client_id.to_owned(), got, fix }
    };
    let Some(endpoint) = &presenting.authorization_server.authorization_endpoint else {
        return Err(refused("no authorization endpoint".to_owned()));
    };
    let redirect_uri = presenting.metadata.redirect_uri();
    let query = authorization_query(presenting, client_id, redirect_uri);
    let mark = if endpoint.contains('?') { '&' } else { '?' };
    let request = Request::get(&format!("{endpoint}{mark}{query}")).header("accept", "text/html");
    let response = http.send(&request.without_redirects()).await.map_err(|error| refused(error.to_string()))?;
    let taken = |got: String| {
        reporter.on(Side::Idp).recommend(&rules::IDP_TAKES_DOCUMENT, true, TAKES_DOCUMENT, got);
    };
    match verdict(&response, redirect_uri).map_err(refused)? {
        Verdict::CameBack(got) => taken(got),
        Verdict::Page(got) if fetched() => taken(got),
        Verdict::Page(got) => reporter.note(format!(
            "Whether the IdP takes the document is not known yet. It goes on to a page ({got}) and has not been seen to fetch the document: it may \
             do that after the sign-in, or know the document from before."
        )),
    }
    Ok(())
}

fn authorization_query(presenting: &Presenting<'_>, client_id: &str, redirect_uri: &str) -> String {
    let scope = presenting.metadata.scope().unwrap_or_default();
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs([
        ("response_type", "code"),
        ("client_id", client_id),
        ("redirect_uri", redirect_uri),
        ("code_challenge", CODE_CHALLENGE),
        ("code_challenge_method", "S256"),
        ("state", "lesson-03"),
        ("resource", presenting.mcp_server),
    ]);
    if !scope.is_empty() {
        query.append_pair("scope", &scope);
    }
    query.finish()
}

/// What a response says where it is no refusal.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// The flow went through, back to the client with a code.
    CameBack(String),
    /// A page for a person, or the way to one.
    Page(String),
}

/// An error page, or an error brought to the redirect URI, is a no.
fn verdict(response: &Response, redirect_uri: &str) -> Result<Verdict, String> {
    let location = response.header_values("location").into_iter().next().unwrap_or_default();
    let message = page::message(&String::from_utf8_lossy(&response.body));
    let said = message.map(|message| format!(" “{message}”")).unwrap_or_default();
    match response.status {
        200 => Ok(Verdict::Page(format!("HTTP 200{said}"))),
        300..=399 if location.starts_with(redirect_uri) => {
            let query = location.split_once('?').map_or("", |(_, query)| query);
            let parameter = |name: &str| {
                form_urlencoded::parse(query.as_bytes())
                    .find(|(known, _)| known == name)
                    .map(|(_, value)| value.into_owned())
            };
            let description = parameter("error_description").map(|text| format!(": {text}")).unwrap_or_default();
            match (parameter("error"), parameter("code")) {
                (Some(error), _) => Err(format!("{error}{description}")),
                (None, Some(_)) => {
                    Ok(Verdict::CameBack(format!("HTTP {}, back to the redirect URI with a code", response.status)))
                }
                (None, None) => Err("a redirect to the redirect URI with neither a code nor an error".to_owned()),
            }
        }
        300..=399 => {
            let to = location.split('?').next().unwrap_or_default();
            Ok(Verdict::Page(format!("HTTP {}, on to {to}", response.status)))
        }
        status => {
            let said = page::error_text(&response.body).map(|text| format!(" “{text}”")).unwrap_or_default();
            Err(format!("HTTP {status}{said}"))
        }
    }
}

#[cfg(test)]
mod tests;
