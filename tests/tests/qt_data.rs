//! Qt's tests of data, by name (`tst_qsslsocket.cpp`): writing, reading, peeking, and the limit of
//! the read buffer. `qt-checklist.txt` lists all of them.

use sslcore::{Event, FailureKind, Leftover, Limits, ReadEnd, ServerStart, SslMode, UsageError};
use sslcore_tests::pair::{End, Pair, VERSIONS, backend, client, server, server_name};

/// More room than any test here needs, so that only a limit set later can be felt.
fn roomy() -> Pair {
    Pair::new(Limits {
        read_buffer_size: 1 << 20,
        ..Limits::default()
    })
}

fn encrypted(version: &str) -> Pair {
    let client = client(backend()).protocols(&[version]).build();
    let server = server(backend()).protocols(&[version]).build();
    let mut pair = roomy();
    pair.start(&client.expect("client"), &server.expect("server"));
    pair.run();
    assert!(pair.client.conn.is_encrypted() && pair.server.conn.is_encrypted());
    pair
}

/// Carries bytes one way, as far as the receiver has room for them.
fn carry(from: &mut End, to: &mut End) {
    loop {
        from.settle();
        to.settle();
        let n = to.conn.receive(from.conn.transmit()).expect("receive");
        if n == 0 {
            return;
        }
        from.conn.transmitted(n).expect("transmit showed them");
    }
}

/// Bytes that do not compress and differ from place to place.
fn garbage(len: u32) -> Vec<u8> {
    (0..len)
        .map(|i| (i.wrapping_mul(0x9e37_79b9) >> 24) as u8)
        .collect()
}

fn count(end: &End, event: Event) -> usize {
    end.events.iter().filter(|seen| **seen == event).count()
}

fn start_server(end: &mut End, leftover: Leftover) -> Result<(), UsageError> {
    let config = server(backend()).build().expect("server");
    end.conn
        .start_server_encryption_with(ServerStart::With(config), leftover)
}

fn start_client(end: &mut End) {
    let config = client(backend()).build().expect("client");
    end.conn
        .start_client_encryption(&config, server_name())
        .expect("start");
}

/// Qt's `spontaneousWrite`: what the server writes first, without having been asked, arrives at
/// the client as it was.
#[test]
fn spontaneous_write() {
    for version in VERSIONS {
        let mut pair = encrypted(version);
        pair.server.write(b"spontaneous write message");
        pair.run();
        assert!(pair.client.saw(Event::ReadyRead));
        assert_eq!(pair.client.read_all(), b"spontaneous write message");
    }
}

/// Qt's `writeBigChunk`: ten megabytes are accepted and encrypted without an error, and nothing
/// is left to write. Qt takes all of them in one call, and its memory grows by as much; here
/// `write` is short when the transmit buffer is full, and goes on after `Writable`.
#[test]
fn write_big_chunk() {
    for version in VERSIONS {
        let mut pair = encrypted(version);
        let data = garbage(10 << 20);
        let (mut written, mut heard) = (0, Vec::new());
        while written < data.len() {
            let n = pair.client.conn.write(&data[written..]).expect("write");
            written += n;
            assert!(pair.client.conn.encrypted_bytes_to_write() <= Limits::default().transmit);
            carry(&mut pair.client, &mut pair.server);
            heard.extend(pair.server.read_all());
            assert!(n > 0 || pair.client.saw(Event::Writable));
        }
        assert_eq!(pair.client.conn.bytes_to_write(), 0);
        carry(&mut pair.client, &mut pair.server);
        heard.extend(pair.server.read_all());
        assert_eq!(heard, data);
        assert_eq!(pair.client.conn.failure(), None);
        let told = pair.client.events.iter().map(|event| match event {
            Event::BytesWritten(n) => *n,
            _ => 0,
        });
        assert_eq!(told.sum::<usize>(), data.len());
    }
}

/// Qt's `readBufferMaxSize`: with a limit of 10 bytes only a part of 65,535 arrives; when the
/// limit is lifted, the rest does. Qt holds several records at that limit; here it is one.
#[test]
fn read_buffer_max_size() {
    for version in VERSIONS {
        let mut pair = encrypted(version);
        pair.client.conn.set_read_buffer_size(10);
        let message = vec![b'a'; 0xffff];
        let mut heard = Vec::new();
        let mut rest = &message[..];
        loop {
            let n = pair.server.conn.write(rest).expect("write");
            rest = &rest[n..];
            carry(&mut pair.server, &mut pair.client);
            if n == 0 {
                break;
            }
        }
        let some = pair.client.conn.bytes_available();
        assert!(some > 0 && some <= 16_384, "{some}");
        pair.client.conn.set_read_buffer_size(usize::MAX);
        while heard.len() < message.len() {
            let n = pair.server.conn.write(rest).expect("write");
            rest = &rest[n..];
            carry(&mut pair.server, &mut pair.client);
            heard.extend(pair.client.read_all());
        }
        assert_eq!(heard, message);
    }
}

/// Qt's `setReadBufferSize`: the sender writes until the receiver's limit is reached; more changes
/// nothing. Without the limit more is delivered although nothing new comes from the network, and
/// `ReadyRead` tells of it. Qt's limit is soft, ours is kept to within one record. Zero means no
/// limit in Qt; here a connection is never without one, and the test raises it.
#[test]
fn set_read_buffer_size() {
    for version in VERSIONS {
        let mut pair = encrypted(version);
        let limit = 39 * 1024;
        pair.client.conn.set_read_buffer_size(limit);
        let data = vec![b'b'; 2048];
        while pair.client.conn.bytes_available() < limit {
            pair.server.write(&data);
            carry(&mut pair.server, &mut pair.client);
        }
        let full = pair.client.conn.bytes_available();
        assert!(full < limit + data.len(), "{full}");
        pair.server.write(&data);
        carry(&mut pair.server, &mut pair.client);
        assert_eq!(pair.client.conn.bytes_available(), full, "the limit holds");
        assert!(pair.client.conn.encrypted_bytes_available() > data.len());

        pair.client.events.clear();
        pair.client.conn.set_read_buffer_size(usize::MAX);
        pair.client.settle();
        assert_eq!(pair.client.conn.bytes_available(), full + data.len());
        assert!(pair.client.saw(Event::ReadyRead));
        for end in [&pair.client, &pair.server] {
            assert!(end.conn.is_encrypted());
        }
    }
}

/// Qt's `setReadBufferSize_task_250027`: under a small limit a reader that takes some bytes at a
/// time gets everything; no read leaves it waiting for data that is there already.
#[test]
fn set_read_buffer_size_task_250027() {
    for version in VERSIONS {
        let mut pair = encrypted(version);
        pair.client.conn.set_read_buffer_size(1000);
        let data = garbage(200_000);
        let (mut written, mut heard) = (0, Vec::new());
        while heard.len() < data.len() {
            written += pair.server.conn.write(&data[written..]).expect("write");
            carry(&mut pair.server, &mut pair.client);
            assert!(pair.client.conn.bytes_available() < 1000 + 16_384);
            let mut piece = [0; 700];
            let n = pair.client.conn.read(&mut piece).expect("some is there");
            heard.extend_from_slice(&piece[..n]);
        }
        assert_eq!(heard, data);
        assert_eq!(pair.client.conn.read(&mut [0]), Err(ReadEnd::Empty));
    }
}

/// Qt's `qtbug18498_peek`: a server that peeks at the first byte and then starts TLS must still
/// handshake, and peeking at decrypted data must not take it away. The byte peeked at was received
/// before TLS, so the server says that it belongs to TLS; unsaid, it is refused, because Qt's way
/// of keeping such bytes is how injected plaintext gets in.
#[test]
fn qtbug18498_peek() {
    let mut pair = Pair::default();
    start_client(&mut pair.client);
    let hello = pair.client.take();
    pair.server.give(&hello, usize::MAX);
    assert_eq!(pair.server.conn.peek()[0], 22, "a handshake record");
    assert_eq!(
        start_server(&mut pair.server, Leftover::Refuse),
        Err(UsageError::UnreadPlaintext { bytes: hello.len() })
    );
    start_server(&mut pair.server, Leftover::TreatAsTls).expect("start");
    pair.run();
    assert!(pair.client.conn.is_encrypted() && pair.server.conn.is_encrypted());

    pair.server.write(b"HELLO");
    pair.run();
    assert_eq!(pair.client.conn.peek(), b"HELLO");
    assert_eq!(pair.client.conn.peek(), b"HELLO", "still there");
    let mut out = [0; 5];
    assert_eq!(pair.client.conn.read(&mut out), Ok(5));
    assert_eq!(&out, b"HELLO");
}

/// Qt's `qtbug18498_peek2`: in plaintext, peeks and reads of one byte, of some, of a block larger
/// than a buffer, and of more than there is; then STARTTLS, and the same both ways encrypted.
#[test]
fn qtbug18498_peek2() {
    let mut pair = roomy();
    pair.server.write(b"HELLO\r\n");
    pair.run();
    sips(&mut pair.client, b"HELLO\r\n");

    let block = vec![b'#'; 16_384 + 1024];
    pair.client.write(b"head");
    pair.client.write(&block);
    pair.run();
    assert_eq!(pair.server.conn.bytes_available(), 4 + block.len());
    assert_eq!(&pair.server.conn.peek()[..4], b"head");
    pair.server.conn.consume(4).expect("it is there");
    // More than there is cannot be peeked at, and asking for it takes nothing away.
    assert_eq!(pair.server.conn.peek(), block);
    assert_eq!(
        pair.server.conn.consume(3 * block.len()),
        Err(UsageError::TooManyBytes {
            given: 3 * block.len(),
            available: block.len()
        })
    );
    assert_eq!(pair.server.read_all(), block);

    pair.client.write(b"STARTTLS\r\n");
    pair.run();
    sips(&mut pair.server, b"STARTTLS\r\n");
    start_server(&mut pair.server, Leftover::Refuse).expect("start");
    start_client(&mut pair.client);
    pair.run();
    assert_eq!(pair.client.conn.mode(), SslMode::Client);
    assert_eq!(pair.server.conn.mode(), SslMode::Server);
    assert!(pair.client.conn.is_encrypted() && pair.server.conn.is_encrypted());

    pair.server.write(b"hello\r\n");
    pair.client.write(b"goodbye\r\n");
    pair.run();
    sips(&mut pair.client, b"hello\r\n");
    sips(&mut pair.server, b"goodbye\r\n");
}

/// Peeks at all of it, takes one byte, looks again, and takes the rest.
fn sips(end: &mut End, line: &[u8]) {
    assert_eq!(end.conn.peek(), line);
    let mut first = [0; 1];
    assert_eq!(end.conn.read(&mut first), Ok(1));
    assert_eq!(first[0], line[0]);
    assert_eq!(end.conn.peek(), &line[1..]);
    assert_eq!(end.read_all(), &line[1..]);
    assert_eq!(end.conn.bytes_available(), 0);
}

/// Qt's `readFromClosedSocket`: after `close` nothing is left to read and nothing to write. Here
/// `close` ends our direction and keeps what was received; who does not want it says so with
/// `discard_reads`, and `abort` throws away both.
#[test]
fn read_from_closed_socket() {
    for version in VERSIONS {
        for abort in [false, true] {
            let mut pair = encrypted(version);
            pair.client.write(b"GET /index.html HTTP/1.0\r\n\r\n");
            pair.run();
            pair.server.write(b"HTTP/1.0 200 OK\r\n\r\n");
            pair.run();
            assert!(pair.client.conn.bytes_available() > 0);
            if abort {
                pair.client.conn.abort();
            } else {
                pair.client.conn.close();
                pair.client.conn.discard_reads();
            }
            pair.client.settle();
            assert_eq!(pair.client.conn.bytes_available(), 0);
            assert_eq!(pair.client.conn.bytes_to_write(), 0);
            assert!(pair.client.conn.peek().is_empty());
            let end = match abort {
                true => ReadEnd::Aborted,
                false => ReadEnd::Empty,
            };
            assert_eq!(pair.client.conn.read(&mut [0; 8]), Err(end));
        }
    }
}

/// Qt's `forwardReadChannelFinished`: the end of what the peer sends is told once. Qt tells every
/// end alike; here a close is told from the end of a plaintext stream, and both from a cut.
#[test]
fn forward_read_channel_finished() {
    for version in VERSIONS {
        let mut pair = encrypted(version);
        pair.server.write(b"all of it");
        pair.server.conn.close();
        pair.run();
        pair.client.conn.receive_eof();
        pair.client.settle();
        assert_eq!(count(&pair.client, Event::PeerClosed), 1);
        assert_eq!(pair.client.read_all(), b"all of it");
        assert_eq!(pair.client.conn.read(&mut [0]), Err(ReadEnd::Closed));

        let mut pair = encrypted(version);
        pair.client.conn.receive_eof();
        pair.client.settle();
        pair.client.settle();
        assert_eq!(count(&pair.client, Event::PeerClosed), 0);
        assert_eq!(
            count(&pair.client, Event::Failed(FailureKind::Truncated)),
            1
        );
    }
    let mut plain = Pair::default();
    plain.client.conn.receive_eof();
    plain.client.settle();
    assert_eq!(count(&plain.client, Event::EndOfStream), 1);
}
