//! The table, looked at as a whole.

use alloc::vec::Vec;

use super::{Call, Cause, Outbound, Phase, State, next};
use crate::usage::UsageError;

const PHASES: [Phase; 8] = [
    Phase::Plain,
    Phase::AwaitingHello,
    Phase::ChoosingConfig,
    Phase::Handshake,
    Phase::Judging,
    Phase::Held,
    Phase::Traffic,
    Phase::Over,
];

const CAUSES: [Cause; 10] = [
    Cause::Started,
    Cause::Awaited,
    Cause::HelloSeen,
    Cause::HelloRead,
    Cause::ConfigChosen,
    Cause::VerdictDue,
    Cause::Approved,
    Cause::Doubted,
    Cause::Completed,
    Cause::Ended,
];

fn successors(phase: Phase) -> Vec<Phase> {
    CAUSES
        .iter()
        .filter_map(|cause| next(phase, *cause))
        .collect()
}

#[test]
fn every_phase_can_end_and_the_end_is_final() {
    for phase in PHASES {
        let end = next(phase, Cause::Ended);
        assert_eq!(end, (phase != Phase::Over).then_some(Phase::Over));
    }
    assert!(successors(Phase::Over).is_empty());
}

#[test]
fn every_phase_can_be_reached_and_none_returns_to_plaintext() {
    let mut reached = Vec::from([Phase::Plain]);
    let mut at = 0;
    while let Some(phase) = reached.get(at).copied() {
        at += 1;
        for later in successors(phase) {
            assert_ne!(later, Phase::Plain);
            if !reached.contains(&later) {
                reached.push(later);
            }
        }
    }
    assert_eq!(reached.len(), PHASES.len());
}

#[test]
fn traffic_is_reached_only_by_completing_a_handshake() {
    for phase in PHASES {
        for cause in CAUSES {
            if next(phase, cause) == Some(Phase::Traffic) {
                assert_eq!((phase, cause), (Phase::Handshake, Cause::Completed));
            }
        }
    }
}

#[test]
fn a_hold_is_left_only_by_approval_or_the_end() {
    assert_eq!(successors(Phase::Held), [Phase::Handshake, Phase::Over]);
}

#[test]
fn nothing_can_be_written_or_started_once_this_side_is_closed() {
    for call in [Call::Write, Call::Start, Call::UpdateKeys] {
        let mut state = State::default();
        state.begin_close();
        assert_eq!(state.permit(call), Err(UsageError::WriteClosed));
        state.end_outbound();
        assert_eq!(state.permit(call), Err(UsageError::WriteClosed));
        state.follow(Cause::Ended);
        assert_eq!(state.permit(call), Err(UsageError::ConnectionOver));
        assert_eq!(state.outbound(), Outbound::Closed);
    }
}
