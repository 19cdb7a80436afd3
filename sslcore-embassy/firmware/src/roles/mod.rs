//! What the firmware plays, one role in each run.

mod client;
mod server;
mod starttls;

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use embassy_net::Stack;
use embassy_net::tcp::TcpSocket;
use sslcore_embassy::sslcore::{Buffers, CertificateDer, ClientConfig, PeerName, Timeouts};
use sslcore_embassy::{Error, Pool, SslSocket, Transport};

pub(crate) use self::client::{client, refusal};
pub(crate) use self::server::server;
pub(crate) use self::starttls::starttls;
use crate::order::Order;
use crate::{clock, entropy};

/// Connections at one time.
pub(crate) const CONNECTIONS: usize = 3;
/// The largest record of TLS 1.2, and one that waits behind it.
const RECEIVE: usize = 18_437 + 1024;
const TRANSMIT: usize = 4096;
/// TCP's windows.
const WINDOW: usize = 4096;
/// The host, as QEMU shows it to its guests.
const HOST: [u8; 4] = [10, 0, 2, 2];

static POOL: Pool<CONNECTIONS> = Pool::new();

/// Memory that lives for ever.
fn memory(len: usize) -> &'static mut [u8] {
    Box::leak(vec![0; len].into_boxed_slice())
}

/// Fills the pool with memory for so many connections.
fn fill_pool(connections: usize, receive: usize) -> Result<(), String> {
    for _ in 0..connections {
        let (receive, transmit) = (memory(receive), memory(TRANSMIT));
        POOL.add(receive, transmit).map_err(text)?;
    }
    Ok(())
}

/// A socket in plaintext, over TCP that is not connected, in memory of the pool.
async fn socket(stack: Stack<'static>) -> SslSocket<TcpSocket<'static>> {
    let tcp = TcpSocket::new(stack, memory(WINDOW), memory(WINDOW));
    let buffers: Buffers = POOL.get().await;
    SslSocket::new(tcp, buffers, clock())
}

/// A socket that is connected to the port of the host that the order names.
async fn connected(
    stack: Stack<'static>,
    order: &Order,
) -> Result<SslSocket<TcpSocket<'static>>, String> {
    fill_pool(1, order.number("receive", RECEIVE))?;
    let mut socket = socket(stack).await;
    let [a, b, c, d] = HOST;
    let host = embassy_net::Ipv4Address::new(a, b, c, d);
    let port: u16 = order.number("port", 443);
    socket
        .connect((host, port))
        .await
        .map_err(|error| alloc::format!("cannot connect to port {port}: {error:?}"))?;
    Ok(socket)
}

/// A client that trusts what the order's authority vouches for, and the name that it must be.
fn trusting(order: &Order) -> Result<(ClientConfig, PeerName), String> {
    if order.get("entropy") == Some("none") {
        entropy::break_down();
    }
    let authority = CertificateDer::from(order.file("ca")?);
    let patience = Duration::from_millis(order.number("patience", 30_000));
    let timeouts = Timeouts {
        handshake: Some(patience),
        ..Timeouts::CLIENT
    };
    let config = ClientConfig::builder(entropy::backend()).timeouts(timeouts);
    let config = config.trust_anchors([authority]);
    let name = order.get("name").unwrap_or("server.test");
    Ok((
        config.build().map_err(text)?,
        PeerName::new(name).map_err(text)?,
    ))
}

/// All up to the peer's close_notify, but no more than so much.
async fn read_to_end<T: Transport>(
    socket: &mut SslSocket<T>,
    mut hear: impl FnMut(&[u8]),
) -> Result<(), Error> {
    use embedded_io_async::BufRead;
    loop {
        let data = socket.fill_buf().await?;
        let len = data.len();
        if len == 0 {
            return Ok(());
        }
        hear(data);
        socket.consume(len);
    }
}

/// Reads a line of at most 500 bytes, and takes no byte behind it.
async fn read_line<T: Transport>(socket: &mut SslSocket<T>) -> Result<String, String> {
    use embedded_io_async::BufRead;
    let mut line = Vec::new();
    while !line.ends_with(b"\n") {
        let data = socket.fill_buf().await.map_err(text)?;
        let end = data.iter().position(|byte| *byte == b'\n');
        let len = end.map_or(data.len(), |end| end + 1);
        if len == 0 || line.len() + len > 500 {
            return Err("the line has no end".to_string());
        }
        line.extend_from_slice(&data[..len]);
        socket.consume(len);
    }
    String::from_utf8(line).map_err(text)
}

/// An error in words.
fn text(error: impl ToString) -> String {
    error.to_string()
}
