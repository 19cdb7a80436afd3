//! Record protection in other hands: in a kernel's (Linux' kTLS), in a network card's.
//!
//! [`Connection::offload`] gives the keys of one direction away. Whoever takes them seals or opens the
//! records; the connection stays what decides. What passes its doors then are the contents of records, each
//! with its content type, where it was bytes before:
//!
//! | before | after |
//! |---|---|
//! | [`transmit`](Connection::transmit), [`transmitted`](Connection::transmitted) | [`transmit_record`](Connection::transmit_record), [`record_transmitted`](Connection::record_transmitted) |
//! | [`receive_buffer`](Connection::receive_buffer), [`received`](Connection::received) | [`record_buffer`](Connection::record_buffer), [`record_received`](Connection::record_received) |
//!
//! Everything else stays as it was, since it is done by the same code: reading and writing, buffers and
//! their limits, close_notify, truncation, alerts, session tickets, KeyUpdate, events, timeouts. The doors
//! for bytes are shut: [`transmit`](Connection::transmit) shows nothing, and
//! [`receive`](Connection::receive) is an error, so that nothing leaves in plaintext, or is taken for
//! plaintext, when a part of a program does not know who has the keys. The two directions are handed over
//! one by one, and one alone may be.
//!
//! An adapter around [`next`](Connection::next) asks [`transmit_record`](Connection::transmit_record) before it
//! waits, since `next` names no records. Where [`Step::Wait`](crate::Step::Wait) says `read`, it receives into
//! [`record_buffer`](Connection::record_buffer), unless that is empty: bytes read into
//! [`receive_buffer`](Connection::receive_buffer), which has no room any more, would look like the end of the
//! stream.
//!
//! ```
//! use sslcore::Connection;
//! use sslcore::offload::{Direction, OffloadFailure, TrafficKeys};
//!
//! /// A socket of a kernel that has TLS.
//! trait KernelSocket {
//!     fn set_keys(&mut self, direction: Direction, keys: &TrafficKeys) -> std::io::Result<()>;
//!     fn send(&mut self, content_type: u8, content: &[u8]) -> std::io::Result<usize>;
//!     /// The content type, and how much it was: `None` at the end of the stream.
//!     fn receive(&mut self, into: &mut [u8]) -> std::io::Result<Option<(u8, usize)>>;
//! }
//!
//! type Outcome = Result<(), Box<dyn std::error::Error>>;
//!
//! fn hand_over(conn: &mut Connection, socket: &mut impl KernelSocket) -> Outcome {
//!     for direction in [Direction::Sent, Direction::Received] {
//!         let offer = conn.offload(direction)?;
//!         socket.set_keys(direction, offer.keys())?; // an error: the connection has kept its keys
//!         offer.taken();
//!     }
//!     Ok(())
//! }
//!
//! /// After each `process`, in the place of sending and receiving bytes.
//! fn exchange(conn: &mut Connection, socket: &mut impl KernelSocket) -> Outcome {
//!     while let Some((content_type, content)) = conn.transmit_record() {
//!         let n = socket.send(content_type, content)?;
//!         conn.record_transmitted(n)?;
//!     }
//!     for direction in [Direction::Sent, Direction::Received] {
//!         if conn.is_offload_due(direction) {
//!             let offer = conn.offload(direction)?; // after a KeyUpdate
//!             match socket.set_keys(direction, offer.keys()) {
//!                 Ok(()) => offer.taken(),
//!                 Err(_) => conn.offload_failed(OffloadFailure::KeysRefused)?,
//!             }
//!         }
//!     }
//!     let room = conn.record_buffer();
//!     if room.is_empty() {
//!         return Ok(()); // what was received is read first: this is not the end of the stream
//!     }
//!     match socket.receive(room)? {
//!         Some((content_type, n)) => conn.record_received(content_type, n)?,
//!         None => conn.receive_eof(),
//!     }
//!     Ok(())
//! }
//! ```
//!
//! # What others are given
//! ```
//! use sslcore::bytes::BufMut;
//! use sslcore::offload::{Direction, OffloadError, TrafficKeys};
//! use sslcore::{Connection, UsageError};
//!
//! /// The numbers that Linux wants behind version and cipher: `struct tls12_crypto_info_aes_gcm_128`.
//! fn aes_gcm(keys: &TrafficKeys, mut into: impl BufMut) {
//!     let (salt, iv) = keys.iv().split_at(4);
//!     into.put_slice(iv);
//!     into.put_slice(keys.key());
//!     into.put_slice(salt);
//!     into.put_u64(keys.sequence_number());
//! }
//!
//! /// To a card that takes one key for each direction, once what is on its way has left.
//! fn to_card(conn: &mut Connection, card: &mut Vec<u8>) -> Result<bool, UsageError> {
//!     let offer = match conn.offload(Direction::Sent) {
//!         Err(UsageError::Offload(OffloadError::Unsent { .. })) => return Ok(false),
//!         offer => offer?,
//!     };
//!     aes_gcm(offer.keys(), card);
//!     offer.taken_for_good();
//!     Ok(true)
//! }
//!
//! /// Data that the card finds itself, as with sendfile(2).
//! fn around(conn: &mut Connection, send: impl Fn(usize) -> u64) -> Result<(), UsageError> {
//!     let most = conn.record_limit()?; // and nothing waits in front of it
//!     let records = send(most);
//!     conn.records_sealed(records)
//! }
//! ```
//!
//! # One owner
//! A key with a sequence number must never have two owners that seal: with AES-GCM, two records under one
//! nonce give the key of the authentication away (RFC 5116 §5.1.1). A [`KeyOffer`] borrows the connection, so
//! nothing is sealed while it is out. [`taken`](KeyOffer::taken) wipes the key here, though not what it was made of:
//! the traffic secret of TLS 1.3, which the next key is made of, and the master secret of TLS 1.2, which exporters
//! need. A dropped offer leaves the key here, and whoever has looked at it must not use it. There is no way back:
//! what others have sealed is not known.
//!
//! # KeyUpdate
//! After a KeyUpdate of either side the direction has a new key ([`Connection::is_offload_due`]), which is
//! [offered](Connection::offload) as the first was. Until it is taken, nothing more of that direction is
//! sealed, or is to be opened. Who cannot take another key says so at once, by
//! [`taken_for_good`](KeyOffer::taken_for_good): then [`update_keys`](Connection::update_keys) is an error,
//! a KeyUpdate of the peer's ends the connection as
//! [`KeysNotRenewed`](crate::FailureKind::KeysNotRenewed), with the alert internal_error, and at the
//! confidentiality limit of our key the connection sends close_notify and ends as
//! [`KeysExhausted`](crate::FailureKind::KeysExhausted), as in TLS 1.2.
//!
//! # What the connection does not see
//! Data that others seal of themselves, as `sendfile` does, is told with
//! [`records_sealed`](Connection::records_sealed), for the limit of the key. Records of the peer's that
//! cannot be opened are told with [`offload_failed`](Connection::offload_failed). How long the peer's records
//! are is for who opens them to judge. An end of the stream within a record is told from one between two
//! ([rule R4](crate::rules#r4)) only by who opens them.

pub use crate::connection::offload::{KeyOffer, OffloadFailure};
pub use crate::record::offload::TrafficKeys;
pub use crate::trace::Direction;
pub use crate::usage::OffloadError;

#[cfg(doc)]
use crate::connection::Connection;
