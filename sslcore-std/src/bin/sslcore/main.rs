//! The program `sslcore`: see `sslcore --help`.

mod chain;
mod ciphers;
mod completions;
mod connect;
mod demo;
mod exit;
mod identity;
mod key_log;
mod known;
mod line;
mod serve;
mod telling;
mod terminal;
mod text;
mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use self::exit::Exit;

/// TLS clients and servers from the command line, and a demonstration of the library sslcore
#[derive(Parser)]
#[command(version, after_help = AFTER_HELP)]
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
  4  a certificate was refused
  5  the stream was cut: data may be missing";

#[derive(Subcommand)]
enum Command {
    Connect(Box<connect::Options>),
    Serve(Box<serve::Options>),
    Verify(verify::Options),
    Demo(demo::Options),
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
        Command::Completions(options) => completions::run(&options),
    }
}
