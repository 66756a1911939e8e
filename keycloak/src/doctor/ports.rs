//! The ports of the lessons, and which program has each.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use shared::http::{Http, Request};
use shared::reach::Reach;
use shared::{Reporter, html, page};
use tokio::net::{TcpListener, TcpStream};

use super::Finding;
use crate::EMBEDDED_PORT;
use crate::probe::{ProbeResult, probe};
use crate::realm::issuer_at;

/// The port of Keycloak in `compose.yaml`.
const KEYCLOAK_PORT: u16 = 9000;
/// Which port is whose.
const PORTS: [(u16, &str); 7] = [
    (8000, "the MCP server"),
    (8001, "the second MCP server"),
    (8002, "the API behind the MCP server"),
    (8888, "the sign-in's callback"),
    (8889, "the client's metadata document"),
    (KEYCLOAK_PORT, "Keycloak"),
    (EMBEDDED_PORT, "the embedded IdP"),
];
/// Seconds for a program to respond.
const SECONDS: u64 = 2;

/// Which program has a port.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Occupant {
    Nobody,
    /// One of the tutorial's own, with what it calls itself.
    Own(String),
    Stranger,
    /// The system gives it to nobody, for this reason.
    Refused(String),
}

pub async fn look() -> Vec<Finding> {
    let looks = PORTS.map(|(port, of)| tokio::spawn(async move { (port, of, occupant(port).await) }));
    let mut found = vec![];
    for look in looks {
        found.extend(look.await);
    }
    judge(&found)
}

async fn occupant(port: u16) -> Occupant {
    let (v4, v6) = tokio::join!(is_open(Ipv4Addr::LOCALHOST.into(), port), is_open(Ipv6Addr::LOCALHOST.into(), port));
    if v4 || v6 {
        return introduction(port).await.map_or(Occupant::Stranger, Occupant::Own);
    }
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
        Ok(_) => Occupant::Nobody,
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => Occupant::Stranger,
        Err(error) => Occupant::Refused(error.to_string()),
    }
}

async fn is_open(address: IpAddr, port: u16) -> bool {
    let connected = tokio::time::timeout(Duration::from_secs(1), TcpStream::connect((address, port))).await;
    connected.is_ok_and(|connected| connected.is_ok())
}

/// What a program of the tutorial calls itself; `None` for any other.
async fn introduction(port: u16) -> Option<String> {
    let place = format!("http://localhost:{port}");
    if port == KEYCLOAK_PORT && probe(&issuer_at(&place), SECONDS).await.ok()? == ProbeResult::Ready {
        return Some("Keycloak with the tutorial's realm".to_owned());
    }
    let http = Http::new(Reporter::silent(), Reach::of_operator(&place)).ok()?.within(SECONDS);
    let response = http.send(&Request::get(&format!("{place}/")).header("accept", "text/html")).await.ok()?;
    let html = String::from_utf8_lossy(&response.body);
    if html::is_ours(&html) { page::message(&html) } else { None }
}

/// Free ports share a line; every other one has its own.
fn judge(found: &[(u16, &str, Occupant)]) -> Vec<Finding> {
    let free: Vec<_> = found.iter().filter(|(.., occupant)| *occupant == Occupant::Nobody).collect();
    let names: Vec<_> = free.iter().map(|(port, ..)| port.to_string()).collect();
    let free = match names.as_slice() {
        [] => None,
        [one] => Some(Finding::good(format!("Port {one} is free."))),
        [most @ .., last] => Some(Finding::good(format!("Ports {} and {last} are free.", most.join(", ")))),
    };
    free.into_iter().chain(found.iter().filter_map(|(port, of, occupant)| judge_one(*port, of, occupant))).collect()
}

fn judge_one(port: u16, of: &str, occupant: &Occupant) -> Option<Finding> {
    let find = if cfg!(windows) {
        format!("netstat -ano | findstr :{port}")
    } else {
        format!("lsof -nP -iTCP:{port} -sTCP:LISTEN")
    };
    Some(match occupant {
        Occupant::Nobody => return None,
        Occupant::Own(name) => Finding::good(format!("Port {port}: a program of this tutorial is there ({name}).")),
        Occupant::Stranger if port == KEYCLOAK_PORT => Finding::optional(
            format!("Port {port}, for {of}, has another program. The lessons use the embedded IdP."),
            format!("Find that program and end it: {find}. Or put the address of your Keycloak into KEYCLOAK_URL."),
        ),
        Occupant::Stranger => Finding::bad(
            format!("Port {port}, for {of}, has another program."),
            format!("Find that program and end it: {find}"),
        ),
        Occupant::Refused(reason) => Finding::bad(
            format!("Port {port}, for {of}, cannot be used: {reason}."),
            "Have the system's administrator allow programs to listen on this port of 127.0.0.1.",
        ),
    })
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::routing::get;
    use shared::html::Page;
    use shared::listen;

    use super::super::Mark;
    use super::*;

    async fn occupant_of(router: Router) -> Occupant {
        let listener = listen::bind(0, "test", "").await.unwrap();
        let port = listen::port(&listener);
        let _serving = listen::serve(listener, router);
        occupant(port).await
    }

    #[tokio::test]
    async fn the_tutorials_programs_are_told_from_others() {
        let own = Router::new().route("/", get(|| async { Page::new("A server", "<h1>Lesson 01</h1>") }));
        assert_eq!(occupant_of(own).await, Occupant::Own("Lesson 01".to_owned()));
        let other = Router::new().route("/", get(|| async { "<title>Lesson 01</title>" }));
        assert_eq!(occupant_of(other).await, Occupant::Stranger);
        let listener = listen::bind(0, "test", "").await.unwrap();
        let port = listen::port(&listener);
        drop(listener);
        assert_eq!(occupant(port).await, Occupant::Nobody);
    }

    #[test]
    fn free_ports_share_a_line_and_taken_ones_have_a_fix() {
        let free = |port: u16| (port, "x", Occupant::Nobody);
        assert_eq!(judge(&[free(1)]), [Finding::good("Port 1 is free.")]);
        let own = (3, "x", Occupant::Own("y".to_owned()));
        let findings =
            judge(&[free(1), free(2), own, (8000, "x", Occupant::Stranger), (9000, "x", Occupant::Stranger)]);
        let marks: Vec<_> = findings.iter().map(|finding| finding.mark).collect();
        assert_eq!(marks, [Mark::Good, Mark::Good, Mark::Bad, Mark::Optional]);
        assert_eq!(findings[0].text, "Ports 1 and 2 are free.");
        assert!(findings[2..].iter().all(|finding| finding.fix.contains("lsof") || cfg!(windows)), "{findings:?}");
        let refused = judge(&[(80, "x", Occupant::Refused("permission denied".to_owned()))]);
        assert_eq!(refused[0].mark, Mark::Bad);
    }
}
