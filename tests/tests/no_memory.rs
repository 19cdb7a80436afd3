//! After `Encrypted` every allocation fails, and the session goes on: data, alerts, close. What does
//! allocate is new keys, a failure, and a message that comes in pieces.

use std::env;
use std::process::Command;
use std::time::Duration;

use sslcore::crypto::Backend;
use sslcore::{Alert, Connection, Event, FailureKind, Limits, Now, Progress, ReadEnd, SslProtocol};
use sslcore_tests::forge::{ALERT, DATA, Forger, HANDSHAKE};
use sslcore_tests::pair::{self, End, Pair, VERSIONS, backends, client, server};
use sslcore_tests::scarce::{Scarce, with_memory_for, without_memory};

#[global_allocator]
static SCARCE: Scarce = Scarce;

/// Buffers as a device has them.
fn lent() -> Connection {
    Connection::new(Limits::default(), pair::lent(40_000, 20_000))
}

/// Two encrypted ends on lent memory, that owe each other nothing.
fn encrypted(backend: &Backend, version: &str) -> Pair {
    let client = client(backend.clone())
        .protocols(&[version])
        .session_cache(0);
    let server = server(backend.clone())
        .protocols(&[version])
        .session_cache(0);
    let server = server.session_tickets(false);
    let mut pair = Pair::default();
    (pair.client.conn, pair.server.conn) = (lent(), lent());
    pair.start(
        &client.build().expect("client"),
        &server.build().expect("server"),
    );
    pair.run();
    assert!(pair.client.conn.is_encrypted() && pair.server.conn.is_encrypted());
    pair
}

fn all() -> impl Iterator<Item = (Backend, &'static str, Pair)> {
    let backends = backends().into_iter();
    backends.flat_map(|backend| {
        let backend = &backend;
        VERSIONS
            .into_iter()
            .map(move |version| (backend.clone(), version, encrypted(backend, version)))
            .collect::<Vec<_>>()
    })
}

/// What a test may look at without memory: counts.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Told {
    written: usize,
    sent: usize,
    warnings: usize,
    keys_updated: usize,
    peer_closed: usize,
    close_notify_sent: usize,
    closed: usize,
}

impl Told {
    fn take(&mut self, conn: &mut Connection, now: Now) {
        loop {
            let progress = conn.process(now);
            while let Some(event) = conn.poll_event() {
                match event {
                    Event::BytesWritten(n) => self.written += n,
                    Event::EncryptedBytesWritten(n) => self.sent += n,
                    Event::AlertReceived(_) => self.warnings += 1,
                    Event::KeysUpdated => self.keys_updated += 1,
                    Event::PeerClosed => self.peer_closed += 1,
                    Event::AlertSent(Alert::CloseNotify) => self.close_notify_sent += 1,
                    Event::Closed(report) => self.closed += usize::from(report.clean),
                    _ => {}
                }
            }
            if progress == Progress::Idle {
                return;
            }
        }
    }
}

/// Carries all that one end has to say, and lets the other read it into `out` as far as it goes. Says how
/// much that was.
fn carry(
    from: &mut Connection,
    to: &mut Connection,
    now: Now,
    told: &mut [Told; 2],
    out: &mut [u8],
) -> usize {
    let mut heard = 0;
    loop {
        told[0].take(from, now);
        let n = to.receive(from.transmit()).unwrap_or(from.transmit().len());
        from.transmitted(n).expect("shown");
        told[1].take(to, now);
        let mut read = 0;
        while let Ok(n) = to.read(&mut out[heard..]) {
            read += n;
            heard += n;
            told[1].take(to, now);
            if heard == out.len() {
                break;
            }
        }
        if n == 0 && read == 0 {
            return heard;
        }
    }
}

#[test]
fn data_of_every_size_is_carried_without_memory() {
    for (backend, version, mut pair) in all() {
        let now = pair.client.now();
        let (client, server) = (&mut pair.client.conn, &mut pair.server.conn);
        let data: Vec<u8> = (0..50_000).map(|i| (i % 251) as u8).collect();
        let mut out = vec![0; data.len()];
        let mut told = [Told::default(); 2];
        let right = without_memory(|| {
            let mut right = true;
            for len in [1, 100, 16_383, 16_384, 16_385, 50_000] {
                for _ in 0..3 {
                    let mut rest = &data[..len];
                    let mut heard = 0;
                    while !rest.is_empty() {
                        rest = &rest[client.write(rest).expect("open")..];
                        heard += carry(client, server, now, &mut told, &mut out[heard..]);
                    }
                    right &= heard == len && out[..len] == data[..len];
                    core::mem::swap(client, server);
                }
            }
            right
        });
        assert!(right, "{backend:?} {version}");
        assert!(told[0].written > 200_000);
    }
}

#[test]
fn a_reader_that_stalls_a_writer_that_fills_its_buffer_and_every_door_need_no_memory() {
    for (backend, version, mut pair) in all() {
        let now = pair.client.now();
        let (client, server) = (&mut pair.client.conn, &mut pair.server.conn);
        let data = vec![7; 60_000];
        let pieces = [&data[..10], &data[..0], &data[..20_000]];
        let mut told = [Told::default(); 2];
        let (written, heard) = without_memory(|| {
            let mut written = client.write_vectored(&pieces).expect("open");
            // The transmit buffer fills.
            while let Ok(n @ 1..) = client.write(&data) {
                written += n;
            }
            let mut heard = 0;
            for turn in 0.. {
                told[0].take(client, now);
                let lent = server.receive_buffer();
                let n = client.transmit().len().min(lent.len()).min(1 + turn * 100);
                lent[..n].copy_from_slice(&client.transmit()[..n]);
                server.received(n).expect("lent");
                client.transmitted(n).expect("shown");
                told[1].take(server, now);
                let _ = (server.take_changes(), server.lend().receive.len());
                // The reader takes little, and puts some of it back.
                if server.peek().len() > 100 {
                    let word = [server.peek()[0]; 50];
                    server.consume(50).expect("shown");
                    server.unread(&word).expect("just read");
                    server.consume(100).expect("shown");
                    heard += 100;
                } else if n == 0 {
                    heard += server.peek().len();
                    server.consume(server.peek().len()).expect("shown");
                    break;
                }
            }
            // What nobody wants is thrown away.
            written += client.write(&data[..1000]).expect("open");
            server.discard_reads();
            heard += 1000;
            carry(client, server, now, &mut told, &mut []);
            (written, heard)
        });
        assert_eq!(written, heard, "{backend:?} {version}");
        assert!(written > 15_000 && !server.is_over());
    }
}

#[test]
fn warnings_empty_records_and_requests_are_answered_without_memory() {
    for tls13 in [false, true] {
        let config = server(backends().remove(0)).session_cache(0);
        let start = sslcore::ServerStart::With(config.build().expect("server"));
        let mut end = End {
            conn: lent(),
            ..End::new(Limits::default())
        };
        end.conn.start_server_encryption(start).expect("start");
        let mut forger = Forger::as_client(&mut end, tls13);
        end.take();
        // user_canceled, an empty record, a renegotiation that is refused, data.
        let mut wire = forger.seal(ALERT, &[1, 90]);
        wire.extend(forger.seal(DATA, &[]));
        if !tls13 {
            wire.extend(forger.seal(HANDSHAKE, &[1, 0, 0, 1, 0]));
        }
        wire.extend(forger.seal(DATA, b"still there"));
        let now = end.now();
        let (mut told, mut out) = (Told::default(), [0; 64]);
        let heard = without_memory(|| {
            end.conn.receive(&wire).expect("open");
            told.take(&mut end.conn, now);
            end.conn.read(&mut out)
        });
        assert_eq!(heard, Ok(11));
        assert_eq!(told.warnings, 1);
        let answers = forger.open(&end.take());
        let refused: &[(u8, Vec<u8>)] = &[(ALERT, vec![1, 100])];
        assert_eq!(answers, if tls13 { &[] } else { refused });
    }
}

#[test]
fn both_close_and_a_stream_ends_without_memory() {
    for (backend, version, mut pair) in all() {
        let now = pair.client.now();
        let (client, server) = (&mut pair.client.conn, &mut pair.server.conn);
        let (mut forth, mut back) = ([Told::default(); 2], [Told::default(); 2]);
        let mut out = [0; 64];
        let ends = without_memory(|| {
            client.write(b"the last word").expect("open");
            client.close();
            let heard = carry(client, server, now, &mut forth, &mut out);
            server.close();
            carry(server, client, now, &mut back, &mut []);
            client.receive_eof();
            server.receive_eof();
            forth[0].take(client, now);
            forth[1].take(server, now);
            (heard, client.read_end(), server.read_end())
        });
        assert_eq!(ends, (13, Some(ReadEnd::Closed), Some(ReadEnd::Closed)));
        let clean = forth[0].closed + forth[1].closed + back[0].closed + back[1].closed;
        assert_eq!(clean, 2, "{backend:?} {version}");
        assert_eq!(forth[0].close_notify_sent, 1);
        assert_eq!(forth[1].peer_closed, 1);
    }
}

#[test]
fn a_peer_that_goes_without_an_answer_and_a_cancel_need_no_memory() {
    for (_, _, mut pair) in all() {
        let now = pair.client.now();
        let (client, server) = (&mut pair.client.conn, &mut pair.server.conn);
        let mut told = [Told::default(); 2];
        let end = without_memory(|| {
            client.close();
            told[0].take(client, now);
            let n = client.transmit().len();
            client.transmitted(n).expect("shown");
            client.receive_eof();
            told[0].take(client, now);
            server.cancel();
            told[1].take(server, now);
            client.read_end()
        });
        assert_eq!(end, Some(ReadEnd::CloseUnanswered));
        assert!(server.is_over());
    }
}

/// What new keys in both directions may allocate at each end: two AEADs, and what derives their secrets.
/// It is all given back but for the keys, which take the place of the old ones.
const NEW_KEYS: usize = 32;

#[test]
fn new_keys_take_a_few_allocations_and_nothing_afterwards() {
    for (backend, version, mut pair) in all() {
        let now = pair.client.now();
        let (client, server) = (&mut pair.client.conn, &mut pair.server.conn);
        if client.session_protocol() != Some(SslProtocol::TlsV1_3) {
            continue;
        }
        let mut told = [Told::default(); 2];
        let mut out = [0; 64];
        for round in 0..5 {
            let (heard, allocations) = with_memory_for(NEW_KEYS, || {
                client.update_keys().expect("TLS 1.3");
                client.write(b"under new keys").expect("open");
                let heard = carry(client, server, now, &mut told, &mut out);
                carry(server, client, now, &mut told, &mut []);
                heard
            });
            assert_eq!(heard, 14, "{backend:?} {version}");
            assert!(allocations > 0, "{allocations} in round {round}");
            let heard = without_memory(|| {
                server.write(b"and back").expect("open");
                carry(server, client, now, &mut told, &mut out)
            });
            assert_eq!(heard, 8);
        }
        assert!(told[0].keys_updated + told[1].keys_updated >= 10);
    }
}

/// What a failure may allocate: what it keeps for `failure`, and words.
const FAILURE: usize = 3;

#[test]
fn a_failure_takes_few_allocations_and_its_alert_leaves() {
    for (backend, version, mut pair) in all() {
        let now = pair.client.now();
        let (client, server) = (&mut pair.client.conn, &mut pair.server.conn);
        let mut told = [Told::default(); 2];
        client.write(b"damaged").expect("open");
        let mut bytes = client.transmit().to_vec();
        *bytes.last_mut().expect("a record") ^= 1;
        let ((), allocations) = with_memory_for(FAILURE, || {
            server.receive(&bytes).expect("open");
            told[1].take(server, now);
        });
        let failure = server.failure().map(|it| it.kind());
        assert_eq!(
            failure,
            Some(FailureKind::BadRecordMac),
            "{backend:?} {version}"
        );
        assert!(server.transmit().len() > 7 && allocations > 0);
        let ((), _) = with_memory_for(FAILURE, || {
            client.receive_eof();
            told[0].take(client, now);
        });
        let failure = client.failure().map(|it| it.kind());
        assert_eq!(failure, Some(FailureKind::Truncated));
    }
}

#[test]
fn deadlines_pass_without_memory() {
    for (_, _, mut pair) in all() {
        let mut now = pair.client.now();
        let client = &mut pair.client.conn;
        let mut told = Told::default();
        client.set_peer_close_timeout(Some(Duration::from_secs(1)));
        let end = without_memory(|| {
            client.close();
            told.take(client, now);
            let n = client.transmit().len();
            client.transmitted(n).expect("shown");
            told.take(client, now);
            now.monotonic = client.deadline().expect("it waits");
            told.take(client, now);
            client.read_end()
        });
        assert_eq!(end, Some(ReadEnd::TimedOut));
    }
}

const ALLOCATING: &str = "SSLCORE_TESTS_ALLOCATING";

#[test]
fn an_allocation_ends_the_program() {
    if env::var_os(ALLOCATING).is_some() {
        without_memory(|| std::hint::black_box(Box::new(7)));
        return;
    }
    let this = env::current_exe().expect("this program");
    let run = Command::new(this)
        .args(["--exact", "an_allocation_ends_the_program"])
        .env(ALLOCATING, "1")
        .output()
        .expect("it runs");
    assert!(!run.status.success(), "the allocator refuses nothing");
}
