use serde_json::json;

use super::*;
use crate::way::Way;

fn clients(entries: &[(&str, &str)]) -> Registrations {
    let registration = |id: &str| Registration {
        way: Way::Anonymous,
        registered_at: 0,
        mcp_servers: vec![],
        requested: json!({}),
        information: ClientInformation::known(id, Some(shared::Secret::new("s3cr3t"))),
    };
    entries.iter().map(|(issuer, id)| ((*issuer).to_owned(), registration(id))).collect()
}

#[test]
fn a_client_is_chosen_by_the_beginning_of_its_name() {
    let two = clients(&[("https://a.example", "abc-1"), ("https://b.example", "abc-2")]);
    let which = |wanted: Option<&str>| chosen(&two, wanted, "HOME").map_err(|failure| failure.message);
    assert_eq!(which(Some("https://b")), Ok("https://b.example".to_owned()));
    assert_eq!(which(Some("abc-1")), Ok("https://a.example".to_owned()));
    assert_eq!(
        which(Some("abc")),
        Err("Several clients could be meant: abc-1 at https://a.example, abc-2 at https://b.example.".to_owned())
    );
    assert_eq!(
        which(None),
        Err("Several clients could be meant: abc-1 at https://a.example, abc-2 at https://b.example.".to_owned())
    );
    assert_eq!(which(Some("x")), Err("No client kept in HOME begins with x.".to_owned()));
    let one = clients(&[("https://a.example", "abc-1")]);
    assert_eq!(chosen(&one, None, "HOME").unwrap(), "https://a.example");
    assert!(chosen(&clients(&[]), None, "HOME").unwrap_err().fix.contains("an IdP that stays"));
}

#[test]
fn a_list_shows_no_secret() {
    let text = list(&clients(&[("https://a.example", "abc-1")]), "HOME");
    assert!(text.contains("abc-1") && text.contains("<secret, hashed ") && !text.contains("s3cr3t"));
}
