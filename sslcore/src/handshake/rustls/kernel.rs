//! What is left of rustls after the handshake: later keys, and a client's tickets.

use alloc::sync::Arc;

use rustls::ConnectionTrafficSecrets;
use rustls::client::ClientConnectionData;
use rustls::kernel::KernelConnection;
use rustls::server::ServerConnectionData;

use super::errors;
use super::taps::Clock;
use crate::alert::Alert;
use crate::failure::{Failure, FailureKind};
use crate::handshake::rustls::key_schedule::aead_of;
use crate::handshake::wire::session_ticket;
use crate::protocol::SslProtocol;
use crate::record::protection::KeyMaterial;
use crate::record::traffic::PostHandshake;
use crate::time::Now;

pub(super) fn conversion_failure() -> Failure {
    Failure::new(FailureKind::Engine, Alert::InternalError)
        .because("the handshake keys could not be handed over")
}

pub(super) fn material(secrets: &ConnectionTrafficSecrets) -> Result<KeyMaterial, Failure> {
    use rustls::CipherSuite as S;
    let (suite, key, iv) = match secrets {
        ConnectionTrafficSecrets::Aes128Gcm { key, iv } => (S::TLS13_AES_128_GCM_SHA256, key, iv),
        ConnectionTrafficSecrets::Aes256Gcm { key, iv } => (S::TLS13_AES_256_GCM_SHA384, key, iv),
        ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv } => {
            (S::TLS13_CHACHA20_POLY1305_SHA256, key, iv)
        }
        _ => return Err(conversion_failure()),
    };
    let iv = iv.as_ref().try_into().map_err(|_| conversion_failure())?;
    aead_of(suite)
        .and_then(|algorithm| KeyMaterial::new(algorithm, key.as_ref(), iv))
        .ok_or_else(conversion_failure)
}

pub(super) enum Kernel {
    /// With the clock for the tickets that may be kept, if they may.
    Client(KernelConnection<ClientConnectionData>, Option<Arc<Clock>>),
    Server(KernelConnection<ServerConnectionData>),
}

fn failure(error: &rustls::Error) -> Failure {
    let version = Some(SslProtocol::TlsV1_3);
    errors::failure(error, errors::Context { version })
}

impl PostHandshake for Kernel {
    fn next_transmit_key(&mut self) -> Result<KeyMaterial, Failure> {
        let updated = match self {
            Self::Client(kernel, _) => kernel.update_tx_secret(),
            Self::Server(kernel) => kernel.update_tx_secret(),
        };
        material(&updated.map_err(|error| failure(&error))?.1)
    }

    fn next_receive_key(&mut self) -> Result<KeyMaterial, Failure> {
        let updated = match self {
            Self::Client(kernel, _) => kernel.update_rx_secret(),
            Self::Server(kernel) => kernel.update_rx_secret(),
        };
        material(&updated.map_err(|error| failure(&error))?.1)
    }

    fn takes_tickets(&self) -> bool {
        matches!(self, Self::Client(..))
    }

    fn session_ticket(&mut self, body: &[u8], now: Now) -> Result<u32, Failure> {
        let lifetime = session_ticket::read(body)?;
        match self {
            // "The value of zero indicates that the ticket should be discarded immediately."
            Self::Client(kernel, Some(clock)) if now.wall.is_some() && lifetime > 0 => {
                clock.set(now);
                let kept = kernel.handle_new_session_ticket(body);
                kept.map_err(|error| failure(&error))?;
            }
            // Stored by nobody (rule R13).
            Self::Client(..) | Self::Server(_) => {}
        }
        Ok(lifetime)
    }
}
