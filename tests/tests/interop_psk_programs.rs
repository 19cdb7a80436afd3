//! Pre-shared keys with programs that people use them in: mosquitto and stunnel, each in a network of its
//! own, with TLS 1.3.

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;

use sslcore::{Alert, Event, FailureKind};
use sslcore_tests::network::{alone, free_address};
use sslcore_tests::pair::{backend, backends};
use sslcore_tests::peer::{Peer, Scratch};
use sslcore_tests::psk::{self, IDENTITY, hex};
use sslcore_tests::wire::{Door, Wire, pattern};

/// The key in a file, as both programs want it.
fn keys(scratch: &Scratch) -> String {
    scratch.file("keys", format!("{IDENTITY}:{}\n", hex()))
}

/// Packets of MQTT 3.1.1.
mod mqtt {
    /// CONNECT, as "device", with a clean session.
    pub(super) const CONNECT: &[u8] = b"\x10\x12\0\x04MQTT\x04\x02\0\x3c\0\x06device";
    /// CONNACK: welcome.
    pub(super) const WELCOME: &[u8] = b"\x20\x02\0\0";
    /// SUBSCRIBE to "news", and SUBACK.
    pub(super) const SUBSCRIBE: &[u8] = b"\x82\x09\0\x01\0\x04news\0";
    pub(super) const SUBSCRIBED: &[u8] = b"\x90\x03\0\x01\0";
    /// PUBLISH "hello" in "news".
    pub(super) const PUBLISH: &[u8] = b"\x30\x0b\0\x04newshello";
    pub(super) const DISCONNECT: &[u8] = b"\xe0\0";
}

/// A broker that lets in who has the key.
fn mosquitto() -> (Peer, SocketAddr) {
    let scratch = Scratch::new();
    let address = free_address();
    // Started by root, it becomes another user, if there is one.
    let readable = fs::Permissions::from_mode(0o755);
    fs::set_permissions(scratch.path(), readable).expect("let others read the folder");
    let keys = keys(&scratch);
    let (host, port) = (address.ip(), address.port());
    let config = format!(
        "listener {port} {host}
psk_file {keys}
psk_hint there is no hint in TLS 1.3
use_identity_as_username true
allow_anonymous false
tls_version tlsv1.3
log_dest stderr
log_type all
"
    );
    let config = scratch.file("mosquitto.conf", config);
    let mut broker = Peer::start("mosquitto", ["-c", &config], scratch);
    broker.until_listening(address);
    (broker, address)
}

/// `mosquitto_pub`, which has news.
fn publisher(address: SocketAddr) -> Peer {
    let (host, port, key) = (address.ip().to_string(), address.port().to_string(), hex());
    let to = ["-h", &host, "-p", &port, "-t", "news", "-m", "hello", "-d"];
    let known = ["--psk-identity", IDENTITY, "--psk", &key];
    let all = [&to[..], &known, &["--tls-version", "tlsv1.3"]].concat();
    Peer::start("mosquitto_pub", all, Scratch::new())
}

#[test]
fn a_client_hears_from_mosquitto_what_another_has_said() {
    alone(|| {
        let (broker, address) = mosquitto();
        for backend in backends() {
            let config = psk::client(backend).build().expect("client");
            let mut wire = Wire::connect(address, &config);
            wire.send(mqtt::CONNECT);
            wire.send(mqtt::SUBSCRIBE);
            let expected = [mqtt::WELCOME, mqtt::SUBSCRIBED].concat();
            wire.until_received(expected.len());
            assert_eq!(wire.received, expected);
            broker.until_said(&format!("as device (p2, c1, k60, u'{IDENTITY}')"));
            let mut publisher = publisher(address);
            wire.until_received(expected.len() + mqtt::PUBLISH.len());
            assert_eq!(&wire.received[expected.len()..], mqtt::PUBLISH);
            assert!(publisher.until_exit().success());
            wire.send(mqtt::DISCONNECT);
            wire.until_saw(Event::PeerClosed);
            assert!(wire.close().clean);
        }
    });
}

#[test]
fn a_server_hears_what_mosquitto_pub_has_to_say() {
    for backend in backends() {
        let door = Door::open();
        let mut client = publisher(door.address);
        let config = psk::server(backend).build().expect("server");
        let mut wire = door.serve(&config);
        wire.until_encrypted();
        // CONNECT, with a name that it made up.
        wire.until_received(2);
        assert_eq!(wire.received[0], mqtt::CONNECT[0]);
        let len = 2 + usize::from(wire.received[1]);
        wire.until_received(len);
        wire.send(mqtt::WELCOME);
        let rest = [mqtt::PUBLISH, mqtt::DISCONNECT].concat();
        wire.until_received(len + rest.len());
        assert_eq!(wire.received[len..], rest);
        let conn = &wire.end.conn;
        assert_eq!(conn.psk_identity(), Some(IDENTITY.as_bytes()));
        wire.close();
        assert!(client.until_exit().success());
    }
}

#[test]
fn a_wrong_key_is_refused_by_mosquitto_and_its_client_by_us() {
    alone(|| {
        let (_broker, address) = mosquitto();
        let config = psk::client(backend()).pre_shared_keys([psk::wrong()]);
        let mut wire = Wire::connect(address, &config.build().expect("client"));
        wire.until_failed(FailureKind::AlertReceived(Alert::IllegalParameter));
    });
    let door = Door::open();
    let mut client = publisher(door.address);
    let config = psk::server(backend()).pre_shared_keys([psk::wrong()]);
    let mut wire = door.serve(&config.build().expect("server"));
    wire.until_failed(FailureKind::BadPreSharedKey);
    assert!(!client.until_exit().success());
}

/// A tunnel with this key, and these lines in its configuration.
fn stunnel(scratch: Scratch, lines: &str) -> (Peer, SocketAddr) {
    let address = free_address();
    let keys = keys(&scratch);
    let config = format!(
        "foreground = yes
pid =
debug = 7
[tunnel]
accept = {address}
PSKsecrets = {keys}
sslVersionMin = TLSv1.3
{lines}
"
    );
    let config = scratch.file("stunnel.conf", config);
    let mut tunnel = Peer::start("stunnel", [&*config], scratch);
    tunnel.until_listening(address);
    (tunnel, address)
}

#[test]
fn what_a_client_says_into_a_tunnel_of_stunnel_comes_back() {
    alone(|| {
        let echo = "exec = /bin/cat\nciphers = PSK";
        let (tunnel, address) = stunnel(Scratch::new(), echo);
        let data = pattern(1 << 20);
        for backend in backends() {
            let config = psk::client(backend).build().expect("client");
            let mut wire = Wire::connect(address, &config);
            wire.until_encrypted();
            wire.send(&data);
            wire.until_received(data.len());
            assert!(wire.received == data, "it came back changed");
            tunnel.until_said(&format!("Key configured for PSK identity \"{IDENTITY}\""));
            wire.close();
            assert_eq!(wire.end.conn.failure(), None);
        }
        let config = psk::client(backend()).pre_shared_keys([psk::wrong()]);
        let mut wire = Wire::connect(address, &config.build().expect("client"));
        wire.until_failed(FailureKind::AlertReceived(Alert::IllegalParameter));
    });
}

#[test]
fn what_stunnel_brings_through_its_tunnel_arrives_at_our_server() {
    alone(|| {
        let door = Door::open();
        let to = format!(
            "client = yes\nconnect = {}\nPSKidentity = {IDENTITY}",
            door.address
        );
        let (_tunnel, address) = stunnel(Scratch::new(), &to);
        // The one that it was asked by whether it listens.
        drop(door.accept());
        for backend in backends() {
            let mut plain = TcpStream::connect(address).expect("connect");
            let config = psk::server(backend).build().expect("server");
            let mut wire = door.serve(&config);
            wire.until_encrypted();
            plain.write_all(b"into the tunnel").expect("write");
            wire.until_received(15);
            assert_eq!(wire.received, b"into the tunnel");
            let conn = &wire.end.conn;
            assert_eq!(conn.psk_identity(), Some(IDENTITY.as_bytes()));
            plain.shutdown(Shutdown::Write).expect("shut down");
            wire.until_saw(Event::PeerClosed);
            wire.send(b"and back");
            wire.close();
            let mut heard = Vec::new();
            plain.read_to_end(&mut heard).expect("to its end");
            assert_eq!(heard, b"and back");
        }
    });
}
