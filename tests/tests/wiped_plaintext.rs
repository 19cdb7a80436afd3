//! Plaintext leaves nothing behind in memory: not what waits to be encrypted, not what waits to be
//! read.

use std::hint::black_box;

use sslcore_tests::pair::{Pair, backend, client, server};
use sslcore_tests::wiped::{Watched, left_behind};

#[global_allocator]
static WATCHED: Watched = Watched;

type End = fn(&mut Pair);

/// How something that waits comes to its end.
const ENDS: [(&str, End); 5] = [
    ("sent and read", |pair| {
        pair.run();
        assert!(pair.client.conn.is_encrypted());
        while pair.server.conn.bytes_available() > 0 {
            let n = pair.server.conn.bytes_available();
            pair.server.conn.consume(n).expect("it is there");
            pair.run();
        }
        assert_eq!(pair.client.conn.bytes_to_write(), 0);
    }),
    ("dropped", |_| {}),
    ("aborted", |pair| pair.client.conn.abort()),
    ("cancelled", |pair| {
        pair.client.conn.close();
        pair.run();
    }),
    ("failed", |pair| {
        pair.client.give(b"HTTP/1.1 400 Bad Request", usize::MAX);
        assert!(pair.client.conn.failure().is_some());
    }),
];

#[test]
fn nothing_of_what_waited_is_left_behind() {
    let text: Vec<u8> = (0..6000u32)
        .flat_map(|i| i.wrapping_mul(2_654_435_761).to_be_bytes())
        .collect();
    // It finds what is dropped as it is.
    let secrets = || [100, 20_000].map(|at| text[at..at + 32].to_vec()).to_vec();
    assert_eq!(left_behind(secrets(), || drop(black_box(text.clone()))), 1);

    for version in ["TLSv1.2", "TLSv1.3"] {
        let client = client(backend()).protocols(&[version]).build();
        let client = client.expect("client");
        let server = server(backend()).build().expect("server");
        for piece in [64, text.len()] {
            for (how, end) in ENDS {
                let left = left_behind(secrets(), || {
                    let mut pair = Pair::tls(&client, &server);
                    for piece in text.chunks(piece) {
                        assert_eq!(pair.client.conn.write(piece), Ok(piece.len()));
                    }
                    end(&mut pair);
                });
                assert_eq!(left, 0, "{version}, {how}, in pieces of {piece} bytes");
            }
            // The buffer grows under what is unread, and is emptied or not.
            for read in [false, true] {
                let left = left_behind(secrets(), || {
                    let mut pair = Pair::encrypted(&client, &server);
                    for piece in text[..16_000].chunks(piece) {
                        pair.client.write(piece);
                        pair.run();
                    }
                    let unread = pair.server.conn.bytes_available();
                    assert_eq!(unread, 16_000);
                    let n = if read { unread } else { 0 };
                    pair.server.conn.consume(n).expect("it is there");
                });
                assert_eq!(left, 0, "{version}, {read}, records of {piece} bytes");
            }
        }
        // Who is lent room for it fills more than is said.
        let left = left_behind(secrets(), || {
            for is_encrypted in [false, true] {
                let mut pair = Pair::tls(&client, &server);
                if is_encrypted {
                    pair.run();
                }
                let written = pair.client.conn.write_with(16_384, |room| {
                    let n = room.len();
                    room.copy_from_slice(&text[..n]);
                    10
                });
                assert_eq!(written, Ok(10));
                pair.run();
            }
        });
        assert_eq!(left, 0, "{version}, more than was said");
        // Bulk keeps the buffer, and gives it back after a record that is shorter than what was before.
        let left = left_behind(secrets(), || {
            let mut pair = Pair::encrypted(&client, &server);
            for record in [[&text[..16_000]; 10].as_slice(), &[b"and that was it"]].concat() {
                pair.client.write(record);
                pair.run();
                let n = pair.server.conn.bytes_available();
                assert_eq!(n, record.len());
                pair.server.conn.consume(n).expect("it is there");
            }
        });
        assert_eq!(left, 0, "{version}, bulk");
    }
}
