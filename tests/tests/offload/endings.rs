//! How connections end whose keys others have: as they always do (rules R4 and R6).

use sslcore::offload::OffloadFailure;
use sslcore::{Alert, Event, FailureKind, ReadEnd};
use sslcore_tests::kernel::run;
use sslcore_tests::sealing;

use super::stage::{Offloads, cases, encrypted};

const HANDED_OVER: [Offloads; 3] = [Offloads::Client, Offloads::Server, Offloads::Both];

#[test]
fn both_close_and_nothing_is_missing() {
    for case in cases() {
        for offloads in HANDED_OVER {
            let (mut client, mut server) = encrypted(&case);
            offloads.hand_over(&mut client, &mut server);
            client.end.write(b"the last line");
            client.end.conn.close();
            let (_, heard) = run(&mut client, &mut server);
            assert_eq!(heard, b"the last line", "{case:?} {offloads:?}");
            assert!(
                client.end.saw(Event::AlertSent(Alert::CloseNotify)),
                "{case:?}"
            );
            assert!(client.end.conn.transmit_finished());
            server.end.conn.close();
            run(&mut client, &mut server);
            for end in [&client.end, &server.end] {
                assert!(end.saw(Event::PeerClosed), "{case:?} {offloads:?}");
                assert_eq!(end.conn.read_end(), Some(ReadEnd::Closed));
                let report = end.conn.close_report().expect("the end was told");
                assert!(report.clean, "{case:?} {offloads:?} {report:?}");
            }
        }
    }
}

#[test]
fn a_stream_that_just_ends_is_truncated() {
    for case in cases() {
        let (mut client, mut server) = encrypted(&case);
        Offloads::Both.hand_over(&mut client, &mut server);
        server.end.write(b"half of");
        let (heard, _) = run(&mut client, &mut server);
        assert_eq!(heard, b"half of");
        client.end.conn.receive_eof();
        client.end.settle();
        assert!(
            client.end.saw(Event::Failed(FailureKind::Truncated)),
            "{case:?}"
        );
        assert_eq!(client.end.conn.read(&mut [0; 1]), Err(ReadEnd::Truncated));
    }
}

#[test]
fn a_fatal_alert_is_received_and_answered_by_nothing() {
    for case in cases() {
        for offloads in [Offloads::Server, Offloads::Both] {
            let (mut client, mut server) = encrypted(&case);
            offloads.hand_over(&mut client, &mut server);
            server
                .end
                .conn
                .offload_failed(OffloadFailure::RecordTooLarge)
                .expect("encrypted");
            server.end.settle();
            assert!(
                server.end.saw(Event::Failed(FailureKind::RecordTooLarge)),
                "{case:?}"
            );
            run(&mut client, &mut server);
            assert!(
                server.end.saw(Event::AlertSent(Alert::RecordOverflow)),
                "{case:?}"
            );
            let kind = FailureKind::AlertReceived(Alert::RecordOverflow);
            assert!(client.end.saw(Event::Failed(kind)), "{case:?}");
            assert!(client.take().is_empty());
        }
    }
}

#[test]
fn a_forged_record_ends_the_connection_with_its_alert() {
    for case in cases() {
        let (mut client, mut server) = encrypted(&case);
        client.offload();
        server.end.write(b"true");
        let mut forged = server.take();
        *forged.last_mut().expect("a record") ^= 1;
        client.give(&forged);
        assert!(
            client.end.saw(Event::Failed(FailureKind::BadRecordMac)),
            "{case:?}"
        );
        assert_eq!(client.read_all(), b"");
        let alert = client.take();
        server.give(&alert);
        let kind = FailureKind::AlertReceived(Alert::BadRecordMac);
        assert!(server.end.saw(Event::Failed(kind)), "{case:?}");
    }
}

#[test]
fn a_content_type_that_tls_does_not_have_is_unexpected() {
    for case in cases() {
        for kind in [0, 1, sealing::CHANGE_CIPHER_SPEC, 24, 255] {
            let (mut client, mut server) = encrypted(&case);
            Offloads::Both.hand_over(&mut client, &mut server);
            // Its content must not be taken for its type.
            client.end.conn.record_buffer()[0] = sealing::DATA;
            client.end.conn.record_received(kind, 1).expect("room");
            client.end.settle();
            let unexpected = Event::Failed(FailureKind::UnexpectedMessage);
            assert!(
                client.end.saw(unexpected),
                "{case:?} {kind}: {:?}",
                client.end.events
            );
            run(&mut client, &mut server);
            let told = FailureKind::AlertReceived(Alert::UnexpectedMessage);
            assert!(server.end.saw(Event::Failed(told)), "{case:?} {kind}");
        }
    }
}

#[test]
fn who_gives_up_says_so() {
    for case in cases() {
        let (mut client, mut server) = encrypted(&case);
        Offloads::Both.hand_over(&mut client, &mut server);
        client.end.conn.cancel();
        run(&mut client, &mut server);
        assert!(
            server.end.saw(Event::AlertReceived(Alert::UserCanceled)),
            "{case:?}"
        );
        assert!(server.end.saw(Event::PeerClosed), "{case:?}");
    }
}
