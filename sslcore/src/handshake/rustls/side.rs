//! rustls' connection of either side, for which it has no type, and what is left of it. A side that the
//! build leaves out cannot be made, and so nothing of rustls is linked for it.

use alloc::boxed::Box;
use alloc::vec::Vec;
#[cfg(not(all(feature = "client", feature = "server")))]
use core::convert::Infallible;

use rustls::client::ClientConnectionData;
#[cfg(feature = "client")]
use rustls::client::UnbufferedClientConnection;
use rustls::kernel::KernelConnection;
#[cfg(feature = "server")]
use rustls::server::UnbufferedServerConnection;
use rustls::unbuffered::{ConnectionState, EncodeError, UnbufferedStatus};
use rustls::{
    CommonState, Error, HandshakeKind, NamedGroup, ProtocolVersion, SupportedCipherSuite,
};

use crate::x509::certificate::Certificate;

#[cfg(feature = "client")]
type Client = Box<UnbufferedClientConnection>;
#[cfg(not(feature = "client"))]
type Client = Infallible;

#[cfg(feature = "server")]
type Server = Box<UnbufferedServerConnection>;
#[cfg(not(feature = "server"))]
type Server = Infallible;

pub(super) enum Side {
    Client(Client),
    Server(Server),
    /// The handshake is complete, and rustls' connection was let go of.
    Done(Done),
}

/// What a handshake has come to.
#[derive(Clone, Copy)]
pub(super) struct Said {
    pub(super) version: Option<ProtocolVersion>,
    pub(super) suite: Option<SupportedCipherSuite>,
    pub(super) group: Option<NamedGroup>,
    pub(super) kind: Option<HandshakeKind>,
    pub(super) is_handshaking: bool,
    pub(super) has_chain: bool,
    /// It is complete, and all that rustls has to say was said.
    pub(super) is_complete: bool,
}

impl Said {
    fn of(common: &CommonState) -> Self {
        Self {
            version: common.protocol_version(),
            suite: common.negotiated_cipher_suite(),
            group: common
                .negotiated_key_exchange_group()
                .map(|group| group.name()),
            kind: common.handshake_kind(),
            is_handshaking: common.is_handshaking(),
            has_chain: common.peer_certificates().is_some(),
            is_complete: !common.is_handshaking() && !common.wants_write(),
        }
    }
}

/// What is left of rustls' connection.
pub(super) struct Done {
    said: Said,
    alpn: Option<Box<[u8]>>,
    kernel: Result<Kernel, Error>,
}

/// What became of a call to rustls.
pub(super) enum Step {
    Again,
    Blocked,
    Closed,
    Unexpected,
}

/// What makes sessions out of a client's tickets.
type Kernel = Option<Box<KernelConnection<ClientConnectionData>>>;

impl Side {
    /// What rustls knows, if it was not let go of.
    fn live(&self) -> Result<&CommonState, &Done> {
        match self {
            Self::Client(conn) => Ok(conn.common()),
            Self::Server(conn) => Ok(conn.common()),
            Self::Done(done) => Err(done),
        }
    }

    pub(super) fn said(&self) -> Said {
        match self.live() {
            Ok(common) => Said::of(common),
            Err(done) => done.said,
        }
    }

    /// The application protocol.
    pub(super) fn alpn(&self) -> Option<&[u8]> {
        match self.live() {
            Ok(common) => common.alpn_protocol(),
            Err(done) => done.alpn.as_deref(),
        }
    }

    /// A copy of the peer's certificates, leaf first, as long as rustls has them.
    pub(super) fn chain(&self) -> Vec<Certificate> {
        let chain = self.live().ok().and_then(CommonState::peer_certificates);
        let chain = chain.unwrap_or_default().iter();
        chain.cloned().map(Certificate::from).collect()
    }

    /// One call's worth of work, and how much of the input is done with.
    pub(super) fn step(
        &mut self,
        input: &mut [u8],
        flight: &mut Vec<u8>,
    ) -> (usize, Result<Step, Error>) {
        match self {
            Self::Client(conn) => conn.step(input, flight),
            Self::Server(conn) => conn.step(input, flight),
            Self::Done(_) => (0, Ok(Step::Closed)),
        }
    }

    /// Lets go of rustls' connection, once its handshake is complete, but for what makes sessions out of
    /// tickets, if that is wanted.
    // It is large, and happens once.
    #[inline(never)]
    pub(super) fn let_go(&mut self, wants_kernel: bool) {
        let Ok(common) = self.live() else { return };
        let done = Self::Done(Done {
            said: Said::of(common),
            alpn: common.alpn_protocol().map(Box::from),
            kernel: Ok(None),
        });
        let side = core::mem::replace(self, done);
        if let (true, Self::Done(done)) = (wants_kernel, self) {
            done.kernel = side.into_kernel();
        }
    }

    /// What makes sessions out of tickets, or why there is none of it.
    pub(super) fn into_kernel(self) -> Result<Kernel, Error> {
        match self {
            Self::Client(conn) => conn.into_kernel(),
            Self::Server(conn) => conn.into_kernel(),
            Self::Done(done) => done.kernel,
        }
    }
}

trait Conn {
    /// What a flight is given in the beginning, so that it seldom grows: that of a client which shows no
    /// certificate, behind its hello, and that of a server without its certificates.
    const FLIGHT: usize;
    fn common(&self) -> &CommonState;
    fn step(&mut self, input: &mut [u8], flight: &mut Vec<u8>) -> (usize, Result<Step, Error>);
    fn into_kernel(self) -> Result<Kernel, Error>;
}

#[cfg(feature = "client")]
impl Conn for Client {
    const FLIGHT: usize = 128;

    fn common(&self) -> &CommonState {
        self
    }

    fn step(&mut self, input: &mut [u8], flight: &mut Vec<u8>) -> (usize, Result<Step, Error>) {
        step(self.process_tls_records(input), flight, Self::FLIGHT)
    }

    fn into_kernel(self) -> Result<Kernel, Error> {
        Ok(Some(Box::new(self.dangerous_into_kernel_connection()?.1)))
    }
}

#[cfg(feature = "server")]
impl Conn for Server {
    const FLIGHT: usize = 512;

    fn common(&self) -> &CommonState {
        self
    }

    fn step(&mut self, input: &mut [u8], flight: &mut Vec<u8>) -> (usize, Result<Step, Error>) {
        step(self.process_tls_records(input), flight, Self::FLIGHT)
    }

    fn into_kernel(self) -> Result<Kernel, Error> {
        Ok(None)
    }
}

#[cfg(not(all(feature = "client", feature = "server")))]
impl Conn for Infallible {
    const FLIGHT: usize = 0;

    fn common(&self) -> &CommonState {
        match *self {}
    }

    fn step(&mut self, _: &mut [u8], _: &mut Vec<u8>) -> (usize, Result<Step, Error>) {
        match *self {}
    }

    fn into_kernel(self) -> Result<Kernel, Error> {
        match self {}
    }
}

#[cfg_attr(
    not(any(feature = "client", feature = "server")),
    expect(dead_code, reason = "there is no side")
)]
fn step<Data>(
    status: UnbufferedStatus<'_, '_, Data>,
    flight: &mut Vec<u8>,
    room: usize,
) -> (usize, Result<Step, Error>) {
    let step = status.state.map(|state| match state {
        ConnectionState::EncodeTlsData(mut chunk) => {
            let start = flight.len();
            if let Err(EncodeError::InsufficientSize(size)) = chunk.encode(&mut []) {
                if flight.is_empty() {
                    flight.reserve(room.max(size.required_size));
                }
                flight.resize(start + size.required_size, 0);
                let len = chunk.encode(&mut flight[start..]).unwrap_or(0);
                flight.truncate(start + len);
            }
            Step::Again
        }
        ConnectionState::TransmitTlsData(sent) => {
            sent.done();
            Step::Again
        }
        ConnectionState::BlockedHandshake | ConnectionState::WriteTraffic(_) => Step::Blocked,
        ConnectionState::PeerClosed | ConnectionState::Closed => Step::Closed,
        _ => Step::Unexpected,
    });
    (status.discard, step)
}
