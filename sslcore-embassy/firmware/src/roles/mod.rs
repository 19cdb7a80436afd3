//! What the firmware plays, one role in each run.

mod client;
#[cfg(feature = "element")]
mod element;
#[cfg(feature = "texts")]
mod hold;
#[cfg(feature = "http-client")]
mod http_client;
#[cfg(feature = "http-server")]
mod http_server;
#[cfg(feature = "mqtt")]
mod mqtt;
#[cfg(feature = "texts")]
mod reconnects;
#[cfg(feature = "server")]
mod replay;
#[cfg(feature = "server")]
mod server;
#[cfg(feature = "texts")]
mod starttls;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec;
#[cfg(feature = "texts")]
use alloc::vec::Vec;
use core::pin::Pin;
#[cfg(feature = "certificates")]
use core::time::Duration;

use embassy_net::Stack;
use embassy_net::tcp::TcpSocket;
#[cfg(feature = "engine")]
use sslcore_embassy::sslcore::PreSharedKey;
#[cfg(feature = "sign")]
use sslcore_embassy::sslcore::PrivateKeyDer;
use sslcore_embassy::sslcore::{Buffers, ClientConfig, ConfigBuilder, PeerName};
#[cfg(feature = "certificates")]
use sslcore_embassy::sslcore::{CertificateDer, Timeouts};
#[cfg(feature = "server")]
use sslcore_embassy::sslcore::{ServerConfig, VerifyMode};
use sslcore_embassy::{Error, Pool, SslSocket, Transport};

use crate::order::Order;
#[cfg(feature = "texts")]
use crate::semihosting::say;
use crate::words::text;
use crate::{clock, entropy, heap, report};

#[cfg(feature = "server")]
pub(crate) use self::replay::replay;

type Socket = SslSocket<TcpSocket<'static>>;
type Outcome = Result<(), String>;

/// Plays the role that the order names.
pub(crate) async fn play(stack: Stack<'static>, order: &Order) -> Outcome {
    let name = order.get("role").unwrap_or("none");
    // Each with a stack frame of its own: what all of them need at once nobody needs.
    let role: Pin<Box<dyn Future<Output = Outcome>>> = match name {
        "client" => Box::pin(client::client(stack, order)),
        #[cfg(feature = "texts")]
        "refusal" => Box::pin(client::refusal(stack, order)),
        #[cfg(feature = "server")]
        "server" => Box::pin(server::server(stack, order)),
        #[cfg(feature = "texts")]
        "starttls" => Box::pin(starttls::starttls(stack, order)),
        #[cfg(feature = "texts")]
        "hold" => Box::pin(hold::hold(stack, order)),
        #[cfg(feature = "texts")]
        "reconnects" => Box::pin(reconnects::reconnects(stack, order)),
        #[cfg(feature = "http-client")]
        "http-client" => Box::pin(http_client::http_client(stack, order)),
        #[cfg(feature = "http-server")]
        "http-server" => Box::pin(http_server::http_server(stack, order)),
        #[cfg(feature = "element")]
        "element" => Box::pin(element::element(stack, order)),
        #[cfg(feature = "mqtt")]
        "mqtt" => Box::pin(mqtt::mqtt(stack, order)),
        _ => return Err(alloc::format!("this image has no role {name}")),
    };
    role.await
}

/// Connections at one time.
const CONNECTIONS: usize = 3;
/// The largest record of TLS 1.2, and one that waits behind it.
const RECEIVE: usize = 18_437 + 1024;
const TRANSMIT: usize = 4096;
/// TCP's windows.
const WINDOW: usize = 4096;
/// The port of servers in the guest; QEMU forwards one of the host's.
#[cfg(feature = "server")]
const PORT: u16 = 443;
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
async fn socket(stack: Stack<'static>) -> Socket {
    let tcp = TcpSocket::new(stack, memory(WINDOW), memory(WINDOW));
    let buffers: Buffers = POOL.get().await;
    SslSocket::new(tcp, buffers, clock())
}

/// A socket that is connected to the port of the host that the order names.
async fn connected(stack: Stack<'static>, order: &Order) -> Result<Socket, String> {
    fill_pool(1, order.number("receive", RECEIVE))?;
    let mut socket = socket(stack).await;
    if let Some(silence) = order
        .get("silence")
        .and_then(|silence| silence.parse().ok())
    {
        let silence = embassy_time::Duration::from_millis(silence);
        socket.transport_mut().set_timeout(Some(silence));
        socket.transport_mut().set_keep_alive(Some(silence / 2));
    }
    connect(&mut socket, order).await?;
    Ok(socket)
}

async fn connect(socket: &mut Socket, order: &Order) -> Outcome {
    let [a, b, c, d] = HOST;
    let host = embassy_net::Ipv4Address::new(a, b, c, d);
    let port: u16 = order.number("port", 443);
    let connected = socket.connect((host, port)).await;
    connected.map_err(|_| alloc::format!("cannot connect to port {port}"))
}

/// A socket that a client has connected to.
#[cfg(feature = "server")]
async fn listening(stack: Stack<'static>) -> Result<Socket, String> {
    let mut socket = socket(stack).await;
    let accepted = socket.accept(PORT).await;
    accepted.map_err(|_| String::from("cannot accept"))?;
    Ok(socket)
}

/// A client with the order's pre-shared key, or one that trusts the order's authority.
fn client_of(order: &Order) -> Result<ConfigBuilder<ClientConfig>, String> {
    match order.get("psk") {
        #[cfg(feature = "engine")]
        Some(_) => keyed(order),
        #[cfg(not(feature = "engine"))]
        Some(_) => Err(String::from("this image has no pre-shared keys")),
        #[cfg(feature = "certificates")]
        None => trusting(order),
        #[cfg(not(feature = "certificates"))]
        None => Err(String::from("this image has no certificates")),
    }
}

/// A client that trusts what the order's authority vouches for.
#[cfg(feature = "certificates")]
fn trusting(order: &Order) -> Result<ConfigBuilder<ClientConfig>, String> {
    let authority = CertificateDer::from(order.file("ca")?);
    let patience = Duration::from_millis(order.number("patience", 30_000));
    let timeouts = Timeouts {
        handshake: Some(patience),
        ..Timeouts::CLIENT
    };
    let config = ClientConfig::builder(entropy::backend())
        .timeouts(timeouts)
        .trust_anchors([authority]);
    Ok(match order.get("frugal") {
        Some(_) => config.session_cache(0).keep_peer_chain(false),
        None => config,
    })
}

/// The same with the order's certificate, if there is one.
#[cfg(any(feature = "server", feature = "http-client", feature = "mqtt"))]
fn identified(
    config: ConfigBuilder<ClientConfig>,
    order: &Order,
) -> Result<ConfigBuilder<ClientConfig>, String> {
    match order.get("cert") {
        #[cfg(feature = "sign")]
        Some(_) => Ok(config.identity([CertificateDer::from(order.file("cert")?)], key(order)?)),
        #[cfg(not(feature = "sign"))]
        Some(_) => Err(String::from("this image cannot sign")),
        None => Ok(config),
    }
}

/// A client with the order's pre-shared key, in the version of `tls=`.
#[cfg(feature = "engine")]
fn keyed(order: &Order) -> Result<ConfigBuilder<ClientConfig>, String> {
    let identity = order.get("identity").unwrap_or("thermometer");
    let key = PreSharedKey::new(identity, order.file("psk")?).map_err(text)?;
    let config = ClientConfig::builder(entropy::backend()).pre_shared_keys([key]);
    Ok(config.protocols(&[order.get("tls").unwrap_or("TLSv1.3")]))
}

/// A server with the order's certificate. With `asks=yes` it wants one of its clients, by the order's
/// authority.
#[cfg(feature = "server")]
fn serving(order: &Order) -> Result<ConfigBuilder<ServerConfig>, String> {
    let chain = [CertificateDer::from(order.file("cert")?)];
    let config = ServerConfig::builder(entropy::backend()).identity(chain, key(order)?);
    match order.get("asks") {
        Some(_) => asking(config, order),
        None => Ok(config),
    }
}

/// The same with a certificate asked for.
#[cfg(feature = "server")]
fn asking(
    config: ConfigBuilder<ServerConfig>,
    order: &Order,
) -> Result<ConfigBuilder<ServerConfig>, String> {
    let authority = CertificateDer::from(order.file("ca")?);
    Ok(config
        .trust_anchors([authority])
        .verify_mode(VerifyMode::Verify))
}

/// The key of the order's certificate.
#[cfg(feature = "sign")]
fn key(order: &Order) -> Result<PrivateKeyDer<'static>, String> {
    PrivateKeyDer::try_from(order.file("key")?).map_err(text)
}

/// The name that the peer must have.
fn peer(order: &Order) -> Result<PeerName, String> {
    PeerName::new(order.get("name").unwrap_or("server.test")).map_err(text)
}

/// What a device may be short of, from now on: `entropy=none`, `spare=BYTES` of heap.
fn run_short(order: &Order) {
    if order.get("entropy") == Some("none") {
        entropy::break_down();
    }
    heap::limit(order.number("spare", usize::MAX));
}

/// Waits for the end of the handshake, and tells what it has cost.
async fn handshake(socket: &mut Socket) -> Outcome {
    let (encrypted, cost) = report::counted(socket.wait_for_encrypted()).await;
    #[cfg(feature = "texts")]
    if let (Err(error), Some(failure)) = (encrypted, socket.connection().failure()) {
        say!("{:?} failed: {failure}", failure.fault());
        return Err(text(error));
    }
    encrypted.map_err(text)?;
    report::tell("the handshake", cost);
    Ok(())
}

/// Connects as a client, and starts TLS at once.
#[cfg(any(feature = "http-client", feature = "mqtt"))]
async fn encrypted(stack: Stack<'static>, order: &Order) -> Result<Socket, String> {
    let config = identified(client_of(order)?, order)?
        .build()
        .map_err(text)?;
    let mut socket = connected(stack, order).await?;
    let started = socket.start_client_encryption(&config, peer(order)?);
    started.map_err(text)?;
    handshake(&mut socket).await?;
    Ok(socket)
}

/// The sum of bytes, behind those that have a sum already.
fn add(sum: u32, bytes: &[u8]) -> u32 {
    let add = |sum: u32, byte: &u8| sum.wrapping_mul(31).wrapping_add((*byte).into());
    bytes.iter().fold(sum, add)
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
#[cfg(feature = "texts")]
async fn read_line<T: Transport>(socket: &mut SslSocket<T>) -> Result<String, String> {
    use embedded_io_async::BufRead;
    let mut line = Vec::new();
    while !line.ends_with(b"\n") {
        let data = socket.fill_buf().await.map_err(text)?;
        let end = data.iter().position(|byte| *byte == b'\n');
        let len = end.map_or(data.len(), |end| end + 1);
        if len == 0 || line.len() + len > 500 {
            return Err(String::from("the line has no end"));
        }
        line.extend_from_slice(&data[..len]);
        socket.consume(len);
    }
    String::from_utf8(line).map_err(text)
}
