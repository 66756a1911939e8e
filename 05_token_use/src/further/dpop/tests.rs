use axum::http::{HeaderMap, HeaderName, HeaderValue};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};

use super::*;

/// The claims of a proof whose signature is that of the key in its header; the key has no
/// private half.
fn claims(request: &Request) -> Value {
    let proof = request.header_value("dpop").expect("a proof");
    let header = decode_header(proof).unwrap();
    assert_eq!((header.typ.as_deref(), header.alg), (Some("dpop+jwt"), Algorithm::ES256));
    let raw = URL_SAFE_NO_PAD.decode(proof.split('.').next().unwrap()).unwrap();
    let names: Vec<_> =
        serde_json::from_slice::<Value>(&raw).unwrap()["jwk"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["kty", "crv", "x", "y"]);
    let mut validation = Validation::new(Algorithm::ES256);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    decode(proof, &DecodingKey::from_jwk(&header.jwk.unwrap()).unwrap(), &validation).unwrap().claims
}

fn response(url: &str, status: u16, headers: &[(&'static str, &'static str)], body: &str) -> Response {
    let headers: HeaderMap =
        headers.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect();
    Response { url: url.to_owned(), status, headers, body: body.as_bytes().to_vec() }
}

const TOKEN_ENDPOINT: &str = "https://idp.example/token";

fn token_request() -> Request {
    Request::post_form(TOKEN_ENDPOINT, &[("grant_type", "authorization_code"), ("code", "c")])
}

fn call() -> Request {
    // The token of RFC 9449's own example (§7.1).
    Request::get("https://mcp.example/mcp?a=b#c")
        .header("authorization", "DPoP Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU")
}

#[test]
fn a_proof_is_over_this_request_and_this_token() {
    let dpop = Dpop::generate().unwrap();
    let of_token_request = claims(&dpop.decorated(&token_request()));
    assert_eq!((&of_token_request["htm"], &of_token_request["htu"]), (&json!("POST"), &json!(TOKEN_ENDPOINT)));
    assert!(of_token_request["iat"].is_u64() && of_token_request.get("ath").is_none());
    let of_call = claims(&dpop.decorated(&call()));
    assert_eq!((&of_call["htm"], &of_call["htu"]), (&json!("GET"), &json!("https://mcp.example/mcp")));
    assert_eq!(of_call["ath"], "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo", "RFC 9449 §7.1");
    assert_ne!(claims(&dpop.decorated(&call()))["jti"], of_call["jti"], "each is good once");
}

#[test]
fn nothing_else_gets_a_proof() {
    let dpop = Dpop::generate().unwrap();
    let others = [
        Request::get("https://mcp.example/mcp"),
        Request::get("https://mcp.example/mcp").bearer(&Secret::new("token")),
        Request::post_form("https://idp.example/revoke", &[("token", "t")]),
        Request::post_json("https://idp.example/register", &json!({"grant_type": "authorization_code"})),
    ];
    for request in others {
        assert!(dpop.decorated(&request).header_value("dpop").is_none(), "{}", request.url());
    }
}

#[test]
fn a_servers_nonce_is_repeated_to_this_server_and_to_no_other() {
    let dpop = Dpop::generate().unwrap();
    let refusal = |nonce| response(TOKEN_ENDPOINT, 400, &[("dpop-nonce", nonce)], r#"{"error":"use_dpop_nonce"}"#);
    assert!(dpop.wants_another(&token_request(), &refusal("one")));
    assert_eq!(claims(&dpop.decorated(&token_request()))["nonce"], "one");
    assert!(claims(&dpop.decorated(&call())).get("nonce").is_none(), "another server's");
    assert!(!dpop.wants_another(&token_request(), &refusal("one")), "the same once more would go on for ever");
    // A new one may come with any answer (§8.2), which is no reason to ask again.
    assert!(!dpop.wants_another(&token_request(), &response(TOKEN_ENDPOINT, 200, &[("dpop-nonce", "two")], "{}")));
    assert_eq!(claims(&dpop.decorated(&token_request()))["nonce"], "two");
}

#[test]
fn only_the_servers_own_words_ask_for_a_nonce() {
    let url = "https://mcp.example/mcp";
    let challenge = "DPoP error=\"use_dpop_nonce\", algs=\"ES256\"";
    let asks = |status, headers: &[(&'static str, &'static str)], body: &str| {
        Dpop::generate().unwrap().wants_another(&call(), &response(url, status, headers, body))
    };
    assert!(asks(401, &[("www-authenticate", challenge), ("dpop-nonce", "n")], ""));
    assert!(!asks(401, &[("www-authenticate", challenge)], ""), "without a nonce there is nothing to repeat");
    assert!(!asks(401, &[("www-authenticate", "DPoP error=\"invalid_token\""), ("dpop-nonce", "n")], ""));
    assert!(!asks(400, &[("dpop-nonce", "n")], r#"{"error":"invalid_grant"}"#));
    assert!(!asks(500, &[("www-authenticate", challenge), ("dpop-nonce", "n")], r#"{"error":"use_dpop_nonce"}"#));
    assert!(!asks(400, &[("dpop-nonce", "n")], "<html>"));
}
