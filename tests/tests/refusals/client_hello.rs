//! What a server answers to a hello that it should not have got.

use sslcore::{Alert, Engine, FailureKind, VerifyMode};
use sslcore_tests::certs::{PKCS_ECDSA_P384_SHA384, WORLD};
use sslcore_tests::hello::{ClientHello, number, vector8, vector16};
use sslcore_tests::pair::{backend, backends, client, server};
use sslcore_tests::sealing::{HANDSHAKE, record};

use super::stage::{
    ILLEGAL, MALFORMED, MISSING, Refusal, UNEXPECTED, VERSIONS, hello_of, refused_by, waiting,
};

const TOO_OLD: Refusal = (FailureKind::Incompatible, Alert::ProtocolVersion);
const NOTHING_IN_COMMON: Refusal = (FailureKind::Incompatible, Alert::HandshakeFailure);

fn hello(version: &str) -> ClientHello {
    let client = client(backend()).protocols(&[version]).alpn(&[b"echo"]);
    ClientHello::parse(&hello_of(client))
}

fn hello_record(hello: &ClientHello) -> Vec<u8> {
    record(HANDSHAKE, &hello.encode())
}

/// How a server that speaks both versions refuses such a hello.
#[track_caller]
fn refused(version: &str, change: impl FnOnce(&mut ClientHello)) -> Refusal {
    let mut hello = hello(version);
    change(&mut hello);
    refused_by(server(backend()), &hello_record(&hello))
}

#[test]
fn a_tls13_hello_without_what_it_must_have() {
    // RFC 8446 §9.2, §4.2.3.
    for missing in [
        number::KEY_SHARE,
        number::SUPPORTED_GROUPS,
        number::SIGNATURE_ALGORITHMS,
    ] {
        let refusal = refused("TLSv1.3", |hello| hello.extensions().remove(missing));
        assert_eq!(refusal, MISSING, "{missing}");
    }
    // Without groups and shares it could only resume, and it does not.
    let refusal = refused("TLSv1.3", |hello| {
        hello.extensions().remove(number::KEY_SHARE);
        hello.extensions().remove(number::SUPPORTED_GROUPS);
    });
    assert_eq!(refusal, MISSING);
}

#[test]
fn a_server_of_tls12_alone_does_not_miss_what_tls13_wants() {
    let mut hello = ClientHello::parse(&hello_of(client(backend())));
    hello.extensions().remove(number::KEY_SHARE);
    let mut end = super::stage::waiting(server(backend()).protocols(&["TLSv1.2"]));
    end.give(&hello_record(&hello), usize::MAX);
    assert!(end.conn.failure().is_none(), "{:?}", end.conn.failure());
    assert!(end.take().len() > 100);
}

#[test]
fn an_old_client_is_told_about_the_version_however_its_hello_is_cut() {
    let old = ClientHello {
        version: [3, 1],
        random: [7; 32],
        session_id: Vec::new(),
        suites: vec![0x002f],
        compression: vec![0],
        extensions: None,
    };
    let message = old.encode();
    for protocols in [&["TLSv1.2"][..], &["TLSv1.3"], &["TLSv1.2", "TLSv1.3"]] {
        for first in [1, 2, 5, message.len() - 1, message.len()] {
            let (now, later) = message.split_at(first);
            let mut cut = record(HANDSHAKE, now);
            if !later.is_empty() {
                cut.extend(record(HANDSHAKE, later));
            }
            let refusal = refused_by(server(backend()).protocols(protocols), &cut);
            assert_eq!(refusal, TOO_OLD, "{protocols:?} {first}");
        }
    }
}

#[test]
fn a_version_that_nobody_has_in_common() {
    let refusal = refused("TLSv1.2", |hello| {
        hello.extensions().remove(number::SUPPORTED_VERSIONS);
        hello.version = [3, 2];
    });
    assert_eq!(refusal, TOO_OLD);
    // RFC 8446 §D.5: whatever else the hello says.
    for version in VERSIONS {
        assert_eq!(refused(version, |hello| hello.version = [3, 0]), TOO_OLD);
    }
    let only = |versions: &'static [u8]| {
        refused("TLSv1.3", |hello| {
            *hello.extensions().get(number::SUPPORTED_VERSIONS) = vector8(versions);
        })
    };
    assert_eq!(only(&[3, 2, 3, 1]), TOO_OLD);
    assert_eq!(only(&[0x7f, 0x1c, 0x5a, 0x5a]), TOO_OLD);
    let new_only = server(backend()).protocols(&["TLSv1.3"]);
    assert_eq!(
        refused_by(new_only, &hello_record(&hello("TLSv1.2"))),
        TOO_OLD
    );
    let old_only = server(backend()).protocols(&["TLSv1.2"]);
    assert_eq!(
        refused_by(old_only, &hello_record(&hello("TLSv1.3"))),
        TOO_OLD
    );
}

#[test]
fn a_renegotiation_that_is_none() {
    // RFC 5746 §3.6.
    for version in VERSIONS {
        let refusal = refused(version, |hello| {
            hello.extensions().add(number::RENEGOTIATION_INFO, &[1, 7]);
        });
        let handshake_failure = (FailureKind::PeerMisbehaved, Alert::HandshakeFailure);
        assert_eq!(refusal, handshake_failure, "{version}");
    }
}

#[test]
fn point_formats_without_the_one_that_all_have() {
    // RFC 8422 §5.1.2.
    let refusal = refused("TLSv1.2", |hello| {
        *hello.extensions().get(number::EC_POINT_FORMATS) = vec![1, 1];
    });
    assert_eq!(refusal, ILLEGAL);
}

#[test]
fn compression_that_must_not_be_or_must() {
    for version in VERSIONS {
        let refusal = refused(version, |hello| hello.compression = vec![1]);
        assert_eq!(refusal, ILLEGAL, "{version}");
        let refusal = refused(version, |hello| hello.compression = vec![]);
        assert_eq!(refusal, MALFORMED, "{version}");
    }
    // RFC 8446 §4.1.2: exactly one byte.
    let refusal = refused("TLSv1.3", |hello| hello.compression = vec![1, 0]);
    assert_eq!(refusal, ILLEGAL);
}

#[test]
fn any_extension_that_comes_twice() {
    for version in VERSIONS {
        for (number, content) in hello(version).extensions().0.clone() {
            let refusal = refused(version, |hello| hello.extensions().add(number, &content));
            assert_eq!(refusal, ILLEGAL, "{version} {number}");
        }
        let refusal = refused(version, |hello| {
            hello.extensions().add(number::GREASE, &[]);
            hello.extensions().add(number::GREASE, &[1]);
        });
        assert_eq!(refusal, ILLEGAL, "{version}");
    }
}

#[test]
fn a_pre_shared_key_that_is_not_the_last() {
    let identities = vector16(&[&vector16(&[7; 32])[..], &[0; 4]].concat());
    let offer = [identities, vector16(&vector8(&[9; 32]))].concat();
    let refusal = refused("TLSv1.3", |hello| {
        hello.extensions().add(number::PRE_SHARED_KEY, &offer);
    });
    assert_eq!(refusal, ILLEGAL);
    // RFC 8446 §4.2.9.
    let refusal = refused("TLSv1.3", |hello| {
        hello.extensions().remove(number::PSK_MODES);
        let all = &mut hello.extensions().0;
        all.push((number::PRE_SHARED_KEY, offer.clone()));
    });
    assert_eq!(refusal, MISSING);
}

#[test]
fn a_pre_shared_key_that_nobody_has_spares_no_signature_algorithms() {
    // RFC 8446 §4.2.3, §9.2: the server would authenticate by a certificate.
    let identities = vector16(&[&vector16(&[7; 32])[..], &[0; 4]].concat());
    let offer = [identities, vector16(&vector8(&[9; 32]))].concat();
    let refusal = refused("TLSv1.3", |hello| {
        hello.extensions().remove(number::SIGNATURE_ALGORITHMS);
        if !hello.extensions().has(number::PSK_MODES) {
            hello.extensions().add(number::PSK_MODES, &[1, 1]);
        }
        let all = &mut hello.extensions().0;
        all.push((number::PRE_SHARED_KEY, offer));
    });
    assert_eq!(refusal, MISSING);
}

#[test]
fn an_extension_of_another_message() {
    // RFC 8446 §4.2: only in CertificateRequest.
    for version in VERSIONS {
        let refusal = refused(version, |hello| {
            hello.extensions().add(number::OID_FILTERS, &[0, 0]);
        });
        assert_eq!(refusal, ILLEGAL, "{version}");
    }
}

#[test]
fn bytes_too_many_in_any_extension() {
    for version in VERSIONS {
        for (number, content) in hello(version).extensions().0.clone() {
            // What it contains is anybody's guess.
            if number == number::SESSION_TICKET {
                continue;
            }
            let refusal = refused(version, |hello| hello.extensions().get(number).push(0));
            assert_eq!(refusal, MALFORMED, "{version} {number}");
            if content.is_empty() {
                continue;
            }
            let refusal = refused(version, |hello| {
                hello.extensions().get(number).pop();
            });
            assert_eq!(refusal, MALFORMED, "{version} {number}");
        }
    }
}

#[test]
fn bytes_too_many_behind_everything() {
    for version in VERSIONS {
        let mut message = hello(version).encode();
        message.push(0);
        message[3] = message[3].wrapping_add(1);
        message[2] += u8::from(message[3] == 0);
        let refusal = refused_by(server(backend()), &record(HANDSHAKE, &message));
        assert_eq!(refusal, MALFORMED, "{version}");
        let mut two = hello(version).encode();
        two.extend(hello(version).encode());
        let refusal = refused_by(server(backend()), &record(HANDSHAKE, &two));
        assert_eq!(refusal, UNEXPECTED, "{version}");
    }
}

#[test]
fn lists_that_must_not_be_empty() {
    for version in VERSIONS {
        assert_eq!(refused(version, |hello| hello.suites.clear()), MALFORMED);
        for number in [
            number::SUPPORTED_GROUPS,
            number::SIGNATURE_ALGORITHMS,
            number::ALPN,
        ] {
            let refusal = refused(version, |hello| {
                *hello.extensions().get(number) = vec![0, 0];
            });
            assert_eq!(refusal, MALFORMED, "{version} {number}");
        }
    }
    let refusal = refused("TLSv1.3", |hello| {
        *hello.extensions().get(number::SUPPORTED_VERSIONS) = vec![0];
    });
    assert_eq!(refusal, MALFORMED);
    let refusal = refused("TLSv1.3", |hello| {
        *hello.extensions().get(number::ALPN) = vector16(&[0]);
    });
    assert_eq!(refusal, MALFORMED, "an empty name");
}

#[test]
fn more_than_one_name() {
    // RFC 6066 §3.
    for version in VERSIONS {
        let refusal = refused(version, |hello| {
            let names = hello.extensions().get(number::SERVER_NAME);
            let twice = [&names[2..], &names[2..]].concat();
            *names = vector16(&twice);
        });
        assert_eq!(refusal, ILLEGAL, "{version}");
    }
}

#[test]
fn certificates_of_another_type_alone() {
    // RFC 7250 §4.2: raw public keys.
    for version in VERSIONS {
        for number in [19, 20] {
            let refusal = refused(version, |hello| hello.extensions().add(number, &[1, 2]));
            let expected = (FailureKind::Incompatible, Alert::UnsupportedCertificate);
            assert_eq!(refusal, expected, "{version} {number}");
        }
    }
}

#[test]
fn one_key_share_twice() {
    let refusal = refused("TLSv1.3", |hello| {
        let shares = hello.extensions().get(number::KEY_SHARE);
        let twice = [&shares[2..], &shares[2..]].concat();
        *shares = vector16(&twice);
    });
    assert_eq!(refusal, ILLEGAL);
}

#[test]
fn nothing_in_common_is_nobodys_breach() {
    for version in VERSIONS {
        let refusal = refused(version, |hello| hello.suites = vec![0x5a5a, 0x002f]);
        assert_eq!(refusal, NOTHING_IN_COMMON, "{version}");
        let refusal = refused(version, |hello| {
            *hello.extensions().get(number::SUPPORTED_GROUPS) = vector16(&[0x5a, 0x5a]);
        });
        assert_eq!(refusal, NOTHING_IN_COMMON, "{version}");
        let refusal = refused(version, |hello| {
            *hello.extensions().get(number::SIGNATURE_ALGORITHMS) = vector16(&[0x5a, 0x5a]);
        });
        assert_eq!(refusal, NOTHING_IN_COMMON, "{version}");
        let alpn = server(backend()).alpn(&[b"other"]);
        let refusal = refused_by(alpn, &hello_record(&hello(version)));
        let no_protocol = (FailureKind::Incompatible, Alert::NoApplicationProtocol);
        assert_eq!(refusal, no_protocol, "{version}");
    }
}

#[test]
fn a_client_that_takes_only_the_other_hash_has_nothing_in_common_with_our_key() {
    let p384 = WORLD.ca.leaf_of(&PKCS_ECDSA_P384_SHA384, &["server.test"]);
    for backend in backends() {
        for (identity, scheme) in [(&WORLD.server, [5, 3]), (&p384, [4, 3])] {
            for version in VERSIONS {
                let client = client(backend.clone()).protocols(&[version]);
                let mut hello = ClientHello::parse(&hello_of(client));
                *hello.extensions().get(number::SIGNATURE_ALGORITHMS) = vector16(&scheme);
                let server = server(backend.clone())
                    .identity(identity.chain.clone(), identity.key())
                    .verify_mode(VerifyMode::None);
                let refusal = refused_by(server, &hello_record(&hello));
                assert_eq!(refusal, NOTHING_IN_COMMON, "{version} {}", backend.name());
            }
        }
    }
}

#[test]
fn another_message_in_the_place_of_the_hello() {
    for kind in (0..=255).filter(|kind| *kind != 1) {
        let message = record(HANDSHAKE, &[kind, 0, 0, 0]);
        assert_eq!(
            refused_by(server(backend()), &message),
            UNEXPECTED,
            "{kind}"
        );
    }
}

#[test]
fn a_server_that_leaves_tls12_to_the_other_engine_says_that_it_has_tls13() {
    // RFC 8446 §4.1.3.
    let old = hello_of(client(backend()).protocols(&["TLSv1.2"]));
    let hello = record(HANDSHAKE, &old);
    let mut both = waiting(server(backend()).engine(Engine::Own));
    both.give(&hello, usize::MAX);
    let said = both.take();
    assert!(both.conn.failure().is_none());
    let random = &said[5 + 4 + 2..][..32];
    assert!(random.ends_with(b"DOWNGRD\x01"), "{random:?}");
    // One that has no other is asked for what it does not have.
    let alone = server(backend())
        .engine(Engine::Own)
        .protocols(&["TLSv1.3"]);
    let mut alone = waiting(alone);
    alone.give(&hello, usize::MAX);
    let failure = alone.conn.failure().expect("it has failed");
    assert_eq!(failure.alert(), Some(Alert::ProtocolVersion));
    assert!(!failure.to_string().contains("pre-shared"), "{failure}");
}
