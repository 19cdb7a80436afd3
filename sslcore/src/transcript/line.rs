//! What one line of a transcript says, and how it is written.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::bytes;
use crate::config::PeerName;
use crate::crypto::HashAlgorithm;
use crate::identity::signature::Signature;
use crate::time::{Instant, Now, UnixTime};
use crate::usage::Leftover;

/// A line; bytes that need several count as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// The clock, as it is from here on.
    At(Clock),
    /// What was called.
    Call(Call),
    /// What a call answered, where that is not what is expected of it.
    Answer(String),
    /// What happened.
    Event(String),
}

/// A time that can be compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Clock {
    pub(super) micros: u64,
    /// In seconds since 1970.
    pub(super) wall: Option<u64>,
}

impl Clock {
    pub(super) fn now(self) -> Now {
        let monotonic = Instant::from_micros(self.micros);
        match self.wall {
            Some(seconds) => {
                let since = core::time::Duration::from_secs(seconds);
                Now::new(monotonic, UnixTime::since_unix_epoch(since))
            }
            None => Now::without_wall_clock(monotonic),
        }
    }
}

impl From<Now> for Clock {
    fn from(now: Now) -> Self {
        Self {
            micros: now.monotonic.as_micros(),
            wall: now.wall.map(|wall| wall.as_secs()),
        }
    }
}

/// A call on a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Call {
    StartClient {
        peer: PeerName,
        leftover: Leftover,
    },
    StartServer {
        asks: bool,
        leftover: Leftover,
    },
    /// `receive`, with these bytes.
    Receive(Vec<u8>),
    /// `transmitted`, of these bytes.
    Send(Vec<u8>),
    /// `transmitted`, of nothing or of more than there is.
    Transmitted(usize),
    Write(Vec<u8>),
    /// `read` or `consume`, of these bytes.
    Read(Vec<u8>),
    /// `read`, of nothing.
    ReadNothing,
    /// `consume`, of more than there is.
    Consume(usize),
    Unread(Vec<u8>),
    SetReadBufferSize(usize),
    /// In microseconds.
    SetPeerCloseTimeout(Option<u64>),
    Answer(u32, Answer),
    Provide(u32),
    Refuse(u32),
    /// `provide_psk`, with keys of these names.
    ProvideKeys(u32, Vec<KeyName>),
    /// `provide_signature`, as it was given.
    ProvideSignature(u32, Form, Vec<u8>),
    /// `refuse_signature`, for whatever reason.
    RefuseSignature(u32),
    /// With an alert of this number.
    RefuseWith(u32, u8),
    Simple(Simple),
}

/// The form of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Der,
    Concatenated,
    Plain,
}

impl Form {
    const ALL: [Self; 3] = [Self::Der, Self::Concatenated, Self::Plain];

    pub(super) const fn of(signature: &Signature<'_>) -> Self {
        match signature {
            Signature::Der(_) => Self::Der,
            Signature::Concatenated(_) => Self::Concatenated,
            Signature::Plain(_) => Self::Plain,
        }
    }

    pub(super) const fn signature(self, bytes: &[u8]) -> Signature<'_> {
        match self {
            Self::Der => Signature::Der(bytes),
            Self::Concatenated => Signature::Concatenated(bytes),
            Self::Plain => Signature::Plain(bytes),
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::Der => "der",
            Self::Concatenated => "concatenated",
            Self::Plain => "plain",
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|form| form.text() == text)
    }
}

/// All of a pre-shared key but the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeyName {
    pub(super) identity: Vec<u8>,
    pub(super) hash: HashAlgorithm,
    pub(super) context: Option<Vec<u8>>,
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut digits = |bytes: &[u8]| bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"));
        digits(&self.identity)?;
        if let Some(context) = &self.context {
            f.write_str(IMPORTED)?;
            context
                .iter()
                .try_for_each(|byte| write!(f, "{byte:02x}"))?;
        }
        match self.hash {
            HashAlgorithm::Sha256 => Ok(()),
            HashAlgorithm::Sha384 => f.write_str(SHA384),
        }
    }
}

/// The answer to a certificate review. Errors are named by their place in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Accept,
    AcceptOnly(Vec<usize>),
    Reject,
    /// With an alert of this number.
    RejectWith(u8),
}

macro_rules! simple {
    ($($name:ident = $text:literal;)*) => {
        /// A call without arguments.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Simple { $($name,)* }

        impl Simple {
            pub(super) fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            pub(super) fn from_text(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$name),)* _ => None }
            }
        }
    };
}

simple! {
    Process = "process";
    Settle = "settle";
    Next = "next";
    Poll = "poll";
    Eof = "end of stream";
    Reset = "reset";
    TransmitFailed = "transmit failed";
    Close = "close";
    Cancel = "cancel";
    Abort = "abort";
    UpdateKeys = "update keys";
    DiscardReads = "discard reads";
}

pub(super) const DISCARD: &str = "leftover discard";
pub(super) const TREAT_AS_TLS: &str = "leftover tls";
pub(super) const VERIFY_AS: &str = "verify as";
pub(super) const WITHOUT_SNI: &str = "without SNI";
pub(super) const SET_READ_BUFFER_SIZE: &str = "set_read_buffer_size";
pub(super) const SET_PEER_CLOSE_TIMEOUT: &str = "set_peer_close_timeout";
pub(super) const PROVIDE_KEYS: &str = "provide_psk";
pub(super) const PROVIDE_SIGNATURE: &str = "provide_signature";
pub(super) const REFUSE_SIGNATURE: &str = "refuse_signature";
pub(super) const IMPORTED: &str = "/imported:";
pub(super) const SHA384: &str = "/sha384";
pub(super) const NONE: &str = "none";
pub(super) const NO_WALL_CLOCK: &str = "no wall clock";

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(clock) => clock.fmt(f),
            Self::Call(call) => call.fmt(f),
            Self::Answer(text) => write!(f, "= {text}"),
            Self::Event(text) => write!(f, "event {text}"),
        }
    }
}

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at {} us, ", self.micros)?;
        match self.wall {
            Some(seconds) => write!(f, "{seconds} s"),
            None => f.write_str(NO_WALL_CLOCK),
        }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StartClient { peer, leftover } => {
                write_peer(f, peer)?;
                write_leftover(f, *leftover)
            }
            Self::StartServer { asks, leftover } => {
                f.write_str("start server")?;
                f.write_str(if *asks { " asking" } else { "" })?;
                write_leftover(f, *leftover)
            }
            Self::Receive(data) => bytes::write(f, "<", data, true),
            Self::Send(data) => bytes::write(f, ">", data, true),
            Self::Transmitted(n) => write!(f, "transmitted {n}"),
            Self::Write(data) => bytes::write(f, "write", data, false),
            Self::Read(data) => bytes::write(f, "read", data, false),
            Self::ReadNothing => f.write_str("read"),
            Self::Consume(n) => write!(f, "consume {n}"),
            Self::Unread(data) => bytes::write(f, "unread", data, false),
            Self::SetReadBufferSize(bytes) => write!(f, "{SET_READ_BUFFER_SIZE} {bytes}"),
            Self::SetPeerCloseTimeout(Some(micros)) => {
                write!(f, "{SET_PEER_CLOSE_TIMEOUT} {micros} us")
            }
            Self::SetPeerCloseTimeout(None) => write!(f, "{SET_PEER_CLOSE_TIMEOUT} {NONE}"),
            Self::Answer(id, answer) => write!(f, "answer {id} {answer}"),
            Self::Provide(id) => write!(f, "provide {id}"),
            Self::Refuse(id) => write!(f, "refuse {id}"),
            Self::ProvideKeys(id, identities) => {
                write!(f, "{PROVIDE_KEYS} {id}")?;
                identities.iter().try_for_each(|name| write!(f, " {name}"))
            }
            Self::ProvideSignature(id, form, bytes) => {
                write!(f, "{PROVIDE_SIGNATURE} {id} {} ", form.text())?;
                bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
            Self::RefuseSignature(id) => write!(f, "{REFUSE_SIGNATURE} {id}"),
            Self::RefuseWith(id, code) => write!(f, "refuse {id} with {code}"),
            Self::Simple(call) => f.write_str(call.text()),
        }
    }
}

fn write_peer(f: &mut fmt::Formatter<'_>, peer: &PeerName) -> fmt::Result {
    let verified = peer.verify_name();
    f.write_str("start client ")?;
    match peer.server_name() {
        // As text: names are equal in any case, and are sent as they were given.
        Some(asked) if *asked == *verified => write!(f, "{verified:?}"),
        Some(asked) => write!(f, "{asked:?} {VERIFY_AS} {verified:?}"),
        None if peer.sni.as_ref() == Some(&peer.verify) => write!(f, "{verified:?}"),
        None => write!(f, "{verified:?} {WITHOUT_SNI}"),
    }
}

fn write_leftover(f: &mut fmt::Formatter<'_>, leftover: Leftover) -> fmt::Result {
    match leftover {
        Leftover::Refuse => Ok(()),
        Leftover::Discard => write!(f, " {DISCARD}"),
        Leftover::TreatAsTls => write!(f, " {TREAT_AS_TLS}"),
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accept => f.write_str("accept"),
            Self::AcceptOnly(places) => {
                f.write_str("accept only")?;
                places.iter().try_for_each(|place| write!(f, " {place}"))
            }
            Self::Reject => f.write_str("reject"),
            Self::RejectWith(code) => write!(f, "reject with {code}"),
        }
    }
}
