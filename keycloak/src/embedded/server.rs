//! What every request sees.

use std::sync::Arc;

use ring::digest;

use super::clients::IdpClients;
use super::defect::Defect;
use super::expiring::ExpiringIds;
use super::further::administration::{ClientPolicies, InitialAccess};
use super::keys::RealmKeys;
use super::local_tokens::LocalTokens;
use super::sessions::IdpSessions;
use crate::realm::Realm;

pub struct IdpServer {
    pub issuer: String,
    pub realm: Realm,
    pub keys: Arc<RealmKeys>,
    pub local_tokens: LocalTokens,
    pub clients: IdpClients,
    pub sessions: IdpSessions,
    pub initial_access: InitialAccess,
    pub policies: ClientPolicies,
    /// DPoP proofs that clients have sent.
    pub used_proofs: ExpiringIds,
    /// Assertions that clients have authenticated with, by client and `jti`.
    pub used_assertions: ExpiringIds,
    /// Revoked access tokens, by `jti`.
    pub revoked: ExpiringIds,
    /// Access tokens that came from a token exchange, by `jti`.
    pub exchanged: ExpiringIds,
    pub defect: Option<Defect>,
}

impl IdpServer {
    pub fn new(issuer: String, keys: Arc<RealmKeys>, realm: Realm, defect: Option<Defect>) -> Self {
        Self {
            keys,
            local_tokens: LocalTokens::new(&issuer),
            clients: IdpClients::of_realm_file(&realm),
            sessions: IdpSessions::default(),
            initial_access: InitialAccess::default(),
            policies: ClientPolicies::of_realm_file(&realm),
            used_proofs: ExpiringIds::default(),
            used_assertions: ExpiringIds::default(),
            revoked: ExpiringIds::default(),
            exchanged: ExpiringIds::default(),
            issuer,
            realm,
            defect,
        }
    }

    pub fn endpoint(&self, name: &str) -> String {
        format!("{}/protocol/openid-connect/{name}", self.issuer)
    }

    /// The subject identifier of a user, or of a client that acts for itself: the same as long as
    /// this server runs.
    pub fn subject(&self, name: &str) -> String {
        let hash = digest::digest(&digest::SHA256, format!("{} {name}", self.issuer).as_bytes());
        let hex: String = hash.as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        format!("{}-{}-4{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..])
    }
}
