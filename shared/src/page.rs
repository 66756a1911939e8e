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
    /// Where it goes, as it appears in the page: it may be relative.
    pub action: String,
    /// Whether its fields go into the URL's query: the method is `get` where a form names none.
    pub is_get: bool,
    /// The fields that have a name, in order; buttons are not among them.
    pub inputs: Vec<Input>,
    /// The buttons that submit it.
    pub buttons: Vec<Button>,
}

/// A field of a form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Input {
    pub name: String,
    /// The type of an `input`, in lower case; else the element's name, such as `textarea`.
    pub kind: String,
    pub value: String,
    /// Whether a box or a choice is marked from the beginning.
    pub is_checked: bool,
}

/// A button that submits a form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Button {
    /// What a person reads on it.
    pub label: String,
    /// Empty for a button of which nothing is submitted.
    pub name: String,
    pub value: String,
    pub id: String,
    /// Where it submits the form to, where that differs from the form's action.
    pub action: Option<String>,
}

impl Form {
    /// The first input of this type.
    pub fn input(&self, kind: &str) -> Option<&str> {
        self.inputs.iter().find(|input| input.kind == kind).map(|input| input.name.as_str())
    }

    /// The hidden fields that a page wants to have back.
    pub fn hidden(&self) -> impl Iterator<Item = (&str, &str)> {
        let hidden = self.inputs.iter().filter(|input| input.kind == "hidden");
        hidden.map(|input| (input.name.as_str(), input.value.as_str()))
    }

    fn add(&mut self, control: ElementRef<'_>) {
        let is_input = control.value().name() == "input";
        let kind = attribute(control, "type").to_ascii_lowercase();
        let (name, value) = (attribute(control, "name"), attribute(control, "value"));
        match (control.value().name(), kind.as_str()) {
            ("input", "button" | "reset" | "image") | ("button", "button" | "reset") => {}
            ("input", "submit") | ("button", _) => self.buttons.push(Button {
                label: if is_input { value.clone() } else { text(control) },
                name,
                value,
                id: attribute(control, "id"),
                action: control.attr("formaction").map(str::to_owned),
            }),
            _ if name.is_empty() => {}
            (element, kind) => {
                let kind = match (is_input, kind) {
                    (true, "") => "text",
                    (true, kind) => kind,
                    (false, _) => element,
                };
                let is_box = ["checkbox", "radio"].contains(&kind) && control.attr("value").is_none();
                let value = if is_box { "on".to_owned() } else { value };
                let is_checked = control.attr("checked").is_some();
                self.inputs.push(Input { name, kind: kind.to_owned(), value, is_checked });
            }
        }
    }
}

/// The forms of a page, in order. What a page has disabled is left out, as a browser does.
pub fn forms(html: &str) -> Vec<Form> {
    let page = parse(html, FORM_BYTES);
    let (Ok(form), Ok(control)) = (Selector::parse("form"), Selector::parse("input, button, select, textarea")) else {
        return Vec::new();
    };
    let elements: Vec<_> = page.select(&form).collect();
    let is_get = |element: &ElementRef<'_>| !attribute(*element, "method").eq_ignore_ascii_case("post");
    let empty = |element: &ElementRef<'_>| Form {
        action: attribute(*element, "action"),
        is_get: is_get(element),
        ..Form::default()
    };
    let mut forms: Vec<_> = elements.iter().map(empty).collect();
    for control in page.select(&control).filter(|control| control.attr("disabled").is_none()) {
        // A control belongs to the form that it names, else to the one around it.
        let owner = match control.attr("form") {
            Some(id) => elements.iter().position(|form| form.attr("id") == Some(id)),
            None => control
                .ancestors()
                .find_map(|around| ElementRef::wrap(around).filter(|around| around.value().name() == "form"))
                .and_then(|around| elements.iter().position(|form| form.id() == around.id())),
        };
        if let Some(form) = owner.and_then(|owner| forms.get_mut(owner)) {
            form.add(control);
        }
    }
    forms
}

fn attribute(element: ElementRef<'_>, name: &str) -> String {
    element.attr(name).unwrap_or_default().to_owned()
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
        assert_eq!(forms[0].hidden().collect::<Vec<_>>(), [("credentialId", "7")]);
        let buttons: Vec<_> = forms[0].buttons.iter().map(|button| (&*button.name, &*button.label)).collect();
        assert_eq!((buttons, forms[0].is_get), (vec![("login", "Sign in")], false));
        assert_eq!(forms[1], Form { is_get: true, ..Form::default() });
    }

    #[test]
    fn a_control_belongs_to_one_form_and_counts_as_in_a_browser() {
        let html = r#"<form id=one method=GET action=/one><input type=checkbox name=scope value=read checked>
            <input type=submit value="Deny access"><input type=image name=i><input type=reset value=x>
            <textarea name=note></textarea><button name=off disabled>off</button><input value="no name"></form>
            <form id=two method=post><fieldset><button formaction="/x?a=1">  Yes,
            <b>go on</b></button></fieldset></form>
            <button form=one name=answer value=yes id=ok>Allow</button><button>outside</button>"#;
        let forms = forms(html);
        let inputs: Vec<_> =
            forms[0].inputs.iter().map(|input| (&*input.name, &*input.kind, input.is_checked)).collect();
        assert_eq!(inputs, [("scope", "checkbox", true), ("note", "textarea", false)]);
        let labels = |form: &Form| form.buttons.iter().map(|button| button.label.clone()).collect::<Vec<_>>();
        assert_eq!((labels(&forms[0]), forms[0].is_get), (vec!["Deny access".to_owned(), "Allow".to_owned()], true));
        let other = &forms[0].buttons[1];
        assert_eq!((&*other.name, &*other.value, &*other.id), ("answer", "yes", "ok"));
        assert_eq!((labels(&forms[1]), forms[1].is_get), (vec!["Yes, go on".to_owned()], false));
        assert_eq!(forms[1].buttons[0].action.as_deref(), Some("/x?a=1"));
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
            assert_eq!(forms(&begins_well)[0].inputs[0].name, "a", "{name}");
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
