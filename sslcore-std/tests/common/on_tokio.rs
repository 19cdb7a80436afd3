//! Streams of tokio, both ends in one test.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use sslcore::ServerStart;
use sslcore_std::tokio::SslStream;
use sslcore_tests::pair::server_name;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};

use super::{client, server};

/// Client and server, told to start TLS of this version.
pub fn started<S>(version: &str, one: S, other: S) -> (SslStream<S>, SslStream<S>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let client = client().protocols(&[version]).build().expect("client");
    let server = server().protocols(&[version]).build().expect("server");
    (
        SslStream::client(one, &client, server_name()),
        SslStream::server(other, ServerStart::With(server)),
    )
}

/// Client and server, encrypted.
pub async fn encrypted<S>(version: &str, one: S, other: S) -> (SslStream<S>, SslStream<S>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (mut one, mut other) = started(version, one, other);
    let done = tokio::join!(one.handshake(), other.handshake());
    assert_eq!(done, (Ok(()), Ok(())));
    (one, other)
}

/// Two streams that are connected to each other.
pub async fn tcp() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let address = listener.local_addr().expect("address");
    let (one, other) = tokio::join!(TcpStream::connect(address), listener.accept());
    (one.expect("connect"), other.expect("accept").0)
}

/// Polls once. Nobody is woken.
pub fn once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}
