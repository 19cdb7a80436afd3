//! What a client has begun with, for those that do not get further.
//!
//! The first bytes are read here once more, because the core says neither the `legacy_version` of a
//! ClientHello nor what bytes that are not TLS were, and shows cipher suites only to a server that
//! asks for its configuration.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use sslcore_std::sslcore::{FailureKind, SslCipher};
use sslcore_std::trace::{Direction, Tap, Wire};

/// So many bytes of it are looked at.
const KEPT: usize = 2048;
/// So many cipher suites of a client are named.
const NAMED: usize = 8;

/// Suites that are not spoken here, and old clients offer (IANA's registry of TLS cipher suites).
const OLD_SUITES: [(u16, &str); 20] = [
    (0x0004, "TLS_RSA_WITH_RC4_128_MD5"),
    (0x0005, "TLS_RSA_WITH_RC4_128_SHA"),
    (0x000a, "TLS_RSA_WITH_3DES_EDE_CBC_SHA"),
    (0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA"),
    (0x0033, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA"),
    (0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA"),
    (0x0039, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA"),
    (0x003c, "TLS_RSA_WITH_AES_128_CBC_SHA256"),
    (0x003d, "TLS_RSA_WITH_AES_256_CBC_SHA256"),
    (0x009c, "TLS_RSA_WITH_AES_128_GCM_SHA256"),
    (0x009d, "TLS_RSA_WITH_AES_256_GCM_SHA384"),
    (0x009e, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"),
    (0x009f, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384"),
    (0xc009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"),
    (0xc00a, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"),
    (0xc013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"),
    (0xc014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"),
    (0xc023, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"),
    (0xc027, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256"),
    (0xc028, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384"),
];

/// The first bytes that should be TLS.
#[derive(Clone, Default)]
pub(super) struct Beginning(Arc<Mutex<Vec<u8>>>);

impl Tap for Beginning {
    fn wire(&mut self, _: Instant, direction: Direction, wire: Wire<'_>) {
        if let (Direction::Received, Wire::Tls(bytes)) = (direction, wire) {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let room = KEPT - kept.len();
            kept.extend(bytes.iter().take(room));
        }
    }
}

impl Beginning {
    /// What the client is, if its first bytes say why this failure had to come.
    pub(super) fn explain(&self, failure: FailureKind) -> Option<String> {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match failure {
            FailureKind::HttpInsteadOfTls => {
                let line = bytes.split(|byte| matches!(byte, b'\r' | b'\n')).next()?;
                let line = String::from_utf8_lossy(line);
                Some(format!("it began with {line:?}, which needs https:// here"))
            }
            FailureKind::NotTls if is_ssl2(&bytes) => {
                Some("it began with a ClientHello of SSL 2.0".to_owned())
            }
            FailureKind::NotTls if bytes.starts_with(b"SSH-") => {
                Some("it is an SSH client".to_owned())
            }
            _ => {
                let hello = Hello::read(&bytes)?;
                let old = match hello.version {
                    0x0300 => Some("SSL 3.0"),
                    0x0301 => Some("TLS 1.0"),
                    0x0302 => Some("TLS 1.1"),
                    _ => None,
                };
                match (old, failure) {
                    (Some(old), _) => {
                        Some(format!("it is an old client, with a ClientHello of {old}"))
                    }
                    (None, FailureKind::Incompatible) => {
                        Some(format!("it offers {}", suites(hello.suites)))
                    }
                    _ => None,
                }
            }
        }
    }
}

/// A record of two bytes' length, and in it a ClientHello (RFC 6101 appendix E).
fn is_ssl2(bytes: &[u8]) -> bool {
    matches!(bytes, [0x80..=0xff, _, 1, 0 | 3, ..])
}

/// A ClientHello, as far as it is old. What it should be the engine has checked.
struct Hello<'a> {
    version: u16,
    suites: &'a [u8],
}

impl<'a> Hello<'a> {
    /// Of the bytes of a record (RFC 8446 §5.1, §4.1.2).
    fn read(bytes: &'a [u8]) -> Option<Self> {
        const VERSION: usize = 5 + 4;
        const SESSION: usize = VERSION + 2 + 32;
        if bytes.first() != Some(&22) || bytes.get(5) != Some(&1) {
            return None;
        }
        let version = u16::from_be_bytes(*bytes.get(VERSION..)?.first_chunk()?);
        let session = usize::from(*bytes.get(SESSION)?);
        let suites = bytes.get(SESSION + 1 + session..)?;
        let (len, suites) = suites.split_first_chunk()?;
        let len = usize::from(u16::from_be_bytes(*len));
        let suites = suites.get(..len.min(suites.len()))?;
        Some(Self { version, suites })
    }
}

/// Suites by their names, or their numbers when they have none that is known.
fn suites(encoded: &[u8]) -> String {
    let ids = encoded
        .chunks_exact(2)
        .map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
    // Signals that are no suites (RFC 5746 §3.3, RFC 7507, RFC 8701).
    let signal = |id: &u16| matches!(*id, 0x00ff | 0x5600) || *id & 0x0f0f == 0x0a0a;
    let ids: Vec<u16> = ids.filter(|id| !signal(id)).collect();
    let name = |id: &u16| {
        let known = SslCipher::from_id(*id).map(|it| it.name());
        let old = OLD_SUITES.iter().find(|(old, _)| old == id);
        match known.or(old.map(|(_, name)| *name)) {
            Some(name) => name.to_owned(),
            None => format!("0x{id:04x}"),
        }
    };
    let mut text = ids
        .iter()
        .take(NAMED)
        .map(name)
        .collect::<Vec<_>>()
        .join(", ");
    if let Some(more @ 1..) = ids.len().checked_sub(NAMED) {
        text += &format!(" and {more} more cipher suites");
    }
    text
}
