//! A short report for a ticket: the verdict, what failed, and what to do.

use super::line::Check;
use super::page::verdict;
use super::run::Run;

/// The report as Markdown.
pub fn markdown(run: &Run) -> String {
    let mut text = format!("# MCP OAuth run: {}\n", verdict(run));
    if let Some(problem) = &run.problem {
        text += &format!("\n**{}** `{}`\n", escaped(&problem.message), problem.id);
        if !problem.fix.is_empty() {
            text += &format!("\nWhat to do: {}\n", escaped(&problem.fix));
        }
    }
    if let Some(outcome) = &run.outcome {
        text += &format!(
            "\n{} stages, {} checks, {} failed on a MUST, {} on a SHOULD.\n",
            outcome.stages, outcome.checks, outcome.failed, outcome.missed
        );
        if let Some(broken) = &outcome.broken {
            let caught = if broken.is_caught { "noticed it" } else { "did not notice it" };
            text += &format!(
                "\n`--break {}`: the {} {}. The {} {caught} (`{}`).\n",
                broken.name,
                broken.broken_by.name(),
                escaped(&broken.what),
                broken.caught_by.name(),
                broken.caught_as
            );
        }
    }
    let failed: Vec<&Check> = run.checks().map(|(_, check)| check).filter(|check| check.is_failure()).collect();
    if !failed.is_empty() {
        text += "\n## Failed checks\n";
        for check in failed {
            let Check { id, keyword, expected, got, spec, fix, .. } = check;
            text += &format!("\n### {keyword} {}\n\n- Seen: {}\n", escaped(expected), escaped(got));
            if !fix.is_empty() {
                text += &format!("- What to do: {}\n", escaped(fix));
            }
            text += &format!("- Check `{id}`, {} {} {}\n", spec.id, spec.section, spec.url);
            if !spec.quote.is_empty() {
                text += &format!("\n> {}\n", escaped(&spec.quote));
            }
        }
    }
    if !run.results.is_empty() {
        text += "\n## Results\n\n";
        text.extend(run.results.iter().map(|(lesson, result)| format!("- {lesson}: {}\n", escaped(result))));
    }
    text + &format!(
        "\nMade by mcp-oauth-tutorial {}, which follows MCP 2026-07-28. Secrets are masked.\n",
        env!("CARGO_PKG_VERSION")
    )
}

/// The text as one line in which Markdown and HTML act on nothing.
fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' => shown.push(' '),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '!' | '~' | '&' | '@' => {
                shown.extend(['\\', c])
            }
            c => shown.push(c),
        }
    }
    shown
}
