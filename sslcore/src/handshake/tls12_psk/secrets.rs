//! What follows from a key, and from a key exchange beside it.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::alert::Alert;
use crate::crypto::Backend;
use crate::crypto::hash::Hash;
use crate::failure::Failure;
use crate::handshake::key_schedule::exporter::Exporter;
use crate::handshake::key_schedule::{Secret, Tls12Secrets, prf};
use crate::handshake::renewal::Tls12;
use crate::handshake::tls13::config::Config;
use crate::handshake::tls13::failures::engine_failure;
use crate::handshake::transcript::Transcript;
use crate::handshake::wire::Refusal;
use crate::key_log::{KeyLog, KeyLogLine};
use crate::protocol::{SslCipher, SslProtocol};
use crate::record::protection::Protection;
use crate::record::size::RecordSizes;
use crate::record::traffic::HandOff;

/// The version of all of this.
pub(super) const VERSION: SslProtocol = SslProtocol::TlsV1_2;

/// The bytes of a master secret (RFC 5246 §8.1), and of Finished's value (§7.4.9).
const MASTER: usize = 48;
const VERIFY_DATA: usize = 12;
/// How many records a Finished of ours takes: it has 16 bytes, and no fragment is kept below 32.
pub(super) const FINISHED_RECORDS: u64 = 1;

/// Both hellos' randoms, the client's first.
#[derive(Clone)]
pub(super) struct Randoms(pub(super) [u8; 32], pub(super) [u8; 32]);

/// A handshake that has keys.
pub(super) struct Keyed {
    cipher: SslCipher,
    hash: Arc<dyn Hash>,
    master: Secret,
    randoms: Randoms,
}

/// The premaster secret: what was agreed upon, or as many zeros as the key has bytes; then the key
/// (RFC 4279 §2, RFC 5489 §2).
fn premaster(agreed: Option<&[u8]>, key: &[u8]) -> Zeroizing<Vec<u8>> {
    let zeros = Zeroizing::new(alloc::vec![0; key.len()]);
    let other = agreed.unwrap_or(&zeros);
    let len = |part: &[u8]| (part.len() as u16).to_be_bytes();
    // At once, so that no part of it is left where the vector was before it grew.
    Zeroizing::new([&len(other), other, &len(key), key].concat())
}

impl Keyed {
    /// `transcript` ends with ClientKeyExchange.
    pub(super) fn new(
        cipher: SslCipher,
        transcript: &Transcript,
        agreed: Option<&[u8]>,
        key: &[u8],
        randoms: Randoms,
        log: Option<&Arc<dyn KeyLog>>,
    ) -> Self {
        let hash = transcript.hash().clone();
        let premaster = premaster(agreed, key);
        let messages = transcript.current();
        let mut master = Secret::zeros(MASTER);
        let label = b"extended master secret";
        prf(
            &*hash,
            &premaster,
            label,
            messages.as_slice(),
            master.as_mut_slice(),
        );
        if let Some(log) = log {
            log.log(&KeyLogLine {
                label: "CLIENT_RANDOM",
                client_random: &randoms.0,
                secret: master.as_slice(),
            });
        }
        Self {
            cipher,
            hash,
            master,
            randoms,
        }
    }

    /// How one side's records are protected, from this one on.
    pub(super) fn protection(
        &self,
        backend: &Backend,
        of_client: bool,
        seq: u64,
    ) -> Result<Protection, Failure> {
        let no_key = || engine_failure("a key could not be made");
        let secrets = Tls12Secrets {
            hash: &*self.hash,
            master: &self.master,
            client_random: &self.randoms.0,
            server_random: &self.randoms.1,
        };
        let material = secrets.key(self.cipher.aead(), of_client);
        let material = material.ok_or_else(no_key)?;
        Protection::new(backend, VERSION, &material, seq).map_err(|_| no_key())
    }

    /// The value of one side's Finished behind these messages.
    pub(super) fn finished(&self, transcript: &Transcript, of_client: bool) -> [u8; VERIFY_DATA] {
        let label: &[u8] = match of_client {
            true => b"client finished",
            false => b"server finished",
        };
        let mut value = [0; VERIFY_DATA];
        let messages = transcript.current();
        prf(
            &*self.hash,
            self.master.as_slice(),
            label,
            messages.as_slice(),
            &mut value,
        );
        value
    }

    /// What a complete handshake hands over. `received` is how the peer's records were protected.
    pub(super) fn hand_off(
        &self,
        config: &Config,
        is_client: bool,
        sizes: RecordSizes,
        received: Protection,
    ) -> Result<HandOff, Failure> {
        Ok(HandOff {
            tx: self.protection(&config.backend, is_client, FINISHED_RECORDS)?,
            rx: received,
            post: Box::new(Tls12),
            confidentiality_limit: u64::MAX,
            sizes,
        })
    }

    pub(super) fn exporter(&self) -> Exporter {
        let mut randoms = [0; 64];
        randoms[..32].copy_from_slice(&self.randoms.0);
        randoms[32..].copy_from_slice(&self.randoms.1);
        Exporter::Tls12 {
            hash: self.hash.clone(),
            master: self.master.clone(),
            randoms: randoms.into(),
        }
    }
}

/// Without the extended master secret two connections can have the same keys (RFC 7627 §5.1).
pub(super) fn check_extended(has_it: bool) -> Result<(), Refusal> {
    match has_it {
        true => Ok(()),
        false => Err(Refusal::new(
            Alert::HandshakeFailure,
            "the peer has no extended master secret",
        )),
    }
}
