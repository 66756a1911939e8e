//! No secret of a run is printed, whatever a server does with it: as text, with `--json`, with
//! `--curl`.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use axum::Router;
use axum::http::{StatusCode, header};
use axum::routing::any;
use serde_json::json;
use shared::event::{Event, Rule};
use shared::http::{Http, Request};
use shared::listen;
use shared::reach::{Privacy, Reach};
use shared::testing::secrets::{assert_hidden, base64, percent_encoded, written_forms};
use shared::testing::{Captured, assert_events_hold};
use shared::{Failed, Failure, Reporter, Secret, SpecRef};

static SPEC: SpecRef = SpecRef { id: "RFC 0", section: "§1", url: "https://example.com", quote: "A MUST." };
static RULE: Rule = Rule::must("test.must", &SPEC);

const TOKEN: &str = "tok.EN_1~a+b/c==";
const JWT: &str = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ0ZXN0LXNlY3JldHMifQ.c2lnbmF0dXJlLW9mLXRlc3Q";
const CODE: &str = "c0de\"with'quotes\\and/more";
const VERIFIER: &str = "verifier-0123456789-0123456789-0123456789-x";
const PASSWORD: &str = "correct Hörse <battery> & 5taple";
const NEW_TOKEN: &str = "refresh_0f_the-response.77";

/// What the client sends and gets in every row.
const SECRETS: [&str; 6] = [TOKEN, JWT, CODE, VERIFIER, PASSWORD, NEW_TOKEN];

/// What a hostile server answers with: its content type, headers, and body.
type Row = (&'static str, Vec<(&'static str, String)>, String);

fn hostile_rows() -> Vec<Row> {
    let all = SECRETS.join(" | ");
    let quoted = |secret: &str| serde_json::Value::from(secret).to_string();
    let mut rows: Vec<Row> = vec![
        ("text/plain", vec![], all.clone()),
        ("text/html", vec![], format!("<html><title>{all}</title><p>{all}</p></html>")),
        (
            "text/html",
            vec![],
            format!("<html>{}</html>", all.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")),
        ),
        ("text/html", vec![], all.chars().map(|c| format!("&#{};", c as u32)).collect()),
        ("text/html", vec![], all.chars().map(|c| format!("&#x{:X}", c as u32)).collect::<Vec<_>>().join("\u{2060}")),
        ("application/json", vec![], json!({"error": "invalid_request", "error_description": all}).to_string()),
        ("application/json", vec![], json!({"error": "x", "error_description": percent_encoded(&all)}).to_string()),
        ("application/json", vec![], json!({"a": {"b": [{"c": all}]}, TOKEN: 1, "d": [TOKEN, VERIFIER]}).to_string()),
        (
            "application/json",
            vec![],
            json!({"inner": json!({"inner": json!({"x": all}).to_string()}).to_string()}).to_string(),
        ),
        ("application/json", vec![], format!("{{\"error_description\": {}", quoted(&all))),
        ("application/json", vec![], format!("{{\"error\": {}, \"cut", quoted(&all))),
        (
            "application/json",
            vec![],
            json!({"result": {"content": [{"type": "text", "text": format!("Authorization: Bearer {TOKEN}")}]}})
                .to_string(),
        ),
        (
            "application/xml",
            vec![],
            format!("<fault><detail>{}</detail></fault>", all.replace('&', "&amp;").replace('<', "&lt;")),
        ),
        ("application/x-www-form-urlencoded", vec![], format!("error_description={}", percent_encoded(&all))),
        ("text/event-stream", vec![], format!("data: {}\n\n", quoted(&all))),
        ("text/plain", vec![("location", format!("http://127.0.0.1/cb?x={}", percent_encoded(&all)))], String::new()),
        (
            "text/plain",
            vec![("www-authenticate", format!("Bearer error_description=\"{TOKEN} {JWT} {VERIFIER}\""))],
            String::new(),
        ),
        ("text/plain", vec![("x-echo", base64(all.as_bytes()))], base64(format!("user:{all}").as_bytes())),
        ("text/plain", vec![], base64(base64(all.as_bytes()).as_bytes())),
        ("text/plain", vec![], base64(percent_encoded(&all).as_bytes())),
        ("text/plain", vec![], percent_encoded(&base64(all.as_bytes()))),
        ("text/plain", vec![], percent_encoded(&percent_encoded(&all))),
        ("application/octet-stream", vec![], format!("\u{0}\u{1}{all}\u{0}")),
    ];
    // Each form of each secret alone and between others' characters.
    let in_base64 =
        |secret: &str| [0, 1, 2].map(|n| base64(format!("{}{secret}{}", "x".repeat(n), "y".repeat(3)).as_bytes()));
    let forms = |secret: &&str| written_forms(secret).into_iter().take(8).chain(in_base64(secret)).collect::<Vec<_>>();
    for form in SECRETS.iter().flat_map(forms) {
        rows.push(("text/plain", vec![], form.clone()));
        rows.push((
            "application/json",
            vec![],
            json!({"error_description": format!("the value {form}, again {form}.")}).to_string(),
        ));
    }
    rows
}

/// Sends the secrets, and takes in what the server answers; then says it again in every kind of
/// event.
async fn run(captured: &Captured, base: &str) {
    let reporter = captured.reporter();
    let http = Http::new(reporter.clone(), Reach::public_only().limit(Privacy::Loopback)).unwrap();
    let sign_in = [("username", "somebody"), ("password", PASSWORD), ("client_secret", JWT)];
    // The first requests are made by clients that tell nobody of them.
    let silent = http.clone().telling(Reporter::silent());
    silent.send(&Request::post_form(base, &sign_in)).await.unwrap();
    silent.send(&Request::get(&format!("{base}/issue")).without_redirects()).await.unwrap();
    silent.send(&Request::get(base).bearer(&Secret::new(TOKEN))).await.unwrap();
    silent.send(&Request::post_form(base, &[("code", CODE), ("code_verifier", VERIFIER)])).await.unwrap();
    let fields = [("code", CODE), ("code_verifier", VERIFIER), ("grant_type", "authorization_code")];
    let response = http.send(&Request::post_form(base, &fields)).await.unwrap();
    let bearer = Request::post_json(base, &json!({"note": format!("{TOKEN} {CODE} {PASSWORD}")}));
    http.send(&bearer.bearer(&Secret::new(TOKEN))).await.unwrap();
    let body = String::from_utf8_lossy(&response.body).into_owned();
    reporter.stage(format!("a stage {body}"), &SPEC).await;
    reporter.note(format!("{body}\n{}", response.refusal()));
    reporter.with_fix(format!("do {body}")).recommend(
        &RULE,
        false,
        format!("wanted {body}"),
        format!("{base}?x={body}"),
    );
    let failed = Failed { rule: &RULE, expected: body.clone(), seen: body.clone(), fix: body.clone() };
    let failure = Failure::from(failed);
    reporter.error(failure.id, failure.message, failure.fix);
    let location = response.header_values("location").concat() + &response.header_values("www-authenticate").concat();
    reporter.note(format!("{location} {}", response.header_values("x-echo").concat()));
    reporter.outcome(false);
}

#[tokio::test]
async fn what_a_hostile_server_echoes_is_never_printed() {
    for (content_type, headers, body) in hostile_rows() {
        let shown = body.clone();
        let issue = json!({"refresh_token": NEW_TOKEN, "token_type": "Bearer"}).to_string();
        let answer = move |uri: axum::http::Uri| async move {
            if uri.path() == "/issue" {
                return axum::response::Response::new(issue);
            }
            let mut response = axum::response::Response::new(body);
            *response.status_mut() = StatusCode::BAD_REQUEST;
            response.headers_mut().insert(header::CONTENT_TYPE, content_type.parse().unwrap());
            for (name, value) in headers {
                response.headers_mut().insert(name, axum::http::HeaderValue::from_bytes(value.as_bytes()).unwrap());
            }
            response
        };
        let listener = listen::bind(0, "test", "").await.unwrap();
        let base = format!("http://localhost:{}", listen::port(&listener));
        let _serving = listen::serve(listener, Router::new().fallback(any(answer)));
        for captured in [Captured::json(), Captured::with_curl()] {
            run(&captured, &base).await;
            let text = captured.text();
            assert!(text.len() > 500 && text.contains("hashed") || text.contains("<password>"), "{text}");
            assert_hidden(&text, &SECRETS, &shown);
            if text.starts_with('{') {
                assert_events_hold(&text);
                // What the escapes of the output say, too.
                let said: String = text
                    .lines()
                    .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["text"].to_string())
                    .collect();
                assert_hidden(&said, &SECRETS, &shown);
            }
        }
    }
}

/// A generator of numbers that is the same in every run (xorshift64*).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from(self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33).unwrap() % end
    }

    fn text(&mut self, alphabet: &[char], most: usize) -> String {
        (0..self.below(most + 1)).map(|_| alphabet[self.below(alphabet.len())]).collect()
    }

    /// The text as some layer between would write it.
    fn encoded(&mut self, text: &str) -> String {
        match self.below(8) {
            0 => percent_encoded(text),
            1 => base64(text.as_bytes()),
            2 => base64(text.as_bytes()).replace('-', "+").replace('_', "/") + "==",
            3 => text.chars().map(|c| format!("&#{};", c as u32)).collect(),
            4 => serde_json::Value::from(text).to_string(),
            5 => text.encode_utf16().map(|unit| format!("\\u{unit:04X}")).collect(),
            6 => text
                .bytes()
                .map(|byte| {
                    if self.below(2) == 0 && byte.is_ascii() {
                        char::from(byte).to_string()
                    } else {
                        format!("%{byte:02x}")
                    }
                })
                .collect(),
            _ => text.to_owned(),
        }
    }
}

#[test]
fn no_known_secret_is_left_in_any_text() {
    let secret_alphabet: Vec<char> = "abcXYZ019-_.~+/=%&\\\"'<>: é€😀{}".chars().collect();
    let text_alphabet: Vec<char> = "abcXYZ019-_.~+/=%&\\\"'<>: \n\té€😀{}[]?#,;\u{202e}".chars().collect();
    let mut random = Random(0x5eed_0000_0000_0016);
    for round in 0..400 {
        let mut secret = random.text(&secret_alphabet, 80).trim().to_owned();
        // The number makes a secret that no other round has.
        secret += &format!("{round:08}");
        shared::redact::begin_exchange();
        shared::redact::learn("code", &secret);
        let mut text = secret.clone();
        for _ in 0..random.below(4) {
            text = random.text(&text_alphabet, 12) + &text + &random.text(&text_alphabet, 12);
            text = random.encoded(&text);
        }
        text = random.text(&text_alphabet, 200) + &text + &random.text(&text_alphabet, 200);
        let captured = if round % 2 == 0 { Captured::json() } else { Captured::with_curl() };
        let reporter = captured.reporter();
        reporter.note(&*text);
        reporter.emit(&Event::Received {
            status: 400,
            headers: vec![("x".to_owned(), text.clone())],
            body: json!({"a": [text], &*text: text}),
            ms: 1,
        });
        assert_hidden(&captured.text(), &[&secret], &text);
        let note = captured.text().lines().next().unwrap_or_default().to_owned();
        if let Ok(note) = serde_json::from_str::<serde_json::Value>(&note) {
            assert_hidden(note["text"].as_str().unwrap(), &[&secret], &text);
        }
    }
}

#[test]
fn a_body_that_was_made_to_be_slow_takes_no_time_that_matters() {
    let megabyte = |part: &str| part.repeat(256 * 1024 / part.len());
    for secret in ["aaaaaaaaaaaaaaaa", "%41%41%41%41%41", &"a".repeat(20_000)] {
        shared::redact::learn("token", secret);
    }
    let mut slowest = (std::time::Duration::ZERO, String::new());
    for part in [
        "a",
        "aaaaaaaa ",
        "code=",
        "code:[",
        "name=code ",
        "<input name=code ",
        "%2541",
        "&#x26;",
        "YWFh",
        "{\"code\":",
        "Bearer ",
        "://a@",
        "eyJ.",
        "\\u005c",
        "code:'",
    ] {
        let text = megabyte(part);
        let captured = Captured::json();
        let started = std::time::Instant::now();
        captured.reporter().note(text);
        let taken = started.elapsed();
        if taken > slowest.0 {
            slowest = (taken, part.to_owned());
        }
    }
    // A bound against hours, as quadratic work would take; how fast it is belongs in a benchmark.
    assert!(slowest.0.as_secs() < 300, "{slowest:?}");
}
