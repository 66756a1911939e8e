//! Keycloak's admin API, as far as this lesson needs an administrator: an Initial Access Token, and
//! the client policy for Client ID Metadata Documents. No OAuth standard describes it; other IdPs
//! have other ways.

use serde_json::{Value, json};
use shared::http::{Http, Request, Response};
use shared::{Failure, Secret, reach};

/// The tutorial's realm; its administrator's password is public, so it goes nowhere else.
const REALM: &str = "mcp-oauth";
/// The administrator of the tutorial's Keycloak.
const DEMO_ADMINISTRATOR: (&str, &str) = ("admin", "admin123");
/// Name of the profile and of the policy that `enable-cimd` adds.
const POLICY: &str = "mcp-client-id-metadata-documents";
/// Hosts that documents may come from: this machine's names, and the one by which a container knows
/// it.
const DOCUMENT_HOSTS: [&str; 3] = ["localhost", "127.0.0.1", "host.docker.internal"];

/// What a Keycloak needs before it can take documents.
pub const NEEDS_CIMD: &str = "Start Keycloak (26.6 or newer; older ones have no such feature) with --features=cimd. Until then register in another way.";

/// A Keycloak realm, and a token of its administrator.
pub struct Administration<'a> {
    http: &'a Http,
    base: String,
    token: Secret,
}

/// An Initial Access Token that was made.
pub struct InitialAccessToken {
    /// The token.
    pub token: Secret,
    /// How often it can be used.
    pub count: u64,
    /// Seconds that it lives; 0 for ever.
    pub expiration: u64,
}

impl<'a> Administration<'a> {
    /// Signs in as the administrator of the tutorial's realm, with the password that everybody
    /// knows. Whoever named the issuer gets nothing else.
    pub async fn sign_in(http: &'a Http, issuer: &str) -> Result<Self, Failure> {
        Self::sign_in_as(http, issuer, None).await
    }

    /// The same at a realm that the user named: where it is not the tutorial's, the administrator
    /// is the one in the environment variables `KEYCLOAK_ADMIN` and `KEYCLOAK_ADMIN_PASSWORD`.
    pub async fn sign_in_where_named(http: &'a Http, issuer: &str) -> Result<Self, Failure> {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let own = variable("KEYCLOAK_ADMIN").zip(variable("KEYCLOAK_ADMIN_PASSWORD").map(Secret::new));
        Self::sign_in_as(http, issuer, own).await
    }

    async fn sign_in_as(http: &'a Http, issuer: &str, own: Option<(String, Secret)>) -> Result<Self, Failure> {
        let (server, realm) =
            issuer.rsplit_once("/realms/").filter(|(_, realm)| !realm.contains('/')).ok_or_else(|| {
                Failure::new(
                    "administration.keycloak",
                    format!(
                        "{issuer} is no Keycloak realm (…/realms/NAME), and only Keycloak's admin API is known here."
                    ),
                    "Ask that IdP's administrator for an Initial Access Token.",
                )
            })?;
        let (user, password) = administrator(issuer, own)?;
        let url = format!("{server}/realms/master/protocol/openid-connect/token");
        let fields = [
            ("grant_type", "password"),
            ("client_id", "admin-cli"),
            ("username", &user),
            ("password", password.expose()),
        ];
        let response = http.send(&Request::post_form(&url, &fields)).await?;
        let token = member(&response, "access_token").ok_or_else(|| {
            Failure::new(
                "administration.sign-in",
                format!("{user} cannot sign in as an administrator at {server} ({}).", response.refusal()),
                "For a realm of your own, give KEYCLOAK_ADMIN and KEYCLOAK_ADMIN_PASSWORD in the environment.",
            )
        })?;
        Ok(Self { http, base: format!("{server}/admin/realms/{realm}"), token: Secret::new(token) })
    }

    /// Makes an Initial Access Token for `count` registrations within `expiration` seconds.
    pub async fn initial_access_token(&self, count: u64, expiration: u64) -> Result<InitialAccessToken, Failure> {
        let url = format!("{}/clients-initial-access", self.base);
        let request = Request::post_json(&url, &json!({"count": count, "expiration": expiration}));
        let response = self.http.send(&request.bearer(&self.token)).await?;
        match member(&response, "token") {
            Some(token) => Ok(InitialAccessToken { token: Secret::new(token), count, expiration }),
            None => Err(refused("make an Initial Access Token", &response)),
        }
    }

    /// Has the realm sign with a new key from now on; the old one stays published, so that tokens
    /// which are out stay good. Returns where the key's settings are.
    pub async fn rotate_signing_key(&self) -> Result<String, Failure> {
        // The key with the highest priority signs, and time only goes up.
        let config = json!({"priority": [shared::now().to_string()], "enabled": ["true"], "active": ["true"]});
        let provider = json!({
            "name": "a key that was made on demand",
            "providerId": "rsa-generated",
            "providerType": "org.keycloak.keys.KeyProvider",
            "config": config,
        });
        let request = Request::post_json(&format!("{}/components", self.base), &provider);
        let response = self.http.send(&request.bearer(&self.token)).await?;
        match (response.status, response.header_values("location").pop()) {
            (200..=299, Some(location)) => Ok(location),
            _ => Err(refused("make a new signing key", &response)),
        }
    }

    /// Lets the realm take documents from this machine. Returns whether anything had to be changed.
    pub async fn enable_cimd(&self) -> Result<bool, Failure> {
        let executor = json!({
            "cimd-allow-http-scheme": true,
            "cimd-allow-permitted-domains": DOCUMENT_HOSTS,
            "cimd-restrict-same-domain": false,
            "only-allow-confidential-client": false,
        });
        let profile = json!({
            "name": POLICY,
            "description": "Client ID Metadata Documents from this machine, for development only",
            "executors": [{"executor": "client-id-metadata-document", "configuration": executor}],
        });
        let condition =
            json!({"client-id-uri-scheme": ["http", "https"], "client-id-uri-allow-permitted-domains": DOCUMENT_HOSTS});
        let policy = json!({
            "name": POLICY,
            "enabled": true,
            "conditions": [{"condition": "client-id-uri", "configuration": condition}],
            "profiles": [POLICY],
        });
        let profiles = self.add("profiles", profile).await?;
        let policies = self.add("policies", policy).await?;
        Ok(profiles || policies)
    }

    /// Adds an entry to one of the realm's two lists of client policies, where it is not there yet.
    async fn add(&self, list: &str, entry: Value) -> Result<bool, Failure> {
        let url = format!("{}/client-policies/{list}", self.base);
        let response = self.http.send(&Request::get(&url).without_redirects().bearer(&self.token)).await?;
        let mut document: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        let Some(entries) = document[list].as_array_mut().filter(|_| response.status == 200) else {
            return Err(refused(&format!("read the realm's client {list}"), &response));
        };
        if entries.iter().any(|known| known["name"] == entry["name"]) {
            return Ok(false);
        }
        entries.push(entry);
        let response = self.http.send(&Request::put_json(&url, &document).bearer(&self.token)).await?;
        match response.status {
            200..=299 => Ok(true),
            400 if list == "profiles" => {
                Err(refused("take an executor for Client ID Metadata Documents", &response).with_fix(NEEDS_CIMD))
            }
            _ => Err(refused(&format!("change the realm's client {list}"), &response)),
        }
    }
}

/// Whether this is the tutorial's realm on this machine.
pub fn is_tutorial(issuer: &str) -> bool {
    issuer.ends_with(&format!("/realms/{REALM}")) && reach::is_loopback(&reach::host_of(issuer))
}

/// The administrator of the realm with this issuer: the tutorial's own, or this one.
fn administrator(issuer: &str, own: Option<(String, Secret)>) -> Result<(String, Secret), Failure> {
    if is_tutorial(issuer) {
        let (user, password) = DEMO_ADMINISTRATOR;
        return Ok((user.to_owned(), Secret::new(password)));
    }
    own.ok_or_else(|| {
        Failure::new(
            "administration.credentials",
            format!("The realm {issuer} is not the tutorial's own on this machine, so its administrator is not known."),
            "Name it with --idp, and give KEYCLOAK_ADMIN and KEYCLOAK_ADMIN_PASSWORD in the environment; or ask its administrator for an Initial Access Token.",
        )
    })
}

/// A member of a response that says yes: Keycloak before 26.7 makes a token with HTTP 200, and
/// later ones with 201.
fn member(response: &Response, name: &str) -> Option<String> {
    let document: Value = serde_json::from_slice(&response.body).ok()?;
    document[name].as_str().filter(|_| (200..300).contains(&response.status)).map(str::to_owned)
}

fn refused(what: &str, response: &Response) -> Failure {
    let fix = match response.status {
        401 | 403 => "Sign in as a user who administrates this realm: KEYCLOAK_ADMIN and KEYCLOAK_ADMIN_PASSWORD.",
        _ => "Look at Keycloak's words above, and into its log.",
    };
    Failure::new("administration.refused", format!("The IdP did not {what} ({}).", response.refusal()), fix)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own() -> Option<(String, Secret)> {
        Some(("root".to_owned(), Secret::new("of the company")))
    }

    #[test]
    fn the_demo_password_goes_to_the_tutorials_realm_on_this_machine_only() {
        for issuer in ["http://localhost:9000/realms/mcp-oauth", "http://127.0.0.1:1/realms/mcp-oauth"] {
            assert!(is_tutorial(issuer), "{issuer}");
            // Whoever has a password of their own does not send it to whatever runs on that port.
            for own in [None, own()] {
                let (user, password) = administrator(issuer, own).unwrap();
                assert_eq!((user.as_str(), password.expose()), DEMO_ADMINISTRATOR, "{issuer}");
            }
        }
        for issuer in [
            "https://idp.example/realms/mcp-oauth",
            "http://localhost:9000/realms/other",
            "http://localhost.evil.example/realms/mcp-oauth",
            "http://localhost:9000/realms/mcp-oauth/",
            "http://localhost@evil.example/realms/mcp-oauth",
            "not a url/realms/mcp-oauth",
        ] {
            assert!(!is_tutorial(issuer), "{issuer}");
            assert_eq!(administrator(issuer, None).unwrap_err().id, "administration.credentials", "{issuer}");
            assert_eq!(administrator(issuer, own()).unwrap(), own().unwrap(), "{issuer}");
        }
    }
}
