//! What is in a server's tickets, whichever engine does the handshakes.

use alloc::vec::Vec;
use core::time::Duration;

use rustls_pki_types::UnixTime;
use zeroize::Zeroizing;

use crate::identity::ticket_keys::TicketKeys;
use crate::limits;
use crate::protocol::Engine;

/// What was in a ticket: when its session began, in seconds, and then what the engine says of it.
pub(crate) struct Ticket {
    /// When the session began.
    pub(crate) begins: UnixTime,
    content: Zeroizing<Vec<u8>>,
}

impl Ticket {
    /// Seals a session of this engine's that began then; no other engine opens the ticket. `None` when the
    /// keys give no ticket, and for one that is longer than clients take.
    pub(crate) fn seal(
        keys: &TicketKeys,
        engine: Engine,
        begins: UnixTime,
        session: &[u8],
        now: UnixTime,
    ) -> Option<Vec<u8>> {
        let begins = begins.as_secs().to_be_bytes();
        let mut content = Zeroizing::new(Vec::with_capacity(begins.len() + session.len()));
        content.extend(begins);
        content.extend(session);
        let ticket = keys.seal(&content, engine.name().as_bytes(), now)?;
        (ticket.len() <= limits::ISSUED_TICKET).then_some(ticket)
    }

    /// Opens a ticket that this engine has sealed.
    pub(crate) fn open(
        keys: &TicketKeys,
        engine: Engine,
        ticket: &[u8],
        now: UnixTime,
    ) -> Option<Self> {
        let content = keys.open(ticket, engine.name().as_bytes(), now)?;
        let begins = u64::from_be_bytes(*content.first_chunk()?);
        Some(Self {
            begins: UnixTime::since_unix_epoch(Duration::from_secs(begins)),
            content,
        })
    }

    /// What its engine has said of the session.
    pub(crate) fn session(&self) -> &[u8] {
        self.content.get(size_of::<u64>()..).unwrap_or_default()
    }
}
