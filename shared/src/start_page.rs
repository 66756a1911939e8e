//! The page at `/` of the tutorial's servers, for a person who opens one in a browser: what it is,
//! its endpoints with a link or a line for a shell each, and what to do next.

use axum::response::{IntoResponse, Response};
use serde_json::Value;

use crate::html::{Page, escaped};

/// One endpoint of a server.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// What clients or people call it.
    pub name: String,
    /// What it is for, in one sentence.
    pub sentence: String,
    pub url: String,
    pub how: TryIt,
}

/// How a person tries an endpoint.
#[derive(Clone, Copy, Debug)]
pub enum TryIt {
    /// A browser can open it.
    Link,
    /// A line for a shell: these arguments of curl before the URL, and the status that comes.
    Curl(&'static str, u16),
}

/// What a server says about itself to a person.
#[derive(Clone, Debug, Default)]
pub struct StartPage {
    pub title: String,
    /// Sentences about what this is.
    pub lead: String,
    pub endpoints: Vec<Endpoint>,
    /// Its metadata document, if it has one.
    pub metadata: Option<Value>,
    /// A heading and HTML, for whatever else a person needs.
    pub more: Option<(&'static str, String)>,
    /// A sentence, and the command that comes next.
    pub next: (String, String),
}

impl IntoResponse for &StartPage {
    fn into_response(self) -> Response {
        let endpoints: String = self.endpoints.iter().map(endpoint).collect();
        let metadata = self.metadata.as_ref().map_or(String::new(), |document| {
            let pretty = serde_json::to_string_pretty(document).unwrap_or_default();
            format!("<h2>Metadata</h2><pre>{}</pre>", escaped(&pretty))
        });
        let more = self.more.as_ref().map_or(String::new(), |(heading, html)| format!("<h2>{heading}</h2>{html}"));
        let (sentence, command) = &self.next;
        let body = format!(
            r#"<p class="realm">MCP OAuth tutorial, for development on this machine only</p><h1>{title}</h1><p>{lead}</p>
<h2>Endpoints</h2><dl>{endpoints}</dl>{more}<h2>Next</h2><p>{sentence}</p><pre>{command}</pre>{metadata}"#,
            title = escaped(&self.title),
            lead = escaped(&self.lead),
            sentence = escaped(sentence),
            command = escaped(command),
        );
        Page { is_wide: true, ..Page::new(&self.title, &body) }.into_response()
    }
}

fn endpoint(Endpoint { name, sentence, url, how }: &Endpoint) -> String {
    let url = escaped(url);
    let (sentence, way) = match how {
        TryIt::Link => (escaped(sentence), format!(r#"<a href="{url}">{url}</a>"#)),
        TryIt::Curl(arguments, status) => {
            let line = format!("curl -i {}{}{url}", escaped(arguments), if arguments.is_empty() { "" } else { " " });
            let sentence = format!("{} This line gets the status {status}:", escaped(sentence));
            (sentence, format!(r#"<pre data-status="{status}">{line}</pre>"#))
        }
    };
    format!("<dt>{}</dt><dd>{sentence} {way}</dd>", escaped(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_others_chose_does_not_become_markup() {
        let page = StartPage {
            title: "<b>".to_owned(),
            endpoints: vec![Endpoint {
                name: "x".to_owned(),
                sentence: "It is <i>.".to_owned(),
                url: "http://localhost:1/\"><script>".to_owned(),
                how: TryIt::Link,
            }],
            metadata: Some(serde_json::json!({"a": "</pre><script>"})),
            ..StartPage::default()
        };
        let body = axum::body::to_bytes((&page).into_response().into_body(), 100_000).await.unwrap();
        let html = String::from_utf8(body.to_vec()).unwrap();
        for markup in ["<script", "<b>", "<i>"] {
            assert!(!html.contains(markup), "{html}");
        }
    }
}
