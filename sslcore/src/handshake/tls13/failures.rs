//! What ends a handshake of this engine.

use subtle::ConstantTimeEq;

use crate::alert::Alert;
use crate::crypto::kx::KxError;
use crate::failure::{Failure, FailureKind};
use crate::handshake::wire::Refusal;

/// The last message before new keys must end its record (RFC 8446 §5.1).
pub(in crate::handshake) fn check_last(last: bool) -> Result<(), Failure> {
    match last {
        true => Ok(()),
        false => Err(Refusal::new(
            Alert::UnexpectedMessage,
            "a handshake message across a change of keys",
        )
        .into()),
    }
}

/// Compares the value of a Finished, in constant time.
pub(in crate::handshake) fn check_finished(value: &[u8], expected: &[u8]) -> Result<(), Failure> {
    if value.len() != expected.len() {
        return Err(Refusal::decode("a Finished of another length").into());
    }
    match bool::from(value.ct_eq(expected)) {
        true => Ok(()),
        false => Err(bad_signature()),
    }
}

/// What should prove who the peer is, and what it has heard, is wrong.
pub(in crate::handshake) fn bad_signature() -> Failure {
    Failure::new(FailureKind::BadHandshakeSignature, Alert::DecryptError)
}

/// Nothing in common.
pub(in crate::handshake) fn incompatible(why: &str) -> Failure {
    Failure::new(FailureKind::Incompatible, Alert::HandshakeFailure).because(why)
}

/// No key in common.
pub(in crate::handshake) fn no_key(alert: Alert, why: &str) -> Failure {
    Failure::new(FailureKind::NoPreSharedKey, alert).because(why)
}

pub(in crate::handshake) fn engine_failure(why: &str) -> Failure {
    Failure::new(FailureKind::Engine, Alert::InternalError).because(why)
}

/// It is taken apart before its end.
pub(in crate::handshake) fn incomplete() -> Failure {
    engine_failure("the handshake is not complete")
}

impl From<KxError> for Failure {
    fn from(error: KxError) -> Self {
        match error {
            KxError::Share => Refusal::illegal("a key share that is none of its group").into(),
            KxError::Random => engine_failure("there are no random numbers"),
        }
    }
}
