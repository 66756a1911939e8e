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
                "The policy Trusted Hosts does not list the host of a redirect URI (or of client_uri). Register only URIs on a host that it lists, or have \
                 the realm's administrator add the host (for a client on this machine 127.0.0.1): {MENU}, Trusted Hosts. It does not apply to a \
                 registration with an Initial Access Token (--register initial-access-token)."
            ),
            Policy::TrustedSender => format!(
                "“Host not trusted.” is about the machine that sent the registration, not about the redirect URI. Have the realm's administrator add this \
                 machine's address to Trusted Hosts, or switch off there that the sending host must match: {MENU}, Trusted Hosts. It does not \
                 apply to a registration with an Initial Access Token (--register initial-access-token)."
            ),
            Policy::ClientScopes => "The realm has no such client scope for clients to register, or its policy Allowed Client Scopes leaves it out. The administrator \
                 has to create the scope first, if there is none (Client scopes, Create client scope), and then make it optional for the realm \
                 (Client scopes, Assigned type Optional). Where the scopes are there, Keycloak's log names the one that it refused. Or ask only for \
                 scopes that the realm has (--scopes of the MCP server). An Initial Access Token does not help here."
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
