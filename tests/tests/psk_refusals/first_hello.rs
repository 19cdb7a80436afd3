//! A first hello, changed before it is bound.

use sslcore::crypto::HashAlgorithm;
use sslcore::{Alert, FailureKind};
use sslcore_tests::hello::{number, vector8, vector16};
use sslcore_tests::sealing::{HANDSHAKE, record};

use super::client::{Binder, Client, Offered, PSK_DHE_KE, PSK_KE};
use super::keys::{AES_256_SHA384, CHACHA20_SHA256, Hash, Psk};
use super::stage::{
    BAD_KEY, IDENTITY, ILLEGAL, MALFORMED, MISSING, NO_KEY, NOTHING_IN_COMMON, Refusal, SECRET,
    TOO_OLD, UNEXPECTED, key, refusal, server, waiting,
};

pub(crate) type Row = (&'static str, fn(&mut Client), Refusal);

/// All of these are refused in the clear.
#[track_caller]
pub(crate) fn refused(rows: &[Row]) {
    for (what, change, expected) in rows {
        let mut client = Client::default();
        change(&mut client);
        let mut end = waiting(server());
        end.give(&client.record(), usize::MAX);
        assert_eq!(refusal(what, &mut end, None), *expected, "{what}");
    }
}

fn bytes(binder: &[u8]) -> Binder {
    Binder::Bytes(binder.to_vec())
}

fn other() -> Offered {
    Offered::new(b"other", Psk::external(Hash::Sha256, &[0x07; 32]))
}

#[test]
fn an_honest_client_is_answered_with_what_it_derives_itself() {
    for suite in [0x1301, AES_256_SHA384, CHACHA20_SHA256] {
        let hash = Hash::of(suite);
        let mut client = Client::default();
        client.hello.suites = vec![suite];
        client.offered = vec![
            other(),
            Offered::new(IDENTITY, Psk::external(hash, &SECRET)),
        ];
        let key = match hash {
            Hash::Sha256 => key(),
            Hash::Sha384 => key().with_hash(HashAlgorithm::Sha384),
        };
        let mut end = waiting(server().pre_shared_keys([key]));
        client.greet(&mut end).complete(&mut end);
        assert_eq!(end.conn.psk_identity(), Some(IDENTITY));
    }
}

#[test]
fn an_imported_key_is_one_for_each_hash() {
    let hashes = [Hash::Sha256, Hash::Sha384];
    for (own, algorithm) in hashes
        .into_iter()
        .zip([HashAlgorithm::Sha256, HashAlgorithm::Sha384])
    {
        for (place, suite) in [0x1301, AES_256_SHA384].into_iter().enumerate() {
            let mut client = Client::default();
            client.hello.suites = vec![suite];
            client.offered = hashes
                .map(|hash| {
                    let imported = Psk::imported_by(own, hash, IDENTITY, b"here", &SECRET);
                    Offered::new(&imported.0, imported.1)
                })
                .to_vec();
            let imported = key().with_hash(algorithm).imported("here").expect("short");
            let mut end = waiting(server().pre_shared_keys([imported]));
            let mut answered = client.greet(&mut end);
            let selected = answered.hello.extensions.get(number::PRE_SHARED_KEY);
            assert_eq!(selected[..], [0, place as u8]);
            answered.complete(&mut end);
        }
    }
}

#[test]
fn an_imported_key_is_bound_to_its_context_and_to_its_hash() {
    let imported = |own, target, context: &[u8]| {
        let imported = Psk::imported_by(own, target, IDENTITY, context, &SECRET);
        Offered::new(&imported.0, imported.1)
    };
    for (what, offered) in [
        (
            "another context",
            imported(Hash::Sha256, Hash::Sha256, b"there"),
        ),
        ("no context", imported(Hash::Sha256, Hash::Sha256, b"")),
        (
            "another hash of its own",
            imported(Hash::Sha384, Hash::Sha256, b"here"),
        ),
        (
            "a target that no suite has",
            imported(Hash::Sha256, Hash::Sha384, b"here"),
        ),
        (
            "not imported",
            Offered::new(IDENTITY, Psk::external(Hash::Sha256, &SECRET)),
        ),
        ("bound as if it were not imported", {
            let mut offered = imported(Hash::Sha256, Hash::Sha256, b"here");
            offered.psk.label = "ext binder";
            offered
        }),
        ("for TLS 1.2", {
            let mut offered = imported(Hash::Sha256, Hash::Sha256, b"here");
            let version = offered.identity.len() - 3;
            offered.identity[version] = 3;
            offered
        }),
    ] {
        let mut client = Client::default();
        client.hello.suites = vec![0x1301];
        client.offered = vec![offered];
        let own = key().imported("here").expect("short");
        let mut end = waiting(server().pre_shared_keys([own]));
        end.give(&client.record(), usize::MAX);
        assert_eq!(refusal(what, &mut end, None), BAD_KEY, "{what}");
    }
}

#[test]
fn a_key_alone_is_enough_where_it_is_allowed() {
    let mut client = Client::default();
    client.remove(number::KEY_SHARE);
    client.remove(number::SUPPORTED_GROUPS);
    *client.extension(number::PSK_MODES) = vector8(&[PSK_KE]);
    let mut end = waiting(server().allow_psk_ke());
    let mut answered = client.greet(&mut end);
    assert!(!answered.hello.extensions.has(number::KEY_SHARE));
    answered.complete(&mut end);
    // Otherwise the exchange is preferred.
    let mut client = Client::default();
    *client.extension(number::PSK_MODES) = vector8(&[PSK_KE, PSK_DHE_KE]);
    let mut end = waiting(server().allow_psk_ke());
    let mut answered = client.greet(&mut end);
    assert!(answered.hello.extensions.has(number::KEY_SHARE));
    answered.complete(&mut end);
}

#[test]
fn a_damaged_offer_of_keys_is_refused() {
    refused(&[
        ("not the last extension", |c| c.behind = vec![0], ILLEGAL),
        (
            "a binder is missing",
            |c| {
                c.offered.push(other());
                c.offered[1].binder = Binder::None;
            },
            ILLEGAL,
        ),
        (
            "a binder too many",
            |c| c.offered[0].binder = Binder::Twice,
            ILLEGAL,
        ),
        (
            "no binder",
            |c| c.offered[0].binder = Binder::None,
            MALFORMED,
        ),
        (
            "an empty binder",
            |c| c.offered[0].binder = bytes(&[]),
            MALFORMED,
        ),
        (
            "a short binder",
            |c| c.offered[0].binder = bytes(&[1; 31]),
            MALFORMED,
        ),
        (
            "an empty identity",
            |c| c.offered[0].identity.clear(),
            MALFORMED,
        ),
        (
            "bytes behind the binders",
            |c| c.trailing = vec![0],
            MALFORMED,
        ),
        (
            "nothing in it",
            |c| {
                c.offered.clear();
                c.hello
                    .extensions()
                    .0
                    .push((number::PRE_SHARED_KEY, Vec::new()));
            },
            MALFORMED,
        ),
        (
            "no identities",
            |c| {
                let binders = vector16(&vector8(&[1; 32]));
                let content = [vec![0, 0], binders].concat();
                c.offered.clear();
                c.hello
                    .extensions()
                    .0
                    .push((number::PRE_SHARED_KEY, content));
            },
            MALFORMED,
        ),
    ]);
}

#[test]
fn a_binder_that_proves_nothing_is_refused() {
    refused(&[
        ("zeros", |c| c.offered[0].binder = bytes(&[0; 32]), BAD_KEY),
        (
            "as long as with SHA-384",
            |c| c.offered[0].binder = bytes(&[0; 48]),
            BAD_KEY,
        ),
        (
            "as long as can be",
            |c| c.offered[0].binder = bytes(&[0; 255]),
            BAD_KEY,
        ),
        ("another key", |c| c.offered[0].psk.secret[31] ^= 1, BAD_KEY),
        (
            "of a resumed session",
            |c| c.offered[0].psk.label = "res binder",
            BAD_KEY,
        ),
        (
            "of an imported key",
            |c| c.offered[0].psk.label = "imp binder",
            BAD_KEY,
        ),
        (
            "of another identity",
            |c| {
                let ours = c.offered[0].psk.clone();
                c.offered.push(other());
                c.offered[0].psk = std::mem::replace(&mut c.offered[1].psk, ours);
            },
            BAD_KEY,
        ),
        (
            "for an unknown identity",
            |c| c.offered[0].identity = b"nobody".to_vec(),
            BAD_KEY,
        ),
        (
            "for suites of another hash",
            |c| c.hello.suites = vec![AES_256_SHA384],
            BAD_KEY,
        ),
        (
            "behind sixteen others",
            |c| {
                let ours = c.offered.remove(0);
                c.offered = vec![other(); 16];
                c.offered.push(ours);
            },
            BAD_KEY,
        ),
    ]);
}

#[test]
fn a_binder_is_refused_whichever_bit_of_it_or_of_the_hello_is_another() {
    let message = Client::default().message();
    // From the random on, the length of the session id apart: what is no ClientHello any more is
    // refused for that.
    for place in (6..38)
        .chain(39..71)
        .chain(message.len() - 32..message.len())
    {
        let mut changed = message.clone();
        changed[place] ^= 1;
        let mut end = waiting(server());
        end.give(&record(HANDSHAKE, &changed), usize::MAX);
        assert_eq!(refusal("", &mut end, None), BAD_KEY, "{place}");
    }
}

#[test]
fn an_unknown_identity_is_told_only_if_that_is_configured() {
    let client = Client {
        offered: vec![other()],
        ..Client::default()
    };
    let mut end = waiting(server().tell_unknown_psk_identity());
    end.give(&client.record(), usize::MAX);
    let told = (FailureKind::NoPreSharedKey, Alert::UnknownPskIdentity);
    assert_eq!(refusal("unknown", &mut end, None), told);
}

#[test]
fn a_hello_without_a_mode_in_common_is_refused() {
    refused(&[
        ("no modes", |c| c.remove(number::PSK_MODES), MISSING),
        (
            "empty modes",
            |c| *c.extension(number::PSK_MODES) = vec![0],
            MALFORMED,
        ),
        (
            "damaged modes",
            |c| *c.extension(number::PSK_MODES) = vec![2, 1],
            MALFORMED,
        ),
        (
            "bytes behind modes",
            |c| c.extension(number::PSK_MODES).push(0),
            MALFORMED,
        ),
        (
            "the key alone",
            |c| *c.extension(number::PSK_MODES) = vector8(&[PSK_KE]),
            NOTHING_IN_COMMON,
        ),
        (
            "unknown modes",
            |c| *c.extension(number::PSK_MODES) = vector8(&[7, 9]),
            NOTHING_IN_COMMON,
        ),
    ]);
}

#[test]
fn what_no_hello_of_tls13_says_is_refused() {
    refused(&[
        (
            "a cookie",
            |c| c.add(number::COOKIE, &vector16(b"baked")),
            ILLEGAL,
        ),
        ("compression", |c| c.hello.compression = vec![1, 0], ILLEGAL),
        (
            "only compression",
            |c| c.hello.compression = vec![1],
            ILLEGAL,
        ),
        (
            "not even no compression",
            |c| c.hello.compression.clear(),
            MALFORMED,
        ),
        (
            "a long session id",
            |c| c.hello.session_id = vec![1; 33],
            MALFORMED,
        ),
        (
            "no versions",
            |c| c.remove(number::SUPPORTED_VERSIONS),
            TOO_OLD,
        ),
        (
            "only TLS 1.2",
            |c| *c.extension(number::SUPPORTED_VERSIONS) = vector8(&[3, 3]),
            TOO_OLD,
        ),
        (
            "an unknown version",
            |c| *c.extension(number::SUPPORTED_VERSIONS) = vector8(&[3, 5]),
            TOO_OLD,
        ),
        ("SSL 3", |c| c.hello.version = [3, 0], TOO_OLD),
        (
            "no suite in common",
            |c| c.hello.suites = vec![0x1304, 0xc02f],
            NOTHING_IN_COMMON,
        ),
        ("no suites", |c| c.hello.suites.clear(), MALFORMED),
        (
            "an extension twice",
            |c| {
                c.add(number::GREASE, &[]);
                c.add(number::GREASE, &[]);
            },
            ILLEGAL,
        ),
        (
            "an extension of another message",
            |c| c.add(number::OID_FILTERS, &[0, 0]),
            ILLEGAL,
        ),
        (
            "early data with content",
            |c| c.add(number::EARLY_DATA, &[0]),
            MALFORMED,
        ),
        (
            "no key at all",
            |c| {
                c.offered.clear();
                c.add(number::SIGNATURE_ALGORITHMS, &vector16(&[8, 4]));
            },
            NO_KEY,
        ),
        (
            "nothing to authenticate with",
            |c| c.offered.clear(),
            MISSING,
        ),
    ]);
}

#[test]
fn a_client_with_no_protocol_in_common_is_refused() {
    let mut client = Client::default();
    client.add(number::ALPN, &vector16(&vector8(b"theirs")));
    let mut end = waiting(server().alpn(&[b"ours"]));
    end.give(&client.record(), usize::MAX);
    let none = (FailureKind::Incompatible, Alert::NoApplicationProtocol);
    assert_eq!(refusal("ALPN", &mut end, None), none);
}

#[test]
fn nothing_stands_behind_a_hello_in_its_record() {
    let client = Client::default();
    for behind in [&[0][..], &[1, 0, 0, 0], &[20, 0, 0, 0]] {
        let mut end = waiting(server());
        let both = [&client.message()[..], behind].concat();
        end.give(&record(HANDSHAKE, &both), usize::MAX);
        assert_eq!(refusal("", &mut end, None), UNEXPECTED, "{behind:?}");
    }
}

#[test]
fn nobody_is_asked_about_a_hello_that_is_refused_whatever_the_answer() {
    let rows: [Row; 7] = [
        ("no modes", |c| c.remove(number::PSK_MODES), MISSING),
        ("no shares", |c| c.remove(number::KEY_SHARE), MISSING),
        ("an empty share", |c| c.share(&[0, 29, 0, 0]), MALFORMED),
        (
            "no suite in common",
            |c| c.hello.suites = vec![0x1304],
            NOTHING_IN_COMMON,
        ),
        ("compression", |c| c.hello.compression = vec![0, 1], ILLEGAL),
        (
            "a short binder",
            |c| c.offered[0].binder = bytes(&[1; 31]),
            MALFORMED,
        ),
        (
            "a cookie",
            |c| c.add(number::COOKIE, &vector16(b"baked")),
            ILLEGAL,
        ),
    ];
    for (what, change, expected) in rows {
        let mut client = Client::default();
        change(&mut client);
        let mut end = waiting(server().ask_for_pre_shared_keys());
        end.give(&client.record(), usize::MAX);
        assert_eq!(refusal(what, &mut end, None), expected, "{what}");
    }
}

#[test]
fn a_key_alone_is_not_enough_for_a_client_that_wants_more() {
    let mut client = Client::default();
    client.remove(number::KEY_SHARE);
    client.remove(number::SUPPORTED_GROUPS);
    let mut end = waiting(server().allow_psk_ke());
    end.give(&client.record(), usize::MAX);
    assert_eq!(refusal("", &mut end, None), NOTHING_IN_COMMON);
}

#[test]
fn a_client_without_a_session_id_is_sent_a_change_cipher_spec_too() {
    // `Client::hear` expects one.
    let mut client = Client::default();
    client.hello.session_id.clear();
    let mut end = waiting(server());
    client.greet(&mut end).complete(&mut end);
    let mut client = Client::default();
    client.hello.session_id.clear();
    let mut end = waiting(server().groups(&["P-256"]));
    client.retry(&mut end);
    client.greet(&mut end).complete(&mut end);
}
