//! How handshake records get from the receive buffer to the engine, and to who looks for a hello.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::io::{Io, too_small};
use crate::alert::Alert;
use crate::error::{Failure, FailureKind, Repeated};
use crate::event::Event;
use crate::handshake::client_hello::{Glimpse, glimpse};
use crate::handshake::{Engine, EngineFailure};
use crate::record::header::{ContentType, HEADER_LEN, Header, MAX_BODY_TLS12};
use crate::record::limits;
use crate::time::Now;

/// Looks for a whole ClientHello and consumes nothing.
#[derive(Default)]
pub(super) struct HelloIntake {
    /// How many bytes must have arrived before it is worth looking again.
    look_again: usize,
}

impl HelloIntake {
    /// `None` while it is worth waiting for more.
    pub(super) fn look(&mut self, io: &Io) -> Option<Glimpse> {
        let raw = io.receive.raw();
        let full = io.receive.room(io.receive_cap(true)) == 0;
        if raw.len() < self.look_again && !full {
            return None;
        }
        match glimpse(raw, io.limits.max_handshake) {
            Glimpse::Incomplete(needed) if !full => {
                self.look_again = needed;
                None
            }
            glimpse => Some(glimpse),
        }
    }
}

/// Feeds the engine record by record.
#[derive(Default)]
pub(super) struct Intake {
    /// Received bytes that the engine has seen and still needs.
    fed: usize,
    /// Records that carried the message which is incomplete now.
    fragments: u32,
}

impl Intake {
    /// Received bytes that the engine has seen and still needs.
    pub(super) fn fed(&self) -> usize {
        self.fed
    }

    /// Feeds the next record, if it is there, and says whether it was.
    pub(super) fn feed(
        &mut self,
        engine: &mut Box<dyn Engine>,
        flight: &mut Vec<u8>,
        io: &mut Io,
        now: Now,
    ) -> Result<bool, EngineFailure> {
        let raw = io.receive.raw();
        let next = raw.get(self.fed..).unwrap_or_default();
        let header = match Header::read(next, MAX_BODY_TLS12)? {
            Some(header) if next.len() >= header.record_len() => header,
            incomplete => {
                if io.receive.room(io.receive_cap(true)) == 0 {
                    let record = incomplete.map_or(HEADER_LEN, |header| header.record_len());
                    return Err(too_small(self.fed + record).into());
                }
                io.ended()?;
                return Ok(false);
            }
        };
        if let [1, code] = next[HEADER_LEN..header.record_len()] {
            if header.content == ContentType::Alert {
                match Alert::from_code(code) {
                    // rustls takes it for a warning and waits for the rest of the handshake.
                    Alert::CloseNotify => {
                        return Err(Failure::silent(FailureKind::ClosedDuringHandshake).into());
                    }
                    alert => io.events.push(Event::AlertReceived(alert)),
                }
            }
        }
        let end = self.fed + header.record_len();
        let input = &mut io.receive.raw_mut()[..end];
        let fed = engine.feed(input, now, flight)?;
        self.fed = end.saturating_sub(fed.discard);
        self.fragments = match fed.partial {
            true => self.fragments + 1,
            false => 0,
        };
        io.receive.skip(fed.discard);
        if fed.partial && engine.is_complete() {
            // RFC 8446 §5.1: the last message before a key change ends its record.
            return Err(
                Failure::new(FailureKind::UnexpectedMessage, Alert::UnexpectedMessage)
                    .because("bytes behind Finished in its record")
                    .into(),
            );
        }
        if self.fragments > limits::HANDSHAKE_FRAGMENTS {
            return Err(Failure::new(
                FailureKind::TooMuchOf(Repeated::HandshakeFragments),
                Alert::UnexpectedMessage,
            )
            .into());
        }
        if let Some(declared) = fed
            .partial
            .then(|| declared_len(io.receive.raw()))
            .flatten()
        {
            if declared > io.limits.max_handshake {
                return Err(too_small(declared).into());
            }
        }
        Ok(true)
    }
}

/// The length that an incomplete message says it has, header included. `raw` begins with the
/// record that it begins in; the engine has decrypted that in place, behind the record header.
fn declared_len(raw: &[u8]) -> Option<usize> {
    let header = Header::read(raw, MAX_BODY_TLS12).ok()??;
    let body = raw.get(HEADER_LEN..header.record_len())?;
    let mut rest = match header.content {
        // Content, one type byte, zeros (RFC 8446 §5.4), and the tag.
        ContentType::ApplicationData => {
            let inner = body.get(..body.len().checked_sub(crate::crypto::TAG_LEN)?)?;
            inner.get(..inner.iter().rposition(|byte| *byte != 0)?)?
        }
        _ => body,
    };
    while let [_, a, b, c, ..] = *rest {
        let len = 4 + (usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c));
        match rest.get(len..) {
            Some(later) => rest = later,
            None => return Some(len),
        }
    }
    None
}
