//! Reads what a server responds with where a person is meant to look at it: an HTML page, or what
//! stands in for one.

use scraper::{ElementRef, Html, Selector};
use serde_json::Value;

/// Bytes of a page that are looked at for its message.
const MESSAGE_BYTES: usize = 32 * 1024;
/// Characters of an error that are shown: a page can have any number.
const ERROR_CHARACTERS: usize = 300;
/// Bytes of a page that are looked at for its forms.
const FORM_BYTES: usize = 128 * 1024;
/// Tags of a page that are looked at. A parser's work grows with their number times their depth,
/// and a sign-in page has some two hundred.
const MOST_TAGS: usize = 1_000;
/// Bytes between two tags, at most: each attribute of a tag is compared with those before it.
const TAG_BYTES: usize = 16 * 1024;

/// Reads the beginning of a page, of which a stranger chose the length and the depth.
fn parse(html: &str, most_bytes: usize) -> Html {
    Html::parse_document(beginning(html, most_bytes))
}

/// As much of a page as is looked at.
fn beginning(html: &str, most_bytes: usize) -> &str {
    let most = (0..=most_bytes.min(html.len())).rev().find(|at| html.is_char_boundary(*at)).unwrap_or_default();
    let html = &html[..most];
    let mut last = 0;
    for (n, (at, _)) in html.match_indices('<').chain([(html.len(), "")]).enumerate() {
        if n == MOST_TAGS || at - last > TAG_BYTES {
            return &html[..last];
        }
        last = at;
    }
    html
}

/// Where pages have their error messages: Keycloak's first, then what other servers use.
const MESSAGES: &[&str] = &[
    "#kc-error-message .instruction",
    "[id^=input-error] .kc-feedback-text",
    "[role=alert]",
    ".error-message",
    "#error_description",
];
const HEADINGS: &[&str] = &["h1", "title"];

/// What a person would read first on this page: the message of an error page, else its heading,
/// else its title. `None` where the text is no HTML with any of these.
pub fn message(html: &str) -> Option<String> {
    let page = parse(html, MESSAGE_BYTES);
    first(&page, MESSAGES).or_else(|| first(&page, HEADINGS))
}

/// What a response tells a person about an error, whatever its form: the message of an HTML page,
/// else all of its text, since the error may appear below a heading that names the product only;
/// the words of a JSON body; or a plain text. `None` where it has no words.
pub fn error_text(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let text = text.trim_start_matches('\u{feff}');
    let words = match serde_json::from_str::<Value>(text) {
        Ok(json) => words_of(&json).join(": "),
        Err(_) if text.contains('<') => {
            let page = parse(text, MESSAGE_BYTES);
            first(&page, MESSAGES).or_else(|| visible_text(&page)).or_else(|| first(&page, HEADINGS))?
        }
        Err(_) => beginning(text, MESSAGE_BYTES).split_whitespace().collect::<Vec<_>>().join(" "),
    };
    let shown = match words.char_indices().nth(ERROR_CHARACTERS) {
        Some((end, _)) => format!("{}…", &words[..end]),
        None => words,
    };
    (!shown.is_empty()).then_some(shown)
}

/// The strings of a JSON error that are for a person, under the names that products use.
fn words_of(json: &Value) -> Vec<String> {
    let mut words: Vec<String> = match json {
        Value::String(text) => vec![text.split_whitespace().collect::<Vec<_>>().join(" ")],
        Value::Array(items) => items.first().map(words_of).unwrap_or_default(),
        Value::Object(members) => {
            let names = ["error", "errors", "title", "error_description", "message", "errorSummary", "detail"];
            names.iter().filter_map(|name| members.get(*name)).flat_map(words_of).collect()
        }
        _ => Vec::new(),
    };
    words.dedup();
    words.retain(|word| !word.is_empty());
    words
}

/// The first text at one of these places, in their order.
fn first(page: &Html, places: &[&str]) -> Option<String> {
    places.iter().find_map(|place| {
        let selector = Selector::parse(place).ok()?;
        page.select(&selector).map(text).find(|text| !text.is_empty())
    })
}

/// The text that a browser without scripts shows of the page.
fn visible_text(page: &Html) -> Option<String> {
    const HIDDEN: &[&str] = &["head", "script", "style", "noscript", "template", "nav", "footer", "select", "svg"];
    let nodes = page.tree.root().descendants().filter(|node| {
        !node
            .ancestors()
            .any(|above| above.value().as_element().is_some_and(|element| HIDDEN.contains(&element.name())))
    });
    let words = nodes.filter_map(|node| node.value().as_text()).flat_map(|text| text.split_whitespace());
    let text = words.fold(String::new(), |text, word| {
        let is_apart = !text.is_empty() && !word.starts_with([':', ';', ',', '.', '!', '?', ')']);
        text + if is_apart { " " } else { "" } + word
    });
    (!text.is_empty()).then_some(text)
}

/// A form of a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// Where it goes, as it stands in the page: it may be relative.
    pub action: String,
    /// The input fields: name, type, value.
    pub inputs: Vec<(String, String, String)>,
    /// The names of its buttons.
    pub buttons: Vec<String>,
}

impl Form {
    /// The first input of this type.
    pub fn input(&self, kind: &str) -> Option<&str> {
        self.inputs.iter().find(|(_, known, _)| known == kind).map(|(name, _, _)| name.as_str())
    }

    /// Whether there is a button of this name.
    pub fn has_button(&self, name: &str) -> bool {
        self.buttons.iter().any(|button| button == name)
    }
}

/// The forms of a page, in order.
pub fn forms(html: &str) -> Vec<Form> {
    let page = parse(html, FORM_BYTES);
    let (Ok(forms), Ok(inputs), Ok(buttons)) = (
        Selector::parse("form"),
        Selector::parse("input[name]"),
        Selector::parse("button[name], input[type=submit][name]"),
    ) else {
        return Vec::new();
    };
    let attribute = |element: ElementRef<'_>, name: &str| element.attr(name).unwrap_or_default().to_owned();
    let read = |form: ElementRef<'_>| Form {
        action: attribute(form, "action"),
        inputs: form
            .select(&inputs)
            .map(|input| {
                let kind = attribute(input, "type").to_ascii_lowercase();
                let kind = if kind.is_empty() { "text".to_owned() } else { kind };
                (attribute(input, "name"), kind, attribute(input, "value"))
            })
            .filter(|(_, kind, _)| kind != "submit")
            .collect(),
        buttons: form.select(&buttons).map(|button| attribute(button, "name")).collect(),
    };
    page.select(&forms).map(read).collect()
}

/// The text of an element, its white space in order.
fn text(element: ElementRef<'_>) -> String {
    let words: Vec<_> = element.text().flat_map(str::split_whitespace).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The shape of Keycloak's sign-in page.
    #[test]
    fn forms_are_read_with_their_fields() {
        let html = r#"<form id="a" action="/login?x=1&amp;y=2" method="post"><input name="username" value="">
            <input name="password" type="PASSWORD"><input type="hidden" name="credentialId" value="7">
            <button name="login" type="submit">Sign in</button><button type="button">show</button></form><form></form>"#;
        let forms = forms(html);
        assert_eq!(forms.len(), 2);
        assert_eq!(forms[0].action, "/login?x=1&y=2");
        assert_eq!(forms[0].input("password"), Some("password"));
        assert_eq!(forms[0].inputs[2], ("credentialId".to_owned(), "hidden".to_owned(), "7".to_owned()));
        assert_eq!(forms[0].buttons, ["login"]);
        assert_eq!(forms[1], Form::default());
    }

    #[test]
    fn the_message_is_what_a_person_reads() {
        for (html, expected) in [
            (
                r#"<title>Sign in</title><h1>R</h1><div id="kc-error-message"><p class="instruction">Client
                   not found.</p></div>"#,
                Some("Client not found."),
            ),
            (
                r#"<h1>Sign in</h1><div id="input-error-username"><span class="x kc-feedback-text"> Invalid password. </span></div>"#,
                Some("Invalid password."),
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

    #[test]
    fn an_error_is_read_whatever_its_form() {
        let long = "x".repeat(400);
        for (body, expected) in [
            (
                r#"{"error": "invalid_request", "error_description": "not on the list"}"#,
                "invalid_request: not on the list",
            ),
            (r#"{"error": "invalid_client"}"#, "invalid_client"),
            (r#"{"error": {"code": 400, "message": "no"}}"#, "no"),
            (r#"{"errors": [{"message": "no  way"}], "detail": ""}"#, "no way"),
            (
                r#"{"type": "about:blank", "title": "Bad Request", "detail": "unknown client"}"#,
                "Bad Request: unknown client",
            ),
            ("\u{feff}\"No\"", "No"),
            ("{}", ""),
            ("[]", ""),
            ("", ""),
            ("  Invalid\n redirect ", "Invalid redirect"),
            ("{\"error\": ", "{\"error\":"),
            (
                "<title>IdP</title><h1>IdP</h1><div><p>Error: <b>unknown</b> client</p></div>",
                "IdP Error: unknown client",
            ),
            ("<title>IdP</title><style>p{}</style><script>var error = 1</script><p>No.</p>", "No."),
            ("<title>IdP</title><nav>Home</nav><h2>Error</h2><pre>invalid_scope</pre>", "Error invalid_scope"),
            ("<title>Error 400</title><body><script>x</script><noscript>Turn it on</noscript>", "Error 400"),
            ("<h1>IdP</h1><p role=alert>No &amp; no</p><p>More</p>", "No & no"),
            ("<<<>>><div id=", "<<<>>>"),
            (&long, &format!("{}…", &long[..300])),
        ] {
            assert_eq!(error_text(body.as_bytes()).unwrap_or_default(), expected, "{body}");
        }
        assert_eq!(error_text(b"\xff\xfe").as_deref(), Some("\u{fffd}\u{fffd}"));
    }

    /// What takes a parser minutes: deep, or much that has to be compared with what was before.
    #[test]
    fn a_page_of_any_size_and_depth_is_read_at_once() {
        let repeated = |unit: &str, bytes: usize| unit.repeat(bytes / unit.len());
        let numbered = |unit: &str, n: usize| (0..n).map(|n| unit.replace('N', &n.to_string())).collect::<String>();
        let mut pages: Vec<(String, String)> = vec![
            ("attributes".to_owned(), format!("<a {}>", numbered(" aN", 100_000))),
            ("quoted attributes".to_owned(), format!("<a x='>' {}>", numbered(" aN=1", 100_000))),
            ("formatting".to_owned(), numbered("<b aN>", 500) + &"<p>".repeat(100_000)),
            ("text".to_owned(), "x".repeat(900_000)),
            ("comment".to_owned(), "<!--".to_owned() + &"<".repeat(900_000)),
            ("wide characters".to_owned(), "ü".repeat(450_000)),
        ];
        for unit in ["<div>", "<b>", "<a>", "<p>", "<table>", "<svg>", "<ul><li>", "<form>", "<select>", "<template>"] {
            pages.extend([100_000, 900_000].map(|bytes| (format!("{bytes} bytes of {unit}"), repeated(unit, bytes))));
        }
        for (name, html) in pages {
            let begun = std::time::Instant::now();
            let begins_well = format!("<title>Sign in</title><form><input name=a></form>{html}");
            assert_eq!(message(&begins_well).as_deref(), Some("Sign in"), "{name}");
            assert_eq!(forms(&begins_well)[0].inputs[0].0, "a", "{name}");
            message(&html);
            error_text(html.as_bytes());
            // A whole tree of the worst of them takes many minutes.
            assert!(begun.elapsed() < std::time::Duration::from_secs(120), "{name}");
        }
    }

    /// As long as a sign-in page may well be.
    #[test]
    fn an_ordinary_page_is_read_whole() {
        let head = format!("<style>{}</style>", "p { color: red }\n".repeat(900));
        let rows = "<div class=row><span>word</span></div>".repeat(200);
        let html = format!("{head}{rows}<h1>Welcome</h1><form action=/x><input type=password name=p></form>");
        assert_eq!(message(&html).as_deref(), Some("Welcome"), "{} bytes", html.len());
        assert_eq!(forms(&html)[0].input("password"), Some("p"));
    }
}
