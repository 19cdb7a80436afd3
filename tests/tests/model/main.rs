//! Rule R7 as a model: every call in every state is legal or a `UsageError` that changes nothing,
//! and which of the two it is can be told beforehand.
#![cfg(feature = "rustcrypto")]

mod calls;
mod outcomes;

use proptest::collection::vec;
use proptest::prelude::*;
use sslcore::{Event, FailureKind, Leftover, Limits};
use sslcore_tests::effort::cases;
use sslcore_tests::pair::{End, Pair};

use crate::calls::{Call, calls};
use crate::outcomes::{Model, call, configs, settle};

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
fn beginnings(n: usize) -> Vec<(bool, Call)> {
    let start = Call::StartServer {
        ask: false,
        leftover: Leftover::Refuse,
    };
    let starts = [(false, start), (true, Call::StartClient(Leftover::Refuse))];
    let starts = starts.into_iter().take(2 * n);
    starts
        .chain((1..n).map(|_| (true, Call::Exchange)))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(400), ..ProptestConfig::default() })]

    #[test]
    fn every_call_in_every_state_is_legal_or_changes_nothing(
        seed in 0..100u64,
        tls13 in any::<bool>(),
        hold in any::<bool>(),
        beginning in 0..8usize,
        sequence in vec((any::<bool>(), calls()), 1..60),
    ) {
        let configs = configs(seed, tls13, hold);
        let mut pair = Pair::new(Limits { read_buffer_size: 4096, ..Limits::default() });
        let mut models = [Model::default(), Model::default()];
        let mut honest = true;
        // Most begin with a handshake that has got somewhere, many behind its end.
        let sequence = beginnings(beginning).into_iter().chain(sequence);
        for (on_client, next) in &sequence.collect::<Vec<_>>() {
            honest &= !next.tampers();
            if matches!(next, Call::Exchange) {
                exchange(&mut pair, &mut models);
            } else if matches!(next, Call::Carry) {
                let Pair { client, server, .. } = &mut pair;
                match on_client {
                    true => deliver(client, server, &models[1]),
                    false => deliver(server, client, &models[0]),
                }
            } else if *on_client {
                call(&mut pair.client, &mut models[0], next, &configs)?;
            } else {
                call(&mut pair.server, &mut models[1], next, &configs)?;
            }
        }
        for (end, model) in [&mut pair.client, &mut pair.server].into_iter().zip(&mut models) {
            settle(end, model);
            invariants(end)?;
            let failure = end.conn.failure().map(|failure| failure.kind());
            let broken = matches!(failure, Some(FailureKind::BadRecordMac | FailureKind::Engine));
            prop_assert!(!(honest && broken), "{:?}", end.conn.failure());
        }
    }
}
