use super::*;

#[test]
fn untrusted_text_does_not_become_markup() {
    let text = escaped("<script>alert('x')</script>");
    assert_eq!(text, "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;");
}
