//! rustls' connection of either side, for which it has no type. A side that the build leaves out cannot
//! be made, and so nothing of rustls is linked for it.

#[cfg(any(feature = "client", feature = "server"))]
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
use rustls::{CommonState, Error};

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
}

/// What became of a call to rustls.
pub(super) enum Step {
    Again,
    Blocked,
    Closed,
    Unexpected,
}

/// What makes sessions out of a client's tickets.
type Kernel = Option<KernelConnection<ClientConnectionData>>;

impl Side {
    pub(super) fn common(&self) -> &CommonState {
        match self {
            Self::Client(conn) => conn.common(),
            Self::Server(conn) => conn.common(),
        }
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
        }
    }

    pub(super) fn into_kernel(self) -> Result<Kernel, Error> {
        match self {
            Self::Client(conn) => conn.into_kernel(),
            Self::Server(conn) => conn.into_kernel(),
        }
    }
}

/// What a flight without certificates is shorter than: it grows once, then.
const FLIGHT: usize = 512;

trait Conn {
    fn common(&self) -> &CommonState;
    fn step(&mut self, input: &mut [u8], flight: &mut Vec<u8>) -> (usize, Result<Step, Error>);
    fn into_kernel(self) -> Result<Kernel, Error>;
}

#[cfg(feature = "client")]
impl Conn for Client {
    fn common(&self) -> &CommonState {
        self
    }

    fn step(&mut self, input: &mut [u8], flight: &mut Vec<u8>) -> (usize, Result<Step, Error>) {
        step(self.process_tls_records(input), flight)
    }

    fn into_kernel(self) -> Result<Kernel, Error> {
        Ok(Some(self.dangerous_into_kernel_connection()?.1))
    }
}

#[cfg(feature = "server")]
impl Conn for Server {
    fn common(&self) -> &CommonState {
        self
    }

    fn step(&mut self, input: &mut [u8], flight: &mut Vec<u8>) -> (usize, Result<Step, Error>) {
        step(self.process_tls_records(input), flight)
    }

    fn into_kernel(self) -> Result<Kernel, Error> {
        Ok(None)
    }
}

#[cfg(not(all(feature = "client", feature = "server")))]
impl Conn for Infallible {
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
) -> (usize, Result<Step, Error>) {
    let step = status.state.map(|state| match state {
        ConnectionState::EncodeTlsData(mut chunk) => {
            let start = flight.len();
            if let Err(EncodeError::InsufficientSize(size)) = chunk.encode(&mut []) {
                if flight.is_empty() {
                    flight.reserve(FLIGHT.max(size.required_size));
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
