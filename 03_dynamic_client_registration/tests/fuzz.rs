//! What an untrusted authorization server controls in lesson 03, its response to a registration,
//! and a stored file that was changed. `shared::testing::fuzz` says how the inputs are made.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;

use dynamic_client_registration::ClientInformation;
use dynamic_client_registration::refusal::Refusal;
use dynamic_client_registration::store::Store;
use serde_json::{Value, json};
use shared::http::Response;
use shared::kept::Home;
use shared::testing::fuzz::{bytes, check, nearly_json_text};
use shared::testing::private_folder;

fn valid() -> Value {
    json!({
        "client_id": "s6BhdRkqt3",
        "client_secret": "cf136dc3c1fc93f31185e5885805d",
        "client_secret_expires_at": 0,
        "registration_access_token": "reg-23410913-abewfq.123483",
        "registration_client_uri": "https://server.example.com/register/s6BhdRkqt3",
        "redirect_uris": ["https://client.example.org/callback"],
        "grant_types": ["authorization_code"],
        "scope": "a b",
        "token_endpoint_auth_method": "client_secret_basic",
    })
}

#[test]
fn client_information() {
    check("client information response", 1000, &bytes(nearly_json_text(valid())), |document| {
        let (information, faults) = match ClientInformation::from_json(&document) {
            Ok(information) => information,
            Err(error) => return assert!(!error.to_string().contains('\n'), "{error}"),
        };
        let document: Value = serde_json::from_slice(&document).unwrap();
        assert_eq!(document["client_id"], information.client_id);
        let is_at_fault = |name| faults.iter().any(|fault| fault.member() == Some(name));
        let is_usable = |name| document.get(name).filter(|_| !is_at_fault(name));
        assert_eq!(is_usable("client_secret").is_some(), information.client_secret.is_some());
        assert!(!information.granted.contains_key("client_secret"), "a secret is no metadata");
        let (uris, scopes) = (information.redirect_uris(), information.scopes());
        assert_eq!(uris.map(|uris| json!(uris)), is_usable("redirect_uris").cloned());
        assert!(scopes.into_iter().flatten().all(|scope| !scope.is_empty() && !scope.contains(' ')));
        information.auth_method();
        // What is stored is what comes back.
        let stored = serde_json::to_vec(&information).unwrap();
        assert_eq!(serde_json::from_slice::<ClientInformation>(&stored).unwrap(), information);
    });
}

#[test]
fn refusal_of_a_registration() {
    let valid = json!({
        "error": "insufficient_scope",
        "error_description": "Policy 'Trusted Hosts' rejected request to client-registration service.",
    });
    check("refusal of a registration", 1000, &bytes(nearly_json_text(valid)), |body| {
        for status in [400, 401, 403, 500] {
            let response = Response { url: String::new(), status, headers: Default::default(), body: body.clone() };
            let refusal = Refusal::read(&response, status == 401);
            assert!(!refusal.to_string().is_empty() && !refusal.fix().is_empty());
            assert!(refusal.to_string().starts_with(&format!("HTTP {status}")));
            assert!(response.refusal().starts_with(&format!("HTTP {status}")));
        }
    });
}

#[test]
fn file_of_clients() {
    let (folder, runtime) = (private_folder(), tokio::runtime::Runtime::new().unwrap());
    let (file, store) = (folder.path().join("clients.json"), Store::Kept(Home::at(folder.path()), "clients.json"));
    let registration = json!({"way": "anonymous", "registered_at": 1, "mcp_servers": ["http://localhost:8000/mcp"],
        "requested": {"client_name": "x"}, "information": valid()});
    let valid = json!({"version": 1, "clients": {"https://idp.example": registration}});
    check("file of clients", 200, &bytes(nearly_json_text(valid)), |bytes| {
        fs::write(&file, &bytes).unwrap();
        match runtime.block_on(store.open()) {
            Ok(mut opened) => {
                opened.save().unwrap();
                let before = opened.clone();
                drop(opened);
                assert_eq!(*runtime.block_on(store.open()).unwrap(), before);
            }
            Err(failure) => {
                assert!(!failure.message.contains("cf136dc3c1fc") && !failure.message.contains("abewfq"), "{failure}");
                assert!(!failure.message.contains('\n') && failure.fix.contains("Move "), "{failure}");
                assert_eq!(fs::read(&file).unwrap(), bytes, "what cannot be read is left alone");
            }
        }
    });
}
