//! Keys from secrets (RFC 8446 §7, RFC 5246 §6.3): nothing else derives what sslcore protects and
//! exports with.
//!
//! The rustls engine derives the secrets of TLS 1.3 and the master secret of TLS 1.2, and tells them;
//! what protects records is made of them here.

pub(crate) mod exporter;

use zeroize::Zeroizing;

use crate::crypto::NONCE_LEN;
use crate::crypto::hash::{Digest, Hash, TooLong, expand, expand_keyed};
use crate::protocol::AeadAlgorithm;
use crate::record::protection::KeyMaterial;

/// A secret of the key schedule: as long as the suite's hash, or a TLS 1.2 master secret.
///
/// It is wiped where it ends, and not where it was before it moved. So in memory that is given back it
/// never moves: what does, as states do, has it in a box ([rule R11](crate::rules#r11)).
pub(crate) type Secret = Digest;

/// `[sender]_write_key` and `_iv` of a TLS 1.3 traffic secret (RFC 8446 §7.3).
pub(crate) fn tls13_key(
    hash: &dyn Hash,
    algorithm: AeadAlgorithm,
    secret: &Secret,
) -> Option<KeyMaterial> {
    let mut key = Zeroizing::new([0; 32]);
    let mut iv = [0; NONCE_LEN];
    let key = &mut key[..algorithm.key_len()];
    let mut expanded = Err(TooLong);
    hash.keyed(secret.as_slice(), &mut |hmac| {
        let expand = |label, out: &mut [u8]| {
            with_label(label, &[], out.len(), |info| {
                expand_keyed(hash.algorithm(), hmac, info, out)
            })
        };
        expanded = expand(b"key", key).and_then(|()| expand(b"iv", &mut iv));
    });
    expanded.ok()?;
    KeyMaterial::new(algorithm, key, iv)
}

/// The traffic secret that follows `secret` (RFC 8446 §7.2).
pub(crate) fn next_traffic_secret(hash: &dyn Hash, secret: &Secret) -> Option<Secret> {
    let mut next = secret.clone();
    expand_label(hash, secret, b"traffic upd", &[], next.as_mut_slice()).ok()?;
    Some(next)
}

/// HKDF-Extract (RFC 5869 §2.2).
pub(crate) fn extract(hash: &dyn Hash, salt: &[u8], secret: &[u8]) -> Secret {
    hash.hmac(salt, secret, &[], &[])
}

/// Derive-Secret of the messages with this hash; and HKDF-Expand-Label in general, as long as a hash
/// (RFC 8446 §7.1).
pub(crate) fn derive(hash: &dyn Hash, secret: &Secret, label: &[u8], context: &[u8]) -> Secret {
    let mut derived = Secret::zeros(0);
    derive_in_place(hash, secret, label, context, &mut derived);
    derived
}

/// The same where it is kept: a secret that moves leaves a copy on the stack, which wipes nothing, and from where
/// it may come into memory that is freed, with what is moved next.
pub(crate) fn derive_in_place(
    hash: &dyn Hash,
    secret: &Secret,
    label: &[u8],
    context: &[u8],
    derived: &mut Secret,
) {
    *derived = Secret::zeros(hash.algorithm().output_len());
    // One hash is never too long.
    let _ = expand_label(hash, secret, label, context, derived.as_mut_slice());
}

/// The secret that follows `secret` in the schedule, with what a key exchange has brought, or nothing.
pub(crate) fn next_secret(hash: &dyn Hash, secret: &Secret, brought: Option<&[u8]>) -> Secret {
    let nothing = hash.hash(&[]);
    let salt = derive(hash, secret, b"derived", nothing.as_slice());
    let zeros = [0; Digest::MAX];
    let brought = brought.or_else(|| zeros.get(..hash.algorithm().output_len()));
    extract(hash, salt.as_slice(), brought.unwrap_or_default())
}

/// The value of Finished, and of a binder: a MAC over the messages with this hash, under a key of
/// `base` (RFC 8446 §4.4.4).
pub(crate) fn verify_data(hash: &dyn Hash, base: &Secret, messages: &Digest) -> Digest {
    let key = derive(hash, base, b"finished", &[]);
    hash.hmac(key.as_slice(), messages.as_slice(), &[], &[])
}

const TLS13_PREFIX: &[u8] = b"tls13 ";

/// HKDF-Expand-Label (RFC 8446 §7.1). Label, context and output are short enough.
pub(crate) fn expand_label(
    hash: &dyn Hash,
    secret: &Secret,
    label: &[u8],
    context: &[u8],
    out: &mut [u8],
) -> Result<(), TooLong> {
    with_label(label, context, out.len(), |info| {
        expand(hash, secret.as_slice(), info, out)
    })
}

/// HkdfLabel, in parts (RFC 8446 §7.1).
fn with_label<T>(label: &[u8], context: &[u8], len: usize, then: impl FnOnce(&[&[u8]]) -> T) -> T {
    let length = (len as u16).to_be_bytes();
    let label_len = [(TLS13_PREFIX.len() + label.len()) as u8];
    let context_len = [context.len() as u8];
    then(&[
        &length,
        &label_len,
        TLS13_PREFIX,
        label,
        &context_len,
        context,
    ])
}

/// The pseudorandom function of TLS 1.2 (RFC 5246 §5): `out` is as long as is wanted.
pub(crate) fn prf(hash: &dyn Hash, secret: &[u8], label: &[u8], seed: &[u8], out: &mut [u8]) {
    hash.prf(secret, label, seed, out);
}

/// What both sides of a TLS 1.2 connection have in common once their hellos are said.
pub(crate) struct Tls12Secrets<'a> {
    pub(crate) hash: &'a dyn Hash,
    pub(crate) master: &'a Secret,
    pub(crate) client_random: &'a [u8; 32],
    pub(crate) server_random: &'a [u8; 32],
}

impl Tls12Secrets<'_> {
    /// The write key of the client or the server.
    pub(crate) fn key(&self, algorithm: AeadAlgorithm, of_client: bool) -> Option<KeyMaterial> {
        let [client, server] = self.keys(algorithm, false)?;
        Some(if of_client { client } else { server })
    }

    /// The write keys of the client and of the server (RFC 5246 §6.3), for what one costs. With GCM four
    /// bytes of the nonce are the key block's (RFC 5288 §3), with ChaCha20 all (RFC 7905 §2). The other
    /// eight are the sender's: they are counted from zero, or from what is next in the block, `as_rustls`
    /// counts them.
    pub(crate) fn keys(
        &self,
        algorithm: AeadAlgorithm,
        as_rustls: bool,
    ) -> Option<[KeyMaterial; 2]> {
        let (key_len, iv_len) = match algorithm {
            AeadAlgorithm::ChaCha20Poly1305 => (algorithm.key_len(), NONCE_LEN),
            _ => (algorithm.key_len(), 4),
        };
        let mut seed = [0; 64];
        seed[..32].copy_from_slice(self.server_random);
        seed[32..].copy_from_slice(self.client_random);
        let mut block = Zeroizing::new([0; 2 * (32 + NONCE_LEN)]);
        let explicit_len = if as_rustls { NONCE_LEN - iv_len } else { 0 };
        let block = block.get_mut(..2 * (key_len + iv_len) + explicit_len)?;
        prf(
            self.hash,
            self.master.as_slice(),
            b"key expansion",
            &seed,
            block,
        );
        let (keys, ivs) = block.split_at(2 * key_len);
        let (client_key, server_key) = keys.split_at(key_len);
        let (client_iv, rest) = ivs.split_at(iv_len);
        let (server_iv, explicit) = rest.split_at(iv_len);
        let material = |key, fixed| {
            let mut iv = [0; NONCE_LEN];
            let parts = [fixed, explicit].into_iter().flatten();
            iv.iter_mut().zip(parts).for_each(|(to, from)| *to = *from);
            KeyMaterial::new(algorithm, key, iv)
        };
        Some([
            material(client_key, client_iv)?,
            material(server_key, server_iv)?,
        ])
    }
}

#[cfg(all(test, feature = "ring"))]
pub(crate) mod rfc_8448;
#[cfg(all(test, feature = "ring"))]
mod tests;
