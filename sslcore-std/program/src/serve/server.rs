//! What all connections share.

use std::io;
use std::sync::Mutex;
use std::time::Duration;

use sslcore_std::SslSocket;
use sslcore_std::sslcore::{ServerConfig, ServerStart};

use super::fate::violation;
use super::output::Output;
use super::www::Folder;
use crate::exit::Exit;

/// What is done on a connection.
pub(super) enum Service {
    Echo,
    Www(Folder),
    Smtp,
}

/// The server, as its connections see it.
pub(super) struct Server {
    pub(super) config: ServerConfig,
    pub(super) service: Service,
    pub(super) timeout: Duration,
    /// The name of the key that clients must have, if it is not certificates.
    pub(super) key: Option<String>,
    pub(super) output: Output,
    /// The first bad end of a connection, for the exit code.
    pub(super) exit: Mutex<Exit>,
}

impl Server {
    /// Handshakes; the configuration says how long that may take.
    pub(super) fn encrypt(&self, socket: &mut SslSocket) -> io::Result<()> {
        let start = ServerStart::With(self.config.clone());
        socket
            .start_server_encryption(start)
            .map_err(|error| violation(error.to_string()))?;
        Ok(socket.wait_for_encrypted(None)?)
    }
}
