//! The program `sslcore`: see `sslcore --help`.

mod anchors;
mod chain;
mod ciphers;
mod completions;
mod connect;
mod demo;
#[cfg(feature = "record-secrets")]
mod entropy;
mod exit;
mod files;
mod identity;
mod interrupt;
#[cfg(feature = "record-secrets")]
mod journal;
mod judge;
mod key_log;
mod known;
mod line;
mod passing;
mod plan;
mod progress;
mod psk;
mod remedy;
mod replay;
mod serve;
mod status;
mod telling;
mod terminal;
mod text;
mod verify;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use self::exit::Exit;

/// TLS clients and servers from the command line, and a demonstration of the library sslcore
#[derive(Parser)]
#[command(name = "sslcore", version, after_help = AFTER_HELP, after_long_help = format!("{AFTER_HELP}\n\n{JSON}"))]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
`sslcore COMMAND --help` says more, with examples. To begin with:
  sslcore demo                      watch a whole session, with nothing to prepare
  sslcore serve                     a server, which prints the command that connects to it
  sslcore connect example.org       what a server presents, and a line to talk to it
  sslcore verify chain.pem          what is wrong with certificates in files

Exit codes, the same for every command:
  0  all went well
  1  the command line is wrong, or something that it names cannot be used
  2  there is no connection, or nowhere to listen
  3  TLS cannot be started, or fails
  4  a certificate was refused, or the two sides do not have the same pre-shared key
  5  the stream was cut, or ended before all was sent: data may be missing
  6  a session that is replayed comes otherwise than it was recorded";

/// What a test compares with what is said.
const JSON: &str = "\
JSON (--json): one object per line, in ASCII. Its \"event\" says which other members it has; a member
that is not known is null, and further ones may come with later versions. What each event has, and
below it what the objects inside of it have:

  connect, on standard error, as it happens; with \"at_ms\", the milliseconds since the start
    connected     host address proxy
    starttls      protocol
    certificates  chain errors remedies
      chain         depth subject issuer names serial not_before not_after is_ca sha256 spki_pin
                    key signature pem errors
      key           algorithm bits curve
      errors        kind code why
      remedies      option why mends
    certificate_request  authorities
    encrypted     version cipher group alpn resumed ocsp trust psk_identity
    closed        clean close_notify_sent close_notify_received sent received abandoned unsent
                  input_left input_dropped
    reconnected   number version resumed why
    warning       why
    error         why exit
  connect --trace, between these
    plaintext     direction bytes text
    record        direction bytes content handshake alert
    state         what
  serve, on standard output, as it happens
    listening     address certificate_sha256 certificate_made_now psk_identity command
    connection    peer encrypted protocol cipher group alpn resumed client_certificate psk_identity
                  echoed statuses mails ended error alert_sent abandoned unsent exit
      client_certificate  subject sha256 errors
    mail          peer from to data
    warning       why
    error         why exit
  verify, on standard output; warning and error as for connect
    certificates  as for connect
    verdict       good host purpose at
  demo, on standard output; plaintext, record, state and note with \"at_ms\" and \"side\"
    plaintext, record, state  as for connect --trace, on both sides
    note          text
    summary       version cipher group pinned_sha256 handshake_ms client server
      client        written records record_bytes clean close_notify_sent close_notify_received
                    abandoned unsent
      server        as client
    check         what holds
    result        good exit
  replay, on standard output; error as for connect, on standard error
    replay        same connections sent received line recorded came

\"error\" is the last one, with the exit code; only a wrong command line is told in words. Sizes are in
bytes; \"at\" is in seconds since 1970.";

#[derive(Subcommand)]
enum Command {
    Connect(Box<connect::Options>),
    Serve(Box<serve::Options>),
    Verify(verify::Options),
    Demo(demo::Options),
    Replay(replay::Options),
    Completions(completions::Options),
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Nobody is left to tell if this cannot be printed.
            let _ = error.print();
            return match error.use_stderr() {
                true => Exit::Usage.into(),
                false => Exit::Fine.into(),
            };
        }
    };
    match cli.command {
        Command::Connect(options) => connect::run(&options),
        Command::Serve(options) => serve::run(&options),
        Command::Verify(options) => verify::run(&options),
        Command::Demo(options) => demo::run(&options),
        Command::Replay(options) => replay::run(&options),
        Command::Completions(options) => completions::run(&options, &mut Cli::command()),
    }
}
