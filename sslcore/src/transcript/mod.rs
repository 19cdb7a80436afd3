//! Sessions as text: recorded, read by people, and replayed byte for byte.
//!
//! It is there with the feature `transcripts`, which is off by default. No part of it is covered by
//! semantic versioning. It has no cryptography of its own: a session replays when its backend draws all
//! randomness from a source that can be repeated, as that of [`rustcrypto`](crate::crypto) can.
//!
//! A [`Recorder`] stands in the place of a [`Connection`](crate::Connection) and writes down every call,
//! the clock, every event and every byte. [`replay_as_client`] makes the same connection again, repeats the
//! calls, and says where the first difference is ([rule R12](crate::rules#r12)). The plaintext is in the
//! transcript; private keys are not, unless the application has written one.
//!
//! A session that replays has configurations that are made again for each replay, in the same way:
//!
//! ```
//! # use sslcore::transcript::{Recorder, replay_as_client};
//! # use sslcore::{ClientConfig, Limits, PeerName};
//! # fn f(make: impl Fn() -> ClientConfig) -> Result<(), Box<dyn std::error::Error>> {
//! let mut client = Recorder::new("mine", 0, Limits::default());
//! client.start_client_encryption(&make(), PeerName::new("server.test")?)?;
//! // ... received, sent, read and written as with a connection
//! let text = client.into_transcript().to_string();
//! replay_as_client(&text.parse()?, &make())?;
//! # Ok(()) }
//! ```
//!
//! The feature `testing` has configurations by name for both ends, in `testing::transcript`, which
//! replay without more than the text.

mod bytes;
mod drawing;
mod line;
mod parse;
mod recorder;
mod replay;
mod text;

pub use self::drawing::{Drawing, DrawingError};
pub use self::parse::TranscriptError;
pub use self::recorder::Recorder;
pub use self::replay::{Difference, replay_as_client};
#[cfg(feature = "testing")]
pub(crate) use self::replay::{Means, replay_by};
pub use self::text::Transcript;
