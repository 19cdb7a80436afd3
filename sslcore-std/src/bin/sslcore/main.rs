//! The program `sslcore`: see `sslcore --help`.

mod chain;
mod completions;
mod connect;
mod demo;
mod exit;
mod serve;
mod telling;
mod text;
mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use self::exit::Exit;

/// TLS as a pure value: what it does, on real sockets.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

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
