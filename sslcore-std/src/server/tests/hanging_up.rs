//! Clients that hang up, which the server hears of when it answers a question about them.

use std::net::TcpStream;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use sslcore::{PreSharedKey, SignError, SignatureScheme, UsageError};

use super::*;

/// What a server can be asked about a client.
#[derive(Clone, Copy, Debug)]
enum About {
    Verdict,
    Keys,
    Signature,
}

const ALL: [About; 3] = [About::Verdict, About::Keys, About::Signature];

fn key() -> PreSharedKey {
    PreSharedKey::new("device", [0x5e; 32]).expect("a key")
}

/// A server that asks, and a client that it has accepted and not heard of yet.
fn accepted(about: About) -> (SslServer, SslSocket) {
    let config = match about {
        About::Verdict => server(default_backend())
            .verify_mode(VerifyMode::Verify)
            .on_errors(OnErrors::Hold),
        About::Keys => ServerConfig::builder(default_backend()).ask_for_pre_shared_keys(),
        About::Signature => server(default_backend()).ask_for_signatures(
            WORLD.server.chain.clone(),
            [SignatureScheme::EcdsaP256Sha256],
        ),
    };
    let config = config.build().expect("a server");
    let mut server = SslServer::bind("127.0.0.1:0", config).expect("bind");
    let address = server.local_addr().expect("an address");
    let client = TcpStream::connect(address).expect("connect");
    while server.pending() == 0 {
        server.round(Some(LONG)).expect("a round");
    }
    (server, SslSocket::from_stream(client).expect("adopt"))
}

/// The client says all that the server needs to ask, which has not heard the last of it.
fn speak(server: &mut SslServer, client: &mut SslSocket, about: About) {
    let config = match about {
        About::Verdict => doubtful("TLSv1.3"),
        About::Keys => {
            let config = ClientConfig::builder(default_backend()).pre_shared_keys([key()]);
            config.build().expect("a client")
        }
        About::Signature => super::client(default_backend()).build().expect("a client"),
    };
    client
        .start_client_encryption(&config, server_name())
        .expect("start");
    // A client with a certificate is done when it has shown it.
    while matches!(about, About::Verdict) && !client.connection().is_encrypted() {
        server.round(Some(REST)).expect("a round");
        client.driver.turn();
    }
}

/// The server's end of the client's stream.
fn end(server: &SslServer) -> TcpStream {
    let stream = server.pending[0].stream().expect("a stream");
    stream.try_clone().expect("a handle")
}

/// Hangs up, and waits until that has arrived at the server's end, where nobody looks.
fn hang_up(stream: &TcpStream, mut client: SslSocket) {
    client.abort();
    let mut ready = [PollFd::new(stream, PollFlags::RDHUP)];
    let time = Timespec::try_from(LONG).expect("a time");
    assert_eq!(poll(&mut ready, Some(&time)), Ok(1));
}

#[track_caller]
fn until_it_has_hung_up(server: &mut SslServer, about: About) {
    let (_, error) = until_failed(server);
    let HandshakeError::Tls(failure) = error else {
        panic!("{about:?}: {error}");
    };
    assert!(
        matches!(failure.kind(), FailureKind::Truncated | FailureKind::Reset),
        "{about:?}: {failure}"
    );
}

#[test]
fn a_client_that_hangs_up_before_it_is_refused_a_place_has_hung_up() {
    for about in ALL {
        let (mut server, mut client) = accepted(about);
        speak(&mut server, &mut client, about);
        hang_up(&end(&server), client);
        // As if others waited already.
        server.max_pending = 0;
        until_it_has_hung_up(&mut server, about);
    }
}

#[test]
fn a_client_that_hangs_up_while_its_configuration_is_chosen_has_hung_up() {
    let about = About::Signature;
    let (mut server, mut client) = accepted(about);
    speak(&mut server, &mut client, about);
    let (end, mut client) = (end(&server), Some(client));
    server.set_chooser(move |_| {
        hang_up(&end, client.take().expect("it is asked once"));
        Choice::Default
    });
    until_it_has_hung_up(&mut server, about);
}

#[test]
fn a_client_that_hangs_up_before_its_answer_is_told_of() {
    for about in ALL {
        let (mut server, mut client) = accepted(about);
        speak(&mut server, &mut client, about);
        let asked = next(&mut server);
        hang_up(&end(&server), client);
        let late = match asked {
            ServerEvent::VerdictNeeded { id, review, .. } => {
                server.answer(id, review, Verdict::Accept)
            }
            ServerEvent::PreSharedKeyNeeded { id, request, .. } => {
                server.provide_psk(id, request, &[key()])
            }
            ServerEvent::SignatureNeeded { id, request, .. } => {
                let why = SignError::new("it is locked");
                server.provide_signature(id, request, Err(why))
            }
            other => panic!("{about:?}: {other:?}"),
        };
        assert_eq!(late, Err(UsageError::NoDecisionOpen), "{about:?}");
        until_it_has_hung_up(&mut server, about);
    }
}
