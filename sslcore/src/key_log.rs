//! Handing out the secrets of a connection, so that a recording of it can be decrypted.

use core::fmt;

/// Receives the secrets of connections, when the application asked for it with
/// [`ConfigBuilder::dangerously_log_keys`](crate::ConfigBuilder::dangerously_log_keys).
///
/// A program appends the lines to a file that Wireshark reads; a device prints them on its debug
/// console:
///
/// ```
/// # use std::sync::Arc;
/// # use sslcore::{ClientConfig, ConfigBuilder, KeyLog, KeyLogLine};
/// struct Console;
///
/// impl KeyLog for Console {
///     fn log(&self, line: &KeyLogLine<'_>) {
///         println!("{line}"); // LABEL CLIENT_RANDOM SECRET
///         assert_eq!(line.client_random().len(), 32);
///         assert!(line.secret().len() <= 48, "{}", line.label());
///     }
/// }
///
/// fn debugged(builder: ConfigBuilder<ClientConfig>) -> ConfigBuilder<ClientConfig> {
///     builder.dangerously_log_keys(Arc::new(Console))
/// }
/// ```
pub trait KeyLog: Send + Sync {
    /// Called when a secret was derived: once for TLS 1.2, five times for TLS 1.3, all during the
    /// handshake, also during one that fails later. Called within
    /// [`Connection::process`](crate::Connection::process), which waits for it.
    fn log(&self, line: &KeyLogLine<'_>);
}

/// One secret of one connection: a line of the NSS key log, which Wireshark reads.
///
/// Its `Display` is that line without an end of line, `LABEL CLIENT_RANDOM SECRET`, the latter two
/// in hexadecimal. Its `Debug` leaves the secret out.
#[derive(Clone, Copy)]
pub struct KeyLogLine<'a> {
    pub(crate) label: &'a str,
    pub(crate) client_random: &'a [u8],
    pub(crate) secret: &'a [u8],
}

impl<'a> KeyLogLine<'a> {
    /// The name that the key log format has for the secret. TLS 1.2 has `CLIENT_RANDOM`, the master
    /// secret; TLS 1.3 has `CLIENT_HANDSHAKE_TRAFFIC_SECRET`, `SERVER_HANDSHAKE_TRAFFIC_SECRET`,
    /// `CLIENT_TRAFFIC_SECRET_0`, `SERVER_TRAFFIC_SECRET_0` and `EXPORTER_SECRET`.
    pub fn label(&self) -> &'a str {
        self.label
    }

    /// The random of the ClientHello, 32 bytes, by which Wireshark finds the connection.
    pub fn client_random(&self) -> &'a [u8] {
        self.client_random
    }

    /// The secret itself, 32 or 48 bytes.
    pub fn secret(&self) -> &'a [u8] {
        self.secret
    }
}

impl fmt::Display for KeyLogLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label)?;
        for bytes in [self.client_random, self.secret] {
            f.write_str(" ")?;
            for byte in bytes {
                write!(f, "{byte:02x}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for KeyLogLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyLogLine")
            .field("label", &self.label)
            .finish_non_exhaustive()
    }
}
