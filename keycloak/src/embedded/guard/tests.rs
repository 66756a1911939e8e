use axum::Router;
use axum::body::Body;
use axum::middleware;
use axum::routing::any;
use tower::ServiceExt;

use super::*;

async fn status(path: &str, headers: &[(&str, &str)]) -> u16 {
    let router = Router::new().fallback(any(|| async { "here" })).layer(middleware::from_fn(check_caller));
    let mut request = Request::builder().uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap().status().as_u16()
}

#[tokio::test]
async fn only_requests_for_this_machine_are_served() {
    for host in ["localhost:9100", "localhost", "127.0.0.1:9100", "127.0.0.1", "[::1]:9100", "[::1]", "LOCALHOST:1"] {
        assert_eq!(status("/realms/mcp-oauth", &[("host", host)]).await, 200, "{host}");
    }
    for host in [
        "evil.example",
        "evil.example:9100",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "10.0.0.1:9100",
        "0.0.0.0:9100",
        "localhost@evil.example",
        "localhost:x",
        "",
    ] {
        assert_eq!(status("/realms/mcp-oauth", &[("host", host)]).await, 421, "{host}");
    }
    assert_eq!(status("/", &[]).await, 421, "no host");
    assert_eq!(status("/", &[("host", "localhost"), ("host", "evil.example")]).await, 421, "two hosts");
    assert_eq!(status("/", &[("host", "localhost"), ("host", "localhost")]).await, 421, "twice the same");
}

#[tokio::test]
async fn no_foreign_page_uses_the_admin_api() {
    let admin = ["/admin/realms/mcp-oauth/components", "/realms/master/protocol/openid-connect/token"];
    let host = ("host", "localhost:9100");
    for path in admin {
        assert_eq!(status(path, &[host]).await, 200, "no page at all: {path}");
        assert_eq!(status(path, &[host, ("origin", "http://localhost:9100")]).await, 200, "its own page: {path}");
        for origin in ["https://evil.example", "http://localhost:6274", "null", "http://localhost:9100.evil.example"] {
            assert_eq!(status(path, &[host, ("origin", origin)]).await, 403, "{origin}: {path}");
        }
    }
    let page = [host, ("origin", "https://evil.example")];
    assert_eq!(status("/realms/mcp-oauth/protocol/openid-connect/certs", &page).await, 200, "keys are for every page");
}
