//! Two sockets on loopback.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::time::Duration;

use sslcore::{ClientConfig, ConfigBuilder, Failure, FailureKind, ServerConfig, ServerStart};
use sslcore_std::SslSocket;
use sslcore_tests::pair;

pub const VERSIONS: [&str; 2] = ["TLSv1.2", "TLSv1.3"];

/// Far longer than anything here takes; only a test that fails waits so long.
pub const LONG: Duration = Duration::from_secs(20);

pub fn client() -> ConfigBuilder<ClientConfig> {
    pair::client(sslcore_std::default_backend())
}

pub fn server() -> ConfigBuilder<ServerConfig> {
    pair::server(sslcore_std::default_backend())
}

/// Two streams that are connected to each other.
pub fn streams() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("bind");
    let address = listener.local_addr().expect("address");
    let client = TcpStream::connect(address).expect("connect");
    let (server, _) = listener.accept().expect("accept");
    (client, server)
}

pub fn adopt(stream: TcpStream) -> SslSocket {
    let mut socket = SslSocket::from_stream(stream).expect("adopt");
    socket.set_timeout(Some(LONG));
    socket
}

/// Client and server, in plaintext.
pub fn sockets() -> (SslSocket, SslSocket) {
    let (client, server) = streams();
    (adopt(client), adopt(server))
}

/// Client and server, told to start TLS.
pub fn started(client: &ClientConfig, server: &ServerConfig) -> (SslSocket, SslSocket) {
    let (mut one, mut other) = sockets();
    one.start_client_encryption(client, pair::server_name())
        .expect("start the client");
    other
        .start_server_encryption(ServerStart::With(server.clone()))
        .expect("start the server");
    (one, other)
}

/// Runs one side in a thread of its own, and gives both results.
pub fn both<A: Send, B: Send>(
    one: impl FnOnce() -> A + Send,
    other: impl FnOnce() -> B + Send,
) -> (A, B) {
    std::thread::scope(|scope| {
        let one = scope.spawn(one);
        let other = other();
        (one.join().expect("the other side"), other)
    })
}

/// Closes a socket without a farewell, as a process does that dies: reset, if something is unread.
pub fn hang_up(socket: SslSocket) {
    let dies = std::thread::spawn(move || {
        let _socket = socket;
        std::panic::resume_unwind(Box::new("gone"));
    });
    dies.join().expect_err("it died");
}

/// Client and server, encrypted with this version.
pub fn encrypted(version: &str) -> (SslSocket, SslSocket) {
    encrypted_by(
        client().protocols(&[version]),
        server().protocols(&[version]),
    )
}

/// The same with these configurations.
pub fn encrypted_by(
    client: ConfigBuilder<ClientConfig>,
    server: ConfigBuilder<ServerConfig>,
) -> (SslSocket, SslSocket) {
    let (client, server) = (client.build().expect("client"), server.build());
    let (mut client, mut server) = started(&client, &server.expect("server"));
    let done = both(
        || client.wait_for_encrypted(Some(LONG)),
        || server.wait_for_encrypted(Some(LONG)),
    );
    assert_eq!(done, (Ok(()), Ok(())));
    (client, server)
}

/// All that it hears, up to a clean end.
pub fn all_of(socket: &mut SslSocket) -> Vec<u8> {
    let mut heard = Vec::new();
    socket.read_to_end(&mut heard).expect("a clean end");
    heard
}

/// The failure behind an error of a socket.
pub fn kind_of(error: &io::Error) -> Option<FailureKind> {
    let failure: &Failure = error.get_ref()?.downcast_ref()?;
    Some(failure.kind())
}

/// Cuts the server's stream behind some data: the client hears that, and then that it was cut.
#[track_caller]
pub fn hears_the_cut((client, server): (&mut SslSocket, &mut SslSocket)) {
    server.write_all(b"some of it").expect("write");
    server.flush().expect("flush");
    server.stream().shutdown(Shutdown::Write).expect("cut");
    let mut all = Vec::new();
    let error = client.read_to_end(&mut all).expect_err("no clean end");
    assert_eq!(all, b"some of it");
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    assert_eq!(kind_of(&error), Some(FailureKind::Truncated));
}

/// Bytes that differ from place to place.
pub fn pattern(len: usize) -> Vec<u8> {
    (0..len as u32)
        .map(|i| (i ^ i >> 8 ^ i >> 16) as u8)
        .collect()
}
