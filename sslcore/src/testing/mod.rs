//! What programs are tested with: cryptography without security, and randomness from a seed.
//!
//! It is there with the feature `testing`, which is off by default. No part of it is covered by
//! semantic versioning. It is for tests, fuzzers and simulators:
//!
//! - [`backend_without_security`] does no cryptography: handshakes are cheap, what a fuzzer changes
//!   on the wire is not refused for its tag, and a recording of the wire can be read;
//! - [`rustcrypto_without_security`] does all of it, with random numbers that everybody can foresee;
//! - [`snapshot`] copies a connection, so that many runs start behind one handshake;
//! - [`Simulation`] has two connections and the network between them, in a time of its own;
//! - [`ScriptedPeer`] says what no honest peer says, sealed under the right keys;
//! - [`transcript`] records a session as text that can be read, and replays it byte for byte;
//! - [`dictionary`] has the words that a fuzzer cannot guess.
//!
//! The backends take a seed, so that the same calls give the same bytes. A backend draws from a
//! source of its own: make one for each configuration, and a configuration for each connection if
//! you like, and a run does not depend on what runs beside it.
//!
//! ```
//! use core::time::Duration;
//! use sslcore::testing::{backend_without_security, known_identity};
//! use sslcore::{
//!     Buffers, ClientConfig, Connection, Instant, Limits, Now, PeerName, Progress, ServerConfig,
//!     ServerStart, UnixTime,
//! };
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (chain, key) = known_identity();
//! let client = ClientConfig::builder(backend_without_security(1)).trust_anchors(chain.clone()).build()?;
//! let server = ServerConfig::builder(backend_without_security(2)).identity(chain, key).build()?;
//!
//! let mut ends = [(); 2].map(|()| Connection::new(Limits::default(), Buffers::Owned));
//! ends[0].start_client_encryption(&client, PeerName::new("server.test")?)?;
//! ends[1].start_server_encryption(ServerStart::With(server))?;
//! ends[0].write(b"attack at dawn")?;
//!
//! let year_2030 = UnixTime::since_unix_epoch(Duration::from_secs(1_893_456_000));
//! let now = Now::new(Instant::from_millis(0), year_2030);
//! let mut wire = Vec::new();
//! for _ in 0..4 {
//!     for from in [0, 1] {
//!         while ends[from].process(now) != Progress::Idle {
//!             while ends[from].poll_event().is_some() {}
//!         }
//!         let bytes = ends[from].transmit().to_vec();
//!         ends[from].transmitted(bytes.len())?;
//!         ends[1 - from].receive(&bytes)?;
//!         wire.extend(bytes);
//!     }
//! }
//! assert_eq!(ends[1].peek(), b"attack at dawn");
//! assert!(wire.windows(14).any(|seen| seen == b"attack at dawn"));
//! # Ok(()) }
//! ```
//!
//! # Why this is not in your program
//!
//! Cargo unifies features: any crate of a program can turn `testing` on for all of them. That alone
//! changes nothing. What is without security comes from the constructors here, each of which says so
//! in its name, and from no default, list, name or environment variable.
//!
//! Should one be called where it must not, [`backend_without_security`] still talks to nobody but
//! itself: its cipher suites and groups have numbers for private use
//! ([RFC 8447 §8](https://www.rfc-editor.org/rfc/rfc8447#section-8), RFC 8446 §4.2.7), which no
//! other implementation has, and no configuration over another backend has either.

mod action;
mod configurations;
mod dictionary;
mod entropy;
mod line;
mod scenario;
mod scripted;
mod signatures;
mod simulation;
pub mod transcript;
mod transparent;

use alloc::vec;
use alloc::vec::Vec;

use rustls::ProtocolVersion;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

pub use self::dictionary::{Word, dictionary};
use self::entropy::Seeded;
pub use self::line::Link;
pub use self::scripted::{Keys, Record, ScriptedPeer, SealError};
pub use self::simulation::{End, Entry, Fault, Happening, Simulation, What};
use crate::connection::Connection;
use crate::crypto::Backend;
use crate::identity::pre_shared_key::{PreSharedKey, PreSharedKeyError};
pub use crate::usage::NoSnapshot;
use crate::usage::UsageError;

/// A backend that does no cryptography, for TLS 1.2 and 1.3.
///
/// Records have the shape that those of AES-128-GCM have, and can be read on the wire. Tags and
/// signatures are constant, and any is believed, that of a certificate too: who issued it is judged
/// by its names alone, and a session ticket is good for every server. All secrets are one, exported
/// ones included, and so is every Finished value. Hashes are real, and with them fingerprints and
/// [pins](crate::Pin).
///
/// It takes keys of every [kind](crate::KeyKind), and has two groups, of which clients send a share for
/// the first. [`session_cipher`](crate::Connection::session_cipher) says that there is no security;
/// suites and groups have no names by which a configuration could choose among them.
///
/// The same `seed` gives the same random numbers. Costs an allocation or two.
pub fn backend_without_security(seed: u64) -> Backend {
    transparent::backend(Seeded::new(seed))
}

/// The backend [`rustcrypto`](crate::crypto::rustcrypto), with random numbers that follow from
/// `seed`: it does all the cryptography, and whoever knows the seed can read everything.
///
/// Its cipher suites are real ones, so real peers agree to them. It has no groups with ML-KEM, so that
/// sessions are the same with the feature `ml-kem` and without. Costs an allocation or two.
///
/// ```
/// # use sslcore::{ClientConfig, testing::rustcrypto_without_security};
/// // The same hellos, byte for byte, each time that this test runs.
/// let config = ClientConfig::builder(rustcrypto_without_security(7)).build();
/// # assert!(config.is_ok());
/// ```
pub fn rustcrypto_without_security(seed: u64) -> Backend {
    let entropy = Seeded::new(seed);
    let real = entropy.rustcrypto().backend();
    let mut provider = rustls::crypto::CryptoProvider::clone(real.provider());
    let classical = ProtocolVersion::TLSv1_2;
    provider
        .kx_groups
        .retain(|group| group.usable_for_version(classical));
    Backend::custom(
        "sslcore::testing, rustcrypto without security",
        provider,
        move |algorithm, key| {
            let _held = &entropy;
            real.aead(algorithm, key)
        },
    )
}

/// The same backend, under which a configuration that names no [`engine`](crate::ConfigBuilder::engine)
/// takes [`Engine::Own`](crate::Engine::Own) where it can: a client unless it names TLS 1.2, a server unless
/// it names that alone. So tests of one engine become tests of the other.
///
/// ```
/// # use sslcore::testing::{preferring_own_engine, rustcrypto_without_security};
/// # use sslcore::{ClientConfig, SslProtocol};
/// let config = ClientConfig::builder(preferring_own_engine(rustcrypto_without_security(7))).build();
/// assert_eq!(config.unwrap().protocols(), [SslProtocol::TlsV1_3]);
/// ```
pub fn preferring_own_engine(backend: Backend) -> Backend {
    backend.preferring_own_engine()
}

/// Copies a connection over [`backend_without_security`]: plain, encrypted, or over. The copy has all that
/// the connection has: buffers, events that were not taken, keys, deadlines. From then on each goes its
/// own way, and the same calls have the same answers.
///
/// Both share the configuration, with its session caches and its source of random numbers, of which an
/// encrypted connection draws nothing. Costs what the buffers hold, and a few allocations.
///
/// ```
/// use sslcore::testing::{End, Link, Simulation, backend_without_security, known_identity, snapshot};
/// use sslcore::{ClientConfig, PeerName, ServerConfig, ServerStart};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (chain, key) = known_identity();
/// let client = ClientConfig::builder(backend_without_security(1)).trust_anchors(chain.clone()).build()?;
/// let server = ServerConfig::builder(backend_without_security(2)).identity(chain, key).build()?;
/// let mut simulation = Simulation::new(7, Link::default());
/// simulation.end(End::Client).start_client_encryption(&client, PeerName::new("server.test")?)?;
/// simulation.end(End::Server).start_server_encryption(ServerStart::With(server))?;
/// while simulation.next().is_some() {}
///
/// // One handshake, and a server behind it for each input.
/// let encrypted = simulation.end(End::Server);
/// for input in [&b"\x17\x03\x03\x00\x00"[..], b"garbage"] {
///     let mut server = snapshot(encrypted)?;
///     assert!(server.is_encrypted());
///     server.receive(input)?;
/// }
/// # Ok(()) }
/// ```
///
/// Where there is no snapshot, a run begins at the beginning: the configurations are made anew with the
/// same seeds, and the same bytes and calls lead to the same place ([rule R12](crate::rules#r12)).
///
/// # Errors
/// [`UsageError::NoSnapshot`] says why there is none, with one of [`NoSnapshot`].
pub fn snapshot(connection: &Connection) -> Result<Connection, UsageError> {
    connection.copied()
}

/// A certificate that has issued itself, for `server.test` and for clients, valid from 2020 on, and its
/// private key on P-256, which everybody knows. Nobody trusts it who is not told to.
///
/// It ends with the year 9999, which says that it has no end
/// ([RFC 5280 §4.1.2.5](https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.5)), so that what is
/// recorded with it can be replayed at any time.
pub fn known_identity() -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
    // The test `known_identity` says how they were made, and makes the certificate again.
    let certificate = CertificateDer::from(&include_bytes!("certificate.der")[..]);
    let key = PrivatePkcs8KeyDer::from(&include_bytes!("key.der")[..]);
    (vec![certificate], PrivateKeyDer::Pkcs8(key))
}

/// A pre-shared key of this name that everybody knows: the same for every name.
///
/// ```
/// # use sslcore::testing::known_psk;
/// assert_eq!(known_psk("device").unwrap().identity(), b"device");
/// ```
///
/// # Errors
/// Those of [`PreSharedKey::new`].
pub fn known_psk(identity: impl AsRef<[u8]>) -> Result<PreSharedKey, PreSharedKeyError> {
    PreSharedKey::new(identity, b"known to everybody")
}
