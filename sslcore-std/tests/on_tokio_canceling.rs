//! Futures over `sslcore_std::tokio` that are dropped before they are ready: nothing is lost.

mod common;

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use common::on_tokio::started;
use common::{VERSIONS, pattern};
use sslcore_std::tokio::SslStream;
use sslcore_tests::numbers::Numbers;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, duplex, split};

const DATA: usize = 5 << 20;

/// Decides when a future is dropped.
struct Canceling {
    numbers: Numbers,
    canceled: usize,
}

impl Canceling {
    fn new(seed: u64) -> Self {
        Self {
            numbers: Numbers::new(seed),
            canceled: 0,
        }
    }

    /// The future's outcome, or `None` if it was dropped before.
    async fn attempt<F: Future>(&mut self, future: F) -> Option<F::Output> {
        let outcome = match self.numbers.below(4) {
            // Time that has passed already, or nearly so.
            0 => {
                let time = Duration::from_micros(self.numbers.below(50) as u64);
                tokio::time::timeout(time, future).await.ok()
            }
            // Another branch is ready, sooner or later.
            1 => {
                let other = async {
                    for _ in 0..self.numbers.below(3) {
                        tokio::task::yield_now().await;
                    }
                };
                tokio::select! {
                    biased;
                    () = other => None,
                    outcome = future => Some(outcome),
                }
            }
            // Polled once and never again.
            _ => {
                let mut future = pin!(future);
                std::future::poll_fn(|cx| {
                    Poll::Ready(match future.as_mut().poll(cx) {
                        Poll::Ready(outcome) => Some(outcome),
                        Poll::Pending => None,
                    })
                })
                .await
            }
        };
        if outcome.is_none() {
            self.canceled += 1;
            tokio::task::yield_now().await;
        }
        outcome
    }
}

/// Writes everything with calls that are given up again and again.
async fn write(
    writer: &mut (impl AsyncWrite + Unpin),
    data: &[u8],
    cancel: &mut Canceling,
) -> io::Result<()> {
    let mut written = 0;
    while written < data.len() {
        let (rest, len) = (&data[written..], cancel.numbers.below(40_000));
        let piece = &rest[..len.min(rest.len())];
        let (front, back) = piece.split_at(piece.len() / 3);
        let wrote = match cancel.numbers.below(3) {
            0 => {
                let slices = [IoSlice::new(front), IoSlice::new(back)];
                cancel.attempt(writer.write_vectored(&slices)).await
            }
            1 => {
                let flushed = cancel.attempt(writer.flush()).await;
                flushed.map(|flushed| flushed.map(|()| 0))
            }
            _ => cancel.attempt(writer.write(piece)).await,
        };
        written += wrote.transpose()?.unwrap_or(0);
    }
    while cancel.attempt(writer.flush()).await.transpose()?.is_none() {}
    Ok(())
}

/// Reads so much, or to the end, with calls that are given up again and again.
async fn read(
    reader: &mut (impl AsyncRead + Unpin),
    enough: usize,
    cancel: &mut Canceling,
) -> io::Result<Vec<u8>> {
    let mut heard = Vec::new();
    let mut piece = vec![0; 40_000];
    while heard.len() < enough {
        let len = 1 + cancel.numbers.below(piece.len());
        match cancel.attempt(reader.read(&mut piece[..len])).await {
            None => {}
            Some(n) => match n? {
                0 => break,
                n => heard.extend_from_slice(&piece[..n]),
            },
        }
    }
    Ok(heard)
}

/// Both directions of one end at once; then it closes.
async fn converse(
    end: SslStream<DuplexStream>,
    data: &[u8],
    cancel: [&mut Canceling; 2],
) -> io::Result<()> {
    let [writing, reading] = cancel;
    let (mut reader, mut writer) = split(end);
    let (wrote, heard) = tokio::join!(
        write(&mut writer, data, writing),
        read(&mut reader, data.len(), reading)
    );
    wrote?;
    assert!(heard? == data, "the bytes differ");
    while writing
        .attempt(writer.shutdown())
        .await
        .transpose()?
        .is_none()
    {}
    assert_eq!(read(&mut reader, 1, reading).await?, b"");
    Ok(())
}

fn cancelings() -> [Canceling; 4] {
    [1, 20, 300, 4000].map(Canceling::new)
}

/// How many futures were dropped while both ends wrote and read at once.
async fn all_halves(version: &str, pipes: (DuplexStream, DuplexStream)) -> usize {
    let (mut one, mut other) = started(version, pipes.0, pipes.1);
    let [mut a, mut b, mut c, mut d] = cancelings();
    let done = tokio::join!(
        async { while a.attempt(one.handshake()).await.is_none() {} },
        async { while b.attempt(other.handshake()).await.is_none() {} },
    );
    assert_eq!(done, ((), ()));
    assert!(one.connection().is_encrypted() && other.connection().is_encrypted());
    let data = pattern(DATA);
    let done = tokio::join!(
        converse(one, &data, [&mut a, &mut c]),
        converse(other, &data, [&mut b, &mut d])
    );
    done.0.expect("the client has written and heard all");
    done.1.expect("the server has written and heard all");
    [a, b, c, d].iter().map(|cancel| cancel.canceled).sum()
}

#[tokio::test]
async fn thousands_of_futures_are_dropped_and_no_byte_is_lost() {
    for version in VERSIONS {
        let canceled = all_halves(version, duplex(700)).await;
        println!("{canceled} futures dropped");
        assert!(canceled > 4000, "only {canceled}");
    }
}

/// One task reads and writes the whole stream, whichever comes first.
#[tokio::test]
async fn select_between_reading_and_writing_loses_nothing() {
    let (one, other) = duplex(3000);
    let (mut one, other) = started("TLSv1.3", one, other);
    let data = pattern(DATA);
    let echo = tokio::spawn(async move {
        let (mut reads, mut writes) = split(other);
        tokio::io::copy(&mut reads, &mut writes).await?;
        writes.shutdown().await
    });
    one.handshake().await.expect("encrypted");
    let (mut written, mut heard) = (0, Vec::new());
    let mut piece = vec![0; 20_000];
    while heard.len() < data.len() {
        // Both need the stream, so that one future borrows it at a time.
        let (mut reads, mut writes) = split(one);
        tokio::select! {
            n = reads.read(&mut piece) => heard.extend_from_slice(&piece[..n.expect("read")]),
            n = writes.write(&data[written..]), if written < data.len() => {
                written += n.expect("written");
            }
        }
        one = reads.unsplit(writes);
    }
    assert!(heard == data, "the bytes differ");
    one.shutdown().await.expect("closed");
    assert_eq!(one.read(&mut piece).await.expect("an end"), 0);
    echo.await.expect("no panic").expect("echoed");
}
