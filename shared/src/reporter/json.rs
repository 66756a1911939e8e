//! Events as JSON Lines.

use serde::Serialize;

use crate::event::{Event, Side, VERSION};
use crate::person;

pub(super) fn line(seq: u64, side: Side, event: &Event) -> String {
    #[derive(Serialize)]
    struct Line<'a> {
        v: u32,
        seq: u64,
        side: Side,
        #[serde(flatten)]
        event: &'a Event,
    }
    // Events hold strings, numbers and JSON values with string keys: writing them cannot fail.
    let line = serde_json::to_string(&Line { v: VERSION, seq, side, event }).unwrap_or_default();
    let mut shown = String::with_capacity(line.len() + 1);
    for c in line.chars() {
        // Such a character can only stand in a string, where an escape says the same.
        if person::is_invisible(c) {
            c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| shown += &format!("\\u{unit:04x}"));
        } else {
            shown.push(c);
        }
    }
    shown + "\n"
}
