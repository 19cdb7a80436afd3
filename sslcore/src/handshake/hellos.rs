//! Both hellos, read in passing: what the engine knows and does not tell.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::client_hello::{self, Cursor, Glimpse};
use super::records;
use crate::record::header::ContentType;

const SERVER_HELLO: u8 = 2;
const EXTENDED_MASTER_SECRET: u16 = 23;

/// The longest ClientHello: rustls takes no longer message.
const MAX_HELLO: usize = 0xffff;

/// What was read of the hellos of one handshake.
#[derive(Default)]
pub(crate) struct Hellos {
    client_read: bool,
    server_name: Option<Box<str>>,
    server: Option<ServerHello>,
}

impl Hellos {
    /// Reads the client's hello at the front of what a server received.
    pub(crate) fn note_client(&mut self, received: &[u8]) {
        if self.client_read {
            return;
        }
        match client_hello::glimpse(received, MAX_HELLO) {
            Glimpse::Incomplete(_) => return,
            Glimpse::Unreadable => {}
            Glimpse::Hello(message) => {
                let hello = client_hello::read(&message);
                self.server_name = hello.and_then(|hello| hello.dns_name()).map(Box::from);
            }
        }
        self.client_read = true;
    }

    /// Reads the server's hello at the front of what it sends.
    pub(crate) fn note_server(&mut self, flight: &[u8]) {
        if self.server.is_none() {
            self.server = ServerHello::read(flight);
        }
    }

    /// The name that the client asks a server for.
    pub(crate) fn server_name(&self) -> Option<&str> {
        self.server_name.as_deref()
    }

    /// The hello of a TLS 1.2 server.
    pub(crate) fn server(&self) -> Option<&ServerHello> {
        self.server.as_ref()
    }
}

/// What a TLS 1.2 ServerHello says (RFC 5246 §7.4.1.3).
pub(crate) struct ServerHello {
    pub(crate) random: [u8; 32],
    /// Whether the session has the extended master secret (RFC 7627 §5).
    pub(crate) extended_master_secret: bool,
}

impl ServerHello {
    /// Reads the one that opens a flight, in one record or in several, once all of it is there.
    fn read(flight: &[u8]) -> Option<Self> {
        let bodies = || {
            records(flight)
                .take_while(|(content, _)| *content == ContentType::Handshake)
                .map(|(_, body)| body)
        };
        let mut bytes = bodies().flatten().copied();
        if bytes.next()? != SERVER_HELLO {
            return None;
        }
        let len = (0..3).try_fold(0, |len, _| Some(len << 8 | usize::from(bytes.next()?)))?;
        if bodies().map(<[u8]>::len).sum::<usize>() < 4 + len {
            return None;
        }
        Self::parse(&bytes.take(len).collect::<Vec<u8>>())
    }

    fn parse(body: &[u8]) -> Option<Self> {
        let mut cursor = Cursor(body);
        cursor.take(2)?;
        let mut hello = Self {
            random: cursor.take(32)?.try_into().ok()?,
            extended_master_secret: false,
        };
        cursor.vector8()?;
        cursor.take(3)?;
        if cursor.0.is_empty() {
            return Some(hello);
        }
        let mut extensions = Cursor(cursor.vector16()?);
        while !extensions.0.is_empty() {
            let kind = extensions.u16()?;
            extensions.vector16()?;
            hello.extended_master_secret |= kind == EXTENDED_MASTER_SECRET;
        }
        Some(hello)
    }
}
