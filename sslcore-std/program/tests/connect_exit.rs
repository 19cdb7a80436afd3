//! `sslcore connect` and its exit codes: what each means, and what is said with it.

mod common;

use std::io::{Read, Write};
use std::net::Shutdown;
use std::process::Command;
use std::sync::mpsc::channel;

use common::program::{Door, Run, ca_file, connect, file, fresh, run, trusting};
use common::{LONG, VERSIONS, both, hang_up, server};
use sslcore::{Pin, VerifyMode};
use sslcore_std::SslSocket;
use sslcore_tests::certs::{Identity, WORLD};

/// Runs it against a server; both to their ends.
fn against(
    command: &mut Command,
    input: &[u8],
    door: &Door,
    serve: impl FnOnce(SslSocket) + Send,
) -> Run {
    let (run, ()) = both(|| run(command, input), || serve(door.serve()));
    run
}

/// Hears the client to its end, says so, and closes in order.
fn answers(mut socket: SslSocket) {
    let mut heard = Vec::new();
    socket.read_to_end(&mut heard).expect("the client's end");
    socket.write_all(b"heard ").expect("answer");
    socket.write_all(&heard).expect("answer");
    socket.wait_for_disconnected(Some(LONG)).expect("ended");
}

/// Runs it against a server with this certificate.
fn presented(identity: &Identity, arguments: &[&str]) -> Run {
    let door = Door::open();
    let mut command = trusting(&door);
    command.args(arguments);
    let config = server().identity(identity.chain.clone(), identity.key());
    let config = config.build().expect("server");
    both(|| run(&mut command, b""), || door.serve_any_end(&config)).0
}

#[test]
fn zero_is_for_a_conversation_that_went_well() {
    let door = Door::open();
    let run = against(&mut trusting(&door), b"hello\n", &door, answers);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!(run.stdout, b"heard hello\n");
    assert!(
        run.stderr
            .contains("Closed cleanly: 6 B sent, 12 B received")
    );
}

#[test]
fn one_is_for_a_command_line_that_cannot_be_followed() {
    let empty = file("empty.pem", b"");
    let empty = empty.to_str().expect("a path");
    let missing = fresh("missing.pem");
    let missing = missing.to_str().expect("a path");
    let wrong: [(&[&str], &str); 15] = [
        (&["[::1"], "the ] is missing"),
        (&["host:"], "\"\" is no port; ports are 1 to 65535"),
        (&["host:0"], "\"0\" is no port"),
        (&["::1:x:443"], "is written [ADDRESS]:PORT"),
        (&[":443"], "the host is missing"),
        (
            &["host", "--starttls", "telnet"],
            "\"telnet\" is none of smtp",
        ),
        (
            &["host", "--trust-sha256", "AB:CD"],
            "64 hexadecimal digits, this has 4",
        ),
        (
            &["host", "--protocol", "TLSv1.1"],
            "the protocol \"TLSv1.1\" is not supported",
        ),
        (
            &["host", "--ciphers", "RC4"],
            "the cipher suite \"RC4\" is not supported",
        ),
        (&["host", "--ca", empty], "empty.pem"),
        (&["host", "--cert", missing], "missing.pem"),
        (
            &["host", "--timeout", "0"],
            "a number of seconds greater than 0",
        ),
        (
            &["host", "--ask", "--verify", "query"],
            "--ask asks about errors that",
        ),
        (
            &["host", "--sni", "192.0.2.1"],
            "an address cannot be asked for",
        ),
        (&["bad host"], "neither a DNS name nor an IP address"),
    ];
    for (arguments, why) in wrong {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sslcore"));
        let run = run(command.arg("connect").args(arguments), b"");
        assert_eq!(run.code, Some(1), "{arguments:?}: {}", run.stderr);
        assert!(run.stderr.contains(why), "{arguments:?}: {}", run.stderr);
        assert_eq!(run.stdout, b"");
    }
}

#[test]
fn two_is_for_a_server_that_is_not_there() {
    let door = Door::open();
    let address = door.address();
    drop(door);
    let ended = run(&mut connect(&address.to_string()), b"");
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert!(ended.stderr.contains(&format!(
        "cannot connect to 127.0.0.1 port {}: ",
        address.port()
    )));
    // A label that is too long for DNS: nobody has to be asked.
    let nowhere = "a".repeat(64);
    let ended = run(connect(&nowhere).args(["--name", "server.test"]), b"");
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert!(
        ended
            .stderr
            .contains(&format!("cannot find the address of {nowhere}: "))
    );
}

#[test]
fn a_host_whose_name_would_clear_the_screen_is_named_in_escapes() {
    let nowhere = format!("\x1b[2J{}", "a".repeat(64));
    let ended = run(connect(&nowhere).args(["--name", "server.test"]), b"");
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert!(ended.stderr.contains(r"\u{1b}[2Jaaa"), "{}", ended.stderr);
    assert!(!ended.stderr.contains('\x1b'), "{}", ended.stderr);
}

#[test]
fn three_is_for_a_server_that_speaks_no_tls() {
    let door = Door::open();
    let serve = || {
        let mut stream = door.accept();
        stream
            .write_all(b"220 mail.example ready\r\n")
            .expect("greet");
        // The client hangs up when it has heard that.
        let _ = stream.read_to_end(&mut Vec::new());
    };
    let (run, ()) = both(|| run(&mut trusting(&door), b"secret"), serve);
    assert_eq!(run.code, Some(3), "{}", run.stderr);
    assert!(
        run.stderr.contains("perhaps it wants --starttls PROTOCOL"),
        "{}",
        run.stderr
    );
}

#[test]
fn three_is_for_a_server_that_refuses_the_handshake() {
    let door = Door::open();
    let config = server().protocols(&["TLSv1.2"]).build().expect("server");
    let mut command = trusting(&door);
    command.args(["--protocol", "TLSv1.3"]);
    let serve = || {
        let mut socket = door.serve_with(&config);
        socket
            .wait_for_encrypted(Some(LONG))
            .expect_err("no version in common");
        socket.disconnect_from_host(LONG);
    };
    let (run, ()) = both(|| run(&mut command, b""), serve);
    assert_eq!(run.code, Some(3), "{}", run.stderr);
    assert!(
        run.stderr.contains("protocol_version (70)"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_server_that_hangs_up_in_the_handshake_is_told_from_one_that_resets() {
    for (resets, why) in [
        (false, "the server hung up during the handshake"),
        (true, "the server reset the connection during the handshake"),
    ] {
        let door = Door::open();
        let serve = || {
            let mut stream = door.accept();
            // What is not read when a stream is closed resets it.
            let mut hello = [0; 5];
            stream.read_exact(&mut hello).expect("a ClientHello");
            if !resets {
                let len = u16::from_be_bytes([hello[3], hello[4]]);
                let mut rest = vec![0; len.into()];
                stream.read_exact(&mut rest).expect("all of it");
            }
        };
        let (run, ()) = both(|| run(&mut trusting(&door), b""), serve);
        assert_eq!(run.code, Some(3), "{}", run.stderr);
        assert!(run.stderr.contains(why), "{}", run.stderr);
    }
}

#[test]
fn a_server_that_asked_for_no_certificate_does_not_miss_one() {
    let door = Door::open();
    let mut command = trusting(&door);
    command.args(["--ciphers", "TLS_CHACHA20_POLY1305_SHA256"]);
    let config = server().ciphers(&["TLS_AES_128_GCM_SHA256"]);
    let config = config.build().expect("server");
    let serve = || {
        let mut socket = door.serve_with(&config);
        socket
            .wait_for_encrypted(Some(LONG))
            .expect_err("no cipher suite in common");
        socket.disconnect_from_host(LONG);
    };
    let (run, ()) = both(|| run(&mut command, b""), serve);
    let alert = "handshake_failure (40)";
    assert!(run.stderr.contains(alert), "{}", run.stderr);
    assert!(!run.stderr.contains(HINT), "{}", run.stderr);
}

/// Runs it against a server that lets in only whom it knows, which is nobody.
fn at_a_picky_server(version: &str, arguments: &[&str]) -> Run {
    let door = Door::open();
    let config = server()
        .verify_mode(VerifyMode::Verify)
        .pins([Pin::CertificateSha256([0; 32])])
        .protocols(&[version])
        .build()
        .expect("server");
    let serve = || {
        let mut socket = door.serve_with(&config);
        socket
            .wait_for_encrypted(Some(LONG))
            .expect_err("no good certificate");
        socket.disconnect_from_host(LONG);
    };
    let mut command = trusting(&door);
    command.args(arguments);
    both(|| run(&mut command, b"secret"), serve).0
}

const HINT: &str = "it had asked for a certificate of ours and got none: see --cert";

#[test]
fn four_is_for_a_server_that_wants_another_certificate_of_ours() {
    let ended = at_a_picky_server("TLSv1.3", &[]);
    assert_eq!(ended.code, Some(4), "{}", ended.stderr);
    let alert = "certificate_required (116)";
    assert!(ended.stderr.contains(alert), "{}", ended.stderr);
}

#[test]
fn a_server_that_misses_our_certificate_is_told_from_one_that_refuses_it() {
    let stranger = &WORLD.self_signed;
    let cert = file("cert.pem", stranger.chain_pem().as_bytes());
    let key = file("key.pem", stranger.key_pem().as_bytes());
    let [cert, key] = [&cert, &key].map(|path| path.to_str().expect("a path"));
    for version in VERSIONS {
        let missed = at_a_picky_server(version, &[]);
        assert!(missed.stderr.contains(HINT), "{version}: {}", missed.stderr);
        let refused = at_a_picky_server(version, &["--cert", cert, "--key", key]);
        assert_eq!(refused.code, Some(4), "{version}: {}", refused.stderr);
        let said = refused.stderr;
        assert!(said.contains("bad_certificate (42)"), "{version}: {said}");
        assert!(!said.contains("see --cert"), "{version}: {said}");
    }
}

#[test]
fn three_is_for_a_server_that_takes_too_long() {
    let door = Door::open();
    let mut command = Command::new(env!("CARGO_BIN_EXE_sslcore"));
    command.args(["connect", &door.address().to_string(), "--timeout", "0.05"]);
    let serve = || door.accept().read_to_end(&mut Vec::new()).map(drop);
    let (run, heard) = both(|| run(&mut command, b""), serve);
    heard.expect("the client hangs up");
    assert_eq!(run.code, Some(3), "{}", run.stderr);
}

#[test]
fn four_is_for_a_certificate_that_is_refused() {
    for (identity, why) in [
        (
            &WORLD.self_signed,
            "the certificate is self-signed and not trusted",
        ),
        (
            &WORLD.stranger,
            "the issuer of the certificate is not known",
        ),
        (&WORLD.expired, "the certificate has expired"),
    ] {
        let run = presented(identity, &["--name", "server.test"]);
        assert_eq!(run.code, Some(4), "{}", run.stderr);
        assert!(
            run.stderr
                .ends_with(&format!("the server's certificate is refused: {why}\n")),
            "{}",
            run.stderr
        );
    }
}

#[test]
fn five_is_for_a_stream_that_is_cut() {
    let door = Door::open();
    let mut command = trusting(&door);
    // The end of the input does not end our side before the server's is cut.
    command.args(["--linger", "600"]);
    let run = against(&mut command, b"question\n", &door, |mut socket| {
        socket.write_all(b"half of ").expect("write");
        socket.flush().expect("flush");
        socket.stream().shutdown(Shutdown::Write).expect("cut");
        let _ = socket.wait_for_disconnected(Some(LONG));
    });
    assert_eq!(run.code, Some(5), "{}", run.stderr);
    assert_eq!(
        run.stdout, b"half of ",
        "what came before the cut is put out"
    );
    assert!(
        run.stderr.contains("data of the server's may be missing"),
        "{}",
        run.stderr
    );
}

/// Hears our end, says `last` behind it, and hangs up without a close_notify.
fn hangs_up_behind(last: &'static [u8]) -> impl FnOnce(SslSocket) + Send {
    move |mut socket| {
        assert_eq!(socket.read(&mut [0]).expect("close_notify"), 0);
        socket.write_all(last).expect("write");
        socket.flush().expect("flush");
        hang_up(socket);
    }
}

#[test]
fn a_server_that_hangs_up_behind_our_close_is_an_end_like_others_unless_it_is_taken_strictly() {
    for (options, code) in [(&[][..], 0), (&["--strict-close"], 5)] {
        let door = Door::open();
        let mut command = trusting(&door);
        // In TLS 1.2 the server's socket answers by itself.
        command.args(["--protocol", "TLSv1.3"]).args(options);
        let run = against(&mut command, b"", &door, hangs_up_behind(b""));
        assert_eq!(run.code, Some(code), "{}", run.stderr);
        let closed = "Closed by us; the server hung up without a close_notify of its own: 0 B sent";
        assert!(run.stderr.contains(closed), "{}", run.stderr);
        let why = "after our close_notify without one of its own: data may be missing";
        assert_eq!(run.stderr.contains(why), code != 0, "{}", run.stderr);
    }
}

#[test]
fn half_an_answer_behind_our_close_is_cut() {
    let door = Door::open();
    let mut command = trusting(&door);
    command.args(["--protocol", "TLSv1.3"]);
    let run = against(&mut command, b"", &door, hangs_up_behind(b"half of "));
    assert_eq!(run.code, Some(5), "{}", run.stderr);
    assert_eq!(run.stdout, b"half of ");
}

#[test]
fn five_is_for_a_server_that_does_not_end_its_side() {
    let door = Door::open();
    let (gone, over) = channel();
    let mut command = Command::new(env!("CARGO_BIN_EXE_sslcore"));
    command.args(["connect", &door.address().to_string(), "--timeout", "3"]);
    command
        .args(["--protocol", "TLSv1.3", "--ca"])
        .arg(ca_file());
    let door = &door;
    let serve = move || {
        let mut socket = door.serve();
        socket.write_all(b"half of ").expect("write");
        socket.flush().expect("flush");
        assert_eq!(socket.read(&mut [0]).expect("close_notify"), 0);
        over.recv().expect("the client's end");
    };
    let talk = move || {
        let run = run(&mut command, b"");
        gone.send(()).expect("tell");
        run
    };
    let (run, ()) = both(talk, serve);
    assert_eq!(run.code, Some(5), "{}", run.stderr);
    assert_eq!(run.stdout, b"half of ");
    let why = "the server took longer than 3s to end its side: data may be missing";
    assert!(run.stderr.contains(why), "{}", run.stderr);
}
