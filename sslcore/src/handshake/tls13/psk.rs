//! Pre-shared keys as TLS 1.3 uses them: what is offered for a key, and what proves it (RFC 8446
//! §4.2.11, RFC 9258).

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use rustls_pki_types::UnixTime;
use subtle::ConstantTimeEq;

use super::config::Config;
use super::failures::engine_failure;
use crate::crypto::hash::{Digest, Hash, HashAlgorithm};
use crate::failure::Failure;
use crate::handshake::key_schedule::{Secret, derive, expand_label, extract, verify_data};
use crate::handshake::transcript::Transcript;
use crate::handshake::wire::pre_shared_key::Imported;
use crate::identity::pre_shared_key::PreSharedKey;

/// A key for the suites with one hash function.
#[derive(Clone)]
pub(super) struct Psk {
    /// As it goes over the wire.
    pub(super) identity: Vec<u8>,
    pub(super) hash: Arc<dyn Hash>,
    /// The early secret, of which all others come; in a box, for lists of keys and states move.
    pub(super) early: Box<Secret>,
    label: &'static [u8],
    /// Of a ticket that a client has.
    age: Option<Age>,
}

/// How old a ticket is: told with it, and disguised (RFC 8446 §4.2.11.1).
#[derive(Clone, Copy)]
pub(super) struct Age {
    pub(super) received: UnixTime,
    pub(super) add: u32,
}

impl Psk {
    /// What a session comes back with, at a server.
    #[cfg(feature = "server")]
    pub(super) fn of_session(identity: &[u8], hash: &Arc<dyn Hash>, key: &Secret) -> Self {
        Self {
            identity: identity.into(),
            early: early_secret(&**hash, key.as_slice()),
            hash: hash.clone(),
            label: b"res binder",
            age: None,
        }
    }

    /// What a client offers for a ticket.
    #[cfg(feature = "client")]
    pub(super) fn of_ticket(ticket: &[u8], hash: &Arc<dyn Hash>, key: &Secret, age: Age) -> Self {
        Self {
            identity: ticket.into(),
            early: early_secret(&**hash, key.as_slice()),
            hash: hash.clone(),
            label: b"res binder",
            age: Some(age),
        }
    }

    /// What a hello of this moment says of its age: nothing of a key that is no ticket's.
    #[cfg(feature = "client")]
    pub(super) fn told_age(&self, now: Option<UnixTime>) -> u32 {
        let (Some(age), Some(now)) = (self.age, now) else {
            return 0;
        };
        let seconds = now.as_secs().saturating_sub(age.received.as_secs());
        let millis = seconds.saturating_mul(1000) as u32;
        millis.wrapping_add(age.add)
    }

    /// What can be offered for these keys: a plain one once, an imported one for each hash function
    /// that a suite has.
    pub(super) fn all(keys: &[PreSharedKey], config: &Config) -> Result<Vec<Self>, Failure> {
        // Mostly one for each, and nothing to spare.
        let mut all = Vec::with_capacity(keys.len());
        for key in keys {
            for hash in HashAlgorithm::ALL {
                let fits = key.context().is_some() || hash == key.hash();
                if fits && config.has_hash(hash) {
                    all.push(Self::new(key, hash, config)?);
                }
            }
        }
        Ok(all)
    }

    pub(super) fn new(
        key: &PreSharedKey,
        target: HashAlgorithm,
        config: &Config,
    ) -> Result<Self, Failure> {
        let hash = config.hash(target)?;
        let Some(context) = key.context() else {
            return Ok(Self {
                identity: key.identity().into(),
                early: early_secret(&**hash, key.key()),
                hash: hash.clone(),
                label: b"ext binder",
                age: None,
            });
        };
        let identity = Imported {
            identity: key.identity(),
            context,
            target,
        }
        .write();
        let own = &**config.hash(key.hash())?;
        // RFC 9258 §5.1.
        let extracted = extract(
            own,
            &[0; Digest::MAX][..own.algorithm().output_len()],
            key.key(),
        );
        let mut imported = Secret::zeros(target.output_len());
        let bound = own.hash(&identity);
        expand_label(
            own,
            &extracted,
            b"derived psk",
            bound.as_slice(),
            imported.as_mut_slice(),
        )
        .map_err(|_| engine_failure("a key could not be imported"))?;
        Ok(Self {
            early: early_secret(&**hash, imported.as_slice()),
            identity,
            hash: hash.clone(),
            label: b"imp binder",
            age: None,
        })
    }

    /// A key that nobody has, for the suites with this hash function.
    pub(super) fn unknown(hash: HashAlgorithm, config: &Config) -> Result<Self, Failure> {
        let hash = config.hash(hash)?;
        let mut random = Secret::zeros(hash.algorithm().output_len());
        config.backend.fill_random(random.as_mut_slice())?;
        Ok(Self {
            identity: Vec::new(),
            early: early_secret(&**hash, random.as_slice()),
            hash: hash.clone(),
            label: b"ext binder",
            age: None,
        })
    }

    /// Whether this is the identity under which the key is offered for the suites with this hash function.
    pub(super) fn has_name(key: &PreSharedKey, identity: &[u8], hash: HashAlgorithm) -> bool {
        match key.context() {
            None => key.hash() == hash && key.identity() == identity,
            Some(context) => {
                let named = Imported {
                    identity: key.identity(),
                    context,
                    target: hash,
                };
                Imported::read(identity) == Some(named)
            }
        }
    }

    /// The binder for a hello, whose beginning up to the binders this is.
    pub(super) fn binder(&self, before: &Before, truncated: &[u8]) -> Digest {
        let nothing = self.hash.hash(&[]);
        let key = derive(&*self.hash, &self.early, self.label, nothing.as_slice());
        let mut transcript = before.transcript(&self.hash);
        transcript.add(truncated);
        verify_data(&*self.hash, &key, &transcript.current())
    }

    /// Whether the other side has this key, too.
    pub(super) fn is_proven(&self, before: &Before, truncated: &[u8], binder: &[u8]) -> bool {
        let expected = self.binder(before, truncated);
        bool::from(expected.as_slice().ct_eq(binder))
    }
}

/// What stands before a hello in the transcript: nothing, or the first hello and its
/// HelloRetryRequest.
#[derive(Default)]
pub(super) struct Before(pub(super) Option<(Vec<u8>, Vec<u8>)>);

impl Before {
    /// What is hashed up to there.
    pub(super) fn transcript(&self, hash: &Arc<dyn Hash>) -> Transcript {
        match &self.0 {
            None => Transcript::new(hash.clone()),
            Some((first, retry)) => {
                let mut transcript = Transcript::retried(hash.clone(), first);
                transcript.add(retry);
                transcript
            }
        }
    }
}

/// The early secret of a handshake without a key (RFC 8446 §7.1).
pub(super) fn without_key(hash: &dyn Hash) -> Box<Secret> {
    early_secret(hash, &[0; Digest::MAX][..hash.algorithm().output_len()])
}

fn early_secret(hash: &dyn Hash, key: &[u8]) -> Box<Secret> {
    let zeros = &[0; Digest::MAX][..hash.algorithm().output_len()];
    Box::new(extract(hash, zeros, key))
}

#[cfg(all(test, feature = "ring"))]
mod tests;
