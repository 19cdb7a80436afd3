//! What a client answers to a ServerHello or a HelloRetryRequest that it should not have got.

use sslcore::{Alert, ClientConfig, ConfigBuilder, FailureKind, ServerConfig};
use sslcore_tests::hello::{Extensions, RETRY, ServerHello, kind, number, vector8, vector16};
use sslcore_tests::middle::Who;
use sslcore_tests::pair::{backend, client, server};

use super::stage::{
    ILLEGAL, MALFORMED, MISSING, Refusal, Stage, UNEXPECTED, UNSOLICITED, VERSIONS,
};

const TOO_OLD: Refusal = (FailureKind::Incompatible, Alert::ProtocolVersion);

/// How the client refuses such a ServerHello.
#[track_caller]
fn refused_on(mut stage: Stage, change: impl FnOnce(&mut ServerHello)) -> Refusal {
    stage.change_flight(kind::SERVER_HELLO, |message| {
        let mut hello = ServerHello::parse(message);
        change(&mut hello);
        *message = hello.encode();
    });
    stage.refusal(Who::Client)
}

#[track_caller]
fn refused(version: &str, change: impl FnOnce(&mut ServerHello)) -> Refusal {
    refused_on(Stage::plain(version), change)
}

/// The same where the server asks for another hello first.
#[track_caller]
fn retry_refused(change: impl FnOnce(&mut ServerHello)) -> Refusal {
    let stage = Stage::new(retried_client(), retrying_server());
    refused_on(stage, |hello| {
        assert!(hello.is_retry());
        change(hello);
    })
}

fn retried_client() -> ConfigBuilder<ClientConfig> {
    client(backend()).groups(&["X25519", "secp256r1"])
}

fn retrying_server() -> ConfigBuilder<ServerConfig> {
    server(backend()).groups(&["secp256r1"])
}

/// A server in TLS 1.2 that meets a client of both versions.
fn old_server() -> Stage {
    Stage::new(client(backend()), server(backend()).protocols(&["TLSv1.2"]))
}

#[test]
fn a_suite_that_was_not_offered() {
    for version in VERSIONS {
        // Unknown, only for signalling, never offered by anybody here, and without security.
        for suite in [0x5a5a, 0x00ff, 0x002f, 0xff12, 0xff13] {
            assert_eq!(refused(version, |hello| hello.suite = suite), ILLEGAL);
        }
    }
    assert_eq!(retry_refused(|hello| hello.suite = 0x5a5a), ILLEGAL);
}

#[test]
fn a_suite_that_is_not_offered_here() {
    let aes128 =
        || client(backend()).ciphers(&["TLS_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256"]);
    for (version, suite) in [("TLSv1.2", 0xc02c), ("TLSv1.3", 0x1302)] {
        let stage = Stage::new(aes128(), server(backend()).protocols(&[version]));
        let refusal = refused_on(stage, |hello| hello.suite = suite);
        assert_eq!(refusal, ILLEGAL, "{version}");
    }
}

#[test]
fn a_suite_of_the_other_version() {
    for (version, suite) in [("TLSv1.2", 0x1301), ("TLSv1.3", 0xc02b)] {
        let stage = Stage::new(client(backend()), server(backend()).protocols(&[version]));
        let refusal = refused_on(stage, |hello| hello.suite = suite);
        assert_eq!(refusal, ILLEGAL, "{version}");
    }
    assert_eq!(retry_refused(|hello| hello.suite = 0xc02b), ILLEGAL);
}

#[test]
fn a_session_id_that_is_not_ours() {
    // RFC 8446 §4.1.3: TLS 1.3 gives back what the client sent.
    let refusal = refused("TLSv1.3", |hello| hello.session_id[0] ^= 1);
    assert_eq!(refusal, ILLEGAL);
    let refusal = refused("TLSv1.3", |hello| hello.session_id.clear());
    assert_eq!(refusal, ILLEGAL);
    assert_eq!(retry_refused(|hello| hello.session_id.clear()), ILLEGAL);
    for version in VERSIONS {
        let refusal = refused(version, |hello| hello.session_id = vec![7; 33]);
        assert_eq!(refusal, MALFORMED, "{version}");
    }
}

#[test]
fn a_session_id_that_a_tls12_server_cannot_know() {
    let mut stage = old_server();
    let said = stage.hear(Who::Client);
    let sent = said[0].body[39..71].to_vec();
    stage.say(Who::Client, &said);
    stage.change(Who::Server, kind::SERVER_HELLO, |message| {
        let mut hello = ServerHello::parse(message);
        hello.session_id = sent;
        *message = hello.encode();
    });
    assert_eq!(stage.refusal(Who::Client), ILLEGAL);
}

#[test]
fn compression_that_was_not_offered() {
    for version in VERSIONS {
        assert_eq!(refused(version, |hello| hello.compression = 1), ILLEGAL);
    }
    assert_eq!(retry_refused(|hello| hello.compression = 1), ILLEGAL);
}

#[test]
fn a_version_that_was_not_offered() {
    for version in VERSIONS {
        // RFC 8446 §D.5.
        let refusal = refused(version, |hello| hello.version = [3, 0]);
        assert_eq!(refusal, TOO_OLD, "{version}");
    }
    assert_eq!(refused("TLSv1.2", |hello| hello.version = [3, 1]), TOO_OLD);
    // TLS 1.3 is chosen by its extension alone (RFC 8446 §4.2.1).
    assert_eq!(refused("TLSv1.2", |hello| hello.version = [3, 4]), TOO_OLD);
    let refusal = refused("TLSv1.3", |hello| {
        hello.version = [3, 4];
        hello.extensions.remove(number::SUPPORTED_VERSIONS);
    });
    assert_eq!(refusal, TOO_OLD);
    // A client of TLS 1.3 alone, whom a TLS 1.2 server answers.
    let new_only = client(backend()).protocols(&["TLSv1.3"]);
    let mut stage = Stage::new(new_only, server(backend()));
    stage.change_flight(kind::SERVER_HELLO, |message| {
        let mut hello = ServerHello::parse(message);
        hello.extensions = Extensions::default();
        *message = hello.encode();
    });
    assert_eq!(stage.refusal(Who::Client), TOO_OLD);
}

#[test]
fn a_version_that_is_no_choice() {
    // RFC 8446 §4.2.1: selected_version is not prior to TLS 1.3, and one of those offered.
    for selected in [[3, 3], [3, 2], [3, 5], [0x7f, 0x1c]] {
        let refusal = refused("TLSv1.3", |hello| {
            *hello.extensions.get(number::SUPPORTED_VERSIONS) = selected.to_vec();
        });
        assert_eq!(refusal, ILLEGAL, "{selected:?}");
        let refusal = retry_refused(|hello| {
            *hello.extensions.get(number::SUPPORTED_VERSIONS) = selected.to_vec();
        });
        assert_eq!(refusal, ILLEGAL, "{selected:?}");
    }
}

#[test]
fn a_downgrade() {
    for (last, expected) in [(1, ILLEGAL), (0, ILLEGAL)] {
        let refusal = refused_on(old_server(), |hello| {
            hello.random[24..].copy_from_slice(b"DOWNGRD\0");
            hello.random[31] = last;
        });
        assert_eq!(refusal, expected, "{last}");
    }
}

#[test]
fn an_answer_to_what_was_not_offered() {
    for version in VERSIONS {
        for (number, content) in [
            (number::GREASE, &[][..]),
            (number::SCT, &[0, 0]),
            (number::EARLY_DATA, &[]),
            (number::COOKIE, &[0, 1, 7]),
            (number::ALPN, &[0, 2, 1, b'x']),
            (number::SESSION_TICKET, &[]),
            (number::PRE_SHARED_KEY, &[0, 0]),
            (number::OID_FILTERS, &[0, 0]),
        ] {
            let client = client(backend()).session_cache(0);
            let stage = Stage::new(client, server(backend()).protocols(&[version]));
            let refusal = refused_on(stage, |hello| hello.extensions.add(number, content));
            assert_eq!(refusal, UNSOLICITED, "{version} {number}");
        }
    }
    for number in [number::GREASE, number::ALPN, number::EARLY_DATA] {
        let refusal = retry_refused(|hello| hello.extensions.add(number, &[]));
        assert_eq!(refusal, UNSOLICITED, "{number}");
    }
    // Of a client that speaks TLS 1.3 alone, which renegotiates nothing.
    let new_only = client(backend()).protocols(&["TLSv1.3"]);
    let refusal = refused_on(Stage::new(new_only, server(backend())), |hello| {
        hello.extensions.add(number::RENEGOTIATION_INFO, &[0]);
    });
    assert_eq!(refusal, UNSOLICITED);
}

#[test]
fn an_answer_that_belongs_elsewhere() {
    // RFC 8446 §4.2: offered, known, and not specified for this message.
    for (number, content) in [
        (number::SERVER_NAME, &[][..]),
        (number::ALPN, &[0, 5, 4, b'e', b'c', b'h', b'o']),
        (number::STATUS_REQUEST, &[]),
        (number::SUPPORTED_GROUPS, &[0, 2, 0, 29]),
        (number::EC_POINT_FORMATS, &[1, 0]),
        (number::SIGNATURE_ALGORITHMS, &[0, 2, 4, 3]),
        (number::EXTENDED_MASTER_SECRET, &[]),
        (number::PSK_MODES, &[1, 1]),
    ] {
        let stage = Stage::new(client(backend()).alpn(&[b"echo"]), server(backend()));
        let refusal = refused_on(stage, |hello| hello.extensions.add(number, content));
        assert_eq!(refusal, ILLEGAL, "{number}");
        let refusal = refused_on(
            Stage::new(retried_client().alpn(&[b"echo"]), retrying_server()),
            |hello| hello.extensions.add(number, content),
        );
        assert_eq!(refusal, ILLEGAL, "{number} in a HelloRetryRequest");
    }
    // What only TLS 1.3 has, and what no server sends.
    for (number, content) in [
        (number::KEY_SHARE, &[0, 29, 0, 1, 7][..]),
        (number::PSK_MODES, &[1, 1]),
        (number::SUPPORTED_VERSIONS, &[3, 3]),
        (number::SIGNATURE_ALGORITHMS, &[0, 2, 4, 3]),
    ] {
        let refusal = refused_on(old_server(), |hello| hello.extensions.add(number, content));
        assert_eq!(refusal, ILLEGAL, "{number} in TLS 1.2");
    }
}

#[test]
fn any_answer_that_comes_twice() {
    for version in VERSIONS {
        let honest = {
            let mut stage = Stage::plain(version);
            stage.pass(Who::Client, |_| ());
            let said = stage.hear(Who::Server);
            ServerHello::parse(&said[0].body).extensions
        };
        for (number, content) in honest.0 {
            let refusal = refused(version, |hello| hello.extensions.add(number, &content));
            assert_eq!(refusal, ILLEGAL, "{version} {number}");
        }
    }
    for number in [number::SUPPORTED_VERSIONS, number::KEY_SHARE] {
        let refusal = retry_refused(|hello| {
            let content = hello.extensions.get(number).clone();
            hello.extensions.add(number, &content);
        });
        assert_eq!(refusal, ILLEGAL, "{number}");
    }
}

#[test]
fn wrong_lengths() {
    for version in VERSIONS {
        let honest = {
            let mut stage = Stage::plain(version);
            stage.pass(Who::Client, |_| ());
            let said = stage.hear(Who::Server);
            ServerHello::parse(&said[0].body).extensions
        };
        for (number, _) in honest.0 {
            let refusal = refused(version, |hello| hello.extensions.get(number).push(0));
            assert_eq!(refusal, MALFORMED, "{version} {number}");
        }
        let mut stage = Stage::plain(version);
        stage.change_flight(kind::SERVER_HELLO, |message| {
            message.push(0);
            message[3] += 1;
        });
        assert_eq!(stage.refusal(Who::Client), MALFORMED, "{version}");
        let mut stage = Stage::plain(version);
        stage.change_flight(kind::SERVER_HELLO, |message| {
            message.pop();
            message[3] -= 1;
        });
        assert_eq!(stage.refusal(Who::Client), MALFORMED, "{version}");
    }
    for number in [number::SUPPORTED_VERSIONS, number::KEY_SHARE] {
        let refusal = retry_refused(|hello| hello.extensions.get(number).push(0));
        assert_eq!(refusal, MALFORMED, "{number}");
    }
}

#[test]
fn point_formats_without_the_one_that_all_have() {
    // RFC 8422 §5.1.2.
    let refusal = refused("TLSv1.2", |hello| {
        hello.extensions.remove(number::EC_POINT_FORMATS);
        hello.extensions.add(number::EC_POINT_FORMATS, &[1, 1]);
    });
    assert_eq!(refusal, ILLEGAL);
}

#[test]
fn a_renegotiation_that_is_none() {
    // RFC 5746 §3.4.
    let refusal = refused("TLSv1.2", |hello| {
        *hello.extensions.get(number::RENEGOTIATION_INFO) = vector8(&[7; 12]);
    });
    assert_eq!(
        refusal,
        (FailureKind::PeerMisbehaved, Alert::HandshakeFailure)
    );
}

#[test]
fn a_protocol_that_was_not_offered() {
    for chosen in [&b"other"[..], b"ech", b"echoo"] {
        let client = client(backend()).alpn(&[b"echo"]);
        let stage = Stage::new(client, server(backend()).protocols(&["TLSv1.2"]));
        let refusal = refused_on(stage, |hello| {
            let content = vector16(&vector8(chosen));
            hello.extensions.add(number::ALPN, &content);
        });
        assert_eq!(refusal, ILLEGAL);
    }
    // RFC 7301 §3.1: exactly one, and it has a name.
    for content in [vec![0, 0], vector16(&[0]), vector16(b"\x04echo\x04echo")] {
        let client = client(backend()).alpn(&[b"echo"]);
        let stage = Stage::new(client, server(backend()).protocols(&["TLSv1.2"]));
        let refusal = refused_on(stage, |hello| hello.extensions.add(number::ALPN, &content));
        assert_eq!(refusal, MALFORMED, "{content:?}");
    }
}

#[test]
fn a_key_share_that_is_missing_or_of_another_group() {
    let refusal = refused("TLSv1.3", |hello| {
        hello.extensions.remove(number::KEY_SHARE);
    });
    assert_eq!(refusal, MISSING);
    let refusal = refused("TLSv1.3", |hello| {
        hello.extensions.get(number::KEY_SHARE)[..2].copy_from_slice(&[0, 24]);
    });
    assert_eq!(refusal, ILLEGAL);
    let refusal = refused("TLSv1.3", |hello| {
        let share = hello.extensions.get(number::KEY_SHARE);
        let len = share.len();
        share[4..].fill(0);
        share.truncate(len);
    });
    assert_eq!(refusal, ILLEGAL, "a point of low order");
}

#[test]
fn a_retry_that_changes_nothing_or_asks_for_what_cannot_be() {
    // RFC 8446 §4.1.4, §4.2.8.
    let group = |group: [u8; 2]| {
        retry_refused(|hello| *hello.extensions.get(number::KEY_SHARE) = group.to_vec())
    };
    assert_eq!(group([0, 29]), ILLEGAL, "its share was sent");
    assert_eq!(group([0, 24]), ILLEGAL, "not offered");
    assert_eq!(group([0x5a, 0x5a]), ILLEGAL, "unknown");
    let refusal = retry_refused(|hello| hello.extensions.remove(number::KEY_SHARE));
    assert_eq!(refusal, ILLEGAL, "nothing changes");
    let refusal = retry_refused(|hello| hello.extensions.add(number::COOKIE, &[0, 0]));
    assert_eq!(refusal, MALFORMED, "an empty cookie");
    let refusal = retry_refused(|hello| {
        hello.extensions.add(number::COOKIE, &[0, 1, 7]);
        *hello.extensions.get(number::KEY_SHARE) = vec![0, 29];
    });
    assert_eq!(
        refusal, ILLEGAL,
        "its share was sent, and a cookie makes no difference"
    );
    let refusal = retry_refused(|hello| hello.extensions.remove(number::SUPPORTED_VERSIONS));
    assert_eq!(refusal, MISSING);
}

#[test]
fn a_second_retry() {
    let mut stage = Stage::new(retried_client(), retrying_server());
    stage.pass(Who::Client, |_| ());
    let retry = stage.hear(Who::Server);
    stage.say(Who::Server, &retry);
    stage.hear(Who::Client);
    stage.say(Who::Server, &retry[..1]);
    assert_eq!(stage.refusal(Who::Client), UNEXPECTED);
}

#[test]
fn another_choice_after_a_retry() {
    let play = |change: &dyn Fn(&mut ServerHello)| {
        let mut stage = Stage::new(retried_client(), retrying_server());
        for _ in 0..1 {
            stage.pass(Who::Client, |_| ());
            stage.pass(Who::Server, |_| ());
        }
        stage.pass(Who::Client, |_| ());
        stage.change(Who::Server, kind::SERVER_HELLO, |message| {
            let mut hello = ServerHello::parse(message);
            assert!(!hello.is_retry());
            change(&mut hello);
            *message = hello.encode();
        });
        stage.refusal(Who::Client)
    };
    let another = |hello: &mut ServerHello| {
        hello.suite = if hello.suite == 0x1301 {
            0x1302
        } else {
            0x1301
        };
    };
    assert_eq!(play(&another), ILLEGAL);
    let first_group = |hello: &mut ServerHello| {
        *hello.extensions.get(number::KEY_SHARE) = [vec![0, 29], vector16(&[9; 32])].concat();
    };
    assert_eq!(play(&first_group), ILLEGAL);
    // RFC 8446 §4.1.4: the version stays, too.
    let tls12 = |hello: &mut ServerHello| {
        hello.suite = 0xc02b;
        hello.extensions = Extensions::default();
    };
    assert_eq!(play(&tls12), ILLEGAL);
}

#[test]
fn a_retry_for_a_client_that_cannot() {
    let refusal = refused("TLSv1.2", |hello| hello.random = RETRY);
    assert_eq!(refusal, UNEXPECTED);
    let refusal = refused("TLSv1.2", |hello| {
        hello.random = RETRY;
        hello.extensions = Extensions(vec![(number::SUPPORTED_VERSIONS, vec![3, 4])]);
    });
    assert_eq!(refusal, UNEXPECTED);
}

#[test]
fn bytes_behind_it_in_its_record() {
    let mut stage = Stage::plain("TLSv1.3");
    stage.change_flight(kind::SERVER_HELLO, |message| message.push(8));
    assert_eq!(stage.refusal(Who::Client), UNEXPECTED);
    let mut stage = Stage::new(retried_client(), retrying_server());
    stage.change_flight(kind::SERVER_HELLO, |message| message.push(2));
    assert_eq!(stage.refusal(Who::Client), UNEXPECTED);
}
