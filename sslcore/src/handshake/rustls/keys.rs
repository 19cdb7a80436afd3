//! How records are protected during the handshake: the peer's, to open them, and alerts of ours.

use super::RustlsEngine;
use super::kernel::conversion_failure;
use super::side::Side;
use crate::crypto::rustls::suite::Suite;
use crate::failure::Failure;
use crate::handshake::key_schedule::{Secret, Tls12Secrets, tls13_key};
use crate::protocol::SslProtocol;
use crate::record::protection::{KeyMaterial, Protection};

impl RustlsEngine {
    /// Keys of the peer's that came with the last message in TLS 1.3: those of the handshake.
    pub(super) fn follow_tls13(&mut self) -> Result<(), Failure> {
        let Some(suite @ Suite::Tls13(_)) = self.suite() else {
            return Ok(());
        };
        if self.has_read_keys {
            return Ok(());
        }
        let material = {
            let secrets = self.tap.secrets();
            let secret = match &self.side {
                Side::Client(_) => &secrets.server_handshake,
                Side::Server(_) => &secrets.client_handshake,
            };
            let Some(secret) = secret else {
                return Ok(());
            };
            self.tls13_material(suite, secret)
                .ok_or_else(conversion_failure)?
        };
        self.hello = None;
        self.read_with(SslProtocol::TlsV1_3, &material)
    }

    /// The keys behind the peer's ChangeCipherSpec in TLS 1.2.
    pub(super) fn follow_tls12(&mut self) -> Result<(), Failure> {
        let Some(suite @ Suite::Tls12(_)) = self.suite() else {
            return Ok(());
        };
        let material = self.tls12_material(suite, !self.is_client());
        let material = material.ok_or_else(conversion_failure)?;
        self.hello = None;
        self.read_with(SslProtocol::TlsV1_2, &material)
    }

    fn tls13_material(&self, suite: Suite, secret: &Secret) -> Option<KeyMaterial> {
        let hash = &**self.backend.hash(suite.hash()?)?;
        tls13_key(hash, suite.aead()?, secret)
    }

    fn tls12_material(&self, suite: Suite, of_client: bool) -> Option<KeyMaterial> {
        let secrets = self.tap.secrets();
        let secrets = Tls12Secrets {
            hash: &**self.backend.hash(suite.hash()?)?,
            master: secrets.tls12_master.as_ref()?,
            client_random: &secrets.client_random,
            server_random: &self.facts.server?.random,
        };
        secrets.key(suite.aead()?, of_client)
    }

    fn read_with(&mut self, version: SslProtocol, material: &KeyMaterial) -> Result<(), Failure> {
        let protection = Protection::new(&self.backend, version, material, 0);
        self.read_protection = Some(protection.map_err(|_| conversion_failure())?);
        self.has_read_keys = true;
        Ok(())
    }

    pub(super) fn own_protection(&self, suite: Suite) -> Option<Protection> {
        let (version, material, seq) = match suite {
            Suite::Tls13(_) => {
                let secrets = self.tap.secrets();
                let secret = match &self.side {
                    Side::Client(_) => secrets.client_handshake.as_ref()?,
                    Side::Server(_) => secrets.server_traffic.as_ref()?,
                };
                (SslProtocol::TlsV1_3, self.tls13_material(suite, secret)?, 0)
            }
            Suite::Tls12(_) => {
                let material = self.tls12_material(suite, self.is_client())?;
                (SslProtocol::TlsV1_2, material, self.released.protected)
            }
        };
        Protection::new(&self.backend, version, &material, seq).ok()
    }
}
