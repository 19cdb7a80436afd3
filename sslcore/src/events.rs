//! The queue behind `poll_event`: bounded, and small.

use core::mem::{replace, take};

use heapless::Deque;

use crate::alert::Alert;
use crate::event::{CloseReport, Event, PskId, RequestId, ReviewId, SignatureId, SslMode};
use crate::failure::FailureKind;
use crate::verify::SslErrorKind;

/// Room for events. What can repeat is summed up in place, so that everything else fits.
const CAPACITY: usize = 32;
/// The most events that one `process` step and the calls after it can add.
const WORST_CASE: usize = 16;

/// An event that waits, in four bytes. What is larger, or still changes, is kept beside the queue:
/// of each there is one at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waiting {
    ReadyRead,
    BytesWritten,
    EncryptedBytesWritten,
    Rarer(Rarer),
}

/// What does not come with every record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rarer {
    ModeChanged(SslMode),
    ConfigRequired,
    PreSharedKeyRequired,
    SignatureRequired,
    /// A chain has fewer certificates than this can count: each takes some bytes of a message.
    PeerVerifyError(SslErrorKind, u16),
    SslErrors,
    Encrypted,
    Writable,
    ClientCertificateRequested,
    SessionTicketReceived,
    KeysUpdated,
    AlertSent(Alert),
    AlertReceived(Alert),
    PeerClosed,
    EndOfStream,
    CloseUnanswered,
    Failed,
    Closed,
}

impl Rarer {
    /// Whether one that waits already stands for this one, too.
    const fn can_repeat(self) -> bool {
        matches!(
            self,
            Self::Writable | Self::SessionTicketReceived | Self::KeysUpdated
        )
    }
}

/// The queue behind `poll_event`.
///
/// Byte counts are kept beside it, so that the two events of every record cost no search: the
/// queue says only where they stand.
#[derive(Clone, Debug, Default)]
pub(crate) struct Events {
    queue: Deque<Waiting, CAPACITY>,
    /// There are some that [`announce`](Self::announce) has not told of.
    unannounced: bool,
    ready_read: bool,
    /// What the waiting [`Event::BytesWritten`] will say; none waits while it is zero.
    written: usize,
    /// The same for [`Event::EncryptedBytesWritten`].
    encrypted: usize,
    failed: Option<FailureKind>,
    /// The questions of a connection are asked once each.
    config_required: u32,
    /// Pre-shared keys, or a signature: no handshake wants both.
    proof_required: u32,
    ssl_errors: u32,
}

impl Events {
    /// Whether the worst case of one more step fits.
    #[inline]
    pub(crate) fn has_room(&self) -> bool {
        CAPACITY - self.queue.len() >= WORST_CASE
    }

    /// The next one; `report` is what the last one says.
    #[inline]
    pub(crate) fn pop(&mut self, report: &CloseReport) -> Option<Event> {
        match self.are_waiting() {
            true => self.pop_waiting(report),
            false => None,
        }
    }

    fn pop_waiting(&mut self, report: &CloseReport) -> Option<Event> {
        Some(match self.queue.pop_front()? {
            Waiting::ReadyRead => {
                self.ready_read = false;
                Event::ReadyRead
            }
            Waiting::BytesWritten => Event::BytesWritten(take(&mut self.written)),
            Waiting::EncryptedBytesWritten => {
                Event::EncryptedBytesWritten(take(&mut self.encrypted))
            }
            Waiting::Rarer(rarer) => return self.rarer(rarer, report),
        })
    }

    #[inline(never)]
    fn rarer(&mut self, rarer: Rarer, report: &CloseReport) -> Option<Event> {
        Some(match rarer {
            Rarer::ModeChanged(mode) => Event::ModeChanged(mode),
            Rarer::ConfigRequired => Event::ConfigRequired(RequestId(self.config_required)),
            Rarer::PreSharedKeyRequired => Event::PreSharedKeyRequired(PskId(self.proof_required)),
            Rarer::SignatureRequired => Event::SignatureRequired(SignatureId(self.proof_required)),
            Rarer::PeerVerifyError(kind, depth) => Event::PeerVerifyError {
                kind,
                depth: depth.into(),
            },
            Rarer::SslErrors => Event::SslErrors(ReviewId(self.ssl_errors)),
            Rarer::Encrypted => Event::Encrypted,
            Rarer::Writable => Event::Writable,
            Rarer::ClientCertificateRequested => Event::ClientCertificateRequested,
            Rarer::SessionTicketReceived => Event::SessionTicketReceived,
            Rarer::KeysUpdated => Event::KeysUpdated,
            Rarer::AlertSent(alert) => Event::AlertSent(alert),
            Rarer::AlertReceived(alert) => Event::AlertReceived(alert),
            Rarer::PeerClosed => Event::PeerClosed,
            Rarer::EndOfStream => Event::EndOfStream,
            Rarer::CloseUnanswered => Event::CloseUnanswered,
            Rarer::Failed => Event::Failed(take(&mut self.failed)?),
            Rarer::Closed => Event::Closed(*report),
        })
    }

    /// There is new plaintext.
    #[inline]
    pub(crate) fn ready_read(&mut self) {
        if !replace(&mut self.ready_read, true) {
            self.append(Waiting::ReadyRead);
        }
    }

    /// So many plaintext bytes, at least one, were encrypted, or taken in the clear.
    #[inline]
    pub(crate) fn bytes_written(&mut self, n: usize) {
        if self.written == 0 {
            self.append(Waiting::BytesWritten);
        }
        self.written = self.written.saturating_add(n);
    }

    /// So many encrypted bytes, at least one, were taken.
    pub(crate) fn encrypted_bytes_written(&mut self, n: usize) {
        if self.encrypted == 0 {
            self.append(Waiting::EncryptedBytesWritten);
        }
        self.encrypted = self.encrypted.saturating_add(n);
    }

    /// Adds any event; one that waits already and can repeat stands for both.
    pub(crate) fn push(&mut self, event: Event) {
        let rarer = match event {
            Event::ReadyRead => return self.ready_read(),
            Event::BytesWritten(n) => return self.bytes_written(n),
            Event::EncryptedBytesWritten(n) => return self.encrypted_bytes_written(n),
            Event::ModeChanged(mode) => Rarer::ModeChanged(mode),
            Event::ConfigRequired(RequestId(id)) => {
                self.config_required = id;
                Rarer::ConfigRequired
            }
            Event::SignatureRequired(SignatureId(id)) => {
                self.proof_required = id;
                Rarer::SignatureRequired
            }
            Event::PreSharedKeyRequired(PskId(id)) => {
                self.proof_required = id;
                Rarer::PreSharedKeyRequired
            }
            Event::PeerVerifyError { kind, depth } => {
                Rarer::PeerVerifyError(kind, depth.try_into().unwrap_or(u16::MAX))
            }
            Event::SslErrors(ReviewId(id)) => {
                self.ssl_errors = id;
                Rarer::SslErrors
            }
            Event::Encrypted => Rarer::Encrypted,
            Event::Writable => Rarer::Writable,
            Event::ClientCertificateRequested => Rarer::ClientCertificateRequested,
            Event::SessionTicketReceived => Rarer::SessionTicketReceived,
            Event::KeysUpdated => Rarer::KeysUpdated,
            Event::AlertSent(alert) => Rarer::AlertSent(alert),
            Event::AlertReceived(alert) => Rarer::AlertReceived(alert),
            Event::PeerClosed => Rarer::PeerClosed,
            Event::EndOfStream => Rarer::EndOfStream,
            Event::CloseUnanswered => Rarer::CloseUnanswered,
            Event::Failed(kind) => {
                self.failed = Some(kind);
                Rarer::Failed
            }
            Event::Closed(_) => Rarer::Closed,
        };
        let waiting = Waiting::Rarer(rarer);
        if !rarer.can_repeat() || !self.queue.iter().any(|other| *other == waiting) {
            self.append(waiting);
        }
    }

    /// Whether any wait.
    #[inline]
    pub(crate) fn are_waiting(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Whether any wait that this was not asked of before.
    pub(crate) fn announce(&mut self) -> bool {
        take(&mut self.unannounced) && self.are_waiting()
    }

    #[inline]
    fn append(&mut self, waiting: Waiting) {
        self.unannounced = true;
        let appended = self.queue.push_back(waiting).is_ok();
        debug_assert!(appended, "{waiting:?} did not fit");
    }
}

/// What makes the queue small.
const _: () = assert!(size_of::<Waiting>() == 4);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_comes_out_as_it_went_in() {
        let report = CloseReport {
            unsent: 7,
            ..CloseReport::default()
        };
        let all = [
            Event::ModeChanged(SslMode::Server),
            Event::ConfigRequired(RequestId(3)),
            Event::PreSharedKeyRequired(PskId(4)),
            Event::SignatureRequired(SignatureId(4)),
            Event::PeerVerifyError {
                kind: SslErrorKind::UnsupportedAlgorithm,
                depth: 5,
            },
            Event::SslErrors(ReviewId(u32::MAX)),
            Event::Encrypted,
            Event::ReadyRead,
            Event::Writable,
            Event::BytesWritten(usize::MAX),
            Event::EncryptedBytesWritten(9),
            Event::ClientCertificateRequested,
            Event::SessionTicketReceived,
            Event::KeysUpdated,
            Event::AlertSent(Alert::Unknown(200)),
            Event::AlertReceived(Alert::CloseNotify),
            Event::PeerClosed,
            Event::EndOfStream,
            Event::CloseUnanswered,
            Event::Failed(FailureKind::BufferTooSmall { needed: 1 << 20 }),
            Event::Closed(report),
        ];
        let mut events = Events::default();
        for event in all {
            events.push(event);
        }
        for event in all {
            assert_eq!(events.pop(&report), Some(event));
        }
        assert_eq!(events.pop(&report), None);
    }

    #[test]
    fn what_repeats_waits_once_and_is_summed_up() {
        let mut events = Events::default();
        for _ in 0..100 {
            events.push(Event::KeysUpdated);
            events.push(Event::BytesWritten(2));
            events.push(Event::EncryptedBytesWritten(3));
            events.push(Event::SessionTicketReceived);
            events.push(Event::ReadyRead);
        }
        assert!(events.has_room());
        assert_eq!(
            events.pop(&CloseReport::default()),
            Some(Event::KeysUpdated)
        );
        assert_eq!(
            events.pop(&CloseReport::default()),
            Some(Event::BytesWritten(200))
        );
        assert_eq!(
            events.pop(&CloseReport::default()),
            Some(Event::EncryptedBytesWritten(300))
        );
        assert_eq!(
            events.pop(&CloseReport::default()),
            Some(Event::SessionTicketReceived)
        );
        assert_eq!(events.pop(&CloseReport::default()), Some(Event::ReadyRead));
        assert_eq!(events.pop(&CloseReport::default()), None);
    }
}
