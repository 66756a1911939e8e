//! The pages that a person sees. The marks by which programs find their way (`kc-form-login`, `kc-error-message`) are Keycloak's.

use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::realm::Realm;

/// A page that says what is wrong.
pub fn error(realm: &Realm, message: &str) -> Response {
    served(page(
        &format!("Sign in to {}", realm.display_name),
        &format!(
            r#"<h1>We are sorry…</h1><div id="kc-error-message"><p class="instruction">{}</p></div>"#,
            escaped(message)
        ),
    ))
}

/// The page to sign in at.
pub fn sign_in(realm: &Realm) -> Response {
    served(page(
        &format!("Sign in to {}", realm.display_name),
        r#"<h1>Sign in to your account</h1><form id="kc-form-login" method="post" action="">
<p>Signing in here comes with lesson 04.</p></form>"#,
    ))
}

/// Keycloak's spelling of the content type.
fn served(html: String) -> Response {
    ([(header::CONTENT_TYPE, "text/html;charset=utf-8")], html).into_response()
}

fn page(title: &str, body: &str) -> String {
    format!(
        r#"<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{}</title></head><body><main>{body}</main></body></html>"#,
        escaped(title)
    )
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
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_stranger_becomes_markup() {
        let text = escaped("<script>alert('x')</script>");
        assert_eq!(text, "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;");
    }
}
