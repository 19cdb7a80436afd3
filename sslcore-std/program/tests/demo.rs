//! The demo as its users run it: a process with an exit code.

use std::process::{Command, Output};

fn demo(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sslcore"))
        .arg("demo")
        .args(arguments)
        .output()
        .expect("run the program")
}

/// Runs it, and gives what it shows. Every check must hold.
fn shown(arguments: &[&str], code: i32) -> String {
    let output = demo(arguments);
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert_eq!(output.status.code(), Some(code), "{arguments:?}:\n{text}");
    assert!(!text.contains("  NO   "), "{text}");
    assert!(!text.contains('\x1b'), "colours belong on a terminal");
    text
}

/// These appear, each behind the one before.
fn in_order(text: &str, wanted: &[&str]) {
    let mut rest = text;
    for part in wanted {
        let Some((_, behind)) = rest.split_once(part) else {
            panic!("{part:?} is missing, or not in its place:\n{text}");
        };
        rest = behind;
    }
}

#[test]
fn without_a_fault_the_whole_session_is_shown_and_holds() {
    let text = shown(&[], 0);
    in_order(
        &text,
        &[
            "S → C   \"220 2.0.0 go ahead\"",
            "client  ModeChanged Client",
            "C → S   handshake client_hello",
            "S → C   handshake server_hello",
            "client  PeerVerifyError SelfSignedCertificate, certificate 0",
            "client  PeerVerifyError HostNameMismatch, certificate 0",
            "client  SslErrors",
            "accepts these errors, and no others",
            "client  Encrypted",
            "more data records, 1,0",
            "client  KeysUpdated",
            "client  Closed, clean",
            "version           TLSv1.3",
            "close_notify sent and received",
            "Exit 0.",
        ],
    );
}

#[test]
fn another_certificate_than_the_pinned_one_is_refused() {
    let text = shown(&["--fault", "wrong-cert"], 4);
    in_order(&text, &["rejects it", "AlertReceived unknown_ca (48)"]);
    assert!(!text.contains("Encrypted\n"));
}

#[test]
fn injected_plaintext_stops_the_switch() {
    let text = shown(&["--fault", "inject"], 3);
    in_order(&text, &["this was never encrypted", "refuses to start TLS"]);
    assert!(!text.contains("ModeChanged"));
}

#[test]
fn a_cut_stream_is_not_a_clean_end() {
    let text = shown(&["--fault", "truncate"], 5);
    in_order(
        &text,
        &[
            "client  Encrypted",
            "cuts the stream",
            "client  Failed Truncated",
            "not clean: no close_notify",
        ],
    );
    assert!(!text.contains("PeerClosed"));
}

#[test]
fn random_bytes_are_answered_with_an_alert() {
    let text = shown(&["--fault", "garbage"], 3);
    in_order(
        &text,
        &[
            "random bytes",
            "Failed NotTls",
            "AlertSent unexpected_message (10)",
        ],
    );
}

#[test]
fn the_help_tells_each_faults_exit_code_and_usage_errors_are_one() {
    let help = String::from_utf8(demo(&["--help"]).stdout).expect("UTF-8");
    for (fault, code) in [
        ("wrong-cert", 4),
        ("inject", 3),
        ("truncate", 5),
        ("garbage", 3),
    ] {
        let mut lines = help.lines().map(str::trim_start);
        let line = lines.find(|line| line.starts_with(&format!("{fault} ")));
        assert!(
            line.is_some_and(|line| line.contains(&format!("exit {code}"))),
            "{fault}: {line:?}"
        );
    }
    assert_eq!(demo(&["--fault", "none"]).status.code(), Some(1));
}
