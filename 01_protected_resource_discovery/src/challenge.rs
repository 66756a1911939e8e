//! The challenge of a 401 answer: the `WWW-Authenticate` header field.
//!
//! Grammar: RFC 9110 §11.6.1, <https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1>. The scheme
//! `Bearer` and its parameters: RFC 6750 §3, <https://www.rfc-editor.org/rfc/rfc6750#section-3>;
//! `resource_metadata`: RFC 9728 §5.1,
//! <https://www.rfc-editor.org/rfc/rfc9728#section-5.1>.
//!
//! ```text
//! WWW-Authenticate = #challenge
//! challenge        = auth-scheme [ 1*SP ( token68 / #auth-param ) ]
//! auth-param       = token BWS "=" BWS ( token / quoted-string )
//! ```
//!
//! A comma separates challenges as well as the parameters of one, so what follows it decides: `name
//! =` goes on with the parameters, anything else begins a challenge. What the parameters mean is
//! not checked here.

pub use crate::further::challenge_faults::challenges_of as of;
use crate::further::challenge_faults::{self, END, Fault, Problem};

/// Parameters that a challenge may have: more than any server sends.
const MOST_PARAMETERS: usize = 100;

/// One challenge: how the server would like the client to authenticate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// The authentication scheme as it was written; compare it with [`Challenge::is`].
    pub scheme: String,
    /// Parameter names in lower case, and their values without quotes, in the order in which they
    /// came.
    pub parameters: Vec<(String, String)>,
    /// The credentials in short form that some other schemes use (`Negotiate YII…`).
    pub token68: Option<String>,
}

impl Challenge {
    /// "It uses a case-insensitive token to identify the authentication scheme" (RFC 9110 §11.1).
    pub fn is(&self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
    }

    /// The value of this parameter; `name` in lower case.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Where a header field does not follow the grammar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChallengeError {
    /// Characters before the fault.
    pub position: usize,
    /// What is wrong there.
    pub problem: String,
}

impl std::fmt::Display for ChallengeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} (after {} characters)", self.problem, self.position)
    }
}

impl std::error::Error for ChallengeError {}

/// The challenges of one header field up to the first fault, and that fault.
pub fn parse(field: &str) -> (Vec<Challenge>, Option<ChallengeError>) {
    let characters: Vec<char> = field.chars().collect();
    let mut parser = Parser { characters: &characters, position: 0 };
    let mut challenges: Vec<Challenge> = Vec::new();
    parser.skip_separators();
    while !parser.is_at_end() {
        match parser.element() {
            Ok(challenge) => challenges.push(challenge),
            Err(fault) => {
                let rest = characters.get(fault.position..).unwrap_or_default();
                let error = challenge_faults::explained(fault, challenges.last(), rest);
                return (challenges, Some(error));
            }
        }
    }
    (challenges, None)
}

/// The challenge that an MCP client goes by: the first `Bearer` one that names the metadata, else
/// the first `Bearer` one.
pub fn bearer(challenges: &[Challenge]) -> Option<&Challenge> {
    let names_metadata = |challenge: &&Challenge| challenge.parameter("resource_metadata").is_some();
    let mut bearers = challenges.iter().filter(|challenge| challenge.is("Bearer"));
    let first = bearers.clone().next();
    // A server that wants tokens with a key (RFC 9449) may have no challenge for Bearer at all.
    let dpop = challenges.iter().filter(|challenge| challenge.is("DPoP")).find(names_metadata);
    bearers.find(names_metadata).or(dpop).or(first)
}

struct Parser<'a> {
    characters: &'a [char],
    position: usize,
}

impl Parser<'_> {
    /// A challenge, and what parts it from the next one.
    fn element(&mut self) -> Result<Challenge, Fault> {
        let challenge = self.challenge()?;
        self.skip_white_space();
        self.end_of_element()?;
        self.skip_separators();
        Ok(challenge)
    }

    fn challenge(&mut self) -> Result<Challenge, Fault> {
        let scheme = self.token("the name of an authentication scheme")?;
        let mut challenge = Challenge { scheme, parameters: Vec::new(), token68: None };
        let spaces = self.skip_white_space();
        if spaces == 0 || self.is_at_end() || self.next_is(',') {
            return Ok(challenge);
        }
        challenge.token68 = self.token68();
        if challenge.token68.is_none() {
            self.parameters(&mut challenge.parameters)?;
        }
        Ok(challenge)
    }

    fn parameters(&mut self, parameters: &mut Vec<(String, String)>) -> Result<(), Fault> {
        loop {
            let start = self.position;
            let name = self.token("the name of a parameter")?.to_ascii_lowercase();
            self.skip_white_space();
            self.take('=', "=")?;
            self.skip_white_space();
            let value = if self.next_is('"') { self.quoted_string()? } else { self.token("a value")? };
            // "each parameter name MUST only occur once per challenge" (RFC 9110 §11.2)
            if let Some((_, first)) = parameters.iter().find(|(known, _)| *known == name) {
                let problem = Problem::Other(format!("{name} appears twice: {first:?} and {value:?}"));
                return Err(Fault { position: start, problem });
            }
            if parameters.len() == MOST_PARAMETERS {
                return Err(expected("at most 100 parameters", start));
            }
            parameters.push((name, value));
            let end = self.position;
            self.skip_white_space();
            if !self.next_is(',') {
                return Ok(());
            }
            self.skip_separators();
            if !self.begins_parameter() {
                self.position = end;
                return Ok(());
            }
        }
    }

    /// Whether `name =` comes next.
    fn begins_parameter(&mut self) -> bool {
        let start = self.position;
        let begins = self.token("").is_ok() && {
            self.skip_white_space();
            self.next_is('=')
        };
        self.position = start;
        begins
    }

    /// `token68 = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`, and nothing after
    /// it.
    fn token68(&mut self) -> Option<String> {
        let start = self.position;
        self.skip_while(|c| c.is_ascii_alphanumeric() || "-._~+/".contains(c));
        let has_characters = self.position > start;
        self.skip_while(|c| c == '=');
        let end = self.position;
        self.skip_white_space();
        if has_characters && (self.is_at_end() || self.next_is(',')) {
            self.position = end;
            return Some(self.characters[start..end].iter().collect());
        }
        self.position = start;
        None
    }

    /// `token = 1*tchar` (RFC 9110 §5.6.2)
    fn token(&mut self, wanted: &'static str) -> Result<String, Fault> {
        let start = self.position;
        self.skip_while(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c));
        if start == self.position {
            return Err(expected(wanted, start));
        }
        Ok(self.characters[start..self.position].iter().collect())
    }

    /// `quoted-string`, in which a backslash takes the next character as it is (RFC 9110 §5.6.4).
    fn quoted_string(&mut self) -> Result<String, Fault> {
        self.take('"', "a quotation mark")?;
        let mut value = String::new();
        loop {
            match self.next() {
                Some('"') => return Ok(value),
                Some('\\') => value.push(self.next().ok_or_else(|| self.fault("a character after the backslash"))?),
                Some(c) => value.push(c),
                None => return Err(self.fault("the closing quotation mark")),
            }
        }
    }

    fn end_of_element(&self) -> Result<(), Fault> {
        if self.is_at_end() || self.next_is(',') { Ok(()) } else { Err(self.fault(END)) }
    }

    /// Commas and white space; a list may have empty elements (RFC 9110 §5.6.1.2).
    fn skip_separators(&mut self) {
        self.skip_while(|c| matches!(c, ',' | ' ' | '\t'));
    }

    fn skip_white_space(&mut self) -> usize {
        let start = self.position;
        self.skip_while(|c| matches!(c, ' ' | '\t'));
        self.position - start
    }

    fn skip_while(&mut self, accepts: impl Fn(char) -> bool) {
        while self.characters.get(self.position).is_some_and(|c| accepts(*c)) {
            self.position += 1;
        }
    }

    fn take(&mut self, c: char, wanted: &'static str) -> Result<(), Fault> {
        if self.next() == Some(c) { Ok(()) } else { Err(expected(wanted, self.position.saturating_sub(1))) }
    }

    fn next(&mut self) -> Option<char> {
        let c = self.characters.get(self.position).copied();
        self.position += 1;
        c
    }

    fn next_is(&self, c: char) -> bool {
        self.characters.get(self.position) == Some(&c)
    }

    fn is_at_end(&self) -> bool {
        self.position >= self.characters.len()
    }

    fn fault(&self, wanted: &'static str) -> Fault {
        expected(wanted, self.position.min(self.characters.len()))
    }
}

fn expected(wanted: &'static str, position: usize) -> Fault {
    Fault { position, problem: Problem::Expected(wanted) }
}

#[cfg(test)]
mod tests;
