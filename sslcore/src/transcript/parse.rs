//! Reading a transcript.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use super::bytes;
use super::line::{
    Answer, Call, Clock, DISCARD, Form, IMPORTED, KeyName, Line, NO_WALL_CLOCK, NONE, PROVIDE_KEYS,
    PROVIDE_SIGNATURE, REFUSE_SIGNATURE, SET_PEER_CLOSE_TIMEOUT, SET_READ_BUFFER_SIZE, SHA384,
    Simple, TREAT_AS_TLS, VERIFY_AS, WITHOUT_SNI,
};
use super::text::{LIMITS, TITLE, Transcript, can_be_quoted};
use crate::config::PeerName;
use crate::crypto::HashAlgorithm;
use crate::limits::Limits;
use crate::usage::Leftover;

/// A text that is no transcript: the line that cannot be read, and what is wrong with it. [`Transcript`]
/// has an example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TranscriptError {
    /// The number of the line, from 1.
    pub line: usize,
    /// A description of what such a line says.
    pub expected: &'static str,
}

impl fmt::Display for TranscriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {} is expected", self.line, self.expected)
    }
}

impl core::error::Error for TranscriptError {}

impl FromStr for Transcript {
    type Err = TranscriptError;

    /// Reads what `Display` has written. Lines that are empty or begin with `#` say nothing. Takes
    /// memory in proportion to the text, and never panics.
    fn from_str(text: &str) -> Result<Self, TranscriptError> {
        let mut lines = Lines::new(text);
        lines.read("the title of a transcript", |line| {
            (line == TITLE).then_some(())
        })?;
        let (configuration, seed) = lines.read("configuration \"NAME\", seed NUMBER", header)?;
        let limits = lines.read_if(LIMITS, "limits, as NAME NUMBER", limits)?;
        let mut transcript = Self::new(&configuration, seed, limits.unwrap_or_default());
        while let Some((number, line)) = lines.peek() {
            let line = match data_call(line) {
                Some((make, count)) => {
                    let data = lines.data(count)?;
                    Line::Call(make(data))
                }
                None => lines.read("a call, an answer or an event", plain_line)?,
            };
            transcript.push_numbered(number, line);
        }
        Ok(transcript)
    }
}

/// The lines that say something, with their numbers.
struct Lines<'a> {
    rest: core::iter::Peekable<Numbered<'a>>,
    last: usize,
}

type Numbered<'a> = core::iter::Zip<core::ops::RangeFrom<usize>, core::str::Lines<'a>>;

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        let rest = (1..).zip(text.lines()).peekable();
        Self { rest, last: 1 }
    }

    fn peek(&mut self) -> Option<(usize, &'a str)> {
        while let Some((number, line)) = self.rest.peek() {
            let said = line.trim_end();
            if !said.is_empty() && !said.trim_start().starts_with('#') {
                return Some((*number, said));
            }
            self.last = *number;
            self.rest.next();
        }
        None
    }

    fn error(&mut self, expected: &'static str) -> TranscriptError {
        let line = self.peek().map_or(self.last, |(number, _)| number);
        TranscriptError { line, expected }
    }

    fn read<T>(
        &mut self,
        expected: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, TranscriptError> {
        let read = self.peek().and_then(|(_, line)| read(line));
        let read = read.ok_or_else(|| self.error(expected))?;
        self.rest.next();
        Ok(read)
    }

    /// Reads a line that begins so, if it is there.
    fn read_if<T>(
        &mut self,
        begin: &str,
        expected: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, TranscriptError> {
        match self.peek() {
            Some((_, line)) if line.starts_with(begin) => self.read(expected, read).map(Some),
            _ => Ok(None),
        }
    }

    /// Bytes: on the first line behind the word `bytes`, and on all lines after it that are indented.
    fn data(&mut self, count: usize) -> Result<Vec<u8>, TranscriptError> {
        const EXPECTED: &str = "as many bytes as it says, in hexadecimal or \"quoted\",";
        let mut data = Vec::new();
        let mut complete = self.error(EXPECTED);
        self.read(EXPECTED, |line| {
            let (_, behind) = line.split_once(" byte")?;
            bytes::read(behind.strip_prefix('s').unwrap_or(behind), &mut data)
        })?;
        while let Some((number, line)) = self.peek().filter(|(_, line)| line.starts_with(' ')) {
            complete.line = number;
            self.read(EXPECTED, |_| bytes::read(line, &mut data))?;
        }
        match data.len() == count {
            true => Ok(data),
            false => Err(complete),
        }
    }
}

fn header(line: &str) -> Option<(String, u64)> {
    let line = line.strip_prefix("configuration ")?;
    let (name, rest) = quoted(line)?;
    let seed = rest.strip_prefix(", seed ")?;
    Some((name, number(seed)?))
}

/// Digits and nothing else.
fn number<N: FromStr>(text: &str) -> Option<N> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

/// A quoted text, and what is behind it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let inside = text.strip_prefix('"')?;
    let end = inside.find('"')?;
    let name = &inside[..end];
    let plain = name.chars().all(can_be_quoted);
    plain.then(|| (name.to_string(), &inside[end + 1..]))
}

fn limits(line: &str) -> Option<Limits> {
    let mut limits = Limits::default();
    for word in line.strip_prefix(LIMITS)?.split(',') {
        let (name, value) = word.trim().split_once(' ')?;
        match name {
            "read_buffer_size" => limits.read_buffer_size = number(value)?,
            "transmit" => limits.transmit = number(value)?,
            "queued" => limits.queued = number(value)?,
            "max_handshake" => limits.max_handshake = number(value)?,
            "release_when_idle" => limits.release_when_idle = value.parse().ok()?,
            _ => return None,
        }
    }
    Some(limits)
}

type MakeCall = fn(Vec<u8>) -> Call;

/// A call with bytes, and how many it says there are.
fn data_call(line: &str) -> Option<(MakeCall, usize)> {
    let (what, rest) = line.split_once(' ')?;
    let make: MakeCall = match what {
        "<" => Call::Receive,
        ">" => Call::Send,
        "write" => Call::Write,
        "read" => Call::Read,
        "unread" => Call::Unread,
        _ => return None,
    };
    let (count, _) = rest.split_once(" byte")?;
    Some((make, number(count)?))
}

/// A line without bytes.
fn plain_line(line: &str) -> Option<Line> {
    if let Some(text) = line.strip_prefix("= ") {
        return Some(Line::Answer(text.to_string()));
    }
    if let Some(text) = line.strip_prefix("event ") {
        return Some(Line::Event(text.to_string()));
    }
    if let Some(text) = line.strip_prefix("at ") {
        return clock(text).map(Line::At);
    }
    call(line).map(Line::Call)
}

fn clock(text: &str) -> Option<Clock> {
    let (micros, wall) = text.split_once(" us, ")?;
    Some(Clock {
        micros: number(micros)?,
        wall: match wall {
            NO_WALL_CLOCK => None,
            wall => Some(number(wall.strip_suffix(" s")?)?),
        },
    })
}

fn call(line: &str) -> Option<Call> {
    if let Some(simple) = Simple::from_text(line) {
        return Some(Call::Simple(simple));
    }
    if let Some(rest) = line.strip_prefix("start ") {
        return start(rest);
    }
    if line == "read" {
        return Some(Call::ReadNothing);
    }
    let (what, rest) = line.split_once(' ')?;
    Some(match what {
        "transmitted" => Call::Transmitted(number(rest)?),
        "consume" => Call::Consume(number(rest)?),
        "provide" => Call::Provide(number(rest)?),
        "refuse" => match rest.split_once(" with ") {
            Some((id, code)) => Call::RefuseWith(number(id)?, number(code)?),
            None => Call::Refuse(number(rest)?),
        },
        PROVIDE_KEYS => {
            let mut words = rest.split(' ');
            let id = number(words.next()?)?;
            Call::ProvideKeys(id, words.map(key_name).collect::<Option<_>>()?)
        }
        PROVIDE_SIGNATURE => {
            let (id, rest) = rest.split_once(' ')?;
            let (form, bytes) = rest.split_once(' ')?;
            Call::ProvideSignature(number(id)?, Form::parse(form)?, hexadecimal(bytes)?)
        }
        REFUSE_SIGNATURE => Call::RefuseSignature(number(rest)?),
        SET_READ_BUFFER_SIZE => Call::SetReadBufferSize(number(rest)?),
        SET_PEER_CLOSE_TIMEOUT => Call::SetPeerCloseTimeout(match rest {
            NONE => None,
            micros => Some(number(micros.strip_suffix(" us")?)?),
        }),
        "answer" => {
            let (id, answer) = rest.split_once(' ')?;
            Call::Answer(number(id)?, verdict(answer)?)
        }
        _ => return None,
    })
}

fn key_name(word: &str) -> Option<KeyName> {
    let (word, hash) = match word.strip_suffix(SHA384) {
        Some(word) => (word, HashAlgorithm::Sha384),
        None => (word, HashAlgorithm::Sha256),
    };
    let (identity, context) = match word.split_once(IMPORTED) {
        Some((identity, context)) => (identity, Some(hexadecimal(context)?)),
        None => (word, None),
    };
    Some(KeyName {
        identity: hexadecimal(identity)?,
        hash,
        context,
    })
}

/// Two digits for each byte.
fn hexadecimal(word: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = word.chars().map(|digit| digit.to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    let bytes = digits.chunks_exact(2);
    Some(bytes.map(|pair| (pair[0] * 16 + pair[1]) as u8).collect())
}

fn start(rest: &str) -> Option<Call> {
    let (rest, leftover) = match (rest.strip_suffix(DISCARD), rest.strip_suffix(TREAT_AS_TLS)) {
        (Some(rest), _) => (rest.strip_suffix(' ')?, Leftover::Discard),
        (_, Some(rest)) => (rest.strip_suffix(' ')?, Leftover::TreatAsTls),
        _ => (rest, Leftover::Refuse),
    };
    if let Some(rest) = rest.strip_prefix("server") {
        let asks = match rest {
            "" => false,
            " asking" => true,
            _ => return None,
        };
        return Some(Call::StartServer { asks, leftover });
    }
    let (name, rest) = quoted(rest.strip_prefix("client ")?)?;
    let peer = PeerName::new(&name).ok()?;
    let peer = match rest.strip_prefix(' ') {
        None => peer,
        Some(WITHOUT_SNI) => peer.without_sni(),
        Some(rest) => {
            let (other, rest) = quoted(rest.strip_prefix(VERIFY_AS)?.strip_prefix(' ')?)?;
            let peer = peer.verify_as(&other).ok()?;
            rest.is_empty().then_some(peer)?
        }
    };
    Some(Call::StartClient { peer, leftover })
}

fn verdict(text: &str) -> Option<Answer> {
    Some(match text {
        "accept" => Answer::Accept,
        "reject" => Answer::Reject,
        _ => match text.strip_prefix("accept only") {
            Some(places) => Answer::AcceptOnly(
                places
                    .split_whitespace()
                    .map(number)
                    .collect::<Option<_>>()?,
            ),
            None => Answer::RejectWith(number(text.strip_prefix("reject with ")?)?),
        },
    })
}
