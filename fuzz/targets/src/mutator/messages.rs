//! Edits of handshake messages: their order, their bodies, and the extensions in them.

use super::Bytes;
use super::numbers::Numbers;

pub(crate) const HEADER: usize = 4;

/// Types of messages.
pub(crate) mod kind {
    pub(crate) const CLIENT_HELLO: u8 = 1;
    pub(crate) const SERVER_HELLO: u8 = 2;
    pub(crate) const NEW_SESSION_TICKET: u8 = 4;
    pub(crate) const ENCRYPTED_EXTENSIONS: u8 = 8;
    pub(crate) const CERTIFICATE_REQUEST: u8 = 13;
    pub(crate) const CERTIFICATE_VERIFY: u8 = 15;
}

/// Numbers of extensions.
pub(crate) mod extension {
    pub(crate) const SERVER_NAME: u16 = 0;
    pub(crate) const MAX_FRAGMENT_LENGTH: u16 = 1;
    pub(crate) const SUPPORTED_GROUPS: u16 = 10;
    pub(crate) const SIGNATURE_ALGORITHMS: u16 = 13;
    pub(crate) const SIGNED_CERTIFICATE_TIMESTAMP: u16 = 18;
    pub(crate) const CLIENT_CERTIFICATE_TYPE: u16 = 19;
    pub(crate) const SERVER_CERTIFICATE_TYPE: u16 = 20;
    pub(crate) const COMPRESS_CERTIFICATE: u16 = 27;
    pub(crate) const RECORD_SIZE_LIMIT: u16 = 28;
    pub(crate) const PRE_SHARED_KEY: u16 = 41;
    pub(crate) const COOKIE: u16 = 44;
    pub(crate) const KEY_SHARE: u16 = 51;
}

/// Messages that nobody's stream has, or few: with the bodies that they have at least.
const OTHERS: &[&[u8]] = &[
    &[0, 0, 0, 0],                                         // HelloRequest
    &[5, 0, 0, 0],                                         // EndOfEarlyData
    &[8, 0, 0, 2, 0, 0],                                   // EncryptedExtensions
    &[11, 0, 0, 3, 0, 0, 0],                               // Certificate of TLS 1.2
    &[11, 0, 0, 4, 0, 0, 0, 0],                            // Certificate of TLS 1.3
    &[13, 0, 0, 11, 0, 0, 8, 0, 13, 0, 4, 0, 2, 4, 3],     // CertificateRequest
    &[14, 0, 0, 0],                                        // ServerHelloDone
    &[20, 0, 0, 0],                                        // Finished
    &[22, 0, 0, 5, 1, 0, 0, 1, 0],                         // CertificateStatus
    &[24, 0, 0, 1, 0],                                     // KeyUpdate
    &[24, 0, 0, 1, 1],                                     // KeyUpdate, update_requested
    &[4, 0, 0, 13, 0, 0, 0, 9, 1, 2, 3, 4, 0, 0, 0, 0, 0], // NewSessionTicket
    &[254, 0, 0, 0],                                       // message_hash
];

/// Messages, and what is none behind them.
pub(crate) struct Messages {
    whole: Vec<Vec<u8>>,
    rest: Vec<u8>,
}

impl Messages {
    pub(crate) fn read(mut bytes: &[u8]) -> Self {
        let mut whole = Vec::new();
        while let [_, a, b, c, ..] = *bytes {
            let len = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
            let Some((message, later)) = bytes.split_at_checked(HEADER + len) else {
                break;
            };
            whole.push(message.to_vec());
            bytes = later;
        }
        Self {
            whole,
            rest: bytes.to_vec(),
        }
    }

    pub(super) fn write(&self) -> Vec<u8> {
        [&self.whole.concat()[..], &self.rest].concat()
    }

    /// Whether one is of this type.
    pub(super) fn has(&self, kind: u8) -> bool {
        self.whole.iter().any(|message| message[0] == kind)
    }

    pub(crate) fn into_whole(self) -> Vec<Vec<u8>> {
        self.whole
    }

    /// What is none of them.
    pub(crate) fn rest(&self) -> &[u8] {
        &self.rest
    }

    /// How long each is.
    pub(super) fn lengths(&self) -> Vec<usize> {
        let all = self.whole.iter().chain([&self.rest]);
        all.map(Vec::len).filter(|len| *len > 0).collect()
    }

    /// Does one thing to one of them. `others` are all messages of the stream.
    pub(super) fn edit(&mut self, others: &[Vec<u8>], numbers: &mut Numbers, bytes: Bytes<'_>) {
        let Some(at) = numbers.index(&self.whole) else {
            bytes(&mut self.rest);
            return;
        };
        match numbers.below(16) {
            0 => drop(self.whole.remove(at)),
            1 => self.whole.insert(at, self.whole[at].clone()),
            2 => {
                let other = numbers.below(self.whole.len());
                self.whole.swap(at, other);
            }
            3 => {
                let other = numbers.of(OTHERS).unwrap_or_default().to_vec();
                self.whole.insert(at + numbers.below(2), other);
            }
            4 => {
                let other = numbers.index(others).map(|other| others[other].clone());
                self.whole.insert(at, other.unwrap_or_default());
            }
            5 => {
                let message = &mut self.whole[at];
                let kind = numbers.of(OTHERS).and_then(|other| other.first().copied());
                message[0] = kind.unwrap_or_default();
            }
            6 => bytes(&mut self.whole[at]),
            7..=11 => {
                let message = &mut self.whole[at];
                if !edit_extensions(message, numbers, bytes) {
                    edit_body(message, bytes);
                }
            }
            _ => edit_body(&mut self.whole[at], bytes),
        }
    }
}

/// Changes the body, and lets the length in the header say so.
fn edit_body(message: &mut Vec<u8>, bytes: Bytes<'_>) {
    let mut body = message.split_off(HEADER);
    bytes(&mut body);
    message.append(&mut body);
    set_length(message);
}

fn set_length(message: &mut [u8]) {
    let len = (message.len() - HEADER) as u32;
    message[1..HEADER].copy_from_slice(&len.to_be_bytes()[1..]);
}

/// Where the block of extensions of a message has its length, if it has one and ends the message.
pub(crate) fn extensions_at(message: &[u8]) -> Option<usize> {
    const RANDOM: usize = HEADER + 2 + 32;
    let short = |at: usize| Some(at + 1 + usize::from(*message.get(at)?));
    let long = |at: usize| {
        let len = message.get(at..at + 2)?;
        Some(at + 2 + usize::from(u16::from_be_bytes([len[0], len[1]])))
    };
    let at = match *message.first()? {
        kind::CLIENT_HELLO => short(long(short(RANDOM)?)?)?,
        kind::SERVER_HELLO => short(RANDOM)? + 2 + 1,
        kind::NEW_SESSION_TICKET => long(short(HEADER + 4 + 4)?)?,
        kind::ENCRYPTED_EXTENSIONS => HEADER,
        kind::CERTIFICATE_REQUEST => short(HEADER)?,
        _ => return None,
    };
    (long(at)? == message.len()).then_some(at)
}

pub(crate) type Extension = (u16, Vec<u8>);

pub(crate) fn read_extensions(mut block: &[u8]) -> Option<Vec<Extension>> {
    let mut extensions = Vec::new();
    while !block.is_empty() {
        let (&[a, b, high, low], rest) = block.split_first_chunk()?;
        let len = usize::from(u16::from_be_bytes([high, low]));
        let (content, rest) = rest.split_at_checked(len)?;
        extensions.push((u16::from_be_bytes([a, b]), content.to_vec()));
        block = rest;
    }
    Some(extensions)
}

/// Does one thing to one extension, and lets every length say so.
fn edit_extensions(message: &mut Vec<u8>, numbers: &mut Numbers, bytes: Bytes<'_>) -> bool {
    let Some(at) = extensions_at(message) else {
        return false;
    };
    let Some(mut extensions) = read_extensions(&message[at + 2..]) else {
        return false;
    };
    let place = numbers.index(&extensions);
    match (numbers.below(6), place) {
        (0, Some(place)) => drop(extensions.remove(place)),
        (1, Some(place)) => extensions.insert(place, extensions[place].clone()),
        (2, Some(place)) => {
            let other = numbers.below(extensions.len());
            extensions.swap(place, other);
        }
        (3, Some(place)) => extensions[place].0 = number(numbers),
        (4, Some(place)) => bytes(&mut extensions[place].1),
        _ => {
            let place = numbers.below(extensions.len() + 1);
            let content = vec![numbers.byte(); numbers.below(4)];
            extensions.insert(place, (number(numbers), content));
        }
    }
    write_extensions(message, at, &extensions);
    true
}

/// Puts these in the place of the extensions of a message, whose block has its length here.
pub(crate) fn write_extensions(message: &mut Vec<u8>, at: usize, extensions: &[Extension]) {
    let mut block = Vec::new();
    for (number, content) in extensions {
        block.extend_from_slice(&number.to_be_bytes());
        block.extend_from_slice(&(content.len() as u16).to_be_bytes());
        block.extend_from_slice(content);
    }
    message.truncate(at);
    message.extend_from_slice(&(block.len() as u16).to_be_bytes());
    message.extend_from_slice(&block);
    set_length(message);
}

/// The number of an extension that the library knows, or of none.
fn number(numbers: &mut Numbers) -> u16 {
    use std::sync::LazyLock;
    static KNOWN: LazyLock<Vec<u16>> = LazyLock::new(|| {
        let words = sslcore::testing::dictionary().into_iter();
        let extensions = words.filter(|word| word.name.starts_with("extension_"));
        extensions
            .filter_map(|word| <[u8; 2]>::try_from(word.bytes).ok())
            .map(u16::from_be_bytes)
            .collect()
    });
    match numbers.one_in(16) {
        true => numbers.below(1 << 16) as u16,
        false => numbers.of(&KNOWN).unwrap_or_default(),
    }
}
