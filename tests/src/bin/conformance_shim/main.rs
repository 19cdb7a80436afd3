//! A small program that a conformance test runner drives: it connects to the runner, plays a TLS
//! client or server over `sslcore` as its flags say, and tells by its exit code how that ended.
//!
//! The protocol is the one of BoringSSL's test runner: the program connects to a port, sends the id it
//! was given, does a handshake, and sends every byte back with its bits inverted until the peer closes.
//! It exits with 0 when everything was as the flags say, with 1 and a sentence on stderr when it was
//! not, and with 89 for a flag or a value that is not supported. `SSLCORE_SHIM_BACKEND` chooses the
//! backend: `ring`, `aws-lc-rs` or `rustcrypto`; by default the first that is built in. `-engine NAME`, or
//! `SSLCORE_SHIM_ENGINE`, has `own` or `rustls` do the handshakes; a client of our own engine speaks TLS 1.3.
//!
//! `tests/run conformance` builds the runner and calls it. `runner.json` beside this file is the runner's
//! configuration: which of its cases are out of scope, and why, and which words stand for BoringSSL's;
//! `own.json` has what is different with our own engine besides, with the section that has it so, where one has.

mod assertions;
mod backend;
mod connection;
mod exchange;
mod flags;
mod outcome;
mod parsing;
mod secrets;
mod sessions;
mod settings;
mod signing;
mod tokens;
mod transport;
mod verification;

use std::process::ExitCode;

use self::outcome::Trouble;

fn main() -> ExitCode {
    let arguments: Vec<Vec<u8>> = std::env::args_os()
        .skip(1)
        .map(std::ffi::OsString::into_encoded_bytes)
        .collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            eprintln!("{trouble}");
            ExitCode::from(trouble.exit_code())
        }
    }
}

fn run(arguments: &[Vec<u8>]) -> Result<(), Trouble> {
    if arguments == [b"-is-handshaker-supported"] {
        println!("No");
        return Ok(());
    }
    let plan = flags::Plan::parse(arguments)?;
    connection::all(&plan, &backend::chosen()?)
}
