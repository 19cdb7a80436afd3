//! A block of extensions (RFC 8446 §4.2).

use alloc::vec::Vec;

use super::{Reader, Refusal, have_twins, sorted};
use crate::alert::Alert;
use crate::handshake::extensions::{self, Place};

/// One extension, borrowed.
pub(crate) type Extension<'a> = (u16, &'a [u8]);

/// A block of extensions that was found whole, each of them once.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Extensions<'a> {
    block: &'a [u8],
}

impl<'a> Extensions<'a> {
    /// Takes a block.
    ///
    /// # Errors
    /// decode_error when a length is wrong, illegal_parameter when an extension comes twice.
    pub(crate) fn read(block: &'a [u8]) -> Result<Self, Refusal> {
        let mut reader = Reader::new(block, "the extensions are damaged");
        // Nearly all numbers are small: those are told apart without memory.
        let (mut small, mut is_twice) = (0_u64, false);
        let mut others = Vec::new();
        while !reader.is_empty() {
            let number = reader.u16()?;
            match 1_u64.checked_shl(number.into()) {
                Some(bit) => {
                    is_twice |= small & bit != 0;
                    small |= bit;
                }
                None => others.push(number),
            }
            reader.vector16()?;
        }
        match is_twice || have_twins(others) {
            true => Err(Refusal::illegal("an extension comes twice")),
            false => Ok(Self { block }),
        }
    }

    /// A block that [`read`](Self::read) has found whole before.
    pub(crate) const fn of_whole(block: &'a [u8]) -> Self {
        Self { block }
    }

    /// The extensions, in the order that they have.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Extension<'a>> + use<'a> {
        let mut reader = Reader::new(self.block, "");
        core::iter::from_fn(move || Some((reader.u16().ok()?, reader.vector16().ok()?)))
    }

    /// The content of one, if it is there.
    pub(crate) fn find(&self, wanted: u16) -> Option<&'a [u8]> {
        let mut found = self.iter().filter(|(number, _)| *number == wanted);
        found.next().map(|(_, content)| content)
    }

    /// Whether each may stand in this message; `offered` says what the other side has offered to a message
    /// that [answers](Place::answers).
    ///
    /// # Errors
    /// Those of [`extensions::check`].
    pub(crate) fn check(&self, place: Place, offered: impl Fn(u16) -> bool) -> Result<(), Refusal> {
        // One that answers nothing is what the peer is told about, whatever else is wrong.
        let mut refused = None;
        for (number, _) in self.iter() {
            match extensions::check(number, place, offered(number)) {
                Ok(()) => {}
                Err(Alert::UnsupportedExtension) => return Err(Refusal::unsolicited()),
                Err(alert) => refused = Some(alert),
            }
        }
        match refused {
            Some(alert) => Err(Refusal::new(
                alert,
                "an extension that is not for its message",
            )),
            None => Ok(()),
        }
    }

    /// The same for a message that answers nothing.
    pub(crate) fn belong(&self, place: Place) -> Result<(), Refusal> {
        self.check(place, |_| false)
    }

    /// Whether both blocks have the same extensions, in any order, but for those that `may_differ`.
    pub(crate) fn agree(&self, other: &Self, may_differ: impl Fn(u16) -> bool) -> bool {
        let compared = |extensions: &Self| {
            let mut offset = 0;
            let mut places = Vec::new();
            for (number, content) in extensions.iter() {
                if !may_differ(number) {
                    places.push((number, offset));
                }
                offset += EXTENSION_HEADER + content.len();
            }
            // Small, since a peer chooses how many there are: offsets below 2^16.
            sorted(places)
        };
        let whole = |extensions: &Self, offset: usize| {
            let rest = extensions.block.get(offset..).unwrap_or_default();
            Self { block: rest }.iter().next()
        };
        let (ours, theirs) = (compared(self), compared(other));
        ours.len() == theirs.len()
            && ours
                .iter()
                .zip(&theirs)
                .all(|(one, same)| whole(self, one.1) == whole(other, same.1))
    }
}

/// Number and length.
const EXTENSION_HEADER: usize = 4;
