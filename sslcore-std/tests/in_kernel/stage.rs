//! Two ends over loopback, with every version and suite.

use std::fs;

use sslcore::offload::Direction;
use sslcore_std::SslSocket;

use crate::common::{client, encrypted_by, server};

/// Versions and suites.
pub(crate) const SUITES: [(&str, &str); 6] = [
    ("TLSv1.3", "TLS_AES_128_GCM_SHA256"),
    ("TLSv1.3", "TLS_AES_256_GCM_SHA384"),
    ("TLSv1.3", "TLS_CHACHA20_POLY1305_SHA256"),
    ("TLSv1.2", "ECDHE-ECDSA-AES128-GCM-SHA256"),
    ("TLSv1.2", "ECDHE-ECDSA-AES256-GCM-SHA384"),
    ("TLSv1.2", "ECDHE-ECDSA-CHACHA20-POLY1305"),
];

/// Client and server, encrypted with this suite.
pub(crate) fn encrypted((version, suite): (&str, &str)) -> (SslSocket, SslSocket) {
    encrypted_by(
        client().protocols(&[version]).ciphers(&[suite]),
        server().protocols(&[version]).ciphers(&[suite]),
    )
}

/// Who lets the kernel do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    Client,
    Server,
    Both,
}

impl Who {
    pub(crate) const ALL: [Self; 3] = [Self::Client, Self::Server, Self::Both];

    pub(crate) fn offload(self, client: &mut SslSocket, server: &mut SslSocket) {
        if self != Self::Server {
            offload(client);
        }
        if self != Self::Client {
            offload(server);
        }
    }
}

/// Hands both directions over; on this kernel that must go.
#[track_caller]
pub(crate) fn offload(socket: &mut SslSocket) {
    socket.offload_to_kernel().expect("this kernel has TLS");
    for direction in [Direction::Sent, Direction::Received] {
        assert!(socket.connection().is_offloaded(direction));
    }
}

/// What the kernel counts under this name (`Documentation/networking/tls.rst`); `None` when it does not.
pub(crate) fn counted(name: &str) -> Option<u64> {
    let counters = fs::read_to_string("/proc/net/tls_stat").expect("a kernel with TLS");
    let mut lines = counters.lines().map(str::split_whitespace);
    lines.find_map(|mut words| match words.next() {
        Some(word) if word == name => words.next()?.parse().ok(),
        _ => None,
    })
}

/// Whether this kernel takes other keys after a KeyUpdate.
pub(crate) fn renews() -> bool {
    counted("TlsTxRekeyOk").is_some()
}
