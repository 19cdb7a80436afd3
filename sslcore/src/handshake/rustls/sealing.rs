//! How the records of a flight are sealed that rustls has left in the clear.

use super::RustlsEngine;
use super::kernel::conversion_failure;
use super::side::Side;
use crate::crypto::rustls::suite::Suite;
use crate::failure::Failure;
use crate::record::header::{Header, MAX_BODY_TLS12};
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
                let secret = match &self.side {
                    Side::Client(_) => &secrets.client_handshake,
                    Side::Server(_) => &secrets.server_handshake,
                };
                self.tls13_protection(suite, secret.as_ref()?, self.sealed)
            }
        }
    }

    /// Seals what of a flight is marked.
    pub(super) fn seal(&mut self, mut flight: &mut [u8]) -> Result<(), Failure> {
        let mut sealing = None;
        while !flight.is_empty() {
            let header = Header::read(flight, MAX_BODY_TLS12)?.ok_or_else(conversion_failure)?;
            let record = flight.split_off_mut(..header.record_len());
            let record = record.ok_or_else(conversion_failure)?;
            if header.version != MARK {
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
