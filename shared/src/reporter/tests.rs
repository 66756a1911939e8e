use super::*;
use crate::testing::Captured;

static SPEC: SpecRef = SpecRef { id: "RFC 0", section: "§1", url: "https://example.com", quote: "A MUST." };
static MUST: Rule = Rule::must("test.must", &SPEC);
static SHOULD: Rule = Rule::should("test.should", &SPEC);
static BREAKAGE: Breakage = Breakage::by_server("x", "does x", Side::Client, &MUST);

#[tokio::test]
async fn every_line_holds_against_the_schema_and_counts_up() {
    let captured = Captured::json();
    let reporter = captured.reporter();
    reporter.stage("one", &SPEC).await;
    reporter.recommend(&MUST, true, "a", "a");
    reporter.on(Side::Idp).note("hello\nthere");
    reporter.error("test.must", "no", "do");
    reporter.outcome(false);
    let lines = captured.events();
    assert_eq!(lines.len(), 5);
    assert!(lines.iter().enumerate().all(|(n, line)| line["seq"] == n as u64 + 1));
    assert_eq!(lines[2]["side"], "idp");
    assert_eq!(lines[4]["exit"], 1);
}

#[test]
fn failures_count_by_keyword() {
    let reporter = Captured::json().reporter();
    assert!(!reporter.recommend(&MUST, false, 1, 2));
    assert!(!reporter.recommend(&SHOULD, false, 1, 2));
    assert!(reporter.recommend(&SHOULD, true, 1, 1));
    assert_eq!(reporter.counts(), Counts { stages: 0, checks: 3, failed: 1, missed: 1 });
    assert_eq!(reporter.result_of(&SHOULD), Some(true));
}

#[test]
fn a_provoked_failure_is_caught_and_not_counted_only_on_its_own_side() {
    let reporter = Captured::json().reporter();
    reporter.expect(&BREAKAGE);
    reporter.on(Side::Server).recommend(&MUST, false, 1, 2);
    assert!(!reporter.caught());
    assert_eq!(reporter.counts().failed, 1);
    reporter.recommend(&MUST, false, 1, 2);
    assert!(reporter.caught());
    assert_eq!(reporter.counts().failed, 1);
}

#[test]
fn a_failure_that_is_shown_on_purpose_is_not_counted_until_the_showing_ends() {
    let captured = Captured::json();
    let reporter = captured.reporter();
    let showing = reporter.demonstrating(Side::Server, &MUST, "It is shown.");
    reporter.on(Side::Server).recommend(&MUST, false, 1, 2);
    assert_eq!(reporter.counts().failed, 0);
    reporter.recommend(&MUST, false, 1, 2);
    assert_eq!(reporter.counts().failed, 1, "the other side's failures count");
    drop(showing);
    reporter.on(Side::Server).recommend(&MUST, false, 1, 2);
    assert_eq!(reporter.counts().failed, 2);
    assert!(!reporter.caught());
    let expected: Vec<_> = captured.events().iter().map(|event| event["expected_failure"] == true).collect();
    assert_eq!(expected, [true, false, false]);
}

#[test]
fn a_server_tells_a_person_once_what_goes_on_holding() {
    let captured = Captured::plain();
    let server = captured.reporter().on(Side::Server);
    for passed in [true, true, false, false, true, true] {
        server.recommend(&MUST, passed, "the token is good", "seen");
    }
    let marks: String = captured.text().chars().filter(|c| "✔✘".contains(*c)).collect();
    assert_eq!(marks, "✔✘✘✔");
    let client = captured.reporter();
    client.recommend(&MUST, true, "x", "y");
    client.recommend(&MUST, true, "x", "y");
    assert_eq!(captured.text().matches("MUST x").count(), 2);
}

#[test]
fn a_reader_that_has_gone_away_does_not_end_the_run() {
    struct Closed;
    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
    }
    let options = Options::in_form(Format::Json);
    let reporter = Reporter::new(options, Closed);
    reporter.note("x");
    assert!(reporter.recommend(&MUST, true, 1, 1));
}

#[test]
fn the_json_form_escapes_what_a_terminal_or_an_editor_acts_on_and_says_the_same() {
    let hostile = "\u{7f} \u{9b}31m \u{202e}txt \u{2028} \u{200b} \u{feff} \u{e0041} \" \\ \n é 😀";
    let captured = Captured::json();
    captured.reporter().note(hostile);
    let text = captured.text();
    assert!(!text.trim_end().chars().any(crate::person::is_invisible), "{text:?}");
    for escape in ["\\u007f", "\\u009b", "\\u202e", "\\u2028", "\\u200b", "\\ufeff", "\\udb40\\udc41"] {
        assert!(text.contains(escape), "{escape} in {text}");
    }
    assert_eq!(captured.events()[0]["text"], hostile);
}

#[test]
fn what_a_run_knows_to_be_secret_is_masked_in_every_later_event() {
    crate::redact::begin_exchange();
    crate::redact::learn("code", "only-in-this-test-1");
    let captured = Captured::plain();
    captured.reporter().note("first only%2Din-this-test-1, then b25seS1pbi10aGlzLXRlc3QtMQ==");
    let text = captured.text();
    assert_eq!(text.matches("<code, 19 characters, hashed ").count(), 2, "{text}");
}
