//! KeyUpdate while others have the keys (RFC 8446 §4.6.3), and keys that are used up.

use sslcore::offload::{Direction, OffloadError, OffloadFailure};
use sslcore::{Alert, Event, FailureKind, UsageError};
use sslcore_tests::kernel::run;

use super::stage::{Offloads, cases, cases_of, encrypted};

#[test]
fn whoever_asks_both_directions_get_new_keys() {
    for case in cases_of("TLSv1.3") {
        for offloads in Offloads::ALL {
            for by_client in [true, false] {
                let (mut client, mut server) = encrypted(&case);
                offloads.hand_over(&mut client, &mut server);
                for round in 0..5 {
                    client.end.events.clear();
                    server.end.events.clear();
                    let asking = if by_client { &mut client } else { &mut server };
                    assert_eq!(asking.end.conn.update_keys(), Ok(()));
                    let (down, up) = run(&mut client, &mut server);
                    assert!(down.is_empty() && up.is_empty());
                    assert!(
                        client.end.saw(Event::KeysUpdated),
                        "{case:?} {offloads:?} {round}"
                    );
                    assert!(
                        server.end.saw(Event::KeysUpdated),
                        "{case:?} {offloads:?} {round}"
                    );
                    client.end.write(b"up");
                    server.end.write(b"down");
                    let heard = run(&mut client, &mut server);
                    assert_eq!(
                        heard,
                        (b"down".to_vec(), b"up".to_vec()),
                        "{case:?} {offloads:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn nothing_is_sealed_between_the_key_update_and_its_key() {
    for case in cases_of("TLSv1.3") {
        let (mut client, mut server) = encrypted(&case);
        client.offload();
        client.end.conn.update_keys().expect("TLS 1.3");
        client.end.settle();
        assert!(client.end.conn.is_offload_due(Direction::Sent));
        assert_eq!(client.end.conn.write(b"too early"), Ok(0));
        client.end.settle();
        assert!(!client.end.saw(Event::Writable), "{:?}", client.end.events);
        let early = client.end.conn.offload(Direction::Sent).map(drop);
        let unsent = matches!(early, Err(UsageError::Offload(OffloadError::Unsent { .. })));
        assert!(unsent, "the KeyUpdate has not left: {early:?}");
        let (_, update) = client.end.conn.transmit_record().expect("a KeyUpdate");
        assert_eq!(update, [24, 0, 0, 1, 1]);
        assert!(client.end.conn.record_limit().is_err());
        client.end.events.clear();
        let sent = client.take(); // the kernel takes the key, too
        assert!(!client.end.conn.is_offload_due(Direction::Sent));
        assert!(client.end.saw(Event::Writable), "{:?}", client.end.events);
        server.give(&sent);
        client.end.write(b"now");
        client.end.conn.close();
        let (_, heard) = run(&mut client, &mut server);
        assert_eq!(heard, b"now", "{case:?}");
        assert!(server.end.saw(Event::PeerClosed), "{case:?}");
    }
}

#[test]
fn a_close_waits_for_the_key_that_it_is_under() {
    for case in cases_of("TLSv1.3") {
        let (mut client, mut server) = encrypted(&case);
        client.offload();
        client.end.conn.update_keys().expect("TLS 1.3");
        client.end.settle();
        client.end.conn.close();
        client.end.settle();
        assert!(!client.end.conn.transmit_finished());
        run(&mut client, &mut server);
        assert!(
            client.end.conn.is_over() || client.end.conn.transmit_finished(),
            "{case:?}"
        );
        assert!(
            server.end.saw(Event::PeerClosed),
            "{case:?} {:?}",
            client.end.conn
        );
    }
}

#[test]
fn a_failure_is_silent_while_nobody_has_the_key() {
    for case in cases_of("TLSv1.3") {
        let (mut client, _) = encrypted(&case);
        client.offload();
        client.end.conn.update_keys().expect("TLS 1.3");
        client.end.settle();
        let why = OffloadFailure::KeysRefused;
        client.end.conn.offload_failed(why).expect("encrypted");
        client.end.settle();
        let failure = client.end.conn.failure().expect("it failed");
        assert_eq!(failure.kind(), FailureKind::KeysNotRenewed, "{case:?}");
        assert_eq!(failure.alert(), None, "under which key?");
        assert_eq!(
            client.end.conn.transmit_record().map(|(kind, _)| kind),
            Some(22)
        );
        client
            .end
            .conn
            .record_transmitted(5)
            .expect("the KeyUpdate");
        assert_eq!(client.end.conn.transmit_record(), None);
    }
}

#[test]
fn who_can_take_no_other_key_is_not_asked_to() {
    for case in cases_of("TLSv1.3") {
        let (mut client, mut server) = encrypted(&case);
        client.rekeys = false;
        client.offload();
        assert_eq!(
            client.end.conn.update_keys(),
            Err(UsageError::Offload(OffloadError::NotRenewable))
        );
        server.end.write(b"before");
        let (heard, _) = run(&mut client, &mut server);
        assert_eq!(heard, b"before");
        server.end.conn.update_keys().expect("the server can");
        run(&mut client, &mut server);
        let failed = Event::Failed(FailureKind::KeysNotRenewed);
        assert!(client.end.saw(failed), "{case:?} {:?}", client.end.events);
        assert!(
            client.end.saw(Event::AlertSent(Alert::InternalError)),
            "{case:?}"
        );
        let told = FailureKind::AlertReceived(Alert::InternalError);
        assert!(server.end.saw(Event::Failed(told)), "{case:?}");
    }
}

#[test]
fn an_answer_that_would_need_another_key_ends_the_connection() {
    for case in cases_of("TLSv1.3") {
        let (mut client, mut server) = encrypted(&case);
        client.rekeys = false;
        client
            .hand_over(Direction::Sent)
            .expect("nothing is in the way");
        server.end.conn.update_keys().expect("the server can");
        run(&mut client, &mut server);
        let failed = Event::Failed(FailureKind::KeysNotRenewed);
        assert!(client.end.saw(failed), "{case:?} {:?}", client.end.events);
        let told = FailureKind::AlertReceived(Alert::InternalError);
        assert!(server.end.saw(Event::Failed(told)), "{case:?}");
    }
}

#[test]
fn a_used_up_key_is_renewed_or_closes_the_connection_also_by_records_sealed_around_it() {
    for case in cases() {
        for rekeys in [true, false] {
            let (mut client, mut server) = case.encrypted(100);
            client.rekeys = rekeys;
            client.offload();
            for _ in 0..4 {
                let record = client.send_around(b"x");
                client.end.conn.records_sealed(1).expect("sealed");
                server.give(&record);
            }
            client.end.conn.records_sealed(200).expect("counted");
            assert!(client.end.conn.record_limit().is_err(), "{case:?}");
            let update = client.take();
            server.give(&update);
            let renewable = rekeys && case.version == "TLSv1.3";
            assert!(
                client.end.conn.record_limit().is_ok() == renewable,
                "{case:?}"
            );
            let written = client.end.conn.write(b"on");
            let (_, heard) = run(&mut client, &mut server);
            match renewable {
                true => {
                    assert_eq!((written, &heard[..]), (Ok(2), &b"xxxxon"[..]), "{case:?}");
                    assert!(client.end.saw(Event::KeysUpdated), "{case:?}");
                }
                false => {
                    assert_eq!(written, Err(UsageError::ConnectionOver), "{case:?}");
                    let failed = Event::Failed(FailureKind::KeysExhausted);
                    assert!(client.end.saw(failed), "{case:?} {:?}", client.end.events);
                    assert!(server.end.saw(Event::PeerClosed), "{case:?}");
                }
            }
        }
    }
}

#[test]
fn no_record_is_opened_between_the_key_update_and_its_key() {
    for case in cases_of("TLSv1.3") {
        let (mut client, mut server) = encrypted(&case);
        client.offload();
        server.end.conn.update_keys().expect("TLS 1.3");
        server.end.settle();
        // What the kernel would have opened.
        let update = [24, 0, 0, 1, 1];
        client.end.conn.record_buffer()[..5].copy_from_slice(&update);
        client.end.conn.record_received(22, 5).expect("room");
        client.end.settle();
        assert!(
            client.end.conn.is_offload_due(Direction::Received),
            "{case:?}"
        );
        assert!(!client.end.conn.wants_receive(), "nothing is to be read");
        client.end.conn.take_changes();
        assert_eq!(client.end.conn.record_buffer(), b"");
        client
            .hand_over(Direction::Received)
            .expect("nothing is in the way");
        assert!(client.end.conn.take_changes().receive, "who reads is woken");
        assert!(client.end.conn.wants_receive());
        assert!(!client.end.conn.record_buffer().is_empty());
    }
}

#[test]
fn what_comes_behind_a_key_update_under_the_key_before_it_is_forged() {
    for case in cases_of("TLSv1.3") {
        for (kind, content) in [(23, &b"old"[..]), (22, &[24, 0, 0, 1, 0]), (21, &[1, 0])] {
            let (mut client, mut server) = encrypted(&case);
            client.offload();
            // A kernel that does not look into what it opens.
            for (kind, content) in [(22, &[24, 0, 0, 1, 0][..]), (kind, content)] {
                client.end.conn.record_buffer()[..content.len()].copy_from_slice(content);
                let received = client.end.conn.record_received(kind, content.len());
                received.expect("room");
            }
            client.end.settle();
            let forged = Event::Failed(FailureKind::BadRecordMac);
            assert!(
                client.end.saw(forged),
                "{case:?} {kind}: {:?}",
                client.end.events
            );
            assert_eq!(client.read_all(), b"");
            run(&mut client, &mut server);
            let told = FailureKind::AlertReceived(Alert::BadRecordMac);
            assert!(server.end.saw(Event::Failed(told)), "{case:?} {kind}");
        }
    }
}

#[test]
fn records_that_are_told_late_are_not_counted_under_the_next_key() {
    for case in cases_of("TLSv1.3") {
        let (mut client, mut server) = encrypted(&case);
        client.offload();
        let around = client.send_around(b"around, ");
        client.end.conn.update_keys().expect("TLS 1.3");
        client.end.settle();
        assert!(client.end.conn.is_offload_due(Direction::Sent));
        client.end.conn.records_sealed(1).expect("sealed");
        server.give(&around);
        let update = client.take(); // the kernel takes the key, too
        server.give(&update);
        client.end.write(b"and on");
        let (_, heard) = run(&mut client, &mut server);
        assert_eq!(heard, b"around, and on", "{case:?} {:?}", server.end.conn);
    }
}

#[test]
fn each_piece_of_a_record_counts_for_the_limit_of_its_key() {
    for case in cases_of("TLSv1.3") {
        let (mut client, mut server) = case.encrypted(100);
        client.offload();
        client.piece = 5;
        for _ in 0..10 {
            client.end.write(&[7; 100]);
            let (_, heard) = run(&mut client, &mut server);
            assert_eq!(heard, [7; 100], "{case:?}");
        }
        let renewals = server.end.events.iter();
        let renewals = renewals.filter(|event| **event == Event::KeysUpdated);
        assert_eq!(renewals.count(), 2, "200 records: {case:?}");
    }
}

#[test]
fn a_key_that_the_connections_own_records_use_up_is_renewed_in_time() {
    for case in cases() {
        let (mut client, mut server) = case.encrypted(10);
        client.offload();
        let (mut heard, mut written) = (Vec::new(), 0);
        for turn in 0..200 {
            match client.end.conn.write(&[written]) {
                Ok(n) => written += n as u8,
                Err(error) => {
                    assert_eq!(error, UsageError::ConnectionOver, "{case:?}");
                    break;
                }
            }
            // Several records wait when it happens, or none.
            if turn % 3 == 0 {
                heard.extend(run(&mut client, &mut server).1);
            }
        }
        heard.extend(run(&mut client, &mut server).1);
        match case.version {
            "TLSv1.2" => {
                assert!(
                    client.end.saw(Event::Failed(FailureKind::KeysExhausted)),
                    "{case:?}"
                );
                assert!(server.end.saw(Event::PeerClosed), "{case:?}");
            }
            _ => {
                assert!(written > 100, "{case:?}");
                assert_eq!(heard, (0..written).collect::<Vec<_>>(), "{case:?}");
                assert!(server.end.saw(Event::KeysUpdated), "{case:?}");
            }
        }
    }
}
