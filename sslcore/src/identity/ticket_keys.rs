//! The keys that session tickets are sealed with.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use rustls_pki_types::UnixTime;
use spin::Mutex;
use zeroize::Zeroizing;

use super::validity::LONGEST;
use crate::crypto::{AeadAlgorithm, AeadError, Backend, NONCE_LEN, RecordAead, TAG_LEN};

/// The keys of a server's session tickets (RFC 5077 §4, RFC 8446 §4.6.1). Cloning shares them.
///
/// A ticket is the session itself, sealed, so that the server need not remember it. Whoever has the
/// key can open tickets seen on the wire, and, in TLS 1.2, decrypt the connections that they were
/// used on: the keys are random, live in memory, are replaced, and are wiped when dropped.
///
/// Configurations that share keys accept each other's tickets. The client's chain in a ticket is
/// verified again by the configuration that opens it, as [`ServerSessionStore`] describes.
///
/// ```
/// # use std::time::Duration;
/// # use sslcore::crypto::{AeadError, Backend};
/// # use sslcore::TicketKeys;
/// # fn f(backend: &Backend, today: [u8; 32], yesterday: [u8; 32]) -> Result<(), AeadError> {
/// // Drawn here, and replaced every six hours by themselves.
/// let own = TicketKeys::rotating(backend, Duration::from_secs(6 * 3600));
///
/// // Drawn and distributed by the application, for several processes.
/// let shared = TicketKeys::given(backend, &[yesterday])?;
/// shared.replace(&[today, yesterday])?; // seals with the first, opens with either
/// # Ok(())
/// # }
/// ```
///
/// [`ServerSessionStore`]: crate::ServerSessionStore
#[derive(Clone)]
pub struct TicketKeys(Arc<Shared>);

impl PartialEq for TicketKeys {
    /// Whether both are clones of the same. The keys themselves are not compared.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for TicketKeys {}

struct Shared {
    backend: Backend,
    ring: Mutex<Ring>,
}

struct Ring {
    /// In seconds; `None`: the application replaces the keys.
    period: Option<u64>,
    /// The newest, which seals, first.
    keys: Vec<Key>,
}

struct Key {
    aead: Arc<dyn RecordAead>,
    /// Since when it seals, in seconds since 1970.
    since: u64,
}

/// The shortest period: below it, tickets would end before a client comes back.
const SHORTEST: Duration = Duration::from_secs(60);
/// The most keys that an application can give.
const MAX_GIVEN: usize = 16;
const ALGORITHM: AeadAlgorithm = AeadAlgorithm::ChaCha20Poly1305;

impl TicketKeys {
    /// Random keys, each of which seals tickets for `period` and opens them for as long again: a
    /// ticket is good for at least one period, unless
    /// [`session_lifetime`](crate::ConfigBuilder::session_lifetime) is shorter. A period has one minute
    /// to seven days; values outside are brought inside. The time is the wall clock that
    /// [`process`](crate::Connection::process) is given. The keys are drawn from the backend's random
    /// source, and an old key is wiped when a connection next uses tickets.
    pub fn rotating(backend: &Backend, period: Duration) -> Self {
        let period = period.clamp(SHORTEST, LONGEST).as_secs();
        Self::new(backend, Some(period))
    }

    /// Keys that several processes share: the first one seals, each of them opens. At most 16 are
    /// kept. These keys do not rotate by themselves: the application draws them at random, distributes
    /// them, and [`replace`](Self::replace)s them at least every few days.
    ///
    /// # Errors
    /// [`AeadError`] when the backend cannot seal with ChaCha20-Poly1305.
    pub fn given(backend: &Backend, secrets: &[[u8; 32]]) -> Result<Self, AeadError> {
        let this = Self::new(backend, None);
        this.replace(secrets)?;
        Ok(this)
    }

    fn new(backend: &Backend, period: Option<u64>) -> Self {
        Self(Arc::new(Shared {
            backend: backend.clone(),
            ring: Mutex::new(Ring {
                period,
                keys: Vec::new(),
            }),
        }))
    }

    /// Replaces all keys by `secrets`: the new one first, and behind it those that still have to open
    /// tickets. Keys that rotated by themselves no longer do.
    ///
    /// # Errors
    /// As for [`given`](Self::given); the keys are then as before.
    pub fn replace(&self, secrets: &[[u8; 32]]) -> Result<(), AeadError> {
        let keys = secrets
            .iter()
            .take(MAX_GIVEN)
            .map(|secret| self.0.key(secret, 0))
            .collect::<Result<_, _>>()?;
        *self.0.ring.lock() = Ring { period: None, keys };
        Ok(())
    }

    /// For how long a ticket that is sealed now can surely be opened.
    pub(crate) fn certain(&self) -> Duration {
        let period = self.0.ring.lock().period;
        period.map_or(LONGEST, Duration::from_secs)
    }

    /// A ticket: nonce, then the sealed session. Only who names `purpose` opens it. `None` when there is no
    /// key, or no randomness.
    pub(crate) fn seal(&self, plain: &[u8], purpose: &[u8], now: UnixTime) -> Option<Vec<u8>> {
        let aead = self.0.sealing(now.as_secs())?;
        let mut nonce = [0; NONCE_LEN];
        self.0.backend.fill_random(&mut nonce).ok()?;
        let mut ticket = Vec::with_capacity(NONCE_LEN + plain.len() + TAG_LEN);
        ticket.extend_from_slice(&nonce);
        ticket.extend_from_slice(plain);
        let tag = aead.seal(&nonce, purpose, &mut ticket[NONCE_LEN..]).ok()?;
        ticket.extend_from_slice(&tag);
        Some(ticket)
    }

    /// What was sealed for this purpose, if one of the keys did it.
    pub(crate) fn open(
        &self,
        ticket: &[u8],
        purpose: &[u8],
        now: UnixTime,
    ) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, sealed) = ticket.split_first_chunk::<NONCE_LEN>()?;
        let len = sealed.len().checked_sub(TAG_LEN)?;
        self.0.opening(now.as_secs()).iter().find_map(|aead| {
            let mut plain = Zeroizing::new(sealed.to_vec());
            aead.open(nonce, purpose, &mut plain).ok()?;
            plain.truncate(len);
            Some(plain)
        })
    }
}

impl Shared {
    fn key(&self, secret: &[u8; 32], since: u64) -> Result<Key, AeadError> {
        let aead: Box<dyn RecordAead> = self.backend.aead(ALGORITHM, secret)?;
        Ok(Key {
            aead: Arc::from(aead),
            since,
        })
    }

    fn sealing(&self, now: u64) -> Option<Arc<dyn RecordAead>> {
        let mut ring = self.ring.lock();
        ring.retire(now);
        if ring.is_due(now) {
            let mut secret = Zeroizing::new([0; 32]);
            self.backend.fill_random(&mut *secret).ok()?;
            let key = self.key(&secret, now).ok()?;
            ring.keys.truncate(1);
            ring.keys.insert(0, key);
        }
        ring.keys.first().map(|key| key.aead.clone())
    }

    fn opening(&self, now: u64) -> Vec<Arc<dyn RecordAead>> {
        let mut ring = self.ring.lock();
        ring.retire(now);
        ring.keys.iter().map(|key| key.aead.clone()).collect()
    }
}

impl Ring {
    /// Drops keys that have opened tickets for long enough.
    fn retire(&mut self, now: u64) {
        let Some(period) = self.period else { return };
        for key in &mut self.keys {
            // A clock that went back must not make a key live longer.
            key.since = key.since.min(now);
        }
        self.keys
            .retain(|key| now.saturating_sub(key.since) < 2 * period);
    }

    /// Whether a new key must seal from now on.
    fn is_due(&self, now: u64) -> bool {
        self.period.is_some_and(|period| {
            let newest = self.keys.first();
            newest.is_none_or(|key| now.saturating_sub(key.since) >= period)
        })
    }
}

impl fmt::Debug for TicketKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TicketKeys")
    }
}

#[cfg(all(test, feature = "ring"))]
mod tests;
