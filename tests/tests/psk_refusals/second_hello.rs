//! The hello that answers a HelloRetryRequest, changed before it is bound (RFC 8446 §4.1.2).

use sslcore::crypto::HashAlgorithm;
use sslcore_tests::hello::{number, vector8, vector16};
use sslcore_tests::pair::End;
use sslcore_tests::sealing::{HANDSHAKE, record};

use super::client::{Binder, Client, Offered, PSK_DHE_KE, PSK_KE};
use super::keys::{AES_256_SHA384, GROUP_P256, GROUP_X25519, Hash, Pair, Psk, entry};
use super::stage::{
    BAD_KEY, IDENTITY, ILLEGAL, MALFORMED, MISSING, Refusal, SECRET, TOO_OLD, UNEXPECTED, key,
    refusal, server, waiting,
};

type Row = (&'static str, fn(&mut Client), Refusal);
type Allowed = (&'static str, fn(&mut Client));

/// A server that has asked this client for a share of P-256.
fn retried() -> (Client, End) {
    let mut client = Client::default();
    client.add(number::ALPN, &vector16(&vector8(b"echo")));
    client.add(number::SERVER_NAME, &vector16(b"\0\0\x04name"));
    client.add(number::GREASE, &[]);
    client.add(number::SIGNATURE_ALGORITHMS, &vector16(&[8, 4]));
    client.offered.push(Offered::new(
        b"other",
        Psk::external(Hash::Sha384, &[7; 48]),
    ));
    let mut end = waiting(server().groups(&["P-256"]).alpn(&[b"echo"]));
    client.retry(&mut end);
    (client, end)
}

#[track_caller]
fn refused(rows: &[Row]) {
    for (what, change, expected) in rows {
        let (mut client, mut end) = retried();
        change(&mut client);
        end.give(&client.record(), usize::MAX);
        assert_eq!(refusal(what, &mut end, None), *expected, "{what}");
    }
}

#[test]
fn what_may_change_in_a_second_hello_is_taken() {
    let rows: [Allowed; 6] = [
        ("nothing", |_| ()),
        ("a key that cannot be used is gone", |c| {
            c.offered.pop();
        }),
        ("the keys have other places", |c| c.offered.reverse()),
        ("tickets have grown older", |c| c.offered[1].age = [1; 4]),
        ("padding", |c| c.add(21, &[0; 99])),
        ("the extensions have another order", |c| {
            c.hello.extensions().0.reverse();
        }),
    ];
    for (what, change) in rows {
        let (mut client, mut end) = retried();
        change(&mut client);
        let mut answered = client.greet(&mut end);
        assert_eq!(
            answered.extensions.get(number::ALPN)[..],
            b"\0\x05\x04echo"[..],
            "{what}"
        );
        answered.complete(&mut end);
    }
}

#[test]
fn what_may_not_change_in_a_second_hello_is_refused() {
    refused(&[
        ("version", |c| c.hello.version = [3, 4], ILLEGAL),
        ("random", |c| c.hello.random[31] ^= 1, ILLEGAL),
        ("session id", |c| c.hello.session_id[0] ^= 1, ILLEGAL),
        ("no session id", |c| c.hello.session_id.clear(), ILLEGAL),
        (
            "a suite less",
            |c| {
                c.hello.suites.pop();
            },
            ILLEGAL,
        ),
        (
            "the order of suites",
            |c| c.hello.suites.swap(0, 1),
            ILLEGAL,
        ),
        ("compression", |c| c.hello.compression = vec![0, 1], ILLEGAL),
        (
            "server name",
            |c| *c.extension(number::SERVER_NAME) = vector16(b"\0\0\x04else"),
            ILLEGAL,
        ),
        ("no server name", |c| c.remove(number::SERVER_NAME), ILLEGAL),
        (
            "protocols",
            |c| *c.extension(number::ALPN) = vector16(&vector8(b"ohce")),
            ILLEGAL,
        ),
        (
            "groups",
            |c| *c.extension(number::SUPPORTED_GROUPS) = vector16(&[0, 23]),
            ILLEGAL,
        ),
        (
            "versions",
            |c| {
                *c.extension(number::SUPPORTED_VERSIONS) = vector8(&[3, 4, 3, 3]);
            },
            ILLEGAL,
        ),
        (
            "no versions",
            |c| c.remove(number::SUPPORTED_VERSIONS),
            ILLEGAL,
        ),
        (
            "modes",
            |c| *c.extension(number::PSK_MODES) = vector8(&[PSK_DHE_KE, PSK_KE]),
            ILLEGAL,
        ),
        ("no modes", |c| c.remove(number::PSK_MODES), ILLEGAL),
        (
            "signature algorithms",
            |c| c.remove(number::SIGNATURE_ALGORITHMS),
            ILLEGAL,
        ),
        ("what nobody knows", |c| c.remove(number::GREASE), ILLEGAL),
        ("more of what nobody knows", |c| c.add(0x6a6a, &[]), ILLEGAL),
        ("early data", |c| c.add(number::EARLY_DATA, &[]), ILLEGAL),
        (
            "a cookie",
            |c| c.add(number::COOKIE, &vector16(b"baked")),
            ILLEGAL,
        ),
        ("SSL 3", |c| c.hello.version = [3, 0], TOO_OLD),
    ]);
}

#[test]
fn a_second_hello_without_the_proof_is_refused() {
    refused(&[
        ("no keys", |c| c.offered.clear(), ILLEGAL),
        (
            "not the key",
            |c| {
                c.offered.remove(0);
            },
            ILLEGAL,
        ),
        ("another key", |c| c.offered[0].psk.secret[0] ^= 1, BAD_KEY),
        (
            "zeros",
            |c| c.offered[0].binder = Binder::Bytes(vec![0; 32]),
            BAD_KEY,
        ),
        (
            "a short binder",
            |c| c.offered[0].binder = Binder::Bytes(vec![0; 31]),
            MALFORMED,
        ),
        (
            "a binder less",
            |c| c.offered[1].binder = Binder::None,
            ILLEGAL,
        ),
        (
            "a binder of this hello alone",
            |c| c.forgets = true,
            BAD_KEY,
        ),
        ("not the last extension", |c| c.behind = vec![0], ILLEGAL),
    ]);
}

#[test]
fn a_second_hello_has_the_share_that_was_asked_for_and_no_other() {
    refused(&[
        (
            "the first again",
            |c| {
                let share = entry(GROUP_X25519, &Pair::new(GROUP_X25519).share());
                c.share(&share);
            },
            ILLEGAL,
        ),
        (
            "both",
            |c| {
                let other = entry(GROUP_X25519, &Pair::new(GROUP_X25519).share());
                c.share(&[entry(GROUP_P256, &c.pair.share()), other].concat());
            },
            ILLEGAL,
        ),
        (
            "twice",
            |c| {
                let share = entry(GROUP_P256, &c.pair.share());
                c.share(&share.repeat(2));
            },
            ILLEGAL,
        ),
        ("none", |c| c.share(&[]), ILLEGAL),
        ("no shares at all", |c| c.remove(number::KEY_SHARE), MISSING),
        (
            "an empty one",
            |c| c.share(&entry(GROUP_P256, &[])),
            MALFORMED,
        ),
        (
            "off the curve",
            |c| {
                let mut share = c.pair.share();
                share[64] ^= 1;
                c.share(&entry(GROUP_P256, &share));
            },
            ILLEGAL,
        ),
        (
            "too short",
            |c| {
                let share = entry(GROUP_P256, &c.pair.share()[..64]);
                c.share(&share);
            },
            ILLEGAL,
        ),
    ]);
}

#[test]
fn only_a_second_hello_may_come_behind_a_retry() {
    for (what, said) in [
        ("Finished", record(HANDSHAKE, &[20, 0, 0, 0])),
        ("Certificate", record(HANDSHAKE, &[11, 0, 0, 4, 0, 0, 0, 0])),
        ("ServerHello", record(HANDSHAKE, &[2, 0, 0, 0])),
        ("KeyUpdate", record(HANDSHAKE, &[24, 0, 0, 1, 0])),
        ("EndOfEarlyData", record(HANDSHAKE, &[5, 0, 0, 0])),
        ("nothing", record(HANDSHAKE, &[])),
        ("data that nobody announced", record(23, &[0; 40])),
    ] {
        let (_, mut end) = retried();
        end.give(&said, usize::MAX);
        assert_eq!(refusal(what, &mut end, None), UNEXPECTED, "{what}");
    }
    let (client, mut end) = retried();
    let both = [client.message(), vec![20, 0, 0, 0]].concat();
    end.give(&record(HANDSHAKE, &both), usize::MAX);
    assert_eq!(refusal("behind it", &mut end, None), UNEXPECTED);
}

#[test]
fn a_retry_is_bound_with_the_hash_of_the_key() {
    let mut client = Client {
        offered: vec![Offered::new(IDENTITY, Psk::external(Hash::Sha384, &SECRET))],
        ..Client::default()
    };
    let large = key().with_hash(HashAlgorithm::Sha384);
    let mut end = waiting(server().pre_shared_keys([large]).groups(&["P-256"]));
    client.retry(&mut end);
    let mut answered = client.greet(&mut end);
    assert_eq!(answered.hello.suite, AES_256_SHA384);
    answered.complete(&mut end);
}
