//! Reads an HTML page that a server answers with where a person is meant to look at it.

use scraper::{ElementRef, Html, Selector};

/// What a person would read first on this page: the message of an error page, else its heading, else its title. `None` where the
/// text is no HTML with any of these.
pub fn message(html: &str) -> Option<String> {
    let page = Html::parse_document(html);
    // Keycloak's error pages first, then what other servers use.
    let places =
        ["#kc-error-message .instruction", "[role=alert]", ".error-message", "#error_description", "h1", "title"];
    places.iter().find_map(|place| {
        let selector = Selector::parse(place).ok()?;
        page.select(&selector).map(text).find(|text| !text.is_empty())
    })
}

/// The text of an element, its white space in order.
fn text(element: ElementRef<'_>) -> String {
    let words: Vec<_> = element.text().flat_map(str::split_whitespace).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::message;

    #[test]
    fn the_message_is_what_a_person_reads() {
        for (html, expected) in [
            (
                r#"<title>Sign in</title><h1>R</h1><div id="kc-error-message"><p class="instruction">Client
                   not found.</p></div>"#,
                Some("Client not found."),
            ),
            ("<title>Sign in to R</title><h1> </h1>", Some("Sign in to R")),
            ("<p role=alert>No &amp; no</p>", Some("No & no")),
            ("", None),
            ("{\"error\": \"x\"}", None),
            ("<<<>>><div id=", None),
        ] {
            assert_eq!(message(html).as_deref(), expected, "{html}");
        }
    }
}
