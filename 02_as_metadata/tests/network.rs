//! What stands between a client and an authorization server: certificates, companies' authorities
//! and proxies. Each failure names the kind, and has the way out.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Command, Stdio};

use serde_json::json;
use shared::testing::{Certificate, Fake, Run, TlsFront, private_folder};

const LESSON: &str = env!("CARGO_BIN_EXE_02_as_metadata");
const METADATA: &str = "GET /.well-known/oauth-authorization-server";

/// A program that knows no proxy and no authorities but the system's.
fn lesson(arguments: &[&str]) -> Command {
    let mut command = Command::new(LESSON);
    command.arg("--json").args(arguments).stdin(Stdio::null());
    for name in
        ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"]
    {
        command.env_remove(name);
    }
    for name in ["SSL_CERT_FILE", "SSL_CERT_DIR"] {
        command.env_remove(name);
    }
    command
}

fn run(command: &mut Command) -> Run {
    Run::of(&command.output().unwrap())
}

/// An honest authorization server whose URLs are those of the TLS port in front of it.
fn honest(certificate: Certificate) -> (Fake, TlsFront, String) {
    let fake = Fake::start(&[]);
    let front = TlsFront::start(certificate, fake.port());
    let url = format!("https://localhost:{}", front.port());
    let endpoint = |path: &str| format!("{url}{path}");
    fake.change(&json!({ METADATA: { "patch": {
        "issuer": url,
        "authorization_endpoint": endpoint("/authorize"),
        "token_endpoint": endpoint("/token"),
        "registration_endpoint": endpoint("/register"),
        "jwks_uri": endpoint("/jwks"),
    } } }));
    (fake, front, url)
}

fn assert_error(run: &Run, id: &str, words: &[&str]) {
    assert!(!run.success);
    let (seen, message, fix) = run.error();
    assert_eq!(seen, id, "{message}");
    for word in words {
        let (word, wanted) = word.strip_prefix('!').map_or((*word, true), |word| (word, false));
        assert_eq!(format!("{message} {fix}").contains(word), wanted, "{word}: {message} {fix}");
    }
}

#[test]
fn a_certificate_that_is_not_trusted_is_called_what_it_is() {
    for (certificate, words) in [
        (Certificate::Signed, &["an authority that this machine does not know", "--ca-file FILE", "SSL_CERT_FILE"][..]),
        (Certificate::SelfSigned, &["or by itself", "--ca-file FILE"]),
        (Certificate::Authority, &["(CA:TRUE) as its own", "CA:FALSE"]),
    ] {
        let (_fake, _front, url) = honest(certificate);
        assert_error(&run(&mut lesson(&["inspect", &url])), "http.tls", words);
    }
    for (certificate, words) in [
        (Certificate::OtherName, &["is for other.example", "subjectAltName"][..]),
        (Certificate::Expired, &["has expired", "clock"]),
        (Certificate::NotYetValid, &["is not valid yet", "clock"]),
        (Certificate::Authority, &["(CA:TRUE) as its own"]),
    ] {
        let (_fake, front, url) = honest(certificate);
        let folder = private_folder();
        let file = front.trusted_file(folder.path());
        assert_error(&run(lesson(&["inspect", &url]).arg("--ca-file").arg(&file)), "http.tls", words);
    }
}

#[test]
fn an_authority_that_the_user_adds_is_trusted_in_every_request() {
    for certificate in [Certificate::Signed, Certificate::SelfSigned] {
        let (fake, front, url) = honest(certificate);
        let folder = private_folder();
        let pem = front.trusted_file(folder.path());
        let der = folder.path().join("authority.der");
        std::fs::write(&der, front.trusted_der()).unwrap();
        for file in [&pem, &der] {
            let ran = run(lesson(&["inspect", &url]).arg("--ca-file").arg(file));
            assert!(ran.success, "{certificate:?}: {:?}", ran.events);
        }
        assert!(run(lesson(&["inspect", &url]).env("SSL_CERT_FILE", &pem)).success, "{certificate:?}");
        // The IdP of a story is asked before anything else is.
        let ran = run(lesson(&["--port", "0", "--idp", &url]).arg("--ca-file").arg(&pem));
        assert!(ran.success, "{certificate:?}: {:?}", ran.events);
        assert_error(
            &run(&mut lesson(&["--port", "0", "--idp", &url])),
            "idp.issuer",
            &["does not know", "--ca-file FILE"],
        );
        assert!(fake.requests().len() > 4);
    }
    // The variable replaces the system's authorities, and the error says that it is set.
    let (_fake, _front, url) = honest(Certificate::Signed);
    let folder = private_folder();
    let other = TlsFront::start(Certificate::Signed, 1).trusted_file(folder.path());
    let words = ["SSL_CERT_FILE is set, so only the authorities of", "authority.pem count"];
    assert_error(&run(lesson(&["inspect", &url]).env("SSL_CERT_FILE", &other)), "http.tls", &words);
}

#[test]
fn a_bad_file_of_authorities_gets_a_sentence() {
    let folder = private_folder();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let begin = "-----BEGIN CERTIFICATE-----";
    for (path, reason) in [
        (folder.path().join("nothing").to_str().unwrap().to_owned(), "no such file"),
        (folder.path().to_str().unwrap().to_owned(), "it is not an ordinary file"),
        ("/dev/zero".to_owned(), "it is not an ordinary file"),
        (file("empty", b""), "there is none in it"),
        (file("text", b"hello"), "there is none in it"),
        (file("key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), "it has a private key only"),
        (
            file("broken", format!("{begin}\nAAAA\n-----END CERTIFICATE-----\n").as_bytes()),
            "certificate 1 in it is broken",
        ),
        (file("cut", format!("{begin}\nAAAA\n").as_bytes()), "cannot be read"),
        (file("der", &[0x30, 3, 1, 2, 3]), "certificate 1 in it is broken"),
        (file("large", &vec![b'x'; 11 * 1024 * 1024]), "more than 10485760 bytes"),
    ] {
        let ran = run(&mut lesson(&["inspect", "http://localhost:1", "--ca-file", &path]));
        assert_error(&ran, "http.ca-file", &[reason, "-----BEGIN CERTIFICATE-----"]);
    }
    let output = lesson(&["--help"]).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("--ca-file <FILE>"));
    let output = lesson(&["server", "--help"]).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("--ca-file <FILE>"), "the server asks its IdP");
}

#[test]
fn a_port_that_speaks_something_else_is_named() {
    let fake = Fake::start(&[]);
    let url = format!("https://localhost:{}", fake.port());
    let words = ["it responds to TLS with something else", &format!("http://localhost:{}", fake.port())];
    assert_error(&run(&mut lesson(&["inspect", &url])), "http.tls", &words);
    assert_error(
        &run(&mut lesson(&["inspect", "http://localhost:1"])),
        "http.unreachable",
        &["connection refused", "Start the server there"],
    );
    assert_error(
        &run(&mut lesson(&["inspect", "https://idp.invalid"])),
        "http.unreachable",
        &["no address is known for idp.invalid", "VPN"],
    );
}

/// A proxy that responds to everything with this.
fn proxy(response: &'static [u8]) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(response);
        }
    });
    port
}

/// R-5a: it was the proxy, and its password is nobody's business.
#[test]
fn a_proxy_that_stands_in_the_way_is_named_without_its_password() {
    let wants = proxy(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n");
    let refuses = proxy(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
    for (variable, port, url, words) in [
        (
            "HTTPS_PROXY",
            1,
            "https://idp.invalid",
            &["no connection to the proxy (connection refused)", "correct HTTPS_PROXY"][..],
        ),
        (
            "https_proxy",
            wants,
            "https://idp.invalid",
            &["a user name and a password (HTTP 407)", "Put them into https_proxy"],
        ),
        (
            "ALL_PROXY",
            refuses,
            "https://idp.invalid",
            &["refuses to connect", "allow idp.invalid", "add idp.invalid to NO_PROXY"],
        ),
    ] {
        let value = format!("http://user:pass-of-proxy@127.0.0.1:{port}");
        let ran = run(lesson(&["inspect", url]).env(variable, value));
        let place = format!("through the proxy 127.0.0.1:{port} ({variable})");
        assert_error(&ran, "http.proxy", &[words, &[&place, "!pass-of-proxy"]].concat());
        assert!(!ran.says("pass-of-proxy"));
    }
    // This machine is never behind a proxy.
    let fake = Fake::start(&[]);
    assert!(run(lesson(&["inspect", &fake.url("")]).env("ALL_PROXY", "http://127.0.0.1:1")).success);
}
