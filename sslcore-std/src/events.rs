//! Events between the connection and the application.

use std::collections::VecDeque;

use sslcore::Event;

/// What the application has not asked for yet. Bounded without a cap: what can repeat is summed
/// up by [`Event::absorb`], and everything else happens a limited number of times.
#[derive(Debug, Default)]
pub(crate) struct Events(VecDeque<Event>);

impl Events {
    pub(crate) fn push(&mut self, event: Event) {
        if !self.0.iter_mut().any(|waiting| waiting.absorb(event)) {
            self.0.push_back(event);
        }
    }

    pub(crate) fn pop(&mut self) -> Option<Event> {
        self.0.pop_front()
    }
}
