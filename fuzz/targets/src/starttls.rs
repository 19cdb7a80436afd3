//! Servers that are asked for TLS in plaintext, and say what they like.

use std::cell::Cell;
use std::io::Write;
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::time::Duration;

use sslcore_std::SslSocket;
use sslcore_std::starttls::{Protocol, StartTlsError, negotiate};

use crate::input::Input;

/// What fits into a socket without anybody reading.
const MOST: usize = 32 * 1024;

/// One byte chooses the protocol, the rest is all that the server says. It ends its stream behind
/// that, so the dialogue comes to its end whatever is said.
pub fn starttls(data: &[u8]) {
    let mut input = Input(data);
    let protocol = Protocol::ALL[input.size() % Protocol::ALL.len()];
    let said = input.take(MOST);
    let (client, mut server) = pair();
    server.write_all(said).expect("it has room");
    server.shutdown(Shutdown::Write).expect("it is open");
    let mut socket = SslSocket::from_stream(client).expect("a socket");
    match negotiate(
        &mut socket,
        protocol,
        "server.test",
        Some(Duration::from_secs(20)),
    ) {
        // What the server said behind its "go ahead" stays unread, for the start of TLS to find.
        Ok(()) => assert!(said.ends_with(socket.peek())),
        Err(StartTlsError::Timeout) => panic!("nothing was left to wait for"),
        Err(error) => {
            let text = error.to_string();
            assert!(
                !text.is_empty() && !text.chars().any(char::is_control),
                "{text:?}"
            );
        }
    }
}

/// Two ends of a connection over loopback, each to another address: an address has 28,000 ports, and
/// what was closed keeps its port for a minute.
fn pair() -> (TcpStream, TcpStream) {
    thread_local! {
        static LISTENER: TcpListener =
            TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).expect("a port");
        static HOST: Cell<u16> = const { Cell::new(0) };
    }
    let host = HOST.get().wrapping_add(1);
    HOST.set(host);
    let [high, low] = host.to_be_bytes();
    LISTENER.with(|listener| {
        let port = listener.local_addr().expect("bound").port();
        let client = TcpStream::connect((Ipv4Addr::new(127, 1, high, low), port));
        let (server, _) = listener.accept().expect("a connection");
        (client.expect("a connection"), server)
    })
}
