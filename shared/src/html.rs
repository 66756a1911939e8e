//! The pages that the tutorial's own programs show in a browser: plain HTML with one style, light
//! and dark, without a script.

use axum::http::header;
use axum::response::{IntoResponse, Response};

const STYLE: &str = "
body{font:16px/1.5 system-ui,sans-serif;margin:0;min-height:100vh;display:grid;place-items:center;background:#eef2f7;color:#1b2733}
main{background:#fff;padding:2rem 2.25rem;border-radius:12px;box-shadow:0 6px 24px #1b273322;width:min(26rem,90vw);box-sizing:border-box}
main.wide{width:min(52rem,94vw);margin:1.5rem 0}
h1{font-size:1.35rem;margin:0 0 1rem}h2{font-size:1.05rem;margin:1.5rem 0 .5rem}.realm{color:#5b6b7b;margin:0 0 .25rem;font-size:.9rem}
label{display:block;margin:.9rem 0 .25rem;font-weight:600}
input:not([type=hidden]){width:100%;padding:.5rem .7rem;border:1px solid #9fb0c0;border-radius:8px;font:inherit;box-sizing:border-box}
button{margin-top:1.25rem;padding:.65rem 1.1rem;border-radius:8px;border:1px solid #1f5fbf;background:#1f5fbf;color:#fff;font:inherit;cursor:pointer}
button.second{background:#fff;color:#1f5fbf;margin-left:.5rem}
button:focus,input:focus{outline:3px solid #8ab8ff;outline-offset:1px}
.error{background:#fdecec;border-left:4px solid #c0392b;padding:.6rem .8rem;border-radius:6px}
.good{background:#e8f6ec;border-left:4px solid #2e8b57;padding:.6rem .8rem;border-radius:6px}
.hint{color:#5b6b7b;font-size:.9rem;border-top:1px solid #dde5ec;margin-top:1.5rem;padding-top:1rem}
a{color:#1f5fbf}li{margin:.3rem 0}code{background:#eef2f7;padding:.1rem .3rem;border-radius:4px;overflow-wrap:anywhere}
pre{background:#eef2f7;padding:.6rem .8rem;border-radius:6px;margin:.25rem 0;white-space:pre-wrap;overflow-wrap:anywhere}
table{border-collapse:collapse}td code{white-space:nowrap}th,td{text-align:left;padding:.2rem 1rem .2rem 0;vertical-align:top}dt{margin-top:.8rem;font-weight:600}dd{margin:0}
@media (prefers-color-scheme:dark){body{background:#10161d;color:#e3eaf1}main{background:#1a232d;box-shadow:none}
input:not([type=hidden]){background:#10161d;color:inherit;border-color:#4a5b6b}code,pre{background:#10161d}a{color:#8ab8ff}
button.second{background:#1a232d;color:#8ab8ff}.error{background:#3a1d1d}.good{background:#173325}.hint,.realm{color:#9fb0c0}.hint{border-color:#33424f}}";

/// What every page names itself, so that a program can tell it from another program's page.
const APPLICATION: &str = "MCP OAuth tutorial";

/// A page that a person sees.
pub struct Page<'a> {
    pub title: &'a str,
    /// HTML: text in it is [`escaped`].
    pub body: &'a str,
    /// Where its forms may lead: the value of `form-action` in its Content Security Policy.
    pub form_action: &'a str,
    /// Whether it is a list to read rather than a card.
    pub is_wide: bool,
}

impl<'a> Page<'a> {
    /// A page without a form.
    pub fn new(title: &'a str, body: &'a str) -> Self {
        Self { title, body, form_action: "'none'", is_wide: false }
    }
}

impl IntoResponse for Page<'_> {
    /// No other page may frame this one, and nothing in it may run or leak its address.
    fn into_response(self) -> Response {
        let Self { body, form_action, .. } = self;
        let title = escaped(self.title);
        let main = if self.is_wide { "<main class=\"wide\">" } else { "<main>" };
        let html = format!(
            r#"<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="application-name" content="{APPLICATION}"><title>{title}</title><style>{STYLE}</style></head><body>{main}{body}</main></body></html>"#
        );
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
}

/// Whether this is a page of the tutorial's own programs.
pub fn is_ours(html: &str) -> bool {
    html.contains(&format!(r#"<meta name="application-name" content="{APPLICATION}">"#))
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
    fn untrusted_text_does_not_become_markup() {
        let text = escaped("<script>alert('x')</script>");
        assert_eq!(text, "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;");
    }

    #[test]
    fn a_page_can_be_told_from_another_programs() {
        let response = Page::new("A & B", "<p>x</p>").into_response();
        let headers = response.headers().clone();
        assert!(headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap().starts_with("default-src 'none';"));
        assert_eq!(headers[header::REFERRER_POLICY], "no-referrer");
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let body = runtime.block_on(axum::body::to_bytes(response.into_body(), 100_000)).unwrap();
        let html = String::from_utf8(body.to_vec()).unwrap();
        assert!(is_ours(&html) && html.contains("<title>A &amp; B</title>"), "{html}");
        assert!(!is_ours("<title>MCP OAuth tutorial</title>"));
    }
}
