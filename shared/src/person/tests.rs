use super::*;
use serde_json::json;

const PLAIN: View = View { color: false, width: 80, full: false, curl: false };

fn received(body: Value) -> String {
    let headers = vec![("x-evil".to_owned(), "\u{1b}[2Jcleared\r\n".to_owned())];
    PLAIN.render(Side::Client, &Event::Received { status: 200, headers, body, ms: 3 }, false)
}

#[test]
fn a_terminal_never_gets_a_strangers_control_characters() {
    let text = received(json!("\u{1b}]0;title\u{7}\n\u{202e}txt.exe\u{9b}31m"));
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
    assert!(text.contains("\\u{1b}[2Jcleared") && text.contains("\\u{202e}"), "{text}");
}

#[test]
fn a_long_body_is_cut_and_says_so() {
    let text = received(json!({"list": (0..1000).collect::<Vec<_>>()}));
    assert!(text.contains("more lines, --full"), "{text}");
    assert!(text.lines().count() < 30, "{text}");
    let text = received(json!("é".repeat(5000)));
    assert!(text.contains("4600 more characters"), "{text}");
}

#[test]
fn a_body_is_not_cut_for_one_line() {
    let of_lines = |lines: usize| received(json!(vec!["line"; lines].join("\n")));
    assert!(!of_lines(BODY_LINES + 1).contains("more lines"));
    assert!(of_lines(BODY_LINES + 2).contains("… 2 more lines, --full"));
}

#[test]
fn an_unknown_status_code_is_shown_as_a_number() {
    let event = Event::Received { status: 799, headers: vec![], body: Value::Null, ms: 0 };
    assert_eq!(PLAIN.render(Side::Client, &event, false), "  client ← 799  (0 ms)\n");
}

#[test]
fn a_rule_of_this_tutorial_is_printed_as_its_own_and_without_a_link() {
    let spec = &crate::spec::TUTORIAL_LIMITS;
    let stage = Event::Stage { n: 1, title: "read".to_owned(), lesson: None, is_aside: false, spec };
    assert_eq!(PLAIN.render(Side::Client, &stage, false), "\nStage 1: read · This tutorial Limits\n");
}

#[test]
fn a_url_is_never_broken() {
    let url = format!("http://localhost/{}", "a-b/".repeat(60));
    assert!(
        PLAIN
            .render(Side::Server, &Event::Note { text: format!("see {url} there"), is_urgent: false }, false)
            .contains(&url)
    );
}

#[test]
fn what_nobody_would_see_is_escaped_and_every_script_stays() {
    for c in ['\u{7f}', '\u{9b}', '\u{ad}', '\u{200b}', '\u{200d}', '\u{2028}', '\u{2029}', '\u{202e}', '\u{2060}']
        .into_iter()
        .chain(['\u{2066}', '\u{feff}', '\u{fff9}', '\u{1d173}', '\u{e0001}', '\u{e007f}', '\u{61c}', '\u{180e}'])
    {
        assert_eq!(printable(&format!("a{c}b")), format!("a\\u{{{:x}}}b", c as u32));
    }
    let scripts = "plain ASCII ~ é ß Ωμέγα Жук 漢字 한글 हिन्दी עברית العربية ไทย 😀 … “x” ✔ \u{a0}";
    assert_eq!(printable(scripts), scripts);
}
