//! How the records of a flight are sealed that rustls has left in the clear.

use super::RustlsEngine;
use super::kernel::conversion_failure;
use crate::crypto::rustls::suite::Suite;
use crate::failure::Failure;
use crate::handshake::records;
use crate::record::header::{ContentType, Header, MAX_BODY_TLS12};
use crate::record::messages::{MESSAGE_HEADER, kind};
use crate::record::protection::Protection;

/// The version of a record that is to be sealed. No peer takes one with it.
pub(super) const MARK: [u8; 2] = [3, 0xff];

impl RustlsEngine {
    /// How the next record is protected that rustls has left to be sealed.
    fn sealing(&mut self) -> Option<Protection> {
        let suite = self.suite()?;
        match suite {
            Suite::Tls12(_) => self.tls12_protection(suite, self.is_client(), self.sealed),
            Suite::Tls13(_) if self.sends_tickets() => self.server_protection(suite, self.tickets),
            Suite::Tls13(_) => {
                let secrets = self.taps.tap.secrets();
                let secret = match self.is_client() {
                    true => &secrets.client_handshake,
                    false => &secrets.server_handshake,
                };
                self.tls13_protection(suite, secret.as_ref()?, self.sealed)
            }
        }
    }

    /// How many bytes may be in the clear in the records of this flight, ChangeCipherSpec aside.
    fn clear(&self, flight: &[u8]) -> usize {
        let secrets = self.taps.tap.secrets();
        let own = match self.is_client() {
            true => &secrets.client_handshake,
            false => &secrets.server_handshake,
        };
        match self.is_client() {
            _ if own.is_none() => usize::MAX,
            true => 0,
            false => server_hello_len(flight),
        }
    }

    /// Seals what of a flight is marked. What would have to be, and is not, does not leave: no peer would
    /// take it, but everybody on the way could read it.
    pub(super) fn seal(&mut self, mut flight: &mut [u8]) -> Result<(), Failure> {
        if !self.is_bare {
            return Ok(());
        }
        let is_tls12 = self.taps.tap.secrets().tls12_master.is_some();
        let mut clear = self.clear(flight);
        let mut sealing = None;
        while !flight.is_empty() {
            let header = Header::read(flight, MAX_BODY_TLS12)?.ok_or_else(conversion_failure)?;
            let record = flight.split_off_mut(..header.record_len());
            let record = record.ok_or_else(conversion_failure)?;
            if header.version != MARK {
                clear = match header.content {
                    // RFC 5246 §7.1: everything behind it is protected.
                    ContentType::ChangeCipherSpec if is_tls12 => 0,
                    ContentType::ChangeCipherSpec => clear,
                    _ => clear
                        .checked_sub(header.body)
                        .ok_or_else(conversion_failure)?,
                };
                continue;
            }
            let protection = match &mut sealing {
                Some(protection) => protection,
                none => none.insert(self.sealing().ok_or_else(conversion_failure)?),
            };
            // It lies where it is to be, with room around it.
            let len = record.len().saturating_sub(protection.overhead());
            let sealed = protection.seal_filled(header.content, |_| len, record);
            if sealed.map_err(|_| conversion_failure())? != len || len == 0 {
                return Err(conversion_failure());
            }
            self.sealed += 1;
        }
        Ok(())
    }
}

/// How long the ServerHello is that a flight begins with: 0 without one.
fn server_hello_len(flight: &[u8]) -> usize {
    match records(flight).next() {
        Some((ContentType::Handshake, &[kind::SERVER_HELLO, high, middle, low, ..])) => {
            MESSAGE_HEADER + u32::from_be_bytes([0, high, middle, low]) as usize
        }
        _ => 0,
    }
}

#[cfg(all(test, feature = "client", feature = "ring", feature = "tls12"))]
pub(super) mod tests;
