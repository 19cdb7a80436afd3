//! A TLS 1.2/1.3 endpoint as a pure value: bytes in, bytes out, events out.
//!
//! [`Connection`] starts in plaintext, switches to TLS when told, reports every certificate error
//! as data, holds the handshake until the application has decided, and has no socket, thread,
//! callback, clock or random source of its own. It re-founds Qt's QSslSocket as a sans-IO state
//! machine over rustls, or over a handshake engine of its own.
//!
//! # An adapter, a client, and a STARTTLS server
//!
//! An adapter moves bytes between a connection and a transport, and [`Connection::next`] tells it what
//! to do. An adapter for another runtime looks the same; the page `adapters` of `sslcore-std` has
//! some. [`Connection`] describes the other calls, for adapters that do not use `next`.
//!
//! The server writes its "go ahead" line first and starts TLS before that leaves: whatever the
//! client sends after it is TLS, however fast it is.
//!
#![doc = concat!("```\n", include_str!("../examples/blocking/session.rs"), "```")]
//!
//! # A certificate that is not trusted
//!
//! With [`OnErrors::Hold`] the handshake stands still, nothing has left, and the answer may come
//! any number of calls later, from whoever knows:
//!
//! ```
//! # use sslcore::{Connection, SslErrorKind, UsageError, Verdict};
//! fn review(conn: &mut Connection, pinned: &[u8]) -> Result<(), UsageError> {
//!     let Some(review) = conn.review() else {
//!         return Ok(());
//!     };
//!     let known = review.chain.first().is_some_and(|leaf| leaf.as_ref() == pinned);
//!     let (id, errors) = (review.id, review.errors.to_vec());
//!     match known {
//!         true => conn.answer(id, Verdict::AcceptOnly(&errors)),
//!         false => conn.answer(id, Verdict::Reject), // the peer gets the right fatal alert
//!     }
//! }
//! ```
//!
//! # A key in the place of certificates
//!
//! Devices and their gateway that share a [`PreSharedKey`] need no certificates and no clock. Both
//! name it in their [configurations](ConfigBuilder::pre_shared_keys), or give it when
//! [asked](Event::PreSharedKeyRequired):
//!
//! ```
//! # use sslcore::{Connection, PreSharedKey, UsageError};
//! /// After Event::PreSharedKeyRequired, now or any number of calls later.
//! fn give(conn: &mut Connection, key: &PreSharedKey) -> Result<(), UsageError> {
//!     let Some(id) = conn.psk_request().map(|request| request.id) else {
//!         return Ok(());
//!     };
//!     conn.provide_psk(id, std::slice::from_ref(key))
//! }
//! ```
//!
//! # Two engines
//!
//! What handshakes is an *engine*, chosen by what a configuration has:
//!
//! | engine | handshakes | how old |
//! |---|---|---|
//! | rustls | with certificates, TLS 1.2 and 1.3, and what resumes those | of 2016, in use everywhere |
//! | sslcore's own | with pre-shared keys, TLS 1.3, and 1.2 where it is named; with certificates, TLS 1.3, and what resumes those | of 2026: new, and audited by nobody |
//!
//! [`engine`](ConfigBuilder::engine) chooses: by default it is rustls with certificates, and the own with keys,
//! with [signatures that are asked for](ConfigBuilder::ask_for_signatures), and in a build without rustls.
//! Records, alerts, decisions, timeouts and everything after the handshake are the same code with both.
//!
//! # What is promised
//!
//! [`rules`] has all of it, by numbers that the documentation and the tests refer to.
//!
//! - Memory is bounded by [`Limits`] whatever the peer does; no record allocates in bulk.
//! - No call panics; a wrong one is a [`UsageError`] and changes nothing.
//! - Only close_notify is [`Event::PeerClosed`]; a stream that just ends is
//!   [`FailureKind::Truncated`].
//! - How the streams are cut into pieces makes no difference to what happens.
//! - Bytes that arrived before TLS are never handed out after it.
//!
//! # Backends
//!
//! | feature | library | for |
//! |---|---|---|
//! | `aws-lc-rs` | AWS-LC | servers and desktops |
//! | `ring` | ring | the same, easier to build |
//! | `rustcrypto` | RustCrypto | microcontrollers, and replaying whole sessions: entropy comes from the caller |
//!
//! None is on by default. Those of the last table are; small machines leave them out
//! (`default-features = false`), which shrinks whatever backend is there; `rustcrypto-core` and the
//! features beside it make [that backend](crypto) smaller, too. `rustcrypto-keys` is the smallest: without
//! `rustls`, `server` and `sign` a client has pre-shared keys alone, and nothing of X.509 is linked.
//!
//! X25519MLKEM768, a [post-quantum key exchange](crypto#post-quantum-key-exchange), is in `aws-lc-rs`, and
//! in the others with the feature `ml-kem`; a backend that has it offers it first.
//!
//! | feature | without it |
//! |---|---|
//! | `certificates` | there are pre-shared keys alone, and nothing of X.509; part of `rustls`, `sign` and all backends but `rustcrypto-keys` |
//! | `client` | there is no `ClientConfig::builder` |
//! | `engine` | there are neither pre-shared keys, nor signatures that are asked for, small records, or timestamps of certificates: `ConfigBuilder` has no methods for them |
//! | `rustls` | there is no rustls in the program: with certificates, TLS 1.3 alone is spoken |
//! | `server` | there is no `ServerConfig::builder` |
//! | `sign` | there is no `identity`: a client shows no certificate; part of `server` |
//! | `tls12` | TLS 1.3 alone is spoken |
//! | `texts` | [`Failure::detail`] is empty, and a [`ConfigError`] says only what it is |
//!
//! The feature `offload` brings the module of that name: records that a kernel or a network card protects.
//! With `defmt`, events, errors and settings implement `defmt::Format`. The feature `testing` adds the
//! module of that name: what programs are tested with, and no security; `arbitrary`, which needs std,
//! makes parts of it of a fuzzer's input.
//! The handshake allocates; out of memory there is the platform's abort. Afterwards, on
//! lent buffers, nothing allocates but new keys (some 20 allocations, most of them given back at once),
//! a failure, a session ticket that is kept, and a handshake message that comes in pieces. The target
//! needs `alloc` and compare-and-swap atomics: Cortex-M3 and up, riscv32imac.
//!
//! # Versions
//!
//! The crates `sslcore`, `sslcore-std` and `sslcore-embassy` follow semantic versioning as Cargo reads
//! it. Until 1.0, a release with the same second number takes nothing away, changes no default, and asks
//! for no newer Rust; `CHANGELOG.md` says what each release brings. Three things may change in every
//! release:
//!
//! - the features `testing`, `arbitrary` and `transcripts`, and the modules `testing` and `transcript`;
//! - [`Backend::custom`](crypto::Backend::custom) and what it takes and gives of rustls' types: another
//!   line of rustls has others. Configurations and connections show none of them;
//! - words for people: what `Display` and `Debug` write.
//!
//! rustls is asked for as `>=0.23.46, <0.24`, so a program has one rustls, with whatever release of
//! that line its other crates need. What is used of rustls beyond its own promises is watched by a test.
#![no_std]
#![forbid(unsafe_code)]
// On docs.rs, what a feature brings says so.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    not(all(
        feature = "client",
        feature = "engine",
        feature = "rustls",
        feature = "server",
        feature = "sign",
        feature = "tls12",
        any(feature = "aws-lc-rs", feature = "ring", feature = "rustcrypto-core")
    )),
    allow(
        dead_code,
        reason = "what a part that is left out would use is not linked"
    )
)]

#[cfg(all(
    any(feature = "client", feature = "server"),
    not(any(feature = "engine", feature = "rustls"))
))]
compile_error!(
    "sslcore needs a handshake engine: the feature `rustls`, or `engine`, which is sslcore's own"
);

extern crate alloc;

mod alert;
mod buffer;
mod calendar;
mod config;
mod config_error;
mod connection;
pub mod crypto;
mod der_writer;
mod event;
mod events;
mod failure;
mod handshake;
mod identity;
mod key_log;
mod limits;
mod memory;
#[cfg(feature = "offload")]
pub mod offload;
mod pieces;
mod protocol;
mod record;
pub mod rules;
mod same;
mod state;
#[cfg(feature = "testing")]
pub mod testing;
mod texts;
mod time;
pub mod trace;
#[cfg(feature = "transcripts")]
pub mod transcript;
mod usage;
mod verify;
mod x509;

pub use crate::alert::Alert;
pub use crate::buffer::{BufferPool, Buffers, StaticBuffer};
pub use crate::calendar::DateTime;
pub use crate::config::{ClientConfig, ConfigBuilder, PeerName, ServerConfig, ServerStart};
pub use crate::config_error::ConfigError;
pub use crate::connection::{
    Changes, ConfigRequest, Connection, Progress, PskIdentities, PskIdentity, PskRequest, Review,
    SignatureRequest, Step, Transmission, TransportBuffers, Verdict,
};
pub use crate::event::{CloseReport, Event, PskId, RequestId, ReviewId, SignatureId, SslMode};
pub use crate::failure::{Failure, FailureKind, Fault, Repeated};
pub use crate::handshake::key_schedule::exporter::ExportError;
pub use crate::handshake::wire::client_hello::ClientHello;
pub use crate::identity::client_sessions::{
    ClientSession, ClientSessionCache, ClientSessionKey, ClientSessionStore,
};
pub use crate::identity::pre_shared_key::{PreSharedKey, PreSharedKeyError};
pub use crate::identity::private_key::{PrivateKey, PrivateKeyError};
pub use crate::identity::server_sessions::{ServerSession, ServerSessionCache, ServerSessionStore};
pub use crate::identity::signature::{Signature, SignatureError};
pub use crate::identity::signer::{SignError, Signer};
pub use crate::identity::ticket_keys::TicketKeys;
pub use crate::key_log::{KeyLog, KeyLogLine};
pub use crate::limits::{Limits, Timeouts};
pub use crate::protocol::{Engine, SignatureScheme, SslCipher, SslProtocol};
pub use crate::time::{Instant, Now, UnixTime};
pub use crate::usage::{Leftover, ReadEnd, UsageError};
pub use crate::verify::pin::Pin;
pub use crate::verify::policy::{OnErrors, VerifyMode};
pub use crate::verify::status::{StatusChecker, StatusQuestion, StatusReport};
pub use crate::verify::{SslError, SslErrorKind};
pub use crate::x509::certificate::{AlternativeName, Certificate};
pub use crate::x509::crl::RevocationListError;
pub use crate::x509::description::Description;
pub use crate::x509::key_kind::KeyKind;
pub use crate::x509::name::{Attribute, DistinguishedName};
pub use crate::x509::oid::ObjectIdentifier;
pub use crate::x509::pem::PemError;
pub use crate::x509::revocation_list::RevocationList;
pub use crate::x509::usage::{ExtendedKeyUsage, KeyUsage};

pub use bytes;
pub use rustls_pki_types::{CertificateDer, PrivateKeyDer};

/// What logs of microcontrollers can show.
#[cfg(feature = "defmt")]
const _: fn() = || {
    fn shown<T: defmt::Format>() {}
    shown::<(
        Alert,
        Certificate,
        Changes,
        CloseReport,
        ConfigError,
        DateTime,
    )>();
    shown::<(
        Event,
        Failure,
        Fault,
        FailureKind,
        Instant,
        Leftover,
        Limits,
    )>();
    shown::<(
        OnErrors,
        PemError,
        PrivateKeyError,
        Progress,
        ReadEnd,
        Repeated,
    )>();
    shown::<(
        RequestId,
        ReviewId,
        RevocationListError,
        ExportError,
        SignError,
    )>();
    shown::<(SignatureScheme, SslCipher, SslError, SslErrorKind, SslMode)>();
    shown::<(SslProtocol, Timeouts, UsageError, VerifyMode)>();
    shown::<crypto::AeadError>();
};

/// The version of this library. [`Backend::version`](crypto::Backend::version) is the cryptography's.
///
/// ```
/// println!("sslcore {}", sslcore::VERSION);
/// ```
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
