//! Plaintext that waits for others to seal it leaves nothing behind in memory.

use sslcore::Limits;
use sslcore::offload::{Direction, OffloadFailure};
use sslcore_tests::pair::Pair;
use sslcore_tests::wiped::{Watched, left_behind};

#[global_allocator]
static WATCHED: Watched = Watched;

type End = fn(&mut Pair);

/// How a connection ends whose plaintext waits for others to seal it.
const ENDS_ELSEWHERE: [(&str, End); 5] = [
    ("sealed elsewhere", |pair| {
        let conn = &mut pair.client.conn;
        while let Some((_, content)) = conn.transmit_record() {
            let n = content.len().min(1000);
            conn.record_transmitted(n).expect("it was shown");
        }
        pair.client.settle();
    }),
    ("dropped", |_| {}),
    ("aborted", |pair| pair.client.conn.abort()),
    ("reset", |pair| pair.client.conn.receive_reset()),
    ("failed", |pair| {
        let why = OffloadFailure::BadRecordMac;
        pair.client.conn.offload_failed(why).expect("encrypted");
    }),
];

#[test]
fn nothing_of_what_others_seal_is_left_behind() {
    let text: Vec<u8> = (0..6000u32)
        .flat_map(|i| i.wrapping_mul(2_654_435_761).to_be_bytes())
        .collect();
    let secrets = || [100, 20_000].map(|at| text[at..at + 32].to_vec()).to_vec();
    for version in ["TLSv1.2", "TLSv1.3"] {
        for release_when_idle in [true, false] {
            for piece in [1000, text.len()] {
                for (how, end) in ENDS_ELSEWHERE {
                    let limits = Limits {
                        release_when_idle,
                        ..Limits::default()
                    };
                    let left = left_behind(secrets(), || {
                        let mut pair = Pair::encrypted_in(version, limits);
                        pair.client
                            .conn
                            .offload(Direction::Sent)
                            .expect("an offer")
                            .taken();
                        for piece in text.chunks(piece) {
                            assert_eq!(pair.client.conn.write(piece), Ok(piece.len()));
                        }
                        end(&mut pair);
                    });
                    assert_eq!(left, 0, "{version}, {how}, in pieces of {piece} bytes");
                }
            }
        }
    }
}
