//! What a picture has rows of.

use alloc::string::String;

use crate::trace::Direction;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    /// In microseconds since the clock's start.
    pub(super) at: u64,
    pub(super) what: What,
}

/// What a row in the place of many stands for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Folded {
    /// How many pieces, and bytes, were sent.
    pub(super) sent: (usize, usize),
    pub(super) received: (usize, usize),
    /// When the last of it was, in microseconds.
    pub(super) until: u64,
}

impl Folded {
    pub(super) fn passed(&self, way: Direction) -> (usize, usize) {
        match way {
            Direction::Sent => self.sent,
            Direction::Received => self.received,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// So many in a row of one kind, with so many bytes together.
    Records {
        direction: Direction,
        kind: String,
        count: usize,
        bytes: usize,
    },
    Event(String),
    Call(String),
    /// Another connection begins, the one of this number.
    Connection(usize),
    /// Data that has passed for long.
    Folded(Folded),
}

impl What {
    /// Takes one more of the same kind in, if this is of that kind.
    pub(super) fn absorb(&mut self, way: Direction, same: &str, more: usize) -> bool {
        match self {
            Self::Records {
                direction,
                kind,
                count,
                bytes,
            } if *direction == way && kind == same => {
                *count += 1;
                *bytes = bytes.saturating_add(more);
                true
            }
            _ => false,
        }
    }
}
