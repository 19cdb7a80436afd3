//! When `sslcore connect` closes behind the end of its input.

mod common;

use std::io::{Read, Write};

use common::program::{Door, Run, ca_file, connect, run};
use common::{LONG, VERSIONS, both};
use sslcore::ReadEnd;
use sslcore_std::SslSocket;

/// Connects to a server that does this.
fn converse(options: &[&str], input: &[u8], story: impl FnOnce(&mut SslSocket) + Send) -> Run {
    let door = Door::open();
    let mut command = connect(&door.address().to_string());
    command.arg("--ca").arg(ca_file()).arg("--trace");
    let serve = || {
        let mut socket = door.serve();
        story(&mut socket);
        socket.disconnect_from_host(LONG);
    };
    both(|| run(command.args(options), input), serve).0
}

fn question(socket: &mut SslSocket) {
    let mut question = [0; 9];
    socket.read_exact(&mut question).expect("the question");
    assert_eq!(&question, b"question\n");
}

#[test]
fn a_server_may_answer_before_it_learns_that_no_more_will_come() {
    for version in VERSIONS {
        let options = ["--protocol", version, "--linger", "600"];
        let run = converse(&options, b"question\n", |socket| {
            question(socket);
            socket.write_all(b"answer\n").expect("write");
            socket.close();
        });
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        assert_eq!(run.stdout, b"answer\n");
        let [theirs, ours] = ["PeerClosed", "AlertSent close_notify"].map(|it| run.stderr.find(it));
        assert!(theirs.is_some() && theirs < ours, "{}", run.stderr);
    }
}

#[test]
fn a_server_that_waits_for_the_end_learns_of_it_when_it_was_silent_for_long_enough() {
    for linger in ["0", "0.1"] {
        let options = ["--protocol", "TLSv1.3", "--linger", linger];
        let run = converse(&options, b"question\n", |socket| {
            question(socket);
            assert_eq!(socket.read(&mut [0]).expect("the end"), 0);
            assert_eq!(socket.connection().read_end(), Some(ReadEnd::Closed));
            socket.write_all(b"answer\n").expect("write");
        });
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        assert_eq!(run.stdout, b"answer\n");
    }
}

#[test]
fn a_server_that_says_nothing_at_all_may_have_needed_longer_and_that_is_said() {
    let silent = |socket: &mut SslSocket| {
        question(socket);
        assert_eq!(socket.read(&mut [0]).expect("the end"), 0);
    };
    let run = converse(&["--linger", "0.1"], b"question\n", silent);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let said = "warning: the server has sent nothing in the 100ms behind the end of the input";
    assert!(run.stderr.contains(said), "{}", run.stderr);
    assert!(run.stderr.contains("--linger SECONDS"), "{}", run.stderr);
    for (input, story) in [
        (
            &b"question\n"[..],
            (|socket| {
                question(socket);
                assert_eq!(socket.read(&mut [0]).expect("the end"), 0);
                socket.write_all(b"answer\n").expect("write");
            }) as fn(&mut SslSocket),
        ),
        (b"", |socket| {
            assert_eq!(socket.read(&mut [0]).expect("the end"), 0);
        }),
    ] {
        let run = converse(&["--linger", "0.1"], input, story);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        assert!(!run.stderr.contains("warning:"), "{}", run.stderr);
    }
}

#[test]
fn without_any_input_there_is_no_answer_to_wait_for() {
    for version in VERSIONS {
        let options = ["--protocol", version, "--linger", "600"];
        let run = converse(&options, b"", |socket| {
            assert_eq!(socket.read(&mut [0]).expect("the end"), 0);
        });
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        assert_eq!(run.stdout, b"");
    }
}
