//! The program that README starts: nothing of `sslcore::testing` is in it.
#![cfg(feature = "testing")]

use std::path::{Path, PathBuf};
use std::process::Command;

/// What is in every program that can use the module.
const MARKERS: [&str; 3] = [
    concat!("sslcore::testing", ", without security"),
    concat!("sslcore::testing", ", rustcrypto without security"),
    concat!("TLS13", "_WITHOUT_SECURITY"),
];

fn markers_in(program: &Path) -> Vec<&'static str> {
    let bytes = std::fs::read(program).expect("a program");
    assert!(bytes.len() > 100_000, "{} bytes", bytes.len());
    let found = MARKERS.into_iter().filter(|marker| {
        let marker = marker.as_bytes();
        bytes.windows(marker.len()).any(|seen| seen == marker)
    });
    found.collect()
}

/// README's first command, but that it builds and does not run, and in the dev profile, which is
/// several times as fast and leaves out less.
fn build() -> PathBuf {
    const README: &str = include_str!("../../README.md");
    let shown = README
        .lines()
        .find_map(|line| line.strip_prefix("cargo run --release "));
    let (arguments, _) = shown
        .expect("a command")
        .split_once(" -- ")
        .expect("arguments");
    let built = Command::new(env!("CARGO"))
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .args(["build", "--locked", "--message-format=json"])
        .args(arguments.split(' '))
        .output()
        .expect("cargo");
    let said = String::from_utf8_lossy(&built.stdout);
    assert!(
        built.status.success(),
        "{}",
        String::from_utf8_lossy(&built.stderr)
    );
    let program = said.lines().rev().find_map(|line| {
        let (_, rest) = line.split_once(r#""executable":""#)?;
        rest.split_once('"').map(|(path, _)| PathBuf::from(path))
    });
    program.expect("an executable")
}

#[test]
fn has_nothing_without_security() {
    assert_eq!(markers_in(&build()), [""; 0]);
}

#[test]
fn would_show_if_it_had() {
    // This program has all of it.
    let backends = [
        sslcore::testing::backend_without_security(1),
        sslcore::testing::rustcrypto_without_security(1),
    ];
    assert_eq!(
        backends.map(|backend| backend.name()),
        [MARKERS[0], MARKERS[1]]
    );
    let own = std::env::current_exe().expect("a program");
    assert_eq!(markers_in(&own), MARKERS);
}
