//! What a peer says has two places that only the end under test knows: the session id that it has
//! offered, and the ticket that it has issued. An input has fixed words there.

use std::iter;

use crate::mutator::messages::{
    Extension, Messages, extension, extensions_at, kind, read_extensions, write_extensions,
};
use crate::mutator::wire::{CHANGE_CIPHER_SPEC, DATA, HANDSHAKE, Shape, Stream};

/// Of a record.
const HEADER: usize = 5;

/// In the place of the session id that a client has offered.
pub(crate) const SESSION_ID: &[u8; 32] = b"the session id that it offers...";
/// In the place of a server's ticket.
pub(crate) const TICKET: &[u8; 32] = b"the ticket that a server gave it";

/// What is known of the end under test.
#[derive(Default)]
pub(crate) struct Known {
    pub(crate) session_id: Option<[u8; 32]>,
    pub(crate) ticket: Option<Vec<u8>>,
}

/// The stream with the fixed word in the place of the session id that one end has offered: an input that has
/// it is about that end alone.
pub(crate) fn with_the_word(stream: &[u8], id: &[u8; 32]) -> Option<Vec<u8>> {
    let mut worded = stream.to_vec();
    replace(&mut worded, id, SESSION_ID);
    (worded != stream).then_some(worded)
}

/// The stream without the fixed words where no session id and no ticket is, which have their length in front:
/// what is put there could be a type or a length, which no two ends have in common.
pub(crate) fn without_words_elsewhere(stream: &[u8]) -> Option<Vec<u8>> {
    let mut changed = stream.to_vec();
    let places = stream.windows(SESSION_ID.len()).enumerate();
    for (at, _) in places.filter(|(_, it)| it == SESSION_ID || it == TICKET) {
        let before = at.checked_sub(1).map(|before| stream[before]);
        if before.map(usize::from) != Some(SESSION_ID.len()) {
            changed[at..at + SESSION_ID.len()].fill(b'.');
        }
    }
    (changed != stream).then_some(changed)
}

impl Known {
    /// What the peer says to this end.
    pub(crate) fn fit(&self, stream: &[u8]) -> Fitted {
        // What is protected is not about either.
        let (clear, protected) = stream.split_at(len_in_clear(stream));
        let mut fitted = clear.to_vec();
        if let Some(id) = &self.session_id {
            replace(&mut fitted, SESSION_ID, id);
        }
        if let Some(ticket) = &self.ticket {
            replace_ticket(&mut fitted, TICKET, ticket);
        }
        fitted.extend_from_slice(protected);
        Fitted::new(stream, fitted)
    }
}

/// A stream that fits an end, and where its bytes were before.
#[derive(Default)]
pub(crate) struct Fitted {
    pub(crate) bytes: Vec<u8>,
    /// How long it was before.
    len: usize,
    /// How much is as before, at its beginning and at its end.
    front: usize,
    back: usize,
}

impl Fitted {
    fn new(before: &[u8], bytes: Vec<u8>) -> Self {
        let len = before.len();
        if len == bytes.len() {
            return Self {
                bytes,
                len,
                front: len,
                back: 0,
            };
        }
        let same = |(one, other): &(&u8, &u8)| one == other;
        let front = before.iter().zip(&bytes).take_while(same).count();
        let back = before
            .iter()
            .rev()
            .zip(bytes.iter().rev())
            .take_while(same)
            .count();
        let back = back.min(len - front).min(bytes.len() - front);
        Self {
            bytes,
            len,
            front,
            back,
        }
    }

    /// The place that was this one before; what is new arrives at once.
    pub(crate) fn place(&self, at: usize) -> usize {
        let left = self.len.saturating_sub(at);
        match at <= self.front {
            true => at,
            false if left <= self.back => self.bytes.len() - left,
            false => self.front,
        }
    }
}

/// Puts the fixed word in the place of the session id that a server sends back.
pub(crate) fn unfit_session_id(said: &mut [Vec<u8>]) {
    let id = said
        .iter()
        .find_map(|piece| session_id(piece))
        .expect("a server's hello");
    said.iter_mut()
        .for_each(|piece| replace(piece, &id, SESSION_ID));
}

/// Puts the fixed word in the place of each of these tickets.
pub(crate) fn unfit_tickets(said: &mut [Vec<u8>], tickets: &[Vec<u8>]) {
    for piece in said {
        for ticket in tickets {
            replace_ticket(piece, ticket, TICKET);
        }
    }
}

/// One that is longer or shorter changes the lengths around it, in a hello that is whole and names it first.
fn replace_ticket(stream: &mut Vec<u8>, old: &[u8], new: &[u8]) {
    if old.len() == new.len() {
        replace(stream, old, new);
        return;
    }
    *stream = changed_in_clear(stream, |message| with_ticket(message, old, new));
}

/// Changes the messages in the clear; those that are cut are in one record then.
fn changed_in_clear(stream: &[u8], change: impl Fn(&[u8]) -> Option<Vec<u8>>) -> Vec<u8> {
    let mut written = Vec::new();
    let mut open: Option<Vec<u8>> = None;
    let close = |open: Vec<u8>, written: &mut Vec<u8>| {
        let (header, body) = open.split_at(HEADER);
        let messages = Messages::read(body);
        let rest = messages.rest().to_vec();
        let messages = messages.into_whole().into_iter();
        let changed = messages.map(|message| change(&message).unwrap_or(message));
        let body = [changed.flatten().collect(), rest].concat();
        written.extend_from_slice(&header[..HEADER - 2]);
        written.extend_from_slice(&(body.len() as u16).to_be_bytes());
        written.extend_from_slice(&body);
    };
    for record in records(stream) {
        let all = match (record[0], open.take()) {
            (HANDSHAKE, None) => record.to_vec(),
            (HANDSHAKE, Some(begun)) => [&begun, &record[HEADER..]].concat(),
            (_, begun) => {
                begun
                    .into_iter()
                    .for_each(|begun| close(begun, &mut written));
                written.extend_from_slice(record);
                continue;
            }
        };
        match Messages::read(&all[HEADER..]).rest().is_empty() {
            true => close(all, &mut written),
            false => open = Some(all),
        }
    }
    open.into_iter()
        .for_each(|begun| close(begun, &mut written));
    written.extend_from_slice(&stream[len_in_clear(stream)..]);
    written
}

/// The same stream, and the extensions of each hello of a client's are changed.
fn with_extensions(stream: &[u8], change: impl Fn(&mut Vec<Extension>)) -> Vec<u8> {
    changed_in_clear(stream, |message| {
        with_changed(message, |extensions| {
            change(extensions);
            Some(())
        })
    })
}

/// A client's hello whose extensions are changed, if they are.
fn with_changed(
    hello: &[u8],
    change: impl FnOnce(&mut Vec<Extension>) -> Option<()>,
) -> Option<Vec<u8>> {
    let at = extensions_at(hello).filter(|_| hello[0] == kind::CLIENT_HELLO)?;
    let mut extensions = read_extensions(&hello[at + 2..])?;
    change(&mut extensions)?;
    let mut changed = hello.to_vec();
    write_extensions(&mut changed, at, &extensions);
    Some(changed)
}

/// The same stream, and each hello of a client's names these groups of the backend without security, and
/// has these shares.
pub(crate) fn with_groups(stream: &[u8], groups: &[u8], shares: &[u8]) -> Vec<u8> {
    const FIRST: u8 = 0xfe;
    const SHARE: [u8; 32] = [0x5e; 32];
    let list = |content: Vec<u8>| [&(content.len() as u16).to_be_bytes(), &*content].concat();
    let groups = groups.iter().flat_map(|group| [FIRST, *group]).collect();
    let shares = shares
        .iter()
        .map(|group| [&[FIRST, *group, 0, 32], &SHARE[..]].concat());
    let (groups, shares) = (list(groups), list(shares.flatten().collect()));
    with_extensions(stream, |extensions| {
        for (number, content) in extensions {
            match *number {
                extension::SUPPORTED_GROUPS => content.clone_from(&groups),
                extension::KEY_SHARE => content.clone_from(&shares),
                _ => {}
            }
        }
    })
}

/// The same stream, and each hello of a client's that has a pre_shared_key has signature_algorithms, too.
pub(crate) fn with_signature_algorithms(stream: &[u8]) -> Vec<u8> {
    const ONE: [u8; 4] = [0, 2, 4, 3];
    with_extensions(stream, |extensions| {
        let has = |wanted| extensions.iter().any(|(number, _)| *number == wanted);
        if has(extension::PRE_SHARED_KEY) && !has(extension::SIGNATURE_ALGORITHMS) {
            extensions.insert(0, (extension::SIGNATURE_ALGORITHMS, ONE.to_vec()));
        }
    })
}

/// The same stream, and hellos of a client's have such extensions alone.
pub(crate) fn extensions_that(stream: &[u8], stay: impl Fn(u16) -> bool) -> Vec<u8> {
    with_extensions(stream, |extensions| {
        extensions.retain(|(number, _)| stay(*number));
    })
}

/// The same stream, and behind the records in the clear, what may be the extension compress_certificate is one
/// that nobody knows. Without security nothing is hidden, but a message may be cut anywhere.
pub(crate) fn without_compression_in_requests(stream: &[u8]) -> Vec<u8> {
    const UNKNOWN: [u8; 2] = [0xfa, 0xfb];
    let mut changed = stream.to_vec();
    let clear = len_in_clear(stream);
    for at in clear..stream.len().saturating_sub(3) {
        let [high, low] = extension::COMPRESS_CERTIFICATE.to_be_bytes();
        if stream[at..at + 3] == [high, low, 0] {
            changed[at..at + 2].copy_from_slice(&UNKNOWN);
        }
    }
    changed
}

/// How long the records in the clear are that a stream begins with.
fn len_in_clear(stream: &[u8]) -> usize {
    records(stream).map(|record| record.len()).sum()
}

/// The records before anything that is protected, of whatever version.
fn records(mut stream: &[u8]) -> impl Iterator<Item = &[u8]> {
    iter::from_fn(move || {
        let [content, _, _, high, low, ..] = *stream else {
            return None;
        };
        let len = usize::from(u16::from_be_bytes([high, low]));
        let (record, rest) = stream.split_at_checked(HEADER + len)?;
        stream = rest;
        (content != DATA).then_some(record)
    })
}

/// The same stream without the ChangeCipherSpec records before anything that is protected.
pub(crate) fn without_early_change_cipher_specs(stream: &[u8]) -> Vec<u8> {
    let is_one = |record: &&[u8]| record[0] == CHANGE_CIPHER_SPEC && record[HEADER..] == [1];
    let kept = records(stream).filter(|record| !is_one(record));
    let rest = &stream[len_in_clear(stream)..];
    [kept.collect::<Vec<_>>().concat().as_slice(), rest].concat()
}

fn with_ticket(hello: &[u8], old: &[u8], new: &[u8]) -> Option<Vec<u8>> {
    with_changed(hello, |extensions| {
        let mut offers = extensions.iter_mut();
        let (_, offered) = offers.find(|(number, _)| *number == extension::PRE_SHARED_KEY)?;
        let (all, rest) = offered.split_first_chunk()?;
        let (len, identity) = rest.split_first_chunk()?;
        let is_old = usize::from(u16::from_be_bytes(*len)) == old.len();
        let behind = identity.strip_prefix(old).filter(|_| is_old)?;
        // Wrong as it is, if it is.
        let all = usize::from(u16::from_be_bytes(*all)) + new.len();
        let all = all.saturating_sub(old.len());
        let lengths = [all as u16, new.len() as u16].map(u16::to_be_bytes);
        *offered = [lengths.as_flattened(), new, behind].concat();
        Some(())
    })
}

/// Puts `new` in the place of every `old`, which is as long.
fn replace(bytes: &mut [u8], old: &[u8], new: &[u8]) {
    let mut at = 0;
    while let Some(found) = bytes[at..].windows(old.len()).position(|it| it == old) {
        at += found;
        bytes[at..at + old.len()].copy_from_slice(new);
        at += old.len();
    }
}

/// The session id in a hello that is the first in `said`.
pub(crate) fn session_id(said: &[u8]) -> Option<[u8; 32]> {
    const AT: usize = HEADER + 4 + 2 + 32;
    let (_, rest) = said.split_at_checked(AT)?;
    match (said.first(), rest.split_first()?) {
        (Some(&HANDSHAKE), (32, id)) => id.first_chunk().copied(),
        _ => None,
    }
}

/// The tickets in what a server has said.
pub(crate) fn tickets(said: &[u8]) -> Vec<Vec<u8>> {
    let mut tickets = Vec::new();
    for piece in Stream::read(said).pieces {
        if piece.content != HANDSHAKE || piece.shape == Shape::Clear {
            continue;
        }
        for message in Messages::read(&piece.body).into_whole() {
            if message[0] == kind::NEW_SESSION_TICKET {
                tickets.extend(ticket(&message));
            }
        }
    }
    tickets
}

fn ticket(message: &[u8]) -> Option<Vec<u8>> {
    const NONCE: usize = 4 + 4 + 4;
    let nonce = usize::from(*message.get(NONCE)?);
    let (len, rest) = message.get(NONCE + 1 + nonce..)?.split_first_chunk()?;
    let len = usize::from(u16::from_be_bytes(*len));
    rest.get(..len).map(<[u8]>::to_vec)
}
