//! Which of several authorization servers a client uses: RFC 9728 §7.6,
//! <https://www.rfc-editor.org/rfc/rfc9728#section-7.6>. The user chooses, by `--issuer` or at the
//! terminal; where nobody can be asked, the first one it is, and that is said.

use shared::urls::Difference;
use shared::{Reporter, urls};

use crate::error::DiscoveryError;

/// Authorization servers that are listed: more than anybody reads through.
const MOST_LISTED: usize = 20;

/// Which authorization server a client would like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Wanted {
    /// Any of those that the MCP server names.
    #[default]
    Any,
    /// This one if the MCP server names it, else any.
    Preferably(String),
    /// This one and no other: the user chose it.
    Only(String),
}

impl Wanted {
    /// Whether this authorization server will do.
    pub fn check(&self, named: &[String]) -> Result<(), DiscoveryError> {
        match self {
            Wanted::Only(issuer) if !named.contains(issuer) => {
                Err(DiscoveryError::NotNamed { issuer: issuer.clone(), named: named.to_vec() })
            }
            _ => Ok(()),
        }
    }
}

/// The authorization server to use. `named` has at least one.
pub(crate) async fn select<'a>(
    reporter: &Reporter,
    named: &'a [String],
    wanted: &Wanted,
) -> Result<&'a str, DiscoveryError> {
    wanted.check(named)?;
    let mut usable: Vec<&'a str> = Vec::new();
    for issuer in named {
        match urls::fault(issuer) {
            Some(fault) => {
                reporter.note(format!("authorization_servers names {issuer:?}, which is no issuer: {}.", fault.reason))
            }
            None if usable.contains(&issuer.as_str()) => {}
            None => usable.push(issuer),
        }
    }
    // Where none is usable, lesson 02 says what is wrong with the first.
    let first = usable.first().copied().or(named.first().map(String::as_str)).unwrap_or_default();
    if usable.len() < 2 {
        reporter.note(format!("Authorization server: {first}"));
        return Ok(first);
    }
    let listed = usable.iter().take(MOST_LISTED).enumerate();
    let rows: Vec<_> = listed.map(|(n, issuer)| format!("  {}. {issuer}", n + 1)).collect();
    let more = match usable.len() - rows.len() {
        0 => String::new(),
        more => format!("\n  … and {more} more"),
    };
    reporter.announce(format!(
        "The MCP server names {} authorization servers:\n{}{more}",
        usable.len(),
        rows.join("\n")
    ));
    let find = |wanted: &str| usable.iter().copied().find(|issuer| *issuer == wanted);
    let by_default = (first, format!("the first of {}; --issuer chooses another one", usable.len()));
    let known = match wanted {
        Wanted::Only(issuer) => find(issuer).map(|issuer| (issuer, "chosen by --issuer".to_owned())),
        Wanted::Preferably(issuer) => find(issuer).map(|issuer| (issuer, "the one that this client knows".to_owned())),
        Wanted::Any => None,
    };
    let (chosen, why) = match known {
        Some(known) => known,
        None => match reporter.choose(rows.len()).await.and_then(|n| usable.get(n).copied()) {
            Some(issuer) => (issuer, "chosen at the terminal".to_owned()),
            None => by_default,
        },
    };
    reporter.note(format!("Authorization server: {chosen} ({why})"));
    Ok(chosen)
}

/// What a person who chose an authorization server that is not named can do.
pub(crate) fn fix(issuer: &str, named: &[String]) -> String {
    let nearest = named.iter().map(|named| (named, Difference::between(issuer, named)));
    let same = nearest.into_iter().find(|(_, difference)| difference.is_spelling() || difference.is_host_case());
    match (same, named) {
        (Some((named, difference)), _) => format!("Pass --issuer {named}, letter by letter. {difference}"),
        (None, [only]) => format!("Leave --issuer out: the MCP server uses {only}."),
        (None, []) => "Leave --issuer out: the MCP server is its own authorization server.".to_owned(),
        (None, [first, ..]) => format!("Pass one of the others, for example --issuer {first}"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

    use shared::testing::Captured;

    use super::*;

    fn named(issuers: &[&str]) -> Vec<String> {
        issuers.iter().map(|issuer| (*issuer).to_owned()).collect()
    }

    #[tokio::test]
    async fn the_user_chooses_and_else_it_is_the_first() {
        let three = named(&["https://a.example", "https://b.example/", "https://c.example"]);
        for (wanted, chosen, said) in [
            (Wanted::Any, "https://a.example", "the first of 3; --issuer chooses another one"),
            (Wanted::Only("https://b.example/".to_owned()), "https://b.example/", "chosen by --issuer"),
            (Wanted::Preferably("https://c.example".to_owned()), "https://c.example", "the one that this client knows"),
            (Wanted::Preferably("https://x.example".to_owned()), "https://a.example", "the first of 3"),
        ] {
            let captured = Captured::json();
            assert_eq!(select(&captured.reporter(), &three, &wanted).await.unwrap(), chosen);
            assert!(captured.text().contains(said), "{}", captured.text());
            assert!(captured.text().contains("names 3 authorization servers"));
        }
        // The same twice is one, and what cannot be an issuer is none.
        for odd in [named(&["https://a.example", "https://a.example"]), named(&["", "a.example", "https://a.example"])]
        {
            let captured = Captured::json();
            assert_eq!(select(&captured.reporter(), &odd, &Wanted::Any).await.unwrap(), "https://a.example");
            assert!(!captured.text().contains("authorization servers:"), "{}", captured.text());
            assert_eq!(captured.text().contains("which is no issuer: it has no scheme"), odd.len() == 3);
        }
        let captured = Captured::json();
        let many: Vec<_> = (0..9000).map(|n| format!("https://{n}.example")).collect();
        assert_eq!(select(&captured.reporter(), &many, &Wanted::Any).await.unwrap(), "https://0.example");
        assert!(captured.text().contains("and 8980 more"), "{}", captured.text());
    }

    #[tokio::test]
    async fn one_that_is_not_named_is_refused_with_those_that_are() {
        let two = named(&["https://a.example", "https://b.example/r"]);
        for (issuer, named, fix) in [
            ("https://c.example", &two[..], "Pass one of the others, for example --issuer https://a.example"),
            (
                "https://b.example/r/",
                &two,
                "Pass --issuer https://b.example/r, letter by letter. They differ in the slash at the end.",
            ),
            ("https://B.example/r", &two, "They differ in the capital letters of the host."),
            ("", &two[..1], "Leave --issuer out: the MCP server uses https://a.example."),
        ] {
            let captured = Captured::json();
            let error = select(&captured.reporter(), named, &Wanted::Only(issuer.to_owned())).await.unwrap_err();
            assert_eq!(error.id(), "server.issuer", "{issuer}");
            assert!(error.fix().contains(fix), "{}", error.fix());
        }
        assert!(super::fix("https://a.example", &[]).contains("its own"));
    }
}
