//! What both ends keep to.

use std::error::Error;
use std::net::TcpStream;
use std::time::Duration;

use sslcore_std::SslSocket;

use super::log::{Log, Side};

/// Whatever must not go wrong here and did.
pub(super) type Trouble = Box<dyn Error + Send + Sync>;

/// How long one step of the session may take before the demo gives up. A whole run takes far
/// less than a second.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);
/// The name that the client connects to.
pub(super) const HOST: &str = "localhost";
/// The name in the server's certificate: another one, so that there is more than one error.
pub(super) const CERTIFICATE_NAME: &str = "mail.example";
/// The mail that is echoed, and the piece in which the client sends it.
pub(super) const MAIL: usize = 1 << 20;
pub(super) const PIECE: usize = 64 * 1024;
/// What the server still sends of one more piece before it cuts the stream.
pub(super) const BEFORE_THE_CUT: usize = 10_000;
/// What the attacker would have the client believe.
pub(super) const INJECTED: &[u8] = b"250 2.0.0 this was never encrypted\r\n";

/// A socket that is watched.
pub(super) fn adopt(stream: TcpStream, side: Side, log: &Log) -> Result<SslSocket, Trouble> {
    let mut socket = SslSocket::from_stream(stream)?;
    socket.set_timeout(Some(PATIENCE));
    socket.set_tap(Some(Box::new(log.tap(side))));
    Ok(socket)
}

/// The mail: bytes that differ from place to place.
pub(super) fn mail() -> Vec<u8> {
    (0..MAIL).map(|i| (i ^ i >> 8 ^ i >> 16) as u8).collect()
}
