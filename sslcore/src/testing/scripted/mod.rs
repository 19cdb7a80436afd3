//! A peer that handshakes honestly, and says what a script makes of its words.

mod record;
mod schedule;

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

pub use self::record::{Keys, Record};
pub use self::schedule::SealError;
use self::schedule::{Listening, Schedule, Sealing, Secrets, clear};
use crate::buffer::Buffers;
use crate::config::{ClientConfig, ConfigBuilder, PeerName, ServerConfig, ServerStart};
use crate::config_error::ConfigError;
use crate::connection::{Connection, Progress};
use crate::event::Event;
use crate::limits::Limits;
use crate::time::Now;

/// A peer for the connection under test that has all the keys, and says what it should not: any
/// message, in any order, changed, repeated or left out, cut and joined, under the keys of any time.
///
/// The peer is a [`Connection`] of its own, which takes part in the handshake honestly. What it wants
/// to say is opened, and shown to a script as [`Record`]s, each with one whole message of the
/// handshake, or one record of another kind. What the script leaves is sealed, each record under the
/// [`Keys`] that it names, with the next sequence number of those. The first record of a client says
/// TLS 1.2 in its header, as all others do.
///
/// ```
/// use core::time::Duration;
/// use sslcore::testing::{ScriptedPeer, backend_without_security, known_identity};
/// use sslcore::{
///     Alert, Buffers, ClientConfig, Connection, Instant, Limits, Now, PeerName, ServerConfig,
///     UnixTime,
/// };
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (chain, key) = known_identity();
/// let mut peer = ScriptedPeer::server(
///     ServerConfig::builder(backend_without_security(2)).identity(chain.clone(), key),
/// )?;
/// let config = ClientConfig::builder(backend_without_security(1)).trust_anchors(chain).build()?;
/// let mut client = Connection::new(Limits::default(), Buffers::Owned);
/// client.start_client_encryption(&config, PeerName::new("server.test")?)?;
///
/// // A server that leaves out CertificateVerify, and proves nothing.
/// let year_2030 = UnixTime::since_unix_epoch(Duration::from_secs(1_893_456_000));
/// let now = Now::new(Instant::from_millis(0), year_2030);
/// peer.converse(&mut client, now, |flight| flight.retain(|record| !record.is(15)))?;
/// let failure = client.failure().expect("a refusal");
/// assert_eq!(failure.alert(), Some(Alert::UnexpectedMessage));
/// assert_eq!(peer.heard().last().and_then(|record| record.alert()), failure.alert());
/// # Ok(()) }
/// ```
///
/// # What a change does to the handshake
///
/// A handshake is proved by its transcript: signatures, Finished and keys follow from all that was
/// said (RFC 8446 §4.4.1, RFC 5246 §7.4.9). Over
/// [`backend_without_security`](super::backend_without_security) they do not: every signature is
/// believed, all secrets are one, and the Finished that the peer sends is right for whatever was said
/// before. So the right keys stay right, and the connection under test refuses a message for what it
/// is, and not because its transcript is another. This is what scripts are for.
///
/// Over any other backend the peer's proofs are over its own words, not over those of the script.
/// Records can be cut, joined, padded and sealed at will, and what is refused at once is refused for
/// what it is. Any other change of a message that counts for the transcript shows at the next
/// signature or Finished, which is refused with decrypt_error, or with bad_record_mac, where keys
/// follow from it.
pub struct ScriptedPeer {
    connection: Connection,
    role: Role,
    schedule: Schedule,
    /// The peer's own words.
    own: Listening,
    /// Those of the connection under test.
    other: Listening,
    sealing: Vec<Sealing>,
    heard: Vec<Record>,
    /// Sealed for the connection under test, which had no room.
    waiting: Vec<u8>,
}

enum Role {
    Client(ClientConfig, PeerName),
    Server(ServerConfig),
}

impl Role {
    fn is_client(&self) -> bool {
        matches!(self, Self::Client(..))
    }

    fn start(&self) -> Connection {
        let mut connection = Connection::new(Limits::default(), Buffers::Owned);
        let started = match self {
            Self::Client(config, name) => connection.start_client_encryption(config, name.clone()),
            Self::Server(config) => {
                connection.start_server_encryption(ServerStart::With(config.clone()))
            }
        };
        debug_assert!(started.is_ok(), "a connection that is new");
        connection
    }
}

impl ScriptedPeer {
    /// A client, for a server under test. The builder's
    /// [key log](ConfigBuilder::dangerously_log_keys) is the peer's own.
    ///
    /// # Errors
    /// Those of [`ConfigBuilder::build`].
    ///
    /// ```
    /// # use sslcore::{ClientConfig, ConfigError, PeerName, VerifyMode};
    /// # use sslcore::testing::{ScriptedPeer, backend_without_security};
    /// /// A client that takes whatever certificate it is shown.
    /// fn careless(name: PeerName) -> Result<ScriptedPeer, ConfigError> {
    ///     let config = ClientConfig::builder(backend_without_security(1));
    ///     ScriptedPeer::client(config.verify_mode(VerifyMode::None), name)
    /// }
    /// # careless(PeerName::new("server.test").unwrap()).unwrap();
    /// ```
    pub fn client(
        config: ConfigBuilder<ClientConfig>,
        name: PeerName,
    ) -> Result<Self, ConfigError> {
        let secrets = Arc::new(Secrets::default());
        let config = config.dangerously_log_keys(secrets.clone()).build()?;
        let backend = config.0.terms.records.backend.clone();
        let schedule = Schedule::new(backend, secrets);
        Ok(Self::new(Role::Client(config, name), schedule))
    }

    /// A server, for a client under test. The builder's
    /// [key log](ConfigBuilder::dangerously_log_keys) is the peer's own.
    ///
    /// # Errors
    /// Those of [`ConfigBuilder::build`].
    pub fn server(config: ConfigBuilder<ServerConfig>) -> Result<Self, ConfigError> {
        let secrets = Arc::new(Secrets::default());
        let config = config.dangerously_log_keys(secrets.clone()).build()?;
        let backend = config.0.terms.records.backend.clone();
        let schedule = Schedule::new(backend, secrets);
        Ok(Self::new(Role::Server(config), schedule))
    }

    fn new(role: Role, schedule: Schedule) -> Self {
        let is_client = role.is_client();
        Self {
            connection: role.start(),
            role,
            schedule,
            own: Listening::new(is_client),
            other: Listening::new(!is_client),
            sealing: Vec::new(),
            heard: Vec::new(),
            waiting: Vec::new(),
        }
    }

    /// Makes the peer of another connection, with the same configuration, and so with the sessions
    /// that it remembers.
    ///
    /// ```
    /// # use sslcore::{Connection, Now};
    /// # use sslcore::testing::{ScriptedPeer, SealError};
    /// /// A session, and the next, which resumes it.
    /// fn twice(
    ///     mut peer: ScriptedPeer,
    ///     [one, other]: [&mut Connection; 2],
    ///     now: Now,
    /// ) -> Result<ScriptedPeer, SealError> {
    ///     peer.converse(one, now, |_| ())?;
    ///     let mut peer = peer.again();
    ///     peer.converse(other, now, |_| ())?;
    ///     assert!(other.is_resumed());
    ///     Ok(peer)
    /// }
    /// ```
    #[must_use]
    pub fn again(self) -> Self {
        let Schedule {
            backend, secrets, ..
        } = self.schedule;
        secrets.forget();
        Self::new(self.role, Schedule::new(backend, secrets))
    }

    /// The connection that takes part honestly, for what an application does with it: writing, new
    /// keys, closing. It reads for itself alone: [`heard`](Self::heard) has what was said to it.
    ///
    /// ```
    /// # use sslcore::UsageError;
    /// # use sslcore::testing::ScriptedPeer;
    /// /// Data, new keys and a close_notify for the next script to play with.
    /// fn talk(peer: &mut ScriptedPeer) -> Result<(), UsageError> {
    ///     peer.connection().write(b"one")?;
    ///     peer.connection().update_keys()?;
    ///     peer.connection().close();
    ///     Ok(())
    /// }
    /// ```
    pub fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// All that the peer has heard so far, opened. A record that it has no keys for is here as it
    /// came, with [`Keys::None`].
    pub fn heard(&self) -> &[Record] {
        &self.heard
    }

    /// Says to the peer what the connection under test has sent: whole records or parts of them. Work
    /// follows from their number, allocations from their length.
    ///
    /// ```
    /// # use sslcore::{Connection, Now};
    /// # use sslcore::testing::{Record, ScriptedPeer, SealError};
    /// /// One exchange, for tests that have the wire in their own hands.
    /// fn exchange(peer: &mut ScriptedPeer, sent: &[u8], now: Now) -> Result<Vec<u8>, SealError> {
    ///     peer.hear(sent, now);
    ///     let mut flight: Vec<Record> = peer.flight(now);
    ///     flight.reverse();
    ///     peer.seal(&flight)
    /// }
    /// ```
    pub fn hear(&mut self, bytes: &[u8], now: Now) {
        self.other.hear(bytes);
        while let Some(raw) = self.other.next() {
            // Its keys follow from what came before, and what follows has keys that follow from it.
            self.other
                .open(raw.clone(), &mut self.schedule, &mut self.heard);
            let mut rest = &raw[..];
            while !rest.is_empty() {
                let n = self.connection.receive(rest).unwrap_or(rest.len());
                rest = &rest[n..];
                settle(&mut self.connection, now, |_| ());
                let read = self.connection.peek().len();
                if n == 0 && read == 0 {
                    break;
                }
                let consumed = self.connection.consume(read);
                debug_assert!(consumed.is_ok(), "peek showed them");
            }
        }
    }

    /// The records that the peer would say now if it were honest, for a script to change. They are said
    /// when they are [sealed](Self::seal), and by nothing else.
    pub fn flight(&mut self, now: Now) -> Vec<Record> {
        let mut records = Vec::new();
        loop {
            settle(&mut self.connection, now, |_| ());
            let said = self.connection.transmit();
            let n = said.len();
            if n == 0 {
                return records;
            }
            self.own.hear(said);
            let transmitted = self.connection.transmitted(n);
            debug_assert!(transmitted.is_ok(), "transmit showed them");
            while let Some(raw) = self.own.next() {
                self.own.open(raw, &mut self.schedule, &mut records);
            }
        }
    }

    /// The bytes that say these records. The peer itself does not notice.
    ///
    /// # Errors
    /// [`SealError`], and nothing is sealed of the record that it is about, nor of those behind it.
    /// The sequence numbers of those before it are used up.
    pub fn seal(&mut self, records: &[Record]) -> Result<Vec<u8>, SealError> {
        let mut out = Vec::new();
        for record in records {
            match record.keys {
                Keys::None => clear(record, &mut out)?,
                keys => self.sealing(keys)?.seal(record, &mut out)?,
            }
        }
        Ok(out)
    }

    fn sealing(&mut self, keys: Keys) -> Result<&mut Sealing, SealError> {
        let known = self.sealing.iter().position(|it| it.keys == keys);
        let at = match known {
            Some(at) => at,
            None => {
                let new = self.schedule.sealing(self.role.is_client(), keys);
                self.sealing.push(new.ok_or(SealError::NoKeys(keys))?);
                self.sealing.len() - 1
            }
        };
        Ok(&mut self.sealing[at])
    }

    /// Carries words between the peer and `end`, a connection that has been started, until both are
    /// silent. Each flight of the peer's goes through `script` first. What the application of `end`
    /// does not read stays there.
    ///
    /// Returns the events of `end`.
    ///
    /// # Errors
    /// [`SealError`] for a record that the script has made.
    pub fn converse(
        &mut self,
        end: &mut Connection,
        now: Now,
        mut script: impl FnMut(&mut Vec<Record>),
    ) -> Result<Vec<Event>, SealError> {
        let mut events = Vec::new();
        // More than any handshake has, with all that may follow it.
        for _ in 0..ROUNDS {
            let mut flight = self.flight(now);
            if !flight.is_empty() {
                script(&mut flight);
                let said = self.seal(&flight)?;
                self.waiting.extend(said);
            }
            let given = self.waiting.len();
            while !self.waiting.is_empty() {
                let n = match end.receive(&self.waiting) {
                    Ok(n) => n,
                    // Nobody listens any more.
                    Err(_) => self.waiting.len(),
                };
                self.waiting.drain(..n);
                settle(end, now, |event| events.push(event));
                if n == 0 {
                    break;
                }
            }
            settle(end, now, |event| events.push(event));
            let said = end.transmit().to_vec();
            if said.is_empty() && given == self.waiting.len() {
                break;
            }
            let transmitted = end.transmitted(said.len());
            debug_assert!(transmitted.is_ok(), "transmit showed them");
            settle(end, now, |event| events.push(event));
            self.hear(&said, now);
        }
        Ok(events)
    }
}

const ROUNDS: usize = 1000;

impl fmt::Debug for ScriptedPeer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptedPeer")
            .field("connection", &self.connection)
            .finish_non_exhaustive()
    }
}

/// Processes until there is no more to do.
fn settle(connection: &mut Connection, now: Now, mut event: impl FnMut(Event)) {
    loop {
        let progress = connection.process(now);
        while let Some(next) = connection.poll_event() {
            event(next);
        }
        if progress == Progress::Idle {
            return;
        }
    }
}
