//! How large records may be: what is offered, answered, and agreed upon (RFC 8449, RFC 6066 §4).
//!
//! A client whose receive buffer is too small for a full record asks for less in two ways: by
//! record_size_limit, which is exact and for each direction its own, and by max_fragment_length, which has
//! four values for both, for servers that know no other. A server answers one of them, the first if it is
//! there, and then both hold themselves to it. A peer that has not answered sends what it likes, and a record
//! that does not fit is [`BufferTooSmall`](crate::FailureKind::BufferTooSmall); one that is larger than was
//! agreed upon is record_overflow.

use crate::crypto::{AeadAlgorithm, TAG_LEN};
use crate::handshake::extensions::number;
use crate::handshake::wire::Refusal;
use crate::handshake::wire::extension::Extensions;
use crate::handshake::wire::record_size::{FragmentLength, limit};
use crate::handshake::wire::writer::Writer;
use crate::protocol::{SslCipher, SslProtocol};
use crate::record::header::{HEADER_LEN, MAX_PLAINTEXT};
use crate::record::size::RecordSizes;

/// What a record is longer than its plaintext: its header and its tag.
const OVERHEAD: usize = HEADER_LEN + TAG_LEN;
/// And the part of the nonce that AES-GCM has in records of TLS 1.2 (RFC 5288 §3).
const EXPLICIT_NONCE: usize = 8;

/// The part of a record's plaintext that is no content: the content type of TLS 1.3.
const fn content_type(protocol: SslProtocol) -> usize {
    match protocol {
        SslProtocol::TlsV1_3 => 1,
        SslProtocol::TlsV1_2 => 0,
    }
}

/// The most plaintext of a record, content type and padding included, that there is in a version.
const fn most(protocol: SslProtocol) -> usize {
    MAX_PLAINTEXT + content_type(protocol)
}

fn overhead(cipher: SslCipher) -> usize {
    match (cipher.protocol(), cipher.aead()) {
        (SslProtocol::TlsV1_2, AeadAlgorithm::Aes128Gcm | AeadAlgorithm::Aes256Gcm) => {
            OVERHEAD + EXPLICIT_NONCE
        }
        _ => OVERHEAD,
    }
}

/// What a receive buffer has room for: a record of so many bytes, header included.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room(pub(crate) usize);

impl Room {
    /// What fits of a record's plaintext, at most what there is in the version.
    fn plaintext(self, cipher: SslCipher) -> usize {
        let fits = self.0.saturating_sub(overhead(cipher));
        fits.min(most(cipher.protocol()))
    }
}

/// What a client asks for.
#[cfg(feature = "client")]
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::handshake) struct Asked {
    limit: Option<u16>,
    length: Option<FragmentLength>,
}

#[cfg(feature = "client")]
impl Asked {
    /// What a client with these suites asks for: nothing when a full record of each fits.
    pub(in crate::handshake) fn new(room: Room, ciphers: &[SslCipher]) -> Self {
        let is_small = |cipher: &SslCipher| room.plaintext(*cipher) < most(cipher.protocol());
        if !ciphers.iter().any(is_small) {
            return Self::default();
        }
        // Of which suite it will be is not known yet.
        let plaintext = ciphers.iter().map(|cipher| room.plaintext(*cipher)).min();
        let content = |cipher: &SslCipher| {
            let content_type = content_type(cipher.protocol());
            room.plaintext(*cipher).saturating_sub(content_type)
        };
        let content = ciphers.iter().map(content).min();
        Self {
            limit: plaintext.and_then(|bytes| u16::try_from(bytes).ok()),
            length: content.and_then(FragmentLength::within),
        }
    }

    pub(in crate::handshake) fn write(&self, w: &mut Writer) {
        if let Some(length) = self.length {
            write_length(length, w);
        }
        if let Some(limit) = self.limit {
            write_limit(limit, w);
        }
    }

    /// What the server has agreed to, in this version; the extensions answer what was offered.
    ///
    /// # Errors
    /// decode_error, and illegal_parameter for what cannot be.
    pub(in crate::handshake) fn agreed(
        &self,
        extensions: &Extensions<'_>,
        protocol: SslProtocol,
    ) -> Result<RecordSizes, Refusal> {
        let answered = extensions.find(number::RECORD_SIZE_LIMIT);
        let answered = answered.map(limit).transpose()?;
        let length = extensions.find(number::MAX_FRAGMENT_LENGTH);
        let length = length.map(FragmentLength::read).transpose()?;
        match (answered, length) {
            (None, None) => Ok(RecordSizes::default()),
            (Some(_), Some(_)) => Err(Refusal::illegal("two answers for the size of records")),
            (Some(theirs), None) if usize::from(theirs) > most(protocol) => {
                Err(Refusal::illegal("a record size limit that no record has"))
            }
            (Some(theirs), None) => Ok(limited(self.limit.unwrap_or(u16::MAX), theirs, protocol)),
            (None, Some(length)) if self.length != Some(length) => {
                Err(Refusal::illegal("a fragment length that was not offered"))
            }
            (None, Some(length)) => Ok(fragmented(length)),
        }
    }
}

/// What a server answers.
#[cfg(feature = "server")]
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::handshake) struct Answered {
    limit: Option<u16>,
    length: Option<FragmentLength>,
    /// What both hold themselves to.
    pub(in crate::handshake) sizes: RecordSizes,
}

#[cfg(feature = "server")]
impl Answered {
    /// To a client with these extensions, in this suite.
    ///
    /// # Errors
    /// decode_error, and illegal_parameter for what cannot be.
    pub(in crate::handshake) fn new(
        room: Room,
        extensions: &Extensions<'_>,
        cipher: SslCipher,
    ) -> Result<Self, Refusal> {
        if let Some(content) = extensions.find(number::RECORD_SIZE_LIMIT) {
            // A client may ask for more than there is, in a version that we do not know; and
            // max_fragment_length means nothing beside it (RFC 8449 §4, §5).
            let theirs = limit(content)?;
            let own = u16::try_from(room.plaintext(cipher)).unwrap_or(u16::MAX);
            return Ok(Self {
                limit: Some(own),
                length: None,
                sizes: limited(own, theirs, cipher.protocol()),
            });
        }
        let length = extensions.find(number::MAX_FRAGMENT_LENGTH);
        let length = length.map(FragmentLength::read).transpose()?;
        Ok(Self {
            limit: None,
            length,
            sizes: length.map(fragmented).unwrap_or_default(),
        })
    }

    pub(in crate::handshake) fn write(&self, w: &mut Writer) {
        if let Some(length) = self.length {
            write_length(length, w);
        }
        if let Some(limit) = self.limit {
            write_limit(limit, w);
        }
    }
}

/// What two limits mean, our own and the peer's.
fn limited(own: u16, theirs: u16, protocol: SslProtocol) -> RecordSizes {
    let content = |limit| {
        let content = usize::from(limit).saturating_sub(content_type(protocol));
        content.min(MAX_PLAINTEXT)
    };
    RecordSizes {
        sent: content(theirs),
        received: content(own),
        in_the_clear: false,
    }
}

/// What a fragment length means.
fn fragmented(length: FragmentLength) -> RecordSizes {
    RecordSizes {
        sent: length.bytes(),
        received: length.bytes(),
        in_the_clear: true,
    }
}

fn write_limit(limit: u16, w: &mut Writer) {
    w.extension(number::RECORD_SIZE_LIMIT, |w| w.u16(limit));
}

fn write_length(length: FragmentLength, w: &mut Writer) {
    w.extension(number::MAX_FRAGMENT_LENGTH, |w| w.u8(length.number()));
}

#[cfg(all(test, feature = "client", feature = "server"))]
mod tests;
