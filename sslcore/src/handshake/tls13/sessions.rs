//! Sessions that are resumed (RFC 8446 §2.2, §4.6.1): what a configuration says of them, and the key that
//! comes of a ticket.

use alloc::sync::Arc;
use core::time::Duration;

use super::failures::engine_failure;
#[cfg(feature = "server")]
use crate::crypto::Backend;
use crate::crypto::hash::Hash;
use crate::failure::Failure;
use crate::handshake::key_schedule::{Secret, expand_label};
use crate::handshake::sessions::ClientMemory;
use crate::handshake::settings::Settings;
#[cfg(feature = "server")]
use crate::handshake::settings::Tickets;
#[cfg(feature = "server")]
use crate::identity::server_sessions::ServerSessionStore;
#[cfg(feature = "server")]
use crate::identity::ticket_keys::TicketKeys;

/// What a configuration says of sessions.
pub(super) struct Sessions {
    pub(super) lifetime: Duration,
    /// A client's.
    pub(super) memory: Option<Arc<ClientMemory>>,
    /// A server's that remembers them itself.
    #[cfg(feature = "server")]
    pub(super) store: Option<Arc<dyn ServerSessionStore>>,
    /// A server's that lets its clients remember them.
    #[cfg(feature = "server")]
    pub(super) keys: Option<TicketKeys>,
}

impl Sessions {
    pub(super) fn new(#[cfg(feature = "server")] backend: &Backend, settings: &Settings) -> Self {
        let lifetime = settings.session_lifetime;
        Self {
            lifetime,
            memory: ClientMemory::new(settings),
            #[cfg(feature = "server")]
            store: settings.server_sessions.clone(),
            #[cfg(feature = "server")]
            keys: match &settings.tickets {
                Tickets::None => None,
                Tickets::OwnKeys => Some(TicketKeys::rotating(backend, lifetime)),
                Tickets::Under(keys) => Some(keys.clone()),
            },
        }
    }

    /// What a client keeps tickets in, if it keeps any.
    pub(super) fn of_tickets(&self) -> Option<&ClientMemory> {
        let memory = self.memory.as_deref()?;
        (memory.takes_tickets() && self.lifetime.as_secs() > 0).then_some(memory)
    }
}

/// The key that belongs to a ticket with this nonce.
pub(super) fn ticket_key(
    hash: &dyn Hash,
    resumption: &Secret,
    nonce: &[u8],
) -> Result<Secret, Failure> {
    let mut key = Secret::zeros(hash.algorithm().output_len());
    expand_label(hash, resumption, b"resumption", nonce, key.as_mut_slice())
        .map_err(|_| engine_failure("a ticket's key could not be made"))?;
    Ok(key)
}
