//! One direction of record protection: nonces, inner content type, padding, tags.

#[cfg(feature = "offload")]
mod offload;

use alloc::boxed::Box;
use core::ops::Range;

use zeroize::Zeroizing;

use super::header::{
    ContentType, HEADER_LEN, Header, LEGACY_VERSION, MAX_BODY_TLS12, MAX_BODY_TLS13, MAX_PLAINTEXT,
};
#[cfg(feature = "offload")]
use super::offload::{Custody, Holder};
use crate::alert::Alert;
use crate::crypto::{AeadAlgorithm, AeadError, Backend, NONCE_LEN, RecordAead, TAG_LEN};
use crate::failure::{Failure, FailureKind};
use crate::memory::wipe;
use crate::protocol::SslProtocol;

/// Traffic key material of one direction, as the handshake hands it over.
pub(crate) struct KeyMaterial {
    algorithm: AeadAlgorithm,
    key: Zeroizing<[u8; 32]>,
    iv: Zeroizing<[u8; NONCE_LEN]>,
}

impl KeyMaterial {
    /// `None` when the key has not the algorithm's length.
    pub(crate) fn new(algorithm: AeadAlgorithm, key: &[u8], iv: [u8; NONCE_LEN]) -> Option<Self> {
        let mut this = Self {
            algorithm,
            key: Zeroizing::new([0; 32]),
            iv: Zeroizing::new(iv),
        };
        if key.len() != algorithm.key_len() {
            return None;
        }
        this.key.get_mut(..key.len())?.copy_from_slice(key);
        Some(this)
    }

    /// Its AEAD, ready to use.
    pub(crate) fn aead(&self, backend: &Backend) -> Result<Box<dyn RecordAead>, AeadError> {
        backend.aead(self.algorithm, &self.key[..self.algorithm.key_len()])
    }

    pub(crate) fn iv(&self) -> &Zeroizing<[u8; NONCE_LEN]> {
        &self.iv
    }

    /// Whether records of this version carry a part of their nonce (RFC 5288 §3).
    pub(crate) fn has_explicit_nonce(&self, version: SslProtocol) -> bool {
        version == SslProtocol::TlsV1_2 && self.algorithm != AeadAlgorithm::ChaCha20Poly1305
    }
}

/// The key of one direction with its sequence number: seals, or opens.
pub(crate) struct Protection {
    aead: Box<dyn RecordAead>,
    version: SslProtocol,
    /// TLS 1.2 with GCM carries eight bytes of the nonce in the record (RFC 5288 §3).
    explicit_nonce: bool,
    iv: Zeroizing<[u8; NONCE_LEN]>,
    seq: u64,
    /// The most content that a record may have which is opened.
    max_content: u16,
    /// Who seals or opens with the key.
    #[cfg(feature = "offload")]
    custody: Custody,
}

/// A record about to be sealed.
struct Frame<'a> {
    nonce: [u8; NONCE_LEN],
    authenticated: Authenticated<'a>,
    content: [u8; 1],
}

/// What a record's tag vouches for beside its content.
enum Authenticated<'a> {
    /// TLS 1.3: its header (RFC 8446 §5.2).
    Header(&'a [u8]),
    /// TLS 1.2 (RFC 5246 §6.2.3.3).
    Counted([u8; 13]),
}

impl Frame<'_> {
    fn aad(&self) -> &[u8] {
        match &self.authenticated {
            Authenticated::Header(header) => header,
            Authenticated::Counted(aad) => aad,
        }
    }

    /// What is sealed behind the plaintext.
    fn inner_type(&self) -> &[u8] {
        match &self.authenticated {
            Authenticated::Header(_) => &self.content,
            Authenticated::Counted(_) => &[],
        }
    }
}

impl Protection {
    pub(crate) fn new(
        backend: &Backend,
        version: SslProtocol,
        material: &KeyMaterial,
        seq: u64,
    ) -> Result<Self, AeadError> {
        Ok(Self {
            aead: material.aead(backend)?,
            version,
            explicit_nonce: material.has_explicit_nonce(version),
            iv: material.iv().clone(),
            seq,
            max_content: MAX_PLAINTEXT as u16,
            #[cfg(feature = "offload")]
            custody: Custody::new(Holder::Us, material.algorithm, &material.key),
        })
    }

    /// What takes its place when the key of this direction is renewed (RFC 8446 §7.2).
    pub(crate) fn renewed(
        &self,
        backend: &Backend,
        material: &KeyMaterial,
    ) -> Result<Self, AeadError> {
        #[cfg(feature = "offload")]
        if let Some(next) = self.renewed_elsewhere(material) {
            return Ok(next);
        }
        let mut next = Self::new(backend, self.version, material, 0)?;
        next.max_content = self.max_content;
        Ok(next)
    }

    /// The same once more, at the same sequence number; `None` where that would use a nonce twice.
    #[cfg(feature = "testing")]
    pub(super) fn copied(&self, backend: &Backend) -> Option<Self> {
        Some(Self {
            aead: backend.keyless_aead()?,
            iv: self.iv.clone(),
            #[cfg(feature = "offload")]
            custody: self.custody.clone(),
            ..*self
        })
    }

    #[inline]
    pub(crate) fn version(&self) -> SslProtocol {
        self.version
    }

    /// Records sealed or opened so far under this key.
    #[inline]
    pub(crate) fn seq(&self) -> u64 {
        self.seq
    }

    /// What a record is longer than its plaintext.
    #[inline]
    pub(crate) fn overhead(&self) -> usize {
        self.prefix() + self.inner_type() + TAG_LEN
    }

    /// What of it stands before the plaintext.
    #[inline]
    pub(crate) fn prefix(&self) -> usize {
        HEADER_LEN + if self.explicit_nonce { 8 } else { 0 }
    }

    #[inline]
    fn inner_type(&self) -> usize {
        usize::from(self.version == SslProtocol::TlsV1_3)
    }

    /// No record that is opened may have more content from now on.
    pub(crate) fn set_max_content(&mut self, bytes: usize) {
        self.max_content = bytes.min(MAX_PLAINTEXT) as u16;
    }

    #[inline]
    pub(crate) fn max_content(&self) -> usize {
        self.max_content.into()
    }

    /// The largest record body that may come: what the version allows, or what was agreed upon.
    #[inline]
    pub(crate) fn max_body(&self) -> usize {
        if self.max_content() < MAX_PLAINTEXT {
            return self.max_content() + self.overhead() - HEADER_LEN;
        }
        match self.version {
            SslProtocol::TlsV1_2 => MAX_BODY_TLS12,
            SslProtocol::TlsV1_3 => MAX_BODY_TLS13,
        }
    }

    #[inline]
    fn nonce(&self, seq: u64) -> [u8; NONCE_LEN] {
        let mut nonce = *self.iv;
        if let Some(last) = nonce.last_chunk_mut() {
            *last = (u64::from_be_bytes(*last) ^ seq).to_be_bytes();
        }
        nonce
    }

    /// Additional data of a TLS 1.2 record (RFC 5246 §6.2.3.3).
    fn tls12_aad(seq: u64, content: u8, plaintext: usize) -> [u8; 13] {
        let mut aad = [0; 13];
        aad[..8].copy_from_slice(&seq.to_be_bytes());
        aad[8] = content;
        aad[9..11].copy_from_slice(&LEGACY_VERSION);
        aad[11..].copy_from_slice(&(plaintext as u16).to_be_bytes());
        aad
    }

    #[inline]
    fn advance(&mut self) -> Result<(), AeadError> {
        self.seq = self.seq.checked_add(1).ok_or(AeadError)?;
        Ok(())
    }

    /// Seals `plaintext` (at most 16,384 bytes) into `out`, which is exactly
    /// `plaintext.len() + overhead()` long.
    #[inline]
    pub(crate) fn seal(
        &mut self,
        content: ContentType,
        plaintext: &[u8],
        out: &mut [u8],
    ) -> Result<(), AeadError> {
        self.seal_again(self.seq, content, plaintext, out)?;
        self.advance()
    }

    /// Seals as the record with the sequence number `seq`. What is sealed so must not leave: its
    /// nonce may have protected something else.
    #[inline]
    pub(crate) fn seal_again(
        &self,
        seq: u64,
        content: ContentType,
        plaintext: &[u8],
        out: &mut [u8],
    ) -> Result<(), AeadError> {
        let (frame, space) = self.frame(seq, content, plaintext.len(), out)?;
        let (nonce, aad, inner_type) = (&frame.nonce, frame.aad(), frame.inner_type());
        self.aead
            .seal_from(nonce, aad, plaintext, inner_type, space)
    }

    /// Seals what `fill` puts in place, as [`seal`](Self::seal) does: as many bytes as it says, at most
    /// 16,384, and as there is room for in `out` behind the header and before the tag. Says how many
    /// they are; without any there is no record.
    pub(crate) fn seal_filled(
        &mut self,
        content: ContentType,
        fill: impl FnOnce(&mut [u8]) -> usize,
        out: &mut [u8],
    ) -> Result<usize, AeadError> {
        let overhead = self.overhead();
        let most = out.len().checked_sub(overhead).ok_or(AeadError)?;
        let space = &mut out[self.prefix()..][..most];
        let len = fill(space).min(most);
        wipe(&mut space[len..]); // nobody says that it was left alone
        if len == 0 {
            return Ok(0);
        }
        let (frame, space) = self.frame(self.seq, content, len, &mut out[..len + overhead])?;
        let inner_type = frame.inner_type();
        let (body, tag) = space.split_at_mut(len + inner_type.len());
        body[len..].copy_from_slice(inner_type);
        tag.copy_from_slice(&self.aead.seal(&frame.nonce, frame.aad(), body)?);
        self.advance()?;
        Ok(len)
    }

    /// Writes what stands before the body of a record with `plaintext` bytes. Lends the rest: for
    /// them, what is sealed with them, and the tag.
    #[inline(always)]
    fn frame<'a>(
        &self,
        seq: u64,
        content: ContentType,
        plaintext: usize,
        out: &'a mut [u8],
    ) -> Result<(Frame<'a>, &'a mut [u8]), AeadError> {
        debug_assert!(plaintext <= MAX_PLAINTEXT);
        if out.len() != plaintext + self.overhead() {
            return Err(AeadError);
        }
        let nonce = self.nonce(seq);
        let tls13 = self.version == SslProtocol::TlsV1_3;
        let body = out.len() - HEADER_LEN;
        let (prefix, space) = out.split_at_mut(self.prefix());
        let (header, explicit_nonce) = prefix.split_at_mut(HEADER_LEN);
        let whole = Header {
            content: match tls13 {
                true => ContentType::ApplicationData,
                false => content,
            },
            version: LEGACY_VERSION,
            body,
        };
        header.copy_from_slice(&whole.encode());
        if self.explicit_nonce {
            explicit_nonce.copy_from_slice(&nonce[4..]);
        }
        let frame = Frame {
            nonce,
            authenticated: match tls13 {
                true => Authenticated::Header(header),
                false => Authenticated::Counted(Self::tls12_aad(seq, content as u8, plaintext)),
            },
            content: [content as u8],
        };
        Ok((frame, space))
    }

    /// Opens one whole record in place. Returns its content type and where in `record` the
    /// plaintext lies.
    #[inline]
    pub(crate) fn open(
        &mut self,
        header: Header,
        record: &mut [u8],
    ) -> Result<(ContentType, Range<usize>), Failure> {
        let (content, plaintext) = match self.version {
            SslProtocol::TlsV1_3 => self.open_tls13(header, record)?,
            SslProtocol::TlsV1_2 => self.open_tls12(header, record)?,
        };
        if plaintext.len() > self.max_content() {
            return Err(Failure::new(
                FailureKind::RecordTooLarge,
                Alert::RecordOverflow,
            ));
        }
        self.advance().map_err(|_| bad_mac())?;
        Ok((content, plaintext))
    }

    #[inline]
    fn open_tls13(
        &self,
        header: Header,
        record: &mut [u8],
    ) -> Result<(ContentType, Range<usize>), Failure> {
        // RFC 8446 §5: after the handshake everything is protected, and §5.2: protected records
        // say application_data outside.
        if header.content != ContentType::ApplicationData {
            return Err(unexpected());
        }
        let nonce = self.nonce(self.seq);
        let (aad, body) = record
            .split_at_mut_checked(HEADER_LEN)
            .ok_or_else(bad_mac)?;
        if body.len() < TAG_LEN {
            return Err(bad_mac());
        }
        self.aead.open(&nonce, aad, body).map_err(|_| bad_mac())?;
        let inner = &body[..body.len() - TAG_LEN];
        // RFC 8446 §5.4: content, one type byte, any number of zeros.
        let end = inner
            .iter()
            .rposition(|byte| *byte != 0)
            .ok_or_else(unexpected)?;
        if inner.len() > self.max_content() + 1 {
            return Err(Failure::new(
                FailureKind::RecordTooLarge,
                Alert::RecordOverflow,
            ));
        }
        let content = ContentType::from_byte(inner[end]).ok_or_else(unexpected)?;
        Ok((content, HEADER_LEN..HEADER_LEN + end))
    }

    fn open_tls12(
        &self,
        header: Header,
        record: &mut [u8],
    ) -> Result<(ContentType, Range<usize>), Failure> {
        let prefix = self.prefix();
        let plaintext = record
            .len()
            .checked_sub(prefix + TAG_LEN)
            .ok_or_else(bad_mac)?;
        if header.version != LEGACY_VERSION {
            return Err(Failure::new(
                FailureKind::PeerMisbehaved,
                Alert::ProtocolVersion,
            ));
        }
        let (front, body) = record.split_at_mut_checked(prefix).ok_or_else(bad_mac)?;
        let nonce = if self.explicit_nonce {
            let mut nonce = *self.iv;
            nonce[4..].copy_from_slice(&front[HEADER_LEN..]);
            nonce
        } else {
            self.nonce(self.seq)
        };
        let aad = Self::tls12_aad(self.seq, header.content as u8, plaintext);
        self.aead.open(&nonce, &aad, body).map_err(|_| bad_mac())?;
        Ok((header.content, prefix..prefix + plaintext))
    }
}

fn bad_mac() -> Failure {
    Failure::new(FailureKind::BadRecordMac, Alert::BadRecordMac)
}

fn unexpected() -> Failure {
    Failure::new(FailureKind::UnexpectedMessage, Alert::UnexpectedMessage)
}
