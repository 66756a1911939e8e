//! A run as a sequence diagram: stages with rows, and the lanes of the parties.

use std::collections::BTreeMap;

use serde_json::Value;

use super::holdings::{Holdings, strings};
use super::line::{Check, Heading, Line, Outcome, Problem, Request, Response, Said, Speaker, Token};
use super::parties::{Parties, Role};

/// Everything that a report shows.
#[derive(Debug, Default)]
pub struct Run {
    pub parties: Parties,
    pub stages: Vec<Stage>,
    pub results: BTreeMap<String, String>,
    pub problem: Option<Problem>,
    pub outcome: Option<Outcome>,
}

/// A stage of the flow; the first one has no heading: it is what came before.
#[derive(Debug, Default)]
pub struct Stage {
    pub heading: Option<Heading>,
    pub rows: Vec<Row>,
    /// Who held what at the end of it, where that changed in it.
    pub holdings: Option<Holdings>,
}

/// A row of the diagram. `seq` is the number of its event.
#[derive(Debug)]
pub struct Row {
    pub seq: u64,
    pub content: Content,
}

#[derive(Debug)]
pub enum Content {
    Arrow {
        from: usize,
        to: usize,
        message: Message,
    },
    /// Checks that one party made one after the other; `lane` is unknown where several parties of
    /// this side take part.
    Checks {
        lane: Option<usize>,
        side: Speaker,
        checks: Vec<Check>,
    },
    Note {
        lane: Option<usize>,
        side: Speaker,
        text: String,
    },
    Token(Token),
}

/// What an arrow stands for.
#[derive(Debug)]
pub enum Message {
    Request(Request),
    Response(Response),
    /// A URL that the browser opens.
    Carried {
        url: String,
    },
}

impl Row {
    /// Whether a check failed here that was to pass.
    pub fn has_failure(&self) -> bool {
        matches!(&self.content, Content::Checks { checks, .. } if checks.iter().any(Check::is_failure))
    }
}

impl Run {
    /// Puts the lines of a run in order.
    pub fn of(lines: Vec<Line>) -> Self {
        let mut builder = Builder {
            run: Self { parties: Parties::of(&lines), stages: vec![Stage::default()], ..Self::default() },
            open: Vec::new(),
            holdings: Holdings::default(),
            is_changed: false,
        };
        for line in lines {
            builder.add(line);
        }
        builder.end_stage();
        builder.run
    }

    /// Every check of the run, with the row it is in.
    pub fn checks(&self) -> impl Iterator<Item = (&Row, &Check)> {
        let rows = self.stages.iter().flat_map(|stage| &stage.rows);
        rows.flat_map(|row| {
            match &row.content {
                Content::Checks { checks, .. } => checks.as_slice(),
                _ => &[],
            }
            .iter()
            .map(move |check| (row, check))
        })
    }

    /// Every token that was issued, with the row it is in.
    pub fn tokens(&self) -> impl Iterator<Item = (&Row, &Token)> {
        let rows = self.stages.iter().flat_map(|stage| &stage.rows);
        rows.filter_map(|row| match &row.content {
            Content::Token(token) => Some((row, token)),
            _ => None,
        })
    }
}

/// A request without its response.
struct Open {
    side: Speaker,
    from: usize,
    to: usize,
    request: Request,
}

struct Builder {
    run: Run,
    /// The innermost one is the last.
    open: Vec<Open>,
    holdings: Holdings,
    /// Whether a message went between two parties in this stage.
    is_changed: bool,
}

impl Builder {
    fn add(&mut self, line: Line) {
        let Line { seq, side, said } = line;
        let content = match said {
            Said::Stage(heading) => {
                self.end_stage();
                self.run.stages.push(Stage { heading: Some(heading), ..Stage::default() });
                return;
            }
            Said::Result { lesson, text } => {
                self.run.results.insert(lesson, text);
                return;
            }
            Said::Error(problem) => {
                self.run.problem = Some(problem);
                return;
            }
            Said::Outcome(outcome) => {
                self.run.outcome = Some(outcome);
                return;
            }
            Said::Sent(request) => self.request(side, request),
            Said::Received(response) => self.response(side, response),
            Said::Carried { is_response, url } => return self.carried(seq, is_response, url),
            Said::Checked(check) => {
                let lane = self.lane(side);
                if let Some(Row { content: Content::Checks { lane: last, checks, side: by }, .. }) =
                    self.stage().rows.last_mut()
                    && (*last, *by) == (lane, side)
                {
                    checks.push(check);
                    return;
                }
                Some(Content::Checks { lane, side, checks: vec![check] })
            }
            Said::Note { text } => Some(Content::Note { lane: self.lane(side), side, text }),
            Said::Token(token) => Some(Content::Token(token)),
        };
        if let Some(content) = content {
            self.stage().rows.push(Row { seq, content });
        }
    }

    fn stage(&mut self) -> &mut Stage {
        if self.run.stages.is_empty() {
            self.run.stages.push(Stage::default());
        }
        let last = self.run.stages.len() - 1;
        &mut self.run.stages[last]
    }

    /// Where this side stands: while a request is open, the server is the one that got it.
    fn lane(&self, side: Speaker) -> Option<usize> {
        let got_it = |open: &&Open| side == Speaker::Server && self.run.parties.lanes[open.to].role != Role::Idp;
        let recipient = self.open.iter().rev().find(got_it).map(|open| open.to);
        recipient.or_else(|| self.run.parties.lane_of_side(side))
    }

    fn request(&mut self, side: Speaker, request: Request) -> Option<Content> {
        // A request that got no response ends where its sender goes on.
        while self.open.last().is_some_and(|open| open.side == side) {
            self.open.pop();
        }
        let (from, to) = (self.lane(side)?, self.run.parties.lane_of_recipient(side, &request)?);
        self.see(&[from, to], texts(&request.url, &request.headers, &request.body));
        self.open.push(Open { side, from, to, request: request.clone() });
        Some(Content::Arrow { from, to, message: Message::Request(request) })
    }

    fn response(&mut self, side: Speaker, response: Response) -> Option<Content> {
        let at = self.open.iter().rposition(|open| open.side == side)?;
        let Open { from, to, request, .. } = self.open.swap_remove(at);
        self.open.truncate(at);
        self.holdings.forget(strings(&request.body));
        self.see(&[from, to], texts("", &response.headers, &response.body));
        Some(Content::Arrow { from: to, to: from, message: Message::Response(response) })
    }

    /// The browser stands between the client and the identity provider: two arrows.
    fn carried(&mut self, seq: u64, is_response: bool, url: String) {
        let parties = &self.run.parties;
        let (client, browser) = (parties.only(Role::Client), parties.only(Role::Browser));
        let idp = if is_response { parties.only(Role::Idp) } else { parties.lane_of_idp(&url) };
        let way: Vec<usize> = [client, browser, idp].into_iter().flatten().collect();
        self.see(&way, [url.as_str()]);
        let mut legs: Vec<_> = way.windows(2).map(|leg| (leg[0], leg[1])).collect();
        if is_response {
            legs = legs.into_iter().rev().map(|(from, to)| (to, from)).collect();
        }
        for (from, to) in legs {
            let message = Message::Carried { url: url.clone() };
            self.stage().rows.push(Row { seq, content: Content::Arrow { from, to, message } });
        }
    }

    fn see<'a>(&mut self, lanes: &[usize], texts: impl IntoIterator<Item = &'a str>) {
        let before = self.holdings.clone();
        self.holdings.see(lanes, texts);
        self.is_changed |= self.holdings != before;
    }

    fn end_stage(&mut self) {
        self.open.clear();
        if std::mem::take(&mut self.is_changed) {
            let holdings = self.holdings.clone();
            self.stage().holdings = Some(holdings);
        }
    }
}

/// Every text of a message that can hold a secret.
fn texts<'a>(url: &'a str, headers: &'a [(String, String)], body: &'a Value) -> Vec<&'a str> {
    let values = headers.iter().map(|(_, value)| value.as_str());
    [url].into_iter().chain(values).chain(strings(body)).collect()
}
