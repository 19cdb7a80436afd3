//! What a server wants a client to say again must have room in a ClientHello.

use sslcore::{Alert, FailureKind};
use sslcore_tests::pair::{Pair, backend, client, server};
use sslcore_tests::records::{record, records, refragment};

/// SHA-256 of "HelloRetryRequest" (RFC 8446 §4.1.3).
const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let len = (body.len() as u32).to_be_bytes();
    [&[kind], &len[1..], body].concat()
}

/// Handshake content in records that are not too long.
fn in_records(content: &[u8]) -> Vec<u8> {
    let pieces = content.chunks(16_384).map(|piece| record(22, piece));
    pieces.collect::<Vec<_>>().concat()
}

fn retry_with_cookie(hello: &[u8], len: usize) -> Vec<u8> {
    let session_id = &hello[5 + 38..5 + 38 + 33];
    let mut cookie = vec![0, 44];
    cookie.extend((2 + len as u16).to_be_bytes());
    cookie.extend((len as u16).to_be_bytes());
    cookie.resize(6 + len, 7);
    let extensions = [&[0, 43, 0, 2, 3, 4][..], &cookie].concat();
    let len = (extensions.len() as u16).to_be_bytes();
    let body = [
        &[3, 3],
        &RETRY[..],
        session_id,
        &[0x13, 1, 0],
        &len,
        &extensions,
    ];
    message(2, &body.concat())
}

#[test]
fn a_cookie_is_repeated_if_there_is_room_for_it() {
    let config = client(backend()).protocols(&["TLSv1.3"]).build();
    let server = server(backend()).build().expect("server");
    let config = config.expect("client");
    for (len, fits) in [(1, true), (16_384, true), (16_385, false), (65_400, false)] {
        let mut pair = Pair::tls(&config, &server);
        let hello = pair.client.take();
        let retry = retry_with_cookie(&hello, len);
        pair.client.give(&in_records(&retry), usize::MAX);
        let answer = pair.client.take();
        let failure = pair.client.conn.failure().map(sslcore::Failure::kind);
        if fits {
            assert_eq!(failure, None, "{len}");
            assert!(answer.len() > hello.len() + len, "{len}");
        } else {
            assert_eq!(failure, Some(FailureKind::PeerMisbehaved), "{len}");
            let alert = [2, Alert::IllegalParameter.code()];
            assert_eq!(answer, record(21, &alert), "{len}");
        }
    }
}

#[test]
fn a_tls12_ticket_that_has_no_room_in_a_hello_is_refused() {
    let client = client(backend()).protocols(&["TLSv1.2"]).build();
    let client = client.expect("client");
    let server = server(backend()).build().expect("server");
    for len in [16_400, 65_400] {
        let mut pair = Pair::tls(&client, &server);
        pair.exchange();
        let flight = pair.client.take();
        pair.server.give(&flight, usize::MAX);
        let last = pair.server.take();
        assert_eq!(records(&last)[0][5], 4, "the server's ticket comes first");
        let mut ticket = vec![0, 0, 1, 0];
        ticket.extend((len as u16).to_be_bytes());
        ticket.resize(6 + len, 7);
        let ticket = message(4, &ticket);
        let pieces = refragment(&in_records(&ticket), &[1000]);
        pair.client.give(&pieces, usize::MAX);
        let failure = pair.client.conn.failure().map(sslcore::Failure::kind);
        let needed = ticket.len();
        assert_eq!(failure, Some(FailureKind::BufferTooSmall { needed }));
    }
}
