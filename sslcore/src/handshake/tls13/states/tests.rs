use super::*;
use crate::alert::Alert;

/// RFC 8446 §A.1 and §A.2: the state, its name there, the messages, and whether a ChangeCipherSpec is
/// dropped (§5).
const STATES: [(Awaited, &str, &[u8], bool); 10] = [
    (Awaited::Nothing, "START, CONNECTED", &[], false),
    (Awaited::ServerHello, "WAIT_SH", &[2], true),
    (Awaited::ServerHelloTls12, "WAIT_SH", &[2], false),
    (Awaited::EncryptedExtensions, "WAIT_EE", &[8], true),
    (
        Awaited::CertificateOrRequest,
        "WAIT_CERT_CR",
        &[13, 11],
        true,
    ),
    (Awaited::Certificate, "WAIT_CERT", &[11], true),
    (Awaited::CertificateVerify, "WAIT_CV", &[15], true),
    (Awaited::ServerFinished, "WAIT_FINISHED", &[20], true),
    (Awaited::SecondHello, "START", &[1], true),
    (Awaited::ClientFinished, "WAIT_FINISHED", &[20], true),
];

#[test]
fn in_each_state_this_is_legal_and_nothing_else() {
    for (state, name, messages, spec) in STATES {
        let takes = |incoming| match state.check(incoming) {
            Ok(()) => true,
            Err(failure) => {
                assert_eq!(failure.alert(), Some(Alert::UnexpectedMessage), "{name}");
                false
            }
        };
        for kind in 0..=u8::MAX {
            let expected = messages.contains(&kind);
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
