//! The program `sslcore`: see `sslcore --help`.

mod demo;
mod text;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// TLS as a pure value: what it does, on real sockets.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Demo(demo::Options),
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Nobody is left to tell if this cannot be printed.
            let _ = error.print();
            return ExitCode::from(u8::from(error.use_stderr()));
        }
    };
    match cli.command {
        Command::Demo(options) => demo::run(&options),
    }
}
