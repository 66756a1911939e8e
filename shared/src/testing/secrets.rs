//! Looks for secrets in what a program printed.

/// Base64 of these bytes without padding, in the alphabet for URLs.
pub fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let word = group.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for n in 0..=group.len() {
            text.push(char::from(DIGITS[(word >> (18 - 6 * n) & 63) as usize]));
        }
    }
    text
}

/// Every byte that is no letter and no digit percent-encoded.
pub fn percent_encoded(text: &str) -> String {
    let encoded = |byte: u8| {
        if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }
    };
    text.bytes().map(encoded).collect()
}

fn with_small_digits(encoded: &str) -> String {
    let mut parts = encoded.split('%');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + "%" + &part[..2].to_lowercase() + &part[2..])
}

/// The secret as it could be written: plain, percent-encoded, as a string of JSON, in hexadecimal
/// digits, and in base64 in each of the three places in which it can stand there.
pub fn written_forms(secret: &str) -> Vec<String> {
    let json = serde_json::Value::from(secret).to_string();
    let every_escape: String = secret.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
    let every_percent: String = secret.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let hexadecimal: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut forms = vec![
        secret.to_owned(),
        percent_encoded(secret),
        with_small_digits(&percent_encoded(secret)),
        secret.replace(' ', "+"),
        every_percent,
        json[1..json.len() - 1].to_owned(),
        every_escape,
        hexadecimal,
    ];
    for before in 0..3 {
        let encoded = base64(&[&vec![0; before][..], secret.as_bytes()].concat());
        // Digits at the edges say something about the neighbours too.
        let (first, last) =
            ([0, 2, 3][before], encoded.len() - usize::from(!(before + secret.len()).is_multiple_of(3)));
        let inner = &encoded[first..last];
        forms.extend([inner.to_owned(), inner.replace('-', "+").replace('_', "/")]);
    }
    forms
}

/// None of the secrets stands in what was printed, in any form.
pub fn assert_hidden<S: AsRef<str>>(printed: &str, secrets: &[S], what: &str) {
    for secret in secrets {
        let secret = secret.as_ref();
        for form in written_forms(secret) {
            if let Some(at) = printed.find(&form) {
                let line = printed[..at].rsplit('\n').next().unwrap_or_default();
                panic!("{what}: {secret} is shown as {form} after: {line}");
            }
        }
    }
}
