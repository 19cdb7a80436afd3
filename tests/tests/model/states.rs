//! Each state by its name, and how to get there.

use proptest::prelude::TestCaseError;
use sslcore::Leftover;

use crate::Run;
use crate::calls::Call;
use crate::configs::{Asked, without_security};
use crate::decisions::Decision;

/// A state: at which end, its phase as `Debug` shows it, and how to get there.
pub(crate) struct State {
    pub(crate) name: &'static str,
    pub(crate) on_client: bool,
    pub(crate) phase: &'static str,
    pub(crate) asked: Asked,
    pub(crate) path: Vec<(bool, Call)>,
}

pub(crate) const CLIENT: bool = true;
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
pub(crate) fn flight() -> Vec<(bool, Call)> {
    let said = [(SERVER, Call::Settle), (SERVER, Call::Carry)];
    hello(false).into_iter().chain(said).collect()
}

fn encrypted(more: &[(bool, Call)]) -> Vec<(bool, Call)> {
    let exchanges = vec![(CLIENT, Call::Exchange); 4];
    let path = starts(false).into_iter().chain(exchanges);
    path.chain(more.to_vec()).collect()
}

pub(crate) fn states() -> Vec<State> {
    let state = |name, on_client, phase, path: Vec<(bool, Call)>| State {
        name,
        on_client,
        phase,
        asked: Asked::NOTHING,
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
            asked: Asked::REVIEW,
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
            asked: Asked::SIGNATURE,
            path,
        });
    }
    states
}

impl State {
    /// The phase that this end is in.
    pub(crate) fn phase_of(&self, run: &Run) -> String {
        let end = if self.on_client {
            &run.pair.client
        } else {
            &run.pair.server
        };
        let shown = format!("{:?}", end.conn);
        let (_, rest) = shown.split_once("phase: ").expect("a phase");
        rest.split(',').next().expect("a word").to_owned()
    }

    pub(crate) fn reach(&self, tls13: bool) -> Result<Run, TestCaseError> {
        let mut run = Run::new(without_security(tls13, self.asked));
        for (on_client, call) in &self.path {
            run.make(*on_client, call)?;
        }
        Ok(run)
    }
}
