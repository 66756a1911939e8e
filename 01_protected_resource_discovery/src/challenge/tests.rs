use super::*;

fn one(field: &str) -> Challenge {
    let (challenges, fault) = parse(field);
    assert_eq!(fault, None, "{field}");
    assert_eq!(challenges.len(), 1, "{challenges:?}");
    challenges[0].clone()
}

#[test]
fn the_example_of_mcp_is_read() {
    let challenge = one("Bearer resource_metadata=\"https://mcp.example.com/.well-known/oauth-protected-resource\",\
         \t scope=\"files:read\"");
    assert!(challenge.is("bearer"));
    let url = "https://mcp.example.com/.well-known/oauth-protected-resource";
    assert_eq!(challenge.parameter("resource_metadata"), Some(url));
    assert_eq!(challenge.parameter("scope"), Some("files:read"));
}

/// The example of RFC 9110 §11.6.1.
#[test]
fn several_challenges_in_one_field_are_told_apart() {
    let challenges = parse("Basic realm=\"simple\", Newauth realm=\"apps\", type=1, title=\"Login to \\\"apps\\\"\"").0;
    assert_eq!(challenges.len(), 2);
    assert_eq!(challenges[0].parameters, [("realm".to_owned(), "simple".to_owned())]);
    assert_eq!(challenges[1].parameter("title"), Some("Login to \"apps\""));
    assert_eq!(challenges[1].parameter("type"), Some("1"));
}

#[test]
fn any_spelling_that_the_grammar_allows_is_read() {
    for field in [
        "Bearer resource_metadata=\"u\"",
        "bEARER RESOURCE_METADATA=u",
        "Bearer   resource_metadata = \"u\" ",
        ",, Bearer resource_metadata=\"u\" ,,",
        "Negotiate, Bearer resource_metadata=\"u\"",
        "Negotiate YII=, Bearer resource_metadata=u",
        "Basic realm=\"a, Bearer resource_metadata=\\\"x\\\"\", Bearer scope=\"a b\", resource_metadata=\"u\"",
        "Bearer scope=\"first\", Bearer resource_metadata=u",
        "Bearer error=\"invalid_token\", , resource_metadata=\"\\u\"",
    ] {
        let (challenges, fault) = parse(field);
        assert_eq!(fault, None, "{field}");
        assert_eq!(bearer(&challenges).unwrap().parameter("resource_metadata"), Some("u"), "{field}");
    }
}

#[test]
fn a_scheme_alone_is_a_challenge_without_parameters() {
    assert_eq!(one("Bearer").parameters, []);
    assert_eq!(bearer(&parse("Basic realm=x").0), None);
    assert_eq!(parse(""), (vec![], None));
}

#[test]
fn what_breaks_the_grammar_is_refused_with_the_place_and_the_reason() {
    for (field, position, problem) in [
        ("Bearer a=b, realm=", 18, "a value is expected"),
        ("Bearer realm=\"open", 18, "the closing quotation mark is expected"),
        ("Bearer realm=\"x\\", 16, "a character after the backslash is expected"),
        ("Bearer scope=\"a\", Scope=\"b\"", 18, "scope appears twice: \"a\" and \"b\""),
        ("=x", 0, "the name of an authentication scheme is expected"),
        ("\"Bearer\"", 0, "the name of an authentication scheme is expected"),
        ("Bearer realm=\"a\" scope=\"b\"", 17, "a comma is missing before scope"),
        ("Bearer realm=a b", 15, "a comma is missing before b"),
        ("Bearer {\"json\":1}", 7, "the name of a parameter is expected"),
        ("Bearer:realm=x", 6, "a value like this needs quotation marks around it"),
        ("Bearer réalm=x", 8, "= is expected"),
        ("Bearer, resource_metadata=\"u\"", 25, "there is a comma after Bearer, where only a space belongs"),
        ("Bearer , scope=a", 14, "there is a comma after Bearer, where only a space belongs"),
        ("Bearer realm=\"a\"; scope=\"b\"", 16, "there is a semicolon where a comma belongs"),
        ("Bearer resource_metadata: \"u\"", 24, "there is a colon where = belongs"),
        ("Bearer resource_metadata=https://h/x", 30, "a value like this needs quotation marks around it"),
        ("Bearer resource_metadata='https://h/x'", 31, "a value like this needs quotation marks around it"),
        ("Bearer realm=“a”", 13, "there are typographic quotation marks where \" belongs"),
    ] {
        let expected = ChallengeError { position, problem: problem.to_owned() };
        assert_eq!(parse(field).1, Some(expected), "{field}");
    }
}

#[test]
fn challenges_in_front_of_a_fault_are_kept() {
    let (challenges, fault) = parse("Bearer resource_metadata=\"u\", Basic realm=\"x");
    assert_eq!(challenges.len(), 1);
    assert_eq!(bearer(&challenges).unwrap().parameter("resource_metadata"), Some("u"));
    assert!(fault.is_some());
    let (challenges, fault) = parse("Negotiate, Bearer, resource_metadata=\"u\"");
    let schemes: Vec<_> = challenges.iter().map(|challenge| challenge.scheme.as_str()).collect();
    assert_eq!((schemes, fault.is_some()), (vec!["Negotiate", "Bearer"], true));
}

#[test]
fn no_input_makes_the_parser_panic_or_hang() {
    let pieces = ["Bearer", " ", ",", "=", "\"", "\\", "a", "é", "\t", "scope", "\u{0}", ";", "eyJ.e.s"];
    let mut fields = vec![String::new()];
    for _ in 0..4 {
        fields = fields.iter().flat_map(|field| pieces.map(|piece| format!("{field}{piece}"))).collect();
    }
    for field in &fields {
        let _ = parse(field);
    }
    let _ = parse(&"Bearer a=b,".repeat(100_000));
    let _ = parse(&"\"".repeat(100_000));
}
