//! What a server of many connections pays: for echoes in one loop over all of them, and in memory while
//! they are idle.
//!
//! `cargo bench -p sslcore-tests --bench connections -- --help`

mod echo;
mod endpoint;
mod memory;

use std::path::PathBuf;
use std::process::ExitCode;

use sslcore_tests::measured::machine;

const HELP: &str = "\
Many connections in one process, in memory, TLS 1.3 with AES-128-GCM: the CPU time of echoes in one loop
over all of them, and the resident memory of idle ones. sslcore by each of its engines, and rustls, on the
same provider and with the same certificates.

usage: cargo bench -p sslcore-tests --bench connections -- [OPTION]...

  --quick       fewer rounds, and fewer connections
  --echo        only the echoes
  --memory      only the memory
  --svg FOLDER  also draws the memory: memory.svg in that folder, which cargo bench looks for from tests/
  --profile BACKEND WHO BYTES in-turn|together ROUNDS
                only so many rounds of echoes by one (whose name begins with WHO): for perf, no report
  --help        this text
";

/// How to run.
struct Arguments {
    quick: bool,
    echo: bool,
    memory: bool,
    svg: Option<PathBuf>,
}

fn parse(mut words: impl Iterator<Item = String>) -> Result<Option<Arguments>, String> {
    let (mut quick, mut echo, mut memory, mut svg) = (false, false, false, None);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--quick" => quick = true,
            "--echo" => echo = true,
            "--memory" => memory = true,
            "--svg" => svg = Some(words.next().ok_or("--svg wants a folder")?.into()),
            "--help" | "-h" => return Ok(None),
            // `cargo bench` adds it.
            "--bench" => {}
            other => return Err(format!("unknown option {other:?}")),
        }
    }
    let neither = !echo && !memory;
    Ok(Some(Arguments {
        quick,
        echo: echo || neither,
        memory: memory || neither,
        svg,
    }))
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [first, rest @ ..] = &words[..]
        && first == memory::ALONE
    {
        memory::alone(rest);
        return ExitCode::SUCCESS;
    }
    if let [first, rest @ ..] = &words[..]
        && first == "--profile"
    {
        return match echo::profile(rest) {
            Some(()) => ExitCode::SUCCESS,
            None => {
                eprintln!("connections: --profile wants what the help says\n\n{HELP}");
                ExitCode::from(2)
            }
        };
    }
    let arguments = match parse(words.into_iter()) {
        Ok(Some(arguments)) => arguments,
        Ok(None) => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(wrong) => {
            eprintln!("connections: {wrong}\n\n{HELP}");
            return ExitCode::from(2);
        }
    };
    println!("This machine: {}.\n", machine());
    if arguments.echo {
        echo::tables(arguments.quick);
    }
    if arguments.memory
        && let Err(error) = memory::table(arguments.quick, arguments.svg.as_deref())
    {
        eprintln!("connections: memory.svg: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
