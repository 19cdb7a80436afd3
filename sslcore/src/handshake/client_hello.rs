//! A reader of the ClientHello, for a server that chooses its configuration by it.
//!
//! It looks and consumes nothing: the engine reads the same bytes afterwards. What it cannot
//! read goes to the engine too, so that the alert is the engine's.

use alloc::vec::Vec;

use rustls_pki_types::DnsName;

use crate::limits;
use crate::protocol::SslProtocol;
use crate::record::header::{ContentType, HEADER_LEN, Header, MAX_PLAINTEXT};

const CLIENT_HELLO: u8 = 1;
const MESSAGE_HEADER: usize = 4;

const SERVER_NAME: u16 = 0;
const SIGNATURE_ALGORITHMS: u16 = 13;
const ALPN: u16 = 16;
const SUPPORTED_VERSIONS: u16 = 43;

/// What a ClientHello says (RFC 8446 §4.1.2), borrowed.
#[derive(Clone, Copy, Debug)]
pub struct ClientHello<'a> {
    legacy_version: u16,
    cipher_suites: &'a [u8],
    server_name: Option<&'a str>,
    alpn: &'a [u8],
    versions: Option<&'a [u8]>,
    signature_schemes: &'a [u8],
}

impl<'a> ClientHello<'a> {
    /// The DNS name the client asks for (RFC 6066 §3).
    pub fn server_name(&self) -> Option<&'a str> {
        self.server_name
    }

    /// The same, if it is one.
    pub(crate) fn dns_name(&self) -> Option<&'a str> {
        self.server_name
            .filter(|name| DnsName::try_from(*name).is_ok())
    }

    /// The application protocols it offers, in its order (RFC 7301).
    pub fn alpn(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let mut cursor = Cursor(self.alpn);
        core::iter::from_fn(move || cursor.vector8())
    }

    /// The cipher suites it offers, by IANA's numbers, in its order.
    pub fn cipher_suites(&self) -> impl Iterator<Item = u16> + use<'a> {
        u16s(self.cipher_suites)
    }

    /// The signature schemes it accepts, by IANA's numbers (RFC 8446 §4.2.3).
    pub fn signature_schemes(&self) -> impl Iterator<Item = u16> + use<'a> {
        u16s(self.signature_schemes)
    }

    /// Whether it offers this version.
    pub fn offers(&self, protocol: SslProtocol) -> bool {
        let wanted = match protocol {
            SslProtocol::TlsV1_2 => 0x0303,
            SslProtocol::TlsV1_3 => 0x0304,
        };
        match self.versions {
            Some(versions) => u16s(versions).any(|version| version == wanted),
            None => protocol == SslProtocol::TlsV1_2 && self.legacy_version >= wanted,
        }
    }

    fn parse(body: &'a [u8]) -> Option<Self> {
        let mut cursor = Cursor(body);
        let legacy_version = cursor.u16()?;
        cursor.take(32)?;
        cursor.vector8()?;
        let cipher_suites = cursor.vector16()?;
        cursor.vector8()?;
        let mut hello = Self {
            legacy_version,
            cipher_suites,
            server_name: None,
            alpn: &[],
            versions: None,
            signature_schemes: &[],
        };
        if cursor.0.is_empty() {
            return Some(hello);
        }
        let mut extensions = Cursor(cursor.vector16()?);
        while !extensions.0.is_empty() {
            let kind = extensions.u16()?;
            let mut value = Cursor(extensions.vector16()?);
            match kind {
                SERVER_NAME => {
                    let mut names = Cursor(value.vector16()?);
                    // RFC 6066 §3: host_name is the only type there ever was.
                    if names.take(1)? == [0] {
                        hello.server_name = core::str::from_utf8(names.vector16()?).ok();
                    }
                }
                ALPN => hello.alpn = value.vector16()?,
                SUPPORTED_VERSIONS => hello.versions = Some(value.vector8()?),
                SIGNATURE_ALGORITHMS => hello.signature_schemes = value.vector16()?,
                _ => {}
            }
        }
        Some(hello)
    }
}

/// What looking at the received bytes showed.
#[derive(Debug)]
pub(crate) enum Glimpse {
    /// The hello is not complete yet; it makes no sense to look again with fewer bytes than this.
    Incomplete(usize),
    /// These bytes begin no ClientHello that can be read here.
    Unreadable,
    /// The message, reassembled, without its header.
    Hello(Vec<u8>),
}

/// Looks for a whole ClientHello at the front of the received bytes. Copies it when it is there.
pub(crate) fn glimpse(received: &[u8], max: usize) -> Glimpse {
    let mut raw = received;
    let mut message = Vec::new();
    for _ in 0..=limits::HANDSHAKE_FRAGMENTS {
        let seen = received.len() - raw.len();
        let header = match Header::read(raw, MAX_PLAINTEXT) {
            Ok(Some(header)) => header,
            Ok(None) => return Glimpse::Incomplete(seen + HEADER_LEN),
            Err(_) => return Glimpse::Unreadable,
        };
        if header.content != ContentType::Handshake || header.body == 0 {
            return Glimpse::Unreadable;
        }
        let Some((record, rest)) = raw.split_at_checked(header.record_len()) else {
            return Glimpse::Incomplete(seen + header.record_len());
        };
        raw = rest;
        message.extend_from_slice(&record[HEADER_LEN..]);
        if message.first() != Some(&CLIENT_HELLO) {
            return Glimpse::Unreadable;
        }
        if let [_, a, b, c, ..] = message[..] {
            let len =
                MESSAGE_HEADER + (usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c));
            if len > max {
                return Glimpse::Unreadable;
            }
            if message.len() >= len {
                message.truncate(len);
                message.drain(..MESSAGE_HEADER);
                return match ClientHello::parse(&message) {
                    Some(_) => Glimpse::Hello(message),
                    None => Glimpse::Unreadable,
                };
            }
        }
    }
    Glimpse::Unreadable
}

/// Reads a message that [`glimpse`] has found readable.
pub(crate) fn read(message: &[u8]) -> Option<ClientHello<'_>> {
    ClientHello::parse(message)
}

fn u16s(bytes: &[u8]) -> impl Iterator<Item = u16> + use<'_> {
    bytes
        .chunks_exact(2)
        .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
}

pub(super) struct Cursor<'a>(pub(super) &'a [u8]);

impl<'a> Cursor<'a> {
    pub(super) fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.take(2)?.try_into().ok().map(u16::from_be_bytes)
    }

    pub(super) fn vector8(&mut self) -> Option<&'a [u8]> {
        let len = *self.take(1)?.first()?;
        self.take(usize::from(len))
    }

    pub(super) fn vector16(&mut self) -> Option<&'a [u8]> {
        let len = self.u16()?;
        self.take(usize::from(len))
    }
}
