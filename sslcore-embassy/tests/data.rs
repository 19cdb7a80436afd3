//! Sockets over pipes in memory: data, STARTTLS, questions.

mod common;

use common::pipe::{Half, duplex};
use common::tasks::{both, once, run};
use common::{VERSIONS, client, client_over, encrypted, pattern, plain, server, started};
use embedded_io_async::{BufRead, Read, ReadReady, Write, WriteReady};
use sslcore::{
    Alert, ClientConfig, Event, FailureKind, OnErrors, PreSharedKey, ServerConfig, ServerStart,
    SignError, Signature, SignatureScheme, Signer, UsageError, Verdict, VerifyMode,
};
use sslcore_embassy::{Error, Halves, SslSocket, Transport};
use sslcore_tests::certs::{Identity, WORLD};
use sslcore_tests::module::Module;
use sslcore_tests::pair::{self, server_name};

/// Far more than anything here holds.
const MUCH: usize = 1 << 20;

/// Reads up to a line's end, and takes no byte behind it.
async fn read_line<T: Transport>(socket: &mut SslSocket<T>) -> Result<Vec<u8>, Error> {
    let mut line = Vec::new();
    while !line.ends_with(b"\n") {
        let bytes = socket.fill_buf().await?;
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let len = end.map_or(bytes.len(), |end| end + 1);
        line.extend_from_slice(&bytes[..len]);
        socket.consume(len);
    }
    Ok(line)
}

/// Says all of it and hears so much, as often as a peer that does the same allows.
async fn converse<T: Transport>(
    socket: &mut SslSocket<T>,
    says: &[u8],
    hears: usize,
    speaks_first: bool,
) -> Vec<u8> {
    let mut heard = vec![0; hears];
    if speaks_first {
        socket.write_all(says).await.expect("said");
        socket.flush().await.expect("flushed");
    }
    socket.read_exact(&mut heard).await.expect("heard");
    if !speaks_first {
        socket.write_all(says).await.expect("said");
    }
    socket.close().await.expect("closed");
    assert_eq!(socket.read(&mut [0]).await, Ok(0));
    let report = socket.connection().close_report().expect("it is over");
    assert!(report.clean && report.close_notify_sent, "{report:?}");
    heard
}

fn converse_both<T: Transport>(len: usize, ends: (SslSocket<T>, SslSocket<T>)) {
    let (long, short) = (pattern(len), pattern(len / 7));
    let (mut one, mut other) = ends;
    let heard = run(both(
        converse(&mut one, &long, short.len(), true),
        converse(&mut other, &short, long.len(), false),
    ));
    assert!(heard == (short, long), "the bytes differ");
}

#[test]
fn all_bytes_pass_both_ways_to_a_clean_end_through_pipes_of_any_size() {
    for version in VERSIONS {
        for (window, len) in [(1, 1000), (7, 5000), (5000, 200_000), (MUCH, 200_000)] {
            converse_both(len, started(version, duplex(window)));
        }
    }
}

#[test]
fn all_bytes_pass_through_pipes_that_hold_them_back_until_they_are_flushed() {
    for version in VERSIONS {
        let ends = duplex(5000);
        for end in [&ends.0, &ends.1] {
            end.outgoing.borrow_mut().holds_back = true;
        }
        converse_both(50_000, started(version, ends));
    }
}

#[test]
fn two_halves_that_know_nothing_of_each_other_carry_a_socket() {
    let (one, other) = duplex(5000);
    let halves = |end: &'static common::pipe::End| Halves {
        reader: Half(&end.incoming),
        writer: Half(&end.outgoing),
    };
    // A pipe of two halves has no end of its own: close_notify is all there is.
    let (one, other) = (Box::leak(Box::new(one)), Box::leak(Box::new(other)));
    converse_both(50_000, started("TLSv1.3", (halves(one), halves(other))));
}

#[test]
fn tls_runs_within_tls() {
    let (one, other) = encrypted("TLSv1.3", duplex(5000));
    let (mut one, mut other) = (one.into_shared(), other.into_shared());
    let ((reader, writer), (other_reader, other_writer)) = (one.split(), other.split());
    let ends = (
        Halves { reader, writer },
        Halves {
            reader: other_reader,
            writer: other_writer,
        },
    );
    converse_both(50_000, started("TLSv1.2", ends));
}

#[test]
fn what_follows_a_go_ahead_is_not_received_as_plaintext() {
    let (peer, end) = duplex(1000);
    let mut end = plain(end);
    let mut peer = Half(&peer.outgoing);
    run(async {
        peer.write_all(b"STARTTLS\r\n").await.expect("room");
        assert_eq!(read_line(&mut end).await.expect("a line"), b"STARTTLS\r\n");
        peer.write_all(&[22, 3, 1]).await.expect("room");
        end.write_all(b"220 go ahead\r\n").await.expect("room");
        end.flush().await.expect("room");
    });
    let start = ServerStart::With(server("TLSv1.3"));
    end.start_server_encryption(start)
        .expect("nothing came before");
}

#[test]
fn bytes_injected_behind_the_go_ahead_are_refused() {
    let (peer, end) = duplex(1000);
    let mut end = plain(end);
    run(async {
        let injected = b"220 go ahead\r\ninjected";
        Half(&peer.outgoing)
            .write_all(injected)
            .await
            .expect("room");
        read_line(&mut end).await.expect("a line");
    });
    let refused = end.start_client_encryption(&client("TLSv1.3"), server_name());
    assert_eq!(refused, Err(UsageError::UnreadPlaintext { bytes: 8 }));
}

#[test]
fn a_question_can_be_answered_any_time_later() {
    let hold = pair::client(common::backend()).on_errors(OnErrors::Hold);
    let hold = hold.build().expect("client");
    for accepts in [true, false] {
        let doubtful = pair::server(common::backend())
            .identity(WORLD.self_signed.chain.clone(), WORLD.self_signed.key());
        let (one, other) = duplex(1000);
        let mut one = client_over(one, &hold);
        let mut other = common::server_over(other, doubtful.build().expect("server"));
        let asking = async {
            let Err(Error::VerdictNeeded(id)) = one.wait_for_encrypted().await else {
                panic!("{one:?}");
            };
            assert!(!one.connection().ssl_errors().is_empty());
            let asked = Error::VerdictNeeded(id);
            assert_eq!(one.read(&mut [0; 1]).await, Err(asked));
            assert_eq!(one.write_all(&pattern(100_000)).await, Err(asked));
            common::tasks::others().await;
            let verdict = match accepts {
                true => Verdict::Accept,
                false => Verdict::Reject,
            };
            one.answer(id, verdict).expect("open");
            one.wait_for_encrypted().await
        };
        let (asked, served) = run(both(asking, other.wait_for_encrypted()));
        assert_eq!(asked.is_ok(), accepts, "{asked:?}");
        // In TLS 1.3 the server hears of a rejection instead of Finished.
        assert_eq!(served.is_ok(), accepts, "{served:?}");
    }
}

#[test]
fn events_are_told_while_a_question_is_open() {
    let hold = pair::client(common::backend()).on_errors(OnErrors::Hold);
    let (one, other) = duplex(1000);
    let (to_client, to_server) = (other.outgoing.clone(), one.outgoing.clone());
    let mut one = client_over(one, &hold.build().expect("client"));
    let doubtful = pair::server(common::backend())
        .identity(WORLD.self_signed.chain.clone(), WORLD.self_signed.key());
    let mut other = common::server_over(other, doubtful.build().expect("server"));
    let mut events = Vec::new();
    let watching = async {
        while let Some(event) = one.next_event().await {
            events.push(event);
            if let Event::SslErrors(_) = event {
                // The peer hangs up while somebody thinks.
                common::pipe::change(&to_client, |pipe| pipe.ended = true);
                common::pipe::change(&to_server, |pipe| pipe.ended = true);
            }
        }
    };
    let (_, served) = run(both(watching, other.wait_for_encrypted()));
    assert!(served.is_err());
    assert!(one.review().is_none() && one.connection().is_over());
    let closed = |event: &Event| matches!(event, Event::Closed(_));
    assert!(closed(events.last().expect("events")), "{events:?}");
}

#[test]
fn a_server_can_choose_its_configuration_when_it_has_seen_the_hello() {
    let (one, other) = duplex(1000);
    let mut one = client_over(one, &client("TLSv1.3"));
    let mut other = plain(other);
    let fallback = server("TLSv1.3");
    other
        .start_server_encryption(ServerStart::Ask { fallback })
        .expect("started");
    let choosing = async {
        let Err(Error::ConfigNeeded(id)) = other.wait_for_encrypted().await else {
            panic!("{other:?}");
        };
        let name = other.config_request().expect("open").hello.server_name();
        assert_eq!(name, Some("server.test"));
        other.provide_config(id, &server("TLSv1.3")).expect("open");
        other.wait_for_encrypted().await
    };
    let done = run(both(one.wait_for_encrypted(), choosing));
    assert_eq!(done, (Ok(()), Ok(())));
}

#[test]
fn both_sides_can_be_asked_for_pre_shared_keys() {
    let key = PreSharedKey::new("device", [7; 32]).expect("a key");
    for known in [true, false] {
        let (one, other) = duplex(1000);
        let config = ClientConfig::builder(common::backend()).ask_for_pre_shared_keys();
        let mut one = client_over(one, &config.build().expect("client"));
        let config = ServerConfig::builder(common::backend()).ask_for_pre_shared_keys();
        let mut other = common::server_over(other, config.build().expect("server"));
        let asking = async {
            let Err(Error::PreSharedKeyNeeded(id)) = one.wait_for_encrypted().await else {
                panic!("{one:?}");
            };
            let asked = Error::PreSharedKeyNeeded(id);
            assert_eq!(one.read(&mut [0; 1]).await, Err(asked));
            common::tasks::others().await;
            one.provide_psk(id, std::slice::from_ref(&key))
                .expect("open");
            one.wait_for_encrypted().await
        };
        let looking_up = async {
            let Err(Error::PreSharedKeyNeeded(id)) = other.wait_for_encrypted().await else {
                panic!("{other:?}");
            };
            let named = other.psk_request().expect("open").identities;
            let named: Vec<&[u8]> = named.map(|it| it.name()).collect();
            assert_eq!(named, [b"device"]);
            match known {
                true => other.provide_psk(id, std::slice::from_ref(&key)),
                false => other.refuse_psk(id),
            }
            .expect("open");
            other.wait_for_encrypted().await
        };
        let done = run(both(asking, looking_up));
        let failed = |kind| Err(Error::Failed(kind));
        match known {
            true => assert_eq!(done, (Ok(()), Ok(()))),
            false => assert_eq!(
                done,
                (
                    failed(FailureKind::AlertReceived(Alert::DecryptError)),
                    failed(FailureKind::BadPreSharedKey)
                )
            ),
        }
        let identity = one.connection().psk_identity();
        assert_eq!(identity, known.then_some(&b"device"[..]));
    }
}

#[test]
fn there_is_no_handshake_to_wait_for_before_one_is_started() {
    let mut end = plain(duplex(10).0);
    assert_eq!(run(end.wait_for_encrypted()), Err(Error::NotStarted));
}

/// Whoever waits for the handshake may do nothing more for a long time.
#[test]
fn a_handshake_is_complete_when_our_part_of_it_has_left() {
    for version in VERSIONS {
        for holds_back in [false, true] {
            let ends = duplex(if holds_back { 5000 } else { 1 });
            for end in [&ends.0, &ends.1] {
                end.outgoing.borrow_mut().holds_back = holds_back;
            }
            let (mut one, mut other) = started(version, ends);
            let done = run(both(one.wait_for_encrypted(), other.wait_for_encrypted()));
            assert_eq!(done, (Ok(()), Ok(())));
        }
    }
}

#[test]
fn one_write_encrypts_one_record() {
    let (mut one, _other) = encrypted("TLSv1.3", duplex(100_000));
    let long = pattern(40_000);
    assert_eq!(once(one.write(&long)), Some(Ok(16_384)));
}

#[test]
fn writing_waits_when_the_transport_takes_nothing() {
    let (mut one, _other) = encrypted("TLSv1.3", duplex(1000));
    let piece = pattern(5000);
    let mut accepted = 0;
    while let Some(n) = once(one.write(&piece)) {
        accepted += n.expect("open");
        assert!(accepted < 60_000, "it grows without bound");
    }
    assert!(accepted > 10_000);
    assert_eq!(one.write_ready(), Ok(false));
}

#[test]
fn a_socket_says_when_it_is_ready() {
    let (mut one, mut other) = encrypted("TLSv1.3", duplex(50_000));
    assert_eq!((one.read_ready(), one.write_ready()), (Ok(false), Ok(true)));
    let long = pattern(16_384);
    assert_eq!(once(other.write(&long)), Some(Ok(16_384)));
    run(async {
        assert!(!one.fill_buf().await.expect("data").is_empty());
        assert_eq!(one.read_ready(), Ok(true));
        one.read_exact(&mut vec![0; 16_384]).await.expect("data");
        assert_eq!(one.read_ready(), Ok(false));
    });
    assert_eq!(run(other.close()), Ok(()));
    run(async { one.fill_buf().await.map(|_| ()) }).expect("an end");
    assert_eq!(one.read_ready(), Ok(true), "the end is there");
}

#[test]
fn new_keys_are_asked_for_and_answered() {
    let (mut one, mut other) = encrypted("TLSv1.3", duplex(1000));
    while once(one.next_event()).is_some() {}
    one.update_keys().expect("TLS 1.3");
    run(async {
        one.write_all(b"ping").await.expect("room");
        one.flush().await.expect("left");
        other.read_exact(&mut [0; 4]).await.expect("there");
        other.write_all(b"pong").await.expect("room");
        one.read_exact(&mut [0; 4]).await.expect("there");
    });
    let mut events = std::iter::from_fn(|| once(one.next_event()).flatten());
    assert!(events.any(|event| event == Event::KeysUpdated));
}

/// All records have arrived, and wait for the reader.
#[test]
fn what_waits_for_the_reader_comes_in_when_there_is_room() {
    let (mut one, mut other) = encrypted("TLSv1.3", duplex(100_000));
    one.set_read_buffer_size(1);
    run(async {
        for _ in 0..10 {
            other.write_all(b"ab").await.expect("room");
        }
        for _ in 0..10 {
            assert_eq!(one.fill_buf().await.expect("data"), b"ab");
            // The connection comes to rest, with the others unopened.
            for _ in 0..5 {
                once(one.next_event());
            }
            one.consume(2);
        }
    });
}

#[test]
fn consuming_more_than_there_is_consumes_what_there_is() {
    let (mut one, mut other) = encrypted("TLSv1.3", duplex(1000));
    run(async {
        other.write_all(b"ab").await.expect("room");
        assert_eq!(one.fill_buf().await.expect("data"), b"ab");
        one.consume(3);
        other.write_all(b"cd").await.expect("room");
        assert_eq!(one.fill_buf().await.expect("data"), b"cd");
    });
}

#[test]
fn both_sides_can_be_asked_for_signatures() {
    const P256: &[SignatureScheme] = &[SignatureScheme::EcdsaP256Sha256];
    /// Waits for the question, lets others run, as an element that takes its time does, and signs.
    async fn sign<T: Transport>(socket: &mut SslSocket<T>, own: &Identity) -> Result<(), Error> {
        let Err(Error::SignatureNeeded(id)) = socket.wait_for_encrypted().await else {
            panic!("{socket:?}");
        };
        let asked = Error::SignatureNeeded(id);
        assert_eq!(socket.read(&mut [0; 1]).await, Err(asked));
        common::tasks::others().await;
        let request = socket.signature_request().expect("open");
        let module = Module::with(&pair::backend(), own, P256);
        let signature = module.sign(request.scheme, request.message);
        let signature = signature.expect("a signature");
        let short = socket.provide_signature(id, Signature::Concatenated(&signature));
        assert!(matches!(short, Err(UsageError::Signature(_))), "{short:?}");
        socket
            .provide_signature(id, Signature::Der(&signature))
            .expect("open");
        socket.wait_for_encrypted().await
    }
    for refuses in [false, true] {
        let (one, other) = duplex(1000);
        let config = pair::client(common::backend())
            .ask_for_signatures(WORLD.client.chain.clone(), P256.iter().copied());
        let mut one = client_over(one, &config.build().expect("client"));
        let config = pair::server(common::backend())
            .ask_for_signatures(WORLD.server.chain.clone(), P256.iter().copied())
            .verify_mode(VerifyMode::Verify);
        let mut other = common::server_over(other, config.build().expect("server"));
        if refuses {
            let refusing = async {
                let Err(Error::SignatureNeeded(id)) = other.wait_for_encrypted().await else {
                    panic!("{other:?}");
                };
                other
                    .refuse_signature(id, SignError::new("it does not answer"))
                    .expect("open");
                other.wait_for_encrypted().await
            };
            let done = run(both(one.wait_for_encrypted(), refusing));
            let failed = |kind| Err(Error::Failed(kind));
            let told = FailureKind::AlertReceived(Alert::InternalError);
            assert_eq!(done, (failed(told), failed(FailureKind::SigningFailed)));
            continue;
        }
        let signing = both(
            sign(&mut one, &WORLD.client),
            sign(&mut other, &WORLD.server),
        );
        assert_eq!(run(signing), (Ok(()), Ok(())));
        assert!(one.connection().is_local_certificate_sent());
    }
}
