//! One run of a lesson, as far as it is the same in every lesson.

use std::panic::Location;
use std::process::ExitCode;

use serde::Serialize;

use crate::breakage::Breakage;
use crate::http::Http;
use crate::learned::{self, Learned};
use crate::reach::Reach;
use crate::story::{self, Holds};
use crate::{Failure, Reporter, Side};

/// A lesson, by its folder: `02_as_metadata`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct LessonId(&'static str);

impl LessonId {
    /// The lesson whose source holds this location; `None` for code outside the lessons.
    pub fn of(location: &'static Location<'static>) -> Option<Self> {
        Self::in_path(location.file())
    }

    /// The lesson whose folder is in this path.
    pub fn in_path(path: &'static str) -> Option<Self> {
        let is_lesson = |folder: &&str| matches!(folder.as_bytes(), [b'0'..=b'9', b'0'..=b'9', b'_', _, ..]);
        path.rsplit(['/', '\\']).find(is_lesson).map(Self)
    }

    /// The number that its folder begins with.
    pub fn number(self) -> u8 {
        self.0.get(..2).and_then(|number| number.parse().ok()).unwrap_or_default()
    }

    /// The name of its folder.
    pub fn folder(self) -> &'static str {
        self.0
    }
}

/// What a run breaks, where it reports, and what its client may talk to.
pub struct LessonRun {
    /// The rule that `--break` breaks.
    pub breakage: Option<&'static Breakage>,
    /// Where every party reports.
    pub reporter: Reporter,
    /// `--allow-host`
    pub allow_host: Vec<String>,
}

impl LessonRun {
    /// Runs a story to its end: with `--break`, it passes where the rule was caught. A lesson's
    /// whole story that passes is recorded for the person.
    pub fn tell(&self, story: impl Future<Output = Result<(), Failure>>) -> ExitCode {
        let exit = story::run(&self.reporter, self.breakage.map_or(Holds::WithoutFailure, Holds::WhenCaught), story);
        if let (true, Some(lesson)) = (exit == ExitCode::SUCCESS, self.reporter.story()) {
            let breakage = self.breakage.map(|breakage| breakage.name.to_owned());
            learned::record(&Learned { lesson: lesson.folder().to_owned(), breakage });
        }
        exit
    }

    /// Runs the client alone. Whether a server catches what `--break` does is seen in the server's
    /// own terminal, so here the story only has to end well.
    pub fn tell_client(&self, story: impl Future<Output = Result<(), Failure>>) -> ExitCode {
        match self.breakage {
            Some(breakage) if breakage.caught_by == Side::Server => {
                story::run(&self.reporter, Holds::WithoutFailure, story)
            }
            _ => self.tell(story),
        }
    }

    /// Runs a server until a person ends it.
    pub fn serve(&self, server: impl Future<Output = Result<(), Failure>>) -> ExitCode {
        story::run(&self.reporter, Holds::WhenInterrupted, server)
    }

    /// Waits until a person ends the program.
    pub async fn stay_up(&self, server_url: &str) -> Result<(), Failure> {
        let hint = format!("Up until Ctrl-C. See its response: curl -i {server_url}");
        self.reporter.on(Side::Server).note(hint);
        std::future::pending().await
    }

    /// Says what is special about this run: what is broken on purpose, and by whom.
    pub fn announce_run(&self) {
        if let Some(Breakage { name, broken_by, what, .. }) = self.breakage {
            self.reporter.on(*broken_by).note(format!("--break {name}: the {broken_by} {what}."));
        }
    }

    /// Says that the client is alone, against the server at this URL.
    pub fn announce_client(&self, server_url: &str) {
        self.reporter.note(format!("MCP server: {server_url}. Its identity provider is found by discovery."));
    }

    /// The HTTP client for the server at `url`. It may reach what that server may name, and the
    /// servers of `also_named`, which the user has named too.
    pub async fn http(&self, url: &str, also_named: &[&str]) -> Result<Http, Failure> {
        let reach = Reach::of_server(url, &self.allow_host);
        let reach = also_named.iter().fold(reach, |reach, url| reach.name(url));
        Http::new(self.reporter.clone(), reach)
    }
}
