//! What is left of the handshake: later keys, and a client's tickets.

use alloc::boxed::Box;
use alloc::sync::Arc;

use rustls::client::ClientConnectionData;
use rustls::kernel::KernelConnection;

use super::errors;
use super::taps::{Secrets, Taps};
use crate::alert::Alert;
use crate::crypto::Backend;
use crate::crypto::rustls::suite::Suite;
use crate::failure::{Failure, FailureKind};
use crate::handshake::renewal::Renewal;
use crate::handshake::wire::session_ticket::SessionTicket;
use crate::protocol::SslProtocol;
use crate::record::protection::KeyMaterial;
use crate::record::traffic::PostHandshake;
use crate::time::Now;

pub(super) fn conversion_failure() -> Failure {
    Failure::new(FailureKind::Engine, Alert::InternalError)
        .because("the handshake keys could not be handed over")
}

/// What renews the keys of these secrets; `None` when they are not known.
pub(super) fn renewal(
    suite: Suite,
    backend: &Backend,
    secrets: &Secrets,
    is_client: bool,
) -> Option<Renewal> {
    let hash = backend.hash(suite.hash()?)?.clone();
    let client = secrets.client_traffic.clone()?;
    let server = secrets.server_traffic.clone()?;
    Some(Renewal::new(hash, suite.aead()?, client, server, is_client))
}

/// A TLS 1.3 client that keeps tickets: rustls makes sessions out of them.
pub(super) struct Kernel {
    pub(super) connection: Box<KernelConnection<ClientConnectionData>>,
    pub(super) taps: Arc<Taps>,
    pub(super) renewal: Renewal,
}

fn failure(error: &rustls::Error) -> Failure {
    let version = Some(SslProtocol::TlsV1_3);
    errors::failure(error, errors::Context { version })
}

impl PostHandshake for Kernel {
    fn next_transmit_key(&mut self) -> Result<KeyMaterial, Failure> {
        self.renewal.next_transmit_key()
    }

    fn next_receive_key(&mut self) -> Result<KeyMaterial, Failure> {
        self.renewal.next_receive_key()
    }

    fn takes_tickets(&self) -> bool {
        true
    }

    fn session_ticket(&mut self, body: &[u8], now: Now) -> Result<u32, Failure> {
        let lifetime = SessionTicket::read(body)?.lifetime;
        // "The value of zero indicates that the ticket should be discarded immediately."
        if now.wall.is_some() && lifetime > 0 {
            self.taps.clock.set(now);
            let kept = self.connection.handle_new_session_ticket(body);
            kept.map_err(|error| failure(&error))?;
        }
        Ok(lifetime)
    }
}
