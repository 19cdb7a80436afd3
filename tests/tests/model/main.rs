//! Rule R7 as a model: every call in every state is legal or a `UsageError` that changes nothing,
//! and which of the two it is can be told beforehand.
#![cfg(feature = "rustcrypto")]

mod buffers;
mod calls;
mod configs;
mod decisions;
#[cfg(feature = "testing")]
mod every_call;
mod outcomes;
#[cfg(feature = "testing")]
mod states;

use proptest::collection::vec;
use proptest::prelude::*;
use sslcore::{Event, FailureKind, Leftover, Limits};
use sslcore_tests::effort::cases;
use sslcore_tests::pair::{End, Pair};
use sslcore_tests::view::view;

use crate::calls::{Call, calls};
use crate::configs::{Asked, Configs, configs};
use crate::outcomes::{Model, call, settle};

/// Carries what both have to say, once in each direction, as far as it fits.
fn exchange(pair: &mut Pair, models: &mut [Model; 2]) {
    let Pair { client, server, .. } = pair;
    let [client_model, server_model] = models;
    carry(client, server, client_model, server_model);
    carry(server, client, server_model, client_model);
}

/// Carries from one end to the other as far as it fits, and nothing else.
fn deliver(from: &mut End, to: &mut End, to_model: &Model) {
    if !to_model.transport_ended {
        let n = to.conn.receive(from.conn.transmit()).expect("open");
        from.conn.transmitted(n).expect("shown");
    }
}

fn carry(from: &mut End, to: &mut End, from_model: &mut Model, to_model: &mut Model) {
    settle(from, from_model);
    deliver(from, to, to_model);
    settle(from, from_model);
    settle(to, to_model);
}

/// What must hold whatever was called.
fn invariants(end: &End) -> Result<(), TestCaseError> {
    let count = |wanted: fn(&Event) -> bool| end.events.iter().filter(|e| wanted(e)).count();
    let position = |wanted: fn(&Event) -> bool| end.events.iter().position(wanted);
    let failed = position(|event| matches!(event, Event::Failed(_)));
    prop_assert!(count(|event| *event == Event::Encrypted) <= 1, "R5");
    prop_assert!(count(|event| matches!(event, Event::Failed(_))) <= 1, "R6");
    prop_assert!(count(|event| matches!(event, Event::Closed(_))) <= 1);
    prop_assert!(count(|event| matches!(event, Event::ModeChanged(_))) <= 1);
    if let (Some(failed), Some(encrypted)) = (failed, position(|e| *e == Event::Encrypted)) {
        prop_assert!(encrypted < failed, "R5");
    }
    if let Some(closed) = position(|event| matches!(event, Event::Closed(_))) {
        prop_assert_eq!(
            closed,
            end.events.len() - 1,
            "nothing after Closed but bytes: {:?}",
            end.events
        );
    }
    prop_assert_eq!(failed.is_some(), end.conn.failure().is_some());
    prop_assert!(end.conn.encrypted_bytes_to_write() < 200_000, "R8");
    prop_assert!(end.conn.encrypted_bytes_available() < 200_000, "R8");
    Ok(())
}

/// Nothing, or a handshake and so many exchanges but one.
fn beginnings(n: usize, ask: bool) -> Vec<(bool, Call)> {
    let start = Call::StartServer {
        ask,
        leftover: Leftover::Refuse,
    };
    let starts = [(false, start), (true, Call::StartClient(Leftover::Refuse))];
    let starts = starts.into_iter().take(2 * n);
    starts
        .chain((1..n).map(|_| (true, Call::Exchange)))
        .collect()
}

/// Two ends and what is known of them.
struct Run {
    pair: Pair,
    models: [Model; 2],
    configs: Configs,
}

impl Run {
    fn new(configs: Configs) -> Self {
        let limits = Limits {
            read_buffer_size: 4096,
            ..Limits::default()
        };
        Self {
            pair: Pair::new(limits),
            models: [Model::default(), Model::default()],
            configs,
        }
    }

    /// Makes a call at one end. Whether it was refused.
    fn make(&mut self, on_client: bool, next: &Call) -> Result<bool, TestCaseError> {
        let (pair, models) = (&mut self.pair, &mut self.models);
        match next {
            Call::Exchange => exchange(pair, models),
            Call::Carry => {
                let Pair { client, server, .. } = pair;
                match on_client {
                    true => deliver(client, server, &models[1]),
                    false => deliver(server, client, &models[0]),
                }
            }
            _ if on_client => return call(&mut pair.client, &mut models[0], next, &self.configs),
            _ => return call(&mut pair.server, &mut models[1], next, &self.configs),
        }
        Ok(false)
    }

    /// Settles both, and checks what must hold.
    fn finish(&mut self, honest: bool) -> Result<(), TestCaseError> {
        let ends = [&mut self.pair.client, &mut self.pair.server];
        for (end, model) in ends.into_iter().zip(&mut self.models) {
            settle(end, model);
            invariants(end)?;
            let failure = end.conn.failure().map(|failure| failure.kind());
            let broken = matches!(
                failure,
                Some(FailureKind::BadRecordMac | FailureKind::Engine)
            );
            prop_assert!(!(honest && broken), "{:?}", end.conn.failure());
        }
        Ok(())
    }
}

/// Most begin with a handshake that has got somewhere, many behind its end.
fn sequences() -> impl Strategy<Value = Vec<(bool, Call)>> {
    let beginning = (0..8usize, prop::bool::weighted(0.3));
    (beginning, vec((any::<bool>(), calls()), 1..60))
        .prop_map(|((n, ask), sequence)| beginnings(n, ask).into_iter().chain(sequence).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(400), ..ProptestConfig::default() })]

    #[test]
    fn every_call_in_every_state_is_legal_or_changes_nothing(
        seed in 0..100u64,
        (tls13, review, signature) in any::<(bool, bool, bool)>(),
        sequence in sequences(),
    ) {
        let asked = Asked { review, signature };
        let mut run = Run::new(configs(seed, tls13, asked));
        let mut refused = Vec::new();
        for (on_client, next) in &sequence {
            refused.push(run.make(*on_client, next)?);
        }
        run.finish(!sequence.iter().any(|(_, next)| next.tampers()))?;

        // The same without the calls that were refused comes to the same, down to the bytes.
        let mut without = Run::new(configs(seed, tls13, asked));
        for ((on_client, next), was_refused) in sequence.iter().zip(refused) {
            if !was_refused {
                prop_assert!(!without.make(*on_client, next)?, "{next:?} is refused now");
            }
        }
        without.finish(false)?;
        for (one, other) in [
            (&run.pair.client, &without.pair.client),
            (&run.pair.server, &without.pair.server),
        ] {
            prop_assert_eq!(&one.events, &other.events);
            prop_assert_eq!(view(&one.conn), view(&other.conn));
        }
    }
}
