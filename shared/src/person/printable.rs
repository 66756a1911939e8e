//! What a terminal may be given of a text that an untrusted server wrote.

use unicode_general_category::{GeneralCategory, get_general_category};

/// Text of a stranger without what a terminal would act on, and without what nobody would see.
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if is_invisible(c) { format!("\\u{{{:x}}}", c as u32) } else { c.to_string() }).collect()
}

/// Text of a stranger in one line, so that no part of it looks like a line of the program.
pub fn on_one_line(text: &str) -> String {
    text.lines().collect::<Vec<_>>().join(" ⏎ ")
}

/// Whether this is a control character (DEL and C1 included), a format character, such as a mark
/// that turns the reading direction or joins nothing to nothing, or the separator of a line or a
/// paragraph: the categories Cc, Cf, Zl and Zp of Unicode.
pub fn is_invisible(c: char) -> bool {
    use GeneralCategory::{Control, Format, LineSeparator, ParagraphSeparator};
    !c.is_ascii_graphic()
        && c != ' '
        && matches!(get_general_category(c), Control | Format | LineSeparator | ParagraphSeparator)
}
