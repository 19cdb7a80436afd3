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

use alloc::string::ToString;

pub use super::action::Action;
pub use super::configurations::Configurations;
pub use super::scenario::{ClientCertificate, Scenario, SharedKeys};
use crate::testing::known_psk;
pub use crate::transcript::{Difference, Recorder, Transcript, TranscriptError};
use crate::transcript::{Means, replay_by};

/// Makes the connection of a transcript again, from the configurations that it
/// [names](Configurations::without_security), repeats every call at the time at which it was made,
/// and compares every answer, event and byte.
///
/// # Errors
/// The first [`Difference`]; there is one at the line that names the configurations, too.
pub fn replay(transcript: &Transcript) -> Result<(), Difference> {
    let name = &transcript.configuration;
    match Configurations::without_security(name, transcript.seed) {
        Some(configurations) => replay_with(transcript, &configurations),
        None => Err(Difference {
            line: 2,
            recorded: name.clone(),
            came: "no configurations have this name".to_string(),
        }),
    }
}

/// Replays a transcript of a connection with configurations of your own: made anew for each replay,
/// with the seed of the transcript.
///
/// ```
/// # use sslcore::testing::transcript::{Configurations, Difference, Transcript, replay_with};
/// # fn f(transcript: &Transcript, mine: Configurations) -> Result<(), Difference> {
/// replay_with(transcript, &mine)
/// # }
/// ```
///
/// # Errors
/// The first [`Difference`].
pub fn replay_with(
    transcript: &Transcript,
    configurations: &Configurations,
) -> Result<(), Difference> {
    let Configurations { client, server } = configurations;
    let means = Means {
        client,
        server: Some(server),
        key: |identity| known_psk(identity).ok(),
    };
    replay_by(transcript, &means)
}
