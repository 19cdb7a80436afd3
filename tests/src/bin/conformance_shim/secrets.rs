//! The traffic secrets of a connection, for a runner that compares them with its own.

use std::sync::Mutex;

use sslcore::{KeyLog, KeyLogLine};

use crate::outcome::Trouble;

/// The secrets of both directions, as the key log names them.
#[derive(Default)]
pub(crate) struct Secrets {
    client: Mutex<Vec<u8>>,
    server: Mutex<Vec<u8>>,
}

impl KeyLog for Secrets {
    fn log(&self, line: &KeyLogLine<'_>) {
        let kept = match line.label() {
            "CLIENT_TRAFFIC_SECRET_0" => &self.client,
            "SERVER_TRAFFIC_SECRET_0" => &self.server,
            _ => return,
        };
        if let Ok(mut kept) = kept.lock() {
            *kept = line.secret().to_vec();
        }
    }
}

impl Secrets {
    /// Their length, then what we read with, then what we write with.
    pub(crate) fn exported(&self, is_server: bool) -> Result<Vec<u8>, Trouble> {
        let poisoned = |_| Trouble::failed("a key log that has panicked");
        let client = self.client.lock().map_err(poisoned)?;
        let server = self.server.lock().map_err(poisoned)?;
        let (read, write) = match is_server {
            true => (&client, &server),
            false => (&server, &client),
        };
        if read.is_empty() || read.len() != write.len() {
            return Err(Trouble::failed("there are no traffic secrets"));
        }
        let length = u16::try_from(read.len()).map_err(Trouble::failed)?;
        Ok([&length.to_le_bytes()[..], read, write].concat())
    }
}
