//! `SslServer` against `openssl s_client`.

mod common;

use std::net::SocketAddr;

use sslcore::{Alert, FailureKind, PreSharedKey, ServerConfig};
use sslcore_std::{AcceptError, HandshakeError, ServerEvent, SslServer, SslSocket};
use sslcore_tests::openssl;
use sslcore_tests::peer::{Peer, Scratch};

use common::{LONG, server};

/// What becomes of the next connection.
fn serve(server: &mut SslServer) -> Result<SslSocket, HandshakeError> {
    loop {
        match server.next(Some(LONG)).expect("something happens") {
            ServerEvent::Failed { error, .. } => return Err(error),
            ServerEvent::Encrypted { socket, .. } => return Ok(socket),
            _ => {}
        }
    }
}

/// A client that knows nothing but pre-shared keys.
fn psk_client(address: SocketAddr, args: &[&str]) -> Peer {
    let known = ["-psk", "313233343536", "-psk_identity", "Client X"];
    openssl::bare_client(Scratch::new(), address, &[&known, args].concat())
}

/// In place of Qt's `testPreSharedKeyAuthenticationRequired`, where a server with the suite
/// PSK-AES256-CBC-SHA asks the application for the key and is connected. Here that is so in TLS 1.3.
#[test]
fn pre_shared_key_authentication_required() {
    let config = ServerConfig::builder(sslcore_std::default_backend());
    let config = config.ask_for_pre_shared_keys().allow_short_keys().build();
    let mut server = SslServer::bind("127.0.0.1:0", config.expect("server")).expect("bind");
    let address = server.local_addr().expect("address");
    let mut client = psk_client(address, &["-tls1_3"]);
    client.say("Q\n");
    let asked = server.accept(Some(LONG));
    let Err(AcceptError::PreSharedKeyNeeded { id, request }) = asked else {
        panic!("{asked:?}");
    };
    let asking = server.socket(id).and_then(|socket| socket.psk_request());
    let asking = asking.expect("it waits");
    // The defaults of QSslPreSharedKeyAuthenticator.
    assert_eq!(asking.hint, None);
    assert!(asking.max_identity > 0 && asking.max_key > 0);
    let names: Vec<&[u8]> = asking.identities.map(|it| it.name()).collect();
    assert_eq!(names, [b"Client X"]);
    let key = PreSharedKey::new("Client X", b"123456").expect("a key");
    server.provide_psk(id, request, &[key]).expect("open");
    let (socket, _) = server.accept(Some(LONG)).expect("encrypted");
    assert_eq!(socket.connection().psk_identity(), Some(&b"Client X"[..]));
    assert!(client.until_exit().success());
}

/// A client that knows nothing but pre-shared keys, in TLS 1.2, fails with the right alert, and the next
/// clients do not notice.
#[test]
fn a_client_with_a_key_for_tls_1_2_has_nothing_in_common() {
    let config = server().build().expect("server");
    let mut server = SslServer::bind("127.0.0.1:0", config).expect("bind");
    let address = server.local_addr().expect("address");
    // RFC 5246 §7.2.2: no suite in common.
    let suites = ["-tls1_2", "-cipher", "PSK-AES256-CBC-SHA:@SECLEVEL=0"];
    let mut psk = psk_client(address, &suites);
    let Err(HandshakeError::Tls(failure)) = serve(&mut server) else {
        panic!("nobody has that key");
    };
    assert_eq!(failure.kind(), FailureKind::Incompatible);
    assert_eq!(failure.alert(), Some(Alert::HandshakeFailure));
    psk.until_exit();
    assert_eq!(openssl::received(&psk), ["fatal handshake_failure"]);

    for (version, flag) in openssl::VERSIONS {
        let mut good = openssl::client(address, &[flag]);
        good.say("Q\n");
        let socket = serve(&mut server).expect("served");
        let protocol = socket.connection().session_protocol();
        assert_eq!(protocol.expect("negotiated").to_string(), version);
        assert!(good.until_exit().success());
    }
}
