//! How connections end. Every end has arrived, or arrives without further help, when it is brought
//! about; what it meets has bytes to send where it says so.

use std::any::Any;
use std::io::Write;
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::net::sockopt;
use sslcore::{ClientConfig, ConfigBuilder, Limits, OnErrors, ServerConfig, ServerStart};
use sslcore::{Timeouts, VerifyMode};
use sslcore_std::SslSocket;
use sslcore_tests::certs::WORLD;

use crate::common::{LONG, adopt, both, client, hang_up, server, streams};
use crate::faces::Face;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// The peer refuses our certificate; "secret" was written before the handshake.
    TheyRefuseUs,
    /// We refuse the peer's; "secret" was written before.
    WeRefuseThem,
    /// FIN in plaintext.
    FinInPlaintext,
    /// FIN behind the ClientHello; "secret" was written before.
    FinInHandshake,
    /// FIN without close_notify.
    Fin,
    /// The same, with bytes that the peer never takes.
    FinBeforeAllIsSent,
    /// The same, from a peer that is gone when we go on writing.
    FinAndGone,
    /// Reset in plaintext, with bytes unsent.
    ResetInPlaintext,
    /// Reset behind the ClientHello; "secret" was written before.
    ResetInHandshake,
    /// Reset, with bytes unsent.
    Reset,
    /// Nobody answers the ClientHello; "secret" was written before.
    HandshakeTimeout,
    /// Nobody answers the review; "secret" was written before.
    DecisionTimeout,
    /// We close; the peer neither takes nor says anything more.
    CloseTimeout,
    /// The peer's close_notify.
    TheyClose,
    /// The same, with bytes queued that TLS 1.2 then discards.
    TheyCloseBeforeAllIsSealed,
    /// The same, and then a reset, with bytes unsent.
    TheyCloseAndReset,
    /// We close, and the peer answers.
    WeClose,
    /// We close, and the peer hangs up.
    WeCloseTheyHangUp,
    /// We close, and the peer says half of something before it hangs up.
    WeCloseTheyAreCut,
    /// We cancel.
    WeCancel,
    /// We abort, with bytes unsent.
    WeAbort,
    /// The same, with nothing unsent.
    WeAbortWhenAllIsSent,
    /// We abort in the handshake; "secret" was written before.
    WeAbortInHandshake,
    /// We cancel there, likewise.
    WeCancelInHandshake,
}

/// What is there until the test is over.
pub(crate) struct Peer {
    stay: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
    _kept: Option<Box<dyn Any>>,
}

impl Peer {
    fn kept(peer: impl Any) -> Self {
        Self {
            stay: None,
            thread: None,
            _kept: Some(Box::new(peer)),
        }
    }

    /// Does this in a thread of its own.
    fn acts(mut there: SslSocket, act: impl FnOnce(&mut SslSocket) + Send + 'static) -> Self {
        let (stay, gone) = channel();
        let thread = std::thread::spawn(move || {
            act(&mut there);
            // Until there is nobody any more.
            let _ = gone.recv();
        });
        Self {
            stay: Some(stay),
            thread: Some(thread),
            _kept: None,
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.stay.take());
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || std::thread::panicking(), "the peer");
        }
    }
}

/// A connection that ends this way.
pub(crate) fn bring_about<F: Face>(way: Way, version: &str) -> (F, Peer) {
    bring_about_within(Duration::from_millis(20), way, version)
}

/// The same, where it is a timeout of ours that ends it, after so long.
fn bring_about_within<F: Face>(soon: Duration, way: Way, version: &str) -> (F, Peer) {
    let (near, far) = small_streams();
    let mut timeouts = Timeouts::CLIENT;
    let mut limits = Limits {
        transmit: 1 << 20,
        ..Limits::default()
    };
    let mut client = client().protocols(&[version]);
    match way {
        Way::TheyRefuseUs => {
            client = client.identity(WORLD.self_signed.chain.clone(), WORLD.self_signed.key());
        }
        Way::WeRefuseThem => client = client.trust_anchors([WORLD.self_signed.chain[0].clone()]),
        Way::HandshakeTimeout => timeouts.handshake = Some(soon),
        Way::DecisionTimeout => {
            timeouts.decision = Some(soon);
            client = client.trust_anchors([WORLD.self_signed.chain[0].clone()]);
            client = client.on_errors(OnErrors::Hold);
        }
        Way::FinBeforeAllIsSent | Way::CloseTimeout => timeouts.close = Some(soon),
        Way::TheyCloseBeforeAllIsSealed => {
            timeouts.close = Some(soon);
            limits = Limits {
                queued: 1 << 20,
                ..Limits::default()
            };
        }
        _ => {}
    }
    let client = client.timeouts(timeouts).build().expect("client");
    let server = server().protocols(&[version]);
    let here = F::adopt(near, limits);
    match way {
        Way::FinInPlaintext | Way::ResetInPlaintext => in_plaintext(way, here, far),
        Way::FinInHandshake
        | Way::ResetInHandshake
        | Way::HandshakeTimeout
        | Way::WeAbortInHandshake
        | Way::WeCancelInHandshake => {
            let behind = behind_the_hello(way, here, &client, far);
            // Where the time was up before anything was written, it takes longer the next time.
            behind.unwrap_or_else(|| bring_about_within(2 * soon, way, version))
        }
        Way::TheyRefuseUs => {
            let server = server.verify_mode(VerifyMode::Verify);
            in_the_handshake(here, &client, server, far)
        }
        Way::WeRefuseThem | Way::DecisionTimeout => in_the_handshake(here, &client, server, far),
        _ => encrypted(way, here, &client, server, far),
    }
}

/// Streams that hold little.
fn small_streams() -> (TcpStream, TcpStream) {
    let (near, far) = streams();
    for stream in [&near, &far] {
        stream.set_nodelay(true).expect("no delay");
    }
    sockopt::set_socket_send_buffer_size(&near, 16 * 1024).expect("a smaller buffer");
    sockopt::set_socket_recv_buffer_size(&far, 16 * 1024).expect("a smaller buffer");
    (near, far)
}

fn in_plaintext<F: Face>(way: Way, mut here: F, far: TcpStream) -> (F, Peer) {
    match way {
        Way::ResetInPlaintext => {
            here.fill();
            reset(far, here.stream());
            (here, Peer::kept(()))
        }
        _ => {
            far.shutdown(Shutdown::Write).expect("FIN");
            (here, Peer::kept(far))
        }
    }
}

fn behind_the_hello<F: Face>(
    way: Way,
    mut here: F,
    client: &ClientConfig,
    far: TcpStream,
) -> Option<(F, Peer)> {
    here.start(client);
    match here.write(b"secret") {
        Err(_) if way == Way::HandshakeTimeout => return None,
        written => written.expect("it is queued"),
    };
    match way {
        Way::FinInHandshake => far.shutdown(Shutdown::Write).expect("FIN"),
        Way::ResetInHandshake => {
            reset(far, here.stream());
            return Some((here, Peer::kept(())));
        }
        Way::WeAbortInHandshake => here.abort(),
        Way::WeCancelInHandshake => here.cancel(),
        _ => {}
    }
    Some((here, Peer::kept(far)))
}

fn in_the_handshake<F: Face>(
    mut here: F,
    client: &ClientConfig,
    server: ConfigBuilder<ServerConfig>,
    far: TcpStream,
) -> (F, Peer) {
    here.start(client);
    here.write(b"secret").expect("it is queued");
    let there = serving(far, &server.build().expect("server"));
    let peer = Peer::acts(there, |there| {
        // How it ends is for the other side to say.
        let _ = there.wait_for_encrypted(Some(LONG));
    });
    (here, peer)
}

fn encrypted<F: Face>(
    way: Way,
    mut here: F,
    client: &ClientConfig,
    server: ConfigBuilder<ServerConfig>,
    far: TcpStream,
) -> (F, Peer) {
    here.start(client);
    if way == Way::TheyCloseBeforeAllIsSealed {
        here.write(&vec![7; 1 << 20]).expect("it is queued");
    }
    let mut there = serving(far, &server.build().expect("server"));
    both(
        || here.until("the handshake", |it| it.is_encrypted()),
        || there.wait_for_encrypted(Some(LONG)).expect("encrypted"),
    );
    match way {
        Way::Fin => there.stream().shutdown(Shutdown::Write).expect("FIN"),
        Way::FinBeforeAllIsSent => {
            here.fill();
            there.stream().shutdown(Shutdown::Write).expect("FIN");
        }
        Way::FinAndGone => {
            hang_up(there);
            here.write(b"nobody").expect("there is room");
            until_gone(here.stream());
            here.write(b"hears this").expect("there is room");
            return (here, Peer::kept(()));
        }
        Way::Reset => {
            here.fill();
            return (here, reset_by(there));
        }
        Way::CloseTimeout => {
            here.fill();
            here.close();
        }
        Way::TheyClose | Way::TheyCloseBeforeAllIsSealed => there.close(),
        Way::TheyCloseAndReset => {
            there.close();
            here.until("close_notify", |it| it.read_end().is_some());
            here.fill();
            return (here, reset_by(there));
        }
        Way::WeClose => {
            here.close();
            let peer = Peer::acts(there, |there| {
                there.wait_for_disconnected(Some(LONG)).expect("ended");
            });
            return (here, peer);
        }
        Way::WeCloseTheyHangUp => {
            here.close();
            until_it_has_something(&there);
            there.stream().shutdown(Shutdown::Write).expect("FIN");
        }
        Way::WeCloseTheyAreCut => {
            here.close();
            until_it_has_something(&there);
            // The first bytes of a record.
            (&mut there.stream()).write_all(&[23, 3, 3]).expect("sent");
            there.stream().shutdown(Shutdown::Write).expect("FIN");
        }
        Way::WeCancel => here.cancel(),
        Way::WeAbort => {
            here.fill();
            here.abort();
        }
        Way::WeAbortWhenAllIsSent => here.abort(),
        other => unreachable!("{other:?} ends before"),
    }
    (here, Peer::kept(there))
}

fn serving(stream: TcpStream, config: &ServerConfig) -> SslSocket {
    let mut there = adopt(stream);
    there
        .start_server_encryption(ServerStart::With(config.clone()))
        .expect("start the server");
    there
}

/// Waits behind the back of its connection, which would answer a close_notify in TLS 1.2.
fn until_it_has_something(there: &SslSocket) {
    there.stream().set_nonblocking(false).expect("blocking");
    there.stream().peek(&mut [0]).expect("it has arrived");
}

fn reset_by(there: SslSocket) -> Peer {
    until_it_has_something(&there);
    hang_up(there);
    Peer::kept(())
}

/// Closing a stream with unread data in it resets it.
fn reset(far: TcpStream, near: &TcpStream) {
    far.peek(&mut [0]).expect("it has arrived");
    drop(far);
    until_gone(near);
}

fn until_gone(near: &TcpStream) {
    // Nothing is asked for: only that the stream is gone ends it.
    let mut gone = [PollFd::new(near, PollFlags::empty())];
    poll(&mut gone, None).expect("poll");
}
