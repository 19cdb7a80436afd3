//! Plaintext first, then TLS (rule R2).

use sslcore::{
    Buffers, Connection, Event, Leftover, Limits, ReadEnd, ServerStart, SslMode, UsageError,
};
use sslcore_tests::pair::{End, Pair, backend, client, server, server_name};

/// A pair that has spoken in the clear up to the client's STARTTLS.
fn greeted() -> Pair {
    let mut pair = Pair::default();
    pair.server.write(b"220 ready\r\n");
    pair.run();
    assert_eq!(pair.client.read_all(), b"220 ready\r\n");
    pair.client.write(b"STARTTLS\r\n");
    pair.run();
    assert_eq!(pair.server.conn.peek(), b"STARTTLS\r\n");
    pair
}

fn start_client(end: &mut End, leftover: Leftover) -> Result<(), UsageError> {
    let config = client(backend()).build().expect("client");
    end.conn
        .start_client_encryption_with(&config, server_name(), leftover)
}

fn start_server(end: &mut End, leftover: Leftover) -> Result<(), UsageError> {
    let config = server(backend()).build().expect("server");
    end.conn
        .start_server_encryption_with(ServerStart::With(config), leftover)
}

#[test]
fn a_plain_connection_passes_bytes_through_and_counts_them() {
    let mut pair = Pair::default();
    pair.client.write(b"hello");
    pair.run();
    assert_eq!(pair.client.sent, b"hello");
    assert_eq!(pair.client.events, [Event::BytesWritten(5)]);
    assert_eq!(pair.server.events, [Event::ReadyRead]);
    assert_eq!(pair.server.conn.bytes_available(), 5);
    assert_eq!(pair.server.conn.encrypted_bytes_available(), 0);
    assert_eq!(pair.server.read_all(), b"hello");
    assert_eq!(pair.server.conn.read(&mut [0; 1]), Err(ReadEnd::Empty));
    assert_eq!(pair.server.conn.mode(), SslMode::Unencrypted);
}

#[test]
fn a_starttls_session_switches_and_goes_on_encrypted() {
    let mut pair = greeted();
    pair.server.read_all();
    pair.server.write(b"220 go ahead\r\n");
    start_server(&mut pair.server, Leftover::Refuse).expect("start");
    pair.exchange();
    assert_eq!(pair.client.read_all(), b"220 go ahead\r\n");
    start_client(&mut pair.client, Leftover::Refuse).expect("start");
    pair.run();
    assert!(pair.client.conn.is_encrypted());
    assert!(pair.server.conn.is_encrypted());
    pair.client.write(b"EHLO again\r\n");
    pair.run();
    assert_eq!(pair.server.read_all(), b"EHLO again\r\n");
}

#[test]
fn a_starttls_client_never_reads_bytes_injected_before_the_switch() {
    let mut pair = greeted();
    pair.server.read_all();
    pair.server.write(b"220 go ahead\r\nINJECTED\r\n");
    pair.exchange();
    let line = b"220 go ahead\r\n".len();
    pair.client.conn.consume(line).expect("the line is there");
    let before = format!("{:?}", pair.client.conn);
    assert_eq!(
        start_client(&mut pair.client, Leftover::Refuse),
        Err(UsageError::UnreadPlaintext { bytes: 10 })
    );
    assert_eq!(format!("{:?}", pair.client.conn), before, "rule R7");
    assert_eq!(pair.client.conn.mode(), SslMode::Unencrypted);

    start_client(&mut pair.client, Leftover::Discard).expect("start");
    assert_eq!(pair.client.conn.bytes_available(), 0);
    start_server(&mut pair.server, Leftover::Refuse).expect("start");
    pair.run();
    pair.server.write(b"genuine\r\n");
    pair.run();
    assert_eq!(pair.client.read_all(), b"genuine\r\n");
}

#[test]
fn injected_bytes_count_as_unread_even_before_they_are_processed() {
    let mut end = End::new(Limits::default());
    assert_eq!(end.conn.receive(b"INJECTED"), Ok(8));
    assert_eq!(
        start_client(&mut end, Leftover::Refuse),
        Err(UsageError::UnreadPlaintext { bytes: 8 })
    );
}

#[test]
fn injected_bytes_treated_as_tls_fail_the_handshake() {
    let mut end = End::new(Limits::default());
    end.give(b"INJECTED", usize::MAX);
    assert_eq!(end.conn.bytes_available(), 8);
    start_client(&mut end, Leftover::TreatAsTls).expect("start");
    assert_eq!(end.conn.bytes_available(), 0);
    end.settle();
    assert!(matches!(
        end.events
            .iter()
            .find(|event| matches!(event, Event::Failed(_))),
        Some(Event::Failed(sslcore::FailureKind::NotTls))
    ));
    assert!(end.read_all().is_empty());
}

#[test]
fn a_client_hello_that_does_not_wait_for_the_go_ahead_can_be_treated_as_tls() {
    let mut pair = greeted();
    start_client(&mut pair.client, Leftover::Refuse).expect("start");
    let hello = pair.client.take();
    // Some of it is plaintext already when the server decides, some is not even processed.
    let (first, second) = hello.split_at(40);
    pair.server.give(first, usize::MAX);
    assert_eq!(pair.server.conn.receive(second), Ok(second.len()));
    pair.server
        .conn
        .consume(b"STARTTLS\r\n".len())
        .expect("the command");
    assert_eq!(
        start_server(&mut pair.server, Leftover::Refuse),
        Err(UsageError::UnreadPlaintext { bytes: hello.len() })
    );
    start_server(&mut pair.server, Leftover::TreatAsTls).expect("start");
    pair.run();
    assert!(pair.client.conn.is_encrypted());
    assert!(pair.server.conn.is_encrypted());
}

#[test]
fn a_fast_client_hello_cannot_race_the_go_ahead_line() {
    let mut pair = greeted();
    pair.server.read_all();
    // The server starts TLS before its line leaves; the hello arrives before it, too.
    assert_eq!(pair.server.conn.write(b"220 go ahead\r\n"), Ok(14));
    start_server(&mut pair.server, Leftover::Refuse).expect("start");
    start_client(&mut pair.client, Leftover::Refuse).expect("start");
    let hello = pair.client.take();
    pair.server.give(&hello, 1);
    let answer = pair.server.take();
    assert!(
        answer.starts_with(b"220 go ahead\r\n\x16\x03"),
        "the line, then ServerHello"
    );
    pair.client.give(&answer[14..], 1);
    pair.run();
    assert!(pair.client.conn.is_encrypted());
    assert!(pair.server.conn.is_encrypted());
    let plain: usize = pair
        .server
        .events
        .iter()
        .map(|event| match event {
            Event::BytesWritten(n) => *n,
            _ => 0,
        })
        .sum();
    let encrypted: usize = pair
        .server
        .events
        .iter()
        .map(|event| match event {
            Event::EncryptedBytesWritten(n) => *n,
            _ => 0,
        })
        .sum();
    assert_eq!(plain, b"220 ready\r\n".len() + 14);
    assert_eq!(plain + encrypted, pair.server.sent.len());
}

#[test]
fn tls_is_started_once() {
    let mut pair = Pair::default();
    start_client(&mut pair.client, Leftover::Refuse).expect("start");
    assert_eq!(
        start_client(&mut pair.client, Leftover::Refuse),
        Err(UsageError::AlreadyStarted)
    );
    assert_eq!(
        start_server(&mut pair.client, Leftover::Refuse),
        Err(UsageError::AlreadyStarted)
    );
    assert_eq!(pair.client.conn.mode(), SslMode::Client);
}

#[test]
fn a_plain_stream_that_ends_is_not_truncated() {
    let mut pair = Pair::default();
    pair.client.write(b"bye");
    pair.client.conn.close();
    pair.run();
    assert!(pair.client.conn.transmit_finished());
    pair.server.conn.receive_eof();
    pair.server.settle();
    assert_eq!(pair.server.events, [Event::ReadyRead, Event::EndOfStream]);
    let mut out = [0; 8];
    assert_eq!(pair.server.conn.read(&mut out), Ok(3));
    assert_eq!(pair.server.conn.read(&mut out), Err(ReadEnd::EndOfStream));
    pair.server.conn.close();
    pair.server.settle();
    pair.client.conn.receive_eof();
    pair.client.settle();
    for end in [&pair.client, &pair.server] {
        assert!(
            end.conn.close_report().expect("closed").clean,
            "{:?}",
            end.events
        );
    }
}

#[test]
fn lent_buffers_come_back() {
    let receive = Box::leak(vec![0; 20_000].into_boxed_slice());
    let transmit = Box::leak(vec![0; 4_000].into_boxed_slice());
    let buffers = Buffers::lent(receive, transmit).expect("large enough");
    let mut pair = Pair::default();
    pair.client.conn = Connection::new(Limits::default(), buffers);
    start_client(&mut pair.client, Leftover::Refuse).expect("start");
    start_server(&mut pair.server, Leftover::Refuse).expect("start");
    pair.run();
    pair.client.write(b"from a lent buffer");
    pair.server.write(&[5; 16384]);
    pair.run();
    assert_eq!(pair.server.read_all(), b"from a lent buffer");
    assert_eq!(pair.client.read_all(), [5; 16384]);
    match pair.client.conn.into_buffers() {
        Buffers::Lent {
            receive, transmit, ..
        } => {
            assert_eq!((receive.len(), transmit.len()), (20_000, 4_000));
        }
        other => panic!("{other:?}"),
    }
    let small = Box::leak(vec![0; 100].into_boxed_slice());
    let large = Box::leak(vec![0; 20_000].into_boxed_slice());
    assert!(Buffers::lent(small, large).is_err());
}

#[test]
fn a_lent_tail_stays_where_it_is_while_the_application_reads() {
    let mut end = End::new(Limits::default());
    end.give(b"first", usize::MAX);
    let lent = end.conn.receive_buffer();
    lent[..6].copy_from_slice(b"second");
    assert_eq!(end.read_all(), b"first");
    assert_eq!(end.conn.received(6), Ok(()));
    assert_eq!(end.read_all(), b"second");
    assert_eq!(
        end.conn.received(1),
        Err(UsageError::TooManyBytes {
            given: 1,
            available: 0
        })
    );
}
