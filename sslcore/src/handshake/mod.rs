//! The seam behind which a handshake engine works.
//!
//! The connection gives an engine one whole handshake message at a time, keeps what it wants to
//! send as a *flight*, and releases the flight only when no verdict is owed. When the handshake is
//! complete the engine is taken apart into traffic keys and dropped.

pub(crate) mod extensions;
pub(crate) mod facts;
pub(crate) mod first_hello;
mod identity;
#[cfg(all(test, feature = "ring"))]
pub(crate) mod idle;
pub(crate) mod inbound;
#[cfg(feature = "engine")]
mod incoming;
pub(crate) mod key_schedule;
pub(crate) mod renewal;
#[cfg(feature = "rustls")]
pub(crate) mod rustls;
pub(crate) mod sessions;
pub(crate) mod settings;
#[cfg(all(feature = "engine", any(feature = "client", feature = "server")))]
pub(crate) mod sizes;
pub(crate) mod template;
#[cfg(any(feature = "rustls", feature = "server"))]
pub(crate) mod ticket;
#[cfg(all(feature = "engine", feature = "tls12"))]
mod tls12_psk;
#[cfg(feature = "engine")]
pub(crate) mod tls13;
#[cfg(feature = "engine")]
pub(crate) mod transcript;
pub(crate) mod wire;

use alloc::boxed::Box;
use alloc::vec::Vec;

use rustls_pki_types::UnixTime;

use self::key_schedule::exporter::Exporter;
use crate::alert::Alert;
use crate::failure::Failure;
use crate::handshake::facts::SessionFacts;
use crate::handshake::wire::pre_shared_key::Identities;
use crate::identity::pre_shared_key::{KeyRules, PreSharedKey};
use crate::protocol::{SignatureScheme, SslProtocol};
use crate::record::header::{ContentType, HEADER_LEN, Header, MAX_BODY_TLS12};
#[cfg(feature = "engine")]
use crate::record::messages::FRAME;
use crate::record::protection::Protection;
use crate::record::size::RecordSizes;
use crate::record::traffic::HandOff;
use crate::time::Now;
use crate::verify::SslError;
use crate::x509::certificate::Certificate;
use crate::x509::key_kind::KeyKind;

/// A whole handshake message of the peer's.
pub(crate) struct Message<'a> {
    /// [`FRAME`](crate::record::messages::FRAME) bytes of room, then the message with its header.
    pub(crate) framed: &'a mut [u8],
    /// Whether it is the last in its record, as one before a change of keys must be
    /// (RFC 8446 §5.1).
    pub(crate) last: bool,
    /// How it was protected, if it was.
    pub(crate) protection: Option<&'a Protection>,
}

#[cfg(feature = "engine")]
impl Message<'_> {
    /// The message with its header.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.framed.get(FRAME..).unwrap_or_default()
    }

    /// Its type.
    pub(crate) fn kind(&self) -> u8 {
        self.bytes().first().copied().unwrap_or_default()
    }
}

/// A question for pre-shared keys.
pub(crate) struct KeyQuestion<'a> {
    pub(crate) protocol: SslProtocol,
    /// What the server of a client has said of the key that it wants.
    pub(crate) hint: Option<&'a [u8]>,
    /// Of a server, which of these keys it has.
    pub(crate) named: Option<Identities<'a>>,
}

/// A question for a signature.
pub(crate) struct SignatureQuestion<'a> {
    pub(crate) scheme: SignatureScheme,
    /// What is signed.
    pub(crate) message: &'a [u8],
    /// Its hash, where the scheme has one that is here.
    pub(crate) digest: Option<&'a [u8]>,
    /// Our own, whose signature it is.
    pub(crate) key: KeyKind,
}

/// How far a peer may be trusted that was not rejected.
#[derive(Clone, Copy)]
pub(crate) enum Trust {
    /// An error of its certificates was forgiven: no session is kept ([rule R13](crate::rules#r13)).
    Forgiven,
    /// No error was forgiven. Its sessions may be kept, until this time at the latest.
    Good(Option<UnixTime>),
}

/// A handshake in progress. Appends what is to be sent to `flight`. What has a body here is what engines
/// say that know no certificates, and ask for nothing.
pub(crate) trait Engine: Send {
    /// A client says hello; a server looks at the hello that it was made for.
    fn start(&mut self, _: Now, _: &mut Vec<u8>) -> Result<(), Failure> {
        Ok(())
    }

    /// A whole message of the peer's.
    fn message(
        &mut self,
        message: Message<'_>,
        now: Now,
        flight: &mut Vec<u8>,
    ) -> Result<(), Failure>;

    /// The peer's ChangeCipherSpec, a whole record.
    fn change_cipher_spec(
        &mut self,
        record: &mut [u8],
        now: Now,
        flight: &mut Vec<u8>,
    ) -> Result<(), Failure>;

    /// How the peer's records are protected from now on, if that has changed.
    fn take_read_protection(&mut self) -> Option<Box<Protection>>;

    /// Whether the peer has said all that it says under the keys of the handshake: they may go.
    fn has_heard_all(&self) -> bool {
        false
    }

    /// The engine that goes on in the place of this one, which is of no use any more: the version that the
    /// last message has settled is another's.
    fn take_successor(&mut self) -> Option<Box<dyn Engine>> {
        None
    }

    /// What pre-shared keys are asked for, while they are: the engine stands still until it has them.
    fn asks_for_keys(&self) -> Option<KeyQuestion<'_>> {
        None
    }

    /// What the keys have to be.
    fn key_rules(&self) -> Option<KeyRules> {
        None
    }

    /// The keys that were asked for, checked by those rules; none when there is none.
    fn provide_keys(&mut self, _: &[PreSharedKey]) -> Result<(), Failure> {
        Ok(())
    }

    /// What is to be signed, while it is: the engine stands still until it has the signature.
    fn asks_for_signature(&self) -> Option<SignatureQuestion<'_>> {
        None
    }

    /// The signature that was asked for, as it is sent.
    fn provide_signature(&mut self, _: Vec<u8>) {}

    /// Whether the engine goes on with what it was given before: [`work`](Self::work) does one step of
    /// it, and nothing is read before it is done.
    fn has_work(&self) -> bool {
        false
    }

    /// Does a step, of at most one public-key operation ([rule R16](crate::rules#r16)).
    fn work(&mut self, _: Now, _: &mut Vec<u8>) -> Result<(), Failure> {
        Ok(())
    }

    /// The version, once it is settled: with HelloRetryRequest it is TLS 1.3.
    fn settled(&self) -> Option<SslProtocol>;

    /// How large records may be, as far as that is agreed upon: also in the middle of what comes under the
    /// same keys.
    fn record_sizes(&self) -> RecordSizes {
        RecordSizes::default()
    }

    /// Whether the peer may have sent early data that was refused: what comes as application data
    /// and cannot be opened is dropped then (RFC 8446 §4.2.10).
    fn refuses_early_data(&self) -> bool {
        false
    }

    /// Whether the peer's certificates must be judged before anything more may leave.
    fn verdict_due(&self) -> bool {
        false
    }

    /// The certificates to judge, leaf first, which are asked for once; empty when the peer has none. Our own
    /// engine shares them; of rustls' connection they are copied.
    fn take_peer_chain(&mut self) -> Vec<Certificate> {
        Vec::new()
    }

    /// Why the peer must be refused whatever the verdict: by its key no signature can be checked.
    /// There is nothing to do with the engine then but to judge.
    fn useless_key(&self) -> Option<&SslError> {
        None
    }

    /// The peer may go on. `flight` loses what one who is only forgiven must not be sent (tickets).
    fn judged(&mut self, _: Trust, _flight: &mut Vec<u8>) {}

    /// The peer was refused. What is remembered of it would be refused again.
    fn rejected(&mut self) {}

    /// Whether a server has asked for our certificate.
    fn certificate_requested(&self) -> bool {
        false
    }

    /// `flight` may leave: from now on an alert is protected accordingly.
    fn released(&mut self, _flight: &[u8]) {}

    /// How an alert must be protected now.
    fn alert_protection(&self) -> AlertProtection;

    /// Whether the handshake is complete and the engine can be taken apart.
    fn is_complete(&self) -> bool;

    /// What was negotiated so far.
    fn facts(&self) -> SessionFacts;

    /// What keying material can be exported from; `None` before the handshake is complete.
    fn exporter(&self) -> Option<Exporter>;

    /// Takes the engine apart. `received` is how the peer's records were protected, as far as they
    /// were opened.
    fn finish(self: Box<Self>, received: Option<Protection>) -> Result<HandOff, Failure>;
}

/// The peer's chain, leaf first, when its key is one that no signature can be checked with.
pub(crate) struct RefusedPeer {
    pub(crate) chain: Vec<Certificate>,
    /// What is wrong with the key. The handshake ends for it, whatever else is judged or forgiven.
    pub(crate) error: SslError,
}

/// How an alert of ours must be protected. The peer expects what our last flight made it expect.
pub(crate) enum AlertProtection {
    /// There are no keys yet.
    Clear,
    Sealed(Box<Protection>),
    /// It would have to be sealed, and cannot be: then none is sent.
    Unknown,
}

impl AlertProtection {
    /// Under these keys, if they could be made.
    #[cfg(feature = "engine")]
    pub(crate) fn under(keys: Result<Protection, Failure>) -> Self {
        match keys {
            Ok(protection) => Self::Sealed(Box::new(protection)),
            Err(_) => Self::Unknown,
        }
    }

    /// The record that carries an alert; `None` when none can be made.
    pub(crate) fn record(&mut self, alert: Alert) -> Option<Vec<u8>> {
        let body = alert.encode();
        match self {
            Self::Clear => Some(alloc::vec![
                ContentType::Alert as u8,
                3,
                3,
                0,
                2,
                body[0],
                body[1]
            ]),
            Self::Sealed(protection) => {
                let mut record = alloc::vec![0; body.len() + protection.overhead()];
                protection
                    .seal(ContentType::Alert, &body, &mut record)
                    .ok()?;
                Some(record)
            }
            Self::Unknown => None,
        }
    }
}

/// The records in a flight.
pub(crate) fn records(mut flight: &[u8]) -> impl Iterator<Item = (ContentType, &[u8])> {
    core::iter::from_fn(move || {
        let header = Header::read(flight, MAX_BODY_TLS12).ok()??;
        let (record, rest) = flight.split_at_checked(header.record_len())?;
        flight = rest;
        Some((header.content, &record[HEADER_LEN..]))
    })
}
