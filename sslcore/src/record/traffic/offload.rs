//! Both directions while others have the keys of one, or of both.

use super::Traffic;
use crate::record::protection::Protection;
use crate::trace::Direction;

impl Traffic {
    /// Whether others have yet to take the next key of a direction.
    pub(crate) fn is_untaken(&self, direction: Direction) -> bool {
        match direction {
            Direction::Sent => self.tx.is_untaken(),
            Direction::Received => self.rx.is_untaken(),
        }
    }

    /// How a direction is protected.
    pub(crate) fn protection(&mut self, direction: Direction) -> &mut Protection {
        match direction {
            Direction::Sent => &mut self.tx,
            Direction::Received => &mut self.rx,
        }
    }

    /// Others have sealed so many records that are not counted yet.
    pub(crate) fn count_sealed(&mut self, records: u64) {
        if self.tx.is_untaken() {
            return; // under the key before this one
        }
        self.tx.count(records);
        self.unused_key &= records == 0;
        if self.is_renewable() {
            self.renew_if_used_up();
        }
    }
}
