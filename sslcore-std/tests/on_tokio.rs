//! The form for tokio, over pipes in memory and over TCP.

mod common;

use std::future::Future;
use std::io::{self, ErrorKind, IoSlice};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use common::on_tokio::{encrypted, once, started, tcp};
use common::{LONG, VERSIONS, client, pattern, server};
use sslcore::{
    Alert, Event, Failure, FailureKind, OnErrors, ReadEnd, ServerStart, UsageError, Verdict,
};
use sslcore_std::WaitError;
use sslcore_std::tokio::SslStream;
use sslcore_tests::certs::WORLD;
use sslcore_tests::pair::server_name;
use tokio::io::{
    AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufStream, ReadBuf,
    duplex, split,
};
use tokio::task::coop::has_budget_remaining;

/// Far more than anything here holds.
const MUCH: usize = 1 << 20;

/// The inner value of an error.
fn why<E: std::error::Error + 'static>(error: &io::Error) -> Option<&E> {
    error.get_ref()?.downcast_ref()
}

/// Waits for what must not take long.
async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(LONG, future)
        .await
        .expect("it never ends")
}

/// Says something while it hears `len` bytes, then closes. A TLS 1.2 peer would not let it go on
/// behind its own close.
async fn converse<S>(end: SslStream<S>, says: &[u8], len: usize) -> Vec<u8>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (mut reader, mut writer) = split(end);
    let mut heard = vec![0; len];
    let said = async {
        writer.write_all(says).await?;
        writer.flush().await
    };
    let (said, read) = tokio::join!(said, reader.read_exact(&mut heard));
    said.expect("said");
    read.expect("heard");
    writer.shutdown().await.expect("closed");
    assert_eq!(reader.read(&mut [0; 1]).await.expect("an end"), 0);
    let report = reader.unsplit(writer).close_report().expect("it is over");
    assert!(report.clean && report.close_notify_sent, "{report:?}");
    heard
}

async fn converse_both<S: AsyncRead + AsyncWrite + Unpin>(ends: (SslStream<S>, SslStream<S>)) {
    converse_of(200_000, ends).await;
}

async fn converse_of<S>(len: usize, ends: (SslStream<S>, SslStream<S>))
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (long, short) = (pattern(len), pattern(len / 7));
    let (one, other) = (
        converse(ends.0, &long, short.len()),
        converse(ends.1, &short, long.len()),
    );
    let heard = soon(async { tokio::join!(one, other) }).await;
    assert!(heard == (short, long), "the bytes differ");
}

#[tokio::test]
async fn all_bytes_pass_both_ways_to_a_clean_end_through_pipes_of_any_size() {
    for version in VERSIONS {
        for (size, len) in [(1, 1000), (7, 5000), (5000, 200_000), (MUCH, 200_000)] {
            let (one, other) = duplex(size);
            converse_of(len, started(version, one, other)).await;
        }
    }
}

#[tokio::test]
async fn all_bytes_pass_both_ways_to_a_clean_end_over_tcp() {
    for version in VERSIONS {
        let (one, other) = tcp().await;
        converse_both(started(version, one, other)).await;
    }
}

#[tokio::test]
async fn all_bytes_pass_through_a_stream_that_holds_them_back_until_it_is_flushed() {
    let (one, other) = duplex(5000);
    let (one, other) = (BufStream::new(one), BufStream::new(other));
    converse_both(started("TLSv1.3", one, other)).await;
}

#[tokio::test]
async fn tls_runs_within_tls() {
    let (one, other) = duplex(5000);
    let (one, other) = encrypted("TLSv1.3", one, other).await;
    converse_both(started("TLSv1.2", one, other)).await;
}

#[tokio::test]
async fn what_follows_a_go_ahead_is_not_received_as_plaintext() {
    let (mut peer, end) = duplex(1000);
    let mut end = SslStream::new(end);
    peer.write_all(b"STARTTLS\r\n").await.expect("room");
    let mut line = String::new();
    end.read_line(&mut line).await.expect("a line");
    peer.write_all(&[22, 3, 1]).await.expect("room");
    end.write_all(b"220 go ahead\r\n").await.expect("room");
    end.flush().await.expect("room");
    let config = server().build().expect("server");
    end.start_server_encryption(ServerStart::With(config))
        .expect("nothing came before");
}

#[tokio::test]
async fn bytes_injected_behind_the_go_ahead_are_refused() {
    let (mut peer, end) = duplex(1000);
    let mut end = SslStream::new(end);
    peer.write_all(b"220 go ahead\r\ninjected")
        .await
        .expect("room");
    let mut line = String::new();
    end.read_line(&mut line).await.expect("a line");
    let config = client().build().expect("client");
    let refused = end.start_client_encryption(&config, server_name());
    assert_eq!(refused, Err(UsageError::UnreadPlaintext { bytes: 8 }));
}

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

/// Fails when it is read.
struct Reset;

impl AsyncRead for Reset {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        _: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Poll::Ready(Err(ErrorKind::ConnectionReset.into()))
    }
}

impl AsyncWrite for Reset {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn every_call_tells_of_a_stream_that_was_reset() {
    let mut end = SslStream::new(Reset);
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
async fn writing_waits_when_the_stream_below_takes_nothing() {
    let (one, other) = duplex(1000);
    let (mut one, _other) = encrypted("TLSv1.3", one, other).await;
    let piece = pattern(5000);
    let mut accepted = 0;
    while let Poll::Ready(n) = once(&mut pin!(one.write(&piece))) {
        accepted += n.expect("open");
        assert!(accepted < 60_000, "it grows without bound");
    }
    assert!(accepted > 10_000);
}

#[tokio::test]
async fn many_slices_make_one_record() {
    let (one, other) = duplex(MUCH);
    let (mut one, mut other) = encrypted("TLSv1.3", one, other).await;
    assert!(one.is_write_vectored());
    let (slices, told) = (
        [IoSlice::new(b"ab"); 50],
        Event::EncryptedBytesWritten(100 + 22),
    );
    while one.poll_event().is_some() {}
    assert_eq!(one.write_vectored(&slices).await.expect("room"), 100);
    let mut events = std::iter::from_fn(|| one.poll_event());
    assert!(events.any(|event| event == told));
    let mut heard = [0; 100];
    other.read_exact(&mut heard).await.expect("heard");
    assert_eq!(heard[..], b"ab".repeat(50));
    assert_eq!(one.write_vectored(&[]).await.expect("nothing"), 0);
}

#[tokio::test]
async fn a_question_can_be_answered_any_time_later() {
    let config = client().on_errors(OnErrors::Hold).build().expect("client");
    let doubtful = server().identity(WORLD.self_signed.chain.clone(), WORLD.self_signed.key());
    let doubtful = doubtful.build().expect("server");
    for verdict in [Verdict::Accept, Verdict::Reject] {
        let (one, other) = duplex(1000);
        let mut one = SslStream::client(one, &config, server_name());
        let mut other = SslStream::server(other, ServerStart::With(doubtful.clone()));
        let accept = matches!(verdict, Verdict::Accept);
        let asking = async {
            let Err(WaitError::VerdictNeeded(id)) = one.handshake().await else {
                panic!("{:?}", one.status());
            };
            assert!(!one.connection().ssl_errors().is_empty());
            for error in [
                one.read(&mut [0; 1]).await.expect_err("not before"),
                one.write_all(&pattern(100_000))
                    .await
                    .expect_err("too much"),
            ] {
                assert_eq!(why(&error), Some(&WaitError::VerdictNeeded(id)));
            }
            tokio::task::yield_now().await;
            one.answer(id, verdict).expect("open");
            one.handshake().await
        };
        let (asked, served) = tokio::join!(asking, other.handshake());
        assert_eq!(asked.is_ok(), accept, "{asked:?}");
        // In TLS 1.3 the server hears of a rejection instead of Finished.
        assert_eq!(served.is_ok(), accept, "{served:?}");
    }
}

#[tokio::test]
async fn a_server_can_choose_its_configuration_when_it_has_seen_the_hello() {
    let (one, other) = duplex(1000);
    let config = client().build().expect("client");
    let mut one = SslStream::client(one, &config, server_name());
    let fallback = server().build().expect("server");
    let mut other = SslStream::server(other, ServerStart::Ask { fallback });
    let choosing = async {
        let Err(WaitError::ConfigNeeded(id)) = other.handshake().await else {
            panic!("{:?}", other.status());
        };
        let config = server().build().expect("server");
        other.provide_config(id, &config).expect("open");
        other.handshake().await
    };
    let done = tokio::join!(one.handshake(), choosing);
    assert_eq!(done, (Ok(()), Ok(())));
}

#[tokio::test]
async fn there_is_no_handshake_to_wait_for_before_one_is_started() {
    let mut end = SslStream::new(duplex(10).0);
    assert_eq!(end.handshake().await, Err(WaitError::NotStarted));
}

#[tokio::test(start_paused = true)]
async fn a_silent_peer_ends_the_handshake_when_its_time_is_up() {
    let (one, _silent) = duplex(1000);
    let config = client().build().expect("client");
    let mut one = SslStream::client(one, &config, server_name());
    let Err(WaitError::Failed(failure)) = one.handshake().await else {
        panic!("{:?}", one.status());
    };
    assert_eq!(failure.kind(), FailureKind::HandshakeTimeout);
}

#[tokio::test(start_paused = true)]
async fn a_reader_is_woken_by_the_deadline_that_the_writers_close_has_set() {
    let (one, other) = duplex(MUCH);
    let (mut one, _silent) = encrypted("TLSv1.3", one, other).await;
    one.set_peer_close_timeout(Some(Duration::from_secs(5)));
    let (mut reader, mut writer) = split(one);
    let reading = tokio::spawn(async move { reader.read(&mut [0; 1]).await });
    tokio::task::yield_now().await;
    writer.shutdown().await.expect("room");
    let error = soon(reading).await.expect("no panic").expect_err("silence");
    assert_eq!(error.kind(), ErrorKind::TimedOut);
}

#[tokio::test]
async fn a_reader_that_waits_and_a_writer_that_waits_do_not_forget_each_other() {
    for version in VERSIONS {
        let (one, other) = duplex(1000);
        let (one, other) = encrypted(version, one, other).await;
        let (mut reader, mut writer) = split(one);
        let data = pattern(300_000);
        let reading = tokio::spawn(async move { reader.read_u8().await });
        tokio::task::yield_now().await;
        // Its polls find the pipe not ready in both directions, after the reader's.
        let writing = tokio::spawn(async move {
            writer.write_all(&data).await?;
            writer.flush().await.map(|()| writer)
        });
        tokio::task::yield_now().await;
        let (mut peer_reads, mut peer_writes) = split(other);
        let hearing = tokio::spawn(async move {
            let mut heard = vec![0; 300_000];
            peer_writes.write_all(b"!").await?;
            peer_writes.flush().await?;
            peer_reads.read_exact(&mut heard).await.map(|_| heard)
        });
        assert_eq!(soon(reading).await.expect("no panic").expect("read"), b'!');
        let _writer = soon(writing).await.expect("no panic").expect("written");
        let heard = soon(hearing).await.expect("no panic").expect("heard");
        assert!(heard == pattern(300_000), "the bytes differ");
    }
}

/// Counts how often it is woken.
#[derive(Default)]
struct Alarm(AtomicUsize);

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn alarm() -> (Waker, Arc<Alarm>) {
    let alarm = Arc::<Alarm>::default();
    (Arc::clone(&alarm).into(), alarm)
}

#[tokio::test]
async fn all_who_wait_are_woken_since_one_may_have_given_up() {
    let (one, other) = duplex(1000);
    let (one, mut other) = encrypted("TLSv1.3", one, other).await;
    let (mut reader, mut writer) = split(one);
    let ((reads, read_alarm), (writes, write_alarm)) = (alarm(), alarm());
    let (mut byte, data) = ([0; 1], pattern(300_000));
    let mut reading = Box::pin(reader.read(&mut byte));
    let mut writing = Box::pin(writer.write_all(&data));
    let polled = reading.as_mut().poll(&mut Context::from_waker(&reads));
    assert!(polled.is_pending());
    let polled = writing.as_mut().poll(&mut Context::from_waker(&writes));
    assert!(polled.is_pending());
    let alarms = [read_alarm, write_alarm];
    let before = alarms.clone().map(|alarm| alarm.0.load(Ordering::Relaxed));
    assert!(once(&mut pin!(other.read(&mut [0; 1000]))).is_pending());
    for (alarm, before) in alarms.iter().zip(before) {
        assert!(alarm.0.load(Ordering::Relaxed) > before, "it sleeps on");
    }
}

#[tokio::test]
async fn who_waits_for_room_learns_of_the_failure_that_the_reader_finds() {
    let (one, other) = duplex(1000);
    let (one, mut other) = encrypted("TLSv1.3", one, other).await;
    let (mut reader, mut writer) = split(one);
    let writing = tokio::spawn(async move { writer.write_all(&pattern(300_000)).await });
    let reading = tokio::spawn(async move { reader.read(&mut [0; 1]).await });
    tokio::task::yield_now().await;
    other.cancel();
    assert_eq!(soon(reading).await.expect("no panic").expect("an end"), 0);
    drop(other);
    writing
        .await
        .expect("no panic")
        .expect_err("nobody reads it");
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

/// Counts how often something is polled.
struct Counted<T> {
    inner: T,
    polls: Arc<AtomicUsize>,
}

impl<T> Counted<T> {
    fn new(inner: T) -> (Self, Arc<AtomicUsize>) {
        let polls = Arc::<AtomicUsize>::default();
        let counting = Arc::clone(&polls);
        (Self { inner, polls }, counting)
    }

    fn polled(&self) {
        self.polls.fetch_add(1, Ordering::Relaxed);
    }
}

impl<F: Future + Unpin> Future for Counted<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.polled();
        Pin::new(&mut self.inner).poll(cx)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.polled();
        Pin::new(&mut self.inner).poll_read(cx, out)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.polled();
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.polled();
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.polled();
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[tokio::test]
async fn a_slow_pipe_is_waited_for_and_not_asked_again_and_again() {
    // 40 times the pipe is filled and emptied.
    let (one, other) = duplex(1024);
    let ((one, sent), (other, received)) = (Counted::new(one), Counted::new(other));
    let (one, mut other) = encrypted("TLSv1.3", one, other).await;
    let (mut reader, mut writer) = split(one);
    let counters = [&sent, &received];
    for polls in counters {
        polls.store(0, Ordering::Relaxed);
    }

    let (waiting, waits) = Counted::new(Box::pin(async move { reader.read_u8().await }));
    let (writing, writes) = Counted::new(Box::pin(async move {
        writer.write_all(&pattern(40 << 10)).await?;
        writer.flush().await
    }));
    let (hearing, reads) = Counted::new(Box::pin(async move {
        let mut heard = vec![0; 40 << 10];
        other.read_exact(&mut heard).await?;
        other.write_u8(1).await?;
        other.flush().await
    }));
    let tasks = (
        tokio::spawn(waiting),
        tokio::spawn(writing),
        tokio::spawn(hearing),
    );
    let tasks = async { tokio::join!(tasks.0, tasks.1, tasks.2) };
    let (waited, written, heard) = soon(tasks).await;
    assert_eq!(waited.expect("no panic").expect("read"), 1);
    written.expect("no panic").expect("written");
    heard.expect("no panic").expect("heard");

    let tasks = [waits, writes, reads].map(|polls| polls.load(Ordering::Relaxed));
    let streams = counters.map(|polls| polls.load(Ordering::Relaxed));
    println!("polls of the tasks {tasks:?}, of the streams below {streams:?}");
    assert!(tasks.into_iter().all(|polls| polls <= 60), "{tasks:?}");
    assert!(streams.into_iter().all(|polls| polls <= 400), "{streams:?}");
}

#[tokio::test]
async fn a_flood_does_not_keep_other_tasks_from_their_turn() {
    /// Always ready, as tokio's own streams never are. Counts how often it is read.
    struct Flood(usize);
    impl AsyncRead for Flood {
        fn poll_read(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            out: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            self.0 += 1;
            let n = out.remaining();
            out.put_slice(&vec![b'x'; n]);
            Poll::Ready(Ok(()))
        }
    }
    impl AsyncWrite for Flood {
        fn poll_write(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            Poll::Ready(Ok(bytes.len()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }
    let mut end = SslStream::new(Flood(0));
    end.discard_reads();
    let (waker, woken) = alarm();
    let mut cx = Context::from_waker(&waker);
    let polled = pin!(end.read(&mut [0; 1])).poll(&mut cx);
    assert!(polled.is_pending());
    assert!(
        end.get_ref().0 <= 100,
        "{} reads in one poll",
        end.get_ref().0
    );
    assert!(woken.0.load(Ordering::Relaxed) > 0, "it wants to go on");
}

#[test]
fn it_can_move_between_threads() {
    fn check<T: Send + Unpin + std::fmt::Debug>() {}
    check::<SslStream<tokio::net::TcpStream>>();
}
