//! What is left of a handshake whose tickets are not kept: in TLS 1.3 its traffic secrets, in TLS 1.2
//! nothing.

#[cfg(feature = "testing")]
use alloc::boxed::Box;
use alloc::sync::Arc;

use super::key_schedule::{Secret, next_traffic_secret, tls13_key};
use super::wire::session_ticket::SessionTicket;
use crate::alert::Alert;
use crate::crypto::AeadAlgorithm;
use crate::crypto::hash::Hash;
use crate::failure::{Failure, FailureKind};
use crate::record::protection::KeyMaterial;
use crate::record::traffic::PostHandshake;
use crate::time::Now;

/// Renews traffic keys (RFC 8446 §7.2).
#[cfg_attr(feature = "testing", derive(Clone))]
pub(crate) struct Renewal {
    hash: Arc<dyn Hash>,
    algorithm: AeadAlgorithm,
    transmit: Secret,
    receive: Secret,
    is_client: bool,
}

impl Renewal {
    /// The secrets are the client's and the server's, in use.
    pub(crate) fn new(
        hash: Arc<dyn Hash>,
        algorithm: AeadAlgorithm,
        client: Secret,
        server: Secret,
        is_client: bool,
    ) -> Self {
        let (transmit, receive) = match is_client {
            true => (client, server),
            false => (server, client),
        };
        Self {
            hash,
            algorithm,
            transmit,
            receive,
            is_client,
        }
    }
}

/// Puts the next traffic secret in the place of `secret`, and makes its key.
fn renew(
    hash: &dyn Hash,
    algorithm: AeadAlgorithm,
    secret: &mut Secret,
) -> Result<KeyMaterial, Failure> {
    let next = next_traffic_secret(hash, secret).ok_or_else(no_key)?;
    let material = tls13_key(hash, algorithm, &next).ok_or_else(no_key)?;
    *secret = next;
    Ok(material)
}

fn no_key() -> Failure {
    Failure::new(FailureKind::Engine, Alert::InternalError).because("a key could not be renewed")
}

impl PostHandshake for Renewal {
    fn next_transmit_key(&mut self) -> Result<KeyMaterial, Failure> {
        renew(&*self.hash, self.algorithm, &mut self.transmit)
    }

    fn next_receive_key(&mut self) -> Result<KeyMaterial, Failure> {
        renew(&*self.hash, self.algorithm, &mut self.receive)
    }

    fn takes_tickets(&self) -> bool {
        self.is_client
    }

    /// Stored by nobody ([rule R13](crate::rules#r13)).
    fn session_ticket(&mut self, body: &[u8], _: Now) -> Result<u32, Failure> {
        Ok(SessionTicket::read(body)?.lifetime)
    }

    #[cfg(feature = "testing")]
    fn copied(&self) -> Option<Box<dyn PostHandshake>> {
        Some(Box::new(self.clone()))
    }
}

/// TLS 1.2: its keys last as long as it does, and tickets are part of its handshake.
pub(crate) struct Tls12;

impl PostHandshake for Tls12 {
    fn next_transmit_key(&mut self) -> Result<KeyMaterial, Failure> {
        Err(no_key())
    }

    fn next_receive_key(&mut self) -> Result<KeyMaterial, Failure> {
        Err(no_key())
    }

    fn takes_tickets(&self) -> bool {
        false
    }

    fn session_ticket(&mut self, body: &[u8], _: Now) -> Result<u32, Failure> {
        Ok(SessionTicket::read(body)?.lifetime)
    }

    #[cfg(feature = "testing")]
    fn copied(&self) -> Option<Box<dyn PostHandshake>> {
        Some(Box::new(Self))
    }
}
