//! Reading a refusal: RFC 7591 §3.2.2, <https://www.rfc-editor.org/rfc/rfc7591#section-3.2.2>, and
//! what Keycloak makes of it.
//!
//! The RFC knows 400 with four error codes. Keycloak answers 403 `insufficient_scope` where one of
//! its policies says no, and names the policy in `error_description` only: so that sentence is what
//! a person has to see.

use serde_json::Value;
use shared::http::Response;

/// A registration that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status code.
    pub status: u16,
    /// `error`, or what stands there instead.
    pub error: String,
    /// `error_description`; empty where there is none.
    pub description: String,
    /// What the refusal is about.
    pub reason: Reason,
}

/// What a refusal is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Keycloak's policy "Trusted Hosts": the host of a redirect URI or of `client_uri`, or the
    /// host that asks.
    TrustedHosts,
    /// Keycloak's policy "Allowed Client Scopes".
    ClientScopes,
    /// Keycloak's policy "Max Clients Limit".
    MaxClients,
    /// Another policy of Keycloak's, by its name.
    OtherPolicy(String),
    /// The Initial Access Token has been used as often as it may.
    TokenUsedUp,
    /// The token is expired, revoked, or not one of this authorization server's.
    TokenInvalid,
    /// The authorization server wants a token for a registration.
    TokenMissing,
    /// A member that the authorization server does not know.
    UnknownMember(String),
    /// `invalid_redirect_uri`.
    RedirectUri,
    /// `invalid_client_metadata`.
    ClientMetadata,
    /// Anything else.
    Other,
}

impl Refusal {
    /// Reads an answer; `with_token` says whether an Initial Access Token was sent.
    pub fn read(response: &Response, with_token: bool) -> Self {
        let document: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        let text = |name: &str| document[name].as_str().unwrap_or_default().to_owned();
        let (error, description) = (text("error"), text("error_description"));
        let error = if error.is_empty() { "no error code".to_owned() } else { error };
        let reason = reason(response.status, &error, &description, with_token);
        Self { status: response.status, error, description, reason }
    }

    /// What a person can do about it.
    pub fn fix(&self) -> String {
        match &self.reason {
            Reason::TrustedHosts => "Register only URIs on a host that the realm trusts (this one trusts localhost, 127.0.0.1 and [::1]), or have its \
                 administrator add the host: Clients, Client registration, Client registration policies, Trusted Hosts."
                .to_owned(),
            Reason::ClientScopes => "Ask only for scopes that the MCP server lists (--scopes), or have the administrator make it one of the realm's \
                 optional client scopes, or list it in the policy Allowed Client Scopes. An Initial Access Token does not help here."
                .to_owned(),
            Reason::MaxClients => "Delete clients that nobody uses (-- clients delete), use an Initial Access Token, or have the administrator raise \
                 the limit: Clients, Client registration, Client registration policies, Max Clients Limit."
                .to_owned(),
            Reason::OtherPolicy(name) => {
                format!("Ask the administrator about the client registration policy {name:?}.")
            }
            Reason::TokenUsedUp => {
                "Each use counts, so ask for a new one: -- initial-access-token --count N makes one where the administrator may."
                    .to_owned()
            }
            Reason::TokenInvalid => {
                "Is it this IdP's, whole, and not expired? (Keycloak: made under the same host name.) A new one: \
                 -- initial-access-token --expires 1h."
                    .to_owned()
            }
            Reason::TokenMissing => {
                "Registration is not open to everyone here: ask the administrator for an Initial Access Token and give it in the \
                 environment variable INITIAL_ACCESS_TOKEN with --register initial-access-token."
                    .to_owned()
            }
            Reason::UnknownMember(name) => format!(
                "Leave {name} out. Keycloak takes only the members that it knows, although RFC 7591 §2 tells it to ignore the others."
            ),
            Reason::RedirectUri => {
                "Register a redirect URI without fragment and wildcard: https, or http on 127.0.0.1 or [::1] for a client on this machine."
                    .to_owned()
            }
            Reason::ClientMetadata => {
                "Compare the request above with what the IdP's metadata says that it supports (lesson 02).".to_owned()
            }
            Reason::Other => "Look at the answer above, and at the IdP's log.".to_owned(),
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HTTP {} {}", self.status, self.error)?;
        if !self.description.is_empty() {
            write!(f, ": {}", self.description)?;
        }
        Ok(())
    }
}

fn reason(status: u16, error: &str, description: &str, with_token: bool) -> Reason {
    if let Some(policy) = between(description, "Policy '", "' rejected request") {
        return match policy {
            "Trusted Hosts" => Reason::TrustedHosts,
            "Allowed Client Scopes" => Reason::ClientScopes,
            "Max Clients Limit" => Reason::MaxClients,
            other => Reason::OtherPolicy(other.to_owned()),
        };
    }
    if let Some(member) = between(error, "Unrecognized field \"", "\"") {
        return Reason::UnknownMember(member.to_owned());
    }
    match (status, error) {
        (401 | 403, _) if !with_token => Reason::TokenMissing,
        (401, _) if description.contains("No remaining count") => Reason::TokenUsedUp,
        (401, _) => Reason::TokenInvalid,
        (_, "invalid_redirect_uri") => Reason::RedirectUri,
        (_, "invalid_client_metadata") => Reason::ClientMetadata,
        _ => Reason::Other,
    }
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(found, _)| found)
}

#[cfg(test)]
mod tests;
