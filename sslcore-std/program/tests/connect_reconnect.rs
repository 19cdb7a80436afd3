//! `sslcore connect --reconnect`: whether a server resumes its sessions, and why not.

mod common;

use std::io::Read;

use common::program::{Door, connect, run, trusting};
use common::{LONG, VERSIONS, both, server};
use sslcore::ServerConfig;

/// Serves one client after the other, each to its end, each with its configuration.
fn serve(door: &Door, configs: &[&ServerConfig]) {
    for config in configs {
        let mut socket = door.serve_with(config);
        socket
            .read_to_end(&mut Vec::new())
            .expect("the client's end");
        socket.wait_for_disconnected(Some(LONG)).expect("ended");
    }
}

fn config(version: &str, sessions: bool) -> ServerConfig {
    let config = server().protocols(&[version]).session_tickets(sessions);
    let config = if sessions {
        config
    } else {
        config.session_cache(0)
    };
    config.build().expect("server")
}

#[test]
fn a_server_that_resumes_is_told() {
    for version in VERSIONS {
        let door = Door::open();
        let config = config(version, true);
        let mut command = trusting(&door);
        command.args(["--reconnect", "3"]);
        let serve = || serve(&door, &[&config; 4]);
        let (run, ()) = both(|| run(&mut command, b"hello"), serve);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        for number in 1..=3 {
            let line = format!("Reconnected {number} of 3: {version}, resumed\n");
            assert!(run.stderr.contains(&line), "{}", run.stderr);
        }
        assert_eq!(
            run.stderr.matches("Encrypted: ").count(),
            1,
            "{}",
            run.stderr
        );
    }
}

#[test]
fn why_a_session_is_not_resumed_is_told() {
    for version in VERSIONS {
        let door = Door::open();
        let [good, other, none] = [true, true, false].map(|sessions| config(version, sessions));
        let cases = [
            (
                &[][..],
                [&none, &none],
                "the server has given no session (no ticket came)",
            ),
            (
                &[],
                [&good, &other],
                "the server did not take the session that it had given",
            ),
            (
                &[],
                [&good, &none],
                "the server did not take the session that it had given",
            ),
            (
                &["--verify", "query", "--name", "other.test"],
                [&good, &good],
                "no session is kept of a certificate whose errors were ignored",
            ),
        ];
        for (arguments, configs, why) in cases {
            let mut command = trusting(&door);
            command.args(["--reconnect", "1"]).args(arguments);
            let (run, ()) = both(|| run(&mut command, b""), || serve(&door, &configs));
            assert_eq!(run.code, Some(0), "{}", run.stderr);
            let line = format!("Reconnected 1 of 1: {version}, not resumed: {why}\n");
            assert!(run.stderr.ends_with(&line), "{}", run.stderr);
        }
    }
}

#[test]
fn a_session_that_is_used_once_and_not_replaced_is_told() {
    let door = Door::open();
    let config = server().protocols(&["TLSv1.3"]).build().expect("server");
    // Some sessions come with the first handshake, and none with those that follow.
    let none = server().protocols(&["TLSv1.3"]).session_tickets(false);
    let none = none.session_cache(0).build().expect("server");
    let mut command = trusting(&door);
    command.args(["--reconnect", "5"]);
    let configs = [&config, &none, &none, &none, &none, &none];
    let (run, ()) = both(|| run(&mut command, b""), || serve(&door, &configs));
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let line = "Reconnected 5 of 5: TLSv1.3, not resumed: no session is left: each is used once";
    assert!(run.stderr.contains(line), "{}", run.stderr);
}

#[test]
fn a_server_that_does_not_come_back_is_an_error_of_its_own() {
    let door = Door::open();
    let address = door.address();
    let mut command = connect(&address.to_string());
    command.args(["--verify", "none", "--reconnect", "1"]);
    let config = config("TLSv1.3", true);
    let serve = move || {
        let mut socket = door.serve_with(&config);
        drop(door);
        socket
            .read_to_end(&mut Vec::new())
            .expect("the client's end");
        socket.wait_for_disconnected(Some(LONG)).expect("ended");
    };
    let (run, ()) = both(|| run(&mut command, b""), serve);
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    assert!(run.stderr.contains("Closed cleanly"), "{}", run.stderr);
    let why = format!("cannot connect to 127.0.0.1 port {}: ", address.port());
    assert!(run.stderr.contains(&why), "{}", run.stderr);
}
