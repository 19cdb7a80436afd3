//! What a connection keeps to, whatever the peer and the application do. Tests quote the rules by
//! their numbers.
//!
//! ## R1
//! **An open decision holds everything.** While a certificate review, a configuration request, or a request
//! for pre-shared keys or a signature is open, no handshake flight leaves and no plaintext is delivered. A
//! rejection sends one fatal alert, the right one, and nothing else. The end of the stream, or a reset, ends the
//! connection at once, and the decision's id is stale from then on. When one call brings both an error of the peer's and
//! a reason to ask, the error counts.
//!
//! ## R2
//! **Plaintext from before TLS is never read after it.** Bytes that arrived before TLS was started and
//! were not read are [`UsageError::UnreadPlaintext`](crate::UsageError::UnreadPlaintext) at the start,
//! unless [`Leftover`](crate::Leftover) says to discard them or to take them for the beginning of TLS.
//! A server that writes its "go ahead" line and then starts TLS sends that line in the clear, and
//! takes whatever arrives after it for TLS.
//!
//! ## R3
//! **How the streams are cut makes no difference.** When the application acts only at rest
//! ([`process`](crate::Connection::process) is idle, all events are taken), any splitting of the same
//! bytes gives the same events (byte counts summed), plaintext, output and final state. When it acts
//! at other times, plaintext, verification results and the outcome are still the same.
//!
//! ## R4
//! **Ends are told apart.** Only close_notify is [`Closed`](crate::ReadEnd::Closed). A stream that
//! ends without it is [`Truncated`](crate::ReadEnd::Truncated), a reset is
//! [`Reset`](crate::ReadEnd::Reset). One end has a name of its own,
//! [`CloseUnanswered`](crate::ReadEnd::CloseUnanswered): our close_notify has left first, at our own
//! wish, no application data arrived after it, and the stream then ended behind a whole record. It is
//! no failure, never clean, and never an orderly end of data. `Truncated` is never reported while the
//! stream is open.
//!
//! ## R5
//! **[`Encrypted`](crate::Event::Encrypted) comes at most once, and never after a failure.** Plaintext
//! that was written before it is queued, up to [`Limits::queued`](crate::Limits::queued), and sent in
//! order behind it.
//!
//! ## R6
//! **A failure is final.** The first one counts, at most one fatal alert is sent for it, and
//! [`AlertSent`](crate::Event::AlertSent) comes when the transport has taken the alert's last byte.
//!
//! ## R7
//! **A wrong call changes nothing.** Every call is legal in every state, or answers a
//! [`UsageError`](crate::UsageError) and leaves the connection as it was. None panics.
//!
//! ## R8
//! **Memory is bounded by [`Limits`](crate::Limits), whatever the peer does.** That goes for both
//! buffers, for handshake messages being put together, for plaintext written before
//! [`Encrypted`](crate::Event::Encrypted), for certificate chains and for events. Alerts, key updates
//! and close_notify have room of their own. A full buffer on one side never stops the progress that
//! would empty the other.
//!
//! ## R9
//! **One call of [`process`](crate::Connection::process) does the work of one record or one handshake
//! message.** A certificate chain is verified in steps of their own, one signature in each, with a
//! limit on their number. How many public-key operations a step costs is documented at `process`.
//!
//! ## R10
//! **No input makes it panic, and nothing can be repeated for ever.** Whatever a peer can send at no
//! cost is counted: key updates, empty records, warning alerts, session tickets, ChangeCipherSpec,
//! renegotiation requests.
//!
//! ## R11
//! **Secrets are wiped** when they are dropped, compared in constant time, and absent from `Debug`.
//!
//! ## R12
//! **The same input gives the same output.** With the backend `rustcrypto`, the same configuration,
//! random source, clock values, bytes and calls give the same output, byte for byte. The backends
//! `ring` and `aws-lc-rs` draw random numbers of their own.
//!
//! ## R13
//! **Sessions carry no trust that was not there.** No session is stored when the peer certificate was
//! rejected or an error of it was forgiven, and a resumed session's chain is verified again by the
//! policy of today. A [`Pin`](crate::Pin) is trust, not forgiveness.
//!
//! ## R14
//! **[`Encrypted`](crate::Event::Encrypted) does not mean that the peer has accepted us.** A TLS 1.3
//! client is encrypted before the server has verified the client's certificate, and may receive an
//! alert afterwards.
//!
//! ## R15
//! **A byte of a handshake is read once.** Messages are put together once, before anything looks into
//! them, and what is known of them comes from there. Under
//! [`ServerStart::Ask`](crate::ServerStart::Ask) a handshake is completed only under a configuration
//! that was provided.
//!
//! ## R16
//! **One call of [`process`](crate::Connection::process) costs at most one public-key operation**,
//! where the engine does not do several for one message of its own.
//!
//! ## R17
//! **What a peer may not say is refused with the alert that the RFC names.** A known extension in a
//! message that it is not specified for, a duplicate, or pre_shared_key that is not last:
//! illegal_parameter. A response to what was not offered: unsupported_extension. Trailing bytes and
//! wrong lengths: decode_error. What is not known is ignored where RFC 8446 says so (§4.2, RFC 8701):
//! extensions in ClientHello, CertificateRequest and NewSessionTicket, and unknown members of lists.
