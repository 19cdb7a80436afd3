//! Who is compared, and under which conditions.

mod buffered;
mod ours;
mod peers;
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
        self.to[..wire].copy_from_slice(black_box(&self.from[..wire]));
        black_box(&mut self.to);
    }
}

/// How many of [`NAMES`] copy their records from one end to the other: all but the last.
pub(crate) const COPYING: usize = NAMES.len() - 1;

/// In the order of the tables; the first is compared with the others.
pub(crate) const NAMES: [&str; 5] = [
    "sslcore",
    "unbuffered",
    "unbuffered, best",
    "buffered",
    "raw AEAD",
];

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

    /// sslcore alone.
    pub(crate) fn ours(&self) -> impl Contender + use<> {
        ours::Ours::new(self)
    }

    /// One of each, in the order of [`NAMES`], handshaked.
    pub(crate) fn contenders(&self) -> [Box<dyn Contender>; NAMES.len()] {
        [
            Box::new(ours::Ours::new(self)),
            Box::new(unbuffered::Unbuffered::new(self, false)),
            Box::new(unbuffered::Unbuffered::new(self, true)),
            Box::new(buffered::Buffered::new(self)),
            Box::new(raw::Raw::new(self)),
        ]
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.backend.name(), self.suite())
    }
}
