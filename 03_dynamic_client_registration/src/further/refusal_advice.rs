//! What a person can do about a registration that was refused.

use crate::refusal::{Reason, Refusal};

/// The other way to a client.
pub(crate) const BY_HAND: &str = "have a client registered by hand at the IdP and name it: --client-id ID, its secret, if it has one, in the \
     environment variable CLIENT_SECRET";

impl Refusal {
    /// What a person can do about it.
    pub fn fix(&self) -> String {
        let wait =
            |after: &Option<String>| after.as_ref().map(|after| format!(" (Retry-After: {after})")).unwrap_or_default();
        match &self.reason {
            Reason::Policy(policy) => policy.fix(),
            Reason::TokenUsedUp => "Each use counts, so ask for a new one: -- initial-access-token --count N makes one where the administrator may."
                .to_owned(),
            Reason::TokenInvalid => "Compare it with what the administrator gave you: it has to be this IdP's, whole, not expired and not used up. (Keycloak: \
                 made under the same host name.) A new one: -- initial-access-token --expires 1h."
                .to_owned(),
            Reason::TokenMissing => format!(
                "Registration is not open to everyone here. Ask the administrator for an Initial Access Token and give it in the environment variable \
                 INITIAL_ACCESS_TOKEN with --register initial-access-token, or {BY_HAND}."
            ),
            Reason::RedirectUri => "Register a redirect URI without fragment and wildcard: https, or http on 127.0.0.1 or [::1] for a client on this machine. \
                 Where this one is such a URI, the IdP takes only those on a list of its own: send one of them with --redirect-uri URI, or have its operator add this \
                 one."
                .to_owned(),
            Reason::ClientMetadata(not_listed) if not_listed.is_empty() => {
                "Compare the request above with what the IdP's metadata says that it supports (lesson 02).".to_owned()
            }
            Reason::ClientMetadata(not_listed) => format!(
                "Asked for and listed differ: {}. The IdP takes only what it lists (see lesson 02); where this client has no such way, {BY_HAND}.",
                not_listed.join("; ")
            ),
            Reason::SoftwareStatement => format!("This IdP registers only software that it has approved. Ask its operator, or {BY_HAND}."),
            Reason::BeforeReading => format!(
                "This response is not from a registration endpoint: the request was refused before the registration was read, by a list of allowed \
                 clients or addresses, or by a firewall. Ask the IdP's operator to let this machine register, or {BY_HAND}."
            ),
            Reason::Redirected(to) => format!(
                "A registration is not sent on to another URL. If {to} is a page to sign in at, registration is not open to programs here: {BY_HAND}. If \
                 the endpoint has moved there, the IdP's operator has to name the new URL in registration_endpoint."
            ),
            Reason::TooMany(after) => format!("Wait{}, then run it again. Nothing was registered.", wait(after)),
            Reason::ServerFault(after) => format!(
                "That is the IdP's fault, or a gateway's in front of it, and not this client's. Nothing was stored. Run it again later{}; if it \
                 stays so, its operator finds the cause in the IdP's log.",
                wait(after)
            ),
            Reason::NotThere => format!(
                "The metadata names a registration_endpoint at which nothing takes registrations. Its operator has to correct the URL or switch \
                 registration on; until then {BY_HAND}."
            ),
            Reason::Other => format!("Its words above are all that is known here, and its log may have more. Ask its operator, or {BY_HAND}."),
        }
    }
}
