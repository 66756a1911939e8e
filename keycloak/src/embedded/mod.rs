//! A teaching stand-in for Keycloak: an authorization server inside the process that reads the same
//! realm file.
//!
//! It behaves as Keycloak 26.7.3 does with this realm, for what the lessons use. A differential
//! test compares the responses of the two. The embedded IdP writes its JSON itself and shares no
//! type with the lessons that read it, so a misspelt member fails a test. It forgets everything
//! when it ends, as `start-dev` without a volume does.
//!
//! The straight path, in the order of a first run:
//!
//! | file | content |
//! |---|---|
//! | `routes.rs`, `server.rs` | which endpoint is where, and what all of them share |
//! | `metadata.rs` | RFC 8414, the JWK Set |
//! | `keys.rs` | the realm's signing keys |
//! | `registration.rs`, `client_metadata.rs` | RFC 7591 |
//! | `policies.rs` | which clients may register |
//! | `clients.rs` | the clients that the realm knows |
//! | `authorize.rs` | the authorization endpoint |
//! | `login.rs`, `pages.rs` | the user signs in and agrees |
//! | `start_page.rs` | the page at `/`, for a person with a browser |
//! | `sessions.rs` | what happens between an authorization request and a token |
//! | `token.rs` | the token endpoint and its response |
//! | `code_grant.rs`, `refresh_grant.rs` | RFC 6749 §4.1.3 and §6 |
//! | `client_authentication.rs` | clients with a secret |
//! | `access_token.rs` | the claims of tokens |
//! | `local_tokens.rs` | tokens that only this server reads |
//! | `form.rs`, `refusal.rs`, `random.rs` | parameters, refusals, random values |
//! | `bounded.rs`, `expiring.rs` | tables of bounded size |
//! | `defect.rs` | how it misbehaves for `--break`: the only file that knows |
//!
//! Further, in `further/`:
//!
//! | file | content |
//! |---|---|
//! | `management.rs` | RFC 7592 |
//! | `cimd.rs` | Client ID Metadata Documents |
//! | `administration.rs`, `key_rotation.rs` | the parts of the admin API that the lessons use |
//! | `client_credentials.rs`, `client_assertion.rs` | RFC 6749 §4.4, RFC 7523 |
//! | `resource_indicators.rs` | RFC 8707, where it is switched on |
//! | `presented.rs`, `introspection.rs`, `revocation.rs` | RFC 7662, RFC 7009 |
//! | `token_exchange.rs` | RFC 8693 |
//! | `dpop.rs`, `jwk.rs` | RFC 9449 |
//!
//! # Keycloak's quirks that are reproduced on purpose
//!
//! Each appears in a lesson's output. What no lesson shows is not reproduced: the differential
//! test lists those differences with their reasons, above all in `tests/differential/dropped.rs`.
//!
//! - **Metadata** (lesson 02): one document in three places, none of them the OpenID Connect place
//!   of RFC 8414 §5. Pages of any origin may read it.
//! - **Registration** (lesson 03): unknown members are refused, with their position in the text,
//!   where RFC 7591 wants them ignored (`--break unknown-member`). Policies refuse with HTTP 403
//!   `insufficient_scope` and a sentence that names the policy. A bad Initial Access Token is
//!   `invalid_token`. The response adds members such as `post_logout_redirect_uris`, and `none` to
//!   `response_types`, which the lesson prints as "requested ↔ granted". A registration that names
//!   scopes gets `basic` besides, and no other default.
//! - **Management** (lesson 03): an update renews the registration access token, reading does not.
//! - **Metadata documents** (lesson 03): "Client not found." on an error page until the
//!   administrator has set a policy.
//! - **Sign-in** (lesson 04): a sign-in page, then a redirect to a consent page with a relative
//!   form URL, with Keycloak's element ids, because the lesson's script has to resolve and find
//!   them. The redirect adds `session_state`. Errors have Keycloak's sentences (`--break no-pkce`).
//! - **Token response** (lesson 04): `not-before-policy`, `session_state`, `refresh_expires_in`. A
//!   scope without the user's role is left out without an error, and so is a scope that a refresh
//!   adds. `resource` is ignored by default.
//! - **Claims** (lesson 04): `azp`, `sid`, `acr`, `realm_access`, `typ: Bearer`.
//!   With the scope `roles`, the audience has `account`.
//! - **Refresh** (lessons 04, 05): the second use of a refresh token ends the client's part in the
//!   session, with the sentence `Maximum allowed refresh token reuse exceeded`.
//! - **DPoP** (lesson 05): `typ: DPoP` and `kc-jkt-type` in bound tokens. Refresh tokens are bound
//!   for public clients only. A thief without the key ends no session.
//! - **Revocation** (lesson 05): revoking a refresh token ends the session part and so its access
//!   tokens; revoking an access token leaves the refresh token valid.
//! - **Introspection** (lesson 05): `active: false` for a client that is not in the audience, and
//!   for refresh tokens. Public clients get 403.
//! - **Token exchange** (lesson 06): `audience` filters what the scopes bring, and never adds one.
//!   An exchanged token belongs to the session, so it survives the revocation of its subject. The
//!   sentences for another audience and for a client that may not exchange.

mod access_token;
mod authorize;
mod bounded;
mod client_authentication;
mod client_metadata;
mod clients;
mod code_grant;
mod defect;
mod expiring;
mod form;
mod further;
mod guard;
mod jws;
mod keys;
mod local_tokens;
mod login;
mod metadata;
mod pages;
mod policies;
mod random;
mod refresh_grant;
mod refusal;
mod registration;
mod routes;
mod server;
mod sessions;
mod start_page;
#[cfg(test)]
mod tests;
mod token;

use std::sync::Arc;

use shared::listen::{self, Serving};
use shared::now;
use tokio::net::TcpListener;

use crate::realm::Realm;
pub use defect::Defect;
use keys::RealmKeys;
use server::IdpServer;

/// A running embedded IdP; it ends when this is dropped.
#[must_use = "the IdP ends when this is dropped"]
pub struct Embedded {
    issuer: String,
    _serving: Serving,
}

impl Embedded {
    /// Serves `realm` on `listener`.
    pub fn start(listener: TcpListener, realm: Realm) -> Self {
        Self::misbehaving(listener, realm, None)
    }

    /// Serves `realm` on `listener`, with a defect.
    pub fn misbehaving(listener: TcpListener, realm: Realm, defect: Option<Defect>) -> Self {
        let issuer = format!("http://localhost:{}/realms/{}", listen::port(&listener), realm.name);
        let keys = Arc::new(RealmKeys::made_in_the_background());
        let server = IdpServer::new(issuer.clone(), keys, realm, defect);
        Self { issuer, _serving: listen::serve(listener, routes::router(server)) }
    }

    /// Serves `realm` on `listener`, and shows `watch` every request and response as it is on the
    /// wire: what a test must not find in any output.
    #[cfg(feature = "container")]
    pub fn watched(listener: TcpListener, realm: Realm, watch: crate::watched::Watch) -> Self {
        let issuer = format!("http://localhost:{}/realms/{}", listen::port(&listener), realm.name);
        let keys = Arc::new(RealmKeys::made_in_the_background());
        let router = routes::router(IdpServer::new(issuer.clone(), keys, realm, None));
        let layer = axum::middleware::from_fn_with_state(watch, crate::watched::show);
        Self { issuer, _serving: listen::serve(listener, router.layer(layer)) }
    }

    /// The realm's issuer identifier (RFC 8414 §2).
    pub fn issuer(&self) -> &str {
        &self.issuer
    }
}
