//! A peer's stream, taken apart into records and put together again.

/// What the backend without security seals every record with.
pub(crate) const TAG: &[u8; 16] = b"without security";

pub(crate) const CHANGE_CIPHER_SPEC: u8 = 20;
pub(crate) const ALERT: u8 = 21;
pub(crate) const HANDSHAKE: u8 = 22;
pub(crate) const DATA: u8 = 23;

const HEADER: usize = 5;
const NONCE: usize = 8;
/// The most that a record's length can say, with all that is sealed.
const MOST: usize = 0xffff - 64;

/// How a record is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Clear,
    /// TLS 1.2: with a nonce before it.
    Old([u8; NONCE]),
    /// TLS 1.3: its type behind it, and so many zeros.
    New(usize),
}

/// A record, opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) content: u8,
    pub(crate) version: [u8; 2],
    pub(crate) body: Vec<u8>,
    pub(crate) shape: Shape,
}

/// A stream: what stands before the first record, the records, and what is none behind them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stream {
    before: Vec<u8>,
    pub(crate) pieces: Vec<Piece>,
    behind: Vec<u8>,
}

fn header(bytes: &[u8]) -> Option<usize> {
    match *bytes {
        [CHANGE_CIPHER_SPEC..=DATA, 3, 0..=4, high, low, ..] => {
            Some(HEADER + usize::from(u16::from_be_bytes([high, low])))
        }
        _ => None,
    }
}

impl Stream {
    /// Takes a stream apart. Of what is sealed over real cryptography nothing is opened.
    pub(crate) fn read(bytes: &[u8]) -> Self {
        // The greeting of STARTTLS has no record in it.
        let starts = (0..bytes.len()).find(|at| {
            let rest = &bytes[*at..];
            header(rest).is_some_and(|len| len <= rest.len())
        });
        let (before, mut rest) = bytes.split_at(starts.unwrap_or(bytes.len()));
        let mut raw = Vec::new();
        while let Some(len) = header(rest).filter(|len| *len <= rest.len()) {
            let (record, later) = rest.split_at(len);
            raw.push(record);
            rest = later;
        }
        // In TLS 1.3 nothing else is sealed but what says that it is data.
        let is_old = raw
            .iter()
            .any(|record| record[0] != DATA && record.ends_with(TAG));
        Self {
            before: before.to_vec(),
            pieces: raw
                .into_iter()
                .map(|raw| Piece::read(raw, is_old))
                .collect(),
            behind: rest.to_vec(),
        }
    }

    pub(crate) fn write(&self) -> Vec<u8> {
        let mut bytes = self.before.clone();
        self.pieces.iter().for_each(|piece| piece.write(&mut bytes));
        bytes.extend_from_slice(&self.behind);
        bytes
    }
}

impl Piece {
    pub(crate) fn read(raw: &[u8], is_old: bool) -> Self {
        let (header, body) = raw.split_at(HEADER);
        let clear = Self {
            content: header[0],
            version: [header[1], header[2]],
            body: body.to_vec(),
            shape: Shape::Clear,
        };
        let Some(sealed) = body.strip_suffix(TAG) else {
            return clear;
        };
        if is_old {
            let Some((nonce, body)) = sealed.split_first_chunk() else {
                return clear;
            };
            return Self {
                body: body.to_vec(),
                shape: Shape::Old(*nonce),
                ..clear
            };
        }
        let end = sealed.iter().rposition(|byte| *byte != 0);
        match (clear.content, end) {
            (DATA, Some(end)) => Self {
                content: sealed[end],
                body: sealed[..end].to_vec(),
                shape: Shape::New(sealed.len() - end - 1),
                ..clear
            },
            _ => clear,
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        let body = &self.body[..self.body.len().min(MOST)];
        let (content, sealed) = match self.shape {
            Shape::Clear => (self.content, body.to_vec()),
            Shape::Old(nonce) => (self.content, [&nonce[..], body, TAG].concat()),
            Shape::New(padding) => {
                let padding = vec![0; padding.min(MOST - body.len())];
                let inner = [body, &[self.content], &padding, TAG].concat();
                (DATA, inner)
            }
        };
        out.extend_from_slice(&[content, self.version[0], self.version[1]]);
        out.extend_from_slice(&(sealed.len() as u16).to_be_bytes());
        out.extend_from_slice(&sealed);
    }
}
