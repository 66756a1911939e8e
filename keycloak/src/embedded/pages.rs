//! The pages that a person sees: to sign in, to agree, and for errors. They are plain HTML with one
//! style, work by keyboard, and have no script. The marks by which programs find their way
//! (`kc-form-login`, `kc-error-message`, …) are Keycloak's.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use url::Url;

use crate::realm::Realm;

const STYLE: &str = "
body{font:16px/1.5 system-ui,sans-serif;margin:0;min-height:100vh;display:grid;place-items:center;background:#eef2f7;color:#1b2733}
main{background:#fff;padding:2rem 2.25rem;border-radius:12px;box-shadow:0 6px 24px #1b273322;width:min(26rem,90vw);box-sizing:border-box}
h1{font-size:1.35rem;margin:0 0 1rem}.realm{color:#5b6b7b;margin:0 0 .25rem;font-size:.9rem}
label{display:block;margin:.9rem 0 .25rem;font-weight:600}
input:not([type=hidden]){width:100%;padding:.6rem .7rem;border:1px solid #9fb0c0;border-radius:8px;font:inherit;box-sizing:border-box}
button{margin-top:1.25rem;padding:.65rem 1.1rem;border-radius:8px;border:1px solid #1f5fbf;background:#1f5fbf;color:#fff;font:inherit;cursor:pointer}
button.second{background:#fff;color:#1f5fbf;margin-left:.5rem}
button:focus,input:focus{outline:3px solid #8ab8ff;outline-offset:1px}
.error{background:#fdecec;border-left:4px solid #c0392b;padding:.6rem .8rem;border-radius:6px}
.hint{color:#5b6b7b;font-size:.9rem;border-top:1px solid #dde5ec;margin-top:1.5rem;padding-top:1rem}
li{margin:.3rem 0}code{background:#eef2f7;padding:.1rem .3rem;border-radius:4px;overflow-wrap:anywhere}
@media (prefers-color-scheme:dark){body{background:#10161d;color:#e3eaf1}main{background:#1a232d;box-shadow:none}
input:not([type=hidden]){background:#10161d;color:inherit;border-color:#4a5b6b}code{background:#10161d}button.second{background:#1a232d;color:#8ab8ff}
.error{background:#3a1d1d}.hint,.realm{color:#9fb0c0}.hint{border-color:#33424f}}";

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
<p class="hint">The embedded stand-in for Keycloak, for development only. It knows <code>mcpuser</code> and <code>mcpreader</code>; keycloak/README.md
has their password.</p>"#,
        escaped(action),
        escaped(username),
    );
    self::page(realm, &body, &form_targets(redirect_uri))
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
    let name = escaped(&realm.display_name);
    let html = format!(
        r#"<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>Sign in to {name}</title><style>{STYLE}</style></head><body><main><p class="realm">{name}</p>{body}</main></body></html>"#
    );
    // No other page may frame this one, and nothing in it may run or leak its address.
    let policy = format!(
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action {form_action}"
    );
    let headers = [
        (header::CONTENT_TYPE, "text/html;charset=utf-8".to_owned()),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_FRAME_OPTIONS, "DENY".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
    ];
    (headers, html).into_response()
}

/// Text inside HTML, attributes included.
pub fn escaped(text: &str) -> String {
    let entity = |c: char| match c {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '"' => "&quot;".to_owned(),
        '\'' => "&#39;".to_owned(),
        other => other.to_string(),
    };
    text.chars().map(entity).collect()
}

#[cfg(test)]
mod tests;
