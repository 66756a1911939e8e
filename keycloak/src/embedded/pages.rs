//! The pages that a person sees: to sign in, to agree, and for errors. They work by keyboard. The
//! marks by which programs find their way (`kc-form-login`, `kc-error-message`, …) are Keycloak's.

use axum::response::{IntoResponse, Response};
use shared::html::{Page, escaped};
use url::Url;

use crate::realm::{Realm, RealmUser};

pub fn error(realm: &Realm, message: &str) -> Response {
    let message = escaped(message);
    let body = format!(
        r#"<h1>We are sorry…</h1><div id="kc-error-message" class="error"><p class="instruction">{message}</p></div>"#
    );
    page(realm, &body, "'none'")
}

/// The page to sign in at. Its form goes to `action`, and from there to the client's redirect URI.
pub struct SignInPage<'a> {
    pub action: &'a str,
    pub redirect_uri: &'a str,
    /// What was typed before.
    pub username: &'a str,
    /// A sentence about the last try.
    pub problem: Option<&'a str>,
}

pub fn sign_in(realm: &Realm, page: &SignInPage<'_>) -> Response {
    let SignInPage { action, redirect_uri, username, problem } = page;
    let problem = problem.map_or(String::new(), |problem| {
        format!(r#"<p class="error" role="alert" id="input-error">{}</p>"#, escaped(problem))
    });
    let body = format!(
        r#"<h1>Sign in to your account</h1>{problem}
<form id="kc-form-login" method="post" action="{}">
<label for="username">Username</label>
<input id="username" name="username" value="{}" type="text" autocomplete="username" autofocus>
<label for="password">Password</label>
<input id="password" name="password" value="" type="password" autocomplete="current-password">
<input type="hidden" name="credentialId" value="">
<button name="login" id="kc-login" type="submit">Sign in</button></form>
<div class="hint"><p>The embedded stand-in for Keycloak, for development only.</p>{}</div>"#,
        escaped(action),
        escaped(username),
        demo_users(realm),
    );
    self::page(realm, &body, &form_targets(redirect_uri))
}

/// The users who everybody may sign in as; nothing for a realm that is not the tutorial's.
pub fn demo_users(realm: &Realm) -> String {
    let row = |(user, password): (&RealmUser, &str)| {
        let roles: Vec<_> = user.own_roles().map(escaped).collect();
        let (name, password) = (escaped(&user.username), escaped(password));
        format!("<tr><td><code>{name}</code></td><td><code>{password}</code></td><td>{}</td></tr>", roles.join(", "))
    };
    let rows: String = realm.demo_users().map(row).collect();
    if rows.is_empty() {
        return rows;
    }
    format!("<table><tr><th>User</th><th>Password</th><th>Roles</th></tr>{rows}</table>")
}

pub struct ConsentPage<'a> {
    /// The name that the client gave itself.
    pub client: &'a str,
    /// The host that the browser will be sent to.
    pub host: &'a str,
    pub redirect_uri: &'a str,
    /// The consent texts of the scopes.
    pub texts: &'a [&'a str],
    pub action: &'a str,
    /// The code of the login attempt.
    pub code: &'a str,
}

/// The consent page. A client's name is its own claim, so the host is shown beside it: an
/// authorization server "MUST clearly display the redirect URI hostname during authorization" (MCP
/// 2026-07-28, Localhost Redirect URI Risks).
pub fn consent(realm: &Realm, consent: &ConsentPage<'_>) -> Response {
    let items: String = consent.texts.iter().map(|text| format!("<li>{}</li>", escaped(text))).collect();
    let body = format!(
        r#"<h1>Grant access to {client}</h1>
<p>This program calls itself <strong>{client}</strong>. It wants to:</p><ul>{items}</ul>
<p>You will be sent to <code>{host}</code>.</p>
<form method="post" action="{action}">
<input type="hidden" name="code" value="{code}">
<button name="accept" id="kc-login" type="submit" value="Yes" autofocus>Yes</button>
<button name="cancel" id="kc-cancel" type="submit" value="No" class="second">No</button></form>"#,
        client = escaped(consent.client),
        host = escaped(consent.host),
        action = escaped(consent.action),
        code = escaped(consent.code),
    );
    page(realm, &body, &form_targets(consent.redirect_uri))
}

/// Where a form of this server may lead: to this server, and by its redirect to the client.
fn form_targets(redirect_uri: &str) -> String {
    let origin = Url::parse(redirect_uri).map(|uri| match uri.origin() {
        origin if origin.is_tuple() => origin.ascii_serialization(),
        _ => format!("{}:", uri.scheme()),
    });
    format!("'self' {}", origin.unwrap_or_default())
}

/// A page whose forms may lead to these places.
fn page(realm: &Realm, body: &str, form_action: &str) -> Response {
    let name = &realm.display_name;
    let body = format!(r#"<p class="realm">{}</p>{body}"#, escaped(name));
    Page { form_action, ..Page::new(&format!("Sign in to {name}"), &body) }.into_response()
}
