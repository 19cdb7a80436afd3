//! Records as a script sees them: opened, and each to be sealed as it says.

use alloc::vec::Vec;

use crate::alert::Alert;
use crate::record::header::ContentType;
use crate::record::messages::{MESSAGE_HEADER, message_len};

/// The keys that protect a [`Record`], those of who speaks.
///
/// ```
/// # use sslcore::testing::{Keys, Record};
/// /// The rest of a handshake of TLS 1.3, under the keys that come behind it.
/// fn too_early(flight: &mut [Record]) {
///     for record in flight.iter_mut().filter(|record| record.keys == Keys::Handshake) {
///         record.keys = Keys::Traffic(0);
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Keys {
    /// No keys: the record is in the clear.
    None,
    /// The handshake keys of TLS 1.3 (RFC 8446 §7.1).
    Handshake,
    /// The application keys of TLS 1.3, after so many KeyUpdates (RFC 8446 §7.2). With 0 these are
    /// the only keys of TLS 1.2, too.
    Traffic(u16),
}

/// A record: what is in it, and how it is protected.
///
/// ```
/// # use sslcore::testing::{Keys, Record};
/// // KeyUpdate, update_requested (RFC 8446 §4.6.3), cut in two.
/// let update = Record::message(24, &[1], Keys::Traffic(0));
/// let [begin, end] = <[Record; 2]>::try_from(update.cut(3)).unwrap();
/// assert_eq!((&*begin.body, &*end.body), (&[24, 0, 0][..], &[1, 1][..]));
/// assert_eq!(begin.content, Record::HANDSHAKE);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The content type (RFC 8446 §5.1), which TLS 1.3 seals with the content.
    pub content: u8,
    /// The content. In the handshake that is a whole message with its header, unless somebody has
    /// cut or joined it.
    pub body: Vec<u8>,
    /// The keys that protect it.
    pub keys: Keys,
    /// So many zeros are sealed behind it (RFC 8446 §5.4). TLS 1.2 and records in the clear have
    /// none.
    pub padding: usize,
}

impl Record {
    /// The content type change_cipher_spec.
    pub const CHANGE_CIPHER_SPEC: u8 = ContentType::ChangeCipherSpec as u8;
    /// The content type alert.
    pub const ALERT: u8 = ContentType::Alert as u8;
    /// The content type handshake.
    pub const HANDSHAKE: u8 = ContentType::Handshake as u8;
    /// The content type application_data.
    pub const DATA: u8 = ContentType::ApplicationData as u8;

    /// A record without padding.
    ///
    /// ```
    /// # use sslcore::testing::{Keys, Record};
    /// let early = Record::new(Record::DATA, b"GET /", Keys::None);
    /// assert_eq!((early.padding, early.alert()), (0, None));
    /// let useless = Record::new(Record::CHANGE_CIPHER_SPEC, &[1], Keys::None);
    /// let farewell = Record::new(Record::ALERT, &[1, 0], Keys::Traffic(0));
    /// assert_eq!(farewell.alert(), Some(sslcore::Alert::CloseNotify));
    /// # assert_eq!(useless.alert(), None);
    /// ```
    pub fn new(content: u8, body: &[u8], keys: Keys) -> Self {
        Self {
            content,
            body: body.to_vec(),
            keys,
            padding: 0,
        }
    }

    /// A handshake message of this type (RFC 8446 §B.3, RFC 5246 §7.4), whose length is put before
    /// it. Above 2^24 - 1 bytes the length is wrong.
    pub fn message(kind: u8, body: &[u8], keys: Keys) -> Self {
        let mut message = Vec::with_capacity(MESSAGE_HEADER + body.len());
        message.extend_from_slice(&[kind, 0, 0, 0]);
        message.extend_from_slice(body);
        let mut this = Self::new(Self::HANDSHAKE, &[], keys);
        this.body = message;
        this.set_length();
        this
    }

    /// Whether this is a handshake message of this type, or the beginning of one.
    ///
    /// ```
    /// # use sslcore::testing::{Keys, Record};
    /// assert!(Record::message(20, &[0; 32], Keys::Handshake).is(20));
    /// ```
    pub fn is(&self, kind: u8) -> bool {
        self.content == Self::HANDSHAKE && self.body.first() == Some(&kind)
    }

    /// The alert in this record, if there is one.
    pub fn alert(&self) -> Option<Alert> {
        match (self.content, &self.body[..]) {
            (Self::ALERT, &[_, description]) => Some(Alert::from_code(description)),
            _ => None,
        }
    }

    /// Changes the body of a handshake message, and its length in the header with it. Of another
    /// record, or of less than a header, all is changed.
    ///
    /// ```
    /// # use sslcore::testing::{Keys, Record};
    /// let mut extensions = Record::message(8, &[0, 0], Keys::Handshake);
    /// extensions.edit(|body| body.push(0)); // one byte too many
    /// assert_eq!(extensions.body, [8, 0, 0, 3, 0, 0, 0]);
    /// ```
    pub fn edit(&mut self, change: impl FnOnce(&mut Vec<u8>)) {
        if self.content != Self::HANDSHAKE || self.body.len() < MESSAGE_HEADER {
            return change(&mut self.body);
        }
        let mut body = self.body.split_off(MESSAGE_HEADER);
        change(&mut body);
        self.body.append(&mut body);
        self.set_length();
    }

    fn set_length(&mut self) {
        let len = self.body.len().saturating_sub(MESSAGE_HEADER) as u32;
        if let Some(length) = self.body.get_mut(1..MESSAGE_HEADER) {
            length.copy_from_slice(&len.to_be_bytes()[1..]);
        }
    }

    /// Cuts the content into records of so many bytes, the last of which may be shorter. With 0, and
    /// where there is nothing to cut, it is the record as it is.
    pub fn cut(self, most: usize) -> Vec<Self> {
        if most == 0 || self.body.len() <= most {
            return alloc::vec![self];
        }
        let pieces = self.body.chunks(most);
        let pieces = pieces.map(|piece| Self {
            body: piece.to_vec(),
            ..Self::new(self.content, &[], self.keys)
        });
        pieces.collect()
    }

    /// Puts the content of `next` behind that of this record, which keeps its type and keys.
    ///
    /// ```
    /// # use sslcore::testing::{Keys, Record};
    /// /// All messages of a flight that have the same keys in one record.
    /// fn joined(flight: Vec<Record>) -> Vec<Record> {
    ///     let mut joined: Vec<Record> = Vec::new();
    ///     for record in flight {
    ///         match joined.last_mut() {
    ///             Some(last) if (last.content, last.keys) == (record.content, record.keys) => {
    ///                 last.join(record);
    ///             }
    ///             _ => joined.push(record),
    ///         }
    ///     }
    ///     joined
    /// }
    /// # let one = Record::message(8, &[0, 0], Keys::Handshake);
    /// # assert_eq!(joined(vec![one.clone(), one])[0].body.len(), 12);
    /// ```
    pub fn join(&mut self, next: Self) {
        self.body.extend(next.body);
    }

    /// The message at the front of `bytes`, header included, if it is whole.
    pub(super) fn whole_message(bytes: &[u8]) -> Option<usize> {
        message_len(bytes).filter(|len| *len <= bytes.len())
    }
}

#[cfg(feature = "arbitrary")]
impl<'a> arbitrary::Arbitrary<'a> for Keys {
    fn arbitrary(input: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
        Ok(match u8::arbitrary(input)? & 7 {
            0 => Self::None,
            1 | 2 => Self::Handshake,
            3 => Self::Traffic(1),
            _ => Self::Traffic(0),
        })
    }

    fn size_hint(_depth: usize) -> (usize, Option<usize>) {
        (1, Some(1))
    }
}

#[cfg(feature = "arbitrary")]
impl<'a> arbitrary::Arbitrary<'a> for Record {
    fn arbitrary(input: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
        let keys = Keys::arbitrary(input)?;
        let [content, kind, padding] = <[u8; 3]>::arbitrary(input)?;
        let body = Vec::arbitrary(input)?;
        let mut record = match content & 7 {
            0 => Self::new(content, &body, keys),
            1 => Self::new(Self::CHANGE_CIPHER_SPEC, &[1], keys),
            2 => Self::new(Self::ALERT, &body, keys),
            3 => Self::new(Self::DATA, &body, keys),
            _ => Self::message(kind & 31, &body, keys),
        };
        record.padding = usize::from(padding & 3);
        Ok(record)
    }
}
