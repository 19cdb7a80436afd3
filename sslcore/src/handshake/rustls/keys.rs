//! How records are protected, the peer's and ours, during the handshake and behind it.

use alloc::boxed::Box;

use super::kernel::{Kernel, conversion_failure, renewal};
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
        let protection = {
            let secrets = self.taps.tap.secrets();
            let secret = match self.is_client() {
                true => &secrets.server_handshake,
                false => &secrets.client_handshake,
            };
            let Some(secret) = secret else {
                return Ok(());
            };
            self.tls13_protection(suite, secret, 0)
        };
        self.hello = None;
        self.read_with(protection.ok_or_else(conversion_failure)?);
        Ok(())
    }

    /// The keys behind the peer's ChangeCipherSpec in TLS 1.2.
    pub(super) fn follow_tls12(&mut self) -> Result<(), Failure> {
        let Some(suite @ Suite::Tls12(_)) = self.suite() else {
            return Ok(());
        };
        let of_client = !self.is_client();
        let protection = self.tls12_protection(suite, of_client, 0);
        self.hello = None;
        self.read_with(protection.ok_or_else(conversion_failure)?);
        Ok(())
    }

    fn read_with(&mut self, protection: Protection) {
        self.read_protection = Some(Box::new(protection));
        self.has_read_keys = true;
    }

    pub(super) fn tls13_protection(
        &self,
        suite: Suite,
        secret: &Secret,
        seq: u64,
    ) -> Option<Protection> {
        let material = self.tls13_material(suite, secret)?;
        Protection::new(&self.backend, SslProtocol::TlsV1_3, &material, seq).ok()
    }

    fn tls13_material(&self, suite: Suite, secret: &Secret) -> Option<KeyMaterial> {
        let hash = &**self.backend.hash(suite.hash()?)?;
        tls13_key(hash, suite.aead()?, secret)
    }

    /// How a server's records are protected behind a handshake of TLS 1.3: tickets, and then everything.
    pub(super) fn server_protection(&mut self, suite: Suite, seq: u64) -> Option<Protection> {
        if self.server_key.is_none() {
            let material = {
                let secrets = self.taps.tap.secrets();
                self.tls13_material(suite, secrets.server_traffic.as_ref()?)?
            };
            self.server_key = Some(Box::new(material));
        }
        let material = self.server_key.as_deref()?;
        Protection::new(&self.backend, SslProtocol::TlsV1_3, material, seq).ok()
    }

    /// How the records of the client or the server are protected in TLS 1.2, from this one on. The keys
    /// of both are derived once.
    pub(super) fn tls12_protection(
        &mut self,
        suite: Suite,
        of_client: bool,
        seq: u64,
    ) -> Option<Protection> {
        if self.tls12_keys.is_none() {
            self.tls12_keys = Some(Box::new(self.derive_tls12(suite)?));
        }
        let keys = self.tls12_keys.as_deref()?;
        self.protection_under(keys, of_client, seq)
    }

    fn protection_under(
        &self,
        [client, server]: &[KeyMaterial; 2],
        of_client: bool,
        seq: u64,
    ) -> Option<Protection> {
        let material = if of_client { client } else { server };
        Protection::new(&self.backend, SslProtocol::TlsV1_2, material, seq).ok()
    }

    /// The client's and the server's.
    fn derive_tls12(&self, suite: Suite) -> Option<[KeyMaterial; 2]> {
        let secrets = self.taps.tap.secrets();
        let secrets = Tls12Secrets {
            hash: &**self.backend.hash(suite.hash()?)?,
            master: secrets.tls12_master.as_ref()?,
            client_random: &secrets.client_random,
            server_random: &self.facts.server?.random,
        };
        secrets.keys(suite.aead()?, true)
    }

    /// How an alert is protected that leaves now.
    pub(super) fn own_protection(&self, suite: Suite) -> Option<Protection> {
        match suite {
            Suite::Tls13(_) => {
                let secrets = self.taps.tap.secrets();
                let secret = match self.is_client() {
                    true => secrets.client_handshake.as_ref()?,
                    false => secrets.server_traffic.as_ref()?,
                };
                self.tls13_protection(suite, secret, 0)
            }
            Suite::Tls12(_) => {
                let (of_client, seq) = (self.is_client(), self.released.protected);
                match self.tls12_keys.as_deref() {
                    Some(keys) => self.protection_under(keys, of_client, seq),
                    None => self.protection_under(&self.derive_tls12(suite)?, of_client, seq),
                }
            }
        }
    }

    /// What goes on in TLS 1.2: the same keys.
    pub(super) fn finish_tls12(
        mut self,
        suite: Suite,
        received: Option<Protection>,
    ) -> Result<HandedOver, Failure> {
        let (of_client, seq) = (self.is_client(), self.released.protected);
        let own = self.tls12_protection(suite, of_client, seq);
        self.taps.tap.forget();
        Ok((
            own.ok_or_else(conversion_failure)?,
            received.ok_or_else(conversion_failure)?,
            Box::new(Tls12),
        ))
    }

    /// What goes on in TLS 1.3. Only a client that keeps tickets keeps something of rustls.
    pub(super) fn finish_tls13(mut self, suite: Suite) -> Result<HandedOver, Failure> {
        let is_client = self.is_client();
        let tickets = self.tickets.saturating_sub(self.dropped);
        let server = self.server_protection(suite, tickets);
        let (client, renewal) = {
            let secrets = self.taps.tap.secrets();
            let client = secrets.client_traffic.as_ref();
            (
                client.and_then(|secret| self.tls13_protection(suite, secret, 0)),
                renewal(suite, &self.backend, &secrets, is_client),
            )
        };
        let (Some(client), Some(server), Some(renewal)) = (client, server, renewal) else {
            return Err(conversion_failure());
        };
        self.taps.tap.forget();
        self.let_go();
        let (context, taps) = (self.context(), self.taps);
        let kernel = self.side.into_kernel();
        let kernel = kernel.map_err(|error| errors::failure(&error, context))?;
        let kernel = kernel.filter(|_| !taps.gate.is_closed());
        let post: Box<dyn PostHandshake> = match kernel {
            Some(connection) => Box::new(Kernel {
                connection,
                taps,
                renewal,
            }),
            None => Box::new(renewal),
        };
        Ok(match is_client {
            true => (client, server, post),
            false => (server, client, post),
        })
    }
}
