//! How connections end, and what is left to read.

mod common;

use common::pipe::{Half, change, duplex};
use common::tasks::{Task, both, once, rest, run, run_all};
use common::{VERSIONS, client_over, encrypted, pattern, plain, server, server_over, started};
use embedded_io_async::{BufRead, Error as _, ErrorKind, Read, Write};
use sslcore::{Alert, Event, FailureKind, ReadEnd, SslErrorKind, UsageError};
use sslcore_embassy::Error;
use sslcore_tests::certs::WORLD;
use sslcore_tests::pair;

#[test]
fn a_stream_that_ends_without_close_notify_is_truncated() {
    for version in VERSIONS {
        let ends = duplex(1000);
        let to_one = ends.1.outgoing.clone();
        let (mut one, mut other) = encrypted(version, ends);
        run(async { other.write_all(b"some").await }).expect("room");
        change(&to_one, |pipe| pipe.ended = true);
        run(async {
            one.read_exact(&mut [0; 4]).await.expect("what came before");
            let error = one.read(&mut [0; 1]).await.expect_err("not the end");
            assert_eq!(error, Error::Failed(FailureKind::Truncated));
            assert_eq!(error.kind(), ErrorKind::ConnectionAborted);
            let error = one.write(b"x").await.expect_err("over");
            assert_eq!(error, Error::Failed(FailureKind::Truncated));
        });
        assert_eq!(one.connection().read_end(), Some(ReadEnd::Truncated));
    }
}

#[test]
fn a_plaintext_stream_just_ends() {
    let (one, other) = duplex(1000);
    change(&other.outgoing, |pipe| pipe.ended = true);
    let mut one = plain(one);
    assert_eq!(run(one.read(&mut [0; 1])), Ok(0));
    let events = run(async { one.next_event().await });
    assert_eq!(events, Some(Event::EndOfStream));
}

#[test]
fn a_stream_that_is_reset_says_so_behind_what_came_before() {
    let ends = duplex(1000);
    let to_one = ends.1.outgoing.clone();
    let (mut one, mut other) = encrypted("TLSv1.3", ends);
    run(async { other.write_all(b"some").await }).expect("room");
    change(&to_one, |pipe| pipe.broken = Some(ErrorKind::TimedOut));
    run(async {
        one.read_exact(&mut [0; 4]).await.expect("what came before");
        let error = one.read(&mut [0; 1]).await.expect_err("no end");
        assert_eq!(error, Error::Failed(FailureKind::Reset));
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    });
    assert_eq!(one.transport_error(), Some(ErrorKind::TimedOut));
}

/// A peer that sends an alert and hangs up is heard, although our next write is what finds out.
#[test]
fn a_writer_whose_peer_has_hung_up_hears_its_alert_first() {
    let ends = duplex(1000);
    let (to_one, from_one) = (ends.1.outgoing.clone(), ends.0.outgoing.clone());
    let (mut one, other) = encrypted("TLSv1.3", ends);
    // The peer receives rubbish, and says so.
    let mut other = other;
    let to_other = from_one.clone();
    run(async {
        let rubbish: Vec<u8> = [23, 3, 3, 0, 20].into_iter().chain([0; 20]).collect();
        Half(&to_other).write_all(&rubbish).await.expect("room");
        let error = other.read(&mut [0; 1]).await.expect_err("rubbish");
        assert_eq!(error, Error::Failed(FailureKind::BadRecordMac));
    });
    change(&from_one, |pipe| {
        pipe.refuses = Some(ErrorKind::BrokenPipe);
    });
    let told = Error::Failed(FailureKind::AlertReceived(Alert::BadRecordMac));
    run(async {
        assert_eq!(one.write(b"x").await, Ok(1), "nobody knows yet");
        assert_eq!(one.flush().await, Err(told));
        assert_eq!(one.flush().await, Err(told), "the same each time");
        assert_eq!(one.write(b"x").await, Err(told));
        assert_eq!(one.close().await, Err(told));
    });
    assert_eq!(one.transport_error(), Some(ErrorKind::BrokenPipe));
    assert!(to_one.borrow().ended, "the peer has ended its direction");
}

#[test]
fn what_was_written_and_never_left_is_lost() {
    let ends = duplex(1000);
    let from_one = ends.0.outgoing.clone();
    let (mut one, other) = encrypted("TLSv1.3", ends);
    run(async { one.write_all(&pattern(20_000)).await }).expect("room");
    change(&from_one, |pipe| pipe.refuses = Some(ErrorKind::Other));
    run(async {
        assert_eq!(one.flush().await, Err(Error::Ended(ReadEnd::Reset)));
        assert_eq!(one.write(b"x").await, Err(Error::Ended(ReadEnd::Reset)));
        assert_eq!(one.close().await, Err(Error::Ended(ReadEnd::Reset)));
    });
    drop(other);
}

#[test]
fn what_was_queued_behind_a_handshake_that_fails_is_lost() {
    let (one, other) = duplex(1000);
    let to_one = other.outgoing.clone();
    let mut one = client_over(one, &common::client("TLSv1.3"));
    let mut flushing = Task::new(async {
        one.write_all(b"never").await.expect("queued");
        let reset = Err(Error::Failed(FailureKind::Reset));
        assert_eq!(one.flush().await, reset);
        assert_eq!(one.flush().await, reset, "the same each time");
    });
    // The ClientHello has left, and was flushed.
    assert!(!rest(std::slice::from_mut(&mut flushing)));
    change(&to_one, |pipe| pipe.broken = Some(ErrorKind::Other));
    run_all(std::slice::from_mut(&mut flushing));
}

/// In TLS 1.2 the answer to a close leaves at once, and often enough nobody takes it any more.
#[test]
fn an_answer_to_a_close_that_nobody_takes_is_no_loss_of_what_was_written() {
    let ends = duplex(1000);
    let from_other = ends.1.outgoing.clone();
    let (mut one, mut other) = encrypted("TLSv1.2", ends);
    run(async {
        other.write_all(b"all there is").await.expect("room");
        other.flush().await.expect("left");
        one.read_exact(&mut [0; 12]).await.expect("heard");
        one.close().await.expect("closed");
    });
    change(&from_other, |pipe| {
        pipe.refuses = Some(ErrorKind::BrokenPipe)
    });
    run(async {
        assert_eq!(other.read(&mut [0; 1]).await, Ok(0));
        assert_eq!(other.flush().await, Ok(()));
        assert_eq!(
            other.close().await,
            Ok(()),
            "a peer that has closed needs no answer"
        );
        other.write(b"more").await.expect_err("nobody is there");
    });
}

/// A transport that takes nothing although it was given something will never take anything.
#[test]
fn a_write_of_nothing_is_an_error() {
    struct Nothing;
    impl embedded_io_async::ErrorType for Nothing {
        type Error = ErrorKind;
    }
    impl Write for Nothing {
        async fn write(&mut self, _: &[u8]) -> Result<usize, ErrorKind> {
            Ok(0)
        }
        async fn flush(&mut self) -> Result<(), ErrorKind> {
            Ok(())
        }
    }
    let (one, _other) = duplex(1000);
    let halves = sslcore_embassy::Halves {
        reader: Half(&one.incoming),
        writer: Nothing,
    };
    let mut one = plain(halves);
    run(async {
        assert_eq!(one.write(b"x").await, Ok(1));
        assert_eq!(one.flush().await, Err(Error::Ended(ReadEnd::Reset)));
    });
    assert_eq!(one.transport_error(), Some(ErrorKind::WriteZero));
}

/// A transport that claims to have moved more than it was given breaks its contract, and nothing else.
#[test]
fn a_transport_that_claims_too_much_ends_the_connection() {
    struct Liar(bool);
    impl embedded_io_async::ErrorType for Liar {
        type Error = ErrorKind;
    }
    impl Read for Liar {
        async fn read(&mut self, out: &mut [u8]) -> Result<usize, ErrorKind> {
            match self.0 {
                true => Ok(out.len() + 1),
                false => core::future::pending().await,
            }
        }
    }
    impl Write for Liar {
        async fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
            Ok(bytes.len() + 1)
        }
        async fn flush(&mut self) -> Result<(), ErrorKind> {
            Ok(())
        }
    }
    let liars = |reads| {
        plain(sslcore_embassy::Halves {
            reader: Liar(reads),
            writer: Liar(false),
        })
    };
    let mut one = liars(true);
    let failed = Error::Failed(FailureKind::Reset);
    assert_eq!(run(one.read(&mut [0; 1])), Err(failed));
    assert_eq!(one.transport_error(), Some(ErrorKind::Other));
    let mut one = liars(false);
    run(async {
        assert_eq!(one.write(b"x").await, Ok(1));
        assert_eq!(one.flush().await, Err(Error::Ended(ReadEnd::Reset)));
    });
    assert_eq!(one.transport_error(), Some(ErrorKind::Other));
}

/// The application hears of the failure when the peer has been told: it then drops the socket.
#[test]
fn an_alert_leaves_before_its_failure_is_told() {
    let (one, other) = duplex(1000);
    let from_one = one.outgoing.clone();
    let trusting_nobody = sslcore::ClientConfig::builder(common::backend()).build();
    let mut one = client_over(one, &trusting_nobody.expect("client"));
    let mut other = server_over(other, server("TLSv1.3"));
    change(&from_one, |pipe| pipe.piece = 1);
    let (asked, told) = run(both(one.wait_for_encrypted(), async {
        other.wait_for_encrypted().await.expect_err("refused")
    }));
    let kind = FailureKind::CertificateRejected(SslErrorKind::UnableToGetLocalIssuerCertificate);
    assert_eq!(asked, Err(Error::Failed(kind)));
    assert_eq!(asked.expect_err("it").kind(), ErrorKind::InvalidData);
    let alert = FailureKind::AlertReceived(Alert::UnknownCa);
    assert_eq!(told, Error::Failed(alert));
    assert!(from_one.borrow().ended, "FIN follows the alert");
}

#[test]
fn a_failure_waits_for_the_flush_of_its_alert() {
    let (one, other) = duplex(1000);
    let from_one = one.outgoing.clone();
    let to_one = other.outgoing.clone();
    let mut one = client_over(one, &common::client("TLSv1.3"));
    run(async { Half(&to_one).write_all(b"HTTP/1.0 400\r\n").await }).expect("room");
    change(&from_one, |pipe| pipe.flushes_never = true);
    let mut task = Task::new(async {
        let failed = Err(Error::Failed(FailureKind::HttpInsteadOfTls));
        assert_eq!(one.read(&mut [0; 1]).await, failed);
    });
    assert!(!rest(std::slice::from_mut(&mut task)));
    change(&from_one, |pipe| pipe.flushes_never = false);
    run_all(std::slice::from_mut(&mut task));
}

#[test]
fn a_close_sends_what_was_written_then_close_notify_then_the_end() {
    for version in VERSIONS {
        let ends = duplex(500);
        let from_one = ends.0.outgoing.clone();
        let (mut one, mut other) = encrypted(version, ends);
        let data = pattern(20_000);
        let mut heard = vec![0; data.len()];
        let (closed, _) = run(both(
            async {
                one.write_all(&data).await.expect("room");
                one.close().await
            },
            async {
                other.read_exact(&mut heard).await.expect("heard");
                assert_eq!(other.read(&mut [0; 1]).await, Ok(0));
            },
        ));
        assert_eq!(closed, Ok(()));
        assert!(heard == data);
        assert!(from_one.borrow().ended);
        assert_eq!(run(one.close()), Ok(()), "twice is once");
        let refused = run(one.write(b"x")).expect_err("closed");
        assert_eq!(refused, Error::Usage(UsageError::WriteClosed));
        assert_eq!(refused.kind(), ErrorKind::BrokenPipe);
    }
}

#[test]
fn an_end_after_our_close_that_the_peer_did_not_answer_is_no_clean_end() {
    let ends = duplex(1000);
    let to_one = ends.1.outgoing.clone();
    let (mut one, _other) = encrypted("TLSv1.3", ends);
    run(one.close()).expect("closed");
    change(&to_one, |pipe| pipe.ended = true);
    let end = Error::Ended(ReadEnd::CloseUnanswered);
    assert_eq!(run(one.read(&mut [0; 1])), Err(end));
}

#[test]
fn a_cancel_tells_the_peer() {
    let (mut one, mut other) = encrypted("TLSv1.3", duplex(1000));
    run(async {
        one.cancel().await.expect("told");
        assert_eq!(other.read(&mut [0; 1]).await, Ok(0));
        let events = std::iter::from_fn(|| once(other.next_event()).flatten());
        let events: Vec<Event> = events.collect();
        assert!(events.contains(&Event::AlertReceived(Alert::UserCanceled)));
        let canceled = Err(Error::Ended(ReadEnd::Canceled));
        assert_eq!(one.read(&mut [0; 1]).await, canceled);
    });
}

#[test]
fn an_abort_tells_the_peer_nothing_and_resets_the_transport() {
    let ends = duplex(1000);
    let from_one = ends.0.outgoing.clone();
    let (mut one, mut other) = encrypted("TLSv1.3", ends);
    let before = from_one.borrow().passed;
    run(async { one.write_all(b"never").await }).expect("room");
    let written = from_one.borrow().passed - before;
    one.abort();
    assert!(one.transport().is_aborted);
    run(async {
        let aborted = Err(Error::Ended(ReadEnd::Aborted));
        assert_eq!(one.read(&mut [0; 1]).await, aborted);
        assert!(one.write(b"x").await.is_err());
        assert!(one.wait_for_encrypted().await.is_ok(), "it was, before");
        while one.next_event().await.is_some() {}
        assert!(other.read(&mut [0; 9]).await.is_ok());
        let reset = Err(Error::Failed(FailureKind::Reset));
        assert_eq!(other.read(&mut [0; 9]).await, reset);
    });
    assert_eq!(from_one.borrow().passed - before, written);
}

#[test]
fn events_end_with_the_connection() {
    let (mut one, mut other) = encrypted("TLSv1.2", duplex(1000));
    let mut events = Vec::new();
    run(both(
        async {
            while let Some(event) = one.next_event().await {
                events.push(event);
            }
        },
        async { other.close().await },
    ))
    .1
    .expect("closed");
    assert!(events.contains(&Event::Encrypted), "{events:?}");
    assert!(events.contains(&Event::PeerClosed), "{events:?}");
    assert!(matches!(events.last(), Some(Event::Closed(report)) if report.clean));
}

#[test]
fn events_that_nobody_asks_for_stop_nothing() {
    // Many errors of many certificates, and nobody listens.
    let (one, other) = duplex(1000);
    let hold = pair::client(common::backend()).on_errors(sslcore::OnErrors::Hold);
    let mut one = client_over(one, &hold.build().expect("client"));
    let bad = pair::server(common::backend())
        .identity(WORLD.self_signed.chain.clone(), WORLD.self_signed.key());
    let mut other = server_over(other, bad.build().expect("server"));
    run(both(
        async {
            let Err(Error::VerdictNeeded(id)) = one.wait_for_encrypted().await else {
                panic!("{one:?}");
            };
            one.answer(id, sslcore::Verdict::Accept).expect("open");
            one.wait_for_encrypted().await.expect("encrypted");
            for _ in 0..40 {
                one.write_all(b"x").await.expect("room");
                one.update_keys().expect("TLS 1.3");
                one.flush().await.expect("left");
                one.fill_buf().await.expect("data");
                one.consume(1);
            }
        },
        async {
            for _ in 0..40 {
                other.fill_buf().await.expect("data");
                other.consume(1);
                other.write_all(b"y").await.expect("room");
            }
        },
    ));
    assert!(one.connection().is_encrypted());
}

#[test]
fn the_transport_is_given_back() {
    let (one, other) = started("TLSv1.3", duplex(1000));
    let (end, buffers) = one.into_inner();
    assert!(!end.is_aborted);
    assert!(matches!(buffers, sslcore::Buffers::Owned));
    drop(other);
}
