use super::*;
use crate::event::Rule;
use crate::spec::SpecRef;

static SPEC: SpecRef = SpecRef { id: "RFC 0", section: "§1", url: "https://example.com", quote: "A MUST." };
static RULE: Rule = Rule::must("test.rule", &SPEC);

fn lesson(folder: &'static str) -> Option<LessonId> {
    LessonId::in_path(folder)
}

/// The whole story of lesson 02.
fn story() -> Options {
    let format = Format::Person { color: false, width: 100 };
    Options { first_shown: 2, lesson: lesson("02_second"), ..Options::in_form(format) }
}

fn stage(n: usize, folder: &'static str) -> Event {
    Event::Stage { n, title: format!("stage {n}"), lesson: lesson(folder), is_aside: false, spec: &SPEC }
}

fn check(passed: bool, failure_expected: Option<Expected>) -> Event {
    Event::Checked {
        id: RULE.id,
        keyword: RULE.keyword,
        lesson: lesson("02_second"),
        passed,
        expected: "it fits".to_owned(),
        got: "what was seen".to_owned(),
        spec: RULE.spec,
        fix: String::new(),
        failure_expected,
    }
}

fn note(text: &str, is_urgent: bool) -> Event {
    Event::Note { text: text.to_owned(), is_urgent }
}

fn end(ok: bool) -> Event {
    Event::Outcome { ok, stages: 1, checks: 1, failed: 0, missed: 0, exit: u8::from(!ok), broken: None }
}

fn printed(options: &Options, events: &[Event]) -> String {
    let mut view = LessonView::new(options);
    events.iter().map(|event| view.show(Side::Client, event, None)).collect()
}

#[test]
fn stages_of_earlier_lessons_fold_into_a_line_for_each_lesson() {
    let refusal = || Some(Expected::Refusal("It must.".to_owned()));
    let events = [
        stage(1, "01_first"),
        check(true, None),
        note("nobody needs this here", false),
        stage(2, "01_first"),
        check(true, None),
        stage(3, "02_second"),
        check(true, None),
        check(false, refusal()),
        end(true),
    ];
    let text = printed(&story(), &events);
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[0], "  01_first: 2 stages, 2 ✔ (--from 01 shows them)");
    assert_eq!(lines[2], "Stage 3: stage 3 · RFC 0 §1");
    assert_eq!(lines[3], "  client ✔ MUST it fits [test.rule] RFC 0 §1");
    assert_eq!(lines[4], "           “A MUST.”");
    assert!(lines[5].contains("it fits – refused, as it must be"), "{text}");
    assert_eq!(lines.last(), Some(&"Lesson 02 passed: 4 ✔."));
    let all = printed(&Options { full: true, ..story() }, &events);
    assert!(all.contains("Stage 1: stage 1") && all.contains("nobody needs this here"), "{all}");
    let from_the_first = printed(&Options { first_shown: 1, ..story() }, &events);
    assert!(from_the_first.contains("Stage 2: stage 2"), "{from_the_first}");
}

#[test]
fn a_folded_stage_with_a_failure_unfolds_and_the_others_stay_folded() {
    let shown = || Some(Expected::Demonstration("It shows what happens.".to_owned()));
    let events = [
        stage(1, "01_first"),
        check(true, None),
        stage(2, "01_first"),
        check(false, None),
        stage(3, "01_first"),
        check(false, shown()),
        stage(4, "02_second"),
        end(false),
    ];
    let text = printed(&story(), &events);
    assert!(text.starts_with("  01_first: 1 stage, 1 ✔ (--from 01 shows them)\n\nStage 2: stage 2"), "{text}");
    assert!(text.contains("✘ MUST it fits [test.rule] RFC 0 §1\n           seen: what was seen"), "{text}");
    assert!(text.contains("  01_first: 1 stage, 0 ✔, 1 ⚠\n"), "{text}");
    assert!(text.ends_with("\nLesson 02 failed: 1 ✔, 1 ✘ MUST, 1 ⚠.\n"), "{text}");
}

#[test]
fn an_error_and_what_a_person_has_to_do_show_in_a_folded_stage() {
    let error = |id: &str| Event::Error { id: id.to_owned(), message: "No.".to_owned(), fix: String::new() };
    let ask = [stage(1, "01_first"), note("Sign in here", true), check(true, None), end(true)];
    let text = printed(&story(), &ask);
    assert!(text.starts_with("  client · Sign in here\n  01_first: 1 stage, 1 ✔"), "{text}");
    let text = printed(&story(), &[stage(1, "01_first"), check(true, None), error("x"), end(false)]);
    assert!(text.starts_with("Stage 1: stage 1 · RFC 0 §1\n  client ✔ MUST it fits"), "{text}");
    assert!(text.ends_with("Lesson 02 failed: 1 ✔. See the error above.\n"), "{text}");
    let text = printed(&story(), &[stage(1, "01_first"), error("interrupted"), end(false)]);
    assert!(text.contains("Lesson 02 was interrupted"), "{text}");
}

#[test]
fn what_is_beside_the_straight_path_folds_in_the_story_only() {
    let aside =
        Event::Stage { n: 1, title: "beside".to_owned(), lesson: lesson("02_second"), is_aside: true, spec: &SPEC };
    let events = [aside, check(true, None), end(true)];
    let text = printed(&story(), &events);
    assert_eq!(text, "  02_second: 1 stage, 1 ✔ (FURTHER.md; --full shows them)\n\nLesson 02 passed: 1 ✔.\n");
    let command = printed(&Options { lesson: None, ..story() }, &events);
    assert!(command.starts_with("Stage 1: beside") && command.ends_with("\nDone: 1 ✔.\n"), "{command}");
}

#[test]
fn each_lesson_has_a_row_with_the_latest_that_it_came_to() {
    let result = |folder, text: &str| Event::Result { lesson: lesson(folder).unwrap(), text: text.to_owned() };
    let events = [
        result("02_second", "old"),
        result("01_first", "a"),
        result("02_second", "new"),
        stage(1, "02_second"),
        end(true),
    ];
    let text = printed(&story(), &events);
    assert!(text.ends_with("\n  01_first   a\n  02_second  new\n\nLesson 02 passed.\n"), "{text}");
}

#[test]
fn a_long_body_is_printed_once() {
    let body = serde_json::json!({ "keys": "n".repeat(LONG_BODY) });
    let received = || Event::Received { status: 200, headers: vec![], body: body.clone(), ms: 1 };
    let text = printed(&story(), &[stage(1, "02_second"), received(), received()]);
    assert_eq!(text.matches("nnn\"").count(), 1, "{text}");
    assert_eq!(text.matches("(the same body as before)").count(), 1, "{text}");
}
