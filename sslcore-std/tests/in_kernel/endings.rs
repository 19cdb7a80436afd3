//! How connections end: as they do in the process.

use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;

use sslcore::{Alert, Event, Failure, FailureKind, ReadEnd, ServerStart, VerifyMode};
use sslcore_std::SslStream;
use sslcore_tests::pair::server_name;

use crate::common::{LONG, all_of, both, client, hang_up, hears_the_cut, kind_of, server, streams};
use crate::stage::{SUITES, Who, encrypted, offload};

#[test]
fn both_say_close_notify() {
    for suite in SUITES {
        for who in Who::ALL {
            let (mut client, mut server) = encrypted(suite);
            who.offload(&mut client, &mut server);
            client.write_all(b"all of it").expect("write");
            client.close();
            let (report, heard) = both(
                || client.wait_for_disconnected(Some(LONG)),
                || {
                    let heard = all_of(&mut server);
                    let report = server.disconnect_from_host(LONG);
                    assert!(report.clean, "{suite:?} {who:?}: {report:?}");
                    heard
                },
            );
            assert_eq!(heard, b"all of it");
            assert!(report.expect("ended").clean, "{suite:?} {who:?}");
        }
    }
}

#[test]
fn a_cut_stream_is_an_error_behind_what_arrived() {
    for suite in SUITES {
        let (mut client, mut server) = encrypted(suite);
        Who::Both.offload(&mut client, &mut server);
        hears_the_cut((&mut client, &mut server));
    }
}

#[test]
fn a_stream_that_ends_within_a_record_is_cut_as_well() {
    for suite in SUITES {
        let (mut client, mut server) = encrypted(suite);
        offload(&mut client);
        let mut raw = server.stream().try_clone().expect("another handle");
        server.write_all(b"whole").expect("write");
        server.flush().expect("flush");
        raw.write_all(&[23, 3, 3, 0, 100, 1, 2, 3])
            .expect("a part of a record");
        raw.shutdown(Shutdown::Write).expect("cut");
        let mut all = Vec::new();
        let error = client.read_to_end(&mut all).expect_err("no clean end");
        assert_eq!(all, b"whole");
        assert_eq!(
            kind_of(&error),
            Some(FailureKind::Truncated),
            "{suite:?} {error}"
        );
    }
}

#[test]
fn a_reset_is_not_a_cut() {
    for suite in SUITES {
        let (mut client, server) = encrypted(suite);
        offload(&mut client);
        client.write_all(b"nobody reads this").expect("write");
        client.flush().expect("flush");
        server.stream().set_nonblocking(false).expect("blocking");
        server.stream().peek(&mut [0; 1]).expect("arrived");
        hang_up(server);
        let error = client.read(&mut [0; 1]).expect_err("reset");
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{suite:?}");
    }
}

#[test]
fn a_forged_record_ends_it_and_its_peer_hears_why() {
    for suite in SUITES {
        let (mut client, mut server) = encrypted(suite);
        offload(&mut client);
        let mut raw = server.stream().try_clone().expect("another handle");
        raw.write_all(&[&[23, 3, 3, 0, 40][..], &[7; 40]].concat())
            .expect("forge");
        let error = client.read(&mut [0; 1]).expect_err("forged");
        assert_eq!(
            kind_of(&error),
            Some(FailureKind::BadRecordMac),
            "{suite:?} {error}"
        );
        let told = Event::AlertSent(Alert::BadRecordMac);
        let mut events = std::iter::from_fn(|| client.poll_event());
        assert!(events.any(|event| event == told));
        let error = server.read(&mut [0; 1]).expect_err("told");
        let told = FailureKind::AlertReceived(Alert::BadRecordMac);
        assert_eq!(kind_of(&error), Some(told), "{suite:?}");
    }
}

#[test]
fn a_record_that_is_too_long_is_refused() {
    for suite in SUITES {
        let (mut client, mut server) = encrypted(suite);
        offload(&mut client);
        let mut raw = server.stream().try_clone().expect("another handle");
        raw.write_all(&[&[23, 3, 3, 0xff, 0xff][..], &[7; 40]].concat())
            .expect("forge");
        let error = client.read(&mut [0; 1]).expect_err("too long");
        assert_eq!(
            kind_of(&error),
            Some(FailureKind::RecordTooLarge),
            "{suite:?} {error}"
        );
        let error = server.read(&mut [0; 1]).expect_err("told");
        let told = FailureKind::AlertReceived(Alert::RecordOverflow);
        assert_eq!(kind_of(&error), Some(told), "{suite:?}");
    }
}

#[test]
fn what_is_no_record_of_tls_is_refused() {
    for suite in SUITES {
        let (mut client, server) = encrypted(suite);
        offload(&mut client);
        let mut raw = server.stream().try_clone().expect("another handle");
        raw.write_all(&[&[23, 9, 9, 0, 40][..], &[7; 40]].concat())
            .expect("forge");
        let error = client.read(&mut [0; 1]).expect_err("another version");
        assert_eq!(
            kind_of(&error),
            Some(FailureKind::MalformedMessage),
            "{suite:?} {error}"
        );
    }
}

#[test]
fn a_fatal_alert_of_the_peer_arrives() {
    // What a server has against a client's certificate, the client hears after its handshake (rule R14).
    let tls13 = |suite: &(&str, &str)| suite.0 == "TLSv1.3";
    for (version, suite) in SUITES.into_iter().filter(tls13) {
        let trusting = client().protocols(&[version]).ciphers(&[suite]).build();
        let asking = server().protocols(&[version]).ciphers(&[suite]);
        let asking = asking.verify_mode(VerifyMode::Verify).build();
        let (one, other) = streams();
        one.set_nonblocking(true).expect("non-blocking");
        other.set_nonblocking(true).expect("non-blocking");
        let (mut client, mut server) = (SslStream::new(one), SslStream::new(other));
        let started = client.start_client_encryption(&trusting.expect("client"), server_name());
        started.expect("start");
        let with = ServerStart::With(asking.expect("server"));
        server.start_server_encryption(with).expect("start");
        while !client.connection().is_encrypted() {
            server.turn();
            client.turn();
        }
        client.offload_to_kernel().expect("this kernel has TLS");
        while client.connection().failure().is_none() {
            server.turn();
            client.turn();
        }
        let failure = client.connection().failure().map(Failure::kind);
        let told = FailureKind::AlertReceived(Alert::CertificateRequired);
        assert_eq!(failure, Some(told), "{suite}");
    }
}

#[test]
fn dropping_says_goodbye() {
    for suite in SUITES {
        let (mut client, mut server) = encrypted(suite);
        offload(&mut client);
        drop(client);
        assert_eq!(server.read(&mut [0; 1]).expect("the end"), 0, "{suite:?}");
        assert_eq!(server.connection().read_end(), Some(ReadEnd::Closed));
        let mut events = std::iter::from_fn(|| server.poll_event());
        assert!(events.any(|event| event == Event::AlertReceived(Alert::UserCanceled)));
    }
}
