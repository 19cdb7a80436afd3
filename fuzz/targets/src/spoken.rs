//! What an end has said in TLS 1.3, without what is random in it, and without the order of its extensions.

use crate::mutator::messages::{self, Messages, extension, kind};
use crate::mutator::wire::{ALERT, CHANGE_CIPHER_SPEC, DATA, HANDSHAKE, Shape, Stream};

/// A message, an alert, or what stands between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Spoken {
    /// A client's hello: which of its extensions answer a server.
    Hello(Vec<u16>),
    /// Its type, what is not random of its fields, its extensions.
    Message(u8, Vec<u8>, Vec<(u16, Vec<u8>)>),
    /// Whether it is protected, its level and its description.
    Alert(bool, Vec<u8>),
    ChangeCipherSpec,
    /// So many bytes of data.
    Data(usize),
    /// What is none of these.
    Other(u8, Vec<u8>),
}

/// The extensions of a client's hello that depend on what came before.
const ANSWERING: [u16; 3] = [
    extension::PRE_SHARED_KEY,
    extension::COOKIE,
    extension::KEY_SHARE,
];
const CERTIFICATE_TYPES: [u16; 2] = [
    extension::CLIENT_CERTIFICATE_TYPE,
    extension::SERVER_CERTIFICATE_TYPE,
];

/// What `said` has in it.
pub(crate) fn spoken(said: &[u8]) -> Vec<Spoken> {
    let mut all = Vec::new();
    let mut open = Vec::new();
    for piece in Stream::read(said).pieces {
        match piece.content {
            HANDSHAKE => {
                open.extend(piece.body);
                let read = Messages::read(&open);
                open = read.rest().to_vec();
                all.extend(read.into_whole().iter().map(|message| handshake(message)));
            }
            ALERT => all.push(Spoken::Alert(piece.shape != Shape::Clear, piece.body)),
            CHANGE_CIPHER_SPEC => all.push(Spoken::ChangeCipherSpec),
            DATA => match all.last_mut() {
                Some(Spoken::Data(n)) => *n += piece.body.len(),
                _ => all.push(Spoken::Data(piece.body.len())),
            },
            other => all.push(Spoken::Other(other, piece.body)),
        }
    }
    if !open.is_empty() {
        all.push(Spoken::Other(HANDSHAKE, open));
    }
    all
}

fn handshake(message: &[u8]) -> Spoken {
    let kind = message[0];
    let at = messages::extensions_at(message);
    let extensions = at.and_then(|at| messages::read_extensions(&message[at + 2..]));
    let mut extensions = extensions.unwrap_or_default();
    extensions.sort();
    let body = &message[messages::HEADER..at.unwrap_or(message.len())];
    let fields = match kind {
        kind::CLIENT_HELLO => {
            let numbers = extensions.iter().map(|(number, _)| *number);
            return Spoken::Hello(numbers.filter(|it| ANSWERING.contains(it)).collect());
        }
        kind::SERVER_HELLO => {
            const RETRY: [u8; 4] = [0xcf, 0x21, 0xad, 0x74];
            const RANDOM: usize = 2 + 32;
            let is_retry = body.get(2..6) == Some(&RETRY);
            // The suite, the session id, and no random.
            let mut fields = vec![u8::from(is_retry)];
            fields.extend_from_slice(body.get(RANDOM..).unwrap_or_default());
            fields
        }
        // How long it is good may be said too high: a server may forget it before (RFC 8446 §4.6.1).
        kind::NEW_SESSION_TICKET => Vec::new(),
        // The scheme alone.
        kind::CERTIFICATE_VERIFY => body.get(..2).unwrap_or_default().to_vec(),
        _ => body.to_vec(),
    };
    if kind == kind::ENCRYPTED_EXTENSIONS {
        // X.509 is what both sides take who say nothing (RFC 7250 §4.2).
        extensions
            .retain(|(number, content)| !CERTIFICATE_TYPES.contains(number) || *content != [0]);
    }
    if kind == kind::SERVER_HELLO {
        let shares = extensions
            .iter_mut()
            .filter(|(number, _)| *number == extension::KEY_SHARE);
        shares.for_each(|(_, content)| content.truncate(2));
    }
    Spoken::Message(kind, fields, extensions)
}
