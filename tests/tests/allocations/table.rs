//! The figures that do not depend on the machine, in one table.

use allocation_counter::measure;
use sslcore::{Connection, Limits};
use sslcore_tests::pair::{Pair, backends, tests_own_engine};

use crate::counted::{client_and_server, configs, pair, process};
use crate::records::{Doors, RECORDS, steady_state};

const VERSION: &str = "TLSv1.3";
const SUITES: [&str; 1] = ["TLS_AES_128_GCM_SHA256"];

/// The most that a backend's connections may take, a twentieth above what they took when this was written:
/// half of it is keys.
struct Most {
    /// Allocations of a handshake, and what it holds at most, both ends together.
    pair: (u64, i64),
    /// What an idle client and an idle server hold after 16 KiB each way, [`Connection`] itself included,
    /// when they release their buffers; and by default.
    released: [i64; 2],
    by_default: [i64; 2],
}

fn most(backend: &str) -> Most {
    match backend {
        "aws-lc-rs" => Most {
            pair: (306, 16_020),
            released: [1880, 1430],
            by_default: [4000, 4000],
        },
        "ring" => Most {
            pair: (281, 17_050),
            released: [3000, 2400],
            by_default: [4000, 4000],
        },
        _ => Most {
            pair: (314, 17_570),
            released: [3620, 3160],
            by_default: [4000, 4000],
        },
    }
}

/// What the feature `offload` keeps for each connection beside that: two keys, in boxes since connections move,
/// and who has them.
const OFFLOAD: i64 = if cfg!(feature = "offload") { 96 } else { 0 };

/// The allocations that it makes in a handshake by the engine of our own: four keys at each end are in boxes.
const OFFLOAD_KEYS: u64 = if cfg!(feature = "offload") { 8 } else { 0 };

/// The most that a handshake of a pair may take by the engine of our own, likewise, with any backend: half of
/// the allocations that there are with rustls, of which 133 were measured with aws-lc-rs, without those keys; and
/// 8,823 B with rustcrypto, 8,453 with ring.
const OWN_PAIR: (u64, i64) = (139, 9_130);

/// A table whose figures have their most.
#[derive(Default)]
struct Table {
    exceeded: Vec<String>,
}

impl Table {
    fn row(&mut self, what: &str, unit: &str, measured: f64, most: f64) {
        let row = format!("{what:<58} {measured:>9.2} {unit} (at most {most})");
        println!("{row}");
        if measured > most {
            self.exceeded.push(row);
        }
    }
}

#[test]
fn the_figures_that_do_not_depend_on_the_machine() {
    let mut table = Table::default();
    for backend in backends() {
        let name = backend.name();
        let configs = configs(&backend, VERSION, &SUITES);
        let connect = || Pair::encrypted(&configs.0, &configs.1);
        let most = most(name);
        for doors in Doors::ALL {
            let mut connected = connect();
            for len in [64, 1024, 16_384] {
                let info = steady_state(&mut connected, doors, len);
                let count = info.count_total as f64 / RECORDS as f64;
                let what = format!("{name}: a record of {len} B, {doors:?}");
                table.row(&what, "allocations", count, doors.allowed(false) as f64);
            }
        }
        let handshake = pair(&configs);
        let what = format!("{name}: handshake of a pair");
        let (allocations, peak) = (handshake.allocations as f64, handshake.peak as f64);
        let most_of_pair = match tests_own_engine() {
            true => (OWN_PAIR.0 + OFFLOAD_KEYS, OWN_PAIR.1),
            false => most.pair,
        };
        table.row(&what, "allocations", allocations, most_of_pair.0 as f64);
        table.row(&what, "B of heap", peak, most_of_pair.1 as f64);
        let releasing = Limits {
            release_when_idle: true,
            ..Limits::default()
        };
        let object = size_of::<Connection>() as i64;
        for (how, limits, most) in [
            ("released", releasing, most.released),
            ("by default", Limits::default(), most.by_default),
        ] {
            let both = client_and_server(&configs, limits);
            for (role, [_, idle], most) in
                [("client", both[0], most[0]), ("server", both[1], most[1])]
            {
                let what = format!("{name}: {role}, idle after 16 KiB each way, {how}");
                let most = most + OFFLOAD;
                table.row(&what, "B", (object + idle.held) as f64, most as f64);
            }
        }
        let [once, twice] = [1, 2].map(|n| fed_byte_by_byte(&mut connect(), n * 64 * 1024));
        let what = format!("{name}: 128 KiB byte by byte, beside 64 KiB");
        table.row(
            &what,
            "times the bytes allocated",
            twice as f64 / once as f64,
            2.1,
        );
    }
    assert!(table.exceeded.is_empty(), "{:#?}", table.exceeded);
}

/// The bytes that a reader allocates to whom so much comes byte by byte.
fn fed_byte_by_byte(pair: &mut Pair, len: usize) -> u64 {
    let data = vec![7; len];
    let now = pair.client.now();
    let mut written = 0;
    let mut total = 0;
    while written < len {
        written += pair.client.conn.write(&data[written..]).expect("open");
        let wire = pair.client.conn.transmit().to_vec();
        pair.client.conn.transmitted(wire.len()).expect("shown");
        process(&mut pair.client.conn, now);
        let server = &mut pair.server.conn;
        let allocated = measure(|| {
            for byte in wire.chunks(1) {
                assert_eq!(server.receive(byte), Ok(1));
                process(server, now);
                server.consume(server.peek().len()).expect("shown");
            }
        });
        total += allocated.bytes_total;
    }
    total
}
