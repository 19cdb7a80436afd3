//! A thousand clients of one server over loopback, two hundred of them hostile.
//!
//! `tests/run soak` runs it, and prints the figures.

mod bad;
#[path = "../server/by_hand.rs"]
mod by_hand;
#[path = "../common/mod.rs"]
mod common;

use std::fs;
use std::io::{BufRead, Read, Write};
use std::net::SocketAddr;
use std::sync::{Condvar, Mutex};
use std::thread::{self, Builder};
use std::time::Duration;

use rustix::process::{Resource, getrlimit, setrlimit};
use rustix::time::{ClockId, clock_gettime};
use sslcore::{Failure, FailureKind, PeerName};
use sslcore_std::{AcceptError, SslServer, SslSocket, WaitError};

use self::bad::Crowd;
use common::{client, server};

const GOOD: usize = 800;
const BAD: usize = 200;
/// Threads that play the good clients, each of which holds as many at a time.
const DRIVERS: usize = 8;
const WAVES: usize = 3;
/// Far longer than all of them take together.
const LONG: Duration = Duration::from_secs(180);

/// What a client sends, and gets back.
const LINE: &[u8] = b"so many bytes that are worth a record, and sent back as they came\n";
/// As often.
const LINES: usize = 5;

/// Allows this process as many files as the system lets it have.
fn raise_file_limit() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).expect("a limit of files");
    let files = limit.current.unwrap_or(u64::MAX);
    let needed = 3 * (GOOD + BAD) as u64;
    assert!(
        files >= needed,
        "{files} files may be open, {needed} are needed"
    );
}

/// Memory of this process in use, in KiB.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux tells");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let words = line.expect("the resident set").split_whitespace().next();
    words.and_then(|kib| kib.parse().ok()).expect("a number")
}

/// What this thread has used of the processor.
fn used() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn spawn<'scope, T: Send + 'scope>(
    scope: &'scope thread::Scope<'scope, '_>,
    work: impl FnOnce() -> T + Send + 'scope,
) -> thread::ScopedJoinHandle<'scope, T> {
    let small = Builder::new().stack_size(256 * 1024);
    small.spawn_scoped(scope, work).expect("a thread")
}

/// A place where so many wait for each other.
struct Meeting {
    missing: Mutex<usize>,
    complete: Condvar,
}

impl Meeting {
    fn new(people: usize) -> Self {
        Self {
            missing: Mutex::new(people),
            complete: Condvar::new(),
        }
    }

    fn wait(&self) {
        let mut missing = self.missing.lock().expect("nobody panics here");
        *missing -= 1;
        self.complete.notify_all();
        let waited = self
            .complete
            .wait_timeout_while(missing, LONG, |missing| *missing > 0);
        let (missing, timeout) = waited.expect("nobody panics here");
        assert!(!timeout.timed_out(), "{missing} are missing");
    }
}

/// Sends back the lines of a client, until it closes.
fn echo(mut socket: SslSocket) {
    socket.set_timeout(Some(LONG));
    let mut line = Vec::new();
    loop {
        line.clear();
        if socket.read_until(b'\n', &mut line).expect("a line") == 0 {
            break;
        }
        socket.write_all(&line).expect("sent back");
    }
    socket.disconnect_from_host(LONG);
}

/// How often a good client comes again at most. Where all places are taken the server replaces who has not
/// said hello yet, and between `connect` and its hello a good one is no better than the hostile ones: it
/// comes again, as clients do.
const TRIES: usize = 50;

/// So many clients at once that talk, and close in order. Says how often they had to come again.
fn good_clients(address: SocketAddr, count: usize, all_there: &Meeting) -> usize {
    let config = client().session_cache(0).build().expect("client");
    let connect = || {
        let stream = std::net::TcpStream::connect(address).expect("connect");
        let mut socket = SslSocket::from_stream(stream).expect("adopt");
        socket.set_timeout(Some(LONG));
        let name = PeerName::new("server.test").expect("a name");
        let started = socket.start_client_encryption(&config, name);
        started.expect("start");
        socket.wait_for_encrypted(Some(LONG)).map(|()| socket)
    };
    let mut again = 0;
    let mut sockets = Vec::with_capacity(count);
    while sockets.len() < count {
        match connect() {
            Ok(socket) => sockets.push(socket),
            Err(WaitError::Failed(failure)) if was_replaced(&failure) => again += 1,
            Err(error) => panic!("{error}"),
        }
        assert!(
            again < TRIES * count,
            "{} of {count} are served",
            sockets.len()
        );
    }
    all_there.wait();
    let mut back = vec![0; LINE.len()];
    for _ in 0..LINES {
        for socket in &mut sockets {
            socket.write_all(LINE).expect("write");
        }
        for socket in &mut sockets {
            socket.read_exact(&mut back).expect("read");
            assert_eq!(back, LINE);
        }
    }
    for mut socket in sockets {
        socket.disconnect_from_host(LONG);
        let report = socket.connection().close_report();
        assert!(report.is_some_and(|report| report.clean), "{report:?}");
    }
    again
}

/// The server has closed before it knew who it was.
fn was_replaced(failure: &Failure) -> bool {
    matches!(failure.kind(), FailureKind::Truncated | FailureKind::Reset)
}

/// What a wave of clients has cost.
struct Wave {
    /// Of the thread that accepts.
    time: Duration,
    /// While all were there, in KiB.
    resident: u64,
    /// How many hostile ones came.
    hostile: usize,
    /// How often good ones came again.
    again: usize,
}

/// Serves so many good clients, with these bad ones among them.
fn wave(server: &mut SslServer, bad: usize) -> Wave {
    let address = server.local_addr().expect("address");
    // The drivers, and who measures.
    let all_there = Meeting::new(DRIVERS + 1);
    let crowd = Crowd::new(address, bad);
    thread::scope(|scope| {
        let hostile = spawn(scope, || crowd.until_stopped());
        let _stops = crowd.stop_in_the_end();
        let drivers: Vec<_> = (0..DRIVERS)
            .map(|_| spawn(scope, || good_clients(address, GOOD / DRIVERS, &all_there)))
            .collect();
        let measured = spawn(scope, || {
            all_there.wait();
            resident()
        });
        let begin = used();
        let mut served = 0;
        while served < GOOD {
            match server.accept(Some(LONG)) {
                Ok((socket, _)) => {
                    served += 1;
                    spawn(scope, || echo(socket));
                }
                Err(AcceptError::Timeout) => panic!("{served} of {GOOD} were served"),
                Err(error) => panic!("{error}"),
            }
        }
        let time = used() - begin;
        // Nobody accepts any more: who came now would fill the listener's queue, and the system would
        // drop good ones of the next wave before the server sees them.
        crowd.stop();
        let again = drivers.into_iter().map(|driver| {
            let again = driver.join();
            again.expect("every good one is served")
        });
        let again = again.sum();
        let seen = hostile.join().expect("the hostile ones");
        let least = bad / seen.len();
        assert!(seen.iter().all(|count| *count >= least), "{seen:?}");
        Wave {
            time,
            resident: measured.join().expect("measured"),
            hostile: seen.iter().sum(),
            again,
        }
    })
}

#[test]
fn every_good_client_is_served_among_hostile_ones() {
    raise_file_limit();
    let config = server().session_tickets(false).session_cache(0);
    let mut server = SslServer::bind("127.0.0.1:0", config.build().expect("server")).expect("bind");
    server.set_handshake_timeout(Duration::from_secs(3));

    let alone = wave(&mut server, 0);
    assert_eq!(alone.again, 0, "nobody is replaced where there is room");
    let waves: Vec<Wave> = (0..WAVES).map(|_| wave(&mut server, BAD)).collect();
    let per_good = alone.time / GOOD as u32;
    println!(
        "{GOOD} good clients: {per_good:?} of the accepting thread each, {} KiB in all",
        alone.resident
    );
    for wave in &waves {
        let extra = wave.time.saturating_sub(alone.time) / wave.hostile as u32;
        let share = extra.as_secs_f64() / per_good.as_secs_f64();
        println!(
            "{} hostile ones, {BAD} at a time: {extra:?} each, {share:.2} of a good one, {} KiB in all; \
             good ones came {} times more",
            wave.hostile, wave.resident, wave.again
        );
    }
    // Memory does not grow from wave to wave.
    let (first, last) = (waves[0].resident, waves[WAVES - 1].resident);
    assert!(last <= first + first / 4, "{first} KiB, then {last}");
}
