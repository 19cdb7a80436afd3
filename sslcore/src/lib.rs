//! A TLS endpoint as a pure value.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod alert;
mod buffer;
mod config;
mod connection;
pub mod crypto;
mod error;
mod event;
mod handshake;
mod identity;
mod record;
mod state;
mod time;
mod verify;

pub use crate::alert::Alert;
pub use crate::buffer::Buffers;
pub use crate::config::{
    ClientConfig, ConfigBuilder, Leftover, Limits, PeerName, ServerConfig, ServerStart, Timeouts,
};
pub use crate::connection::{ConfigRequest, Connection, Progress, Review, Verdict};
pub use crate::error::{ConfigError, Failure, FailureKind, Fault, ReadEnd, Repeated, UsageError};
pub use crate::event::{CloseReport, Event, RequestId, ReviewId, SslMode};
pub use crate::handshake::client_hello::ClientHello;
pub use crate::identity::certificate::Certificate;
pub use crate::identity::session::SslCipher;
pub use crate::record::protection::SslProtocol;
pub use crate::time::{Instant, Now, UnixTime};
pub use crate::verify::policy::{OnErrors, VerifyMode};
pub use crate::verify::{SslError, SslErrorKind};
