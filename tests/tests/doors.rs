//! The three ways in and out: copying, lending, owned. They differ in cost and in nothing else.

use bytes::{Buf, BytesMut};
use sslcore::{Event, Limits, Progress, ReadEnd};
use sslcore_tests::certs::WORLD;
use sslcore_tests::pair::{End, Pair, backend, client, lent, server};

/// How bytes are carried from one end to the other.
#[derive(Clone, Copy, Debug)]
enum Door {
    Copying,
    Lending,
    Owned,
    Vectored,
}

const DOORS: [Door; 4] = [Door::Copying, Door::Lending, Door::Owned, Door::Vectored];

fn carry(door: Door, from: &mut End, to: &mut End) -> bool {
    from.settle();
    let n = from.conn.transmit().len();
    if n == 0 {
        return false;
    }
    match door {
        Door::Copying => {
            let taken = to.conn.receive(from.conn.transmit()).expect("open");
            from.conn.transmitted(taken).expect("shown");
        }
        Door::Lending => {
            let lent = to.conn.receive_buffer();
            let n = n.min(lent.len());
            lent[..n].copy_from_slice(&from.conn.transmit()[..n]);
            to.conn.received(n).expect("lent");
            from.conn.transmitted(n).expect("shown");
        }
        Door::Owned => {
            let transmission = from.conn.take_transmit().expect("something");
            let mut owned = BytesMut::from(&transmission[..]);
            from.conn.complete_transmit(transmission, n).expect("all");
            while !owned.is_empty() {
                to.conn.receive_owned(&mut owned).expect("open");
                to.settle();
                to.read_all_into_heard();
            }
        }
        Door::Vectored => {
            let transmission = from.conn.take_transmit().expect("something");
            let owned = transmission.bytes();
            from.conn.complete_transmit(transmission, n).expect("all");
            let (front, back) = owned.split_at(n / 2);
            let mut chain = front.chain(back);
            while chain.has_remaining() {
                to.conn.receive_buf(&mut chain).expect("open");
                to.settle();
                to.read_all_into_heard();
            }
        }
    }
    to.settle();
    true
}

trait Heard {
    fn read_all_into_heard(&mut self);
}

impl Heard for End {
    /// Makes room: what was heard is kept beside what was sent.
    fn read_all_into_heard(&mut self) {
        let mut heard = BytesMut::new();
        while self.conn.read_buf(&mut heard).is_ok() {
            self.settle();
        }
        self.heard.extend_from_slice(&heard);
    }
}

fn talk(door: Door) -> (Vec<u8>, Vec<u8>) {
    let mut pair = Pair::tls(
        &client(backend()).build().expect("client"),
        &server(backend()).build().expect("server"),
    );
    let line: Vec<u8> = (0..50_000u32).map(|i| (i * 31) as u8).collect();
    let mut written = [0; 2];
    for _ in 0..10_000 {
        for (end, written) in [&mut pair.client, &mut pair.server]
            .into_iter()
            .zip(&mut written)
        {
            *written += end.conn.write(&line[*written..]).expect("open");
        }
        let forth = carry(door, &mut pair.client, &mut pair.server);
        let back = carry(door, &mut pair.server, &mut pair.client);
        pair.client.read_all_into_heard();
        pair.server.read_all_into_heard();
        if !forth && !back && written == [line.len(); 2] {
            break;
        }
    }
    for end in [&pair.client, &pair.server] {
        assert!(end.saw(Event::Encrypted), "{door:?}");
        assert_eq!(end.heard, line, "{door:?}");
    }
    (pair.client.heard, pair.server.heard)
}

#[test]
fn every_door_carries_the_same() {
    let expected = talk(Door::Copying);
    for door in DOORS {
        assert_eq!(talk(door), expected);
    }
}

#[test]
fn both_directions_are_lent_at_once() {
    let mut pair = Pair::encrypted_in("TLSv1.3", Limits::default());
    pair.client.write(b"first");
    drop(pair.client.conn.take_transmit());
    pair.server.write(b"answer");
    let answer = pair.server.take();
    let lent = pair.client.conn.lend();
    lent.receive[..answer.len()].copy_from_slice(&answer);
    let sent = lent.transmit.to_vec();
    pair.client.conn.transmitted(sent.len()).expect("shown");
    pair.client.conn.received(answer.len()).expect("lent");
    pair.server.give(&sent, usize::MAX);
    assert_eq!(pair.server.read_all(), b"first");
    assert_eq!(pair.client.read_all(), b"answer");
}

#[test]
fn a_reader_that_never_reads_is_never_given_more_than_the_limits_say() {
    for version in ["TLSv1.2", "TLSv1.3"] {
        let limits = Limits {
            read_buffer_size: 5000,
            ..Limits::default()
        };
        let mut pair = Pair::new(limits);
        pair.start(
            &client(backend())
                .protocols(&[version])
                .build()
                .expect("client"),
            &server(backend()).build().expect("server"),
        );
        pair.run();
        // One record beyond the limit may wait unopened; one may be open beyond it.
        let most = 5000 + 5 + 16384 + 2048;
        for _ in 0..1000 {
            let _ = pair.client.conn.write(&[1; 4000]).expect("open");
            let n = pair
                .server
                .conn
                .receive(pair.client.conn.transmit())
                .expect("open");
            pair.client.conn.transmitted(n).expect("shown");
            pair.client.settle();
            pair.server.settle();
            let held =
                pair.server.conn.bytes_available() + pair.server.conn.encrypted_bytes_available();
            assert!(held <= most, "{held}");
            assert!(pair.server.conn.bytes_available() <= 5000 + 4000);
        }
        assert_eq!(pair.server.conn.receive(&[0]), Ok(0), "back-pressure");
        assert_eq!(pair.server.conn.receive_buffer().len(), 0);
        assert_eq!(pair.client.conn.write(&[1; 4000]), Ok(0));
        // Reading makes room, and everything flows again.
        let mut total = 0;
        loop {
            let heard = pair.server.read_all().len();
            total += heard;
            let n = pair
                .server
                .conn
                .receive(pair.client.conn.transmit())
                .expect("open");
            pair.client.conn.transmitted(n).expect("shown");
            pair.client.settle();
            if n == 0 && heard == 0 {
                break;
            }
        }
        assert_eq!(total % 4000, 0);
        assert!(total > 0);
    }
}

#[test]
fn reading_by_any_means_tells_why_there_is_nothing() {
    let mut end = End::new(Limits::default());
    let mut buffer = BytesMut::new();
    assert_eq!(end.conn.read_buf(&mut buffer), Err(ReadEnd::Empty));
    assert_eq!(end.conn.read(&mut []), Ok(0));
    end.conn.abort();
    assert_eq!(end.conn.read_buf(&mut buffer), Err(ReadEnd::Aborted));
}

#[test]
fn nothing_secret_is_in_debug_output() {
    let client = client(backend()).build().expect("client");
    let server = server(backend()).build().expect("server");
    let mut pair = Pair::encrypted(&client, &server);
    pair.client.write(b"TOP SECRET");
    pair.run();
    let key = WORLD.server.key();
    let mut printed = format!(
        "{client:?} {server:?} {:?} {:?}",
        pair.client.conn, pair.server.conn
    );
    // What was read lies in the space that is lent next.
    assert_eq!(pair.server.read_all(), b"TOP SECRET");
    let lent = pair.server.conn.lend();
    assert!(lent.receive.windows(10).any(|it| it == b"TOP SECRET"));
    printed += &format!("{lent:?}");
    assert!(printed.len() < 2000, "{printed}");
    assert!(!printed.contains("TOP SECRET") && !printed.contains("84, 79, 80"));
    let secret: Vec<String> = key.secret_der()[40..44].iter().map(u8::to_string).collect();
    assert!(!printed.contains(&secret.join(", ")));
}

#[test]
fn a_connection_tells_its_own_side_of_the_configuration() {
    let mut pair = Pair::encrypted(
        &client(backend()).build().expect("client"),
        &server(backend()).build().expect("server"),
    );
    let (client, server) = (&pair.client.conn, &pair.server.conn);
    assert_eq!(client.peer_verify_name(), Some("server.test"));
    assert_eq!(server.peer_verify_name(), None);
    assert!(client.client_config().is_some() && client.server_config().is_none());
    assert!(server.server_config().is_some() && server.client_config().is_none());
    assert_eq!(client.local_certificate(), None);
    let chain: Vec<&[u8]> = server
        .local_certificate_chain()
        .iter()
        .map(|it| it.der().as_ref())
        .collect();
    let expected: Vec<&[u8]> = WORLD.server.chain.iter().map(AsRef::as_ref).collect();
    assert_eq!(chain, expected);
    pair.client.conn.abort();
    assert_eq!(
        pair.client.conn.peer_verify_name(),
        Some("server.test"),
        "also after the end"
    );
}

#[test]
fn suites_and_groups_say_what_they_are() {
    let backend = backend();
    for cipher in backend.supported_ciphers() {
        let methods = (cipher.key_exchange_method(), cipher.authentication_method());
        let name = cipher.name();
        let expected = match name {
            name if name.contains("_ECDHE_ECDSA_") => ("ECDH", "ECDSA"),
            name if name.contains("_ECDHE_RSA_") => ("ECDH", "RSA"),
            _ => ("any", "any"),
        };
        assert_eq!(methods, expected, "{name}");
        let encryption = match (name.contains("CHACHA20"), cipher.used_bits()) {
            (true, 256) => "CHACHA20/POLY1305(256)",
            (false, 128) => "AESGCM(128)",
            (false, 256) => "AESGCM(256)",
            other => panic!("{name}: {other:?}"),
        };
        assert_eq!(cipher.encryption_method(), encryption, "{name}");
    }
    let groups: Vec<&str> = backend.supported_groups().collect();
    assert!(
        groups.contains(&"X25519") && groups.contains(&"secp256r1"),
        "{groups:?}"
    );
}

#[test]
fn one_call_of_process_opens_one_record() {
    for version in ["TLSv1.2", "TLSv1.3"] {
        let mut pair = Pair::encrypted_in(version, Limits::default());
        for record in ["one ", "two ", "three"] {
            pair.server.write(record.as_bytes());
        }
        let wire = pair.server.take();
        let now = pair.client.now();
        let conn = &mut pair.client.conn;
        assert_eq!(conn.receive(&wire), Ok(wire.len()));
        let mut opened = Vec::new();
        while conn.process(now) == Progress::Again {
            opened.push(conn.peek().len());
        }
        opened.push(conn.peek().len());
        opened.dedup();
        assert_eq!(opened, [4, 8, 13], "{version}, rule R9");
    }
}

/// A record of the handshake is open where it lies while its messages are worked on, one in each step.
#[test]
fn whatever_arrives_between_the_messages_of_a_record_changes_nothing() {
    let owned = || End::new(Limits::default());
    let small = || End::on(lent(17_000, 17_000));
    for (end, fragment, piece) in [owned, small].into_iter().flat_map(|end: fn() -> End| {
        let cases = [100, 333, 16_384].into_iter();
        cases.flat_map(move |fragment| [1, 60, 400, 5000].map(|piece| (end, fragment, piece)))
    }) {
        for is_lending in [false, true] {
            let what = format!("{fragment} {piece} {is_lending}");
            let client = client(backend()).protocols(&["TLSv1.3"]);
            let server = server(backend()).max_fragment(fragment);
            let mut pair = Pair::new(Limits::default());
            pair.client = end();
            let configs = (
                client.build().expect("client"),
                server.build().expect("server"),
            );
            pair.start(&configs.0, &configs.1);
            pair.client.settle();
            let hello = pair.client.take();
            pair.server.give(&hello, hello.len());
            let flight = pair.server.take();
            assert!(flight.len() > 500, "{what}");
            let mut rest = &flight[..];
            while !rest.is_empty() {
                let now = pair.client.now();
                let conn = &mut pair.client.conn;
                let mut n = piece.min(rest.len());
                if is_lending {
                    let room = conn.receive_buffer();
                    n = n.min(room.len());
                    room[..n].copy_from_slice(&rest[..n]);
                    // What was lent stays while something is worked on.
                    _ = conn.process(now);
                    conn.received(n).expect("lent");
                } else {
                    n = conn.receive(&rest[..n]).expect("open");
                }
                rest = &rest[n..];
                _ = conn.process(now);
                while let Some(event) = conn.poll_event() {
                    pair.client.events.push(event);
                }
            }
            pair.run();
            assert!(
                pair.client.conn.is_encrypted(),
                "{what}: {:?}",
                pair.client.events
            );
            pair.server.write(b"good day");
            pair.run();
            assert_eq!(pair.client.read_all(), b"good day", "{what}");
        }
    }
}
