//! The browser, proxies, certificate authorities, and the store.

use std::fs;
use std::path::Path;

use shared::Failure;
use shared::http::{CA_FILE_VARIABLE, count_authorities};
use shared::own_files::{self, HOME_VARIABLE};
use url::Url;

use super::Finding;

/// What names a proxy, in the order of their importance.
const PROXIES: [&str; 6] = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];
/// What names the hosts that no proxy is for.
const EXCEPTIONS: [&str; 2] = ["NO_PROXY", "no_proxy"];
/// What opens a URL in the browser of a desktop.
const OPENERS: [&str; 4] = ["xdg-open", "gio", "wslview", "x-www-browser"];

pub async fn look() -> Vec<Finding> {
    let variable = |name: &str| {
        let value = std::env::var_os(name).filter(|value| !value.is_empty())?;
        Some(value.to_string_lossy().into_owned())
    };
    let folder = own_files::folder_of_user();
    vec![
        judge_browser(std::env::consts::OS, &variable, &is_installed),
        judge_proxies(&variable),
        judge_authorities(variable(CA_FILE_VARIABLE).as_deref()),
        judge_store(folder.as_ref().map(|folder| folder.as_path()).map_err(Clone::clone)),
    ]
}

fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// The value of an environment variable, if it has one.
type Variable<'a> = &'a dyn Fn(&str) -> Option<String>;

fn judge_browser(system: &str, variable: Variable<'_>, is_installed: &dyn Fn(&str) -> bool) -> Finding {
    const FIX: &str = "Set BROWSER to the command of a browser. The lessons also run without one: a program signs in as the \
                       demo user, or you open the URL that is printed in a browser on another machine.";
    if let Some(browser) = variable("BROWSER") {
        return Finding::good(format!("Browser: {browser} (BROWSER)."));
    }
    if ["macos", "windows"].contains(&system) {
        return Finding::good("Browser: the system's.");
    }
    if !["DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"].iter().any(|name| variable(name).is_some()) {
        return Finding::optional("Browser: there is no graphical desktop here (DISPLAY is not set).", FIX);
    }
    match OPENERS.iter().find(|opener| is_installed(opener)) {
        Some(opener) => Finding::good(format!("Browser: the desktop's, by {opener}.")),
        None => Finding::optional(format!("Browser: none of {} is installed.", OPENERS.join(", ")), FIX),
    }
}

fn judge_proxies(variable: Variable<'_>) -> Finding {
    let named: Vec<_> = PROXIES.iter().filter_map(|name| Some((*name, variable(name)?))).collect();
    if named.is_empty() {
        return Finding::good("Proxy: none is set.");
    }
    let set: Vec<_> = named.iter().map(|(name, value)| format!("{name} ({})", place(value))).collect();
    let set = set.join(", ");
    let exceptions: String = EXCEPTIONS.iter().filter_map(|name| variable(name)).collect::<Vec<_>>().join(",");
    let excepted: Vec<_> = exceptions.split([',', ' ']).map(str::trim).collect();
    if excepted.iter().any(|host| ["*", "localhost"].contains(host)) {
        return Finding::good(format!("Proxy: {set}, and not for localhost."));
    }
    Finding::optional(
        format!("Proxy: {set}. The lessons never use it for localhost, but curl does."),
        "export NO_PROXY=localhost,127.0.0.1,::1",
    )
}

/// Where a proxy is, without a user name and a password.
fn place(proxy: &str) -> String {
    let with_scheme = if proxy.contains("://") { proxy.to_owned() } else { format!("http://{proxy}") };
    match Url::parse(&with_scheme) {
        Ok(url) => match (url.host_str(), url.port()) {
            (Some(host), Some(port)) => format!("{host}:{port}"),
            (Some(host), None) => host.to_owned(),
            (None, _) => "not a URL".to_owned(),
        },
        Err(_) => "not a URL".to_owned(),
    }
}

fn judge_authorities(file: Option<&str>) -> Finding {
    let Some(file) = file else {
        return Finding::good(format!("Certificate authorities: the system's ({CA_FILE_VARIABLE} is not set)."));
    };
    match count_authorities(Path::new(file)) {
        Ok(number) => {
            Finding::good(format!("Certificate authorities: {number} of the file {file} ({CA_FILE_VARIABLE})."))
        }
        Err(reason) => Finding::bad(
            format!("{CA_FILE_VARIABLE} names {file}, which has no usable certificate: {reason}."),
            format!("Name a file with certificates in PEM, or remove the variable: unset {CA_FILE_VARIABLE}"),
        ),
    }
}

/// The folder of the store: whose it is, and whether others can read it. A missing one is made by
/// the first run that stores something.
fn judge_store(folder: Result<&Path, Failure>) -> Finding {
    let folder = match folder {
        Ok(folder) => folder,
        Err(failure) => return failure.into(),
    };
    let shown = folder.display();
    if fs::symlink_metadata(folder).is_err() {
        return match nearest(folder) {
            Some(parent)
                if fs::metadata(parent).is_ok_and(|found| found.is_dir() && !found.permissions().readonly()) =>
            {
                Finding::good(format!("Store: {shown} is made when something is stored."))
            }
            _ => Finding::bad(
                format!("Store: {shown} cannot be made, since a folder above it is missing or read-only."),
                format!("Set {HOME_VARIABLE} to a folder of your own."),
            ),
        };
    }
    match own_files::check_folder(folder) {
        Ok(()) => Finding::good(format!("Store: {shown} is yours, and closed to other users.")),
        Err(failure) => failure.into(),
    }
}

/// The nearest folder above that is there.
fn nearest(folder: &Path) -> Option<&Path> {
    folder
        .ancestors()
        .skip(1)
        .find(|above| above.exists() || above.as_os_str().is_empty())
        .map(|above| if above.as_os_str().is_empty() { Path::new(".") } else { above })
}

#[cfg(test)]
mod tests {
    use super::super::Mark;
    use super::*;

    fn among(set: &'static [(&str, &str)]) -> impl Fn(&str) -> Option<String> {
        move |name| set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    }

    #[test]
    fn a_browser_is_there_or_it_says_how_to_go_on() {
        let all = |_: &str| true;
        let none = |_: &str| false;
        let desktop = among(&[("DISPLAY", ":0")]);
        let nothing = among(&[]);
        assert_eq!(judge_browser("linux", &desktop, &all).mark, Mark::Good);
        assert_eq!(judge_browser("linux", &among(&[("BROWSER", "firefox")]), &none).mark, Mark::Good);
        assert_eq!(judge_browser("macos", &nothing, &none).mark, Mark::Good);
        for finding in [judge_browser("linux", &nothing, &all), judge_browser("linux", &desktop, &none)] {
            assert!(finding.mark == Mark::Optional && finding.fix.contains("BROWSER"), "{finding:?}");
        }
    }

    #[test]
    fn a_proxys_password_is_not_shown() {
        assert_eq!(judge_proxies(&among(&[])).mark, Mark::Good);
        let secret = among(&[("HTTPS_PROXY", "http://me:pa55word@proxy.example:3128/")]);
        let finding = judge_proxies(&secret);
        assert_eq!(finding.mark, Mark::Optional);
        assert!(finding.text.contains("HTTPS_PROXY (proxy.example:3128)"), "{finding:?}");
        assert!(!format!("{finding:?}").contains("pa55word"));
        let excepted = among(&[("http_proxy", "proxy:3128"), ("no_proxy", ".example, localhost")]);
        assert_eq!(judge_proxies(&excepted), Finding::good("Proxy: http_proxy (proxy:3128), and not for localhost."));
        assert_eq!(place("me:pa55word@"), "not a URL");
    }

    #[test]
    fn a_file_of_authorities_is_read() {
        assert_eq!(judge_authorities(None).mark, Mark::Good);
        let missing = judge_authorities(Some("/no/such/file.pem"));
        assert!(missing.mark == Mark::Bad && missing.fix.contains("unset SSL_CERT_FILE"), "{missing:?}");
        let folder = shared::testing::private_folder();
        let file = folder.path().join("ca.pem");
        fs::write(&file, "no certificate").unwrap();
        assert_eq!(judge_authorities(file.to_str()).mark, Mark::Bad);
        let front = shared::testing::TlsFront::start(shared::testing::Certificate::Signed, 1);
        let file = front.trusted_file(folder.path());
        assert!(judge_authorities(file.to_str()).text.starts_with("Certificate authorities: 1 of the file"));
    }

    #[test]
    #[cfg(unix)]
    fn the_store_is_the_users_own() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = shared::testing::private_folder();
        assert_eq!(judge_store(Ok(folder.path())).mark, Mark::Good);
        let missing = folder.path().join("a/b");
        assert!(judge_store(Ok(&missing)).text.ends_with("is made when something is stored."));
        assert_eq!(judge_store(Ok(Path::new("/dev/null/x"))).mark, Mark::Bad);
        let link = folder.path().join("link");
        symlink(folder.path(), &link).unwrap();
        assert_eq!(judge_store(Ok(&link)).mark, Mark::Bad);
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let open = judge_store(Ok(folder.path()));
        assert!(open.mark == Mark::Bad && open.fix.contains("chmod 700"), "{open:?}");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let homeless = Failure::new("kept.folder", "There is no place.", "Set it.");
        assert_eq!(judge_store(Err(homeless)), Finding::bad("There is no place.", "Set it."));
    }
}
