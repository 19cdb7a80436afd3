//! What the tests share: tasks that run only when they are woken, pipes in memory, configurations.

#![allow(dead_code, unreachable_pub, reason = "each test takes what it needs")]

#[cfg(feature = "embassy-net")]
pub mod network;
pub mod pipe;
pub mod tasks;

use core::time::Duration;

use sslcore::crypto::Backend;
use sslcore::{Buffers, ClientConfig, ServerConfig, ServerStart, UnixTime};
use sslcore_embassy::{Clock, SslSocket, Transport};
use sslcore_tests::certs::NOW;
use sslcore_tests::pair::{self, server_name};

pub const VERSIONS: [&str; 2] = ["TLSv1.2", "TLSv1.3"];

/// The day for which the tests' certificates are made.
pub fn date() -> Option<UnixTime> {
    Some(UnixTime::since_unix_epoch(Duration::from_secs(NOW)))
}

pub fn clock() -> Clock {
    Clock::new(date)
}

pub fn backend() -> Backend {
    pair::backend()
}

/// A client of this version, whose hello has room in the pipes: it has no share of ML-KEM.
pub fn client(version: &str) -> ClientConfig {
    let config = pair::client(backend()).protocols(&[version]);
    let config = config.groups(&["X25519", "secp256r1"]);
    config.build().expect("client")
}

/// A server of this version.
pub fn server(version: &str) -> ServerConfig {
    let config = pair::server(backend()).protocols(&[version]);
    config.build().expect("server")
}

/// A socket in plaintext that owns its buffers.
pub fn plain<T: Transport>(transport: T) -> SslSocket<T> {
    SslSocket::new(transport, Buffers::Owned, clock())
}

/// A client that was told to start TLS.
pub fn client_over<T: Transport>(transport: T, config: &ClientConfig) -> SslSocket<T> {
    let mut socket = plain(transport);
    let started = socket.start_client_encryption(config, server_name());
    started.expect("nothing was done before");
    socket
}

/// A server that was told to start TLS.
pub fn server_over<T: Transport>(transport: T, config: ServerConfig) -> SslSocket<T> {
    let mut socket = plain(transport);
    let started = socket.start_server_encryption(ServerStart::With(config));
    started.expect("nothing was done before");
    socket
}

/// Client and server, told to start TLS of this version.
pub fn started<T: Transport>(version: &str, ends: (T, T)) -> (SslSocket<T>, SslSocket<T>) {
    (
        client_over(ends.0, &client(version)),
        server_over(ends.1, server(version)),
    )
}

/// Client and server, encrypted; what a server has to say behind its handshake has arrived.
pub fn encrypted<T: Transport>(version: &str, ends: (T, T)) -> (SslSocket<T>, SslSocket<T>) {
    use embedded_io_async::{BufRead, Write};
    let (mut one, mut other) = started(version, ends);
    tasks::run(async {
        let (one, other) = tasks::both(
            async {
                one.wait_for_encrypted().await?;
                one.fill_buf().await.map(|bytes| bytes.len())
            },
            async {
                other.wait_for_encrypted().await?;
                other.write_all(b"!").await?;
                other.flush().await
            },
        )
        .await;
        assert_eq!((one, other), (Ok(1), Ok(())));
    });
    one.consume(1);
    (one, other)
}

/// Bytes in which any that is lost, doubled or moved is seen.
pub fn pattern(len: usize) -> Vec<u8> {
    let mut word = 1_u32;
    let next = || {
        word = word.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (word >> 24) as u8
    };
    std::iter::repeat_with(next).take(len).collect()
}
