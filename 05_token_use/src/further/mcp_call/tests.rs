use super::*;

#[test]
fn the_tool_is_the_one_that_the_message_calls() {
    let of = |text: &str| McpCall::read(&Bytes::copy_from_slice(text.as_bytes())).map(|call| call.tool);
    let call =
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"save_note","arguments":{"name":"x"}}}"#;
    assert_eq!(of(call), Ok(Some("save_note".to_owned())));
    for none in
        ["", "[]", r#"{"method":"tools/list","params":{"name":"x"}}"#, r#"{"method":"tools/call"}"#, r#"{"method":7}"#]
    {
        assert_eq!(of(none), Ok(None), "{none}");
    }
    for twice in [
        r#"{"method":"tools/list","method":"tools/call","params":{"name":"save_note"}}"#,
        r#"{"method":"tools/call","params":{"name":"get_weather","name":"save_note"}}"#,
        r#"{"method":"tools/call","params":{"name":"get_weather"},"params":{"name":"save_note"}}"#,
    ] {
        assert_eq!(of(twice), Err(DuplicateMember), "{twice}");
    }
}
