//! Waiting, waking, pausing, and what the system cannot do.

use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use sslcore_std::{AcceptError, ServerEvent, SslServer};

use crate::common::{self, LONG};
use crate::crowd::stream_with;
use crate::spy::{Spy, good_client, stream};

fn server() -> SslServer {
    let config = common::server().build().expect("server");
    SslServer::bind("127.0.0.1:0", config).expect("bind")
}

#[test]
fn a_wait_ends_when_its_time_is_up() {
    let mut server = server();
    for timeout in [Duration::ZERO, Duration::from_millis(10)] {
        let accepted = server.accept(Some(timeout));
        assert!(
            matches!(accepted, Err(AcceptError::Timeout)),
            "{accepted:?}"
        );
        let told = server.next(Some(timeout));
        assert!(matches!(told, Err(AcceptError::Timeout)), "{told:?}");
    }
    assert!(server.poll_once().expect("a round").is_none());
}

/// Clients that fail at once, more than one round accepts: the others wait for the next call.
#[test]
fn a_flood_of_clients_that_fail_does_not_prolong_a_wait() {
    let mut server = server();
    let address = server.local_addr().expect("address");
    let flood: Vec<_> = (0..100).map(|_| stream_with(address, b"GET /")).collect();
    let accepted = server.accept(Some(Duration::ZERO));
    assert!(
        matches!(accepted, Err(AcceptError::Timeout)),
        "{accepted:?}"
    );
    let told = server.next(Some(LONG));
    assert!(matches!(told, Ok(ServerEvent::Failed { .. })), "{told:?}");
    drop(flood);
}

#[test]
fn another_thread_ends_a_wait() {
    let mut server = server();
    let waker = server.waker();
    let other = std::thread::spawn(move || waker.wake());
    let accepted = server.accept(Some(LONG));
    assert!(matches!(accepted, Err(AcceptError::Woken)), "{accepted:?}");
    other.join().expect("the other thread");

    // However often it was woken before, one wait ends by it, and the next does not.
    let waker = server.waker();
    for _ in 0..10_000 {
        waker.clone().wake();
    }
    let told = server.next(Some(LONG));
    assert!(matches!(told, Err(AcceptError::Woken)), "{told:?}");
    let told = server.next(Some(Duration::ZERO));
    assert!(matches!(told, Err(AcceptError::Timeout)), "{told:?}");
    drop(server);
    waker.wake();
}

#[test]
fn a_paused_server_lets_newcomers_wait_and_serves_the_others() {
    let mut spy = Spy::new(common::server());
    let address = spy.address();
    let first = good_client(address);
    spy.until("the first has begun", |spy| spy.started.len() == 1);
    spy.server.pause_accepting();
    let second = good_client(address);
    spy.until("the first is served", |spy| spy.sockets.len() == 1);
    first.join().expect("its thread").1.expect("encrypted");
    spy.round();
    assert_eq!((spy.started.len(), spy.server.pending()), (1, 0));

    spy.server.resume_accepting();
    spy.until("the second is served", |spy| spy.sockets.len() == 2);
    second.join().expect("its thread").1.expect("encrypted");
}

#[test]
fn a_listener_of_ones_own_is_adopted() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("bind");
    let address = listener.local_addr().expect("address");
    let config = common::server().build().expect("server");
    let mut server = SslServer::from_listener(listener, config).expect("adopt");
    assert_eq!(server.local_addr().expect("address"), address);
    let client = good_client(address);
    server.accept(Some(LONG)).expect("served");
    client.join().expect("its thread").1.expect("encrypted");
}

/// Set in the environment of a process that may have few file descriptors.
const INSIDE: &str = "SSLCORE_TEST_FEW_DESCRIPTORS";

/// The limit is a process's, so the test program starts itself again for this test.
#[test]
fn want_of_file_descriptors_is_told_and_survived() {
    if std::env::var_os(INSIDE).is_some() {
        return want_of_file_descriptors();
    }
    let name = "driving::want_of_file_descriptors_is_told_and_survived";
    let output = Command::new("sh")
        .args(["-c", "ulimit -n 64 && exec \"$@\"", "sh"])
        .arg(std::env::current_exe().expect("this program"))
        .args(["--exact", name, "--nocapture"])
        .env(INSIDE, "1")
        .stdin(Stdio::null())
        .output()
        .expect("start this program again");
    let [out, err] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    let passed = output.status.success() && out.contains("test result: ok. 1 passed");
    assert!(passed, "{out}\n{err}");
}

fn want_of_file_descriptors() {
    let mut server = server();
    let address = server.local_addr().expect("address");
    let mut streams = vec![stream(address)];
    // Until this process can have no more, and the server not even one.
    while let Ok(stream) = std::net::TcpStream::connect(address) {
        streams.push(stream);
        assert!(streams.len() < 64, "the limit is not in force");
    }
    let told = server.next(Some(LONG));
    let Err(AcceptError::System(error)) = told else {
        panic!("{told:?}");
    };
    assert_eq!(Errno::from_io_error(&error), Some(Errno::MFILE));
    drop(streams);
    let client = good_client(address);
    let start = Instant::now();
    while let Err(error) = server.accept(Some(LONG)) {
        assert!(start.elapsed() < LONG, "{error}");
    }
    client.join().expect("its thread").1.expect("encrypted");
}
