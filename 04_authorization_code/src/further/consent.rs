//! Which button of a page means yes, and which one no. Each product has its own consent page, and
//! all write on the button what it does: a person reads that, so this program reads it, too.

use shared::page::{Button, Form, Input};

/// Words of a button that says no. They count first: "Do not allow" has the other kind, too.
const NO: &[&str] = &[
    "abort",
    "back",
    "cancel",
    "cancelled",
    "close",
    "decline",
    "declined",
    "denied",
    "deny",
    "disagree",
    "disallow",
    "dont",
    "false",
    "forbid",
    "never",
    "no",
    "not",
    "refuse",
    "refused",
    "reject",
    "rejected",
    "skip",
    "without",
];
/// Words of a button that says yes, whatever else it says ("Authorize Example App").
const YES: &[&str] = &[
    "accept",
    "accepted",
    "agree",
    "agreed",
    "allow",
    "allowed",
    "approve",
    "approved",
    "authorise",
    "authorize",
    "authorized",
    "consent",
    "grant",
    "granted",
    "permit",
    "yes",
];
/// Words of a button that says yes where it says nothing else: one that continues with another IdP
/// is for something else.
const GO_ON: &[&str] = &["confirm", "continue", "go", "next", "ok", "on", "proceed", "submit"];
/// Words of a button that is for something else: to end the session, another account, cookies.
const ELSEWHERE: &[&str] = &[
    "account",
    "another",
    "cookie",
    "cookies",
    "delete",
    "different",
    "forgot",
    "login",
    "logout",
    "other",
    "register",
    "revoke",
    "signin",
    "signout",
    "signup",
    "switch",
];
/// Words of a box to tick for what is granted.
const GRANTED: &[&str] = &["permission", "permissions", "scope", "scopes"];
/// Words of a box about the next time: a program leaves nothing behind that lasts.
const LASTING: &[&str] = &["remember", "trust"];

/// Characters of a label that are shown.
const LONGEST_LABEL: usize = 40;

/// What a consent page is asked with: its form, the button, and the fields as a browser sends them.
pub struct Consent<'a> {
    pub form: &'a Form,
    pub button: &'a Button,
}

/// The consent form among these, and the button that agrees, or the one that `denies`. A form with
/// something to type in is another one.
pub fn find(forms: &[Form], denies: bool) -> Option<Consent<'_>> {
    let asking = || forms.iter().filter(|form| form.inputs.iter().all(is_set_already));
    let buttons = || asking().flat_map(|form| form.buttons.iter().map(move |button| Consent { form, button }));
    // A button that says no alone is a page of another kind, such as one to go back from.
    buttons().find(|consent| meaning(consent.button) == Some(true))?;
    buttons().find(|consent| meaning(consent.button) == Some(!denies))
}

impl Consent<'_> {
    /// The fields that a browser sends when this button is pressed. A user who agrees ticks the
    /// boxes of the scopes, which some pages leave to the user.
    pub fn fields(&self, denies: bool) -> Vec<(&str, &str)> {
        let is_sent = |input: &&Input| match input.kind.as_str() {
            "hidden" => true,
            "checkbox" => input.is_checked || !denies && is_box_to_agree(&input.name),
            _ => input.is_checked,
        };
        let inputs = self.form.inputs.iter().filter(is_sent);
        let mut fields: Vec<_> = inputs.map(|input| (input.name.as_str(), input.value.as_str())).collect();
        if !self.button.name.is_empty() {
            fields.push((&self.button.name, &self.button.value));
        }
        fields
    }
}

/// What a person reads on a button, of which a page chooses the length.
pub fn label(button: &Button) -> String {
    [&button.label, &button.value, &button.name]
        .into_iter()
        .find(|text| !text.is_empty())
        .map_or_else(|| "a button without a label".to_owned(), |text| text.chars().take(LONGEST_LABEL).collect())
}

fn is_set_already(input: &Input) -> bool {
    ["hidden", "checkbox", "radio"].contains(&input.kind.as_str())
}

fn is_box_to_agree(name: &str) -> bool {
    let words = words(name);
    has(&words, &[GRANTED, YES]) && !has(&words, &[LASTING])
}

/// `Some(true)` for a button that says yes, `Some(false)` for one that says no. What a person reads
/// counts first; where that is in another language, the values for the server are mostly English.
fn meaning(button: &Button) -> Option<bool> {
    let label = words(&button.label);
    let [value, name, id] = [&button.value, &button.name, &button.id].map(|text| words(text));
    // An id is for style sheets: Keycloak's button to agree is `kc-login`.
    if [&label, &value, &name].iter().any(|words| has(words, &[ELSEWHERE])) {
        return None;
    }
    let is_plain = !label.is_empty() && label.iter().all(|word| GO_ON.contains(&word.as_str()));
    let says = |words: &[String]| match (has(words, &[NO]), has(words, &[YES])) {
        (true, _) => Some(false),
        (false, true) => Some(true),
        (false, false) => None,
    };
    let meaning = says(&label).or_else(|| [&value, &name, &id].into_iter().find_map(|words| says(words)));
    match meaning {
        // "Allow" with the value "deny" is a page that nobody should guess about.
        Some(true) if says(&value) == Some(false) => None,
        None if is_plain => Some(true),
        meaning => meaning,
    }
}

fn has(words: &[String], lists: &[&[&str]]) -> bool {
    words.iter().any(|word| lists.iter().any(|list| list.contains(&word.as_str())))
}

/// The words of a label or of a name such as `submit.Accept`, `denyAccess` or `btn_allow`, in lower
/// case; "Don't" is one word.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lowercase = false;
    for c in text.chars().filter(|c| !['\'', '’'].contains(c)) {
        if !c.is_alphanumeric() || c.is_uppercase() && was_lowercase {
            words.push(String::new());
        }
        if let (true, Some(word)) = (c.is_alphanumeric(), words.last_mut()) {
            word.extend(c.to_lowercase());
        }
        was_lowercase = c.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests;
