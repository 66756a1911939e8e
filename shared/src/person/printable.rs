//! What a terminal may be given of a text that an untrusted server wrote.

use unicode_general_category::{GeneralCategory, get_general_category};

/// Text of a stranger without what a terminal would act on, and without what nobody would see.
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if is_invisible(c) { format!("\\u{{{:x}}}", c as u32) } else { c.to_string() }).collect()
}

/// A stranger's text in one line: it cannot look like a line of ours.
pub fn one_line(text: &str) -> String {
    printable(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// A stranger's text, with a mark before each line but the first: none looks like a line of ours.
pub fn marked_lines(text: &str) -> String {
    text.lines().map(printable).collect::<Vec<_>>().join("\n| ")
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
