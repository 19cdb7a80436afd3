//! Keying material for protocols above TLS (RFC 5705, RFC 8446 §7.5).

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use super::{Secret, TLS13_PREFIX, expand_label, prf};
use crate::crypto::hash::{Hash, TooLong};

/// Why [`Connection::export_keying_material`](crate::Connection::export_keying_material) exported
/// nothing. The output buffer is as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ExportError {
    /// The handshake is not complete, or never was.
    NotEncrypted,
    /// TLS 1.2 without the extended master secret: two connections may have the same keying
    /// material then, so it proves nothing (RFC 7627 §5.4 forbids the export).
    NoExtendedMasterSecret,
    /// The label has not 1 to 249 bytes.
    LabelLength(usize),
    /// The label is one that TLS itself derives secrets with (RFC 5705 §4).
    ReservedLabel,
    /// The context has more than 65,535 bytes.
    ContextLength(usize),
    /// The output has not 1 to 8,160 bytes.
    OutputLength(usize),
}

impl fmt::Display for ExportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotEncrypted => f.write_str("the handshake was not completed"),
            Self::NoExtendedMasterSecret => f.write_str(
                "the TLS 1.2 peer has no extended master secret, so nothing can safely be exported",
            ),
            Self::LabelLength(len) => write!(
                f,
                "an exporter label has 1 to {MAX_LABEL} bytes, but this one has {len}"
            ),
            Self::ReservedLabel => {
                f.write_str("the exporter label is one that TLS uses for itself")
            }
            Self::ContextLength(len) => write!(
                f,
                "an exporter context has at most {MAX_CONTEXT} bytes, but this one has {len}"
            ),
            Self::OutputLength(len) => write!(
                f,
                "1 to {MAX_OUTPUT} bytes can be exported at once, but not {len}"
            ),
        }
    }
}

impl core::error::Error for ExportError {}

/// With the prefix `tls13 ` a label has at most 255 bytes (RFC 8446 §7.1).
const MAX_LABEL: usize = 255 - TLS13_PREFIX.len();
/// The context's length is written in two bytes (RFC 5705 §4).
const MAX_CONTEXT: usize = 0xffff;
/// 255 blocks of SHA-256, the shortest hash there is here (RFC 5869 §2.3): whatever suite is
/// negotiated can make so much.
const MAX_OUTPUT: usize = 255 * 32;

/// What TLS 1.2 derives with the same function from the same secret: its own keys among others.
const RESERVED: [&[u8]; 5] = [
    b"client finished",
    b"server finished",
    b"master secret",
    b"extended master secret",
    b"key expansion",
];

/// The secret that material is exported from, kept beyond the handshake.
#[cfg_attr(feature = "testing", derive(Clone))]
pub(crate) enum Exporter {
    Tls13 {
        hash: Arc<dyn Hash>,
        /// exporter_master_secret (RFC 8446 §7.1).
        secret: Secret,
    },
    Tls12 {
        hash: Arc<dyn Hash>,
        master: Secret,
        /// The client's random, then the server's. Apart, so that TLS 1.3 holds no room for them.
        randoms: Box<[u8; 64]>,
    },
    /// TLS 1.2 without the extended master secret: nothing may be exported, so nothing is kept.
    Forbidden,
}

impl Exporter {
    pub(crate) fn export(
        &self,
        out: &mut [u8],
        label: &[u8],
        context: Option<&[u8]>,
    ) -> Result<(), ExportError> {
        check(out, label, context)?;
        match self {
            Self::Tls13 { hash, secret } => {
                tls13(&**hash, secret, out, label, context.unwrap_or_default())
                    .map_err(|_| ExportError::OutputLength(out.len()))
            }
            Self::Tls12 {
                hash,
                master,
                randoms,
            } => {
                let mut seed = Vec::from(&**randoms);
                if let Some(context) = context {
                    // Checked: it fits.
                    seed.extend_from_slice(&(context.len() as u16).to_be_bytes());
                    seed.extend_from_slice(context);
                }
                prf(&**hash, master.as_slice(), label, &seed, out);
                Ok(())
            }
            Self::Forbidden => Err(ExportError::NoExtendedMasterSecret),
        }
    }
}

/// The same for both versions, so that what works does not depend on what is negotiated.
fn check(out: &[u8], label: &[u8], context: Option<&[u8]>) -> Result<(), ExportError> {
    if !(1..=MAX_LABEL).contains(&label.len()) {
        return Err(ExportError::LabelLength(label.len()));
    }
    if RESERVED.contains(&label) {
        return Err(ExportError::ReservedLabel);
    }
    match context {
        Some(context) if context.len() > MAX_CONTEXT => {
            return Err(ExportError::ContextLength(context.len()));
        }
        _ => {}
    }
    if !(1..=MAX_OUTPUT).contains(&out.len()) {
        return Err(ExportError::OutputLength(out.len()));
    }
    Ok(())
}

fn tls13(
    hash: &dyn Hash,
    secret: &Secret,
    out: &mut [u8],
    label: &[u8],
    context: &[u8],
) -> Result<(), TooLong> {
    let mut derived = Secret::zeros(hash.algorithm().output_len());
    let nothing = hash.hash(&[]);
    expand_label(
        hash,
        secret,
        label,
        nothing.as_slice(),
        derived.as_mut_slice(),
    )?;
    let context = hash.hash(context);
    expand_label(hash, &derived, b"exporter", context.as_slice(), out)
}
