//! What an untrusted party controls in lesson 04: the redirect, the token response, and a stored
//! file that was changed. `shared::testing::fuzz` says how the inputs are made.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;

use authorization_code::authorization_response::{AuthorizationResponse, Expected, check_issuer, check_state, code};
use authorization_code::further::stored_tokens::{self, Tokens};
use authorization_code::{TokenResponse, token_response};
use serde_json::{Value, json};
use shared::kept::Home;
use shared::testing::fuzz::{bytes, check, nearly, nearly_json_text, one_of};
use shared::testing::private_folder;
use shared::{Reporter, Secret};

const STATE: &str = "st4te-of-this-run";
const ISSUER: &str = "https://idp.example";

const QUERIES: &[&str] = &[
    "state=st4te-of-this-run&code=c0de-of-this-run&iss=https%3A%2F%2Fidp.example&session_state=x",
    "code=c0de-of-this-run&state=st4te-of-this-run",
    "error=access_denied&error_description=No+way&state=st4te-of-this-run&iss=https://idp.example",
    "state=st4te%2Dof-this-run&code=c%30de-of-this-run&code=c0de&iss=https://evil.example&iss=https://idp.example",
];

/// The values of a parameter, as application/x-www-form-urlencoded writes them.
fn values(query: &str, name: &str) -> Vec<Vec<u8>> {
    let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.filter(|(known, _)| decoded(known) == name.as_bytes()).map(|(_, value)| decoded(value)).collect()
}

fn decoded(text: &str) -> Vec<u8> {
    let (mut bytes, mut rest) = (vec![], text.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).filter(|_| *first == b'%').and_then(|digits| std::str::from_utf8(digits).ok());
        let digits = digits.filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let encoded = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(encoded.unwrap_or(if *first == b'+' { b' ' } else { *first }));
        rest = &after[if encoded.is_some() { 2 } else { 0 }..];
    }
    bytes
}

#[test]
fn redirect_query() {
    let reporter = Reporter::silent();
    check("redirect query", 2000, &nearly(one_of(QUERIES)), |query| {
        let response = AuthorizationResponse::from_query(&query);
        let is_once = |name: &str, value: &str| values(&query, name) == [value.as_bytes()];
        for iss_promised in [true, false] {
            let expected = Expected { state: STATE.to_owned(), issuer: ISSUER.to_owned(), iss_promised };
            assert_eq!(check_state(&reporter, &expected, &response).is_ok(), is_once("state", STATE));
            let is_absent = values(&query, "iss").is_empty();
            let is_good = is_once("iss", ISSUER) || is_absent && !iss_promised;
            assert_eq!(check_issuer(&reporter, &expected, &response).is_ok(), is_good, "promised: {iss_promised}");
        }
        if let Ok(code) = code(&reporter, &response) {
            assert!(!code.is_empty() && values(&query, "code").len() == 1, "{code}");
            assert!(values(&query, "error").is_empty(), "there is an error beside the code");
        }
        // Names and the issuer are shown as they are: what stands there is no code.
        let names = query.split('&').map(|pair| decoded(pair.split('=').next().unwrap_or_default()));
        let mut shown = names.chain(values(&query, "iss")).map(|text| String::from_utf8_lossy(&text).into_owned());
        let table: String = response.shown().map(|(name, value)| format!("{name} {value}\n")).collect();
        assert!(shown.any(|text| text.contains("c0de")) || !table.contains("c0de-of-this-run"), "{table}");
    });
}

fn valid() -> Value {
    json!({
        "access_token": "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwOi8vciJ9.c2ln",
        "token_type": "Bearer",
        "expires_in": 300,
        "refresh_token": "tGzv3JOkF0XG5Qx2TlKWIA",
        "scope": "a b",
    })
}

#[test]
fn token_response() {
    let reporter = Reporter::silent();
    check("token response", 1000, &bytes(nearly_json_text(valid())), |document| {
        let tokens = match TokenResponse::from_json(&document) {
            Ok(tokens) => tokens,
            Err(error) => return assert!(!error.to_string().contains('\n'), "{error}"),
        };
        let document: Value = serde_json::from_slice(&document).unwrap();
        // What has another type, or is empty, counts as absent.
        assert_eq!(tokens.scope.as_deref(), document["scope"].as_str());
        let refresh_token = document["refresh_token"].as_str().filter(|token| !token.is_empty());
        assert_eq!(tokens.refresh_token.as_ref().map(Secret::expose), refresh_token);
        assert!(tokens.expires_in.is_none() || document["expires_in"].is_number());
        // access-token = 1*VSCHAR (RFC 6749, appendix A.12): it goes into a header.
        let token = document["access_token"].as_str().unwrap();
        assert!(!token.is_empty() && token.bytes().all(|c| (b' '..=b'~').contains(&c)), "{token:?}");
        let requested = ["a".to_owned(), "c".to_owned()];
        if token_response::check(&reporter, &tokens, &requested, "http://r", false).is_ok() {
            assert_eq!(document["token_type"].as_str().unwrap().to_lowercase(), "bearer");
        }
        assert!(!format!("{:?}", tokens.access_token).contains(token) || token.len() < 8, "{tokens:?}");
    });
}

#[test]
fn file_of_tokens() {
    let (folder, runtime) = (private_folder(), tokio::runtime::Runtime::new().unwrap());
    let (file, home) = (folder.path().join("tokens.json"), Home::at(folder.path()));
    let kept = json!({"issuer": ISSUER, "requested": ["a"], "obtained_at": 1, "tokens": valid()});
    let valid = json!({"version": 1, "servers": {"http://r": kept}});
    check("file of tokens", 200, &bytes(nearly_json_text(valid)), |bytes| {
        fs::write(&file, &bytes).unwrap();
        match runtime.block_on(stored_tokens::find(&home, "http://r")) {
            Ok(kept) => {
                let mut opened = runtime.block_on(Tokens::open(&home)).unwrap();
                opened.forget("http://other").unwrap();
                drop(opened);
                assert_eq!(runtime.block_on(stored_tokens::find(&home, "http://r")).unwrap(), kept);
            }
            Err(failure) => {
                assert!(!failure.message.contains("tGzv3JOkF0XG") && !failure.message.contains("eyJ"), "{failure}");
                assert!(!failure.message.contains('\n') && failure.fix.contains("Move "), "{failure}");
                assert_eq!(fs::read(&file).unwrap(), bytes, "what cannot be read is left alone");
            }
        }
    });
}
