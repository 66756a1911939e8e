use super::*;

fn of(address: &str) -> Privacy {
    privacy(address.parse().unwrap())
}

#[test]
fn the_host_of_a_url_is_found() {
    for (url, expected) in [
        ("https://idp.example/realms/r", "idp.example"),
        ("http://10.0.0.1:8080", "10.0.0.1"),
        ("http://[::1]:9000/r", "[::1]"),
        ("http://[::1]/r", "[::1]"),
        ("nonsense", ""),
    ] {
        assert_eq!(host_of(url), expected, "{url}");
    }
}

#[test]
fn addresses_are_sorted_by_how_private_they_are() {
    for (privacy, addresses) in [
        (
            Privacy::Public,
            &[
                "1.1.1.1",
                "172.32.0.1",
                "100.128.0.1",
                "168.63.129.17",
                "2606:4700::1111",
                "2001:4860:4860::8888",
                "::ffff:8.8.8.8",
                "64:ff9b::808:808",
            ][..],
        ),
        (
            Privacy::Private,
            &[
                "10.0.0.1",
                "172.16.0.1",
                "172.31.255.255",
                "192.168.1.1",
                "100.64.0.1",
                "100.100.100.201",
                "fd20:ce::255",
                "fd12::1",
                "2002:0a00:0001::",
            ],
        ),
        (Privacy::Loopback, &["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"]),
        (
            Privacy::Never,
            &[
                "169.254.169.254",
                "::ffff:169.254.169.254",
                "64:ff9b::a9fe:a9fe",
                "2002:a9fe:a9fe::",
                "fe80::1",
                "fd00:ec2::254",
                "0.0.0.0",
                "::",
                "255.255.255.255",
                "224.0.0.1",
                "ff02::1",
                "192.0.2.1",
                "2001:db8::1",
                "fec0::1",
                "198.18.0.1",
                // Metadata and platform addresses of clouds outside the link-local range.
                "100.100.100.200",
                "::ffff:100.100.100.200",
                "168.63.129.16",
                "64:ff9b::a83f:8110",
                "192.0.0.192",
                "fd00:ec2::23",
                "fd20:ce::254",
                "fd00:c1::a9fe:a9fe",
                "fd00:42::42",
                "fd00:a9fe:a9fe::1",
                "fd00:100::100:200",
                // Teredo and other protocol assignments, newer documentation, local NAT64.
                "2001:0:4136:e378::1",
                "2001:20::1",
                "3fff::1",
                "64:ff9b:1::a9fe:a9fe",
                "192.88.99.1",
            ],
        ),
    ] {
        for address in addresses {
            assert_eq!(of(address), privacy, "{address}");
        }
    }
}

#[test]
fn a_stranger_cannot_name_anything_more_private_than_the_server() {
    let address = |text: &str| text.parse::<IpAddr>().unwrap();
    let public = Reach::public_only();
    assert_eq!(public.allows("h", address("10.0.0.1")), Err(Privacy::Private));
    assert_eq!(public.allows("h", address("127.0.0.1")), Err(Privacy::Loopback));
    let private = Reach::public_only().limit(Privacy::Private);
    assert_eq!(private.allows("h", address("10.0.0.1")), Ok(()));
    assert_eq!(private.allows("h", address("127.0.0.1")), Err(Privacy::Loopback));
    let loopback = Reach::public_only().limit(Privacy::Loopback);
    assert_eq!(loopback.allows("h", address("127.0.0.1")), Ok(()));
}

#[test]
fn link_local_is_never_reached_even_when_named() {
    let trusting = Reach::public_only().limit(Privacy::Never).name("http://169.254.169.254/").trust("169.254.169.254");
    assert_eq!(trusting.allows("169.254.169.254", "169.254.169.254".parse().unwrap()), Err(Privacy::Never));
    let url = Url::parse("http://169.254.169.254/").unwrap();
    assert!(trusting.allows_text(&url).is_err());
}

/// The limit of a run comes from the text of the URL, whatever its name leads to.
#[test]
fn a_client_reaches_as_far_as_the_text_of_its_server_says() {
    let addresses = ["8.8.8.8", "10.0.0.1", "127.0.0.1", "169.254.169.254"];
    for (server, reached) in [
        ("https://mcp.example/mcp", 1),
        ("https://1.1.1.1/mcp", 1),
        ("https://localhost.evil.example/mcp", 1),
        ("https://127.0.0.1.nip.io/mcp", 1),
        ("http://169.254.169.254/mcp", 1),
        ("nonsense", 1),
        ("http://10.1.2.3:8000/mcp", 2),
        ("http://[fd12::1]/mcp", 2),
        ("http://localhost:1/mcp", 3),
        ("http://LOCALHOST:1/mcp", 3),
        ("http://mcp.localhost:1/mcp", 3),
        ("http://127.1:1/mcp", 3),
        ("http://[::ffff:127.0.0.1]:1/mcp", 3),
    ] {
        let reach = Reach::of_server(server, &[]);
        let own = host_of(server);
        for host in ["stranger.example", &own] {
            let allowed = addresses.iter().filter(|address| reach.allows(host, address.parse().unwrap()).is_ok());
            assert_eq!(allowed.count(), reached, "{host}, server {server}");
        }
    }
}

#[test]
fn a_host_that_the_user_trusts_may_be_private() {
    let reach = Reach::of_server("https://mcp.corp/mcp", &["IdP.corp".to_owned()]);
    for (host, address, allowed) in [
        ("idp.corp", "10.0.0.1", Ok(())),
        ("idp.corp", "127.0.0.1", Ok(())),
        ("mcp.corp", "10.0.0.1", Err(Privacy::Private)),
        ("other.corp", "10.0.0.1", Err(Privacy::Private)),
        ("idp.corp.evil.example", "10.0.0.1", Err(Privacy::Private)),
    ] {
        assert_eq!(reach.allows(host, address.parse().unwrap()), allowed, "{host} at {address}");
    }
}

/// What the user typed counts for its port and its scheme, and for no other service of the host.
#[test]
fn what_the_user_typed_counts_for_that_host_port_and_scheme() {
    let reach =
        Reach::of_server("http://mcp.example:8000/mcp", &["lab.example".to_owned()]).name("http://localhost:9000/r");
    for (url, within, plain) in [
        ("http://mcp.example:8000/other", true, true),
        ("http://mcp.example:8001/mcp", true, false),
        ("http://mcp.example/mcp", true, false),
        ("http://sub.mcp.example:8000/mcp", true, false),
        ("http://lab.example:1/", true, true),
        ("http://localhost:9000/x", true, true),
        ("http://localhost:22/", false, true),
        ("http://127.0.0.1:9000/", false, true),
        ("http://10.0.0.1/", false, false),
    ] {
        let parsed = Url::parse(url).unwrap();
        assert_eq!((reach.allows_text(&parsed).is_ok(), reach.may_be_plain(&parsed)), (within, plain), "{url}");
    }
    let reach = Reach::of_server("https://mcp.example/mcp", &[]);
    for url in ["http://mcp.example/mcp", "http://mcp.example:443/mcp", "http://mcp.example:80/mcp"] {
        assert!(!reach.may_be_plain(&Url::parse(url).unwrap()), "{url}");
    }
}

#[test]
fn a_host_is_given_alone() {
    for (text, expected) in [
        ("MCP.example", "mcp.example"),
        ("10.0.0.1", "10.0.0.1"),
        ("::1", "[::1]"),
        ("[::1]", "[::1]"),
        ("127.1", "127.0.0.1"),
    ] {
        assert_eq!(host(text).as_deref(), Ok(expected), "{text}");
    }
    for text in ["", "mcp.example:8443", "https://mcp.example", "mcp.example/path", "user@mcp.example", "a b"] {
        assert!(host(text).is_err(), "{text}");
    }
}

#[test]
fn loopback_is_known_by_name() {
    assert!(
        ["localhost", "LOCALHOST", "a.localhost", "127.0.0.1", "[::1]", "127.1.2.3"]
            .iter()
            .all(|host| is_loopback(host))
    );
    assert!(["localhost.evil.example", "example.com", "10.0.0.1", ""].iter().all(|host| !is_loopback(host)));
}
