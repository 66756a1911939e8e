//! Who takes part in a run: the lanes of its diagram.
//!
//! An event says which side speaks, and a request to which URL it goes. Who is at that URL is seen
//! from what is requested there, and from what the documents of the run say about it.

use std::collections::HashSet;

use serde_json::Value;
use url::Url;

use super::line::{Line, Request, Said, Speaker};

/// What a party does in OAuth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Browser,
    Client,
    Server,
    Idp,
    Api,
}

/// A lane: a party of the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    pub role: Role,
    /// Scheme, host and port; empty for parties without a URL.
    pub origin: String,
}

impl Party {
    pub fn name(&self) -> &'static str {
        match self.role {
            Role::Browser => "User and browser",
            Role::Client => "MCP client",
            Role::Server => "MCP server",
            Role::Idp => "Identity provider",
            Role::Api => "API",
        }
    }
}

/// The parties of a run, in the order of their lanes.
#[derive(Clone, Debug, Default)]
pub struct Parties {
    pub lanes: Vec<Party>,
    idps: HashSet<String>,
    servers: HashSet<String>,
}

impl Parties {
    pub fn of(lines: &[Line]) -> Self {
        let mut parties = Self::default();
        for line in lines {
            match &line.said {
                Said::Received(response) => note_idps(&response.body, &mut parties.idps),
                Said::Sent(request) if is_mcp(request) => _ = parties.servers.insert(origin(&request.url)),
                _ => {}
            }
        }
        parties.lanes.push(Party { role: Role::Client, origin: String::new() });
        for line in lines {
            let party = match &line.said {
                Said::Sent(request) => parties.recipient(line.side, request),
                Said::Carried { is_response: false, url } => Party { role: Role::Idp, origin: origin(url) },
                _ => continue,
            };
            if matches!(line.said, Said::Carried { .. }) {
                parties.add(Party { role: Role::Browser, origin: String::new() });
            }
            parties.add(party);
        }
        parties.lanes.sort_by_key(|party| party.role as u8);
        parties
    }

    fn add(&mut self, party: Party) {
        if !self.lanes.contains(&party) {
            self.lanes.push(party);
        }
    }

    /// Who gets this request.
    fn recipient(&self, sender: Speaker, request: &Request) -> Party {
        let origin = origin(&request.url);
        let role = match sender {
            _ if is_mcp(request) => Role::Server,
            _ if self.idps.contains(&origin) => Role::Idp,
            _ if self.servers.contains(&origin) => Role::Server,
            Speaker::Server => Role::Api,
            _ => Role::Idp,
        };
        Party { role, origin }
    }

    /// The lane of whoever gets this request.
    pub fn lane_of_recipient(&self, sender: Speaker, request: &Request) -> Option<usize> {
        self.position(&self.recipient(sender, request))
    }

    /// The lane of the identity provider at this URL.
    pub fn lane_of_idp(&self, url: &str) -> Option<usize> {
        self.position(&Party { role: Role::Idp, origin: origin(url) })
    }

    /// The lane of a side that speaks outside any request; `None` where it could be several.
    pub fn lane_of_side(&self, side: Speaker) -> Option<usize> {
        let role = match side {
            Speaker::Client => Role::Client,
            Speaker::Server => Role::Server,
            Speaker::Idp => Role::Idp,
        };
        self.only(role)
    }

    /// The lane of the only party with this role.
    pub fn only(&self, role: Role) -> Option<usize> {
        let mut lanes = self.lanes.iter().enumerate().filter(|(_, party)| party.role == role).map(|(n, _)| n);
        lanes.next().filter(|_| lanes.next().is_none())
    }

    fn position(&self, party: &Party) -> Option<usize> {
        self.lanes.iter().position(|known| known == party)
    }
}

fn is_mcp(request: &Request) -> bool {
    request.body.get("jsonrpc").is_some() || request.url.contains("/.well-known/oauth-protected-resource")
}

/// Documents name the identity provider: as an issuer, in a list, and by its endpoints.
fn note_idps(body: &Value, idps: &mut HashSet<String>) {
    let Some(members) = body.as_object() else { return };
    for (name, value) in members {
        let urls = match (name.as_str(), value) {
            ("authorization_servers", Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
            ("issuer" | "jwks_uri", Value::String(url)) => vec![url.as_str()],
            (endpoint, Value::String(url)) if endpoint.ends_with("_endpoint") => vec![url.as_str()],
            _ => continue,
        };
        idps.extend(urls.into_iter().map(origin).filter(|origin| !origin.is_empty()));
    }
}

fn origin(url: &str) -> String {
    Url::parse(url).map(|url| url.origin().ascii_serialization()).unwrap_or_default()
}
