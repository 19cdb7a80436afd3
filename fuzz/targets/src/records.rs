//! Records on an encrypted connection: what is in them, how they are cut, and in which order.

use sslcore::Limits;

use crate::behind::encrypted;
use crate::configs::Choice;
use crate::input::Input;
use crate::report;

const DATA: u8 = 23;
const HEADER: usize = 5;
const EXPLICIT_NONCE: usize = 8;
/// What the backend without security seals with, and does not look at.
const TAG: [u8; 16] = [0; 16];

/// One byte chooses the end and the version, then each record has its own: what is odd about it, its
/// content type, its length and its content. Whatever is well formed up to the first failure is
/// delivered, in order, and nothing else.
pub fn records(data: &[u8]) {
    report::watch(run, data);
}

fn run(data: &[u8]) {
    let mut input = Input(data);
    let first = input.byte();
    let is_server = first & 1 != 0;
    let is_old = first & 2 != 0;
    let step = usize::from(first >> 2) + 1;
    let side = if is_server { Choice::SERVER } else { 0 };
    let version = if is_old { Choice::OLD } else { 0 };
    let mut end = encrypted(Choice::new(side | version), 0, |_| Limits::default());
    let mut expected = Vec::new();
    let mut heard = Vec::new();
    for _ in 0..100 {
        let Some(record) = Described::next(&mut input, is_old) else {
            break;
        };
        let protected = !record.is_raw() && record.body.len() <= 16 * 1024;
        let data = data_in(is_old, record.content, record.body).filter(|_| protected);
        let was_open = end.failed.is_none() && !end.peer_closed && !end.conn.is_over();
        for piece in record.bytes.chunks(step * step) {
            heard.extend(end.feed(piece).1);
        }
        if let (Some(data), true, None) = (data, was_open, end.failed) {
            expected.extend_from_slice(data);
        }
        // Bytes that are no whole record shift all others.
        if record.is_raw() {
            heard.extend(end.feed(input.0).1);
            end.finish();
            assert!(heard.starts_with(&expected));
            return;
        }
    }
    end.finish();
    assert_eq!(heard.len(), expected.len(), "{:?}", end.conn);
    assert!(heard == expected, "other data");
}

/// A record as an input describes it.
pub(crate) struct Described<'a> {
    /// What is odd about it.
    odd: u8,
    content: u8,
    body: &'a [u8],
    pub(crate) bytes: Vec<u8>,
}

impl<'a> Described<'a> {
    pub(crate) fn next(input: &mut Input<'a>, is_old: bool) -> Option<Self> {
        let odd = input.next()?;
        let content = match odd & 7 {
            0 => input.byte(),
            1 => 21,
            2 => 22,
            _ => DATA,
        };
        let body = match odd & 0x08 {
            0 => input.part(),
            _ => {
                let n = input.long();
                input.take(n)
            }
        };
        let bytes = match odd & 0xf0 {
            // The record as it stands.
            0xf0 => body.to_vec(),
            0xe0 => framed(content, body),
            padding => sealed(is_old, content, body, usize::from(padding >> 4)),
        };
        Some(Self {
            odd,
            content,
            body,
            bytes,
        })
    }

    /// Whether it is no protected record, but whatever was in the input.
    fn is_raw(&self) -> bool {
        self.odd & 0xf0 >= 0xe0
    }
}

/// The data in a record of this content: in TLS 1.3 its type is the last byte that is not 0.
fn data_in(is_old: bool, content: u8, body: &[u8]) -> Option<&[u8]> {
    match content {
        DATA => Some(body),
        0 if !is_old => {
            let padding = body.iter().rev().take_while(|byte| **byte == 0).count();
            let (content, data) = body[..body.len() - padding].split_last()?;
            (*content == DATA).then_some(data)
        }
        _ => None,
    }
}

fn framed(content: u8, body: &[u8]) -> Vec<u8> {
    let mut record = vec![content, 3, 3];
    record.extend_from_slice(&(body.len() as u16).to_be_bytes());
    record.extend_from_slice(body);
    debug_assert_eq!(record.len(), HEADER + body.len());
    record
}

/// A protected record, which TLS 1.3 pads.
fn sealed(is_old: bool, content: u8, body: &[u8], padding: usize) -> Vec<u8> {
    if is_old {
        return framed(content, &[&[0; EXPLICIT_NONCE], body, &TAG].concat());
    }
    // A record with its padding has no more room than one without (RFC 8446 §5.4).
    let padding = padding.min((16 * 1024_usize).saturating_sub(body.len()));
    framed(
        DATA,
        &[body, &[content], &[0; 16][..padding], &TAG].concat(),
    )
}
