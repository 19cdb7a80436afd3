//! Connections whose records are protected by somebody else: by a kernel, of which a test plays the part.

mod doors;
mod endings;
mod renewal;
mod stage;

use std::collections::HashSet;

use sslcore::offload::{Direction, OffloadError};
use sslcore::{Buffers, Event, UsageError};
use sslcore_tests::kernel::{KernelEnd, run};
use sslcore_tests::sealing;

use self::stage::{Case, Offloads, cases, encrypted};

fn assert_passes(client: &mut KernelEnd, server: &mut KernelEnd, what: &str) {
    let bytes: Vec<u8> = (0..100_000_u32).map(|i| (i / 7) as u8).collect();
    let (mut up, mut down) = (&bytes[..], &bytes[..]);
    let (mut by_client, mut by_server) = (Vec::new(), Vec::new());
    while by_client.len() < bytes.len() || by_server.len() < bytes.len() {
        up = &up[client.end.conn.write(up).expect("write")..];
        down = &down[server.end.conn.write(down).expect("write")..];
        let (to_client, to_server) = run(client, server);
        assert!(
            !to_client.is_empty() || !to_server.is_empty(),
            "{what}: {:?}",
            client.end.conn
        );
        by_client.extend(to_client);
        by_server.extend(to_server);
    }
    assert!(by_client == bytes && by_server == bytes, "{what}");
}

#[test]
fn data_passes_both_ways_whoever_has_which_keys() {
    for case in cases() {
        for offloads in Offloads::ALL {
            let (mut client, mut server) = encrypted(&case);
            offloads.hand_over(&mut client, &mut server);
            assert_passes(&mut client, &mut server, &format!("{case:?} {offloads:?}"));
            assert_eq!(
                client.end.conn.failure().map(|f| f.kind()),
                None,
                "{case:?}"
            );
        }
    }
}

#[test]
fn no_nonce_of_tls12_is_used_twice_when_the_keys_change_hands() {
    let carries = |case: &Case| case.version == "TLSv1.2" && !case.suite.contains("CHACHA20");
    let mut seen = 0;
    for case in cases().into_iter().filter(carries) {
        // How many records were sealed before decides which nonces are left.
        for before in 0..20 {
            let (mut client, mut server) = encrypted(&case);
            for _ in 0..before {
                client.end.write(b"x");
                server.end.write(b"x");
                run(&mut client, &mut server);
            }
            Offloads::Both.hand_over(&mut client, &mut server);
            for _ in 0..40 {
                client.end.write(b"x");
                server.end.write(b"x");
                run(&mut client, &mut server);
            }
            for end in [&client, &server] {
                let all = [&end.end.sent[..], &end.sent].concat();
                let mut records = sealing::records(&all).into_iter();
                let changed = records
                    .by_ref()
                    .find(|record| record[0] == sealing::CHANGE_CIPHER_SPEC);
                assert!(changed.is_some(), "{case:?}");
                let nonces: Vec<_> = records.map(|record| record[5..13].to_vec()).collect();
                assert_eq!(nonces.len(), 1 + before + 40, "{case:?}");
                let different: HashSet<_> = nonces.iter().collect();
                assert_eq!(different.len(), nonces.len(), "{case:?} {before}");
                seen += 1;
            }
        }
    }
    assert!(seen > 0, "there are such suites");
}

#[test]
fn tickets_that_come_later_are_kept_and_resume() {
    for case in cases().into_iter().filter(|case| case.keeps_tickets()) {
        let (client_config, server_config) = case.with_tickets();
        let (mut client, mut server) = case.ends(&client_config, &server_config);
        // The client's end of the handshake: tickets are on their way, and the kernel gets them.
        let hello = client.take();
        server.give(&hello);
        let flight = server.take();
        client.give(&flight);
        let finished = client.take();
        client.offload();
        server.give(&finished);
        server.end.settle();
        run(&mut client, &mut server);
        assert!(client.end.saw(Event::SessionTicketReceived), "{case:?}");
        assert!(client.end.conn.session_tickets_received() > 0, "{case:?}");

        let (mut client, mut server) = case.ends(&client_config, &server_config);
        run(&mut client, &mut server);
        assert!(client.end.conn.is_resumed(), "{case:?}");
    }
}

#[test]
fn a_record_in_pieces_arrives_whole() {
    for case in cases() {
        let (mut client, mut server) = encrypted(&case);
        Offloads::Both.hand_over(&mut client, &mut server);
        for piece in [2, 3, 100, 16_384] {
            client.piece = piece;
            server.piece = piece;
            client.end.write(&[piece as u8; 3000]);
            server.end.write(&[piece as u8; 3000]);
            let (down, up) = run(&mut client, &mut server);
            assert_eq!((down.len(), up.len()), (3000, 3000), "{case:?} {piece}");
        }
        client.end.conn.close();
        run(&mut client, &mut server);
        assert!(server.end.saw(Event::PeerClosed), "{case:?}");
    }
}

#[test]
fn a_small_buffer_takes_what_a_large_record_has() {
    for case in cases() {
        let (mut client, mut server) = case.on_lent_memory();
        Offloads::Both.hand_over(&mut client, &mut server);
        assert_passes(&mut client, &mut server, &format!("{case:?}"));
    }
}

#[test]
fn lent_memory_is_given_back_without_what_others_were_to_seal() {
    for case in cases() {
        let (mut client, _server) = case.on_lent_memory();
        client
            .hand_over(Direction::Sent)
            .expect("nothing is in the way");
        client.end.write(b"a secret");
        let Buffers::Lent { transmit, .. } = client.end.conn.into_buffers() else {
            panic!("they were lent");
        };
        let left = transmit.windows(8).any(|bytes| bytes == b"a secret");
        assert!(!left, "{case:?}");
    }
}

#[test]
fn what_is_sealed_around_the_connection_is_in_order_with_its_own() {
    for case in cases() {
        let (mut client, mut server) = encrypted(&case);
        server.offload();
        server.end.write(b"a head, ");
        let waits = server.end.conn.record_limit();
        assert!(
            matches!(waits, Err(UsageError::Offload(OffloadError::Unsent { bytes })) if bytes > 0),
            "{waits:?}"
        );
        let head = server.take();
        assert_eq!(server.end.conn.record_limit(), Ok(16_384), "{case:?}");
        let file = server.send_around(b"a file, ");
        server
            .end
            .conn
            .records_sealed(1)
            .expect("its kernel has sealed");
        server.end.write(b"and a tail");
        let tail = server.take();
        client.give(&[head, file, tail].concat());
        assert_eq!(client.read_all(), b"a head, a file, and a tail", "{case:?}");
    }
}

#[test]
fn keys_that_nobody_takes_stay_where_they_are() {
    for case in cases() {
        let (mut client, mut server) = encrypted(&case);
        for direction in [Direction::Sent, Direction::Received] {
            for end in [&mut client, &mut server] {
                drop(end.end.conn.offload(direction).expect("an offer"));
                assert!(!end.end.conn.is_offloaded(direction));
            }
        }
        assert_passes(&mut client, &mut server, &format!("{case:?}"));
    }
}
