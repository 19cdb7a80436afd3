//! Who is woken, when, and how often.

use std::cell::Cell;
use std::future::Future;
use std::io::{self, ErrorKind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use sslcore_std::tokio::SslStream;
use tokio::io::{
    AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf, duplex, split,
};

use crate::common::on_tokio::{encrypted, once};
use crate::common::{LONG, VERSIONS, pattern};
use crate::{Giving, MUCH, soon};

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
    // Always ready, as tokio's own streams never are.
    let reads = Cell::new(0);
    let mut end = SslStream::new(Giving(|out: &mut ReadBuf<'_>| {
        reads.set(reads.get() + 1);
        let n = out.remaining();
        out.put_slice(&vec![b'x'; n]);
        Ok(())
    }));
    end.discard_reads();
    let (waker, woken) = alarm();
    let mut cx = Context::from_waker(&waker);
    let polled = pin!(end.read(&mut [0; 1])).poll(&mut cx);
    assert!(polled.is_pending());
    assert!(reads.get() <= 100, "{} reads in one poll", reads.get());
    assert!(woken.0.load(Ordering::Relaxed) > 0, "it wants to go on");
}

#[tokio::test]
async fn who_waits_looks_again_when_somebody_else_has_done_something() {
    type Act = fn(&mut SslStream<DuplexStream>);
    let acts: [(&str, Act); 5] = [
        ("abort", SslStream::abort),
        ("cancel", SslStream::cancel),
        ("close", SslStream::close),
        ("a timeout", |it| it.set_peer_close_timeout(Some(LONG))),
        ("unread", |it| it.unread(b"again").expect("room")),
    ];
    for (name, act) in acts {
        let (one, other) = duplex(MUCH);
        let (mut one, mut other) = encrypted("TLSv1.3", one, other).await;
        // What can be put back is what was read.
        other.write_all(b"again").await.expect("written");
        other.flush().await.expect("flushed");
        one.read_exact(&mut [0; 5]).await.expect("read");
        let (waker, woken) = alarm();
        let mut cx = Context::from_waker(&waker);
        let polled = pin!(one.read(&mut [0; 1])).poll(&mut cx);
        assert!(polled.is_pending());
        act(&mut one);
        assert_eq!(woken.0.load(Ordering::Relaxed), 1, "{name}");
    }
}
