//! What a record allocates.

use allocation_counter::{AllocationInfo, measure};
use sslcore::bytes::BytesMut;
use sslcore::{Buffers, Connection, Instant, Limits, Now};
use sslcore_tests::pair::{Pair, backend, backends};

use crate::counted::{VERSIONS, configs, process};

/// How bytes are handed over.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Doors {
    /// `write`, `receive` and `read`.
    Copying,
    /// `write_with`, `receive_buffer`, `received`, `peek` and `consume`.
    Lending,
    /// The same with a transport that gives 500 bytes at a time.
    Trickling,
    /// `write_vectored`, `receive_buf` and `read_buf`.
    Pieces,
    /// `write`, `take_transmit`, `complete_transmit`, `receive_owned`, `peek` and `consume`.
    Owning,
}

impl Doors {
    pub(crate) const ALL: [Self; 5] = [
        Self::Copying,
        Self::Lending,
        Self::Trickling,
        Self::Pieces,
        Self::Owning,
    ];

    /// The allocations of a record: bytes with owners count them, and those of lent memory are copied.
    pub(crate) fn allowed(self, is_lent: bool) -> u64 {
        match self {
            Self::Copying | Self::Lending | Self::Trickling | Self::Pieces => 0,
            Self::Owning => 1 + u64::from(is_lent),
        }
    }
}

/// Buffers that a firmware would have as statics.
fn lent() -> Buffers {
    let buffer = || Box::leak(vec![0; 40_000].into_boxed_slice());
    Buffers::lent(buffer(), buffer()).expect("large enough")
}

/// What the tests' transport and reader own, once for all records.
struct Scratch {
    arriving: BytesMut,
    read: BytesMut,
}

impl Scratch {
    fn new() -> Self {
        Self {
            arriving: BytesMut::with_capacity(40_000),
            read: BytesMut::with_capacity(40_000),
        }
    }

    /// Carries what `from` shows to `to`, as far as that takes it.
    fn carry(&mut self, from: &mut Connection, to: &mut Connection, doors: Doors) {
        let wire = from.transmit();
        let n = match doors {
            Doors::Copying => to.receive(wire).expect("open"),
            Doors::Pieces => to.receive_buf(&mut &wire[..]).expect("open"),
            Doors::Lending | Doors::Trickling => {
                let space = to.receive_buffer();
                let most = if matches!(doors, Doors::Trickling) {
                    500
                } else {
                    usize::MAX
                };
                let n = wire.len().min(space.len()).min(most);
                space[..n].copy_from_slice(&wire[..n]);
                to.received(n).expect("lent");
                n
            }
            Doors::Owning => {
                let transmission = from.take_transmit().expect("something");
                self.arriving.clear();
                self.arriving.extend_from_slice(&transmission);
                let n = to.receive_owned(&mut self.arriving).expect("open");
                let complete = from.complete_transmit(transmission, n);
                return complete.expect("on its way");
            }
        };
        from.transmitted(n).expect("transmit showed them");
    }

    /// Reads what there is, the beginning of `expected`. Says how much that was.
    fn read(&mut self, to: &mut Connection, expected: &[u8], doors: Doors) -> usize {
        let mut read = 0;
        match doors {
            Doors::Copying => {
                let mut out = [0; 1000];
                while let Ok(n) = to.read(&mut out) {
                    assert_eq!(out[..n], expected[read..read + n]);
                    read += n;
                }
            }
            Doors::Pieces => {
                self.read.clear();
                while to.read_buf(&mut self.read).is_ok() {}
                read = self.read.len();
                assert_eq!(self.read[..], expected[..read]);
            }
            Doors::Lending | Doors::Trickling | Doors::Owning => {
                read = to.peek().len();
                assert_eq!(*to.peek(), expected[..read]);
                to.consume(read).expect("peek showed them");
            }
        }
        read
    }

    /// Writes `data`, carries it over and reads it, as the contract says. Says how much was read.
    fn trip(
        &mut self,
        [from, to]: [&mut Connection; 2],
        data: &[u8],
        doors: Doors,
        now: Now,
    ) -> usize {
        let mut read = 0;
        let written = match doors {
            Doors::Pieces => {
                let (first, second) = data.split_at(data.len() / 2);
                from.write_vectored(&[first, second])
            }
            Doors::Lending | Doors::Trickling => from.write_with(data.len(), |room| {
                room.copy_from_slice(data);
                room.len()
            }),
            Doors::Copying | Doors::Owning => from.write(data),
        };
        assert_eq!(written, Ok(data.len()));
        process(from, now);
        while !from.transmit().is_empty() {
            self.carry(from, to, doors);
            process(from, now);
            process(to, now);
            read += self.read(to, &data[read..], doors);
            process(to, now);
        }
        read
    }
}

#[test]
fn an_encrypted_connection_allocates_nothing_per_record() {
    for backend in backends() {
        for (version, suites) in VERSIONS {
            for suite in suites {
                let (client, server) = configs(&backend, version, &[suite]);
                for memory in ["owned", "lent"] {
                    let mut pair = Pair::default();
                    if memory == "lent" {
                        pair.client.conn = Connection::new(Limits::default(), lent());
                        pair.server.conn = Connection::new(Limits::default(), lent());
                    }
                    pair.start(&client, &server);
                    pair.run();
                    for doors in Doors::ALL {
                        for len in [1, 64, 900, 1460, 16_384] {
                            let info = steady_state(&mut pair, doors, len);
                            let what = format!("{backend:?} {suite} {memory} {doors:?} {len} B");
                            let allowed = doors.allowed(memory == "lent") * RECORDS;
                            assert!(info.count_total <= allowed, "{what}: {info:?}");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn small_records_allocate_nothing_however_rarely_they_come() {
    for (version, suites) in VERSIONS {
        let (client, server) = configs(&backend(), version, &suites);
        let mut pair = Pair::encrypted(&client, &server);
        for doors in Doors::ALL {
            for len in [1, 64, 900, 1200] {
                let info = after_pauses(&mut pair, doors, len, 60_000_000);
                let what = format!("{version} {doors:?} {len} B: {info:?}");
                assert!(info.count_total <= doors.allowed(false) * RECORDS, "{what}");
            }
        }
    }
}

/// How many records are counted.
pub(crate) const RECORDS: u64 = 40;
/// As many records each way are bulk, for which buffers are kept.
const BULK: u64 = 10;

/// What so many records of `len` bytes allocate in bulk, half of them each way.
pub(crate) fn steady_state(pair: &mut Pair, doors: Doors, len: usize) -> AllocationInfo {
    after_pauses(pair, doors, len, 0)
}

/// The same with so many microseconds between two records each way.
fn after_pauses(pair: &mut Pair, doors: Doors, len: usize, pause: u64) -> AllocationInfo {
    let data: Vec<u8> = (0..len).map(|i| i as u8).collect();
    let mut now = pair.client.now();
    let (client, server) = (&mut pair.client.conn, &mut pair.server.conn);
    let mut scratch = Scratch::new();
    let mut both_ways = |rounds: u64| {
        for _ in 0..rounds {
            now.monotonic = Instant::from_micros(now.monotonic.as_micros() + pause);
            assert_eq!(scratch.trip([client, server], &data, doors, now), len);
            assert_eq!(scratch.trip([server, client], &data, doors, now), len);
        }
    };
    both_ways(BULK);
    measure(|| both_ways(RECORDS / 2))
}
