//! Holds a server's page for people against the server: each link leads somewhere, and each line
//! for a shell gets the status that the page promises.

use scraper::{Html, Selector};

use crate::http::{Http, Request, Response};
use crate::reach::Reach;
use crate::{Reporter, html};

/// Reads the page at `base` (`http://localhost:8000`) and tries all of it; the page's text.
pub async fn check_start_page(base: &str) -> String {
    let http = Http::new(Reporter::silent(), Reach::of_operator(base)).expect("a client can be made");
    let send = async |request: Request| http.send(&request).await.expect("the server responds");
    let page = send(Request::get(&format!("{base}/")).header("accept", "text/html")).await;
    let html = String::from_utf8(page.body.clone()).expect("the page is UTF-8");
    assert_eq!(page.status, 200, "{html}");
    check_page(&page, &html);
    // Only a person's GET gets it.
    let posted = send(Request::post_form(&format!("{base}/"), &[])).await;
    assert_eq!(posted.status, 405, "POST /");

    let (links, lines) = ways(&html);
    assert!(!links.is_empty() && !lines.is_empty(), "the page has links and lines for a shell: {html}");
    for link in links {
        let response = send(Request::get(&link).header("accept", "*/*")).await;
        assert_eq!(response.status, 200, "{link}");
    }
    for (line, status) in lines {
        let response = send(request_of(&line)).await;
        assert_eq!(response.status.to_string(), status, "{line}");
    }
    html
}

fn check_page(page: &Response, html: &str) {
    assert!(html::is_ours(html));
    let policy = page.header_values("content-security-policy").join(" ");
    assert!(policy.starts_with("default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"), "{policy}");
    assert!(html.contains("prefers-color-scheme:dark"), "there is a dark mode");
    for forbidden in ["<script", "javascript:", " onclick", "eyJ"] {
        assert!(!html.contains(forbidden), "{forbidden}: {html}");
    }
}

/// The links, and the lines for a shell with the status of each.
fn ways(html: &str) -> (Vec<String>, Vec<(String, String)>) {
    let page = Html::parse_document(html);
    let select = |css: &str| Selector::parse(css).expect("a selector");
    let attribute = |name: &'static str| move |found: scraper::ElementRef<'_>| found.attr(name).map(str::to_owned);
    let links = page.select(&select("a[href]")).filter_map(attribute("href")).collect();
    let line = |found: scraper::ElementRef<'_>| Some((found.text().collect(), attribute("data-status")(found)?));
    (links, page.select(&select("pre[data-status]")).filter_map(line).collect())
}

/// The words of a line for a shell, of which some are in single quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut is_quoted = false;
    for c in line.chars() {
        match c {
            '\'' => is_quoted = !is_quoted,
            ' ' if !is_quoted => words.push(String::new()),
            c => words.last_mut().expect("there is one").push(c),
        }
    }
    words
}

/// The request that a line with curl makes.
fn request_of(line: &str) -> Request {
    let words = words(line);
    assert_eq!(words[..2], ["curl", "-i"], "{line}");
    let (mut data, mut content_type, mut url) = (None, "application/x-www-form-urlencoded".to_owned(), None);
    let mut rest = words[2..].iter();
    while let Some(word) = rest.next() {
        match word.as_str() {
            "-d" => data = rest.next(),
            "-H" => {
                let header = rest.next().and_then(|header| header.split_once(": "));
                let (name, value) = header.expect("a header");
                assert_eq!(name.to_ascii_lowercase(), "content-type", "{line}");
                value.clone_into(&mut content_type);
            }
            address if address.starts_with("http") => url = Some(address),
            other => panic!("{other} in {line}"),
        }
    }
    let url = url.expect("the line has a URL");
    match data {
        Some(data) => Request::post_text(url, &content_type, data),
        None => Request::get(url).header("accept", "*/*"),
    }
}
