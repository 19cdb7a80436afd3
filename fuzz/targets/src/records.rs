//! Records on an encrypted connection: what is in them, how they are cut, and in which order.

use sslcore::{Limits, ServerStart};

use crate::configs::{Choice, server_name};
use crate::input::Input;
use crate::report;
use crate::watched::Watched;

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
    let mut end = encrypted(is_server, is_old);
    let mut expected = Vec::new();
    let mut heard = Vec::new();
    for _ in 0..100 {
        let Some(odd) = input.next() else { break };
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
        let record = match odd & 0xf0 {
            // The record as it stands.
            0xf0 => body.to_vec(),
            0xe0 => framed(content, body),
            padding => sealed(is_old, content, body, usize::from(padding >> 4)),
        };
        let protected = odd & 0xf0 < 0xe0 && body.len() <= 16 * 1024;
        let data = data_in(is_old, content, body).filter(|_| protected);
        let was_open = end.failed.is_none() && !end.peer_closed && !end.conn.is_over();
        for piece in record.chunks(step * step) {
            heard.extend(end.feed(piece).1);
        }
        if let (Some(data), true, None) = (data, was_open, end.failed) {
            expected.extend_from_slice(data);
        }
        // Bytes that are no whole record shift all others.
        if odd & 0xf0 >= 0xe0 {
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

/// An encrypted connection whose peer is gone.
fn encrypted(is_server: bool, is_old: bool) -> Watched {
    let choice = Choice::new(if is_old { Choice::OLD } else { 0 });
    let mut end = Watched::new(Limits::default());
    let mut peer = Watched::new(Limits::default());
    let (client, server) = match is_server {
        true => (&mut peer, &mut end),
        false => (&mut end, &mut peer),
    };
    let config = choice.client(1);
    let started = client.conn.start_client_encryption(&config, server_name());
    started.expect("not started before");
    let start = ServerStart::With(choice.server(2));
    server
        .conn
        .start_server_encryption(start)
        .expect("not started before");
    let (mut said, _) = client.drain();
    for _ in 0..3 {
        let (answer, _) = server.feed(&said);
        (said, _) = client.feed(&answer);
    }
    assert!(end.conn.is_encrypted() && peer.conn.is_encrypted());
    end
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
