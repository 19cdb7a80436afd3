//! `sslcore connect --record-secrets` and `sslcore replay`: a session done again, byte for byte.
#![cfg(all(feature = "record-secrets", unix))]

#[path = "../common/mod.rs"]
mod common;

mod file;
mod sessions;
mod unusable;

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use common::program::{Door, Run, fresh, run, trusting};
use common::{LONG, both, server};
use sslcore_std::SslSocket;

/// How a secret recording begins.
const TITLE: &str = "secret recording of connections of sslcore 0.1.0, format 1\n";

/// Adds `--record-secrets` with a new file.
fn recording(command: &mut Command) -> PathBuf {
    let path = fresh("secret.txt");
    command.arg("--record-secrets").arg(&path);
    path
}

fn replay(recording: &Path, arguments: &[&str]) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sslcore"));
    run(command.arg("replay").arg(recording).args(arguments), b"")
}

#[track_caller]
fn assert_same(recording: &Path, arguments: &[&str], connections: &str) {
    let run = replay(recording, arguments);
    let said = String::from_utf8(run.stdout).expect("UTF-8");
    assert_eq!(run.code, Some(0), "{said}{}", run.stderr);
    let begin = format!("Replayed the same, byte for byte: {connections}, ");
    assert!(said.starts_with(&begin), "{said}");
}

#[track_caller]
fn assert_refused(run: &Run, why: &str) {
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    assert!(run.stdout.is_empty());
    assert!(run.stderr.contains(why), "{why:?} is not in {}", run.stderr);
}

/// Says so many bytes again, and ends.
fn echo(mut socket: SslSocket, bytes: usize) {
    socket.wait_for_encrypted(Some(LONG)).expect("encrypted");
    let mut heard = vec![0; bytes];
    match bytes {
        0 => assert_eq!(socket.read_to_end(&mut heard).expect("the end"), 0),
        _ => socket.read_exact(&mut heard).expect("all"),
    }
    socket.write_all(&heard).expect("echo");
    socket.close();
    socket.wait_for_disconnected(Some(LONG)).expect("ended");
}

/// A session in this version, its recording and the program's words.
fn recorded(version: &str, data: &[u8]) -> (PathBuf, Run) {
    let door = Door::open();
    let mut command = trusting(&door);
    let path = recording(&mut command);
    let config = server().protocols(&[version]).build().expect("server");
    let serve = || echo(door.serve_with(&config), data.len());
    let run = both(|| run(&mut command, data), serve).0;
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    (path, run)
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).expect("a recording")
}
