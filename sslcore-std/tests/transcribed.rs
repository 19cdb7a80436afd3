//! Sockets that write their connections down.
#![cfg(feature = "transcripts")]

mod common;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use common::{LONG, both, client, encrypted};
use sslcore::transcript::Transcript;
use sslcore::{Event, ServerStart, UsageError};
use sslcore_std::Connector;
use sslcore_tests::pair::server_name;

/// A place for text, and what puts it there.
fn sink() -> (Arc<Mutex<String>>, impl FnMut(&str) + Send + 'static) {
    let text = Arc::new(Mutex::new(String::new()));
    let to = Arc::clone(&text);
    (text, move |piece: &str| {
        to.lock().expect("text").push_str(piece);
    })
}

#[test]
fn a_connection_is_written_down_from_its_first_byte_to_its_last() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
    let address = listener.local_addr().expect("address");
    let (text, to) = sink();
    let connect = || {
        let mut socket = Connector::new()
            .start("127.0.0.1", address.port())
            .expect("start");
        socket.transcribe("mine", to).expect("nothing has happened");
        let config = client().build().expect("client");
        socket.write_all(b"STARTTLS\r\n").expect("ask");
        let mut answer = [0; 3];
        socket.read_exact(&mut answer).expect("go ahead");
        socket
            .start_client_encryption(&config, server_name())
            .expect("start TLS");
        socket.wait_for_encrypted(Some(LONG)).expect("encrypted");
        socket.write_all(b"hello").expect("write");
        socket.close();
        let mut heard = String::new();
        socket.read_to_string(&mut heard).expect("all");
        socket.wait_for_disconnected(Some(LONG)).expect("ended");
        let events: Vec<Event> = std::iter::from_fn(|| socket.poll_event()).collect();
        assert!(events.contains(&Event::Encrypted));
    };
    let serve = || {
        let (mut stream, _) = listener.accept().expect("accept");
        stream.read_exact(&mut [0; 10]).expect("STARTTLS");
        stream.write_all(b"go\n").expect("go ahead");
        let config = common::server().build().expect("server");
        let mut socket = common::adopt(stream);
        let start = ServerStart::With(config);
        socket.start_server_encryption(start).expect("start TLS");
        let mut heard = Vec::new();
        socket.read_to_end(&mut heard).expect("all");
        socket.wait_for_disconnected(Some(LONG)).expect("ended");
    };
    both(connect, serve);
    let text = text.lock().expect("text");
    assert!(text.parse::<Transcript>().is_ok(), "{text}");
    let mut rest = &text[..];
    for wanted in [
        "configuration \"mine\", seed 0\n",
        "\nwrite 10 bytes \"STARTTLS\\r\\n\"",
        "\n> 10 bytes \"STARTTLS\\r\\n\"",
        "\n< 3 bytes \"go\\n\"",
        "\nstart client ",
        "\nevent Encrypted\n",
        "\nwrite 5 bytes \"hello\"",
        "\nclose\n",
        "\nevent Closed(CloseReport { clean: true",
    ] {
        let found = rest.find(wanted);
        let at =
            found.unwrap_or_else(|| panic!("{wanted:?} is missing behind the others:\n{text}"));
        rest = &rest[at..];
    }
}

#[test]
fn a_connection_that_waits_writes_little_down() {
    let (mut socket, _peer) = common::sockets();
    let (text, to) = sink();
    socket.transcribe("mine", to).expect("nothing has happened");
    for _ in 0..1000 {
        let waited = socket.wait_for_ready_read(Some(std::time::Duration::ZERO));
        waited.expect_err("nothing comes");
    }
    socket.abort();
    drop(socket);
    let text = text.lock().expect("text");
    assert!(text.lines().count() < 20, "{text}");
    assert!(text.contains("\nabort\n"), "{text}");
}

#[test]
fn what_has_begun_cannot_be_written_down_any_more() {
    let (text, to) = sink();
    let (mut socket, _server) = encrypted("TLSv1.3");
    let refused = socket.transcribe("mine", to);
    assert_eq!(refused, Err(UsageError::AlreadyStarted));
    let (mut socket, mut peer) = common::sockets();
    peer.write_all(b"hello").expect("write");
    socket.wait_for_ready_read(Some(LONG)).expect("hello");
    let refused = socket.transcribe("mine", |_| ());
    assert_eq!(refused, Err(UsageError::AlreadyStarted));
    assert_eq!(socket.peek(), b"hello");
    assert!(text.lock().expect("text").is_empty());
}

/// Also while the buffer grows, in which the beginning of a record is moved to the front then.
#[test]
fn what_is_written_down_arrives_as_it_is() {
    let (mut one, mut other) = common::sockets();
    one.transcribe("mine", |_| ())
        .expect("nothing has happened");
    one.set_read_buffer_size(100);
    let (trusting, serving) = (client().build(), common::server().build());
    one.start_client_encryption(&trusting.expect("client"), server_name())
        .expect("start TLS");
    other
        .start_server_encryption(ServerStart::With(serving.expect("server")))
        .expect("start TLS");
    let data = common::pattern(100_000);
    let (heard, ()) = both(
        || common::all_of(&mut one),
        || {
            for piece in data.chunks(50) {
                other.write_all(piece).expect("write");
            }
            other.close();
            other.flush().expect("flush");
        },
    );
    assert!(heard == data);
}
