//! Records in the hands of the kernel, on whatever kernel this is: where it has no TLS, the socket goes on
//! by itself.
#![cfg(target_os = "linux")]

mod common;

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use common::{LONG, all_of, both, client, encrypted, pattern, server, sockets, streams};
use sslcore::offload::{Direction, OffloadError};
use sslcore::{ServerStart, SslMode, UsageError};
use sslcore_std::{KernelTlsError, SslSocket, SslStream, WaitError};
use sslcore_tests::pair::{VERSIONS, server_name};
use sslcore_tests::peer::Scratch;

const BOTH: [Direction; 2] = [Direction::Sent, Direction::Received];

fn file(scratch: &Scratch, bytes: &[u8]) -> File {
    File::open(scratch.file("file", bytes)).expect("open")
}

/// Hands the keys over. Says whether the kernel has taken them: where it has none, the socket says why.
fn offloaded(socket: &mut SslSocket) -> bool {
    let outcome = socket.offload_to_kernel();
    let taken = BOTH.map(|direction| socket.connection().is_offloaded(direction));
    match &outcome {
        Ok(()) => assert_eq!(taken, [true; 2]),
        Err(KernelTlsError::Refused(error)) => {
            assert_eq!(taken, [false; 2], "{error}");
            assert!(!outcome.as_ref().expect_err("it is").to_string().is_empty());
        }
        Err(error) => panic!("{error}"),
    }
    outcome.is_ok()
}

fn speak(one: &mut SslSocket, other: &mut SslSocket) {
    let said = pattern(300_000);
    let (there, back) = both(
        || {
            one.write_all(&said).expect("write");
            one.flush().expect("flush");
            let mut heard = vec![0; said.len()];
            one.read_exact(&mut heard).expect("read");
            heard
        },
        || {
            let mut heard = vec![0; said.len()];
            other.read_exact(&mut heard).expect("read");
            other.write_all(&heard).expect("write");
            other.flush().expect("flush");
            heard
        },
    );
    assert!(there == said && back == said);
}

#[test]
fn a_socket_goes_on_whether_the_kernel_takes_its_keys_or_not() {
    for version in VERSIONS {
        let (mut client, mut server) = encrypted(version);
        // Tickets may still be on their way: to the kernel, if it has TLS.
        let taken = [offloaded(&mut client), offloaded(&mut server)];
        assert_eq!(taken[0], taken[1], "one kernel");
        speak(&mut client, &mut server);
        assert_eq!(
            offloaded(&mut client),
            taken[0],
            "a second call is as the first"
        );
        speak(&mut client, &mut server);
        let (report, answered) = both(
            || client.disconnect_from_host(LONG),
            || server.disconnect_from_host(LONG),
        );
        assert!(
            report.clean && answered.clean,
            "{version}: {report:?} {answered:?}"
        );
    }
}

#[test]
fn a_file_is_sent_as_it_is() {
    let scratch = Scratch::new();
    let bytes = pattern(200_000);
    let file = file(&scratch, &bytes);
    for version in VERSIONS {
        for offload in [false, true] {
            let (mut client, mut server) = encrypted(version);
            if offload {
                offloaded(&mut server);
            }
            let (heard, ()) = both(
                || all_of(&mut client),
                || {
                    server.write_all(b"head").expect("write");
                    let mut offset = 100;
                    let sent = server.send_file(&file, &mut offset, 150_000).expect("send");
                    assert_eq!((sent, offset), (150_000, 150_100));
                    server.write_all(b"tail").expect("write");
                    // No more than there is.
                    let sent = server
                        .send_file(&file, &mut offset, u64::MAX)
                        .expect("send");
                    assert_eq!((sent, offset), (49_900, 200_000));
                    assert_eq!(server.send_file(&file, &mut offset, 9).expect("the end"), 0);
                    assert_eq!(server.send_file(&file, &mut offset, 0).expect("nothing"), 0);
                    server.close();
                    server.flush().expect("flush");
                },
            );
            let expected = [b"head", &bytes[100..150_100], b"tail", &bytes[150_100..]].concat();
            assert!(
                heard == expected,
                "{version} {offload}: {} bytes",
                heard.len()
            );
        }
    }
}

#[test]
fn a_file_that_cannot_be_read_ends_nothing() {
    let scratch = Scratch::new();
    for offload in [false, true] {
        let (mut client, mut server) = encrypted("TLSv1.3");
        if offload {
            offloaded(&mut server);
        }
        let folder = File::open(scratch.path()).expect("open");
        let mut offset = 0;
        server
            .send_file(&folder, &mut offset, 10)
            .expect_err("a folder is no file");
        assert_eq!(offset, 0);
        speak(&mut server, &mut client);
    }
}

#[test]
fn nothing_is_sent_of_a_file_after_a_close() {
    let scratch = Scratch::new();
    let file = file(&scratch, b"too late");
    for offload in [false, true] {
        let (_client, mut server) = encrypted("TLSv1.3");
        if offload {
            offloaded(&mut server);
        }
        server.close();
        let mut offset = 0;
        let error = server.send_file(&file, &mut offset, 8).expect_err("closed");
        assert_eq!(
            (error.kind(), offset),
            (ErrorKind::BrokenPipe, 0),
            "{error}"
        );
    }
}

#[test]
fn a_plain_socket_has_no_keys_to_hand_over() {
    let (mut client, _server) = sockets();
    let outcome = client.offload_to_kernel();
    let not_yet = matches!(
        outcome,
        Err(KernelTlsError::NotNow(UsageError::NotEncrypted))
    );
    assert!(not_yet, "{outcome:?}");
    assert_eq!(client.connection().mode(), SslMode::Unencrypted);
}

/// A client and a server on these streams.
fn begun<S: Read + Write>(one: S, other: S) -> (SslStream<S>, SslStream<S>) {
    let (mut one, mut other) = (SslStream::new(one), SslStream::new(other));
    let serving = ServerStart::With(server().build().expect("server"));
    one.start_client_encryption(&client().build().expect("client"), server_name())
        .expect("start");
    other.start_server_encryption(serving).expect("start");
    (one, other)
}

#[test]
fn what_is_not_tcp_goes_on_in_the_process() {
    let (one, other) = UnixStream::pair().expect("a pair");
    one.set_nonblocking(true).expect("non-blocking");
    other.set_nonblocking(true).expect("non-blocking");
    let (mut one, mut other) = begun(one, other);
    while one.turn() | other.turn() {}
    let outcome = one.offload_to_kernel();
    assert!(
        matches!(outcome, Err(KernelTlsError::Refused(_))),
        "{outcome:?}"
    );
    one.write_all(b"unharmed").expect("write");
    while one.turn() | other.turn() {}
    let mut heard = [0; 8];
    other.read_exact(&mut heard).expect("read");
    assert_eq!(&heard, b"unharmed");
}

#[test]
fn a_stream_says_when_it_can_be_handed_over() {
    let scratch = Scratch::new();
    let bytes = pattern(3_000_000);
    let file = file(&scratch, &bytes);
    let (one, other) = streams();
    one.set_nonblocking(true).expect("non-blocking");
    other.set_nonblocking(true).expect("non-blocking");
    let (mut one, mut other) = begun(one, other);
    while !one.connection().is_encrypted() || !other.connection().is_encrypted() {
        one.turn();
        other.turn();
    }
    while other.write(&bytes).is_ok() {}
    let outcome = other.offload_to_kernel();
    let why = match outcome {
        Err(KernelTlsError::NotNow(UsageError::Offload(why))) => why,
        outcome => panic!("bytes are on their way: {outcome:?}"),
    };
    assert!(
        matches!(why, OffloadError::Unsent { bytes: 1.. }),
        "{why:?}"
    );
    let mut heard = Vec::new();
    let mut piece = vec![0; 50_000];
    while other.wants_write() {
        other.turn();
        while let Ok(n) = one.read(&mut piece) {
            heard.extend_from_slice(&piece[..n]);
        }
    }
    while let Ok(n @ 1..) = one.read(&mut piece) {
        heard.extend_from_slice(&piece[..n]);
    }
    let before = heard.len();
    match other.offload_to_kernel() {
        Ok(()) | Err(KernelTlsError::Refused(_)) => {}
        Err(error) => panic!("{error}"),
    }
    let mut offset = 0;
    while heard.len() < before + bytes.len() {
        let left = bytes.len() as u64 - offset;
        match other.send_file(&file, &mut offset, left) {
            Ok(_) => {}
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}"),
        }
        other.turn();
        while let Ok(n) = one.read(&mut piece) {
            heard.extend_from_slice(&piece[..n]);
        }
    }
    assert!(
        heard[before..] == bytes,
        "the file, behind what was written"
    );
}

#[test]
fn a_record_that_has_no_room_before_something_is_read_is_kept() {
    let said = pattern(500_000);
    for version in VERSIONS {
        let (mut one, mut other) = encrypted(version);
        one.set_timeout(Some(Duration::from_millis(200)));
        let mut sent = 0;
        while let Ok(n @ 1..) = one.write(&said[sent..]) {
            sent += n;
        }
        one.set_timeout(Some(LONG));
        // So that one record more is opened than fits beside the next.
        let mut heard = vec![0; 1];
        other.read_exact(&mut heard).expect("data");
        for _ in 0..3 {
            let outcome = other.offload_to_kernel();
            assert!(
                matches!(
                    outcome,
                    Err(KernelTlsError::Wait(WaitError::ReadFirst { .. }))
                ),
                "{version}: {outcome:?}"
            );
        }
        let ((), ()) = both(
            || {
                one.write_all(&said[sent..]).expect("write");
                one.flush().expect("flush");
            },
            || {
                let mut piece = vec![0; 10_000];
                while heard.len() < said.len() {
                    let n = other.read(&mut piece).expect("nothing is lost");
                    heard.extend_from_slice(&piece[..n]);
                }
            },
        );
        assert!(heard == said, "{version}");
        offloaded(&mut other);
        speak(&mut one, &mut other);
    }
}

#[cfg(feature = "transcripts")]
#[test]
fn what_is_written_down_stays_in_the_process() {
    let (one, other) = streams();
    let (mut one, mut other) = (common::adopt(one), common::adopt(other));
    one.transcribe("mine", |_: &str| ())
        .expect("nothing has happened");
    let serving = ServerStart::With(server().build().expect("server"));
    one.start_client_encryption(&client().build().expect("client"), server_name())
        .expect("start");
    other.start_server_encryption(serving).expect("start");
    let done = both(
        || one.wait_for_encrypted(Some(LONG)),
        || other.wait_for_encrypted(Some(LONG)),
    );
    assert_eq!(done, (Ok(()), Ok(())));
    let outcome = one.offload_to_kernel();
    let unsupported = matches!(&outcome, Err(KernelTlsError::Refused(error)) if error.kind() == ErrorKind::Unsupported);
    assert!(unsupported, "{outcome:?}");
    speak(&mut one, &mut other);
}
