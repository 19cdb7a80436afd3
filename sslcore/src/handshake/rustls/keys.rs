//! How records are protected during the handshake, the peer's, to open them, and alerts of ours; and
//! behind it.

use alloc::boxed::Box;

use rustls::ConnectionTrafficSecrets;

use super::gates::Memory;
use super::kernel::{Kernel, conversion_failure, material, renewal};
use super::side::Side;
use super::{RustlsEngine, errors};
use crate::crypto::rustls::suite::Suite;
use crate::failure::Failure;
use crate::handshake::key_schedule::{Secret, Tls12Secrets, tls13_key};
use crate::handshake::renewal::Tls12;
use crate::protocol::SslProtocol;
use crate::record::protection::{KeyMaterial, Protection};
use crate::record::traffic::PostHandshake;

/// How records are protected from now on, ours and the peer's, and what remains of the handshake.
type HandedOver = (Protection, Protection, Box<dyn PostHandshake>);

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
        let [client, server] = self.tls12_keys(suite).ok_or_else(conversion_failure)?;
        let (own, peers) = match self.is_client() {
            true => (client, server),
            false => (server, client),
        };
        self.hello = None;
        self.write_keys = Some(Box::new(own));
        self.read_with(SslProtocol::TlsV1_2, &peers)
    }

    fn tls13_material(&self, suite: Suite, secret: &Secret) -> Option<KeyMaterial> {
        let hash = &**self.backend.hash(suite.hash()?)?;
        tls13_key(hash, suite.aead()?, secret)
    }

    /// The client's and the server's.
    fn tls12_keys(&self, suite: Suite) -> Option<[KeyMaterial; 2]> {
        let secrets = self.tap.secrets();
        let secrets = Tls12Secrets {
            hash: &**self.backend.hash(suite.hash()?)?,
            master: secrets.tls12_master.as_ref()?,
            client_random: &secrets.client_random,
            server_random: &self.facts.server?.random,
        };
        secrets.keys(suite.aead()?, true)
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
                let [client, server] = self.tls12_keys(suite)?;
                let own = if self.is_client() { client } else { server };
                (SslProtocol::TlsV1_2, own, self.released.protected)
            }
        };
        Protection::new(&self.backend, version, &material, seq).ok()
    }

    /// What goes on in TLS 1.2: the keys that were derived here. rustls would derive them once more.
    pub(super) fn finish_tls12(self, received: Option<Protection>) -> Result<HandedOver, Failure> {
        self.tap.forget();
        let keys = self.write_keys.as_ref().ok_or_else(conversion_failure)?;
        let (version, seq) = (SslProtocol::TlsV1_2, self.released.protected);
        let tx = Protection::new(&self.backend, version, keys, seq);
        Ok((
            tx.map_err(|_| conversion_failure())?,
            received.ok_or_else(conversion_failure)?,
            Box::new(Tls12),
        ))
    }

    /// What rustls hands over in TLS 1.3.
    pub(super) fn finish_tls13(self, suite: Suite) -> Result<HandedOver, Failure> {
        let (context, is_client) = (self.context(), self.is_client());
        let parts = self.side.into_parts();
        let (secrets, connection) = parts.map_err(|error| errors::failure(&error, context))?;
        let takes_tickets = self.memory.as_ref().is_some_and(Memory::takes_tickets);
        let keeps_tickets = takes_tickets && !self.gate.is_closed();
        let post: Box<dyn PostHandshake> = match connection.filter(|_| keeps_tickets) {
            Some(connection) => Box::new(Kernel {
                connection,
                clock: self.clock,
            }),
            None => {
                let (backend, secrets) = (&self.backend, self.tap.secrets());
                let renewal = renewal(suite, backend, &secrets, is_client);
                Box::new(renewal.ok_or_else(conversion_failure)?)
            }
        };
        self.tap.forget();
        let protection = |(seq, secrets): (u64, ConnectionTrafficSecrets)| {
            let material = material(&secrets)?;
            Protection::new(&self.backend, SslProtocol::TlsV1_3, &material, seq)
                .map_err(|_| conversion_failure())
        };
        let (tx_seq, tx) = secrets.tx;
        let tx = protection((tx_seq.saturating_sub(self.dropped), tx))?;
        Ok((tx, protection(secrets.rx)?, post))
    }
}
