//! The two programs on the front page and in the README: run here against each other, and in
//! `interop_front_page` against programs of other libraries.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use sslcore_tests::certs::WORLD;
use sslcore_tests::pair::{backend, client};

#[allow(unreachable_pub, reason = "the file is shown, and everybody copies it")]
#[path = "../../sslcore/examples/blocking/session.rs"]
mod session;

fn client_config() -> sslcore::ClientConfig {
    session::client_config(backend(), WORLD.ca.der()).expect("client")
}

fn server_config() -> sslcore::ServerConfig {
    let identity = &WORLD.server;
    session::server_config(backend(), identity.chain.clone(), identity.key()).expect("server")
}

/// A connected pair of sockets, whose reads end some day.
fn sockets() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("bind");
    let ours = TcpStream::connect(listener.local_addr().expect("an address")).expect("connect");
    let (theirs, _) = listener.accept().expect("accept");
    let limit = Some(Duration::from_secs(60));
    for socket in [&ours, &theirs] {
        socket.set_read_timeout(limit).expect("a timeout");
    }
    (ours, theirs)
}

/// Lines in the clear up to STARTTLS, and what the server said to each.
fn say(socket: &mut TcpStream, lines: &[&str]) -> Vec<String> {
    let mut heard = Vec::new();
    let mut hear = |socket: &mut TcpStream| {
        let mut line = Vec::new();
        while !line.ends_with(b"\n") {
            let mut byte = [0];
            assert_eq!(socket.read(&mut byte).expect("a line"), 1, "the end");
            line.push(byte[0]);
        }
        heard.push(String::from_utf8(line).expect("text"));
    };
    hear(socket);
    for line in lines {
        socket.write_all(line.as_bytes()).expect("open");
        hear(socket);
    }
    heard
}

#[test]
fn the_client_and_the_server_of_the_front_page_understand_each_other() {
    let (mut ours, theirs) = sockets();
    let config = server_config();
    let serving = thread::spawn(move || session::serve(&config, theirs).expect("a clean end"));
    let heard = say(&mut ours, &["HELLO\r\n", "STARTTLS\r\n"]);
    assert_eq!(
        heard,
        ["220 ready\r\n", "250 HELLO\r\n", "220 go ahead\r\n"]
    );
    let config = client_config();
    // More lines at once than their answers have room for: nothing is lost, and the client, which
    // has no more to say, is answered to the end.
    let request = b"x\n".repeat(8_000);
    let asking = thread::spawn(move || {
        let mut conn =
            sslcore::Connection::new(sslcore::Limits::default(), sslcore::Buffers::Owned);
        let name = sslcore::PeerName::new("server.test").expect("a name");
        conn.start_client_encryption(&config, name).expect("start");
        assert_eq!(conn.write(&request), Ok(request.len()));
        let mut answer = Vec::new();
        loop {
            match session::drive(&mut conn, &mut ours).expect("driven") {
                sslcore::Step::Readable => {
                    answer.extend_from_slice(conn.peek());
                    let all = conn.peek().len();
                    conn.consume(all).expect("shown");
                    if answer.len() == 8_000 * 6 {
                        conn.close();
                    }
                }
                sslcore::Step::Done => return (answer, conn.close_report()),
                _ => {}
            }
        }
    });
    let (answer, report) = asking.join().expect("the client");
    assert!(answer == b"250 x\n".repeat(8_000));
    assert!(report.expect("closed").clean);
    serving.join().expect("the server");
}

#[test]
fn the_client_gets_all_of_an_answer_and_ends_when_the_server_does() {
    let (ours, mut theirs) = sockets();
    let answer = vec![7; 100_000];
    let expected = answer.clone();
    let config = server_config();
    let serving = thread::spawn(move || {
        let mut conn =
            sslcore::Connection::new(sslcore::Limits::default(), sslcore::Buffers::Owned);
        let start = sslcore::ServerStart::With(config);
        conn.start_server_encryption(start).expect("start");
        let mut answer = &answer[..];
        loop {
            if conn.is_encrypted() && !answer.is_empty() {
                answer = &answer[conn.write(answer).expect("open")..];
                if answer.is_empty() {
                    conn.close();
                }
            }
            if session::drive(&mut conn, &mut theirs).expect("driven") == sslcore::Step::Done {
                return conn.close_report().expect("closed").clean;
            }
        }
    });
    let config = client_config();
    let heard = session::ask(&config, "server.test", ours, b"").expect("an answer");
    assert!(heard == expected);
    let clean = serving.join().expect("the server");
    assert!(clean, "the client has closed, too");
}

#[test]
fn the_client_says_all_of_a_request_that_is_longer_than_what_may_wait() {
    let (ours, mut theirs) = sockets();
    let request: Vec<u8> = (0..300_000u32).map(|i| (i / 7) as u8).collect();
    assert!(request.len() > 4 * sslcore::Limits::default().queued);
    let (said, expected) = (request.clone(), request.clone());
    let config = server_config();
    let (hears, heard) = std::sync::mpsc::channel();
    let serving = thread::spawn(move || {
        let mut conn =
            sslcore::Connection::new(sslcore::Limits::default(), sslcore::Buffers::Owned);
        let start = sslcore::ServerStart::With(config);
        conn.start_server_encryption(start).expect("start");
        let mut left = request.len();
        while session::drive(&mut conn, &mut theirs).expect("driven") != sslcore::Step::Done {
            let all = conn.peek().len();
            left -= all;
            hears.send(conn.peek().to_vec()).expect("somebody hears");
            conn.consume(all).expect("shown");
            if left == 0 {
                conn.close();
            }
        }
    });
    let config = client_config();
    let asking = thread::spawn(move || {
        session::ask(&config, "server.test", ours, &said).map_err(|error| error.to_string())
    });
    let mut all = Vec::new();
    while let Ok(part) = heard.recv_timeout(Duration::from_secs(60)) {
        all.extend_from_slice(&part);
    }
    assert!(all == expected, "{} bytes of {}", all.len(), expected.len());
    asking.join().expect("the client").expect("a clean end");
    serving.join().expect("the server");
}

#[test]
fn an_answer_that_is_cut_off_is_an_error() {
    let (ours, theirs) = sockets();
    drop(theirs);
    let config = client_config();
    session::ask(&config, "server.test", ours, b"hello").expect_err("nobody answers");
}

#[test]
fn a_silent_peer_is_not_waited_for_longer_than_the_handshake_may_take() {
    let (ours, _theirs) = sockets();
    let timeouts = sslcore::Timeouts {
        handshake: Some(Duration::from_millis(50)),
        close: Some(Duration::from_millis(50)),
        ..sslcore::Timeouts::CLIENT
    };
    let config = client(backend())
        .timeouts(timeouts)
        .build()
        .expect("client");
    let error = session::ask(&config, "server.test", ours, b"").expect_err("nobody answers");
    let failure = error.downcast_ref::<sslcore::Failure>().expect("a failure");
    assert_eq!(failure.kind(), sslcore::FailureKind::HandshakeTimeout);
}

#[test]
fn commands_sent_along_with_starttls_are_refused() {
    let (mut ours, theirs) = sockets();
    let config = server_config();
    let serving = thread::spawn(move || session::serve(&config, theirs).map_err(|e| e.to_string()));
    say(&mut ours, &[]);
    ours.write_all(b"STARTTLS\r\nDROP TABLES\r\n")
        .expect("open");
    let refused = serving.join().expect("the server").expect_err("refused");
    assert!(
        refused.contains("13 plaintext bytes are unread"),
        "{refused}"
    );
}

#[test]
fn the_readme_shows_what_is_run() {
    let readme = include_str!("../../README.md");
    let run = include_str!("../../sslcore/examples/blocking/session.rs");
    let blocks: Vec<&str> = readme.split("```rust").skip(1).collect();
    assert_eq!(blocks.len(), 2, "the client, and the server");
    let mut shown = 0;
    for block in blocks {
        let (code, _) = block.split_once("\n```").expect("it ends");
        let code = code.strip_prefix('\n').expect("nothing but rust");
        assert!(run.contains(code), "not what is run:\n{code}");
        shown += code.lines().count();
    }
    let whole = run.lines().count();
    assert!(shown + 4 >= whole, "{shown} lines of {whole} are shown");
}
