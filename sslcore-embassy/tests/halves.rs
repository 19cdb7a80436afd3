//! One socket, two tasks.

mod common;

use std::cell::Cell;

use common::pipe::{Half, change, duplex};
use common::tasks::{Task, once, rest, run, run_all};
use common::{VERSIONS, encrypted, pattern, plain, started};
use embedded_io_async::{Read, ReadReady, Write, WriteReady};
use sslcore::{
    Event, FailureKind, OnErrors, ReadEnd, ServerStart, Signature, SignatureScheme, Signer, Verdict,
};
use sslcore_embassy::Error;
use sslcore_tests::certs::WORLD;
use sslcore_tests::module::Module;
use sslcore_tests::pair::{self, server_name};

/// Far more than the windows and the buffers on the way hold.
const MUCH: usize = 500_000;

/// Writes all of it, until it has left.
async fn say(writer: &mut impl Write<Error = Error>, data: &[u8]) {
    writer.write_all(data).await.expect("said");
    writer.flush().await.expect("left");
}

/// Both ends write first and read later: both windows are full long before anybody reads as much as
/// the other side writes. The readers empty them, and no reader waits for its own side's writes.
#[test]
fn both_windows_may_be_full_at_once() {
    for version in VERSIONS {
        for window in [1, 700, 20_000] {
            let len = if window == 1 { 5000 } else { MUCH };
            let data = pattern(len);
            let (one, other) = started(version, duplex(window));
            let (mut one, mut other) = (one.into_shared(), other.into_shared());
            let (mut reader, mut writer) = one.split();
            let (mut other_reader, mut other_writer) = other.split();
            let mut heard = (vec![0; len], vec![0; len]);
            run_all(&mut [
                Task::new(async { say(&mut writer, &data).await }),
                Task::new(async { say(&mut other_writer, &data).await }),
                Task::new(async { reader.read_exact(&mut heard.0).await.expect("heard") }),
                Task::new(async { other_reader.read_exact(&mut heard.1).await.expect("heard") }),
            ]);
            assert!(heard == (data.clone(), data), "the bytes differ");
        }
    }
}

/// Nothing leaves on this side, since the peer takes nothing; what the peer says arrives all the same.
#[test]
fn a_reader_does_not_wait_for_a_flush() {
    let (one, mut other) = encrypted("TLSv1.3", duplex(1000));
    let mut one = one.into_shared();
    let (mut reader, mut writer) = one.split();
    let data = pattern(100_000);
    let mut flushing = Task::new(async {
        writer.write_all(&data).await.expect("never");
    });
    assert!(!rest(std::slice::from_mut(&mut flushing)));
    let mut heard = [0; 4];
    let mut tasks = [
        flushing,
        Task::new(async {
            reader.read_exact(&mut heard).await.expect("heard");
        }),
        Task::new(async {
            other.write_all(b"ping").await.expect("room");
        }),
    ];
    assert!(!rest(&mut tasks));
    assert!(!tasks[0].done && tasks[1].done && tasks[2].done);
    drop(tasks);
    assert_eq!(&heard, b"ping");
}

/// The same when the reader came first, and its task is the one that drives the connection.
#[test]
fn a_writer_interrupts_a_reader_who_waits() {
    let (one, mut other) = encrypted("TLSv1.3", duplex(1000));
    let mut one = one.into_shared();
    let (mut reader, mut writer) = one.split();
    let mut heard = [0; 4];
    let mut reading = Task::new(async {
        reader.read_exact(&mut heard).await.expect("heard");
    });
    assert!(!rest(std::slice::from_mut(&mut reading)));
    let writing = Task::new(async {
        writer.write_all(b"ping").await.expect("said");
        writer.flush().await.expect("left");
    });
    let answering = Task::new(async {
        let mut heard = [0; 4];
        other.read_exact(&mut heard).await.expect("heard");
        other.write_all(&heard).await.expect("said");
        other.flush().await.expect("left");
    });
    let mut tasks = [reading, writing, answering];
    run_all(&mut tasks);
    let polls: usize = tasks.iter().map(|task| task.polls).sum();
    assert!(
        polls < 60,
        "{polls} polls: the halves wake each other in vain"
    );
    drop(tasks);
    assert_eq!(&heard, b"ping");
}

#[test]
fn a_reader_answers_a_request_for_new_keys() {
    let (one, mut other) = encrypted("TLSv1.3", duplex(1000));
    let mut one = one.into_shared();
    while once(other.next_event()).is_some() {}
    let (mut reader, _idle) = one.split();
    let mut renewed = 0;
    let mut tasks = [
        Task::new(async {
            assert_eq!(reader.read(&mut [0; 1]).await, Ok(1));
            assert_eq!(reader.read(&mut [0; 1]).await, Ok(0));
        }),
        Task::new(async {
            other.update_keys().expect("TLS 1.3");
            other.write_all(b"!").await.expect("room");
            while renewed < 2 {
                if let Some(Event::KeysUpdated) = other.next_event().await {
                    renewed += 1;
                }
            }
            other.close().await.expect("closed");
        }),
    ];
    run_all(&mut tasks);
    drop(tasks);
    assert_eq!(renewed, 2, "ours, and the answer's");
}

#[test]
fn a_writer_answers_a_request_for_new_keys_where_nobody_reads() {
    let (one, mut other) = encrypted("TLSv1.3", duplex(1000));
    let mut one = one.into_shared();
    while once(other.next_event()).is_some() {}
    let data = pattern(50_000);
    let (_idle, mut writer) = one.split();
    let mut renewed = 0;
    run_all(&mut [
        Task::new(async {
            writer.write_all(&data).await.expect("said");
            writer.close().await.expect("closed");
        }),
        Task::new(async {
            other.update_keys().expect("TLS 1.3");
            other.flush().await.expect("left");
            let mut heard = vec![0; data.len()];
            other.read_exact(&mut heard).await.expect("heard");
            assert!(heard == data);
            while let Some(event) = once(other.next_event()).flatten() {
                renewed += usize::from(event == Event::KeysUpdated);
            }
        }),
    ]);
    assert!(renewed >= 1);
    drop(other);
}

/// A record that cannot be authenticated arrives while one half reads and the other waits for room.
#[test]
fn a_failure_ends_both_halves_and_its_alert_leaves() {
    let ends = duplex(1000);
    let (to_one, from_one) = (ends.1.outgoing.clone(), ends.0.outgoing.clone());
    let (one, other) = encrypted("TLSv1.3", ends);
    let mut one = one.into_shared();
    let (mut reader, mut writer) = one.split();
    let data = pattern(100_000);
    let (mut read, mut wrote) = (None, None);
    {
        let mut tasks = [
            Task::new(async { read = Some(reader.read(&mut [0; 1]).await) }),
            Task::new(async { wrote = Some(writer.write_all(&data).await) }),
        ];
        assert!(!rest(&mut tasks));
        run(async {
            let forged = [23, 3, 3, 0, 20].iter().chain(&[0; 20]);
            let forged: Vec<u8> = forged.copied().collect();
            Half(&to_one).write_all(&forged).await.expect("room");
            while !tasks[0].done || !tasks[1].done {
                rest(&mut tasks);
                // The peer takes what comes.
                let mut taken = [0; 1000];
                let _ = once(Half(&from_one).read(&mut taken));
            }
        });
    }
    let failed = Error::Failed(FailureKind::BadRecordMac);
    assert_eq!(read, Some(Err(failed)));
    assert_eq!(wrote, Some(Err(failed)));
    drop(other);
    assert_eq!(reader.read_ready(), Ok(true));
    let alert = run(reader.with(|connection| connection.failure().and_then(|it| it.alert())));
    assert_eq!(alert, Some(sslcore::Alert::BadRecordMac));
}

#[test]
fn a_reader_reads_on_when_the_writer_has_closed() {
    for version in VERSIONS {
        let (one, mut other) = encrypted(version, duplex(1000));
        let mut one = one.into_shared();
        let (mut reader, mut writer) = one.split();
        run_all(&mut [
            Task::new(async {
                writer.close().await.expect("closed");
                assert!(matches!(writer.write(b"more").await, Err(Error::Usage(_))));
            }),
            Task::new(async { assert_eq!(reader.read(&mut [0; 1]).await, Ok(0)) }),
            Task::new(async {
                assert_eq!(other.read(&mut [0; 1]).await, Ok(0));
                other.close().await.expect("closed");
            }),
        ]);
        let report = one.into_whole().connection().close_report();
        assert!(report.expect("over").clean);
    }
}

/// A writer in plaintext receives nothing; where a reader waits, too, bytes pass both ways.
#[test]
fn in_plaintext_bytes_are_received_while_a_reader_waits() {
    for reader_comes_first in [true, false] {
        let (one, other) = duplex(10);
        let to_one = other.outgoing.clone();
        let mut one = plain(one).into_shared();
        let (mut reader, mut writer) = one.split();
        let data = pattern(100_000);
        let mut heard = [0; 3];
        let writing = Task::new(async { writer.write_all(&data).await.expect("said") });
        let reading = Task::new(async {
            reader.read_exact(&mut heard).await.expect("heard");
        });
        let bytes = || run(Half(&to_one).write_all(&[22, 3, 1])).expect("room");
        let mut tasks = match reader_comes_first {
            // The writer then drives.
            true => {
                let mut tasks = vec![reading];
                assert!(!rest(&mut tasks));
                tasks.push(writing);
                assert!(!rest(&mut tasks));
                bytes();
                tasks
            }
            false => {
                let mut tasks = vec![writing];
                bytes();
                assert!(!rest(&mut tasks));
                assert_eq!(to_one.borrow().len(), 3, "nobody reads");
                tasks.insert(0, reading);
                tasks
            }
        };
        rest(&mut tasks);
        assert!(tasks[0].done, "the writer waits, and the reader does not");
        drop(tasks);
        assert_eq!(heard, [22, 3, 1]);
    }
}

/// The reader comes second, and drives; what leaves is news for the writer.
#[test]
fn a_writer_hears_of_room_and_of_its_flush_while_a_reader_drives() {
    for flushes in [true, false] {
        let ends = duplex(1000);
        let from_one = ends.0.outgoing.clone();
        let (one, _other) = encrypted("TLSv1.3", ends);
        // Room alone is news, too.
        change(&from_one, |pipe| pipe.flushes_never = !flushes);
        let mut one = one.into_shared();
        let (mut reader, mut writer) = one.split();
        let data = pattern(16_000);
        run(async {
            writer.write_all(&data).await.expect("room");
            if !flushes {
                writer.write_all(&data).await.expect("room");
            }
        });
        let writing = Task::new(async {
            match flushes {
                true => writer.flush().await.expect("left"),
                false => writer.write_all(&data).await.expect("room"),
            }
        });
        let mut tasks = vec![writing];
        assert!(!rest(&mut tasks));
        tasks.push(Task::new(async {
            reader.read(&mut [0; 1]).await.expect("never");
        }));
        assert!(!rest(&mut tasks));
        let mut taken = [0; 1000];
        for _ in 0..40 {
            if run(async { common::tasks::once(Half(&from_one).read(&mut taken)) }).is_some() {
                rest(&mut tasks);
            }
        }
        assert!(tasks[0].done, "nobody told the writer");
        assert!(!tasks[1].done);
    }
}

#[test]
fn halves_handshake_by_themselves_when_tls_was_started() {
    let (one, other) = duplex(1000);
    let mut one = plain(one);
    let client = common::client("TLSv1.3");
    one.start_client_encryption(&client, server_name())
        .expect("started");
    let mut other = plain(other);
    let start = ServerStart::With(common::server("TLSv1.3"));
    other.start_server_encryption(start).expect("started");
    let mut one = one.into_shared();
    let (mut reader, mut writer) = one.split();
    let mut heard = [0; 5];
    run_all(&mut [
        Task::new(async { reader.read_exact(&mut heard).await.expect("heard") }),
        Task::new(async {
            writer.write_all(b"hello").await.expect("queued");
            writer.flush().await.expect("left");
        }),
        Task::new(async {
            let mut data = [0; 5];
            other.read_exact(&mut data).await.expect("heard");
            other.write_all(&data).await.expect("said");
            other.flush().await.expect("left");
        }),
    ]);
    assert_eq!(&heard, b"hello");
}

/// Whichever half drives, both hear what is asked, and either can answer.
#[test]
fn both_halves_hear_of_a_signature_that_is_asked_for_and_go_on_when_one_has_signed() {
    const P256: &[SignatureScheme] = &[SignatureScheme::EcdsaP256Sha256];
    let (one, other) = duplex(1000);
    let config = pair::server(common::backend())
        .ask_for_signatures(WORLD.server.chain.clone(), P256.iter().copied());
    let mut one = common::server_over(one, config.build().expect("server")).into_shared();
    let mut other = common::client_over(other, &common::client("TLSv1.3"));
    let (mut reader, mut writer) = one.split();
    let is_signed = Cell::new(false);
    let mut heard = [0; 5];
    run_all(&mut [
        Task::new(async {
            let asked = reader.read(&mut [0; 1]).await;
            let Err(Error::SignatureNeeded(id)) = asked else {
                panic!("{asked:?}");
            };
            common::tasks::others().await;
            let given = reader.with(|connection| {
                let message = connection.signature_request().expect("open").message;
                let module = Module::with(&pair::backend(), &WORLD.server, P256);
                let signature = module.sign(P256[0], message).expect("a signature");
                connection.provide_signature(id, Signature::Der(&signature))
            });
            assert_eq!(given.await, Ok(()));
            is_signed.set(true);
            reader.read_exact(&mut heard).await.expect("heard");
        }),
        Task::new(async {
            writer.write_all(b"hello").await.expect("queued");
            let asked = writer.flush().await;
            assert!(matches!(asked, Err(Error::SignatureNeeded(_))), "{asked:?}");
            while !is_signed.get() {
                common::tasks::others().await;
            }
            writer.flush().await.expect("left");
        }),
        Task::new(async {
            let mut data = [0; 5];
            other.read_exact(&mut data).await.expect("heard");
            other.write_all(&data).await.expect("said");
            other.flush().await.expect("left");
        }),
    ]);
    assert_eq!(&heard, b"hello");
}

/// A close waits while a question is open, and is the half that drives: the reader hears of it.
#[test]
fn a_reader_hears_what_is_asked_while_the_writer_closes() {
    let hold = pair::client(common::backend()).on_errors(OnErrors::Hold);
    let doubtful = pair::server(common::backend())
        .identity(WORLD.self_signed.chain.clone(), WORLD.self_signed.key());
    let (one, other) = duplex(1000);
    let one = common::client_over(one, &hold.build().expect("client"));
    let mut one = one.into_shared();
    let mut other = common::server_over(other, doubtful.build().expect("server"));
    let (mut reader, mut writer) = one.split();
    let mut heard = [0; 5];
    run_all(&mut [
        Task::new(async {
            let asked = reader.read(&mut [0; 1]).await;
            let Err(Error::VerdictNeeded(id)) = asked else {
                panic!("{asked:?}");
            };
            let answered = reader.with(|connection| connection.answer(id, Verdict::Accept));
            assert_eq!(answered.await, Ok(()));
            assert_eq!(reader.read(&mut [0; 1]).await, Ok(0));
        }),
        Task::new(async {
            writer.write_all(b"hello").await.expect("queued");
            writer.close().await.expect("closed");
        }),
        Task::new(async {
            other.read_exact(&mut heard).await.expect("heard");
            other.close().await.expect("closed");
        }),
    ]);
    assert_eq!(&heard, b"hello");
}

/// The half that drove the connection goes away: the other carries on.
#[test]
fn a_half_whose_future_is_dropped_leaves_the_other_awake() {
    let (one, mut other) = encrypted("TLSv1.3", duplex(1000));
    let mut one = one.into_shared();
    let (mut reader, mut writer) = one.split();
    let data = pattern(100_000);
    // The writer comes second, and drives.
    let mut heard = [0; 4];
    let mut reading = Task::new(async { reader.read_exact(&mut heard).await.expect("heard") });
    rest(std::slice::from_mut(&mut reading));
    let mut writing = Task::new(async { writer.write_all(&data).await.expect("never") });
    let mut tasks = [&mut reading, &mut writing];
    for _ in 0..50 {
        for task in &mut tasks {
            task.poll();
        }
    }
    assert!(!writing.done);
    drop(writing);
    run_all(&mut [
        reading,
        Task::new(async { other.write_all(b"ping").await.expect("room") }),
    ]);
    assert_eq!(&heard, b"ping");
}

#[test]
fn the_end_of_the_stream_wakes_both_halves() {
    let ends = duplex(1000);
    let to_one = ends.1.outgoing.clone();
    let (one, _other) = encrypted("TLSv1.3", ends);
    let mut one = one.into_shared();
    let (mut reader, mut writer) = one.split();
    let data = pattern(100_000);
    let mut outcomes = (None, None);
    let mut tasks = [
        Task::new(async { outcomes.0 = Some(reader.read(&mut [0; 1]).await) }),
        Task::new(async { outcomes.1 = Some(writer.write_all(&data).await) }),
    ];
    assert!(!rest(&mut tasks));
    change(&to_one, |pipe| {
        pipe.broken = Some(embedded_io_async::ErrorKind::ConnectionReset);
    });
    run_all(&mut tasks);
    drop(tasks);
    let failed = Error::Failed(FailureKind::Reset);
    assert_eq!(outcomes, (Some(Err(failed)), Some(Err(failed))));
    assert_eq!(
        run(reader.with(|connection| connection.read_end())),
        Some(ReadEnd::Reset)
    );
}

#[test]
fn halves_say_when_they_are_ready_although_the_other_waits() {
    let (one, mut other) = encrypted("TLSv1.3", duplex(50_000));
    let mut one = one.into_shared();
    let (mut reader, mut writer) = one.split();
    assert_eq!(writer.write_ready(), Ok(true));
    assert_eq!(reader.read_ready(), Ok(false));
    run(async { other.write_all(b"ping").await }).expect("room");
    {
        let mut reading = Task::new(async { assert_eq!(reader.read(&mut [0; 1]).await, Ok(1)) });
        rest(std::slice::from_mut(&mut reading));
        assert!(reading.done);
    }
    assert_eq!(reader.read_ready(), Ok(true), "three bytes are left");
    run(async { reader.read_exact(&mut [0; 3]).await }).expect("there");
    let mut reading = Task::new(async { assert_eq!(reader.read(&mut [0; 1]).await, Ok(0)) });
    rest(std::slice::from_mut(&mut reading));
    assert_eq!(writer.write_ready(), Ok(true));
}

/// The first of two records is open, and the second is the next step, when the future is dropped.
#[test]
fn a_reader_is_ready_although_the_future_that_received_was_dropped() {
    let (one, mut other) = encrypted("TLSv1.3", duplex(50_000));
    let mut one = one.into_shared();
    let (mut reader, _idle) = one.split();
    for record in [b"ping", b"pong"] {
        run(async { other.write_all(record).await }).expect("room");
    }
    assert!(once(reader.read(&mut [0; 1])).is_none());
    assert_eq!(reader.read_ready(), Ok(true));
}
