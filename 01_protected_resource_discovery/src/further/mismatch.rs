//! Metadata that is about another resource than the one that was asked for (RFC 9728 §3.3).

use shared::urls::{Difference, is_https_of};

use crate::well_known::split;

/// Who has to change what, where a document is about another resource.
pub(crate) fn fix(expected: &[String], received: &str) -> String {
    let asked = expected.first().map_or("", String::as_str);
    let difference = Difference::from_nearest(expected, received);
    // The same server under another of its names, or another place of it. One that names its origin
    // alone has more likely forgotten its path.
    let has_path = split(received).is_some_and(|(_, path)| !path.trim_matches('/').is_empty());
    if difference.is_spelling() || difference.is_place() && has_path || is_https_of(asked, received) {
        return format!("Pass the URL that the server gives itself: --server-url {received}");
    }
    if difference.is_host_case() {
        return format!("The server's operator has to write resource with a scheme and a host in lower case: {asked}");
    }
    format!(
        "The server's operator has to publish resource as {asked}: behind a proxy, a server has to be told its public URL. If the \
         operator gave you {received} instead, pass --server-url {received}"
    )
}
