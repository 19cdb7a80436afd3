//! What goes wrong on a device, and the name that it has there.

use std::io::{self, Read};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use sslcore_tests::certs::WORLD;
use sslcore_tests::openssl::{self, VERSIONS};
use sslcore_tests::peer::{Peer, Scratch};

use crate::guest::{self, Guest};

fn client(address: SocketAddr) -> Guest {
    Guest::order("client").trusting(&WORLD.ca).port(address)
}

/// A server of files, with one called `body`.
fn file_server(body: &[u8], options: &[&str]) -> (Peer, SocketAddr) {
    let scratch = Scratch::new();
    scratch.file("body", body);
    openssl::server_in(scratch, &WORLD.server, &[options, &["-HTTP"]].concat())
}

#[test]
fn without_entropy_no_handshake_is_begun() {
    for (_, flag) in VERSIONS {
        let (peer, address) = openssl::server(&WORLD.server, &[flag]);
        let said = client(address).word("entropy=none").boot().until_failure();
        assert!(
            said.contains("Engine failed: the handshake engine failed"),
            "{said}"
        );
        assert!(said.contains("random"), "{said}");
        assert_eq!(openssl::received(&peer), [""; 0]);
    }
}

#[test]
fn a_server_without_entropy_tells_its_client_of_an_internal_error() {
    let guest = Guest::order("server").known_as(&WORLD.server).forwarding();
    let (address, mut guest) = (guest.address(), guest.word("entropy=none").boot());
    guest.until_said("listening");
    let mut clients = [(); 3].map(|()| openssl::client(address, &[]));
    let said = guest.until_failure();
    assert!(
        said.contains("Engine failed: the handshake engine failed"),
        "{said}"
    );
    for client in &mut clients {
        client.until_exit();
        assert_eq!(openssl::received(client), ["fatal internal_error"]);
    }
}

/// Boots a client with the smallest buffer, then with the one that the failure asks for, until it needs
/// no other. Gives all of them.
fn buffers_asked_for(first: u32, boot: impl Fn(u32) -> (bool, String)) -> Vec<u32> {
    let mut tried = vec![first];
    loop {
        let receive = tried[tried.len() - 1];
        let (succeeded, said) = boot(receive);
        if succeeded {
            return tried;
        }
        let needed = guest::number(&said, "a buffer of at least ");
        assert!(needed > receive, "{receive} is enough: {said}");
        tried.push(needed);
        assert!(tried.len() < 6, "there is no end: {tried:?}");
    }
}

/// In the handshake the certificate is too large, and then a record of data.
#[test]
fn a_buffer_that_is_too_small_is_named_with_the_size_that_is_not() {
    let body = guest::pattern(40_000);
    for (version, flag) in VERSIONS {
        let tried = buffers_asked_for(512, |receive| {
            let (_peer, address) = file_server(&body, &[flag]);
            let guest = client(address).word(&format!("receive={receive}"));
            let mut guest = guest.word("path=/body").boot();
            guest.until_end()
        });
        let last = tried[tried.len() - 1];
        assert!(tried.len() > 2, "{version}: {tried:?}");
        // A full record, with what encryption adds.
        assert!((16_384..16_700).contains(&last), "{version}: {tried:?}");
        println!("| buffers asked for, {version} | {tried:?} |");
    }
}

/// Passes on what a client says, and no more of the answer than so many bytes. The connection stays.
fn stalling_after(len: u64, server: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
    let address = listener.local_addr().expect("address");
    thread::spawn(move || {
        let (mut client, _) = listener.accept().expect("accept");
        let server = TcpStream::connect(server).expect("connect");
        let (mut from, mut to) = (
            client.try_clone().expect("clone"),
            server.try_clone().expect("clone"),
        );
        thread::spawn(move || io::copy(&mut from, &mut to));
        let passed = io::copy(&mut server.take(len), &mut client).expect("send");
        assert_eq!(passed, len);
        thread::park();
    });
    address
}

/// In the header of the first record, in ServerHello, and in what follows it.
#[test]
fn a_peer_that_stalls_in_the_handshake_is_given_up_in_time() {
    for (_, flag) in VERSIONS {
        for len in [3, 60, 400] {
            let (_peer, server) = openssl::server(&WORLD.server, &[flag]);
            let address = stalling_after(len, server);
            let said = client(address).word("patience=1500").boot().until_failure();
            assert!(
                said.contains("Deadline failed: the handshake took too long"),
                "{len}: {said}"
            );
        }
    }
}

#[test]
fn a_peer_that_stalls_later_is_given_up_by_the_applications_own_deadline() {
    let (_peer, server) = file_server(&guest::pattern(1 << 20), &[]);
    let address = stalling_after(30_000, server);
    let guest = client(address).word("path=/body").word("deadline=1500");
    let said = guest.boot().until_failure();
    assert!(said.contains("encrypted: "), "{said}");
    let heard = guest::number(&said, "no end after ");
    // All records that came whole.
    assert!((10_000..30_000).contains(&heard), "{said}");
}

/// It waits for an answer that never comes, and TCP asks whether the peer is still there.
#[test]
fn a_cable_that_is_pulled_ends_the_connection_with_a_reset() {
    let (_peer, address) = openssl::server(&WORLD.server, &[]);
    let mut guest = client(address).word("silence=2000").operated().boot();
    guest.until_said("encrypted: ");
    guest.unplug();
    let said = guest.until_failure();
    assert!(said.contains("the transport was reset"), "{said}");
}

/// The request is lost, and sent again.
#[test]
fn a_cable_that_is_put_back_in_time_costs_no_byte() {
    let body = guest::pattern(1 << 20);
    let (_peer, address) = file_server(&body, &[]);
    let guest = client(address).word("path=/body").word("silence=60000");
    let mut guest = guest.word("pause=700").operated().boot();
    guest.until_said("encrypted: ");
    guest.unplug();
    thread::sleep(Duration::from_millis(1500));
    guest.plug();
    let said = guest.until_exit();
    let heard = format!("heard {} bytes, sum {}", body.len(), guest::sum(&body));
    assert!(said.contains(&heard), "{said}");
    assert!(
        guest::number(&said, ", in ") > 500,
        "nothing was lost: {said}"
    );
}

/// The engine allocates as if there were no end: the device stops with a sentence, and the figure that
/// the documentation gives is what it takes.
#[test]
fn too_little_heap_stops_the_device_and_the_peak_that_is_told_is_enough() {
    for (version, flag) in VERSIONS {
        let boot = |spare: u32| {
            let (_peer, address) = openssl::server(&WORLD.server, &[flag, "-www"]);
            client(address)
                .word(&format!("spare={spare}"))
                .boot()
                .until_end()
        };
        let (_, said) = boot(100_000);
        let peak = guest::number(&said, "heap of the connection: peak ");
        // Certificates and signatures are a few bytes longer or shorter each time.
        let (succeeded, said) = boot(peak + 64);
        assert!(succeeded, "{version}, {peak}: {said}");

        let (_peer, address) = openssl::server(&WORLD.server, &[flag]);
        let guest = client(address).word(&format!("spare={}", peak / 2));
        let said = guest.boot().until_panic();
        assert!(said.contains("memory allocation of "), "{version}: {said}");
    }
}
