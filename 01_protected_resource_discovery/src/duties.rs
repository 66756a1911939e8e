//! Who has to do what: three parties, and what this run has seen each of them do.

use shared::Reporter;
use shared::event::Rule;

use crate::discover::Discovery;
use crate::{rules, well_known};

/// How a duty is known to be kept.
enum Proof {
    /// By whichever of these checks the run has made.
    Checks(&'static [&'static Rule]),
    /// By the authorization servers' origins, which are not the MCP server's own.
    OtherOrigin,
    /// It comes up in that lesson.
    Lesson(u8),
}

struct Duty {
    what: &'static str,
    proof: Proof,
}

/// One table for each party, ready to be printed.
pub fn tables(reporter: &Reporter, discovery: &Discovery, issuer: &str) -> [String; 3] {
    let table = |title: String, duties: &[Duty]| {
        let rows = duties.iter().map(|duty| row(reporter, discovery, duty));
        [title].into_iter().chain(rows).collect::<Vec<_>>().join("\n")
    };
    [
        table(format!("The MCP server, a resource server: {}", discovery.server_url), &RESOURCE_SERVER),
        table(format!("The identity provider, an authorization server: {issuer}"), &AUTHORIZATION_SERVER),
        table("The MCP client: this program".to_owned(), &CLIENT),
    ]
}

static RESOURCE_SERVER: [Duty; 6] = [
    Duty {
        what: "says in a challenge where its metadata is",
        proof: Proof::Checks(&[&rules::CHALLENGE_NAMES_METADATA]),
    },
    Duty {
        what: "publishes metadata about exactly its own URL",
        proof: Proof::Checks(&[&rules::RESOURCE_OF_CHALLENGE, &rules::RESOURCE_OF_WELL_KNOWN]),
    },
    Duty { what: "names its authorization servers", proof: Proof::Checks(&[&rules::AUTHORIZATION_SERVERS]) },
    Duty { what: "leaves registration, sign-in and tokens to them", proof: Proof::OtherOrigin },
    Duty { what: "checks every token: signature, issuer, expiry, scope", proof: Proof::Lesson(5) },
    Duty { what: "takes only tokens meant for it, and passes none on", proof: Proof::Lesson(6) },
];

static AUTHORIZATION_SERVER: [Duty; 3] = [
    Duty { what: "publishes what it can do", proof: Proof::Lesson(2) },
    Duty { what: "registers clients", proof: Proof::Lesson(3) },
    Duty { what: "signs users in, asks for their consent, issues tokens", proof: Proof::Lesson(4) },
];

static CLIENT: [Duty; 3] = [
    Duty {
        what: "asks where the challenge says, else well-known URLs",
        proof: Proof::Checks(&[&rules::METADATA_AVAILABLE]),
    },
    Duty { what: "keeps each authorization server's registration apart", proof: Proof::Lesson(3) },
    Duty { what: "uses PKCE, and names the resource in every request", proof: Proof::Lesson(4) },
];

fn row(reporter: &Reporter, discovery: &Discovery, duty: &Duty) -> String {
    let shown = match &duty.proof {
        Proof::Lesson(n) => format!("lesson {n:02}"),
        Proof::Checks(checks) => seen(reporter, checks),
        Proof::OtherOrigin if is_its_own_authorization_server(discovery) => {
            "no: it is its own, as in MCP 2025-03-26".to_owned()
        }
        Proof::OtherOrigin => "yes: their origin is another one".to_owned(),
    };
    format!("  {:<54}   {shown}", duty.what)
}

fn is_its_own_authorization_server(discovery: &Discovery) -> bool {
    let origin = |url: &str| well_known::split(url).map(|(origin, _)| origin.to_ascii_lowercase());
    let own = origin(&discovery.server_url);
    discovery.metadata.authorization_servers.iter().any(|issuer| origin(issuer) == own)
}

fn seen(reporter: &Reporter, checks: &[&Rule]) -> String {
    let made = checks.iter().find_map(|check| reporter.result_of(check).map(|passed| (check, passed)));
    match made {
        Some((check, true)) => format!("yes: {}", check.id),
        Some((check, false)) => format!("no: {}", check.id),
        None => "not seen in this run".to_owned(),
    }
}
