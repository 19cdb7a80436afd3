//! Each state by its name, and in each of them every call.

use proptest::prelude::TestCaseError;
use sslcore::testing::{backend_without_security, known_identity};
use sslcore::{ClientConfig, Leftover, OnErrors, ServerConfig};
use sslcore_tests::view::view;

use crate::Run;
use crate::buffers::Buf;
use crate::calls::Call;
use crate::decisions::Decision;
use crate::outcomes::{Configs, SCHEMES};

/// As `configs`, and quicker.
fn configs(tls13: bool, hold: bool, signs: bool) -> Configs {
    let version = if tls13 { "TLSv1.3" } else { "TLSv1.2" };
    let (chain, key) = known_identity();
    let mut client = ClientConfig::builder(backend_without_security(1)).protocols(&[version]);
    client = match hold {
        true => client.on_errors(OnErrors::Hold),
        false => client.trust_anchors(chain.clone()),
    };
    let server = ServerConfig::builder(backend_without_security(2)).protocols(&[version]);
    let server = match signs {
        true => server.ask_for_signatures(chain, SCHEMES.iter().copied()),
        false => server.identity(chain, key.clone_key()),
    };
    Configs {
        client: client.build().expect("client"),
        server: server.build().expect("server"),
        key,
    }
}

/// A state: at which end, its phase as `Debug` shows it, and how to get there.
struct State {
    name: &'static str,
    on_client: bool,
    phase: &'static str,
    hold: bool,
    /// The server's application signs, in TLS 1.3.
    signs: bool,
    path: Vec<(bool, Call)>,
}

const CLIENT: bool = true;
const SERVER: bool = false;

fn starts(ask: bool) -> Vec<(bool, Call)> {
    let leftover = Leftover::Refuse;
    vec![
        (SERVER, Call::StartServer { ask, leftover }),
        (CLIENT, Call::StartClient(leftover)),
    ]
}

/// The hello is with the server, which has not looked at it.
fn hello(ask: bool) -> Vec<(bool, Call)> {
    let said = [(CLIENT, Call::Settle), (CLIENT, Call::Carry)];
    starts(ask).into_iter().chain(said).collect()
}

/// The server's flight is with the client, which has not looked at it.
fn flight() -> Vec<(bool, Call)> {
    let said = [(SERVER, Call::Settle), (SERVER, Call::Carry)];
    hello(false).into_iter().chain(said).collect()
}

fn encrypted(more: &[(bool, Call)]) -> Vec<(bool, Call)> {
    let exchanges = vec![(CLIENT, Call::Exchange); 4];
    let path = starts(false).into_iter().chain(exchanges);
    path.chain(more.to_vec()).collect()
}

fn states() -> Vec<State> {
    let state = |name, on_client, phase, path: Vec<(bool, Call)>| State {
        name,
        on_client,
        phase,
        hold: false,
        signs: false,
        path,
    };
    let with = |mut path: Vec<(bool, Call)>, more: &[(bool, Call)]| {
        path.extend_from_slice(more);
        path
    };
    let garbage = Call::Receive(vec![0x55; 40]);
    let mut states = vec![
        state("plain", CLIENT, "Plain", vec![]),
        state(
            "plain, with something unread",
            CLIENT,
            "Plain",
            vec![
                (SERVER, Call::Write(20)),
                (SERVER, Call::Carry),
                (CLIENT, Call::Settle),
            ],
        ),
        state(
            "plain, with something that has not been processed",
            CLIENT,
            "Plain",
            vec![(SERVER, Call::Write(20)), (SERVER, Call::Carry)],
        ),
        state(
            "plain, closing",
            CLIENT,
            "Plain",
            vec![(CLIENT, Call::Close)],
        ),
        state(
            "plain, its stream at its end",
            CLIENT,
            "Plain",
            vec![(CLIENT, Call::ReceiveEof), (CLIENT, Call::Settle)],
        ),
        state(
            "a client about to say hello",
            CLIENT,
            "Greeting",
            starts(false),
        ),
        state(
            "a server that waits for a hello",
            SERVER,
            "AwaitingHello",
            starts(false),
        ),
        state(
            "a hello that nobody has read",
            SERVER,
            "AwaitingHello",
            hello(true),
        ),
        state(
            "a configuration is asked for",
            SERVER,
            "Choosing",
            with(hello(true), &[(SERVER, Call::Settle)]),
        ),
        state(
            "a configuration was given",
            SERVER,
            "Choosing",
            with(
                hello(true),
                &[
                    (SERVER, Call::Settle),
                    (SERVER, Call::Decide(Decision::ProvideOpen(true))),
                ],
            ),
        ),
        state(
            "a client that has said hello",
            CLIENT,
            "Handshaking",
            hello(false),
        ),
        state(
            "a client with a flight that it has not read",
            CLIENT,
            "Handshaking",
            flight(),
        ),
        state(
            "a server that has answered",
            SERVER,
            "Handshaking",
            with(hello(false), &[(SERVER, Call::Settle)]),
        ),
        state(
            "a handshake, closing",
            SERVER,
            "AwaitingHello",
            with(starts(false), &[(SERVER, Call::Close)]),
        ),
        state(
            "a handshake whose stream has ended",
            CLIENT,
            "Handshaking",
            with(hello(false), &[(CLIENT, Call::ReceiveEof)]),
        ),
        state(
            "a handshake that cannot send",
            CLIENT,
            "Handshaking",
            with(hello(false), &[(CLIENT, Call::TransmitFailed)]),
        ),
        state("encrypted", CLIENT, "Traffic", encrypted(&[])),
        state(
            "encrypted, with everything waiting",
            CLIENT,
            "Traffic",
            encrypted(&[
                (SERVER, Call::Write(50_000)),
                (SERVER, Call::Carry),
                (CLIENT, Call::Write(50_000)),
                (CLIENT, Call::UpdateKeys),
            ]),
        ),
        state(
            "encrypted, with something to read and to put back",
            SERVER,
            "Traffic",
            encrypted(&[
                (CLIENT, Call::Write(500)),
                (CLIENT, Call::Exchange),
                (SERVER, Call::Read(100)),
            ]),
        ),
        state(
            "encrypted, closing",
            CLIENT,
            "Traffic",
            encrypted(&[(CLIENT, Call::Close)]),
        ),
        state(
            "encrypted, closed and not answered",
            CLIENT,
            "Traffic",
            encrypted(&[(CLIENT, Call::Close), (CLIENT, Call::Settle)]),
        ),
        state(
            "encrypted, its transport handed over",
            CLIENT,
            "Traffic",
            encrypted(&[(CLIENT, Call::Write(500)), (CLIENT, Call::TakeTransmit)]),
        ),
        state(
            "encrypted, unable to send",
            CLIENT,
            "Traffic",
            encrypted(&[(CLIENT, Call::Write(500)), (CLIENT, Call::TransmitFailed)]),
        ),
        state(
            "encrypted, its stream at an end that nobody has looked at",
            SERVER,
            "Traffic",
            encrypted(&[(SERVER, Call::ReceiveEof)]),
        ),
        state(
            "encrypted, reset",
            SERVER,
            "Traffic",
            encrypted(&[(SERVER, Call::ReceiveReset)]),
        ),
        state(
            "over: both have closed",
            CLIENT,
            "Over",
            encrypted(&[
                (CLIENT, Call::Close),
                (SERVER, Call::Close),
                (CLIENT, Call::Exchange),
                (CLIENT, Call::Exchange),
            ]),
        ),
        state(
            "over: cut off",
            SERVER,
            "Over",
            encrypted(&[(SERVER, Call::ReceiveEof), (SERVER, Call::Settle)]),
        ),
        state(
            "over: failed, with an alert that has not left",
            SERVER,
            "Over",
            encrypted(&[(SERVER, garbage.clone()), (SERVER, Call::Settle)]),
        ),
        state(
            "over: failed before a hello",
            SERVER,
            "Over",
            with(starts(false), &[(SERVER, garbage), (SERVER, Call::Settle)]),
        ),
        state(
            "over: canceled",
            CLIENT,
            "Over",
            encrypted(&[(CLIENT, Call::Cancel)]),
        ),
        state("over: aborted", CLIENT, "Over", vec![(CLIENT, Call::Abort)]),
        state(
            "over: a configuration was refused",
            SERVER,
            "Over",
            with(
                hello(true),
                &[
                    (SERVER, Call::Settle),
                    (SERVER, Call::Decide(Decision::ProvideOpen(false))),
                    (SERVER, Call::Settle),
                ],
            ),
        ),
    ];
    let accepted = (CLIENT, Call::Decide(Decision::AnswerOpen(true)));
    let refused = (CLIENT, Call::Decide(Decision::AnswerOpen(false)));
    let held = with(flight(), &[(CLIENT, Call::Settle)]);
    for (name, phase, path) in [
        ("a review is open", "Held", held.clone()),
        (
            "a review is answered",
            "Held",
            with(held.clone(), std::slice::from_ref(&accepted)),
        ),
        (
            "over: a certificate was refused",
            "Over",
            with(held.clone(), &[refused, (CLIENT, Call::Settle)]),
        ),
        (
            "a review is open, and the stream has ended",
            "Held",
            with(held.clone(), &[(CLIENT, Call::ReceiveEof)]),
        ),
        (
            "encrypted with a certificate that was forgiven",
            "Traffic",
            with(
                held,
                &[accepted, (CLIENT, Call::Exchange), (CLIENT, Call::Exchange)],
            ),
        ),
    ] {
        states.push(State {
            name,
            on_client: CLIENT,
            phase,
            hold: true,
            signs: false,
            path,
        });
    }
    let asked = with(hello(false), &[(SERVER, Call::Settle)]);
    let sign = |signs| (SERVER, Call::Decide(Decision::SignOpen(signs)));
    for (name, phase, path) in [
        ("a server that is to sign", "Signing", asked.clone()),
        (
            "a server that has just been signed for",
            "Signing",
            with(asked.clone(), &[sign(true)]),
        ),
        (
            "over: a server's application refuses to sign",
            "Over",
            with(asked.clone(), &[sign(false), (SERVER, Call::Settle)]),
        ),
        (
            "a server that is to sign, and the stream has ended",
            "Signing",
            with(asked, &[(SERVER, Call::ReceiveEof)]),
        ),
    ] {
        states.push(State {
            name,
            on_client: SERVER,
            phase,
            hold: false,
            signs: true,
            path,
        });
    }
    states
}

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
    /// The phase that this end is in.
    fn phase_of(&self, run: &Run) -> String {
        let end = if self.on_client {
            &run.pair.client
        } else {
            &run.pair.server
        };
        let shown = format!("{:?}", end.conn);
        let (_, rest) = shown.split_once("phase: ").expect("a phase");
        rest.split(',').next().expect("a word").to_owned()
    }

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

    fn reach(&self, tls13: bool) -> Result<Run, TestCaseError> {
        let mut run = Run::new(configs(tls13, self.hold, self.signs));
        for (on_client, call) in &self.path {
            run.make(*on_client, call)?;
        }
        Ok(run)
    }
}

#[test]
fn every_call_is_made_in_every_state() {
    let mut phases = Vec::new();
    for state in states() {
        for tls13 in [false, true].into_iter().filter(|it| *it || !state.signs) {
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
        for hold in [false, true] {
            let mut phases = Vec::new();
            for steps in 0..12 {
                let state = State {
                    name: "step by step",
                    on_client: CLIENT,
                    phase: "",
                    hold,
                    signs: false,
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
