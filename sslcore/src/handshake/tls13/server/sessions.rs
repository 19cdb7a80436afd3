//! Sessions as a server keeps them, or puts them into tickets (RFC 8446 §2.2, §4.6.1).

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use rustls_pki_types::UnixTime;
use zeroize::Zeroizing;

use crate::handshake::key_schedule::Secret;
use crate::handshake::ticket::Ticket;
use crate::handshake::tls13::sessions::Sessions;
use crate::handshake::wire::{Reader, Refusal};
use crate::identity::server_sessions::ServerSession;
use crate::identity::validity::Validity;
use crate::protocol::{Engine, SslCipher};
use crate::record::protection::Protection;
use crate::x509::certificate::Certificate;

/// How many bytes the name of a session has that the server keeps.
pub(super) const ID: usize = 32;

/// What a session of ours begins with, where one of rustls' has its version.
const MARK: [u8; 2] = *b"s3";

/// A session, as it is kept or is in a ticket.
pub(super) struct Session {
    /// When the client has last proven its identity.
    pub(super) begins: UnixTime,
    /// The number of the suite.
    pub(super) cipher: u16,
    pub(super) key: Secret,
    /// The name that the client asked for.
    pub(super) server_name: Option<Box<str>>,
    /// Whether the client was asked for its certificate.
    pub(super) asked: bool,
    /// The client's.
    pub(super) chain: Arc<[Certificate]>,
    /// Under which name it is in the store.
    pub(super) id: Option<Vec<u8>>,
}

impl Session {
    /// Without when it begins.
    fn encode(&self) -> Zeroizing<Vec<u8>> {
        let name = self.server_name.as_deref().unwrap_or_default().as_bytes();
        let key = self.key.as_slice();
        let chain: usize = self.chain.iter().map(|it| 3 + it.der().len()).sum();
        // So that nothing of it moves, and stays behind.
        let len = MARK.len() + 1 + 2 + 1 + key.len() + 2 + name.len() + chain;
        let mut encoded = Zeroizing::new(Vec::with_capacity(len));
        encoded.extend(MARK);
        encoded.push(self.asked.into());
        encoded.extend(self.cipher.to_be_bytes());
        encoded.push(key.len() as u8);
        encoded.extend(key);
        encoded.extend((name.len() as u16).to_be_bytes());
        encoded.extend(name);
        for der in self.chain.iter().map(Certificate::der) {
            encoded.extend(&(der.len() as u32).to_be_bytes()[1..]);
            encoded.extend(&**der);
        }
        debug_assert_eq!(encoded.len(), len);
        encoded
    }

    fn decode(encoded: &[u8], begins: UnixTime) -> Option<Self> {
        Self::read(Reader::new(encoded, ""), begins).ok()?
    }

    fn read(mut reader: Reader<'_>, begins: UnixTime) -> Result<Option<Self>, Refusal> {
        if *reader.array()? != MARK {
            return Ok(None);
        }
        let asked = reader.u8()? != 0;
        let cipher = reader.u16()?;
        let key = reader.vector8()?;
        let name = core::str::from_utf8(reader.vector16()?).ok();
        let mut chain = Vec::new();
        while !reader.is_empty() {
            chain.push(Certificate::from_der(reader.vector24()?.to_vec()));
        }
        Ok(name.zip(Secret::new(key)).map(|(name, key)| Self {
            begins,
            asked,
            cipher,
            key,
            server_name: (!name.is_empty()).then(|| name.into()),
            chain: chain.into(),
            id: None,
        }))
    }
}

impl Sessions {
    /// The session that has this name.
    pub(super) fn find(&self, identity: &[u8], now: UnixTime) -> Option<Session> {
        if let Some(keys) = &self.keys {
            let ticket = Ticket::open(keys, Engine::Own, identity, now)?;
            let holds = Validity::new(ticket.begins, self.lifetime).holds(now);
            return Session::decode(ticket.session(), ticket.begins).filter(|_| holds);
        }
        let store = self.store.as_ref().filter(|_| identity.len() == ID)?;
        let kept = store.get(identity)?;
        let holds = kept.validity.holds_under(self.lifetime, now);
        let session = Session::decode(&kept.encoded, kept.begins()).filter(|_| holds)?;
        Some(Session {
            id: Some(identity.into()),
            ..session
        })
    }

    /// Takes the session out of the store, where it is used once. Says whether it was still there.
    pub(super) fn use_up(&self, session: &Session) -> bool {
        match (&session.id, &self.store) {
            (Some(id), Some(store)) => store.take(id).is_some(),
            _ => true,
        }
    }

    /// The ticket for a session, or its name in the store, and for how many seconds it is good.
    pub(super) fn ticket(
        &self,
        session: &Session,
        validity: Validity,
        now: UnixTime,
        id: impl FnOnce() -> Option<[u8; ID]>,
    ) -> Option<(Vec<u8>, u32)> {
        let left = validity.left(now);
        // At least one second, since it holds, and at most seven days.
        let seconds = |left: Duration| u32::try_from(left.as_secs()).ok();
        let encoded = session.encode();
        if let Some(keys) = &self.keys {
            let ticket = Ticket::seal(keys, Engine::Own, validity.begins(), &encoded, now)?;
            return Some((ticket, seconds(left.min(keys.certain()))?));
        }
        let (store, seconds) = (self.store.as_ref()?, seconds(left)?);
        let id = id()?;
        let kept = ServerSession {
            encoded,
            validity,
            stored: now,
        };
        store.put(&id, kept);
        Some((id.into(), seconds))
    }
}

/// What tickets are made of.
pub(super) struct Resumption {
    pub(super) cipher: SslCipher,
    pub(super) secret: Secret,
    /// Behind our Finished.
    pub(super) protection: Protection,
}
