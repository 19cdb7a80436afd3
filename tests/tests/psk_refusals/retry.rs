//! A HelloRetryRequest, changed, and what comes behind it (RFC 8446 §4.1.4).

use sslcore::PreSharedKey;
use sslcore::crypto::HashAlgorithm;
use sslcore_tests::hello::{RETRY, ServerHello, number, vector16};
use sslcore_tests::pair::End;
use sslcore_tests::sealing::{HANDSHAKE, record};

use super::keys::{
    AES_256_SHA384, CHACHA20_SHA256, GROUP_P256, GROUP_X25519, Hash, Pair, Psk, entry,
};
use super::server::{Server, offered};
use super::stage::{
    IDENTITY, ILLEGAL, MALFORMED, MISSING, NO_KEY, Refusal, SECRET, UNEXPECTED, UNSOLICITED,
    calling, client, key, refusal,
};

type Row<T> = (&'static str, fn(&mut T), Refusal);

#[test]
fn a_retry_that_cannot_be_is_refused() {
    let rows: [Row<ServerHello>; 18] = [
        (
            "that changes nothing",
            |r| r.extensions.remove(number::KEY_SHARE),
            ILLEGAL,
        ),
        (
            "for the group that was shared",
            |r| {
                *r.extensions.get(number::KEY_SHARE) = vec![0, GROUP_X25519 as u8];
            },
            ILLEGAL,
        ),
        (
            "for a group that was not offered",
            |r| {
                *r.extensions.get(number::KEY_SHARE) = vec![0, 24];
            },
            ILLEGAL,
        ),
        (
            "with a share",
            |r| {
                let share = entry(GROUP_P256, &Pair::new(GROUP_P256).share());
                *r.extensions.get(number::KEY_SHARE) = share;
            },
            MALFORMED,
        ),
        (
            "without a version",
            |r| r.extensions.remove(number::SUPPORTED_VERSIONS),
            MISSING,
        ),
        (
            "for another version",
            |r| {
                *r.extensions.get(number::SUPPORTED_VERSIONS) = vec![3, 3];
            },
            ILLEGAL,
        ),
        ("with another session id", |r| r.session_id[0] ^= 1, ILLEGAL),
        ("without the session id", |r| r.session_id.clear(), ILLEGAL),
        ("with compression", |r| r.compression = 1, ILLEGAL),
        (
            "in a suite that was not offered",
            |r| r.suite = 0x1304,
            ILLEGAL,
        ),
        ("in a suite of TLS 1.2", |r| r.suite = 0xc02f, ILLEGAL),
        (
            "in a suite that no key fits",
            |r| r.suite = AES_256_SHA384,
            ILLEGAL,
        ),
        (
            "with an empty cookie",
            |r| r.extensions.add(number::COOKIE, &[0, 0]),
            MALFORMED,
        ),
        (
            "with a damaged cookie",
            |r| r.extensions.add(number::COOKIE, &[0, 2, 1]),
            MALFORMED,
        ),
        (
            "with a huge cookie",
            |r| {
                r.extensions
                    .add(number::COOKIE, &vector16(&vec![1; 16_385]));
            },
            ILLEGAL,
        ),
        (
            "with a chosen key",
            |r| r.extensions.add(number::PRE_SHARED_KEY, &[0, 0]),
            ILLEGAL,
        ),
        (
            "with what was not offered",
            |r| r.extensions.add(number::GREASE, &[]),
            UNSOLICITED,
        ),
        (
            "with an extension twice",
            |r| r.extensions.add(number::KEY_SHARE, &[0, 23]),
            ILLEGAL,
        ),
    ];
    for (what, change, expected) in rows {
        let mut end = calling(client());
        let mut retry = Server::hear(&mut end).retry();
        change(&mut retry);
        let message = retry.encode();
        end.give(
            &record(HANDSHAKE, &message[..message.len().min(16_000)]),
            usize::MAX,
        );
        if message.len() > 16_000 {
            end.give(&record(HANDSHAKE, &message[16_000..]), usize::MAX);
        }
        assert_eq!(refusal(what, &mut end, None), expected, "{what}");
    }
}

/// A client that has been asked for a share of P-256.
fn retried() -> (Server, End) {
    let mut end = calling(client());
    let mut server = Server::hear(&mut end);
    server.check_binder(0);
    let retry = server.retry();
    server.ask_again(&mut end, &retry);
    (server, end)
}

#[test]
fn a_second_hello_is_the_first_with_another_share() {
    let (mut server, mut end) = retried();
    let (first, _) = server.first.clone().expect("a retry");
    let mut first = sslcore_tests::hello::ClientHello::parse(&first);
    let shares = server.shares();
    assert_eq!((shares.len(), shares[0].0), (1, GROUP_P256));
    let mut second = server.hello.clone();
    for hello in [&mut first, &mut second] {
        hello.extensions().remove(number::KEY_SHARE);
        hello.extensions().remove(number::PRE_SHARED_KEY);
    }
    assert_eq!(first, second);
    server.greet(&mut end).finish(&mut end).complete(&mut end);
    assert_eq!(end.conn.key_exchange_group(), Some("secp256r1"));
}

#[test]
fn a_cookie_comes_back_byte_for_byte() {
    for (len, changes_group) in [(1, true), (1, false), (16_384, false), (9000, true)] {
        let cookie: Vec<u8> = (0..len).map(|n| n as u8).collect();
        let mut end = calling(client());
        let mut server = Server::hear(&mut end);
        let mut retry = server.retry();
        retry.extensions.add(number::COOKIE, &vector16(&cookie));
        if !changes_group {
            retry.extensions.remove(number::KEY_SHARE);
        }
        let before = server.shares();
        // Two records, where it is too long for one.
        let encoded = retry.encode();
        let (now, later) = encoded.split_at(encoded.len().min(16_000));
        end.give(&record(HANDSHAKE, now), usize::MAX);
        if !later.is_empty() {
            end.give(&record(HANDSHAKE, later), usize::MAX);
        }
        server.hear_again(&mut end, encoded);
        let returned = server.hello.extensions().get(number::COOKIE);
        assert_eq!(returned[..], vector16(&cookie));
        assert_eq!(server.shares() == before, !changes_group);
        server.greet(&mut end).finish(&mut end).complete(&mut end);
    }
}

#[test]
fn behind_a_retry_only_the_keys_of_its_hash_are_offered() {
    let keys = || {
        [
            PreSharedKey::new("plain", SECRET).expect("a key"),
            key().imported("").expect("short"),
            PreSharedKey::new("large", SECRET)
                .expect("a key")
                .with_hash(HashAlgorithm::Sha384),
        ]
    };
    for suite in [AES_256_SHA384, CHACHA20_SHA256] {
        let hash = Hash::of(suite);
        let mut end = calling(client().pre_shared_keys(keys()));
        let mut server = Server::hear(&mut end);
        assert_eq!(offered(&mut server.hello).0.len(), 4);
        let (identity, imported) = Psk::imported(hash, IDENTITY, b"", &SECRET);
        let external = Psk::external(hash, &SECRET);
        let (place, first) = match hash {
            Hash::Sha256 => (1, external),
            Hash::Sha384 => (0, imported.clone()),
        };
        server.psk = first;
        server.answer.suite = suite;
        let retry = server.retry();
        let suites = server.hello.suites.clone();
        server.ask_again(&mut end, &retry);
        assert_eq!(server.hello.suites, suites, "RFC 8446 §4.1.2");
        let (identities, ..) = offered(&mut server.hello);
        assert_eq!(identities.len(), 2);
        assert_eq!(identities[place], identity);
        server.psk = imported;
        server.check_binder(place);
        *server.extension(number::PRE_SHARED_KEY) = vec![0, place as u8];
        let answering = server.answering();
        end.give(&record(HANDSHAKE, &answering.server_hello), usize::MAX);
        answering.finish(&mut end).complete(&mut end);
    }
}

#[test]
fn what_contradicts_a_retry_is_refused() {
    let rows: [Row<Server>; 9] = [
        ("another retry", |s| s.answer = s.retry(), UNEXPECTED),
        (
            "another suite",
            |s| s.answer.suite = CHACHA20_SHA256,
            ILLEGAL,
        ),
        (
            "a suite of another hash",
            |s| s.answer.suite = AES_256_SHA384,
            ILLEGAL,
        ),
        (
            "the first group",
            |s| {
                let share = entry(GROUP_X25519, &Pair::new(GROUP_X25519).share());
                s.share(&share);
            },
            ILLEGAL,
        ),
        (
            "TLS 1.2",
            |s| s.answer.extensions.remove(number::SUPPORTED_VERSIONS),
            ILLEGAL,
        ),
        (
            "another session id",
            |s| s.answer.session_id[0] ^= 1,
            ILLEGAL,
        ),
        (
            "no key",
            |s| s.answer.extensions.remove(number::PRE_SHARED_KEY),
            NO_KEY,
        ),
        (
            "no share",
            |s| s.answer.extensions.remove(number::KEY_SHARE),
            MISSING,
        ),
        (
            "a share off the curve",
            |s| {
                let mut share = s.pair.share();
                share[64] ^= 1;
                s.share(&entry(GROUP_P256, &share));
            },
            ILLEGAL,
        ),
    ];
    for (what, change, expected) in rows {
        let (mut server, mut end) = retried();
        change(&mut server);
        end.give(&record(HANDSHAKE, &server.answer.encode()), usize::MAX);
        assert_eq!(refusal(what, &mut end, None), expected, "{what}");
    }
    // One that has the random of a retry in mind only.
    let (mut server, mut end) = retried();
    server.answer.random = RETRY;
    server.answer.random[31] ^= 1;
    server.greet(&mut end).finish(&mut end).complete(&mut end);
}
