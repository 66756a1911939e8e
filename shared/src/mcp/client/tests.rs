use super::*;

#[test]
fn only_the_answer_to_the_request_is_one() {
    let id = RequestId::Number(7);
    for good in [
        r#"{"jsonrpc":"2.0","id":7,"result":{"resultType":"complete","content":[]}}"#,
        r#"{"jsonrpc":"2.0","id":7,"error":{"code":-32601,"message":"no"}}"#,
        r#"{"jsonrpc":"2.0","error":{"code":-32600,"message":"no"}}"#,
        r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"no"}}"#,
    ] {
        assert!(correlated(good.as_bytes(), &id).is_some(), "{good}");
    }
    for bad in [
        "",
        "<html>",
        "[]",
        r#"{"jsonrpc":"2.0","id":8,"result":{}}"#,
        r#"{"jsonrpc":"2.0","id":"7","result":{}}"#,
        r#"{"jsonrpc":"2.0","result":{}}"#,
        r#"{"jsonrpc":"2.0","id":8,"error":{"code":-32600,"message":"no"}}"#,
        r#"{"jsonrpc":"2.0","id":7,"method":"ping"}"#,
    ] {
        assert!(correlated(bad.as_bytes(), &id).is_none(), "{bad}");
    }
}

#[test]
fn the_data_of_events_is_read() {
    assert_eq!(events("event: message\ndata: {\"a\":1}\n\n"), ["{\"a\":1}"]);
    assert_eq!(events(": hello\r\n\r\ndata:a\r\ndata: b\r\n\r\nid: 1\n\ndata: c"), ["a\nb", "c"]);
    assert_eq!(events(""), Vec::<String>::new());
}
