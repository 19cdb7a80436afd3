//! A ServerHello, changed before keys follow from it.

use sslcore::PreSharedKey;
use sslcore::crypto::HashAlgorithm;
use sslcore_tests::hello::{number, vector16};
use sslcore_tests::sealing::{HANDSHAKE, record};

use super::keys::{
    AES_256_SHA384, CHACHA20_SHA256, GROUP_P256, GROUP_X25519, Hash, Pair, Psk, entry,
};
use super::server::{Server, offered};
use super::stage::{
    IDENTITY, ILLEGAL, MALFORMED, MISSING, NO_KEY, Refusal, SECRET, TOO_OLD, UNEXPECTED,
    UNSOLICITED, calling, client, key, refusal,
};

type Row = (&'static str, fn(&mut Server), Refusal);

/// All of these are refused in the clear: the server cannot know any key of ours yet.
#[track_caller]
fn refused(rows: &[Row]) {
    for (what, change, expected) in rows {
        let mut end = calling(client().alpn(&[b"echo"]));
        let mut server = Server::hear(&mut end);
        server.check_binder(0);
        change(&mut server);
        end.give(&record(HANDSHAKE, &server.answer.encode()), usize::MAX);
        assert_eq!(refusal(what, &mut end, None), *expected, "{what}");
    }
}

#[test]
fn an_honest_server_is_understood_in_every_suite() {
    for suite in [0x1301, AES_256_SHA384, CHACHA20_SHA256] {
        let hash = Hash::of(suite);
        let own = match hash {
            Hash::Sha256 => key(),
            Hash::Sha384 => key().with_hash(HashAlgorithm::Sha384),
        };
        let mut end = calling(client().pre_shared_keys([own]));
        let mut server = Server::hear(&mut end);
        server.psk = Psk::external(hash, &SECRET);
        server.answer.suite = suite;
        server.greet(&mut end).finish(&mut end).complete(&mut end);
        assert_eq!(end.conn.psk_identity(), Some(IDENTITY));
    }
}

#[test]
fn an_imported_key_is_offered_for_each_hash() {
    let both = [Hash::Sha256, Hash::Sha384];
    for (place, suite) in [(0, 0x1301), (1, AES_256_SHA384)] {
        let imported = key().imported("here").expect("short");
        let mut end = calling(client().pre_shared_keys([imported]));
        let mut server = Server::hear(&mut end);
        let (identities, ..) = offered(&mut server.hello);
        let expected = both.map(|hash| Psk::imported(hash, IDENTITY, b"here", &SECRET));
        assert_eq!(
            identities,
            expected.each_ref().map(|(identity, _)| identity.clone())
        );
        for (other, (_, psk)) in expected.into_iter().enumerate().rev() {
            server.psk = psk;
            server.check_binder(other);
            if other == place {
                break;
            }
        }
        server.answer.suite = suite;
        *server.extension(number::PRE_SHARED_KEY) = vec![0, place as u8];
        let answering = server.answering();
        end.give(&record(HANDSHAKE, &answering.server_hello), usize::MAX);
        answering.finish(&mut end).complete(&mut end);
    }
}

#[test]
fn an_imported_key_is_offered_for_no_hash_that_no_suite_has() {
    for (suite, hash) in [
        ("TLS_AES_128_GCM_SHA256", Hash::Sha256),
        ("TLS_AES_256_GCM_SHA384", Hash::Sha384),
    ] {
        let imported = key().imported("here").expect("short");
        let client = client().ciphers(&[suite]).pre_shared_keys([imported]);
        let mut server = Server::hear(&mut calling(client));
        let (identity, psk) = Psk::imported(hash, IDENTITY, b"here", &SECRET);
        assert_eq!(offered(&mut server.hello).0, [identity]);
        server.psk = psk;
        server.check_binder(0);
    }
}

#[test]
fn a_key_alone_is_enough_where_it_is_allowed() {
    let mut end = calling(client().allow_psk_ke());
    let mut server = Server::hear(&mut end);
    server.answer.extensions.remove(number::KEY_SHARE);
    server.greet(&mut end).finish(&mut end).complete(&mut end);
    assert_eq!(end.conn.key_exchange_group(), None);
}

#[test]
fn a_server_that_takes_no_key_or_another_is_refused() {
    refused(&[
        (
            "none",
            |s| s.answer.extensions.remove(number::PRE_SHARED_KEY),
            NO_KEY,
        ),
        (
            "one behind the last",
            |s| *s.extension(number::PRE_SHARED_KEY) = vec![0, 1],
            ILLEGAL,
        ),
        (
            "the last that could be",
            |s| *s.extension(number::PRE_SHARED_KEY) = vec![255; 2],
            ILLEGAL,
        ),
        (
            "half a number",
            |s| *s.extension(number::PRE_SHARED_KEY) = vec![0],
            MALFORMED,
        ),
        (
            "two numbers",
            |s| *s.extension(number::PRE_SHARED_KEY) = vec![0; 4],
            MALFORMED,
        ),
        (
            "in a suite of another hash",
            |s| s.answer.suite = AES_256_SHA384,
            ILLEGAL,
        ),
        (
            "in a suite that was not offered",
            |s| s.answer.suite = 0x1304,
            ILLEGAL,
        ),
        (
            "in a suite of TLS 1.2",
            |s| s.answer.suite = 0xc02f,
            ILLEGAL,
        ),
    ]);
}

#[test]
fn a_key_of_another_hash_than_the_suite_is_refused() {
    for (suite, place, is_right) in [
        (0x1301, 0, true),
        (AES_256_SHA384, 0, false),
        (0x1301, 1, false),
        (CHACHA20_SHA256, 1, false),
    ] {
        let large = PreSharedKey::new("large", SECRET).expect("a key");
        let keys = [key(), large.with_hash(HashAlgorithm::Sha384)];
        let mut end = calling(client().pre_shared_keys(keys));
        let mut server = Server::hear(&mut end);
        server.answer.suite = suite;
        *server.extension(number::PRE_SHARED_KEY) = vec![0, place];
        if is_right {
            server.greet(&mut end).finish(&mut end).complete(&mut end);
            continue;
        }
        end.give(&record(HANDSHAKE, &server.answer.encode()), usize::MAX);
        assert_eq!(refusal("", &mut end, None), ILLEGAL, "{suite} {place}");
    }
}

#[test]
fn a_share_that_was_not_asked_for_is_refused() {
    refused(&[
        (
            "none",
            |s| s.answer.extensions.remove(number::KEY_SHARE),
            MISSING,
        ),
        (
            "of another group",
            |s| {
                let share = Pair::new(GROUP_P256).share();
                s.share(&entry(GROUP_P256, &share));
            },
            ILLEGAL,
        ),
        (
            "of a group that nobody has",
            |s| s.share(&entry(30, &[1; 56])),
            ILLEGAL,
        ),
        (
            "that makes the secret zero",
            |s| s.share(&entry(GROUP_X25519, &[0; 32])),
            ILLEGAL,
        ),
        (
            "too short",
            |s| s.share(&entry(GROUP_X25519, &[9; 31])),
            ILLEGAL,
        ),
        (
            "too long",
            |s| s.share(&entry(GROUP_X25519, &[9; 33])),
            ILLEGAL,
        ),
        ("empty", |s| s.share(&entry(GROUP_X25519, &[])), MALFORMED),
        ("only a group", |s| s.share(&[0, 29]), MALFORMED),
        (
            "two",
            |s| {
                let share = entry(GROUP_X25519, &s.pair.share());
                s.share(&share.repeat(2));
            },
            MALFORMED,
        ),
    ]);
}

#[cfg(feature = "ml-kem")]
#[test]
fn an_answer_of_a_hybrid_that_cannot_be_is_refused() {
    for (what, share) in [
        ("only a ciphertext", vec![1; 1088]),
        ("with a half that makes the secret zero", vec![0; 1120]),
        ("too long", vec![1; 1121]),
    ] {
        let mut end = calling(client().groups(&["X25519MLKEM768"]));
        let mut server = Server::hear(&mut end);
        server.share(&entry(0x11ec, &share));
        end.give(&record(HANDSHAKE, &server.answer.encode()), usize::MAX);
        assert_eq!(refusal(what, &mut end, None), ILLEGAL, "{what}");
    }
}

#[test]
fn another_version_is_refused_whatever_its_random_says() {
    refused(&[
        (
            "TLS 1.2",
            |s| {
                s.answer.extensions.0.clear();
                s.answer.suite = 0xc02f;
            },
            TOO_OLD,
        ),
        (
            "TLS 1.2 of a server that has TLS 1.3",
            |s| {
                s.answer.extensions.0.clear();
                s.answer.random[24..].copy_from_slice(b"DOWNGRD\x01");
            },
            TOO_OLD,
        ),
        (
            "TLS 1.1 of a server that has TLS 1.3",
            |s| {
                s.answer.extensions.0.clear();
                s.answer.version = [3, 2];
                s.answer.random[24..].copy_from_slice(b"DOWNGRD\x00");
            },
            TOO_OLD,
        ),
        (
            "no version",
            |s| s.answer.extensions.remove(number::SUPPORTED_VERSIONS),
            TOO_OLD,
        ),
        (
            "TLS 1.2, selected",
            |s| *s.extension(number::SUPPORTED_VERSIONS) = vec![3, 3],
            ILLEGAL,
        ),
        (
            "an unknown one",
            |s| *s.extension(number::SUPPORTED_VERSIONS) = vec![3, 5],
            ILLEGAL,
        ),
        (
            "two",
            |s| *s.extension(number::SUPPORTED_VERSIONS) = vec![3, 4, 3, 4],
            MALFORMED,
        ),
    ]);
}

#[test]
fn what_no_server_hello_of_tls13_says_is_refused() {
    refused(&[
        (
            "another session id",
            |s| s.answer.session_id[31] ^= 1,
            ILLEGAL,
        ),
        ("no session id", |s| s.answer.session_id.clear(), ILLEGAL),
        (
            "a long session id",
            |s| s.answer.session_id.push(0),
            MALFORMED,
        ),
        ("compression", |s| s.answer.compression = 1, ILLEGAL),
        (
            "an extension that was not offered",
            |s| s.answer.extensions.add(number::GREASE, &[]),
            UNSOLICITED,
        ),
        (
            "early data",
            |s| s.answer.extensions.add(number::EARLY_DATA, &[]),
            UNSOLICITED,
        ),
        (
            "a cookie",
            |s| s.answer.extensions.add(number::COOKIE, &vector16(b"baked")),
            UNSOLICITED,
        ),
        (
            "an extension of another message",
            |s| s.answer.extensions.add(number::ALPN, b"\0\x05\x04echo"),
            ILLEGAL,
        ),
        (
            "modes",
            |s| s.answer.extensions.add(number::PSK_MODES, &[1, 1]),
            ILLEGAL,
        ),
        (
            "an extension twice",
            |s| {
                let share = s.extension(number::KEY_SHARE).clone();
                s.answer.extensions.add(number::KEY_SHARE, &share);
            },
            ILLEGAL,
        ),
    ]);
}

#[test]
fn only_a_server_hello_answers_a_hello() {
    for (what, body) in [
        ("EncryptedExtensions", &[8, 0, 0, 2, 0, 0][..]),
        ("Finished", &[20, 0, 0, 0]),
        ("Certificate", &[11, 0, 0, 4, 0, 0, 0, 0]),
        ("HelloRequest", &[0, 0, 0, 0]),
        ("NewSessionTicket", &[4, 0, 0, 0]),
        ("KeyUpdate", &[24, 0, 0, 1, 0]),
        ("ClientHello", &[1, 0, 0, 0]),
        ("nothing", &[]),
    ] {
        let mut end = calling(client());
        end.take();
        end.give(&record(HANDSHAKE, body), usize::MAX);
        assert_eq!(refusal(what, &mut end, None), UNEXPECTED, "{what}");
    }
    let mut end = calling(client());
    end.take();
    end.give(&record(23, &[0; 40]), usize::MAX);
    assert_eq!(refusal("data", &mut end, None), UNEXPECTED);
}

#[test]
fn a_server_hello_is_the_last_in_its_record() {
    let mut end = calling(client());
    let mut server = Server::hear(&mut end);
    let answering = server.answering();
    let both = [
        answering.server_hello.clone(),
        answering.encrypted_extensions(),
    ]
    .concat();
    end.give(&record(HANDSHAKE, &both), usize::MAX);
    assert_eq!(refusal("", &mut end, None), UNEXPECTED);
    // A part of the next message is as bad.
    let mut end = calling(client());
    let mut server = Server::hear(&mut end);
    let both = [server.answering().server_hello, vec![8]].concat();
    end.give(&record(HANDSHAKE, &both), usize::MAX);
    assert_eq!(refusal("a part", &mut end, None), UNEXPECTED);
}

#[test]
fn a_damaged_server_hello_is_refused_wherever_it_ends() {
    let mut end = calling(client());
    let message = Server::hear(&mut end).answer.encode();
    for len in 4..message.len() {
        let mut cut = message[..len].to_vec();
        cut[2..4].copy_from_slice(&((len - 4) as u16).to_be_bytes());
        let mut end = calling(client());
        end.take();
        end.give(&record(HANDSHAKE, &cut), usize::MAX);
        let refused = refusal("cut", &mut end, None);
        // Without extensions it is whole, and of TLS 1.2.
        let expected = match len {
            74 => TOO_OLD,
            _ => MALFORMED,
        };
        assert_eq!(refused, expected, "{len}");
    }
}
