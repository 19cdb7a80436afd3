//! Record protection in other hands: the keys that are handed over, and records whose protection is left
//! to whoever has them.

use alloc::boxed::Box;
use core::fmt;
use core::ops::Range;

use zeroize::{Zeroize, Zeroizing};

use super::header::{ContentType, HEADER_LEN, LEGACY_VERSION, MAX_PLAINTEXT};
use crate::crypto::{AeadAlgorithm, AeadError, NONCE_LEN, RecordAead, TAG_LEN};
use crate::memory;
use crate::protocol::SslProtocol;

/// The key of one direction, with all that is needed to seal or open its next record: what a kernel, a
/// network card or a process of its own asks for. Wiped when dropped, and absent from `Debug`.
pub struct TrafficKeys {
    protocol: SslProtocol,
    algorithm: AeadAlgorithm,
    key: Zeroizing<[u8; 32]>,
    iv: Zeroizing<[u8; NONCE_LEN]>,
    sequence_number: u64,
}

impl TrafficKeys {
    /// The version, which says how a record is built.
    pub fn protocol(&self) -> SslProtocol {
        self.protocol
    }

    /// The AEAD.
    pub fn algorithm(&self) -> AeadAlgorithm {
        self.algorithm
    }

    /// The key: 16 or 32 bytes, as the [algorithm](Self::algorithm) has it.
    pub fn key(&self) -> &[u8] {
        &self.key[..self.algorithm.key_len()]
    }

    /// The initialization vector.
    ///
    /// In TLS 1.3, and in TLS 1.2 with ChaCha20, the nonce of a record is this, its last eight bytes XORed
    /// with the sequence number (RFC 8446 §5.3, RFC 7905 §2). In TLS 1.2 with AES-GCM the first four bytes
    /// are the salt, and the other eight the explicit nonce of the next record (RFC 5288 §3): count up from
    /// it, one for each record. None of those that follow was used before the keys were handed over.
    pub fn iv(&self) -> &[u8; NONCE_LEN] {
        &self.iv
    }

    /// The sequence number of the next record.
    pub fn sequence_number(&self) -> u64 {
        self.sequence_number
    }
}

impl fmt::Debug for TrafficKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrafficKeys")
            .field("protocol", &self.protocol)
            .field("algorithm", &self.algorithm)
            .field("sequence_number", &self.sequence_number)
            .finish_non_exhaustive()
    }
}

/// Who seals or opens with the key of a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    Us,
    /// Others did with the key before this one, and have yet to take it.
    Nobody,
    /// Others do, and can take the next key.
    Others,
    /// Others do, and can take no other key.
    OthersForGood,
}

/// A key, as long as it may be handed over, and who has it.
#[derive(Clone)]
pub(super) struct Custody {
    /// In a box, for connections move.
    key: Box<Zeroizing<[u8; 32]>>,
    algorithm: AeadAlgorithm,
    pub(super) holder: Holder,
}

impl Custody {
    pub(super) fn new(holder: Holder, algorithm: AeadAlgorithm, key: &Zeroizing<[u8; 32]>) -> Self {
        Self {
            key: Box::new(key.clone()),
            algorithm,
            holder,
        }
    }

    /// The key, with the rest of what others need.
    pub(super) fn keys(
        &self,
        protocol: SslProtocol,
        iv: Zeroizing<[u8; NONCE_LEN]>,
        sequence_number: u64,
    ) -> TrafficKeys {
        TrafficKeys {
            protocol,
            algorithm: self.algorithm,
            key: Zeroizing::clone(&self.key),
            iv,
            sequence_number,
        }
    }

    /// Others have the key.
    pub(super) fn hand_over(&mut self, renewable: bool) {
        self.key.zeroize();
        self.holder = match renewable {
            true => Holder::Others,
            false => Holder::OthersForGood,
        };
    }
}

/// In the place of an AEAD whose key others have: nothing is protected, and the tag is zeros.
pub(super) struct Absent;

impl RecordAead for Absent {
    fn seal(
        &self,
        _: &[u8; NONCE_LEN],
        _: &[u8],
        _: &mut [u8],
    ) -> Result<[u8; TAG_LEN], AeadError> {
        Ok([0; TAG_LEN])
    }

    fn open(&self, _: &[u8; NONCE_LEN], _: &[u8], _: &mut [u8]) -> Result<(), AeadError> {
        Ok(())
    }
}

/// In the place of an AEAD whose key nobody has taken yet: nothing can be sealed, and whatever comes is under
/// another key.
pub(super) struct Untaken;

impl RecordAead for Untaken {
    fn seal(
        &self,
        _: &[u8; NONCE_LEN],
        _: &[u8],
        _: &mut [u8],
    ) -> Result<[u8; TAG_LEN], AeadError> {
        Err(AeadError)
    }

    fn open(&self, _: &[u8; NONCE_LEN], _: &[u8], _: &mut [u8]) -> Result<(), AeadError> {
        Err(AeadError)
    }
}

/// An explicit nonce from which up no nonce was used, after records whose nonces were `first` XORed with
/// their sequence number, all below `seq`.
pub(super) fn unused_nonces(first: u64, seq: u64) -> u64 {
    // They are in one block of a power of two; what counts up from its end comes back to it last.
    match seq.checked_next_power_of_two() {
        Some(block) => (first & !(block - 1)).wrapping_add(block),
        None => first,
    }
}

/// How records without protection lie in the buffers: where plaintext and tag of protected ones would.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RecordLayout {
    /// What stands before the content.
    prefix: u8,
    /// Whether the content type stands behind the content (RFC 8446 §5.2), and not only in the header.
    inner_type: bool,
}

impl RecordLayout {
    pub(crate) fn prefix(self) -> usize {
        self.prefix.into()
    }

    pub(super) fn new(prefix: usize, inner_type: bool) -> Self {
        Self {
            prefix: prefix as u8,
            inner_type,
        }
    }

    fn suffix(self) -> usize {
        usize::from(self.inner_type) + TAG_LEN
    }

    /// The record at the front of `bytes`: its content type, and where its content lies.
    pub(crate) fn first(self, bytes: &[u8]) -> Option<(u8, Range<usize>)> {
        let &[outer, _, _, high, low, ..] = bytes else {
            return None;
        };
        let end = HEADER_LEN + usize::from(u16::from_be_bytes([high, low]));
        let content = self.prefix()..end.checked_sub(self.suffix())?;
        let kind = match self.inner_type {
            true => *bytes.get(content.end)?,
            false => outer,
        };
        (content.start <= content.end && end <= bytes.len()).then_some((kind, content))
    }

    /// How long a record with so much content is.
    pub(crate) fn record_len(self, content: usize) -> usize {
        self.prefix() + content + self.suffix()
    }

    /// The header of a record with so much content, whose outer type is `outer`.
    pub(crate) fn header(self, outer: u8, content: usize) -> [u8; HEADER_LEN] {
        let [high, low] = ((self.record_len(content) - HEADER_LEN) as u16).to_be_bytes();
        let [major, minor] = LEGACY_VERSION;
        [outer, major, minor, high, low]
    }

    /// Where in `space` content goes that comes without its record.
    pub(crate) fn room(self, space: usize) -> Range<usize> {
        let most = match space.saturating_sub(self.record_len(0)) {
            // In two pieces, an alert would be none.
            0 | 1 => 0,
            most => most.min(MAX_PLAINTEXT),
        };
        let start = self.prefix().min(space);
        start..start + most
    }

    /// Makes a record around the first `content` bytes of its [`room`](Self::room) in `space`.
    pub(crate) fn wrap(self, kind: u8, content: usize, space: &mut [u8]) {
        let room = self.room(space.len());
        if content > room.len() {
            return;
        }
        let outer = match self.inner_type {
            true => ContentType::ApplicationData as u8,
            false => kind,
        };
        let end = room.start + content;
        space[..HEADER_LEN].copy_from_slice(&self.header(outer, content));
        space[HEADER_LEN..room.start].fill(0);
        memory::wipe(&mut space[end..end + self.suffix()]);
        if self.inner_type {
            // Zero would be padding: no type that there is.
            space[end] = kind.max(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_explicit_nonce_is_used_again_by_those_who_count_up() {
        for first in [0, 1, 6, 7, 0xff, u64::MAX - 9, u64::MAX] {
            for seq in 0..70 {
                let next = unused_nonces(first, seq);
                for used in (0..seq).map(|seq| first ^ seq) {
                    let ahead = used.wrapping_sub(next);
                    assert!(ahead > u64::MAX / 2, "{first:#x} {seq}: {next:#x}");
                }
            }
        }
    }

    #[test]
    fn an_alert_comes_whole_or_not_at_all() {
        let layout = RecordLayout::new(5, true);
        let empty = layout.record_len(0);
        for (space, room) in [(0, 0), (3, 0), (empty, 0), (empty + 1, 0), (empty + 2, 2)] {
            assert_eq!(layout.room(space).len(), room, "{space}");
        }
    }

    #[test]
    fn what_is_wrapped_is_found_again() {
        for (prefix, inner_type) in [(5, true), (5, false), (13, false)] {
            let layout = RecordLayout { prefix, inner_type };
            let mut space = [9; 60];
            layout.wrap(22, 7, &mut space);
            let (kind, content) = layout.first(&space).expect("a record");
            assert_eq!(
                (kind, content.clone()),
                (22, layout.prefix()..layout.prefix() + 7)
            );
            assert_eq!(space[content], [9; 7]);
            assert_eq!(layout.first(&space[..layout.record_len(7) - 1]), None);
        }
    }
}
