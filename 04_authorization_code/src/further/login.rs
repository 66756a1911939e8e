//! Whose name and password a program types (`--login`), and where.
//!
//! A password belongs to one authorization server. Which one that is, the user says (`--idp`,
//! `--client-issuer`); whoever controls an MCP server names any, and would be sent it.

use std::str::FromStr;

use dynamic_client_registration::further::administration;
use dynamic_client_registration::further::initial_access_token::ask_hidden;
use keycloak::Realm;
use shared::{Failure, Secret};

use crate::error::AuthorizationError;

/// The environment variable with the password of `--login USER`.
const VARIABLE: &str = "LOGIN_PASSWORD";
/// The users of the tutorial's realm; their passwords are public.
const DEMO_USERS: [(&str, &str); 2] = [("mcpuser", "password123"), ("mcpreader", "password123")];

/// A user's name, and the password once it is known.
#[derive(Clone, Debug)]
pub struct Login {
    /// The name.
    pub username: String,
    /// The password; `None` until it is asked for.
    pub password: Option<Secret>,
}

impl Login {
    /// The demo user of the tutorial's realm: for no other one.
    pub fn of_demo_user() -> Self {
        let (username, password) = DEMO_USERS[0];
        Self { username: username.to_owned(), password: Some(Secret::new(password)) }
    }

    /// Whether everybody knows this password.
    fn is_of_demo_user(&self) -> bool {
        let password = self.password.as_ref().map(Secret::expose);
        DEMO_USERS.iter().any(|(name, known)| self.username == *name && password == Some(*known))
    }

    /// Refuses, before anything is sent, a login of which nothing says where it belongs.
    pub fn check_named(&self, named: Option<&str>) -> Result<(), AuthorizationError> {
        if named.is_some() || self.is_of_demo_user() { Ok(()) } else { Err(AuthorizationError::LoginOfNobody) }
    }

    /// Refuses an authorization server that is not the one that the user named. A demo user may
    /// sign in at a tutorial's realm on this machine, too.
    pub fn check_issuer(&self, named: Option<&str>, discovered: &str) -> Result<(), AuthorizationError> {
        self.check_named(named)?;
        if named == Some(discovered) || self.is_of_demo_user() && administration::is_tutorial(discovered) {
            return Ok(());
        }
        let named = named.unwrap_or("the tutorial's realm on this machine").to_owned();
        Err(AuthorizationError::LoginElsewhere { named, discovered: discovered.to_owned() })
    }

    /// The same login with its password: from the environment, or from the person at the keyboard.
    pub async fn with_password(&self, issuer: &str) -> Result<Self, Failure> {
        if self.password.is_some() {
            return Ok(self.clone());
        }
        let given = std::env::var(VARIABLE).ok().filter(|password| !password.is_empty()).map(Secret::new);
        let password = match given {
            Some(password) => Some(password),
            None => ask_hidden(format!("Password of {} at {issuer} (hidden): ", self.username)).await,
        };
        let Some(password) = password else {
            return Err(Failure::new(
                "sign-in.password",
                format!("There is no password for {} at {issuer}.", self.username),
                format!(
                    "Set {VARIABLE} in the environment, or run this in a terminal and type the password at the prompt."
                ),
            ));
        };
        Ok(Self { password: Some(password), ..self.clone() })
    }
}

/// Whom a person can sign in as at this authorization server: at the tutorial's realm on this
/// machine its demo users, whose passwords are public; at any other one that is the person's own
/// business.
pub fn hint(issuer: &str) -> Option<String> {
    let realm = Realm::shipped().ok().filter(|_| administration::is_tutorial(issuer))?;
    let users: Vec<_> = realm
        .demo_users()
        .map(|(user, password)| {
            let roles: Vec<_> = user.own_roles().collect();
            format!("{} with the password “{password}” ({})", user.username, roles.join(", "))
        })
        .collect();
    Some(format!("Sign in as one of the demo users of this realm: {}.", users.join(", or ")))
}

impl FromStr for Login {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (username, password) = match text.split_once(':') {
            Some((username, password)) => (username, Some(Secret::new(password))),
            None => (text, None),
        };
        let login = Self { username: username.to_owned(), password };
        if username.is_empty() {
            // What was typed may hold a password, so it is not repeated.
            return Err("the name of a user is expected".to_owned());
        }
        if login.password.is_some() && !login.is_of_demo_user() {
            return Err(format!(
                "pass --login USER, and the password in {VARIABLE} or at the prompt: other users of this machine can read a command line, so only the \
                tutorial's demo users may have their password there"
            ));
        }
        Ok(login)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_on_the_command_line_is_for_the_demo_users() {
        for (text, has_password) in [("mcpuser:password123", true), ("mcpreader:password123", true), ("me", false)] {
            assert_eq!(text.parse::<Login>().unwrap().password.is_some(), has_password, "{text}");
        }
        for text in ["", ":", ":password"] {
            assert_eq!(text.parse::<Login>().unwrap_err(), "the name of a user is expected", "{text}");
        }
        for text in ["me:pa55word", "mcpuser:pa55word", "mcpuser:", "MCPUSER:password123", "me:password123", "a:b:c"] {
            let error = text.parse::<Login>().unwrap_err();
            assert!(error.contains("LOGIN_PASSWORD") && !error.contains("pa55word"), "{text}: {error}");
        }
        let login: Login = "mcpuser:password123".parse().unwrap();
        assert!(!format!("{login:?}").contains("password123"));
    }

    #[test]
    fn the_demo_users_are_named_for_the_tutorials_realm_on_this_machine_only() {
        let captured = shared::testing::Captured::json();
        captured.reporter().announce(hint("http://localhost:9000/realms/mcp-oauth").unwrap());
        for (name, password) in DEMO_USERS {
            let said = format!("{name} with the password “{password}” (mcp-reader");
            assert!(captured.text().contains(&said), "{}", captured.text());
        }
        for issuer in ["https://idp.example/realms/mcp-oauth", "http://localhost:9000/realms/staff"] {
            assert_eq!(hint(issuer), None, "{issuer}");
        }
    }

    #[test]
    fn a_login_goes_to_its_own_authorization_server_only() {
        const IDP: &str = "https://idp.example/realms/staff";
        const TUTORIAL: &str = "http://localhost:9000/realms/mcp-oauth";
        let (own, demo) = ("me".parse::<Login>().unwrap(), Login::of_demo_user());
        for (login, named, discovered, id) in [
            (&own, Some(IDP), IDP, None),
            (&own, Some(TUTORIAL), TUTORIAL, None),
            (&demo, None, TUTORIAL, None),
            (&demo, Some(IDP), IDP, None),
            (&demo, Some(IDP), TUTORIAL, None),
            (&own, None, IDP, Some("configuration.login-issuer")),
            (&own, None, TUTORIAL, Some("configuration.login-issuer")),
            (&own, Some(IDP), TUTORIAL, Some("sign-in.issuer")),
            (&own, Some(IDP), "https://idp.example/realms/staff/", Some("sign-in.issuer")),
            (&own, Some(IDP), "https://idp.example/realms/other", Some("sign-in.issuer")),
            (&own, Some(IDP), "http://idp.example/realms/staff", Some("sign-in.issuer")),
            (&own, Some(IDP), "https://idp.example@evil.example/realms/staff", Some("sign-in.issuer")),
            (&demo, None, "https://evil.example/realms/mcp-oauth", Some("sign-in.issuer")),
            (&demo, None, "http://localhost:9000/realms/other", Some("sign-in.issuer")),
        ] {
            let refused = login.check_issuer(named, discovered).err().map(|error| error.id());
            assert_eq!(refused, id, "{} {named:?} {discovered}", login.username);
        }
    }
}
