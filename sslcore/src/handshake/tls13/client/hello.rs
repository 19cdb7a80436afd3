//! A client's hellos: what they say, and the binders that vouch for it.

use alloc::vec::Vec;

use rustls_pki_types::UnixTime;

use crate::failure::Failure;
use crate::handshake::extensions::number;
use crate::handshake::sizes::Asked;
use crate::handshake::tls13::config::Config;
use crate::handshake::tls13::flight;
use crate::handshake::tls13::psk::{Before, Psk};
use crate::handshake::wire::certificate::OCSP;
use crate::handshake::wire::pre_shared_key::Mode;
use crate::handshake::wire::writer::Writer;
use crate::handshake::wire::{TLS12, TLS13};
use crate::protocol::SslCipher;
use crate::record::messages::kind;

/// A ClientHello (RFC 8446 §4.1.2).
pub(super) struct Hello<'a> {
    pub(super) config: &'a Config,
    /// The name to ask the server for.
    pub(super) name: Option<&'a str>,
    pub(super) random: &'a [u8; 32],
    pub(super) ciphers: &'a [SslCipher],
    /// How large the server's records should be.
    pub(super) sizes: Asked,
    /// Whether TLS 1.2 is offered.
    pub(super) tls12: bool,
    /// What TLS 1.3 is offered with.
    pub(super) tls13: Option<Tls13<'a>>,
}

/// What is there for TLS 1.3.
#[derive(Clone, Copy)]
pub(super) struct Tls13<'a> {
    pub(super) session_id: &'a [u8; 32],
    /// Our key share, with its group.
    pub(super) share: (u16, &'a [u8]),
    /// That of a hybrid's classical half, if it is offered on its own, too.
    pub(super) classical: Option<(u16, &'a [u8])>,
    /// What HelloRetryRequest wants to be repeated.
    pub(super) cookie: Option<&'a [u8]>,
    pub(super) keys: &'a [Psk],
    /// Whether a server may send tickets.
    pub(super) takes_tickets: bool,
    pub(super) now: Option<UnixTime>,
    pub(super) before: &'a Before,
}

impl Hello<'_> {
    /// The whole message.
    pub(super) fn message(&self) -> Result<Vec<u8>, Failure> {
        let mut message = flight::written(self.unbound())?;
        if let Some(tls13) = &self.tls13 {
            tls13.bind(&mut message);
        }
        Ok(message)
    }

    /// The message, with zeros for binders.
    fn unbound(&self) -> Option<Vec<u8>> {
        let session_id: &[u8] = match &self.tls13 {
            Some(tls13) => tls13.session_id,
            None => &[],
        };
        Writer::message(kind::CLIENT_HELLO, |w| {
            w.u16(TLS12);
            w.bytes(self.random);
            w.vector8(|w| w.bytes(session_id));
            w.vector16(|w| self.ciphers.iter().for_each(|cipher| w.u16(cipher.id())));
            w.vector8(|w| w.u8(0)); // no compression
            w.vector16(|w| {
                self.write_common(w);
                if self.tls12 {
                    w.extension(number::EC_POINT_FORMATS, |w| w.vector8(|w| w.u8(0)));
                    w.extension(number::EXTENDED_MASTER_SECRET, |_| {});
                    w.extension(number::RENEGOTIATION_INFO, |w| w.vector8(|_| {}));
                }
                if let Some(tls13) = &self.tls13 {
                    self.write_tls13(tls13, w);
                }
            });
        })
    }

    /// The extensions of both versions.
    fn write_common(&self, w: &mut Writer) {
        let config = self.config;
        if let Some(name) = self.name {
            w.extension(number::SERVER_NAME, |w| {
                w.vector16(|w| {
                    w.u8(0); // host_name
                    w.vector16(|w| w.bytes(name.as_bytes()));
                });
            });
        }
        w.extension(number::SUPPORTED_GROUPS, |w| {
            w.vector16(|w| config.groups.iter().for_each(|group| w.u16(group.group())));
        });
        if !config.alpn.is_empty() {
            w.extension(number::ALPN, |w| {
                w.vector16(|w| {
                    let names = config.alpn.iter();
                    names.for_each(|name| w.vector8(|w| w.bytes(name)));
                });
            });
        }
        self.sizes.write(w);
    }

    fn write_tls13(&self, tls13: &Tls13<'_>, w: &mut Writer) {
        w.extension(number::SUPPORTED_VERSIONS, |w| {
            w.vector8(|w| {
                w.u16(TLS13);
                if self.tls12 {
                    w.u16(TLS12);
                }
            });
        });
        if let Some(cookie) = tls13.cookie {
            w.extension(number::COOKIE, |w| w.vector16(|w| w.bytes(cookie)));
        }
        if !tls13.keys.is_empty() || tls13.takes_tickets {
            w.extension(number::PSK_KEY_EXCHANGE_MODES, |w| {
                w.vector8(|w| {
                    w.u8(Mode::PskDheKe as u8);
                    if self.config.allows_psk_ke() {
                        w.u8(Mode::PskKe as u8);
                    }
                });
            });
        }
        if let Some(certificates) = self.config.certificates() {
            certificates.write_schemes(w);
            w.extension(number::STATUS_REQUEST, |w| {
                w.u8(OCSP);
                w.vector16(|_| {}); // any responder
                w.vector16(|_| {});
            });
            if certificates.asks_for_timestamps {
                w.extension(number::SIGNED_CERTIFICATE_TIMESTAMP, |_| {});
            }
        }
        w.extension(number::KEY_SHARE, |w| {
            w.vector16(|w| {
                for (group, share) in [tls13.share].into_iter().chain(tls13.classical) {
                    w.u16(group);
                    w.vector16(|w| w.bytes(share));
                }
            });
        });
        // Last, since it vouches for all before it (RFC 8446 §4.2.11).
        if !tls13.keys.is_empty() {
            w.extension(number::PRE_SHARED_KEY, |w| tls13.write_keys(w));
        }
    }
}

impl Tls13<'_> {
    fn write_keys(&self, w: &mut Writer) {
        w.vector16(|w| {
            for key in self.keys {
                w.vector16(|w| w.bytes(&key.identity));
                w.bytes(&key.told_age(self.now).to_be_bytes());
            }
        });
        w.vector16(|w| {
            for key in self.keys {
                let len = key.hash.algorithm().output_len();
                w.vector8(|w| w.bytes(&alloc::vec![0; len]));
            }
        });
    }

    /// Puts the binders in their places, at the end of the message.
    fn bind(&self, message: &mut [u8]) {
        if self.keys.is_empty() {
            return;
        }
        let binders: Vec<usize> = self
            .keys
            .iter()
            .map(|key| key.hash.algorithm().output_len())
            .collect();
        let all: usize = binders.iter().map(|len| 1 + len).sum();
        let (truncated, places) = message.split_at_mut(message.len() - all);
        let truncated = &truncated[..truncated.len() - 2];
        let mut places = places;
        for (key, len) in self.keys.iter().zip(binders) {
            let (place, rest) = core::mem::take(&mut places).split_at_mut(1 + len);
            place[1..].copy_from_slice(key.binder(self.before, truncated).as_slice());
            places = rest;
        }
    }
}
