//! What every lesson needs and none teaches. No decision about OAuth is made here.
//!
//! | file | what it holds |
//! |---|---|
//! | [`event`] | what a run can say: stage, sent, received, checked, note, error, outcome |
//! | [`spec`] | the sentences of the standards that checks refer to, as data |
//! | [`report`] | a run as an HTML page with a sequence diagram, or as Markdown for a ticket |
//! | [`reporter`] | counts the events and prints them: for a person, or as JSON Lines |
//! | [`redact`] | keeps secrets out of events |
//! | [`http`] | the HTTP client: every request and answer is shown, every call has limits |
//! | [`reach`] | which network addresses a run may talk to when a stranger names them |
//! | [`cli`] | the options that all lessons have in common |
//! | [`clock`] | times as tokens count them |
//! | [`breakage`] | rules that can be broken on purpose with `--break` |
//! | [`learned`] | what a person has learned on this machine |
//! | [`lesson`] | one run of a lesson, as far as it is the same in every lesson |
//! | `lesson_view` | what a person sees: folded lessons, marks, results |
//! | [`story`] | runs a lesson to its outcome line and exit code, Ctrl-C included |
//! | `signals` | Ctrl-C, whatever the story is doing |
//! | [`html`] | the pages that the tutorial's programs show in a browser |
//! | [`start_page`] | what a server says about itself to a person with a browser |
//! | [`listen`] | binds a port and serves a router on it |
//! | [`kept`] | a file that is kept between runs: private, replaced as a whole, one run at a time |
//! | [`own_files`] | the user's folder for what the programs keep, and which files in it they use |
//! | [`page`] | reads an HTML page that is meant for a person |
//! | [`scope`] | the scopes of a list |
//! | [`secret`] | a value that must not be seen |
//! | [`members`] | reads the members of a JSON object that a stranger wrote |
//! | [`mcp`] | who may call an MCP endpoint from a browser; endpoint and client, on `rmcp` |
//! | [`urls`] | what tells two URLs apart, and what is wrong with one that was typed |
//! | `testing` | for tests only: the events' schema, transcripts of READMEs |

pub mod breakage;
pub mod cli;
pub mod clock;
pub mod event;
pub mod html;
pub mod http;
#[cfg(feature = "kept")]
pub mod kept;
pub mod learned;
pub mod lesson;
mod lesson_view;
pub mod listen;
pub mod mcp;
pub mod members;
pub mod own_files;
pub mod page;
#[cfg(feature = "kept")]
pub mod pasted;
mod person;
#[cfg(feature = "kept")]
pub mod prompt;
pub mod reach;
pub mod redact;
pub mod report;
pub mod reporter;
pub mod scope;
pub mod secret;
mod signals;
pub mod spec;
pub mod start_page;
pub mod story;
#[cfg(feature = "testing")]
pub mod testing;
pub mod urls;

pub use clock::now;
pub use event::{Failed, Keyword, Rule, Side};
pub use person::{marked_lines, one_line};
pub use reporter::Reporter;
pub use secret::Secret;
pub use spec::SpecRef;
pub use story::Failure;
