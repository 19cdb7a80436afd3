//! Futures that are dropped before they are ready, at every point where they wait: nothing is lost.

mod common;

use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::Poll;

use common::pipe::{End, duplex};
use common::tasks::{Task, others, run, run_all};
use common::{VERSIONS, pattern, started};
use embedded_io_async::{BufRead, Read, Write};
use sslcore_embassy::{Error, SslSocket, Transport};
use sslcore_tests::numbers::Numbers;

const DATA: usize = 2 << 20;

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

    /// The future's outcome, or `None` when it was dropped at its first, second, third or fourth wait.
    async fn attempt<F: Future>(&mut self, future: F) -> Option<F::Output> {
        let mut waits = self.numbers.below(4);
        let outcome = {
            let mut future = pin!(future);
            poll_fn(|cx| match (future.as_mut().poll(cx), waits) {
                (Poll::Ready(outcome), _) => Poll::Ready(Some(outcome)),
                (Poll::Pending, 0) => Poll::Ready(None),
                (Poll::Pending, _) => {
                    waits -= 1;
                    Poll::Pending
                }
            })
            .await
        };
        if outcome.is_none() {
            self.canceled += 1;
            others().await;
        }
        outcome
    }

    /// The outcome of the call that is not dropped.
    async fn insist<'a, C, T>(&mut self, on: &'a mut C, call: impl AsyncFn(&mut C) -> T) -> T {
        loop {
            if let Some(outcome) = self.attempt(call(on)).await {
                return outcome;
            }
        }
    }
}

/// Writes everything with calls that are given up again and again.
async fn write(
    writer: &mut impl Write<Error = Error>,
    data: &[u8],
    cancel: &mut Canceling,
) -> Result<(), Error> {
    let mut written = 0;
    while written < data.len() {
        let (rest, len) = (&data[written..], cancel.numbers.below(20_000));
        let piece = &rest[..len.min(rest.len())];
        let wrote = match cancel.numbers.below(4) {
            0 => {
                let flushed = cancel.attempt(writer.flush()).await;
                flushed.map(|flushed| flushed.map(|()| 0))
            }
            _ => cancel.attempt(writer.write(piece)).await,
        };
        written += wrote.transpose()?.unwrap_or(0);
    }
    cancel
        .insist(writer, async |writer| writer.flush().await)
        .await
}

/// Reads so much, or to the end, with calls that are given up again and again.
async fn read(
    reader: &mut impl Read<Error = Error>,
    enough: usize,
    cancel: &mut Canceling,
) -> Result<Vec<u8>, Error> {
    let mut heard = Vec::new();
    let mut piece = vec![0; 20_000];
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

/// One end says everything, then hears everything, and closes.
async fn whole(
    socket: &mut SslSocket<End>,
    data: &[u8],
    speaks: bool,
    cancel: &mut Canceling,
) -> Result<(), Error> {
    let handshake = async |socket: &mut SslSocket<End>| socket.wait_for_encrypted().await;
    cancel.insist(socket, handshake).await?;
    for speaks in [speaks, !speaks] {
        match speaks {
            true => write(socket, data, cancel).await?,
            false => assert!(read(socket, data.len(), cancel).await? == data),
        }
    }
    let close = async |socket: &mut SslSocket<End>| socket.close().await;
    cancel.insist(socket, close).await?;
    assert_eq!(read(socket, 1, cancel).await?, b"");
    Ok(())
}

#[test]
fn thousands_of_futures_of_a_whole_socket_are_dropped_and_no_byte_is_lost() {
    let data = pattern(DATA);
    for version in VERSIONS {
        let ends = duplex(700);
        ends.0.outgoing.borrow_mut().piece = 90;
        let (mut one, mut other) = started(version, ends);
        let (mut a, mut b) = (Canceling::new(1), Canceling::new(20));
        run_all(&mut [
            Task::new(async {
                whole(&mut one, &data, true, &mut a)
                    .await
                    .expect("all passed")
            }),
            Task::new(async {
                whole(&mut other, &data, false, &mut b)
                    .await
                    .expect("all passed")
            }),
        ]);
        let canceled = a.canceled + b.canceled;
        println!("{version}: {canceled} futures dropped");
        assert!(canceled > 4000, "only {canceled}");
        for socket in [one, other] {
            let report = socket.connection().close_report().expect("over");
            assert!(report.clean, "{report:?}");
        }
    }
}

#[test]
fn thousands_of_futures_of_two_halves_are_dropped_and_no_byte_is_lost() {
    let data = pattern(DATA);
    for version in VERSIONS {
        let (one, other) = started(version, duplex(700));
        let (mut one, mut other) = (one.into_shared(), other.into_shared());
        let mut cancelings = [1, 20, 300, 4000].map(Canceling::new);
        {
            let [a, b, c, d] = &mut cancelings;
            let ((mut hears, mut says), (mut other_hears, mut other_says)) =
                (one.split(), other.split());
            let data = &data;
            run_all(&mut [
                Task::new(async {
                    write(&mut says, data, a).await.expect("said");
                    a.insist(&mut says, async |says| says.close().await)
                        .await
                        .expect("closed");
                }),
                Task::new(async {
                    let heard = read(&mut hears, usize::MAX, b).await.expect("heard");
                    assert!(heard == *data, "the bytes differ");
                }),
                Task::new(async {
                    write(&mut other_says, data, c).await.expect("said");
                    c.insist(&mut other_says, async |says| says.close().await)
                        .await
                        .expect("closed");
                }),
                Task::new(async {
                    let heard = read(&mut other_hears, usize::MAX, d).await.expect("heard");
                    assert!(heard == *data, "the bytes differ");
                }),
            ]);
        }
        let canceled: usize = cancelings.iter().map(|cancel| cancel.canceled).sum();
        println!("{version}: {canceled} futures dropped");
        assert!(canceled > 4000, "only {canceled}");
    }
}

#[test]
fn a_buffer_that_was_shown_and_not_consumed_is_shown_again() {
    let (mut one, mut other) = common::encrypted("TLSv1.3", duplex(1000));
    run(async {
        other.write_all(b"abc").await.expect("room");
        for _ in 0..3 {
            assert_eq!(one.fill_buf().await.expect("data"), b"abc");
        }
        one.consume(2);
        assert_eq!(one.fill_buf().await.expect("data"), b"c");
    });
}

/// One task reads and writes the whole socket, whichever comes first.
#[test]
fn select_between_reading_and_writing_loses_nothing() {
    use embassy_futures::select::{Either, select};
    let data = pattern(DATA);
    let (one, other) = started("TLSv1.3", duplex(3000));
    let (mut one, mut other) = (one.into_shared(), other);
    let (mut reader, mut writer) = one.split();
    run_all(&mut [
        Task::new(async {
            let (mut written, mut heard) = (0, Vec::new());
            let mut piece = vec![0; 10_000];
            while heard.len() < data.len() {
                let write = async {
                    match written < data.len() {
                        true => writer.write(&data[written..]).await,
                        false => core::future::pending().await,
                    }
                };
                match select(reader.read(&mut piece), write).await {
                    Either::First(n) => heard.extend_from_slice(&piece[..n.expect("read")]),
                    Either::Second(n) => written += n.expect("written"),
                }
            }
            assert!(heard == data, "the bytes differ");
            writer.close().await.expect("closed");
        }),
        Task::new(async { echo(&mut other).await.expect("echoed") }),
    ]);
}

async fn echo<T: Transport>(socket: &mut SslSocket<T>) -> Result<(), Error> {
    let mut piece = vec![0; 5000];
    loop {
        match socket.read(&mut piece).await? {
            0 => return socket.close().await,
            n => socket.write_all(&piece[..n]).await?,
        }
    }
}
