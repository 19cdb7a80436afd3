//! Data both ways, and files.

use std::fs::File;
use std::io::{Read, Write};

use sslcore::Event;
use sslcore_std::SslSocket;
use sslcore_tests::pair::server_name;
use sslcore_tests::peer::Scratch;

use crate::common::{LONG, adopt, all_of, both, client, pattern, server, streams};
use crate::stage::{SUITES, Who, counted, encrypted, offload};

const MUCH: usize = 10 * 1024 * 1024;

/// Sends and receives as much at once, by halves.
fn talk(socket: SslSocket, bytes: &[u8]) -> SslSocket {
    let (mut reader, mut writer) = socket.split().expect("halves");
    let (heard, ()) = both(
        || {
            let mut heard = vec![0; bytes.len()];
            reader.read_exact(&mut heard).expect("read");
            heard
        },
        || {
            writer.write_all(bytes).expect("write");
            writer.flush().expect("flush");
        },
    );
    assert!(heard == bytes, "it arrives as it was sent");
    reader.reunite(writer).expect("of one socket")
}

#[test]
fn much_passes_both_ways_at_once() {
    let bytes = pattern(MUCH);
    for suite in SUITES {
        for who in Who::ALL {
            let (mut client, mut server) = encrypted(suite);
            who.offload(&mut client, &mut server);
            let (mut client, mut server) = both(|| talk(client, &bytes), || talk(server, &bytes));
            let (report, answered) = both(
                || client.disconnect_from_host(LONG),
                || server.disconnect_from_host(LONG),
            );
            assert!(
                report.clean && answered.clean,
                "{suite:?} {who:?}: {report:?} {answered:?}"
            );
        }
    }
    assert!(
        counted("TlsTxSw").expect("a counter") > 0,
        "it was the kernel that sealed"
    );
    assert!(
        counted("TlsRxSw").expect("a counter") > 0,
        "it was the kernel that opened"
    );
}

#[test]
fn a_file_leaves_without_passing_through_the_process() {
    let scratch = Scratch::new();
    let bytes = pattern(MUCH + 12_345);
    let file = File::open(scratch.file("file", &bytes)).expect("open");
    for suite in SUITES {
        let (mut client, mut server) = encrypted(suite);
        offload(&mut server);
        let (heard, ()) = both(
            || all_of(&mut client),
            || {
                server.write_all(b"head").expect("write");
                let mut offset = 0;
                let len = bytes.len() as u64;
                let sent = server.send_file(&file, &mut offset, len).expect("send");
                assert_eq!((sent, offset), (len, len));
                server.write_all(b"tail").expect("write");
                server.close();
                server.flush().expect("flush");
            },
        );
        assert!(
            heard == [b"head", &bytes[..], b"tail"].concat(),
            "{suite:?}"
        );
    }
}

#[test]
fn lines_are_read_and_data_is_put_back_as_ever() {
    use std::io::BufRead;
    for suite in SUITES {
        let (mut client, mut server) = encrypted(suite);
        offload(&mut client);
        server.write_all(b"one\ntwo\nthr").expect("write");
        server.flush().expect("flush");
        let mut line = String::new();
        client.read_line(&mut line).expect("a line");
        assert_eq!(line, "one\n");
        client.unread(line.as_bytes()).expect("it was just read");
        server.write_all(b"ee\n").expect("write");
        server.flush().expect("flush");
        let mut lines = Vec::new();
        for _ in 0..3 {
            line.clear();
            client.read_line(&mut line).expect("a line");
            lines.push(line.clone());
        }
        assert_eq!(lines, ["one\n", "two\n", "three\n"]);
    }
}

#[test]
fn tickets_that_the_kernel_opens_are_kept_and_resume() {
    let client_config = client().protocols(&["TLSv1.3"]).build().expect("client");
    let server_config = server().protocols(&["TLSv1.3"]).build().expect("server");
    for round in 0..2 {
        let (one, other) = streams();
        let (mut client, mut server) = (adopt(one), adopt(other));
        client
            .start_client_encryption(&client_config, server_name())
            .expect("start");
        let with = sslcore::ServerStart::With(server_config.clone());
        server.start_server_encryption(with).expect("start");
        let ((), done) = both(
            || {
                client.wait_for_encrypted(Some(LONG)).expect("encrypted");
                offload(&mut client);
            },
            || server.wait_for_encrypted(Some(LONG)),
        );
        assert_eq!(done, Ok(()));
        assert_eq!(client.connection().is_resumed(), round == 1);
        server.write_all(b"x").expect("write");
        server.flush().expect("flush");
        client.read_exact(&mut [0; 1]).expect("behind the tickets");
        assert!(client.connection().session_tickets_received() > 0);
        let mut events = std::iter::from_fn(|| client.poll_event());
        assert!(events.any(|event| event == Event::SessionTicketReceived));
    }
}
