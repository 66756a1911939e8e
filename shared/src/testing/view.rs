use regex::Regex;

use super::Transcript;

/// Runs a lesson's whole story without options: it fits into so many lines, and the numbers of the
/// last line are those of the marks above it.
pub fn assert_plain_run_fits(binary: &str, most_lines: usize) {
    let Transcript { stdout, exit, .. } = Transcript::of(binary, &[]);
    assert_eq!(exit, Some(0), "{stdout}");
    let (run, last) = stdout.trim_end().rsplit_once('\n').expect("a run has more than one line");
    assert!(
        stdout.lines().count() <= most_lines,
        "{} lines are more than {most_lines}:\n{stdout}",
        stdout.lines().count()
    );
    // A folded stage has its marks as a number, and a check has one mark of its own.
    let folded = Regex::new(r"(\d+) ([✔✘⚠])").expect("a regular expression");
    for mark in ["✔", "✘", "⚠"] {
        let numbers = |text: &str| -> usize {
            let found = folded.captures_iter(text).filter(|found| &found[2] == mark);
            found.filter_map(|found| found[1].parse::<usize>().ok()).sum()
        };
        let on_their_own =
            run.matches(mark).count() - folded.captures_iter(run).filter(|found| &found[2] == mark).count();
        assert_eq!(numbers(last), numbers(run) + on_their_own, "{mark} in the last line, and above it:\n{stdout}");
    }
}
