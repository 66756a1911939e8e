//! What Keycloak's client registration policies say when they refuse, and what its administrator
//! can do about each. No standard knows them: Keycloak names the policy in `error_description`
//! only.

/// A policy of a Keycloak realm, or its list of known members, that refused a registration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Policy {
    /// "Trusted Hosts": the host of a redirect URI or of `client_uri`.
    TrustedHosts,
    /// "Trusted Hosts": the machine that sent the registration.
    TrustedSender,
    /// "Allowed Client Scopes".
    ClientScopes,
    /// "Max Clients Limit".
    MaxClients,
    /// Another policy, by its name.
    Other(String),
    /// A member of the registration that Keycloak does not know.
    UnknownMember(String),
}

/// Where the Admin Console of Keycloak 26.7 has them. It spells "polices" so.
const MENU: &str = "in the Admin Console (26.7) Clients, Client registration, Anonymous access polices";

const WITH_TOKEN: &str =
    "Or use an Initial Access Token (--register initial-access-token): the policy does not apply then.";

impl Policy {
    /// The policy that speaks in a refusal, if one does.
    pub fn read(error: &str, description: &str) -> Option<Self> {
        let member = between(error, "Unrecognized field \"", "\"");
        if let Some(member) = member.or_else(|| between(description, "Unrecognized field \"", "\"")) {
            return Some(Policy::UnknownMember(member.to_owned()));
        }
        Some(match between(description, "Policy '", "' rejected request")? {
            // The other sentences of this policy are about URIs in the registration.
            "Trusted Hosts" if description.contains("Host not trusted") => Policy::TrustedSender,
            "Trusted Hosts" => Policy::TrustedHosts,
            "Allowed Client Scopes" => Policy::ClientScopes,
            "Max Clients Limit" => Policy::MaxClients,
            other => Policy::Other(other.to_owned()),
        })
    }

    /// What a person can do about it.
    pub fn fix(&self) -> String {
        match self {
            Policy::TrustedHosts => format!(
                "Register only URIs on a host that the realm trusts, or have its administrator add the host (127.0.0.1 for a client on this machine): \
                 {MENU}, Trusted Hosts. {WITH_TOKEN}"
            ),
            Policy::TrustedSender => format!(
                "This is about the machine that sent the registration, not about the redirect URI. Have the administrator add this machine's address to \
                 Trusted Hosts, or switch off there that the sending host must match: {MENU}, Trusted Hosts. {WITH_TOKEN}"
            ),
            Policy::ClientScopes => "If the realm has no such client scope, its administrator has to create the scope first (Client scopes, Create client scope); then it \
                 has to be an optional one (Client scopes, Assigned type Optional). If it has all, Keycloak's log names the scope that it refused. Or ask \
                 for fewer scopes (--scopes of the MCP server). An Initial Access Token does not help here."
                .to_owned(),
            Policy::MaxClients => format!(
                "Delete clients that nobody uses (-- clients delete), use an Initial Access Token, or have the administrator raise the limit: {MENU}, \
                 Max Clients Limit."
            ),
            Policy::Other(name) => {
                format!("Ask the realm's administrator about the client registration policy {name:?}: {MENU}.")
            }
            Policy::UnknownMember(name) => format!(
                "Leave {name} out. Keycloak takes only the members that it knows, although RFC 7591 §2 tells it to ignore the others."
            ),
        }
    }
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(found, _)| found)
}
