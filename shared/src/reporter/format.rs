//! In which form a run is printed.

use std::io::IsTerminal;

/// In which form the events are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For a person; in colour or plain.
    Person {
        /// Colour and symbols.
        color: bool,
        /// Columns after which text is wrapped.
        width: usize,
    },
    /// One JSON object a line.
    Json,
    /// Nothing is printed, and only counted.
    Silent,
}

/// Columns of the person's view where there is no terminal, and at the most where there is one.
pub const WIDTH: usize = 110;

impl Format {
    /// The person's view that suits standard output: in colour on a terminal, unless `plain` or
    /// `NO_COLOR` (<https://no-color.org>) ask for none, and no wider than the terminal.
    pub fn for_stdout(plain: bool) -> Self {
        let is_terminal = std::io::stdout().is_terminal();
        let no_color = plain || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let width = if is_terminal { textwrap::termwidth().clamp(50, WIDTH) } else { WIDTH };
        Format::Person { color: is_terminal && !no_color, width }
    }
}
