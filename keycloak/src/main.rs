//! `cargo run -p keycloak`: the embedded IdP alone, on port 9100, until Ctrl-C.

use std::process::ExitCode;

use clap::Parser;
use keycloak::{EMBEDDED_PORT, Embedded, Realm};
use shared::reporter::{Format, Options};
use shared::story::Holds;
use shared::{Failure, Reporter, Side, listen, story};

/// The embedded identity provider alone: a stand-in for Keycloak that reads the same realm file
#[derive(Parser)]
#[command(version)]
struct Cli {
    /// Port of the IdP; 0 lets the system choose
    #[arg(long, default_value_t = EMBEDDED_PORT)]
    port: u16,
    /// Print one JSON event a line instead of text
    #[arg(long)]
    json: bool,
    /// Print without colour (as with the environment variable NO_COLOR)
    #[arg(long)]
    no_color: bool,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let format = if cli.json { Format::Json } else { Format::for_stdout(cli.no_color) };
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
