//! Changes of inputs that keep them readable: messages are edited inside records, and sealed again.
//!
//! A change of a byte anywhere in a stream of TLS is refused for a length, most of the time, before
//! what it means is looked at. The functions here take an input apart, do one thing to a message, an
//! extension or a record, and put it together again with every length, type, nonce and tag as it
//! should be. This needs [`sslcore::testing::backend_without_security`], whose records can be opened
//! and sealed by anybody; of inputs over real cryptography only what is in the clear is edited so.
//!
//! They are for `libfuzzer_sys::fuzz_mutator!`, and work with any fuzzer that has a hook for
//! mutations. What they leave to the fuzzer, its own mutation, they are given:
//!
//! ```
//! use sslcore_fuzz_targets::mutator;
//!
//! // As `libfuzzer_sys::fuzzer_mutate`.
//! fn flip(data: &mut [u8], size: usize, _max_size: usize) -> usize {
//!     if let Some(first) = data[..size].first_mut() {
//!         *first ^= 1;
//!     }
//!     size
//! }
//!
//! let mut data = [0; 100];
//! let size = mutator::differential(&mut data, 50, 100, 7, flip);
//! assert!(size <= 100);
//! ```

pub(crate) mod messages;
mod numbers;
pub(crate) mod wire;

use std::sync::OnceLock;

use self::messages::Messages;
use self::numbers::Numbers;
use self::wire::{ALERT, CHANGE_CIPHER_SPEC, DATA, HANDSHAKE, Piece, Shape, Stream};

/// The fuzzer's own mutation: of `data[..size]`, to a size that is returned and at most `max_size`.
pub type Mutate = fn(data: &mut [u8], size: usize, max_size: usize) -> usize;

/// The same for bytes that may become a few more.
type Bytes<'a> = &'a mut dyn FnMut(&mut Vec<u8>);

/// How many bytes more a mutation of a part may give.
const ROOM: usize = 64;

/// Mutates an input of [`connection`](crate::connection()): what the peer says, or what stands before
/// it. `data[..size]` is the input; returns the size of the new one, which is at most `max_size`. The
/// same `seed` does the same.
pub fn connection(
    data: &mut [u8],
    size: usize,
    max_size: usize,
    seed: u32,
    mutate: Mutate,
) -> usize {
    // The choice, the limits, the actions with their length before them.
    let actions = data[..size].get(3).map_or(0, |len| usize::from(*len));
    let format = Format {
        head: 4 + actions,
        length: Some(3),
        is_message: false,
        looks_behind: true,
    };
    edit(data, size, max_size, seed, format, mutate)
}

/// Mutates an input of [`differential`](crate::differential()), as [`connection`] does.
pub fn differential(
    data: &mut [u8],
    size: usize,
    max_size: usize,
    seed: u32,
    mutate: Mutate,
) -> usize {
    let format = Format {
        head: 2,
        length: None,
        is_message: false,
        looks_behind: true,
    };
    edit(data, size, max_size, seed, format, mutate)
}

/// Mutates an input of [`engines`](crate::engines()), as [`connection`] does, and the handshake as often as
/// what is behind it.
pub fn engines(data: &mut [u8], size: usize, max_size: usize, seed: u32, mutate: Mutate) -> usize {
    let actions = data[..size].get(3).map_or(0, |len| usize::from(*len));
    let format = Format {
        head: 4 + actions,
        length: Some(3),
        is_message: false,
        looks_behind: false,
    };
    edit(data, size, max_size, seed, format, mutate)
}

/// Mutates an input of [`hellos`](crate::hellos()), as [`connection`] does: the message, which is in the
/// clear, and its extensions.
pub fn hellos(data: &mut [u8], size: usize, max_size: usize, seed: u32, mutate: Mutate) -> usize {
    // Which end, and how the message is cut.
    let cuts = data[..size].get(1).map_or(0, |len| usize::from(*len));
    let format = Format {
        head: 2 + cuts,
        length: Some(1),
        is_message: true,
        looks_behind: false,
    };
    edit(data, size, max_size, seed, format, mutate)
}

/// What an input is made of.
struct Format {
    /// So many bytes stand before what the peer says.
    head: usize,
    /// Which of them says how long they are.
    length: Option<usize>,
    /// It is a message, and no stream.
    is_message: bool,
    /// Most is done behind the handshake.
    looks_behind: bool,
}

fn edit(
    data: &mut [u8],
    size: usize,
    max_size: usize,
    seed: u32,
    format: Format,
    mutate: Mutate,
) -> usize {
    if is_off() {
        return mutate(data, size, max_size);
    }
    let mut numbers = Numbers::new(seed);
    let head = format.head.min(size);
    // Now and then anything goes, and now and then the stream stays as it is.
    if numbers.one_in(8) || head == size {
        return mutate(data, size, max_size);
    }
    let is_head = numbers.one_in(8);
    let mut bytes = |part: &mut Vec<u8>| {
        let size = part.len();
        part.resize(size + ROOM, 0);
        let max_size = part.len();
        let size = mutate(part, size, max_size);
        part.truncate(size);
    };
    let mut input = data[..head].to_vec();
    let stream = &data[head..size];
    if is_head {
        // Its length stays, so that the same bytes are the stream.
        let mut changed = input.clone();
        bytes(&mut changed);
        changed.resize(input.len(), 0);
        if let Some(length) = format.length.filter(|at| *at < head) {
            changed[length] = input[length];
        }
        input = [&changed, stream].concat();
    } else if format.is_message {
        let mut messages = Messages::read(stream);
        let others = Messages::read(stream).into_whole();
        messages.edit(&others, &mut numbers, &mut bytes);
        input.extend(messages.write());
    } else {
        let mut stream = Stream::read(stream);
        // One thing most of the time, sometimes a few.
        loop {
            let pieces = &mut stream.pieces;
            let at = match format.looks_behind {
                true => place(pieces, &mut numbers),
                false => numbers.index(pieces),
            };
            if let Some(at) = at {
                change(pieces, at, &mut numbers, &mut bytes);
            }
            if !numbers.one_in(4) {
                break;
            }
        }
        input.extend(stream.write());
    }
    if input.len() > max_size || input == data[..size] {
        return mutate(data, size, max_size);
    }
    data[..input.len()].copy_from_slice(&input);
    input.len()
}

/// Whether `SSLCORE_FUZZ_MUTATOR=off` leaves all mutations to the fuzzer, to see what these are worth.
fn is_off() -> bool {
    static OFF: OnceLock<bool> = OnceLock::new();
    *OFF.get_or_init(|| std::env::var("SSLCORE_FUZZ_MUTATOR").is_ok_and(|value| value == "off"))
}

/// Where something is done: behind the handshake three times of four, so that inputs still get there
/// after many mutations.
fn place(pieces: &[Piece], numbers: &mut Numbers) -> Option<usize> {
    const FINISHED: u8 = 20;
    let is_finished = |piece: &Piece| {
        let sealed = piece.shape != Shape::Clear && piece.content == HANDSHAKE;
        sealed && Messages::read(&piece.body).has(FINISHED)
    };
    let behind = pieces.iter().position(is_finished).map_or(0, |at| at + 1);
    match behind < pieces.len() && !numbers.one_in(4) {
        true => Some(behind + numbers.below(pieces.len() - behind)),
        false => numbers.index(pieces),
    }
}

/// Does one thing to the records, at one of them.
fn change(pieces: &mut Vec<Piece>, at: usize, numbers: &mut Numbers, bytes: Bytes<'_>) {
    match numbers.below(16) {
        0 => drop(pieces.remove(at)),
        1 => pieces.insert(at, pieces[at].clone()),
        2 => {
            let other = numbers.below(pieces.len());
            pieces.swap(at, other);
        }
        3 => pieces.insert(at + numbers.below(2), made(&pieces[at], numbers)),
        4 => {
            let piece = &mut pieces[at];
            match numbers.below(4) {
                0 => piece.content = numbers.of(&CONTENTS).unwrap_or(DATA),
                1 => piece.version = [3, numbers.below(5) as u8],
                2 => {
                    piece.shape = match piece.shape {
                        Shape::New(_) => Shape::New(numbers.below(300)),
                        Shape::Old(_) => Shape::Old([numbers.byte(); 8]),
                        Shape::Clear => Shape::New(0),
                    };
                }
                _ => {
                    let other = numbers.below(pieces.len());
                    pieces[at].shape = pieces[other].shape;
                }
            }
        }
        5 => {
            let cut = numbers.below(pieces[at].body.len());
            let rest = Piece {
                body: pieces[at].body.split_off(cut),
                ..pieces[at].clone()
            };
            pieces.insert(at + 1, rest);
        }
        6 if at + 1 < pieces.len() => {
            let next = pieces.remove(at + 1);
            pieces[at].body.extend(next.body);
        }
        _ if pieces[at].content == HANDSHAKE => edit_messages(pieces, at, numbers, bytes),
        _ => bytes(&mut pieces[at].body),
    }
}

const CONTENTS: [u8; 6] = [CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE, DATA, 24, 0];

/// Something short that might come between.
fn made(beside: &Piece, numbers: &mut Numbers) -> Piece {
    const SHORT: [(u8, &[u8]); 9] = [
        (ALERT, &[1, 0]),
        (ALERT, &[1, 90]),
        (ALERT, &[1, 100]),
        (ALERT, &[2, 40]),
        (CHANGE_CIPHER_SPEC, &[1]),
        (DATA, b"data"),
        (DATA, b""),
        (HANDSHAKE, &[24, 0, 0, 1, 0]),
        (HANDSHAKE, &[24, 0, 0, 1, 1]),
    ];
    let (content, body) = numbers.of(&SHORT).unwrap_or((DATA, b""));
    Piece {
        content,
        body: body.to_vec(),
        ..beside.clone()
    }
}

/// Edits the messages in a record and in those beside it that go on with them.
fn edit_messages(pieces: &mut Vec<Piece>, at: usize, numbers: &mut Numbers, bytes: Bytes<'_>) {
    let is_same = |piece: &Piece| {
        let shape = (piece.shape == Shape::Clear, piece.content);
        shape == (pieces[at].shape == Shape::Clear, HANDSHAKE)
    };
    let first = pieces[..at].iter().rposition(|piece| !is_same(piece));
    let first = first.map_or(0, |before| before + 1);
    let behind = pieces[at..].iter().position(|piece| !is_same(piece));
    let behind = behind.map_or(pieces.len(), |count| at + count);
    let said = |of: &[Piece]| -> Vec<u8> {
        let handshake = of.iter().filter(|piece| piece.content == HANDSHAKE);
        handshake.flat_map(|piece| piece.body.clone()).collect()
    };
    let lengths: Vec<usize> = pieces[first..behind]
        .iter()
        .map(|it| it.body.len())
        .collect();
    let like = Piece {
        body: Vec::new(),
        ..pieces[first].clone()
    };
    let mut messages = Messages::read(&said(&pieces[first..behind]));
    let others = Messages::read(&said(pieces)).into_whole();
    messages.edit(&others, numbers, bytes);
    let content = messages.write();
    let lengths = match numbers.below(8) {
        // Each in a record of its own, all in one, or cut anywhere.
        0 => messages.lengths(),
        1 => vec![content.len()],
        2 => vec![1 + numbers.below(content.len().max(1)); 4],
        // Where they were cut before, as far as that goes.
        _ if lengths.iter().sum::<usize>() == content.len() => lengths,
        _ => messages.lengths(),
    };
    let mut rest = &content[..];
    let mut records = Vec::new();
    for len in lengths {
        let (body, later) = rest.split_at(len.min(rest.len()));
        rest = later;
        records.push(Piece {
            body: body.to_vec(),
            ..like.clone()
        });
    }
    if let (false, Some(last)) = (rest.is_empty(), records.last_mut()) {
        last.body.extend_from_slice(rest);
    }
    records.retain(|record| !record.body.is_empty());
    pieces.splice(first..behind, records);
}

#[cfg(test)]
mod tests;
