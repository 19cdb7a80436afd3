//! In each state every call.

use sslcore::Leftover;
use sslcore_tests::view::view;

use crate::buffers::Buf;
use crate::calls::Call;
use crate::configs::Asked;
use crate::decisions::Decision;
use crate::states::{CLIENT, State, flight, states};

/// Every call, with what is possible and what is not.
fn every_call() -> Vec<Call> {
    let mut calls = vec![
        Call::Receive(vec![]),
        Call::Receive(vec![0x16; 30]),
        Call::TakeTransmit,
        Call::DropTransmit,
        Call::TransmitFailed,
        Call::WriteVectored(vec![]),
        Call::WriteVectored(vec![3, 0, 70_000]),
        Call::DiscardReads,
        Call::SetPeerCloseTimeout(None),
        Call::SetPeerCloseTimeout(Some(5)),
        Call::Close,
        Call::Cancel,
        Call::Abort,
        Call::UpdateKeys,
        Call::ReceiveEof,
        Call::ReceiveReset,
        Call::Advance(100_000),
        Call::Settle,
        Call::TakeChanges,
        Call::Next(3),
        Call::Step,
        Call::Carry,
        Call::Exchange,
    ];
    for leftover in [Leftover::Refuse, Leftover::Discard, Leftover::TreatAsTls] {
        calls.push(Call::StartClient(leftover));
        for ask in [false, true] {
            calls.push(Call::StartServer { ask, leftover });
        }
    }
    for n in [0, 1, 100, 100_000] {
        calls.extend([
            Call::Received(n),
            Call::Lend(n),
            Call::Transmitted(n),
            Call::CompleteTransmit(n),
            Call::Write(n),
            Call::Consume(n),
            Call::Read(n),
            Call::Unread(n),
            Call::ReadAndPutBack(n),
            Call::SetReadBufferSize(n),
            Call::Buf(Buf::Write(n)),
            Call::Buf(Buf::Read(n)),
            Call::Buf(Buf::Receive(vec![0x16; n.min(300)])),
            Call::Buf(Buf::ReceiveOwned(vec![0x16; n.min(300)])),
        ]);
    }
    let decisions = [true, false].into_iter().flat_map(|yes| {
        [
            Decision::AnswerOpen(yes),
            Decision::ProvideOpen(yes),
            Decision::ProvideStale(yes),
            Decision::SignOpen(yes),
            Decision::SignStale(yes),
        ]
    });
    let others = [
        Decision::AcceptWithoutErrors,
        Decision::AnswerStale,
        Decision::RefuseWith,
        Decision::SignUnfit,
    ];
    calls.extend(decisions.chain(others).map(Call::Decide));
    calls
}

impl State {
    /// What can be seen when these calls are made first, and then others that are legal somewhere: how
    /// each is answered, and both ends at last.
    fn goes_on(&self, tls13: bool, first: &[Call]) -> String {
        let mut run = self.reach(tls13).expect(self.name);
        for call in first {
            run.make(self.on_client, call).expect(self.name);
        }
        let later = [
            Call::Unread(1),
            Call::ReadAndPutBack(10),
            Call::TakeChanges,
            Call::Write(10),
            Call::UpdateKeys,
            Call::Next(2),
            Call::Decide(Decision::AnswerOpen(true)),
            Call::Decide(Decision::ProvideOpen(true)),
            Call::Decide(Decision::SignOpen(true)),
            Call::Exchange,
            Call::Exchange,
            Call::Close,
            Call::Exchange,
        ];
        let answers = later.map(|call| run.make(self.on_client, &call).expect(self.name));
        let ends = [&run.pair.client, &run.pair.server];
        let seen = ends.map(|end| format!("{:?} {:?}", end.events, view(&end.conn)));
        format!("{answers:?} {seen:?}")
    }
}

#[test]
fn every_call_is_made_in_every_state() {
    let mut phases = Vec::new();
    for state in states() {
        for tls13 in [false, true]
            .into_iter()
            .filter(|it| *it || !state.asked.signature)
        {
            let what = format!("{}, TLS 1.3: {tls13}", state.name);
            let run = state.reach(tls13).expect(&what);
            assert_eq!(state.phase_of(&run), state.phase, "{what}");
            phases.push(state.phase);
            let untouched = state.goes_on(tls13, &[]);
            for call in every_call() {
                // Once, and once more behind it; then both ends go on.
                let mut run = state.reach(tls13).expect(&what);
                let mut legal = Vec::new();
                for _ in 0..2 {
                    let made = run.make(state.on_client, &call);
                    assert!(made.is_ok(), "{what}, {call:?}: {made:?}");
                    let mut with = legal.clone();
                    with.push(call.clone());
                    if let Ok(true) = made {
                        // It leaves no trace, whatever comes behind it.
                        let without = match &legal[..] {
                            [] => untouched.clone(),
                            legal => state.goes_on(tls13, legal),
                        };
                        assert_eq!(state.goes_on(tls13, &with), without, "{what}, {call:?}");
                    } else {
                        legal = with;
                    }
                }
                let mut end = Ok(false);
                for _ in 0..3 {
                    end = end.and_then(|_| run.make(CLIENT, &Call::Exchange));
                }
                let end = end.and_then(|_| run.finish(false));
                assert!(end.is_ok(), "{what}, {call:?}: {end:?}");
            }
        }
    }
    for phase in [
        "Plain",
        "Greeting",
        "AwaitingHello",
        "Choosing",
        "Handshaking",
        "Held",
        "Signing",
        "Traffic",
        "Over",
    ] {
        assert!(phases.contains(&phase), "{phase}");
    }
}

/// The phase of a chain that is about to be verified lasts one step: it is come upon step by step.
#[test]
fn every_call_is_made_between_any_two_steps_of_a_client() {
    for tls13 in [false, true] {
        for asked in [Asked::NOTHING, Asked::REVIEW] {
            let mut phases = Vec::new();
            for steps in 0..12 {
                let state = State {
                    name: "step by step",
                    on_client: CLIENT,
                    phase: "",
                    asked,
                    path: flight()
                        .into_iter()
                        .chain(vec![(CLIENT, Call::Step); steps])
                        .collect(),
                };
                let run = state.reach(tls13).expect("a step");
                phases.push(state.phase_of(&run));
                for call in every_call() {
                    let what = format!("{steps} steps, TLS 1.3: {tls13}, {call:?}");
                    let mut run = state.reach(tls13).expect(&what);
                    let made = run.make(CLIENT, &call).and_then(|_| run.finish(false));
                    assert!(made.is_ok(), "{what}: {made:?}");
                }
            }
            assert!(phases.iter().any(|phase| phase == "Judging"), "{phases:?}");
        }
    }
}
