//! `sslcore connect` and what passes through it.

mod common;

use std::io::{Read, Write};
use std::process::Stdio;
use std::sync::mpsc::{TryRecvError, channel};
use std::time::Duration;

use common::program::{Door, file, run, trusting};
use common::{LONG, VERSIONS, both, pattern};
use serde_json::Value;

#[test]
fn an_answer_is_read_to_its_end_behind_the_end_of_the_input() {
    let door = Door::open();
    let answer = pattern(3_000_000);
    let serve = || {
        let mut socket = door.serve();
        let mut question = Vec::new();
        socket.read_to_end(&mut question).expect("question");
        assert_eq!(question, b"question\n");
        socket.write_all(&answer).expect("answer");
        socket.close();
        socket.wait_for_disconnected(Some(LONG)).expect("ended")
    };
    let (run, report) = both(|| run(&mut trusting(&door), b"question\n"), serve);
    run.assert_put_out(&answer);
    assert!(report.clean, "{report:?}");
}

#[test]
fn input_that_the_server_did_not_want_is_told_of() {
    let door = Door::open();
    let serve = || {
        let mut socket = door.serve();
        socket.read_exact(&mut [0; 1000]).expect("a beginning");
        socket.close();
        socket.disconnect_from_host(LONG)
    };
    let (run, _) = both(|| run(&mut trusting(&door), &pattern(20_000_000)), serve);
    assert_eq!(run.code, Some(5), "{}", run.stderr);
    for told in [
        "; the server ended before the input did; at least ",
        "error: the server ended the connection before it had all: at least ",
        " B of the input were not sent",
    ] {
        assert!(run.stderr.contains(told), "{told}: {}", run.stderr);
    }
}

/// Runs an upload that the server ends before it has all of it.
fn cut_off(input: Stdio, version: &str) -> (Option<i32>, Value) {
    let door = Door::open();
    let serve = || {
        let mut socket = door.serve();
        socket.wait_for_encrypted(Some(LONG)).expect("encrypted");
        socket.disconnect_from_host(LONG)
    };
    let upload = || {
        let mut command = trusting(&door);
        command.args(["--json", "--protocol", version]);
        let output = command.stdin(input).output().expect("run the program");
        let lines = String::from_utf8(output.stderr).expect("UTF-8");
        let mut lines = lines
            .lines()
            .map(|line| -> Value { serde_json::from_str(line).expect("JSON") });
        let closed = lines.find(|it| it["event"] == "closed").expect("its end");
        let error = lines.next();
        let exit = error.map(|it| it["exit"].clone());
        assert_eq!(
            exit,
            output.status.code().filter(|it| *it != 0).map(Value::from)
        );
        (output.status.code(), closed)
    };
    let (ended, _) = both(upload, serve);
    ended
}

#[test]
fn an_upload_from_a_file_that_the_server_ends_is_no_success() {
    let data = file("upload", &pattern(30_000_000));
    for version in VERSIONS {
        let input = std::fs::File::open(&data).expect("open");
        let (code, closed) = cut_off(input.into(), version);
        assert_eq!(code, Some(5), "{closed}");
        let [sent, dropped] = ["sent", "input_dropped"].map(|it| closed[it].as_u64().expect(it));
        assert!(dropped > 0 && sent + dropped <= 30_000_000, "{closed}");
        assert_eq!(closed["input_left"], true);
        let nothing_lost = closed["abandoned"] == 0 && closed["unsent"] == 0;
        assert!(nothing_lost || closed["clean"] == false, "{closed}");
    }
}

#[test]
fn an_input_without_an_end_is_not_read_to_find_out_how_much_was_lost() {
    let zeros = std::fs::File::open("/dev/zero").expect("open");
    let (code, closed) = cut_off(zeros.into(), "TLSv1.3");
    assert_eq!(code, Some(5), "{closed}");
    assert!(closed["input_dropped"].as_u64() > Some(0), "{closed}");
}

/// In TLS 1.2 who is told of an end stops writing, too (RFC 5246 §7.2.1).
#[test]
fn a_side_that_is_kept_open_lets_a_tls12_server_finish() {
    let door = Door::open();
    let mut command = trusting(&door);
    command.args(["--protocol", "TLSv1.2", "--keep-open"]);
    let answer = pattern(3_000_000);
    let serve = || {
        let mut socket = door.serve();
        socket.read_exact(&mut [0; 9]).expect("question");
        socket.write_all(&answer).expect("answer");
        socket.close();
        socket.wait_for_disconnected(Some(LONG)).expect("ended")
    };
    let (run, report) = both(|| run(&mut command, b"question\n"), serve);
    run.assert_put_out(&answer);
    assert!(report.clean, "{report:?}");
}

#[test]
fn much_data_passes_both_ways_at_once() {
    for version in VERSIONS {
        let door = Door::open();
        let mut command = trusting(&door);
        command.args(["--protocol", version]);
        let (up, down) = (pattern(8_000_000), pattern(8_000_001));
        // It writes all before it reads anything: only who takes both ways at once gets through.
        let serve = || {
            let mut socket = door.serve();
            socket.set_read_buffer_size(16 << 20);
            socket.write_all(&down).expect("write");
            let mut heard = vec![0; up.len()];
            socket.read_exact(&mut heard).expect("read");
            assert!(heard == up);
            socket.close();
            socket.wait_for_disconnected(Some(LONG)).expect("ended");
        };
        let (run, ()) = both(|| run(&mut command, &up), serve);
        run.assert_put_out(&down);
    }
}

#[test]
fn a_person_hears_the_answer_before_the_next_question() {
    let door = Door::open();
    let serve = || {
        let mut socket = door.serve();
        for _ in 0..3 {
            let mut question = [0; 2];
            socket.read_exact(&mut question).expect("question");
            socket.write_all(&[question[0] + 1, b'\n']).expect("answer");
        }
        socket.close();
        socket.wait_for_disconnected(Some(LONG)).expect("ended");
    };
    let talk = || {
        let mut child = trusting(&door)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("run the program");
        let mut stdin = child.stdin.take().expect("stdin");
        let mut stdout = child.stdout.take().expect("stdout");
        for question in [b"a\n", b"c\n", b"e\n"] {
            stdin.write_all(question).expect("ask");
            let mut answer = [0; 2];
            stdout.read_exact(&mut answer).expect("answer");
            assert_eq!(answer, [question[0] + 1, b'\n']);
        }
        // The server has ended it, though the input has not.
        let code = child.wait().expect("its end").code();
        drop(stdin);
        code
    };
    let (code, ()) = both(talk, serve);
    assert_eq!(code, Some(0));
}

#[test]
fn line_ends_stay_as_they_are_unless_crlf_is_wanted() {
    let input = b"one\ntwo\r\n\nthree";
    for (arguments, wanted) in [
        (&[][..], &input[..]),
        (&["--crlf"], b"one\r\ntwo\r\n\r\nthree"),
    ] {
        let door = Door::open();
        let serve = || {
            let mut socket = door.serve();
            let mut heard = Vec::new();
            socket.read_to_end(&mut heard).expect("all");
            assert_eq!(heard, wanted);
            socket.wait_for_disconnected(Some(LONG)).expect("ended");
        };
        let mut command = trusting(&door);
        let (run, ()) = both(|| run(command.args(arguments), input), serve);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
    }
}

#[test]
fn who_has_seen_enough_of_the_output_ends_it() {
    let door = &Door::open();
    let (tell, enough) = channel();
    let serve = move || {
        let mut socket = door.serve();
        socket.wait_for_encrypted(Some(LONG)).expect("encrypted");
        socket.set_timeout(Some(Duration::from_millis(200)));
        // Until the client, which has seen enough, takes no more.
        let mut seen = false;
        while socket.write(&[b'x'; 10_000]).is_ok() || !seen {
            seen = enough.try_recv() != Err(TryRecvError::Empty);
        }
    };
    let look = move || {
        let mut child = trusting(door)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("run the program");
        let mut stdout = child.stdout.take().expect("stdout");
        stdout.read_exact(&mut [0; 100]).expect("enough");
        drop(stdout);
        tell.send(()).expect("tell");
        child.wait().expect("its end").code()
    };
    let (code, ()) = both(look, serve);
    assert_eq!(code, Some(0));
}
