//! `sslcore::testing::ScriptedPeer`: what it says is what its script makes of an honest peer's words,
//! under the keys that the script names.
#![cfg(feature = "testing")]

mod order;
mod stage;

use sslcore::testing::{
    Keys, Record, SealError, backend_without_security, rustcrypto_without_security,
};
use sslcore::{Alert, Event, FailureKind};

use crate::stage::{Client, Kind, Play, Server, VERSIONS, kind, now, play, plays};

#[test]
fn a_script_that_changes_nothing_is_an_honest_peer() {
    for backend in [backend_without_security, rustcrypto_without_security] {
        for play in plays(backend) {
            let outcome = play.perform(|_, _| ());
            assert_eq!(outcome.end.is_resumed(), play.kind == Kind::Resumed);
            outcome.assert_encrypted();
        }
    }
}

#[test]
fn records_can_be_cut_and_padded_over_real_cryptography() {
    for play in plays(rustcrypto_without_security) {
        for most in [1, 3, 50] {
            let outcome = play.perform(|_, records| {
                let cut = records.drain(..).flat_map(|record| record.cut(most));
                *records = cut.collect();
                records.iter_mut().for_each(|record| record.padding = 9);
            });
            outcome.assert_encrypted();
        }
    }
}

#[test]
fn messages_can_be_joined_where_their_keys_are_the_same() {
    for play in plays(rustcrypto_without_security) {
        let outcome = play.perform(|_, records| {
            let mut joined: Vec<Record> = Vec::new();
            for record in records.drain(..) {
                match joined.last_mut() {
                    Some(last)
                        if (last.content, last.keys) == (record.content, record.keys)
                            && !last.is(kind::SERVER_HELLO) | (play.version == "TLSv1.2") =>
                    {
                        last.join(record);
                    }
                    _ => joined.push(record),
                }
            }
            *records = joined;
        });
        outcome.assert_encrypted();
    }
}

#[test]
fn what_the_honest_peer_says_is_shown_message_by_message() {
    let name = |record: &Record| (record.content, record.body[0], record.keys);
    let flights = |play: Play| -> Vec<Vec<_>> {
        let flights = play.flights().into_iter();
        flights
            .map(|flight| flight.iter().map(name).collect())
            .collect()
    };
    let (clear, first, data) = (Keys::None, Keys::Handshake, Keys::Traffic(0));
    assert_eq!(
        flights(play(Client, "TLSv1.2", Kind::Mutual)),
        [
            vec![(22, 1, clear)],
            vec![
                (22, 11, clear),
                (22, 16, clear),
                (22, 15, clear),
                (20, 1, clear),
                (22, 20, data)
            ]
        ]
    );
    assert_eq!(
        flights(play(Server, "TLSv1.3", Kind::Retried)),
        [
            vec![(22, 2, clear), (20, 1, clear)],
            vec![
                (22, 2, clear),
                (22, 8, first),
                (22, 13, first),
                (22, 11, first),
                (22, 15, first),
                (22, 20, first)
            ],
            vec![(22, 4, data), (22, 4, data)]
        ]
    );
}

/// What comes of a record that stands in place of the peer's last, behind a handshake.
fn behind(version: &'static str, record: &Record) -> Option<FailureKind> {
    let play = Play {
        backend: rustcrypto_without_security,
        ..play(Client, version, Kind::Plain)
    };
    let mut outcome = play.perform(|_, _| ());
    let bytes = outcome
        .peer
        .seal(core::slice::from_ref(record))
        .expect("keys");
    assert_eq!(outcome.end.receive(&bytes), Ok(bytes.len()));
    outcome
        .peer
        .converse(&mut outcome.end, now(), |_| ())
        .expect("keys");
    outcome.end.failure().map(|failure| failure.kind())
}

#[test]
fn the_right_keys_are_right_and_all_others_wrong() {
    let data = |keys| Record::new(Record::DATA, b"data", keys);
    assert_eq!(behind("TLSv1.2", &data(Keys::Traffic(0))), None);
    assert_eq!(behind("TLSv1.3", &data(Keys::Traffic(0))), None);
    let forged = Some(FailureKind::BadRecordMac);
    assert_eq!(behind("TLSv1.3", &data(Keys::Handshake)), forged);
    assert_eq!(behind("TLSv1.3", &data(Keys::Traffic(1))), forged);
    assert_eq!(behind("TLSv1.2", &data(Keys::None)), forged);
}

#[test]
fn keys_that_are_renewed_are_followed_in_both_directions() {
    for backend in [backend_without_security, rustcrypto_without_security] {
        for peer in [Client, Server] {
            let play = Play {
                backend,
                ..play(peer, "TLSv1.3", Kind::Plain)
            };
            let mut outcome = play.perform(|_, _| ());
            for round in 1..4 {
                outcome.peer.connection().update_keys().expect("encrypted");
                outcome.peer.connection().write(b"new").expect("room");
                outcome.end.update_keys().expect("encrypted");
                let mut said = Vec::new();
                let script = |records: &mut Vec<Record>| said.extend(records.clone());
                let heard = outcome.peer.heard().len();
                let events = outcome.peer.converse(&mut outcome.end, now(), script);
                assert!(events.expect("keys").contains(&Event::KeysUpdated));
                let update = |of: &[Record]| of.iter().any(|one| one.is(kind::KEY_UPDATE));
                assert!(update(&said) && update(&outcome.peer.heard()[heard..]));
                let data = said.iter().find(|one| one.content == Record::DATA);
                let data = data.expect("data");
                assert_eq!(
                    (&*data.body, data.keys),
                    (&b"new"[..], Keys::Traffic(2 * round - 1))
                );
                let mut read = [0; 3];
                assert_eq!(outcome.end.read(&mut read), Ok(3));
            }
        }
    }
}

#[test]
fn a_key_update_that_is_left_out_leaves_the_keys_as_they_were() {
    let play = Play {
        backend: rustcrypto_without_security,
        ..play(Server, "TLSv1.3", Kind::Plain)
    };
    for keys in [Keys::Traffic(0), Keys::Traffic(1)] {
        let mut outcome = play.perform(|_, _| ());
        outcome.peer.connection().update_keys().expect("encrypted");
        outcome.peer.connection().write(b"new").expect("room");
        let script = |records: &mut Vec<Record>| {
            records.retain(|record| !record.is(kind::KEY_UPDATE));
            records.iter_mut().for_each(|record| record.keys = keys);
        };
        outcome
            .peer
            .converse(&mut outcome.end, now(), script)
            .expect("keys");
        let failure = outcome.end.failure().map(|failure| failure.kind());
        let expected = (keys != Keys::Traffic(0)).then_some(FailureKind::BadRecordMac);
        assert_eq!(failure, expected);
    }
}

#[test]
fn what_cannot_be_sealed_is_said() {
    for version in VERSIONS {
        let (mut peer, _) = play(Client, version, Kind::Plain).start();
        let early = Record::new(Record::DATA, b"early", Keys::Traffic(0));
        assert_eq!(
            peer.seal(&[early]),
            Err(SealError::NoKeys(Keys::Traffic(0)))
        );
        let long = Record::new(Record::HANDSHAKE, &[0; 65536], Keys::None);
        let error = peer.seal(&[long]).expect_err("too long");
        assert_eq!(
            error.to_string(),
            "a record cannot say that it has 65536 bytes; at most 65535"
        );
    }
    let mut outcome = play(Client, "TLSv1.2", Kind::Plain).perform(|_, _| ());
    for keys in [Keys::Handshake, Keys::Traffic(1)] {
        let record = Record::new(Record::DATA, b"", keys);
        assert_eq!(outcome.peer.seal(&[record]), Err(SealError::NoKeys(keys)));
    }
}

#[test]
fn a_record_that_is_too_long_can_be_said_and_is_refused() {
    for version in VERSIONS {
        let mut outcome = play(Server, version, Kind::Plain).perform(|_, _| ());
        let long = Record::new(Record::DATA, &[7; 16385], Keys::Traffic(0));
        let bytes = outcome.peer.seal(&[long]).expect("keys");
        assert_eq!(outcome.end.receive(&bytes), Ok(bytes.len()));
        outcome
            .peer
            .converse(&mut outcome.end, now(), |_| ())
            .expect("keys");
        let alert = outcome.end.failure().and_then(|failure| failure.alert());
        assert_eq!(alert, Some(Alert::RecordOverflow), "{version}");
        assert!(outcome.end.peek().is_empty());
    }
}

#[test]
fn a_change_that_real_proofs_are_over_is_refused_at_the_next_proof() {
    // RFC 8446 §4.4.1: CertificateVerify signs the transcript, of which EncryptedExtensions is a part.
    let play = Play {
        backend: rustcrypto_without_security,
        ..play(Server, "TLSv1.3", Kind::Plain)
    };
    let grow = |_: usize, records: &mut Vec<Record>| {
        for record in records
            .iter_mut()
            .filter(|one| one.is(kind::ENCRYPTED_EXTENSIONS))
        {
            // supported_groups, empty of meaning to a client.
            record.edit(|body| *body = vec![0, 8, 0, 10, 0, 4, 0, 2, 0, 23]);
        }
    };
    let outcome = play.perform(grow);
    let alert = outcome.end.failure().and_then(|failure| failure.alert());
    assert_eq!(alert, Some(Alert::DecryptError));
    let play = Play {
        backend: backend_without_security,
        ..play
    };
    play.perform(grow).assert_encrypted();
}

#[test]
fn a_warning_behind_a_retry_is_one_of_tls13_though_it_is_in_the_clear() {
    // RFC 8446 §6: no_renegotiation is no alert of TLS 1.3. Before, it may be TLS 1.2's.
    for peer in [Client, Server] {
        for (code, refused) in [(100, Some(Alert::DecodeError)), (90, None)] {
            let warning = Record::new(Record::ALERT, &[1, code], Keys::None);
            let outcome = play(peer, "TLSv1.3", Kind::Retried).perform(|flight, records| {
                // Behind HelloRetryRequest, or before the hello that answers it.
                match (peer, flight) {
                    (Server, 0) => records.push(warning.clone()),
                    (Client, 1) => records.insert(0, warning.clone()),
                    _ => {}
                }
            });
            let failure = outcome.end.failure();
            let alert = failure.and_then(|failure| failure.alert());
            assert_eq!(alert, refused, "{peer:?} {code} {failure:?}");
        }
    }
}
