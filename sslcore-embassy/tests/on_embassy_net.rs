//! Sockets over embassy-net, two stacks with a wire between them. Time passes only here: one test at a
//! time.

mod common;

use std::sync::{Mutex, PoisonError};

use common::network::{Host, address, network};
use common::tasks::{Task, rest};
use common::{VERSIONS, client, clock, pattern, server};
use embassy_net::Stack;
use embassy_net::tcp::{State, TcpSocket};
use embassy_time::{Duration, MockDriver};
use embedded_io_async::{BufRead, Error as _, ErrorKind, Read, Write};

use sslcore::{Buffers, FailureKind, ServerStart};
use sslcore_embassy::{Error, SslSocket};
use sslcore_tests::pair::server_name;

static TIME: Mutex<()> = Mutex::new(());

/// A socket with windows of so many bytes.
fn socket(stack: Stack<'static>, window: usize) -> SslSocket<TcpSocket<'static>> {
    let memory = || Box::leak(vec![0; window].into_boxed_slice());
    let tcp = TcpSocket::new(stack, memory(), memory());
    SslSocket::new(tcp, Buffers::Owned, clock())
}

/// Runs these tasks, and the network below, until they are done or so much time has passed.
#[track_caller]
fn run(hosts: [Host; 2], tasks: Vec<Task<'_>>, millis: u64) {
    let count = tasks.len();
    let mut all = tasks;
    for (_, mut runner) in hosts {
        all.push(Task::new(async move { runner.run().await }));
    }
    for _ in 0..millis {
        rest(&mut all);
        if all[..count].iter().all(|task| task.done) {
            return;
        }
        MockDriver::get().advance(Duration::from_millis(1));
    }
    let done: Vec<bool> = all[..count].iter().map(|task| task.done).collect();
    panic!("not all are done: {done:?}");
}

#[test]
fn a_starttls_session_passes_over_tcp_and_ends_with_fin() {
    let _time = TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let data = pattern(100_000);
    for version in VERSIONS {
        for window in [600, 4096] {
            let (one, other, _wire) = network();
            let mut client_socket = socket(one.0, window);
            let mut server_socket = socket(other.0, window);
            let asking = Task::new(async {
                let socket = &mut client_socket;
                socket.connect((address(2), 25)).await.expect("connected");
                socket.write_all(b"STARTTLS\r\n").await.expect("said");
                assert_eq!(socket.fill_buf().await.expect("a line"), b"220\r\n");
                socket.consume(5);
                let config = client(version);
                socket
                    .start_client_encryption(&config, server_name())
                    .expect("nothing is unread");
                socket.wait_for_encrypted().await.expect("encrypted");
                socket.write_all(&data).await.expect("said");
                socket.flush().await.expect("acknowledged");
                assert_eq!(socket.transport().send_queue(), 0);
                let mut heard = vec![0; data.len()];
                socket.read_exact(&mut heard).await.expect("heard");
                assert!(heard == data, "the bytes differ");
                assert_eq!(socket.transport().state(), State::Established);
                socket.close().await.expect("closed");
                assert_eq!(socket.transport().state(), State::FinWait2);
                assert_eq!(socket.read(&mut [0]).await, Ok(0));
            });
            let answering = Task::new(async {
                let socket = &mut server_socket;
                socket.accept(25).await.expect("connected");
                socket.read_exact(&mut [0; 10]).await.expect("STARTTLS");
                socket.write_all(b"220\r\n").await.expect("said");
                socket
                    .start_server_encryption(ServerStart::With(server(version)))
                    .expect("nothing is unread");
                let mut heard = vec![0; data.len()];
                socket.read_exact(&mut heard).await.expect("heard");
                socket.write_all(&heard).await.expect("said");
                assert_eq!(socket.read(&mut [0]).await, Ok(0));
                socket.close().await.expect("closed");
            });
            run([one, other], vec![asking, answering], 60_000);
        }
    }
}

#[test]
fn halves_of_a_tcp_socket_are_used_by_two_tasks() {
    let _time = TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let data = pattern(50_000);
    let (one, other, _wire) = network();
    let (mut a, mut b) = (socket(one.0, 1500), socket(other.0, 1500));
    a.start_client_encryption(&client("TLSv1.3"), server_name())
        .expect("started");
    b.start_server_encryption(ServerStart::With(server("TLSv1.3")))
        .expect("started");
    let converse = |mut socket: SslSocket<TcpSocket<'static>>, connects: bool| {
        let data = &data;
        async move {
            match connects {
                true => socket.connect((address(2), 443)).await.expect("connected"),
                false => socket.accept(443).await.expect("connected"),
            }
            let mut shared = socket.into_shared();
            let (mut reader, mut writer) = shared.split();
            let mut heard = vec![0; data.len()];
            let writing = async {
                writer.write_all(data).await?;
                writer.close().await
            };
            let reading = async { reader.read_exact(&mut heard).await };
            let (written, read) = common::tasks::both(writing, reading).await;
            written.expect("said");
            read.expect("heard");
            assert!(heard == *data, "the bytes differ");
        }
    };
    let tasks = vec![Task::new(converse(a, true)), Task::new(converse(b, false))];
    run([one, other], tasks, 60_000);
}

#[test]
fn a_cut_wire_is_an_error_when_tcp_gives_up() {
    let _time = TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let (one, other, wire) = network();
    let (mut a, mut b) = (socket(one.0, 1500), socket(other.0, 1500));
    let asking = Task::new(async {
        a.transport_mut().set_timeout(Some(Duration::from_secs(5)));
        a.connect((address(2), 443)).await.expect("connected");
        a.start_client_encryption(&client("TLSv1.3"), server_name())
            .expect("started");
        a.read_exact(&mut [0]).await.expect("heard");
        wire.cut();
        a.write_all(b"hello?").await.expect("room");
        let error = a.read(&mut [0]).await.expect_err("nobody there");
        assert_eq!(error, Error::Failed(FailureKind::Reset));
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    });
    let serving = Task::new(async {
        b.accept(443).await.expect("connected");
        b.start_server_encryption(ServerStart::With(server("TLSv1.3")))
            .expect("started");
        b.wait_for_encrypted().await.expect("encrypted");
        b.write_all(b"!").await.expect("said");
    });
    run([one, other], vec![asking, serving], 30_000);
}

#[test]
fn nobody_answers_where_nobody_listens() {
    let _time = TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let (one, other, _wire) = network();
    let mut a = socket(one.0, 1500);
    let asking = Task::new(async {
        a.connect((address(2), 80)).await.expect_err("refused");
    });
    run([one, other], vec![asking], 1000);
}

#[test]
fn an_abort_resets_tcp() {
    let _time = TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let (one, other, _wire) = network();
    let (mut a, mut b) = (socket(one.0, 1500), socket(other.0, 1500));
    let asking = Task::new(async {
        a.connect((address(2), 443)).await.expect("connected");
        a.abort();
        assert_eq!(a.transport().state(), State::Closed);
    });
    let serving = Task::new(async {
        b.accept(443).await.expect("connected");
        let error = b.read(&mut [0]).await.expect_err("a reset");
        assert_eq!(error, Error::Failed(FailureKind::Reset));
    });
    run([one, other], vec![asking, serving], 1000);
}
