//! A choice that the person at the terminal makes.

use std::io::{BufRead, IsTerminal, Write};
use std::time::Duration;

use super::{Format, Reporter};
use crate::person;

/// How long the person has: a program that nobody watches goes on.
const PATIENCE: Duration = Duration::from_secs(60);
/// Numbers that are read before the program goes on.
const MOST_TRIES: usize = 3;

impl Reporter {
    /// Asks for one of the numbers 1 to `most`; Enter is 1. What comes back counts from 0. `None`:
    /// there is no terminal, or nobody typed such a number.
    pub async fn choose(&self, most: usize) -> Option<usize> {
        let is_watched = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
        if !is_watched || !matches!(self.options.format, Format::Person { .. }) {
            return None;
        }
        for _ in 0..MOST_TRIES {
            let seconds = PATIENCE.as_secs();
            self.prompt(&format!("Type a number from 1 to {most}, or Enter for 1, within {seconds} seconds"));
            let line = tokio::time::timeout(PATIENCE, typed_line()).await.ok()??;
            if let Some(chosen) = chosen(&line, most) {
                return Some(chosen);
            }
        }
        None
    }

    pub(super) fn prompt(&self, text: &str) {
        if let Format::Person { color, width } = self.options.format {
            let view = person::View { color, width, full: false, curl: false };
            let prompt = view.prompt(text);
            let mut state = self.state();
            let _ = state.out.write_all(prompt.as_bytes()).and_then(|()| state.out.flush());
        }
    }
}

/// A line that the person types; `None` at the end of the input. Reading blocks, and Ctrl-C has to
/// end the run meanwhile: so it happens on a thread that nobody waits for at exit.
pub(super) async fn typed_line() -> Option<String> {
    let read = || {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).ok().filter(|length| *length > 0).map(|_| line)
    };
    tokio::task::spawn_blocking(read).await.ok().flatten()
}

fn chosen(line: &str, most: usize) -> Option<usize> {
    match line.trim() {
        "" => Some(0),
        number => number.parse::<usize>().ok()?.checked_sub(1).filter(|n| *n < most),
    }
}

#[cfg(test)]
mod tests {
    use super::chosen;

    #[test]
    fn a_number_from_the_list_is_a_choice() {
        for (line, expected) in [
            ("\n", Some(0)),
            ("1\n", Some(0)),
            (" 3 \r\n", Some(2)),
            ("4\n", None),
            ("0\n", None),
            ("-1\n", None),
            ("two\n", None),
            ("99999999999999999999\n", None),
        ] {
            assert_eq!(chosen(line, 3), expected, "{line:?}");
        }
    }
}
