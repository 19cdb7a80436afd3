//! Resuming: which session the hello offers, what becomes of it, and what is kept of this handshake.

use alloc::boxed::Box;
use alloc::sync::Arc;

use super::Client;
use super::sessions::{Keeper, Kept, Session};
use crate::crypto::hash::Hash;
use crate::failure::Failure;
use crate::handshake::Trust;
use crate::handshake::key_schedule::Secret;
use crate::handshake::tls13::psk::{Age, Psk};
use crate::handshake::tls13::secrets::VERSION;
use crate::handshake::tls13::sessions::Sessions;
use crate::identity::validity::Validity;

impl Client {
    fn sessions(&self) -> Option<&Sessions> {
        self.config.sessions()
    }

    /// Whether tickets can become sessions here, which need a clock.
    pub(super) fn can_keep_tickets(&self) -> bool {
        let sessions = self.sessions();
        self.wall.is_some() && sessions.is_some_and(|sessions| sessions.of_tickets().is_some())
    }

    /// Takes a session with this server out of the store, to offer it.
    pub(super) fn look_for_session(&mut self) -> Result<(), Failure> {
        let config = self.config.clone();
        let (Some(now), Some(sessions)) = (self.wall, config.sessions()) else {
            return Ok(());
        };
        let found = sessions
            .of_tickets()
            .and_then(|memory| memory.take(&self.server, VERSION));
        let Some(found) = found.filter(|found| found.validity.holds_under(sessions.lifetime, now))
        else {
            return Ok(());
        };
        let Ok(kept) = found.secrets.downcast::<Kept>() else {
            return Ok(());
        };
        let age = now.as_secs().saturating_sub(found.received.as_secs());
        if age >= u64::from(kept.lifetime) {
            return Ok(());
        }
        let age = Age {
            received: found.received,
            add: kept.age_add,
        };
        let hash = config.hash(kept.hash)?;
        self.keys = alloc::vec![Psk::of_ticket(&kept.ticket, hash, &kept.key, age)];
        self.session = Some(Box::new(Session {
            chain: kept.chain,
            stapled: found.stapled,
            timestamps: kept.timestamps,
            validity: found.validity,
        }));
        Ok(())
    }

    /// The server has taken the session that was offered: it is who it was then.
    pub(super) fn resume(&mut self) {
        if let Some(session) = &self.session {
            self.agreed.resumed = true;
            self.shown.chain = session.chain.clone();
            self.shown.stapled = session.stapled.clone();
            self.shown.timestamps = session.timestamps.clone();
        }
    }

    /// What is remembered of a server that was trusted: the group that it has chosen.
    pub(super) fn remember_group(&self) {
        let memory = self
            .sessions()
            .and_then(|sessions| sessions.memory.as_ref());
        if let (Some(memory), Some(group)) = (memory, self.used_group) {
            memory.set_group(&self.server, group);
        }
    }

    /// The group that the server has chosen before, if it is still one of ours.
    pub(super) fn remembered_group(&self) -> Option<u16> {
        let memory = self.sessions()?.memory.as_ref()?;
        let group = memory.group(&self.server)?;
        self.config.group(group).map(|known| known.group())
    }

    /// What was resumed was refused, and what else came of the same handshake would be, too: the server
    /// shall show its certificate anew.
    pub(super) fn forget(&self) {
        let memory = self.sessions().and_then(Sessions::of_tickets);
        if let (true, Some(memory)) = (self.agreed.resumed, memory) {
            memory.forget(&self.server);
        }
    }

    /// What makes sessions out of the tickets that come, `None` where nobody wants them.
    pub(super) fn keeper(&self, resumption: Secret, hash: &Arc<dyn Hash>) -> Option<Box<Keeper>> {
        let Some(Trust::Good(good_until)) = self.trust else {
            return None;
        };
        let lifetime = self.sessions()?.lifetime;
        let resumed = self.session.as_ref().filter(|_| self.agreed.resumed);
        let begins = match resumed {
            Some(session) => session.validity.begins(),
            None => self.wall?,
        };
        Some(Box::new(Keeper {
            config: self.config.clone(),
            server: self.server.clone(),
            hash: hash.clone(),
            resumption,
            validity: Validity::new(begins, lifetime).until(good_until),
            chain: self.shown.chain.clone(),
            stapled: self.shown.stapled.clone(),
            timestamps: self.shown.timestamps.clone(),
        }))
    }
}
