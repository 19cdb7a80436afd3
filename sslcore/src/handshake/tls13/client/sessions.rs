//! Sessions as a client has them of earlier handshakes, and makes them out of tickets (RFC 8446 §2.2,
//! §4.6.1).

use alloc::boxed::Box;
use alloc::sync::Arc;

use rustls_pki_types::{ServerName, UnixTime};

use crate::crypto::hash::{Hash, HashAlgorithm};
use crate::failure::Failure;
use crate::handshake::key_schedule::Secret;
use crate::handshake::renewal::Renewal;
use crate::handshake::tls13::config::Config;
use crate::handshake::tls13::secrets::VERSION;
use crate::handshake::tls13::sessions::{Sessions, ticket_key};
use crate::handshake::wire::session_ticket::SessionTicket;
use crate::identity::client_sessions::ClientSession;
use crate::identity::validity::Validity;
use crate::record::protection::KeyMaterial;
use crate::record::traffic::PostHandshake;
use crate::time::Now;
use crate::x509::certificate::Certificate;

type Chain = Arc<[Certificate]>;

/// What is kept of a session beside what every engine keeps.
pub(super) struct Kept {
    pub(super) hash: HashAlgorithm,
    pub(super) key: Secret,
    pub(super) ticket: Box<[u8]>,
    pub(super) age_add: u32,
    /// How many seconds the server takes the ticket.
    pub(super) lifetime: u32,
    pub(super) chain: Chain,
    pub(super) timestamps: Option<Arc<[u8]>>,
}

/// The session that the hello offers; when the server has taken it, the one that is resumed.
pub(super) struct Session {
    pub(super) chain: Chain,
    pub(super) stapled: Option<Arc<[u8]>>,
    pub(super) timestamps: Option<Arc<[u8]>>,
    pub(super) validity: Validity,
}

/// Makes sessions out of tickets.
#[cfg_attr(feature = "testing", derive(Clone))]
pub(super) struct Keeper {
    pub(super) config: Arc<Config>,
    pub(super) server: ServerName<'static>,
    pub(super) hash: Arc<dyn Hash>,
    pub(super) resumption: Secret,
    pub(super) validity: Validity,
    pub(super) chain: Chain,
    pub(super) stapled: Option<Arc<[u8]>>,
    pub(super) timestamps: Option<Arc<[u8]>>,
}

impl Keeper {
    fn keep(&self, ticket: &SessionTicket<'_>, now: UnixTime) -> Result<(), Failure> {
        let sessions = self.config.sessions();
        let memory = sessions.and_then(Sessions::of_tickets);
        // "The value of zero indicates that the ticket should be discarded immediately."
        let is_of_use = ticket.lifetime > 0 && self.validity.holds(now);
        let (Some(memory), true) = (memory, is_of_use) else {
            return Ok(());
        };
        let kept = Kept {
            hash: self.hash.algorithm(),
            key: ticket_key(&*self.hash, &self.resumption, ticket.nonce)?,
            ticket: ticket.ticket.into(),
            age_add: ticket.age_add,
            lifetime: ticket.lifetime,
            chain: self.chain.clone(),
            timestamps: self.timestamps.clone(),
        };
        let session = ClientSession {
            protocol: VERSION,
            secrets: Box::new(kept),
            validity: self.validity,
            received: now,
            stapled: self.stapled.clone(),
        };
        memory.put(&self.server, session);
        Ok(())
    }
}

/// What is left of a handshake whose tickets are kept.
#[cfg_attr(feature = "testing", derive(Clone))]
pub(super) struct Keeping {
    pub(super) renewal: Renewal,
    pub(super) keeper: Box<Keeper>,
}

impl PostHandshake for Keeping {
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
        let ticket = SessionTicket::read(body)?;
        if let Some(now) = now.wall {
            self.keeper.keep(&ticket, now)?;
        }
        Ok(ticket.lifetime)
    }

    #[cfg(feature = "testing")]
    fn copied(&self) -> Option<Box<dyn PostHandshake>> {
        Some(Box::new(self.clone()))
    }
}
