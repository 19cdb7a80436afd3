//! `SslServer` against `openssl s_client`.

mod common;

use std::net::SocketAddr;

use sslcore::{Alert, FailureKind};
use sslcore_std::{HandshakeError, ServerEvent, SslServer, SslSocket};
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
    let address = address.to_string();
    let all = [
        &["s_client", "-connect", &address, "-msg"],
        &["-psk", "313233343536", "-psk_identity", "Client X"][..],
        args,
    ];
    Peer::start("openssl", all.concat(), Scratch::new())
}

/// In place of Qt's `testPreSharedKeyAuthenticationRequired`, where a server with the suite
/// PSK-AES256-CBC-SHA asks the application for the key and is connected. External pre-shared keys
/// are not built yet. What can be told honestly: a client that knows nothing else fails, with the
/// right alert, and the next clients do not notice.
#[test]
fn pre_shared_key_authentication_required() {
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
