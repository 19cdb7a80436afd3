//! What passes by on a connection and is worth a word later.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use sslcore_std::sslcore::{Alert, Event};
use sslcore_std::trace::{Direction, Tap, Wire};

use super::record::Recording;
use super::trace::Trace;

/// The calls that end our direction, in order and at once.
pub(super) const CLOSE: &str = "close";
pub(super) const CANCEL: &str = "cancel";

/// What has been seen, and what writes it down.
#[derive(Default)]
pub(super) struct Watch {
    seen: Arc<Seen>,
    recording: Option<Recording>,
}

#[derive(Default)]
struct Seen {
    asked: AtomicBool,
    renegotiation: AtomicBool,
    /// The end of our direction was called for.
    ending: AtomicBool,
}

impl Watch {
    /// Begins, in a file if that is wanted.
    pub(super) fn begin(record: Option<&Path>) -> Result<Self, String> {
        Ok(Self {
            recording: record.map(Recording::create).transpose()?,
            ..Self::default()
        })
    }

    /// A call on the connection is written down.
    pub(super) fn call(&self, what: &str) {
        if let Some(recording) = &self.recording {
            recording.call(what);
        }
    }

    /// A close, or a cancel that comes behind one, is written down; a close behind either is not.
    pub(super) fn end(&self, what: &str) {
        if !self.seen.ending.swap(true, Ordering::Relaxed) || what != CLOSE {
            self.call(what);
        }
    }

    /// Why the recording is not complete.
    pub(super) fn gap(&self) -> Option<String> {
        self.recording.as_ref()?.gap()
    }

    /// What sees it, and shows it if there is a trace.
    pub(super) fn tap(&self, trace: Option<Trace>) -> Box<dyn Tap> {
        Box::new(Watcher {
            seen: Arc::clone(&self.seen),
            trace,
            recording: self.recording.clone(),
        })
    }

    /// Whether the server has asked for a certificate of ours.
    pub(super) fn was_asked(&self) -> bool {
        self.seen.asked.load(Ordering::Relaxed)
    }

    /// Whether the server wanted to renegotiate, which was refused.
    pub(super) fn refused_renegotiation(&self) -> bool {
        self.seen.renegotiation.load(Ordering::Relaxed)
    }
}

struct Watcher {
    seen: Arc<Seen>,
    trace: Option<Trace>,
    recording: Option<Recording>,
}

impl Tap for Watcher {
    fn wire(&mut self, at: Instant, direction: Direction, wire: Wire<'_>) {
        if let Some(trace) = &mut self.trace {
            trace.wire(at, direction, wire);
        }
        if let Some(recording) = &mut self.recording {
            recording.wire(at, direction, wire);
        }
    }

    fn event(&mut self, at: Instant, event: Event) {
        match event {
            Event::ClientCertificateRequested => self.seen.asked.store(true, Ordering::Relaxed),
            Event::AlertSent(Alert::NoRenegotiation) => {
                self.seen.renegotiation.store(true, Ordering::Relaxed);
            }
            _ => {}
        }
        if let Some(trace) = &mut self.trace {
            trace.event(at, event);
        }
        if let Some(recording) = &mut self.recording {
            recording.event(at, event);
        }
    }
}
