//! A list that comes in pages, from a server that may never end it.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use rmcp::model::{ListToolsResult, Tool};

use crate::Failure;

/// Pages of a list that are read.
const PAGES: usize = 50;
/// Tools that a list may have.
const TOOLS: usize = 5_000;
/// The time within which a list has to end.
const TIME: Duration = Duration::from_secs(60);

/// The pages so far.
pub(super) struct Pages {
    pub tools: Vec<Tool>,
    cursors: HashSet<String>,
    number: usize,
    started: Instant,
}

impl Pages {
    pub fn begin() -> Self {
        Self { tools: Vec::new(), cursors: HashSet::new(), number: 0, started: Instant::now() }
    }

    /// Adds a page; the cursor of the next one, if there is one.
    pub fn add(&mut self, page: ListToolsResult) -> Result<Option<String>, Failure> {
        self.tools.extend(page.tools);
        self.number += 1;
        if self.tools.len() > TOOLS {
            return Err(endless(format!("it has more than {TOOLS} tools")));
        }
        let Some(cursor) = page.next_cursor else { return Ok(None) };
        if !self.cursors.insert(cursor.clone()) {
            let shown: String = cursor.chars().take(40).collect();
            return Err(endless(format!("page {} names the cursor {shown:?} a second time", self.number)));
        }
        if self.number >= PAGES {
            return Err(endless(format!("it has more than {PAGES} pages")));
        }
        if self.started.elapsed() > TIME {
            return Err(endless(format!("it did not end within {} seconds", TIME.as_secs())));
        }
        Ok(Some(cursor))
    }
}

fn endless(why: String) -> Failure {
    let message = format!("The MCP server's list of tools is not read to its end: {why}.");
    let fix = "The server's operator has to fix it: each page has a cursor of its own, and the last page has none.";
    Failure::new("mcp.endless-list", message, fix)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn page(tools: usize, cursor: Option<&str>) -> ListToolsResult {
        let tool = json!({"name": "t", "inputSchema": {"type": "object"}});
        serde_json::from_value(json!({"tools": vec![tool; tools], "nextCursor": cursor})).unwrap()
    }

    /// Reads pages until the list ends or is refused: how many tools, or why not.
    fn read(mut next: impl FnMut(usize) -> ListToolsResult) -> Result<usize, String> {
        let mut pages = Pages::begin();
        for n in 1..1_000 {
            if pages.add(next(n)).map_err(|failure| failure.message)?.is_none() {
                return Ok(pages.tools.len());
            }
        }
        panic!("the list is read without end");
    }

    #[test]
    fn a_list_that_ends_is_read_whole() {
        assert_eq!(read(|_| page(0, None)), Ok(0));
        assert_eq!(read(|n| page(7, (n < 3).then_some(&*n.to_string()))), Ok(21));
        assert_eq!(read(|n| page(100, (n < PAGES).then_some(&*n.to_string()))), Ok(TOOLS));
    }

    #[test]
    fn a_list_that_never_ends_is_given_up() {
        let other = |n: usize| ["a", "b"][n % 2];
        for (why, result) in [
            ("page 2 names the cursor \"\" a second time", read(|_| page(1, Some("")))),
            ("page 2 names the cursor \"a\" a second time", read(|_| page(1, Some("a")))),
            ("page 3 names the cursor \"b\" a second time", read(|n| page(0, Some(other(n))))),
            ("more than 50 pages", read(|n| page(0, Some(&n.to_string())))),
            ("more than 5000 tools", read(|_| page(TOOLS + 1, None))),
        ] {
            let message = result.unwrap_err();
            assert!(message.contains(why), "{why}: {message}");
        }
    }
}
