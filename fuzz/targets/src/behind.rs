//! Connections behind their handshake: made once, and copied for each input.

use std::cell::RefCell;
use std::collections::HashMap;

use sslcore::Limits;

use crate::configs::Choice;
use crate::report;
use crate::watched::Watched;

thread_local! {
    static MADE: RefCell<HashMap<(Choice, u8), Watched>> = RefCell::default();
}

/// An encrypted connection whose peer is gone, with limits that follow from this byte. A client keeps no
/// tickets: one that does cannot be copied. What is recorded begins at the beginning.
pub(crate) fn encrypted(choice: Choice, limits: u8, limits_of: fn(u8) -> Limits) -> Watched {
    if report::is_recording() {
        return handshaken(choice, limits_of(limits));
    }
    MADE.with_borrow_mut(|made| {
        let end = made.entry((choice, limits));
        let end = end.or_insert_with(|| handshaken(choice, limits_of(limits)));
        end.copied()
    })
}

fn handshaken(choice: Choice, limits: Limits) -> Watched {
    let mut end = Watched::new(limits);
    let mut peer = Watched::new(Limits::default());
    for (watched, choice, seed) in [(&mut end, choice, 1), (&mut peer, choice.peer(), 2)] {
        let started = choice.config(seed).start(&mut watched.conn, false);
        started.expect("not started before");
    }
    let (mut said, _) = end.drain();
    for _ in 0..4 {
        let (answer, _) = peer.feed(&said);
        (said, _) = end.feed(&answer);
    }
    assert!(end.conn.is_encrypted() && peer.conn.is_encrypted());
    end
}
