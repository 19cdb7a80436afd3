//! What passes by on a connection and is worth a word later.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use sslcore_std::sslcore::{Alert, Event};
use sslcore_std::trace::{Direction, Tap, Wire};

use super::trace::Trace;

/// What has been seen.
#[derive(Clone, Default)]
pub(super) struct Watch(Arc<Seen>);

#[derive(Default)]
struct Seen {
    asked: AtomicBool,
    renegotiation: AtomicBool,
}

impl Watch {
    /// What sees it, and shows it if there is a trace.
    pub(super) fn tap(&self, trace: Option<Trace>) -> Box<dyn Tap> {
        Box::new(Watcher {
            seen: Arc::clone(&self.0),
            trace,
        })
    }

    /// Whether the server has asked for a certificate of ours.
    pub(super) fn was_asked(&self) -> bool {
        self.0.asked.load(Ordering::Relaxed)
    }

    /// Whether the server wanted to renegotiate, which was refused.
    pub(super) fn refused_renegotiation(&self) -> bool {
        self.0.renegotiation.load(Ordering::Relaxed)
    }
}

struct Watcher {
    seen: Arc<Seen>,
    trace: Option<Trace>,
}

impl Tap for Watcher {
    fn wire(&mut self, at: Instant, direction: Direction, wire: Wire<'_>) {
        if let Some(trace) = &mut self.trace {
            trace.wire(at, direction, wire);
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
    }
}
