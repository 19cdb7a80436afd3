//! Clients that are many, slow, or stubborn.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use sslcore_std::HandshakeError;

use crate::by_hand::ByHand;
use crate::common::{self, LONG, VERSIONS, server};
use crate::spy::{Spy, good_client, stream};

/// The bytes with which a client begins.
fn hello() -> Vec<u8> {
    ByHand::new(&common::client().build().expect("client")).take(usize::MAX)
}

/// A stream on which these bytes have been sent.
pub(crate) fn stream_with(address: SocketAddr, bytes: &[u8]) -> TcpStream {
    let mut stream = stream(address);
    stream.write_all(bytes).expect("write");
    stream
}

/// A crowd of those, good clients behind it, and newcomers behind each of those, but not so many
/// that they fill all places before it can say hello. No timeout ever ends, and no place becomes
/// free by itself.
fn good_ones_get_through_a_crowd_of(greeting: &[u8]) {
    let mut spy = Spy::new(server());
    spy.server.set_handshake_timeout(Duration::MAX);
    spy.server.set_max_pending(4);
    let address = spy.address();
    let mut crowd: Vec<_> = (0..40).map(|_| stream_with(address, greeting)).collect();
    for count in 1..=3 {
        let good = good_client(address);
        crowd.extend((0..3).map(|_| stream_with(address, greeting)));
        spy.until("connected", |spy| {
            assert!(spy.server.pending() <= 4);
            spy.sockets.len() == count
        });
        good.join().expect("its thread").1.expect("encrypted");
    }
    let crowded = |error: &HandshakeError| *error == HandshakeError::Crowded;
    assert!(spy.errors().iter().all(crowded), "{:?}", spy.errors());
}

#[test]
fn a_flood_of_quiet_clients_keeps_nobody_out() {
    good_ones_get_through_a_crowd_of(b"");
}

#[test]
fn a_flood_of_unfinished_hellos_keeps_nobody_out() {
    good_ones_get_through_a_crowd_of(&[0x16]);
    let hello = hello();
    good_ones_get_through_a_crowd_of(&hello[..hello.len() - 1]);
}

#[test]
fn a_first_byte_does_not_buy_the_place_of_a_newcomer() {
    let mut spy = Spy::new(server());
    spy.server.set_handshake_timeout(Duration::MAX);
    spy.server.set_max_pending(2);
    let address = spy.address();
    let old = stream_with(address, &[0x16]);
    spy.until("it has begun", |spy| spy.started.len() == 1);
    let newer = stream(address);
    spy.rounds_until("accepted", |spy| spy.server.pending() == 2);
    let newest = stream(address);
    spy.until("crowded", |spy| !spy.failed.is_empty());
    let peer = old.local_addr().expect("address");
    assert_eq!(spy.failed, [(peer, HandshakeError::Crowded)]);
    assert_eq!(spy.server.pending(), 2);
    drop((newer, newest));
}

#[test]
fn who_has_said_hello_keeps_the_place_and_newcomers_wait_in_the_backlog() {
    let mut spy = Spy::new(server());
    spy.server.set_handshake_timeout(Duration::MAX);
    spy.server.set_max_pending(2);
    let address = spy.address();
    let mut stalled: Vec<_> = (0..2).map(|_| stream_with(address, &hello())).collect();
    // The server's answer shows that it has read the hello.
    spy.until("both have begun", |spy| spy.started.len() == 2);
    for stalled in &mut stalled {
        stalled.read_exact(&mut [0; 5]).expect("the server's hello");
    }
    let good = good_client(address);
    spy.round();
    spy.round();
    assert_eq!((spy.server.pending(), spy.started.len()), (2, 2));
    assert!(!good.is_finished());

    let peer = stalled[0].local_addr().expect("address");
    drop(stalled.remove(0));
    spy.until("the newcomer has the place", |spy| spy.sockets.len() == 1);
    good.join().expect("its thread").1.expect("encrypted");
    let (failed, _) = &spy.failed[0];
    assert_eq!((*failed, spy.failed.len()), (peer, 1));
    assert_eq!(spy.server.pending(), 1);
}

#[test]
fn a_client_that_sends_byte_by_byte_is_served_and_others_meanwhile() {
    for version in VERSIONS {
        let mut spy = Spy::new(server());
        let address = spy.address();
        let config = common::client().protocols(&[version]);
        let mut slow = ByHand::new(&config.build().expect("client"));
        let mut stream = stream(address);
        stream.set_nodelay(true).expect("whole bytes");
        stream.set_nonblocking(true).expect("non-blocking");
        let start = Instant::now();
        let (mut sent, mut good) = (0, 0);
        while !slow.connection.is_encrypted() || !slow.connection.transmit().is_empty() {
            assert!(start.elapsed() < LONG, "the slow one is not served");
            slow.receive(&mut stream);
            let byte = slow.take(1);
            stream.write_all(&byte).expect("there is room");
            sent += byte.len();
            spy.round();
            if byte.len() == 1 && sent % 100 == 1 {
                good += 1;
                let client = good_client(address);
                spy.until("another is served", |spy| spy.sockets.len() == good);
                client.join().expect("its thread").1.expect("encrypted");
            }
        }
        spy.rounds_until("the slow one is served", |spy| spy.sockets.len() > good);
        assert!(good > 1, "others were served in between");
        assert_eq!(spy.errors(), []);
    }
}

#[test]
fn a_probe_that_only_connects_is_told_as_such() {
    let mut spy = Spy::new(server());
    let probe = stream(spy.address());
    let peer = probe.local_addr().expect("address");
    drop(probe);
    spy.until("gone", |spy| !spy.failed.is_empty());
    assert_eq!(spy.failed, [(peer, HandshakeError::HungUp)]);
}

#[test]
fn a_probe_that_resets_is_told_from_one_that_hangs_up() {
    let mut spy = Spy::new(server());
    let probe = stream(spy.address());
    let peer = probe.local_addr().expect("address");
    // Without a time to linger, closing is a reset.
    rustix::net::sockopt::set_socket_linger(&probe, Some(Duration::ZERO)).expect("set");
    drop(probe);
    spy.until("gone", |spy| !spy.failed.is_empty());
    assert_eq!(spy.failed, [(peer, HandshakeError::Reset)]);
}

#[test]
fn a_client_that_has_failed_is_heard_out_so_that_its_alert_arrives() {
    let mut spy = Spy::new(server());
    let address = spy.address();
    let talker = std::thread::spawn(move || {
        let mut stream = stream(address);
        // Far more than the server keeps: closed with that unread, the stream would be reset.
        stream.write_all(&[0x16; 500_000]).expect("it is read");
        stream.shutdown(Shutdown::Write).expect("FIN");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).map(|_| answer)
    });
    let answer = spy.serve_until(vec![talker]).remove(0);
    spy.until("failed", |spy| !spy.failed.is_empty());
    let [alert] = spy.alerts_sent()[..] else {
        panic!("{:?}", spy.events);
    };
    assert_eq!(answer.expect("no reset"), [21, 3, 3, 0, 2, 2, alert.code()]);
    assert_eq!(spy.failed.len(), 1);
    spy.rounds_until("gone", |spy| spy.server.pending() == 0);
}

#[test]
fn who_has_failed_and_stays_makes_place_first() {
    let mut spy = Spy::new(server());
    spy.server.set_handshake_timeout(Duration::MAX);
    spy.server.set_max_pending(2);
    let address = spy.address();
    let quiet = stream(address);
    spy.rounds_until("accepted", |spy| spy.server.pending() == 1);
    let stubborn = stream_with(address, &[0x16; 100]);
    spy.until("failed", |spy| spy.failed.len() == 1);
    spy.round();
    assert_eq!(spy.server.pending(), 2, "it has not hung up");

    let newcomer = stream_with(address, &[0x16]);
    spy.until("the newcomer is in", |spy| spy.started.len() == 2);
    assert_eq!(spy.failed.len(), 1, "the quiet one has its place still");
    drop((quiet, stubborn, newcomer));
}
