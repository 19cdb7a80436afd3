//! Qt's tests of pre-shared keys, whose peer is OpenSSL: of TLS 1.2 there, in TLS 1.3 here.

mod common;

use std::io::{Read, Write};

use common::{LONG, adopt, both, started};
use sslcore::{
    Alert, ClientConfig, FailureKind, PreSharedKey, ServerConfig, ServerStart, SslMode, SslProtocol,
};
use sslcore_std::{SslSocket, WaitError};
use sslcore_tests::openssl;
use sslcore_tests::pair::server_name;
use sslcore_tests::peer::Scratch;
use sslcore_tests::wire::Door;

/// Qt's, which are 6 bytes.
const IDENTITY: &str = "Client_identity";
const SECRET: &[u8] = b"\x1a\x2b\x3c\x4d\x5e\x6f";
const HEX: &str = "1a2b3c4d5e6f";

fn key(identity: &str, secret: &[u8]) -> PreSharedKey {
    PreSharedKey::new(identity, secret).expect("a key")
}

fn client() -> ClientConfig {
    let config = ClientConfig::builder(sslcore_std::default_backend());
    let config = config.ask_for_pre_shared_keys().allow_short_keys();
    config.build().expect("client")
}

fn server() -> ServerConfig {
    let config = ServerConfig::builder(sslcore_std::default_backend());
    let config = config.ask_for_pre_shared_keys().allow_short_keys();
    config.build().expect("server")
}

/// Answers the question that must come; without keys, that there is none.
fn answer(socket: &mut SslSocket, keys: &[PreSharedKey]) {
    let asked = socket.wait_for_encrypted(Some(LONG));
    let Err(WaitError::PreSharedKeyNeeded(id)) = asked else {
        panic!("{asked:?}");
    };
    socket.provide_psk(id, keys).expect("open");
}

#[track_caller]
fn assert_known(socket: &SslSocket) {
    let connection = socket.connection();
    assert!(connection.is_encrypted());
    assert_eq!(connection.psk_identity(), Some(IDENTITY.as_bytes()));
    assert_eq!(connection.session_protocol(), Some(SslProtocol::TlsV1_3));
    assert!(connection.peer_certificate().is_none());
    assert!(connection.ssl_errors().is_empty());
}

/// Qt's `simplePskConnect`: nobody answers, with a wrong name, with a wrong key, and right.
#[test]
fn simple_psk_connect() {
    use FailureKind as K;
    for (keys, wanted) in [
        (vec![], Err(K::NoPreSharedKey)),
        (
            vec![key("Wrong_identity", SECRET)],
            Err(K::AlertReceived(Alert::MissingExtension)),
        ),
        (
            vec![key(IDENTITY, b"wrong!")],
            Err(K::AlertReceived(Alert::IllegalParameter)),
        ),
        (vec![key(IDENTITY, SECRET)], Ok(())),
    ] {
        let known = ["-nocert", "-psk", HEX, "-psk_identity", IDENTITY];
        let options = [&known[..], &["-tls1_3", "-rev"]].concat();
        let (_server, address) = openssl::bare_server(Scratch::new(), &options);
        let host = address.ip().to_string();
        let connected = SslSocket::connect_to_host(&host, address.port(), Some(LONG));
        let mut socket = connected.expect("connect");
        socket.set_timeout(Some(LONG));
        socket
            .start_client_encryption(&client(), server_name())
            .expect("start");
        answer(&mut socket, &keys);
        let outcome = socket.wait_for_encrypted(Some(LONG));
        let outcome = outcome.map_err(|error| match error {
            WaitError::Failed(failure) => failure.kind(),
            other => panic!("{other}"),
        });
        assert_eq!(outcome, wanted);
        if outcome.is_ok() {
            assert_known(&socket);
            socket.write_all(b"olleh\n").expect("write");
            let mut heard = [0; 6];
            socket.read_exact(&mut heard).expect("read");
            assert_eq!(&heard, b"hello\n");
        }
    }
}

/// Qt's `pskServer`, whose client is QSslSocket, too.
#[test]
fn psk_server() {
    let door = Door::open();
    let known = ["-psk", HEX, "-psk_identity", IDENTITY, "-tls1_3"];
    let client = openssl::bare_client(Scratch::new(), door.address, &known);
    let stream = door.accept();
    stream.set_nonblocking(false).expect("blocking");
    let mut socket = adopt(stream);
    socket
        .start_server_encryption(ServerStart::With(server()))
        .expect("start");
    answer(&mut socket, &[key(IDENTITY, SECRET)]);
    let done = socket.wait_for_encrypted(Some(LONG));
    assert_eq!(done, Ok(()));
    assert_known(&socket);
    assert_eq!(socket.connection().mode(), SslMode::Server);
    client.say("hello\n");
    let mut heard = [0; 6];
    socket.read_exact(&mut heard).expect("read");
    assert_eq!(&heard, b"hello\n");
}

/// Qt's `pskHandshake`.
#[test]
fn psk_handshake() {
    let (mut one, mut other) = started(&client(), &server());
    let handshake = |socket: &mut SslSocket| {
        answer(socket, &[key(IDENTITY, SECRET)]);
        socket.wait_for_encrypted(Some(LONG))
    };
    let done = both(|| handshake(&mut one), || handshake(&mut other));
    assert_eq!(done, (Ok(()), Ok(())));
    assert_known(&one);
    assert_known(&other);
}
