//! What a peer may send when: the form of the tables that engines have of it.

use crate::alert::Alert;
use crate::failure::{Failure, FailureKind};

/// What a peer sends to an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::handshake) enum Incoming {
    /// A handshake message of this type.
    Message(u8),
    ChangeCipherSpec,
}

/// A state, and all that is legal in it.
pub(in crate::handshake) type Row<State> = (State, &'static [Incoming]);

/// Whether a table has this in the row of this state.
///
/// # Errors
/// unexpected_message.
pub(in crate::handshake) fn check<State: PartialEq>(
    table: &[Row<State>],
    state: State,
    incoming: Incoming,
) -> Result<(), Failure> {
    let mut rows = table.iter();
    match rows.any(|(row, legal)| *row == state && legal.contains(&incoming)) {
        true => Ok(()),
        false => Err(unexpected(incoming)),
    }
}

/// What has no place in a state.
pub(in crate::handshake) fn unexpected(incoming: Incoming) -> Failure {
    let failure = Failure::new(FailureKind::UnexpectedMessage, Alert::UnexpectedMessage);
    match incoming {
        Incoming::Message(kind) => failure.because(format_args!("handshake message {kind}")),
        Incoming::ChangeCipherSpec => failure.because("a ChangeCipherSpec that has no place here"),
    }
}
