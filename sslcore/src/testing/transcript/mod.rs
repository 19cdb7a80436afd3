//! Sessions as text: recorded, read by people, and replayed byte for byte.
//!
//! A [`Recorder`] stands in the place of a [`Connection`](crate::Connection) and writes down every call,
//! the clock, every event and every byte. [`replay`] makes the same connection again, repeats the calls,
//! and says where the first difference is ([rule R12](crate::rules#r12)). A text that is kept beside the
//! tests shows what a change of the code changes on the wire; one that a failing test prints can be
//! replayed elsewhere.
//!
//! ```
//! use core::time::Duration;
//! use sslcore::testing::transcript::{Configurations, Recorder, replay};
//! use sslcore::{Instant, Limits, Now, PeerName, ServerStart, UnixTime};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let known = Configurations::without_security("tls13 mutual", 1).unwrap();
//! let mut client = Recorder::new("tls13 mutual", 1, Limits::default());
//! let mut server = Recorder::new("tls13 mutual", 1, Limits::default());
//! client.start_client_encryption(&known.client, PeerName::new("server.test")?)?;
//! server.start_server_encryption(ServerStart::With(known.server))?;
//!
//! let year_2030 = UnixTime::since_unix_epoch(Duration::from_secs(1_893_456_000));
//! let now = Now::new(Instant::from_millis(0), year_2030);
//! for _ in 0..3 {
//!     client.settle(now);
//!     server.receive(&client.send_all())?;
//!     server.settle(now);
//!     client.receive(&server.send_all())?;
//! }
//! assert!(client.is_encrypted() && server.is_encrypted());
//!
//! let transcript = client.into_transcript();
//! assert!(transcript.to_string().contains("event Encrypted"));
//! replay(&transcript)?;
//! replay(&transcript.to_string().parse()?)?;
//! # Ok(()) }
//! ```

mod action;
mod bytes;
mod configurations;
mod line;
mod parse;
mod recorder;
mod replay;
mod scenario;
mod text;

pub use self::action::Action;
pub use self::configurations::Configurations;
pub use self::parse::TranscriptError;
pub use self::recorder::Recorder;
pub use self::replay::{Difference, replay, replay_with};
pub use self::scenario::{ClientCertificate, Scenario};
pub use self::text::Transcript;
