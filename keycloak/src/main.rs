//! `cargo run -p keycloak`: the embedded IdP alone, on port 9100, until Ctrl-C; and `cargo doctor`.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use keycloak::{EMBEDDED_PORT, Embedded, Realm, doctor};
use shared::reporter::{Format, Options};
use shared::story::Holds;
use shared::{Failure, Reporter, Side, listen, story};

/// The embedded identity provider alone: a stand-in for Keycloak that reads the same realm file
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// Port of the IdP; 0 lets the system choose
    #[arg(long, default_value_t = EMBEDDED_PORT)]
    port: u16,
    /// Print one JSON event a line instead of text
    #[arg(long, global = true)]
    json: bool,
    /// Print without colour (as with the environment variable NO_COLOR)
    #[arg(long, global = true)]
    no_color: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Check whether this machine has what the lessons need, and say what to do where it has not
    Doctor,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let format = if cli.json { Format::Json } else { Format::for_stdout(cli.no_color) };
    if let Some(Command::Doctor) = cli.command {
        return doctor::run(format, std::io::stdout());
    }
    let options = Options::in_form(format);
    let reporter = Reporter::new(options, std::io::stdout()).on(Side::Idp);
    story::run(&reporter, Holds::WhenInterrupted, serve(&reporter, cli.port))
}

async fn serve(reporter: &Reporter, port: u16) -> Result<(), Failure> {
    let realm = Realm::shipped()?;
    let listener = listen::bind(port, "the embedded IdP", "--port").await?;
    let embedded = Embedded::start(listener, realm);
    let issuer = embedded.issuer();
    reporter.note(format!("The embedded IdP is up until Ctrl-C. Its issuer is {issuer}"));
    reporter.note(format!("See its metadata: curl {issuer}/.well-known/openid-configuration"));
    std::future::pending().await
}
