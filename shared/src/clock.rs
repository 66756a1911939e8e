//! Times as tokens and documents count them: seconds since 1970.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The first second that a date of four-digit years cannot say: the year 10000.
const END: u64 = 253_402_300_800;

/// Seconds since 1970; 0 on a clock before that.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// The time for a person: RFC 3339, or the number itself where no such date has it. Strangers write
/// these numbers.
pub fn rfc3339(seconds: u64) -> String {
    match seconds {
        0..END => humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(seconds)).to_string(),
        _ => seconds.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_a_text() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (1_795_262_400, "2026-11-21T12:00:00Z"),
            (END - 1, "9999-12-31T23:59:59Z"),
            (END, "253402300800"),
            (u64::MAX, "18446744073709551615"),
        ] {
            assert_eq!(rfc3339(seconds), text);
        }
        assert!(now() > 1_795_000_000);
    }
}
