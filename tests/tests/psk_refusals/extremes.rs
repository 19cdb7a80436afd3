//! The largest that a configuration can ask of a handshake, and the most that a peer can make of it.

use sslcore::crypto::HashAlgorithm;
use sslcore::{Limits, PreSharedKey};
use sslcore_tests::hello::{number, vector16};
use sslcore_tests::pair::{Pair, backends};
use sslcore_tests::sealing::{HANDSHAKE, record};

use super::client::{Client, Offered};
use super::keys::{AES_256_SHA384, Hash, Psk};
use super::server::{Server, offered};
use super::stage::{
    BAD_KEY, IDENTITY, MALFORMED, SECRET, calling, client, key, refusal, server, waiting,
};

const LONGEST: usize = PreSharedKey::MAX_IDENTITY;

/// Keys with the longest names, imported with the longest contexts, for all hash functions.
fn longest() -> Vec<PreSharedKey> {
    let keys = (0..8_u8).map(|number| {
        let key = PreSharedKey::new([number; LONGEST], [number; PreSharedKey::MAX_KEY]);
        let key = key.expect("not too long").with_hash(match number % 2 {
            0 => HashAlgorithm::Sha256,
            _ => HashAlgorithm::Sha384,
        });
        key.imported([number; LONGEST]).expect("not too long")
    });
    keys.collect()
}

/// Protocols that fill the room for them.
fn protocols() -> Vec<Vec<u8>> {
    (0..112_u8).map(|number| vec![number; 255]).collect()
}

#[test]
fn the_longest_hello_is_answered_whichever_of_its_keys_is_known() {
    let protocols = protocols();
    let protocols: Vec<&[u8]> = protocols.iter().map(Vec::as_slice).collect();
    for backend in backends() {
        for known in longest() {
            for suites in [&["TLS_AES_256_GCM_SHA384"][..], &["TLS_AES_128_GCM_SHA256"]] {
                let client = sslcore::ClientConfig::builder(backend.clone())
                    .pre_shared_keys(longest())
                    .alpn(&protocols)
                    .build()
                    .expect("client");
                let server = sslcore::ServerConfig::builder(backend.clone())
                    .pre_shared_keys([known.clone()])
                    .ciphers(suites)
                    .alpn(&protocols[111..])
                    .build()
                    .expect("server");
                let pair = Pair::encrypted(&client, &server);
                assert!(
                    pair.client.sent.len() > 62_000,
                    "{}",
                    pair.client.sent.len()
                );
                for end in [pair.client, pair.server] {
                    assert_eq!(end.conn.alpn_protocol(), Some(protocols[111]));
                    let identity = end.conn.psk_identity().expect("a key");
                    assert_eq!(identity[2..][..LONGEST], *known.identity());
                }
            }
        }
    }
}

#[test]
fn the_longest_second_hello_has_room_for_the_longest_cookie() {
    let protocols = protocols();
    let protocols: Vec<&[u8]> = protocols.iter().map(Vec::as_slice).collect();
    for suite in [0x1301, AES_256_SHA384] {
        let hash = Hash::of(suite);
        let mut keys = longest();
        // The first is one that is known here, too.
        keys[0] = key().imported([1; LONGEST]).expect("not too long");
        let mut end = calling(client().pre_shared_keys(keys).alpn(&protocols));
        let mut server = Server::hear(&mut end);
        assert_eq!(offered(&mut server.hello).0.len(), 16);
        server.psk = Psk::imported(hash, IDENTITY, &[1; LONGEST], &SECRET).1;
        server.answer.suite = suite;
        let cookie = vector16(&[0xc0; 16_384]);
        let mut retry = server.retry();
        retry.extensions.add(number::COOKIE, &cookie);
        let retry = retry.encode();
        for piece in retry.chunks(16_384) {
            end.give(&record(HANDSHAKE, piece), usize::MAX);
        }
        assert!(end.conn.failure().is_none(), "{:?}", end.conn.failure());
        server.hear_again(&mut end, retry);
        assert_eq!(*server.hello.extensions().get(number::COOKIE), cookie);
        assert_eq!(offered(&mut server.hello).0.len(), 8);
        server.greet(&mut end).finish(&mut end).complete(&mut end);
    }
}

#[test]
fn the_smallest_records_carry_the_longest_hello() {
    let client = client().pre_shared_keys(longest()).max_fragment(32);
    let server = server().pre_shared_keys(longest()).max_fragment(32);
    let client = client.build().expect("client");
    Pair::encrypted(&client, &server.build().expect("server"));
}

#[test]
fn a_hello_that_is_longer_than_a_server_takes_is_refused_and_not_kept() {
    let client = client().pre_shared_keys(longest()).build().expect("client");
    let limits = Limits {
        max_handshake: 4096,
        ..Limits::default()
    };
    let mut pair = Pair::new(limits);
    pair.start(&client, &server().build().expect("server"));
    pair.run();
    let failure = pair.server.conn.failure().map(sslcore::Failure::kind);
    let needed = |kind| matches!(kind, Some(sslcore::FailureKind::BufferTooSmall { needed }) if needed > 30_000);
    assert!(needed(failure), "{failure:?}");
}

#[test]
fn as_many_keys_as_a_hello_has_room_for_are_read_and_sixteen_looked_at() {
    let other = |number: u16| {
        let psk = Psk::external(Hash::Sha256, &[7; 32]);
        Offered::new(&number.to_be_bytes(), psk)
    };
    for (before, is_known) in [(15, true), (16, false), (1500, false)] {
        let mut client = Client::default();
        let ours = client.offered.remove(0);
        client.offered = (0..before).map(other).collect();
        client.offered.push(ours);
        let mut end = waiting(server().ask_for_pre_shared_keys());
        let own = client.message();
        for piece in own.chunks(16_384) {
            end.give(&record(HANDSHAKE, piece), usize::MAX);
        }
        let request = end.conn.psk_request().expect("a question");
        let id = request.id;
        assert_eq!(request.identities.count(), 16);
        end.conn.provide_psk(id, &[key()]).expect("open");
        if is_known {
            let answer = end.take();
            client.hear(&own, &answer).complete(&mut end);
        } else {
            assert_eq!(refusal("", &mut end, None), BAD_KEY, "{before}");
        }
    }
}

/// Each length in a hello says too much, and each says too little.
#[test]
fn no_length_in_a_hello_leads_beyond_it() {
    let mut client = Client::default();
    client.add(number::ALPN, b"\0\x05\x04echo");
    client.add(number::SERVER_NAME, b"\0\x07\0\0\x04name");
    let message = client.message();
    for at in 4..message.len() {
        for value in [0, 1, 0x7f, 0xff] {
            let mut changed = message.clone();
            changed[at] = value;
            if changed == message {
                continue;
            }
            let mut end = waiting(server().alpn(&[b"echo"]));
            end.give(&record(HANDSHAKE, &changed), usize::MAX);
            let failure = end.conn.failure().expect("the binder vouches for it all");
            assert!(failure.alert().is_some(), "{at} {value}");
            assert!(!end.conn.is_encrypted());
        }
    }
    // And cut anywhere.
    for len in 4..message.len() {
        let mut cut = message[..len].to_vec();
        cut[2..4].copy_from_slice(&((len - 4) as u16).to_be_bytes());
        let mut end = waiting(server().alpn(&[b"echo"]));
        end.give(&record(HANDSHAKE, &cut), usize::MAX);
        let (kind, alert) = refusal("cut", &mut end, None);
        // Without extensions it is whole, and of TLS 1.2.
        if !matches!(kind, sslcore::FailureKind::Incompatible) {
            assert_eq!((kind, alert), MALFORMED, "{len}");
        }
    }
}

/// The same with what a server says in the clear, and under its key.
#[test]
fn no_byte_of_a_servers_flight_leads_beyond_it() {
    let mut end = calling(client());
    let message = Server::hear(&mut end).answer.encode();
    for at in 4..message.len() {
        for value in [0, 1, 0x7f, 0xff] {
            let mut end = calling(client());
            let mut server = Server::hear(&mut end);
            let mut changed = server.answering().server_hello;
            changed[at] = value;
            end.give(&record(HANDSHAKE, &changed), usize::MAX);
            assert!(!end.conn.is_encrypted(), "{at} {value}");
        }
    }
    for at in 0..6 + 36 {
        for value in [0, 1, 0x7f, 0xff] {
            let mut end = calling(client());
            let mut answering = Server::hear(&mut end).greet(&mut end);
            let mut flight = answering.flight().concat();
            if std::mem::replace(&mut flight[at], value) == value {
                continue;
            }
            end.give(&answering.tx.seal(HANDSHAKE, &flight, 0), usize::MAX);
            assert!(!end.conn.is_encrypted(), "{at} {value}");
        }
    }
}

#[test]
fn a_hello_costs_the_same_however_many_keys_a_server_has() {
    let cost = |keys: u16| {
        let keys = (0..keys).map(|number| {
            let key = PreSharedKey::new(number.to_be_bytes(), SECRET).expect("a key");
            key.imported("").expect("short")
        });
        let mut end = waiting(server().pre_shared_keys(keys.chain([key()])));
        let hello = Client::default().record();
        let work = || end.give(&hello, usize::MAX);
        allocation_counter::measure(work).count_total
    };
    assert_eq!(cost(1), cost(1000));
}
