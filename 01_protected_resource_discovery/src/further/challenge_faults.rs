//! What is wrong with a challenge that does not follow its grammar, in words for the operator who
//! has to correct it: RFC 9110 §11.2, §11.6.1,
//! <https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1>.

use shared::http::Response;

use crate::challenge::{self, Challenge, ChallengeError};

/// What the grammar asks for after a challenge or a parameter.
pub(crate) const END: &str = "a comma or the end";

/// Where the grammar is broken.
pub(crate) struct Fault {
    /// Characters before it.
    pub position: usize,
    pub problem: Problem,
}

/// How the grammar is broken.
pub(crate) enum Problem {
    /// This is missing.
    Expected(&'static str),
    Other(String),
}

/// The error in the words for a mistake that servers make. `before` is the challenge in front of
/// the fault, and `rest` begins with the fault.
pub(crate) fn explained(fault: Fault, before: Option<&Challenge>, rest: &[char]) -> ChallengeError {
    let Fault { position, problem } = fault;
    let wants = |wanted: &str| matches!(&problem, Problem::Expected(known) if *known == wanted);
    let first = rest.first();
    let word = || rest.iter().take_while(|c| c.is_alphanumeric() || "-_".contains(**c)).collect::<String>();
    let without_parameters = |challenge: &&Challenge| challenge.parameters.is_empty() && challenge.token68.is_none();
    let problem = match (first, before.filter(without_parameters)) {
        (Some('='), Some(before)) if wants(END) => {
            format!("there is a comma after {}, where only a space belongs", before.scheme)
        }
        (Some(':'), _) if wants("=") => "there is a colon where = belongs".to_owned(),
        (Some(';'), _) if wants(END) => "there is a semicolon where a comma belongs".to_owned(),
        (Some(':' | '/' | '?'), _) if wants(END) => "a value like this needs quotation marks around it".to_owned(),
        (Some('“' | '”' | '„'), _) => "there are typographic quotation marks where \" belongs".to_owned(),
        (Some(c), _) if wants(END) && c.is_alphabetic() => format!("a comma is missing before {}", word()),
        _ => match problem {
            Problem::Expected(wanted) => format!("{wanted} is expected"),
            Problem::Other(problem) => problem,
        },
    };
    ChallengeError { position, problem }
}

/// The header under which a gateway passes `WWW-Authenticate` on, where it has renamed it: Amazon's
/// API Gateway does so with what it got from the server behind it.
pub(crate) fn renamed(response: &Response) -> Option<String> {
    let is_renamed = |name: &&str| name.starts_with("x-") && name.ends_with("remapped-www-authenticate");
    if response.headers.contains_key("www-authenticate") {
        return None;
    }
    let name = response.headers.keys().map(|name| name.as_str()).find(is_renamed)?;
    Some(format!("a gateway has renamed WWW-Authenticate to {name}, which clients do not read"))
}

/// The challenges of a response, and for people what is wrong with its header fields; empty where
/// nothing is.
pub fn challenges_of(response: &Response) -> (Vec<Challenge>, String) {
    let (mut challenges, mut faults) = (Vec::new(), Vec::new());
    for field in response.header_values("www-authenticate") {
        let (read, fault) = challenge::parse(&field);
        challenges.extend(read);
        faults.extend(fault.map(|fault| format!("its WWW-Authenticate is malformed: {fault}")));
    }
    faults.extend(renamed(response));
    let faults = if faults.is_empty() { String::new() } else { format!(" ({})", faults.join("; ")) };
    (challenges, faults)
}
