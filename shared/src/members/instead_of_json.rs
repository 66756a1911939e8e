//! What stands where JSON should be, recognized by its first bytes; the bytes themselves are not
//! repeated.

/// How the common compressions begin. Brotli has no such mark.
const COMPRESSIONS: [(&[u8], &str); 6] = [
    (&[0x1f, 0x8b], "gzip"),
    (&[0x28, 0xb5, 0x2f, 0xfd], "zstd"),
    (&[0x78, 0x01], "deflate"),
    (&[0x78, 0x5e], "deflate"),
    (&[0x78, 0x9c], "deflate"),
    (&[0x78, 0xda], "deflate"),
];
/// Bytes that are looked at to tell text from other data.
const LOOKED_AT: usize = 1000;

/// What this is instead of text; `None` where it is text in UTF-8, or close to it.
pub fn binary(bytes: &[u8]) -> Option<String> {
    if let Some((_, name)) = COMPRESSIONS.iter().find(|(mark, _)| bytes.starts_with(mark) && !is_text(bytes)) {
        return Some(format!("compressed with {name}, which was not asked for"));
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Some("text in UTF-16, where UTF-8 belongs".to_owned());
    }
    (!is_text(bytes)).then(|| "no text: binary or compressed data".to_owned())
}

/// Whether it has none of the control characters that text does not have, and few bytes that are no
/// UTF-8.
fn is_text(bytes: &[u8]) -> bool {
    let some = &bytes[..bytes.len().min(LOOKED_AT)];
    let is_control = |byte: &u8| matches!(byte, 0..=8 | 14..=26 | 28..=31);
    let strange = some.iter().filter(|byte| is_control(byte)).count();
    let lossy = String::from_utf8_lossy(some);
    let replaced = lossy.chars().filter(|c| *c == char::REPLACEMENT_CHARACTER).count();
    // Pages in older encodings have a letter now and then that is no UTF-8.
    strange == 0 && replaced * 4 <= some.len()
}

/// What is there instead of JSON, for a person.
pub(super) fn instead_of_json(bytes: &[u8], error: &serde_json::Error) -> String {
    let text = String::from_utf8_lossy(bytes);
    let trimmed = text.trim();
    if let Some(kind) = binary(bytes) {
        return kind;
    }
    if trimmed.is_empty() {
        return "empty".to_owned();
    }
    if bytes.starts_with(&[0xef, 0xbb, 0xbf]) {
        return "a byte order mark stands before it, which RFC 8259 §8.1 forbids".to_owned();
    }
    if trimmed.starts_with('<') {
        return "HTML or XML".to_owned();
    }
    if is_form(trimmed) {
        return "form fields, application/x-www-form-urlencoded".to_owned();
    }
    error.to_string()
}

/// `name=value&name=value`, with nothing that a form would encode.
fn is_form(text: &str) -> bool {
    let is_name = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.%[]+".contains(&byte))
    };
    !text.contains(['{', '"', ' ', '\n'])
        && text.split('&').all(|field| field.split_once('=').is_some_and(|(name, _)| is_name(name)))
}

#[cfg(test)]
mod tests {
    use crate::members::Members;

    #[test]
    fn what_is_no_json_is_recognized() {
        let utf16: Vec<u8> = "\u{feff}{}".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for (bytes, expected) in [
            (&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3][..], "compressed with gzip, which was not asked for"),
            (&[0x28, 0xb5, 0x2f, 0xfd, 4, 0], "compressed with zstd, which was not asked for"),
            (&[0x78, 0x9c, 3, 0, 0], "compressed with deflate, which was not asked for"),
            (&[0x8b, 2, 0x80, 0x7b, 0x7d, 3], "no text: binary or compressed data"),
            (&[0, 159, 146, 150], "no text: binary or compressed data"),
            (&utf16, "text in UTF-16, where UTF-8 belongs"),
            (b"\xef\xbb\xbf{}", "a byte order mark stands before it, which RFC 8259 §8.1 forbids"),
            (b"", "empty"),
            (b" \r\n", "empty"),
            (b"<!doctype html>", "HTML or XML"),
            (b"access_token=SECRET&token_type=bearer", "form fields, application/x-www-form-urlencoded"),
            (b"error=x", "form fields, application/x-www-form-urlencoded"),
            (b"{\"a\":", "EOF while parsing a value at line 1 column 5"),
            (b"a=b c", "expected value at line 1 column 1"),
            (b"y\x9cabc", "expected value at line 1 column 1"),
        ] {
            let error = Members::from_json(bytes).unwrap_err().to_string();
            assert_eq!(error, format!("not JSON ({expected})"), "{bytes:x?}");
        }
    }
}
