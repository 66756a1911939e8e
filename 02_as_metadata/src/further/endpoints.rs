//! What is wrong with the URL of an endpoint, and what its operator has to write instead.

use protected_resource_discovery::well_known::split;
use shared::urls;

/// What is wrong with the URL itself, whoever may use it.
pub(crate) fn fault(url: &str) -> Option<String> {
    if let Some(fault) = urls::fault(url) {
        return Some(format!(" is not an absolute URL: {}", fault.reason));
    }
    if urls::without_credentials(url) != url {
        return Some(" carries a user name or a password".to_owned());
    }
    // RFC 6749 forbids a fragment in both endpoints (§3.1, §3.2).
    url.contains('#').then(|| " has a fragment, the part from # on".to_owned())
}

/// The URL that was meant, where that is clear.
pub(crate) fn fix(name: &str, url: &str, issuer: &str) -> Option<String> {
    if let Some(fault) = urls::fault(url) {
        let origin = split(issuer).map(|(origin, _)| origin).filter(|_| url.starts_with('/') && !url.starts_with("//"));
        let meant = origin.map(|origin| format!("{origin}{url}")).or(fault.meant);
        let meant = meant.map_or(String::new(), |meant| format!(": {name} is {meant}"));
        return Some(format!("write every endpoint as an absolute URL{meant}."));
    }
    let bare = urls::without_credentials(url);
    let bare = bare.split('#').next().unwrap_or_default();
    (bare != url).then(|| format!("publish {name} without the fragment and without credentials: {bare}"))
}
