//! A peer that sends for ever: it is not read, or refused, and memory stays within the limits whatever it
//! sends (rules R8, R10).

use allocation_counter::measure;
use sslcore::{
    ClientConfig, Connection, FailureKind, Limits, Progress, Repeated, ServerConfig, ServerStart,
};
use sslcore_tests::forge::{ALERT, DATA, Forger, HANDSHAKE};
use sslcore_tests::pair::{End, Pair, backend, client, server, server_name};
use sslcore_tests::records::record;

const VERSIONS: [(&str, bool); 2] = [("TLSv1.2", false), ("TLSv1.3", true)];
/// "For ever": more than any limit allows, in bytes and in records.
const BYTES: usize = 3 << 20;
const RECORDS: usize = 8000;

const LIMITS: Limits = Limits {
    read_buffer_size: 5000,
    transmit: 6000,
    queued: 2000,
    max_handshake: 7000,
    release_when_idle: false,
};
/// What the limits add up to: unread plaintext with a record, what waits to be sent with its headroom,
/// what is queued, and a message in pieces; twice, for each grows by copying, and something small for
/// what is not a buffer.
const MOST: i64 = 2 * (5000 + 18_437 + 6000 + 256 + 2000 + 3 * 7000) + 4000;

/// What becomes of the peer.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Met {
    /// Nothing more is taken from it.
    Waits,
    /// All was taken, and nothing of it kept.
    Swallowed,
    Failed(FailureKind),
}

/// What a connection holds more than at the beginning, and has held at most.
struct Held {
    end: End,
    now: i64,
    most: i64,
    /// What it has to say is sent.
    is_heard: bool,
    /// What arrives is read.
    reads: bool,
}

impl Held {
    fn new(end: End) -> Self {
        Self {
            end,
            now: 0,
            most: 0,
            is_heard: true,
            reads: false,
        }
    }

    fn charge<T>(&mut self, work: impl FnOnce(&mut Connection) -> T) -> T {
        let mut done = None;
        let info = measure(|| done = Some(work(&mut self.end.conn)));
        self.most = self.most.max(self.now + info.bytes_max as i64);
        self.now += info.bytes_current;
        done.expect("it ran")
    }

    fn settle(&mut self) {
        let now = self.end.now();
        self.charge(|conn| {
            loop {
                let progress = conn.process(now);
                while conn.poll_event().is_some() {}
                if progress == Progress::Idle {
                    return;
                }
            }
        });
    }

    /// Lets the peer say these again and again.
    fn meet(&mut self, mut next: impl FnMut() -> Vec<u8>) -> Met {
        let (mut bytes, mut records) = (0, 0);
        while bytes < BYTES && records < RECORDS {
            let said = next();
            let mut rest = &said[..];
            while !rest.is_empty() {
                let taken = self.charge(|conn| conn.receive(rest)).expect("open");
                rest = &rest[taken..];
                self.settle();
                let (is_heard, reads) = (self.is_heard, self.reads);
                self.charge(|conn| {
                    if is_heard {
                        conn.transmitted(conn.transmit().len()).expect("shown");
                    }
                    if reads {
                        conn.consume(conn.peek().len()).expect("shown");
                    }
                });
                self.settle();
                if let Some(failure) = self.end.conn.failure() {
                    return Met::Failed(failure.kind());
                }
                if taken == 0 && !self.reads {
                    return Met::Waits;
                }
            }
            bytes += said.len();
            records += 1;
        }
        Met::Swallowed
    }

    #[track_caller]
    fn assert_bounded(&self, what: &str) {
        assert!(
            self.most <= MOST,
            "{what}: {} bytes, {MOST} allowed",
            self.most
        );
    }
}

fn configs(version: &str) -> (ClientConfig, ServerConfig) {
    let client = client(backend()).protocols(&[version]).session_cache(0);
    let server = server(backend()).protocols(&[version]).session_cache(0);
    (
        client.build().expect("client"),
        server.build().expect("server"),
    )
}

/// An end that has been told to start TLS.
fn started(version: &str, is_client: bool) -> End {
    let (client, server) = configs(version);
    let mut end = End::new(LIMITS);
    let started = match is_client {
        true => end.conn.start_client_encryption(&client, server_name()),
        false => end.conn.start_server_encryption(ServerStart::With(server)),
    };
    started.expect("plain");
    end.settle();
    end
}

fn encrypted((version, tls13): (&str, bool), is_client: bool) -> (Held, Forger) {
    let mut end = started(version, is_client);
    let forger = match is_client {
        true => Forger::as_server(&mut end, tls13),
        false => Forger::as_client(&mut end, tls13),
    };
    end.take();
    (Held::new(end), forger)
}

#[test]
fn plaintext_before_tls_is_not_read_beyond_the_limit() {
    let mut held = Held::new(End::new(LIMITS));
    assert_eq!(held.meet(|| vec![b'p'; 1000]), Met::Waits);
    assert!(held.end.conn.bytes_available() <= LIMITS.read_buffer_size);
    held.assert_bounded("not read");
    held.reads = true;
    assert_eq!(held.meet(|| vec![b'p'; 1000]), Met::Swallowed);
    held.assert_bounded("read");
}

#[test]
fn whatever_comes_in_the_clear_of_a_handshake_ends_it() {
    let piece = |len: u8| move || record(HANDSHAKE, &vec![0; len.into()]);
    for (version, _) in VERSIONS {
        for is_client in [true, false] {
            let what = |kind: &str| format!("{version}, client {is_client}: {kind}");
            let meet = |next: &mut dyn FnMut() -> Vec<u8>| {
                let mut held = Held::new(started(version, is_client));
                let met = held.meet(next);
                held.assert_bounded(&what("in the clear"));
                met
            };
            // A message that is longer than allowed, in single bytes: its length is refused.
            let mut begun = [if is_client { 2 } else { 1 }, 0, 0xff, 0xff].into_iter();
            let met = meet(&mut || record(HANDSHAKE, &[begun.next().unwrap_or(0)]));
            let refused = FailureKind::BufferTooSmall { needed: 65_539 };
            assert_eq!(met, Met::Failed(refused), "{}", what("a long message"));
            // One that is allowed, in single bytes, goes on to its end, and is malformed then.
            let mut begun = [if is_client { 2 } else { 1 }, 0, 0x0b, 0].into_iter();
            let met = meet(&mut || record(HANDSHAKE, &[begun.next().unwrap_or(0)]));
            assert!(
                matches!(met, Met::Failed(_)),
                "{}: {met:?}",
                what("a message in bytes")
            );
            // Requests of no meaning, each whole.
            let met = meet(&mut piece(4));
            assert!(
                matches!(met, Met::Failed(_)),
                "{}: {met:?}",
                what("HelloRequest")
            );
            // Warnings, ChangeCipherSpecs, data, garbage.
            let met = meet(&mut || record(ALERT, &[1, 112]));
            // Nobody warns before a hello.
            let refused = match is_client {
                true => FailureKind::TooMuchOf(Repeated::WarningAlerts),
                false => FailureKind::UnexpectedMessage,
            };
            assert_eq!(met, Met::Failed(refused), "{}", what("warnings"));
            for said in [
                record(20, &[1]),
                record(DATA, &[0; 100]),
                record(HANDSHAKE, &[]),
                vec![0x55; 100],
            ] {
                let met = meet(&mut || said.clone());
                assert!(
                    matches!(met, Met::Failed(_)),
                    "{}: {met:?} {:?}",
                    what("other"),
                    &said[..5]
                );
            }
        }
    }
}

#[test]
fn data_is_not_read_ahead_beyond_the_limit_and_costs_nothing_when_it_is_read() {
    for kind in VERSIONS {
        for is_client in [true, false] {
            for len in [1, 1000, 16_384] {
                let (mut held, mut forger) = encrypted(kind, is_client);
                assert_eq!(held.meet(|| forger.seal(DATA, &vec![7; len])), Met::Waits);
                let unread = held.end.conn.bytes_available();
                assert!(unread <= LIMITS.read_buffer_size + 16_384, "{unread}");
                held.assert_bounded("not read");

                let (mut held, mut forger) = encrypted(kind, is_client);
                held.reads = true;
                assert_eq!(
                    held.meet(|| forger.seal(DATA, &vec![7; len])),
                    Met::Swallowed
                );
                held.assert_bounded("read");

                let (mut held, mut forger) = encrypted(kind, is_client);
                held.end.conn.discard_reads();
                assert_eq!(
                    held.meet(|| forger.seal(DATA, &vec![7; len])),
                    Met::Swallowed
                );
                held.assert_bounded("thrown away");
            }
        }
    }
}

#[test]
fn data_behind_either_close_is_bounded() {
    for kind in VERSIONS {
        for is_client in [true, false] {
            // Behind ours it is data like any other; behind the peer's it is nothing.
            let (mut held, mut forger) = encrypted(kind, is_client);
            held.end.conn.close();
            held.settle();
            assert_eq!(held.meet(|| forger.seal(DATA, &[7; 1000])), Met::Waits);
            held.assert_bounded("behind our close");

            let (mut held, mut forger) = encrypted(kind, is_client);
            let mut close = Some(forger.seal(ALERT, &[1, 0]));
            let met = held.meet(|| {
                close
                    .take()
                    .unwrap_or_else(|| forger.seal(DATA, &[7; 1000]))
            });
            assert_eq!(met, Met::Swallowed);
            assert_eq!(held.end.conn.bytes_available(), 0);
            held.assert_bounded("behind its close");
        }
    }
}

#[test]
fn what_a_peer_repeats_on_an_encrypted_connection_is_counted() {
    let too_much = |what| Met::Failed(FailureKind::TooMuchOf(what));
    for kind @ (version, tls13) in VERSIONS {
        for is_client in [true, false] {
            let meet = |is_heard: bool, content: u8, body: &[u8]| {
                let (mut held, mut forger) = encrypted(kind, is_client);
                held.is_heard = is_heard;
                let met = held.meet(|| forger.seal(content, body));
                held.assert_bounded(&format!("{version} {is_client} {content} {body:?}"));
                met
            };
            // Whether the peer takes our answers or not.
            for is_heard in [true, false] {
                let meet = |content, body: &[u8]| meet(is_heard, content, body);
                assert_eq!(meet(DATA, &[]), too_much(Repeated::EmptyRecords));
                assert_eq!(meet(ALERT, &[1, 90]), too_much(Repeated::WarningAlerts));
                let ticket = [4, 0, 0, 14, 0, 0, 0, 9, 1, 2, 3, 4, 0, 0, 1, 7, 0, 0];
                let hello = [u8::from(!is_client), 0, 0, 0];
                if tls13 {
                    for request in [0, 1] {
                        let update = [24, 0, 0, 1, request];
                        // What follows is sealed under the old key: one is taken, and no second.
                        let met = meet(HANDSHAKE, &update);
                        assert_eq!(met, Met::Failed(FailureKind::BadRecordMac));
                    }
                    let met = meet(HANDSHAKE, &ticket);
                    match is_client {
                        true => assert_eq!(met, too_much(Repeated::SessionTickets)),
                        false => assert_eq!(met, Met::Failed(FailureKind::UnexpectedMessage)),
                    }
                } else {
                    let met = meet(HANDSHAKE, &hello);
                    assert_eq!(met, too_much(Repeated::RenegotiationRequests));
                }
                // A message that never ends.
                let met = meet(HANDSHAKE, &[4, 0, 0xff, 0xff]);
                assert_eq!(
                    met,
                    Met::Failed(FailureKind::BufferTooSmall { needed: 65_539 })
                );
            }
        }
    }
}

#[test]
fn a_message_in_single_bytes_is_put_together_once_behind_the_handshake() {
    for kind in VERSIONS {
        for is_client in [true, false] {
            let (mut held, mut forger) = encrypted(kind, is_client);
            // As long as may be: a ticket of 16 KiB.
            let mut begun = [4, 0, 0x3f, 0xf0].into_iter();
            let met = held.meet(|| forger.seal(HANDSHAKE, &[begun.next().unwrap_or(0)]));
            assert_eq!(met, Met::Swallowed, "it has not ended");
            held.assert_bounded("in single bytes");
        }
    }
}

#[test]
fn honest_key_updates_without_end_are_counted_although_nobody_takes_the_answers() {
    let (client, server) = configs("TLSv1.3");
    for answers_leave in [true, false] {
        let mut pair = Pair::new(LIMITS);
        pair.start(&client, &server);
        pair.run();
        let Pair { client, server, .. } = pair;
        let mut held = Held::new(server);
        held.is_heard = answers_leave;
        let mut peer = client;
        let met = held.meet(|| {
            peer.conn.update_keys().expect("TLS 1.3");
            peer.take()
        });
        assert_eq!(
            met,
            Met::Failed(FailureKind::TooMuchOf(Repeated::KeyUpdates))
        );
        held.assert_bounded("key updates");
    }
}

#[test]
fn while_a_decision_is_open_nothing_more_is_kept_than_before() {
    use sslcore_tests::certs::WORLD;
    for (version, _) in VERSIONS {
        let client = client(backend()).protocols(&[version]).trust_anchors([]);
        let client = client.on_errors(sslcore::OnErrors::Hold).build();
        let server = server(backend()).identity(WORLD.stranger.chain.clone(), WORLD.stranger.key());
        let server = server.build().expect("server");
        let mut pair = Pair::new(LIMITS);
        pair.start(&client.expect("client"), &server);
        pair.run();
        assert!(pair.client.conn.review().is_some());
        let mut held = Held::new(pair.client);
        assert_eq!(
            held.meet(|| record(DATA, &[7; 1000])),
            Met::Waits,
            "{version}"
        );
        held.assert_bounded("a review");

        let mut pair = Pair::new(LIMITS);
        let (client, server) = configs(version);
        let start = ServerStart::Ask { fallback: server };
        pair.server
            .conn
            .start_server_encryption(start)
            .expect("plain");
        let conn = &mut pair.client.conn;
        conn.start_client_encryption(&client, server_name())
            .expect("plain");
        pair.run();
        assert!(pair.server.conn.config_request().is_some());
        let mut held = Held::new(pair.server);
        assert_eq!(
            held.meet(|| record(DATA, &[7; 1000])),
            Met::Waits,
            "{version}"
        );
        held.assert_bounded("a configuration request");
    }
}
