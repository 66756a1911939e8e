//! The life of a client after its registration: RFC 7592 §2,
//! <https://www.rfc-editor.org/rfc/rfc7592#section-2>. Read, replace, delete, each at the URL and
//! with the token that came with the registration.

use as_metadata::AuthorizationServerMetadata;
use shared::http::{Http, HttpError, Request, Response};
use shared::members::DocumentError;
use shared::{Failure, Reporter, Secret, Side};

use crate::client_information::ClientInformation;
use crate::client_metadata::ClientMetadata;
use crate::error::RegistrationError;
use crate::further::granted_credentials::check_management;
use crate::further::rules::ENTRY_READABLE;
use crate::refusal::Refusal;
use crate::register::check_granted;
use crate::rules;
use crate::store::Registration;

/// Why a client's entry could not be used.
#[derive(Debug)]
pub enum ManageError {
    /// The authorization server gave no URL or no token for it (RFC 7592 is optional).
    NotOffered,
    /// No answer.
    Unavailable(HttpError),
    /// The client is gone, or the token no longer opens its entry: HTTP 401, 403 or 404.
    Gone(Refusal),
    /// Any other refusal.
    Refused(Refusal),
    /// The answer is no client information.
    Response(RegistrationError),
}

impl std::fmt::Display for ManageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ManageError::NotOffered => {
                f.write_str("This IdP gave no registration_client_uri: the client's entry cannot be reached.")
            }
            ManageError::Unavailable(error) => write!(f, "{error}"),
            ManageError::Gone(refusal) => {
                write!(f, "The IdP no longer knows this client, or its token was replaced (its response: {refusal}).")
            }
            ManageError::Refused(refusal) => write!(f, "The IdP refused this with {refusal}."),
            ManageError::Response(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for ManageError {}

impl From<ManageError> for Failure {
    fn from(error: ManageError) -> Self {
        let message = error.to_string();
        match error {
            ManageError::NotOffered => {
                Failure::new("manage.offered", message, "Change or delete it at the IdP itself.")
            }
            ManageError::Unavailable(error) => error.into(),
            ManageError::Gone(_) => Failure::new(
                rules::KNOWN.id,
                message,
                "Run the lesson again: it registers again and replaces the stored client.",
            ),
            ManageError::Refused(refusal) => Failure::new("manage.refused", message, refusal.fix()),
            ManageError::Response(error) => error.into(),
        }
    }
}

/// A client's own entry at its authorization server.
struct Entry<'a> {
    url: &'a str,
    token: &'a Secret,
}

fn entry(information: &ClientInformation) -> Result<Entry<'_>, ManageError> {
    match (&information.registration_client_uri, &information.registration_access_token) {
        (Some(url), Some(token)) => Ok(Entry { url, token }),
        _ => Err(ManageError::NotOffered),
    }
}

/// Reads the entry: RFC 7592 §2.1. The answer may bring a new token; what it leaves out stays as it
/// was.
pub async fn read(http: &Http, information: &ClientInformation) -> Result<ClientInformation, ManageError> {
    let Entry { url, token } = entry(information)?;
    let response = send(http, Request::get(url).without_redirects().bearer(token)).await?;
    renewed(http.reporter(), &response, information)
}

/// Says that the entry of a client could not be read, which is no reason to give the client up.
pub fn report_unreadable(http: &Http, information: &ClientInformation, error: &ManageError) {
    // What was said of the URL when it came is said again.
    if information.registration_client_uri.as_ref().is_some_and(|uri| http.accepts(uri).is_err()) {
        check_management(http, information);
        return;
    }
    let fix = "none needed: the stored client is used, and the token endpoint tells whether it is known.";
    let expected = "the client's own entry can be read";
    http.reporter().on(Side::Idp).with_fix(fix).recommend(&ENTRY_READABLE, false, expected, error);
}

/// Replaces the entry: RFC 7592 §2.2.
pub async fn update(
    http: &Http,
    information: &ClientInformation,
    metadata: &ClientMetadata,
) -> Result<ClientInformation, ManageError> {
    let Entry { url, token } = entry(information)?;
    let mut document = metadata.to_registration();
    // "This request MUST include all client metadata fields as returned to the client from a
    // previous registration, read, or update operation. The updated client metadata fields request
    // MUST NOT include the registration_access_token, registration_client_uri,
    // client_secret_expires_at, or client_id_issued_at fields" (RFC 7592 §2.2)
    document["client_id"] = information.client_id.clone().into();
    // "If the client includes the "client_secret" field in the request, the value of this field
    // MUST match the currently issued client secret" (RFC 7592 §2.2)
    if let Some(secret) = &information.client_secret {
        document["client_secret"] = secret.expose().into();
    }
    let request = Request::put_json(url, &document).header("accept", "application/json").bearer(token);
    let response = send(http, request).await?;
    renewed(http.reporter(), &response, information)
}

/// Replaces the entry of a client that lacks something, so that it has what this run needs. `false`
/// where that cannot be done.
pub async fn update_to_fit(
    http: &Http,
    authorization_server: &AuthorizationServerMetadata,
    metadata: &ClientMetadata,
    registration: &mut Registration,
) -> Result<bool, Failure> {
    http.reporter().note("The client's entry is replaced: RFC 7592 §2.2.");
    match update(http, &registration.information, metadata).await {
        Ok(renewed) => {
            // First: its token may be new, and the old one opens nothing any more.
            registration.information = renewed;
            registration.requested = metadata.to_registration();
            check_granted(http, authorization_server, metadata, &registration.information)?;
            Ok(true)
        }
        Err(error) => {
            http.reporter().note(format!(
                "That cannot be done: {error} A new registration is tried; until it succeeds, the old client stays."
            ));
            Ok(false)
        }
    }
}

/// Deletes the client: RFC 7592 §2.3.
pub async fn delete(http: &Http, information: &ClientInformation) -> Result<(), ManageError> {
    let Entry { url, token } = entry(information)?;
    send(http, Request::delete(url).bearer(token)).await.map(|_| ())
}

/// Deletes a client that nobody would find again, or miss: one that is replaced, or is not kept.
pub async fn remove(http: &Http, information: &ClientInformation) {
    let client_id = &information.client_id;
    match delete(http, information).await {
        Ok(()) => http.reporter().note(format!("The client {client_id} is not kept, so it was deleted at the IdP.")),
        Err(error) => http.reporter().note(format!("The client {client_id} stays at the IdP: {error}")),
    }
}

async fn send(http: &Http, request: Request) -> Result<Response, ManageError> {
    let response = http.send(&request).await.map_err(ManageError::Unavailable)?;
    match response.status {
        200..=299 => Ok(response),
        // "If the client does not exist on this server, the server MUST respond with HTTP 401
        // Unauthorized" (RFC 7592 §2.1); others answer 404, or 403 for a token that they no longer
        // take.
        401 | 403 | 404 => {
            let refusal = Refusal::read(&response, true);
            let is_policy = refusal.description.starts_with("Policy '");
            Err(if is_policy { ManageError::Refused(refusal) } else { ManageError::Gone(refusal) })
        }
        _ => Err(ManageError::Refused(Refusal::read(&response, true))),
    }
}

/// What is known of the client after a response that may bring new credentials: "the client MUST
/// immediately discard its previous client secret and/or registration access token" (RFC 7592 §2.1,
/// §2.2).
fn renewed(
    reporter: &Reporter,
    response: &Response,
    before: &ClientInformation,
) -> Result<ClientInformation, ManageError> {
    let (mut now, faults) = ClientInformation::from_json(&response.body)
        .map_err(|error| ManageError::Response(RegistrationError::Document(error)))?;
    // A member that cannot be read is as it was.
    for name in faults.iter().filter_map(DocumentError::member) {
        if let Some(before) = before.granted.get(name) {
            now.granted.insert(name.to_owned(), before.clone());
        }
    }
    if !faults.is_empty() {
        let seen = faults.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let fix = "Have the IdP's operator correct the response. What was stored is used instead.";
        let expected = "every member of the client's entry has its type";
        reporter.on(Side::Idp).with_fix(fix).recommend(&ENTRY_READABLE, false, expected, seen);
    }
    Ok(ClientInformation {
        client_secret: now.client_secret.or_else(|| {
            // A client that has become public has no secret any more.
            let is_public = now.granted.get("token_endpoint_auth_method").is_some_and(|method| method == "none");
            before.client_secret.clone().filter(|_| !is_public)
        }),
        client_secret_expires_at: now.client_secret_expires_at.or(before.client_secret_expires_at),
        registration_access_token: now.registration_access_token.or_else(|| before.registration_access_token.clone()),
        registration_client_uri: now.registration_client_uri.or_else(|| before.registration_client_uri.clone()),
        ..now
    })
}
