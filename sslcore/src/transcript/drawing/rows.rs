//! The rows of a picture. Long sessions are short: of data that passes for long, the middle is one row.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use super::moment::{Folded, Moment, What};
use crate::trace::Direction;

/// How many there are at most: browsers show no picture that is much higher.
const MOST: usize = 100_000;
/// Rows of one stretch of data that are shown at its beginning, and at its end.
const SHOWN: usize = 4;

/// Rows that come one after the other.
#[derive(Debug, Default)]
pub(super) struct Rows {
    rows: Vec<Moment>,
    /// Where the stretch of data at the end begins: records that nobody can look into, and the calls
    /// that write and read.
    stretch: Option<usize>,
}

impl Rows {
    /// Adds one, and folds the middle of the stretch that it is in.
    ///
    /// # Errors
    /// A sentence: that there are too many.
    pub(super) fn push(&mut self, moment: Moment) -> Result<(), String> {
        let is_data = is_data(&moment.what);
        self.rows.push(moment);
        if !is_data {
            self.stretch = None;
        } else {
            let begin = *self.stretch.get_or_insert(self.rows.len() - 1);
            // One row is no shorter than two.
            if self.rows.len() - begin > 2 * SHOWN + 1 {
                self.fold(begin + SHOWN);
            }
        }
        match self.rows.len() > MOST {
            true => Err(
                "more has happened than a picture can show: it has 100,000 rows at most".to_owned(),
            ),
            false => Ok(()),
        }
    }

    /// Takes the row behind this one into it.
    fn fold(&mut self, at: usize) {
        let moment = self.rows.remove(at + 1);
        if let Some(first) = self.rows.get_mut(at) {
            if !matches!(first.what, What::Folded(_)) {
                let alone = core::mem::replace(&mut first.what, What::Folded(Folded::default()));
                take_in(first, &alone);
            }
            take_in(first, &moment.what);
            if let What::Folded(folded) = &mut first.what {
                folded.until = moment.at;
            }
        }
    }

    pub(super) fn last_mut(&mut self) -> Option<&mut Moment> {
        self.rows.last_mut()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Puts the last rows, so many, at this time.
    pub(super) fn restamp(&mut self, count: usize, at: u64) {
        let last = self.rows.iter_mut().rev().take(count);
        last.for_each(|moment| moment.at = at);
    }

    pub(super) fn into_vec(self) -> Vec<Moment> {
        self.rows
    }
}

fn is_data(what: &What) -> bool {
    match what {
        What::Records { kind, .. } => matches!(&kind[..], "encrypted" | "plaintext" | "bytes"),
        What::Call(call) => call.starts_with("write ") || call.starts_with("read "),
        _ => false,
    }
}

/// Counts what a folded row stands for.
fn take_in(row: &mut Moment, what: &What) {
    let What::Records {
        direction,
        count,
        bytes,
        ..
    } = what
    else {
        return;
    };
    if let What::Folded(folded) = &mut row.what {
        let (pieces, all) = match direction {
            Direction::Sent => &mut folded.sent,
            Direction::Received => &mut folded.received,
        };
        *pieces = pieces.saturating_add(*count);
        *all = all.saturating_add(*bytes);
    }
}
