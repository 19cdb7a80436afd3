//! How a stream ends, and what its calls answer then.

use std::io::ErrorKind;
use std::pin::pin;

use sslcore::{Alert, Event, Failure, FailureKind, ReadEnd, UsageError};
use sslcore_std::WaitError;
use sslcore_std::tokio::SslStream;
use sslcore_tests::pair::server_name;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadBuf, duplex};
use tokio::task::coop::has_budget_remaining;

use crate::common::on_tokio::{encrypted, once, tcp};
use crate::common::{VERSIONS, client, pattern};
use crate::{Giving, MUCH, soon, why};

#[tokio::test]
async fn the_end_of_plaintext_is_an_end() {
    let (mut peer, end) = duplex(1000);
    let mut end = SslStream::new(end);
    peer.write_all(b"bye").await.expect("room");
    drop(peer);
    let mut heard = String::new();
    end.read_to_string(&mut heard).await.expect("to its end");
    assert_eq!(heard, "bye");
}

#[tokio::test]
async fn a_stream_that_was_cut_is_no_end() {
    for version in VERSIONS {
        let (one, other) = duplex(MUCH);
        let (mut one, mut other) = encrypted(version, one, other).await;
        other.write_all(b"half of").await.expect("room");
        other.abort();
        drop(other);
        let mut heard = Vec::new();
        let error = one.read_to_end(&mut heard).await.expect_err("cut");
        assert_eq!(heard, b"half of");
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
        let failure: &Failure = why(&error).expect("a failure");
        assert_eq!(failure.kind(), FailureKind::Truncated);
        let error = one.write(b"more").await.expect_err("over");
        assert_eq!(
            why::<Failure>(&error).map(Failure::kind),
            Some(FailureKind::Truncated)
        );
        let error = one.shutdown().await.expect_err("close_notify has not left");
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    }
}

#[tokio::test]
async fn a_close_that_nobody_answers_is_no_end_either() {
    let (one, other) = duplex(MUCH);
    let (mut one, mut other) = encrypted("TLSv1.3", one, other).await;
    one.shutdown().await.expect("room");
    other.abort();
    drop(other);
    let error = one.read(&mut [0; 1]).await.expect_err("cut");
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    let end = Some(&WaitError::Ended(ReadEnd::CloseUnanswered));
    assert_eq!(why(&error), end);
}

#[tokio::test]
async fn nothing_can_be_written_behind_a_shutdown() {
    let (one, other) = duplex(MUCH);
    let (mut one, mut other) = encrypted("TLSv1.3", one, other).await;
    one.shutdown().await.expect("room");
    one.shutdown().await.expect("twice does nothing");
    let error = one.write(b"more").await.expect_err("closed");
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    assert_eq!(why(&error), Some(&UsageError::WriteClosed));
    other.write_all(b"go on").await.expect("room");
    let mut heard = [0; 5];
    one.read_exact(&mut heard).await.expect("half-closed");
    assert_eq!(other.read(&mut [0; 1]).await.expect("an end"), 0);
}

#[tokio::test]
async fn a_peer_that_has_closed_and_gone_is_no_reason_for_a_shutdown_to_fail() {
    for version in VERSIONS {
        let (one, other) = duplex(MUCH);
        let (mut one, mut other) = encrypted(version, one, other).await;
        other.shutdown().await.expect("room");
        drop(other);
        assert_eq!(one.read(&mut [0; 1]).await.expect("an end"), 0);
        one.flush().await.expect("nothing was written");
        soon(one.shutdown()).await.expect("it needs no answer");
    }
}

#[tokio::test]
async fn a_peer_that_has_just_gone_is_one() {
    for version in VERSIONS {
        let (one, other) = duplex(MUCH);
        let (mut one, mut other) = encrypted(version, one, other).await;
        other.abort();
        drop(other);
        one.flush().await.expect("nothing was written");
        soon(one.shutdown())
            .await
            .expect_err("close_notify has not left");
        soon(one.shutdown())
            .await
            .expect_err("whenever it is asked");
    }
}

#[tokio::test]
async fn every_call_tells_of_a_stream_that_was_reset() {
    let mut end = SslStream::new(Giving(|_: &mut ReadBuf<'_>| {
        Err(ErrorKind::ConnectionReset.into())
    }));
    for error in [
        soon(end.read(&mut [0; 1])).await.expect_err("reset"),
        soon(end.write(b"more")).await.expect_err("reset"),
        soon(end.shutdown()).await.expect_err("reset"),
    ] {
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}");
    }
    assert!(end.transport_error().is_some());
}

#[tokio::test]
async fn a_flush_is_ready_when_the_stream_below_has_taken_everything_and_not_before() {
    let (one, mut thief) = duplex(1000);
    let config = client().build().expect("client");
    let mut one = SslStream::new(one);
    one.write_all(&pattern(1500)).await.expect("room");
    let mut flush = pin!(one.flush());
    assert!(once(&mut flush).is_pending());
    thief.read_exact(&mut [0; 499]).await.expect("there");
    assert!(once(&mut flush).is_pending());
    thief.read_exact(&mut [0; 1]).await.expect("there");
    assert!(once(&mut flush).is_ready());
    // Data that waits for the end of a handshake has not left.
    one.start_client_encryption(&config, server_name())
        .expect("start");
    one.write_all(b"queued").await.expect("room");
    assert!(once(&mut pin!(one.flush())).is_pending());
    drop(thief);
    for _ in 0..2 {
        let error = one.flush().await.expect_err("it never leaves");
        assert_ne!(error.kind(), ErrorKind::WouldBlock, "{error}");
    }
    one.shutdown().await.expect_err("nor does the end");
}

#[tokio::test]
async fn dropping_it_says_farewell() {
    for version in VERSIONS {
        let (one, other) = duplex(MUCH);
        let (mut one, mut other) = encrypted(version, one, other).await;
        one.write_all(b"written").await.expect("room");
        drop(one);
        let mut heard = String::new();
        other.read_to_string(&mut heard).await.expect("an end");
        assert_eq!(heard, "written");
        let mut events = std::iter::from_fn(|| other.poll_event());
        assert!(events.any(|event| event == Event::AlertReceived(Alert::UserCanceled)));
    }
}

#[tokio::test]
async fn a_task_that_has_used_up_its_budget_says_farewell_all_the_same() {
    let (one, other) = tcp().await;
    let (one, mut other) = encrypted("TLSv1.3", one, other).await;
    let dropping = tokio::spawn(async move {
        while has_budget_remaining() {
            tokio::task::coop::consume_budget().await;
        }
        drop(one);
    });
    dropping.await.expect("no panic");
    assert_eq!(other.read(&mut [0; 1]).await.expect("an end"), 0);
}

#[tokio::test]
async fn a_task_that_panics_says_nothing() {
    let (one, other) = duplex(MUCH);
    let (one, mut other) = encrypted("TLSv1.3", one, other).await;
    let panicking = tokio::spawn(async move {
        let _one = one;
        panic!("as it should");
    });
    panicking.await.expect_err("a panic");
    let error = other.read(&mut [0; 1]).await.expect_err("cut");
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
}
