//! A connection over io_uring, with ourselves and with OpenSSL. `tests/run io_uring` runs it.
#![cfg(target_os = "linux")]

#[path = "../common/mod.rs"]
mod common;
mod session;

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use common::{VERSIONS, client, pattern, server};
use compio::driver::DriverType;
use compio::net::{TcpListener, TcpStream};
use compio::runtime::Runtime;
use session::Session;
use sslcore::{Event, ServerStart, Step};
use sslcore_tests::openssl;
use sslcore_tests::pair::server_name;

/// Runs a test in a runtime over io_uring.
fn run<F: Future>(test: F) -> F::Output {
    // `tests/run` looks for these words.
    let runtime = Runtime::new()
        .unwrap_or_else(|error| panic!("the kernel refuses io_uring to this process: {error}"));
    assert_eq!(runtime.driver_type(), DriverType::IoUring);
    runtime.block_on(test)
}

async fn streams() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let address = listener.local_addr().expect("address");
    let connecting = compio::runtime::spawn(TcpStream::connect(address));
    let (other, _) = listener.accept().await.expect("accept");
    let one = connecting.await.expect("no panic").expect("connect");
    (one, other)
}

/// How an end waits for what happens next.
trait Patience {
    async fn next(&mut self, session: &mut Session) -> Step<'static>;
}

/// Waits as one should.
struct Patient;

impl Patience for Patient {
    async fn next(&mut self, session: &mut Session) -> Step<'static> {
        session.next().await.expect("no mistake of ours")
    }
}

/// Drops every future that is not ready at once, or soon, and counts them.
#[derive(Default)]
struct Impatient {
    dropped: usize,
}

impl Patience for Impatient {
    async fn next(&mut self, session: &mut Session) -> Step<'static> {
        let ready = poll_fn(|cx| {
            // A new one each time; the operations wake this task all the same.
            let step = pin!(session.next()).poll(cx);
            self.dropped += usize::from(step.is_pending());
            // Every third is given up for good.
            match step {
                Poll::Pending if self.dropped.is_multiple_of(3) => Poll::Ready(None),
                step => step.map(Some),
            }
        });
        if let Some(step) = ready.await {
            return step.expect("no mistake of ours");
        }
        loop {
            let brief = Duration::from_micros(50);
            match compio::time::timeout(brief, session.next()).await {
                Ok(step) => return step.expect("no mistake of ours"),
                Err(_) => self.dropped += 1,
            }
        }
    }
}

/// Reads lines in the clear until one ends with this.
async fn line(session: &mut Session, patience: &mut impl Patience) -> Vec<u8> {
    loop {
        let end = session.conn.peek().iter().position(|byte| *byte == b'\n');
        if let Some(end) = end {
            let line = session.conn.peek()[..=end].to_vec();
            session.conn.consume(line.len()).expect("it is there");
            return line;
        }
        let step = patience.next(session).await;
        assert_ne!(step, Step::Done, "it ended before the line did");
    }
}

/// Says everything and hears as much at the same time, then closes.
async fn converse(mut session: Session, says: &[u8], patience: &mut impl Patience) -> Session {
    let (mut said, mut heard) = (0, 0);
    loop {
        while said < says.len() && session.conn.read_end().is_none() {
            match session.conn.write(&says[said..]).expect("open") {
                0 => break,
                n => said += n,
            }
        }
        let plain = session.conn.peek();
        assert!(says[heard..].starts_with(plain), "the bytes differ");
        heard += plain.len();
        session.conn.consume(plain.len()).expect("it is there");
        if said == says.len() && heard == says.len() {
            session.conn.close();
        }
        match patience.next(&mut session).await {
            Step::Done => break,
            Step::Event(Event::Failed(_)) => panic!("{:?}", session.conn.failure()),
            _ => {}
        }
    }
    assert_eq!((said, heard), (says.len(), says.len()));
    let report = session.conn.close_report().expect("it is over");
    assert!(report.clean, "{report:?}");
    session
}

/// A client that asks for TLS in plaintext, and its server.
async fn starttls(version: &str, len: usize, patience: [&mut impl Patience; 2]) {
    let (one, other) = streams().await;
    let (mut one, mut other) = (Session::new(one), Session::new(other));
    let client = client().protocols(&[version]).build().expect("client");
    let server = server().protocols(&[version]).build().expect("server");
    let (data, [ours, theirs]) = (pattern(len), patience);
    let asking = async {
        one.conn.write(b"STARTTLS\r\n").expect("room");
        assert_eq!(line(&mut one, ours).await, b"220 go ahead\r\n");
        let started = one.conn.start_client_encryption(&client, server_name());
        started.expect("nothing came behind it");
        converse(one, &data, ours).await
    };
    let answering = async {
        assert_eq!(line(&mut other, theirs).await, b"STARTTLS\r\n");
        other.conn.write(b"220 go ahead\r\n").expect("room");
        let start = ServerStart::With(server);
        other.conn.start_server_encryption(start).expect("start");
        converse(other, &data, theirs).await
    };
    join(asking, answering).await;
}

/// Both at once, in one task.
async fn join<A: Future, B: Future>(one: A, other: B) -> (A::Output, B::Output) {
    let (mut one, mut other) = (pin!(one), pin!(other));
    let (mut a, mut b) = (None, None);
    poll_fn(|cx| {
        if a.is_none()
            && let Poll::Ready(output) = one.as_mut().poll(cx)
        {
            a = Some(output);
        }
        if b.is_none()
            && let Poll::Ready(output) = other.as_mut().poll(cx)
        {
            b = Some(output);
        }
        match (a.take(), b.take()) {
            (Some(a), Some(b)) => Poll::Ready((a, b)),
            (one, other) => {
                (a, b) = (one, other);
                Poll::Pending
            }
        }
    })
    .await
}

#[test]
fn many_megabytes_pass_both_ways_behind_a_starttls() {
    run(async {
        for version in VERSIONS {
            starttls(version, 8 << 20, [&mut Patient, &mut Patient]).await;
        }
    });
}

#[test]
fn futures_that_are_dropped_lose_nothing_of_what_the_kernel_does() {
    run(async {
        for version in VERSIONS {
            let mut ends = [Impatient::default(), Impatient::default()];
            let [one, other] = &mut ends;
            starttls(version, 8 << 20, [one, other]).await;
            let dropped = ends.map(|end| end.dropped);
            println!("{dropped:?} futures dropped");
            assert!(dropped.iter().all(|dropped| *dropped > 300), "{dropped:?}");
        }
    });
}

#[test]
fn openssl_hears_its_own_words() {
    for (_, flag) in openssl::VERSIONS {
        run(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
            let address = listener.local_addr().expect("address");
            let talking = std::thread::spawn(move || {
                openssl::hear_own_words(address, flag, &pattern(1 << 20));
            });
            let (socket, _) = listener.accept().await.expect("accept");
            echo(Session::new(socket)).await;
            talking.join().expect("it heard all");
        });
    }
}

/// A server that says what it hears, up to its end.
async fn echo(mut session: Session) {
    let start = ServerStart::With(server().build().expect("server"));
    session.conn.start_server_encryption(start).expect("start");
    loop {
        let piece = session.conn.peek().to_vec();
        match session.conn.read_end() {
            Some(_) => session.conn.close(),
            None => {
                let n = session.conn.write(&piece).expect("open");
                session.conn.consume(n).expect("it is there");
            }
        }
        if session.next().await.expect("no mistake of ours") == Step::Done {
            break;
        }
    }
    let report = session.conn.close_report().expect("it is over");
    assert!(report.clean, "{report:?}");
}
