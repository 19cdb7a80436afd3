use super::*;
use crate::alert::Alert;

/// RFC 8446 §A.1 and §A.2, without what a handshake with certificates has besides: the state, its name
/// there, the one message, and whether a ChangeCipherSpec is dropped (§5).
const STATES: [(Awaited, &str, Option<u8>, bool); 7] = [
    (Awaited::Nothing, "START, CONNECTED", None, false),
    (Awaited::ServerHello, "WAIT_SH", Some(2), true),
    (Awaited::ServerHelloTls12, "WAIT_SH", Some(2), false),
    (Awaited::EncryptedExtensions, "WAIT_EE", Some(8), true),
    (Awaited::ServerFinished, "WAIT_FINISHED", Some(20), true),
    (Awaited::SecondHello, "START", Some(1), true),
    (Awaited::ClientFinished, "WAIT_FINISHED", Some(20), true),
];

#[test]
fn in_each_state_this_is_legal_and_nothing_else() {
    for (state, name, message, spec) in STATES {
        let takes = |incoming| match state.check(incoming) {
            Ok(()) => true,
            Err(failure) => {
                assert_eq!(failure.alert(), Some(Alert::UnexpectedMessage), "{name}");
                false
            }
        };
        for kind in 0..=u8::MAX {
            let expected = message == Some(kind);
            assert_eq!(takes(Incoming::Message(kind)), expected, "{name} {kind}");
        }
        assert_eq!(takes(Incoming::ChangeCipherSpec), spec, "{name}");
    }
}

#[test]
fn every_state_has_one_row() {
    for (state, ..) in STATES {
        let rows = LEGAL.iter().filter(|(row, _)| *row == state);
        assert_eq!(rows.count(), 1, "{state:?}");
    }
    assert_eq!(LEGAL.len(), STATES.len());
}
