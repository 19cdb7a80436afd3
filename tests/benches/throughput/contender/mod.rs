//! Who is compared, and under which conditions.

mod buffered;
mod ours;
mod raw;
mod unbuffered;

use std::fmt;
use std::hint::black_box;

use sslcore::crypto::{AeadAlgorithm, Backend};
use sslcore_tests::pair::backends;

/// What is carried in one trip: so many writes of so many bytes, then everything travels.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    pub(crate) write: usize,
    pub(crate) writes: usize,
}

impl Load {
    /// What is measured. A busy writer fills 16 KiB before the transport takes them; the last is
    /// the other extreme, a question alone.
    pub(crate) const ALL: [Self; 4] = [
        Self::new(16 * 1024, 1),
        Self::new(1024, 16),
        Self::new(64, 256),
        Self::new(64, 1),
    ];

    const fn new(write: usize, writes: usize) -> Self {
        Self { write, writes }
    }

    /// Writes of so many bytes, 16 KiB together.
    pub(crate) const fn burst(write: usize) -> Self {
        Self::new(write, 16 * 1024 / write)
    }

    /// Bytes of a trip.
    pub(crate) const fn bytes(self) -> usize {
        self.write * self.writes
    }
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { write, writes } = *self;
        match write {
            kib if kib % 1024 == 0 => write!(f, "{writes} x {} KiB", kib / 1024),
            bytes => write!(f, "{writes} x {bytes} B"),
        }
    }
}

/// Room for any trip's records.
const WIRE: usize = 32 * 1024;

/// One way from a client to a server in memory.
pub(crate) trait Contender {
    /// Writes `data` in pieces of `write` bytes, carries the records over with one copy, opens
    /// them, and hands each piece of plaintext to `sink`.
    fn trip(&mut self, data: &[u8], write: usize, sink: &mut dyn FnMut(&[u8]));
}

/// How the transport copies. In pieces: on some processors one long copy takes thirty times as long
/// when both places have nearly the same offset in their pages, as buffers of whole pages next to
/// each other have.
pub(crate) fn copy(from: &[u8], to: &mut [u8]) {
    for (from, to) in from.chunks(1024).zip(to.chunks_mut(1024)) {
        to.copy_from_slice(from);
    }
}

/// What the transport does between the two ends, and nothing else: one copy of a trip's records.
pub(crate) struct Copy {
    from: Box<[u8]>,
    to: Box<[u8]>,
}

impl Copy {
    pub(crate) fn new() -> Self {
        Self {
            from: vec![7; WIRE].into(),
            to: vec![0; WIRE].into(),
        }
    }

    /// Copies as many bytes as the records of a TLS 1.3 trip have.
    pub(crate) fn trip(&mut self, load: Load) {
        const OVERHEAD: usize = 5 + 1 + 16;
        let wire = load.writes * (load.write + OVERHEAD);
        copy(black_box(&self.from[..wire]), &mut self.to[..wire]);
        black_box(&mut self.to);
    }
}

/// How many of [`NAMES`] copy their records from one end to the other: all but the last.
pub(crate) const COPYING: usize = NAMES.len() - 1;

/// In the order of the tables; the first is compared with the others.
pub(crate) const NAMES: [&str; 7] = [
    "sslcore",
    "releasing",
    "in place",
    "unbuffered",
    "unbuffered, best",
    "buffered",
    "raw AEAD",
];

/// Blocks of memory between the buffers of a round, of sizes that change from round to round: where
/// buffers lie in their pages is left to chance, and to the same one for all.
pub(crate) struct Spacers {
    blocks: Vec<Box<[u8]>>,
    seed: u64,
}

impl Spacers {
    pub(crate) fn new(round: usize) -> Self {
        Self {
            blocks: Vec::new(),
            seed: round as u64,
        }
    }

    /// One more, below two pages.
    pub(crate) fn add(&mut self) {
        // Steele, Lea and Flood's SplitMix64.
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.seed;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let size = (bits ^ (bits >> 31)) % (8 * 1024);
        self.blocks.push(vec![1; size as usize].into());
    }
}

/// One provider, version and cipher.
#[derive(Clone)]
pub(crate) struct Scenario {
    pub(crate) backend: Backend,
    pub(crate) tls13: bool,
    pub(crate) aead: AeadAlgorithm,
}

impl Scenario {
    /// TLS 1.3 with AES-128-GCM on each backend; everything else too if `all`.
    pub(crate) fn all(all: bool) -> Vec<Self> {
        let aeads = [
            AeadAlgorithm::Aes128Gcm,
            AeadAlgorithm::Aes256Gcm,
            AeadAlgorithm::ChaCha20Poly1305,
        ];
        let mut scenarios = Vec::new();
        // rustcrypto is made for small devices and replays, not for this race.
        for backend in backends()
            .into_iter()
            .filter(|it| it.name() != "rustcrypto")
        {
            for tls13 in [true, false] {
                for aead in aeads {
                    scenarios.push(Self {
                        backend: backend.clone(),
                        tls13,
                        aead,
                    });
                }
            }
        }
        scenarios.retain(|scenario| all || scenario.is_default());
        scenarios
    }

    /// Whether it is measured when nothing else is asked for.
    pub(crate) fn is_default(&self) -> bool {
        self.tls13 && self.aead == AeadAlgorithm::Aes128Gcm
    }

    /// IANA's name of the suite.
    pub(crate) fn suite(&self) -> &'static str {
        match (self.tls13, self.aead) {
            (true, AeadAlgorithm::Aes128Gcm) => "TLS_AES_128_GCM_SHA256",
            (true, AeadAlgorithm::Aes256Gcm) => "TLS_AES_256_GCM_SHA384",
            (true, AeadAlgorithm::ChaCha20Poly1305) => "TLS_CHACHA20_POLY1305_SHA256",
            (false, AeadAlgorithm::Aes128Gcm) => "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
            (false, AeadAlgorithm::Aes256Gcm) => "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
            (false, AeadAlgorithm::ChaCha20Poly1305) => {
                "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"
            }
        }
    }

    /// The contender with this number in [`NAMES`], handshaked.
    pub(crate) fn contender(&self, number: usize, spacers: &mut Spacers) -> Box<dyn Contender> {
        match number {
            0 => Box::new(ours::Ours::new(self, ours::Way::Default)),
            1 => Box::new(ours::Ours::new(self, ours::Way::Releasing)),
            2 => Box::new(ours::Ours::new(self, ours::Way::InPlace)),
            3 => Box::new(unbuffered::Unbuffered::new(self, false, spacers)),
            4 => Box::new(unbuffered::Unbuffered::new(self, true, spacers)),
            5 => Box::new(buffered::Buffered::new(self)),
            _ => Box::new(raw::Raw::new(self)),
        }
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.backend.name(), self.suite())
    }
}
