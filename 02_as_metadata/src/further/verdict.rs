//! The last line of `inspect`: whether MCP clients can use this authorization server, as far as its
//! metadata shows.

use shared::event::Keyword;
use shared::{Reporter, Rule};

use crate::requirements::Requirement;
use crate::rules;

/// Nothing else was tried, so nothing else is claimed.
const ONLY_METADATA: &str = "Only metadata was read: nobody registered, signed in or got a token.";

/// The verdict on these requirements, after their checks.
pub fn verdict(reporter: &Reporter, issuer: &str, requirements: &[Requirement]) -> String {
    let missed = |keyword: Keyword| {
        let missed = requirements.iter().filter(move |known| !known.passed && known.rule.keyword == keyword);
        missed.map(|known| known.expected).collect::<Vec<_>>()
    };
    let (failed, should) = (missed(Keyword::Must), missed(Keyword::Should));
    let has_failed = |rule: &Rule| reporter.result_of(rule) == Some(false);
    let musts = match failed.len() {
        0 => "every MUST that metadata can show holds".to_owned(),
        1 => format!("1 MUST failed ({})", failed[0]),
        many => format!("{many} MUSTs failed ({})", failed.join("; ")),
    };
    let shoulds = match should.len() {
        0 => String::new(),
        n => format!(", and {n} SHOULD missed ({})", should.join("; ")),
    };
    let fit = if failed.is_empty() { "usable with MCP as far as metadata shows" } else { "not usable with MCP" };
    let documents = if has_failed(&rules::MEMBER_TYPES) {
        " Some members have a wrong type, which is a failed MUST too: clients ignore them."
    } else {
        ""
    };
    let fixes = if failed.is_empty() && should.is_empty() { "" } else { " Each row above has its fix." };
    format!("Verdict on {issuer}: {fit}, since {musts}{shoulds}.{documents}{fixes} {ONLY_METADATA}")
}
