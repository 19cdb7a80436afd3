use super::*;
use crate::alert::Alert;

/// RFC 5246 §7.3 with the messages of RFC 4279 §2: the state, its messages, and whether it waits for
/// ChangeCipherSpec.
const STATES: [(Awaited, &[u8], bool); 7] = [
    (Awaited::Nothing, &[], false),
    (Awaited::ServerKeyExchange, &[12], false),
    (Awaited::ServerKeyExchangeOrDone, &[12, 14], false),
    (Awaited::ServerHelloDone, &[14], false),
    (Awaited::ClientKeyExchange, &[16], false),
    (Awaited::ChangeCipherSpec, &[], true),
    (Awaited::Finished, &[20], false),
];

#[test]
fn in_each_state_this_is_legal_and_nothing_else() {
    for (state, messages, spec) in STATES {
        let takes = |incoming| match state.check(incoming) {
            Ok(()) => true,
            Err(failure) => {
                let alert = Some(Alert::UnexpectedMessage);
                assert_eq!(failure.alert(), alert, "{state:?}");
                false
            }
        };
        for kind in 0..=u8::MAX {
            let expected = messages.contains(&kind);
            let taken = takes(Incoming::Message(kind));
            assert_eq!(taken, expected, "{state:?} {kind}");
        }
        assert_eq!(takes(Incoming::ChangeCipherSpec), spec, "{state:?}");
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
