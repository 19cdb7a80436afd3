//! Whatever a peer makes of a message, it is never our engine that has failed.

use proptest::prelude::*;
use proptest::sample::Index;
use sslcore::{FailureKind, Fault};
use sslcore_tests::middle::Who;
use sslcore_tests::sealing::HANDSHAKE;

use super::stage::{Stage, other};

/// What is done to a message.
#[derive(Clone, Debug)]
enum Change {
    /// This byte becomes another.
    Set(Index, u8),
    /// These bytes are left out, and the message's length says so.
    Remove(Index, usize),
    /// These come in addition, and the message's length says so.
    Insert(Index, Vec<u8>),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Change::Set(at, byte)),
        1 => (any::<Index>(), 1..9usize).prop_map(|(at, len)| Change::Remove(at, len)),
        1 => (any::<Index>(), proptest::collection::vec(any::<u8>(), 1..9))
            .prop_map(|(at, bytes)| Change::Insert(at, bytes)),
    ]
}

fn apply(change: &Change, message: &mut Vec<u8>) {
    match change {
        Change::Set(at, byte) => {
            let at = at.index(message.len());
            message[at] = *byte;
            return;
        }
        Change::Remove(at, len) => {
            let at = at.index(message.len() - 3) + 3;
            message.drain(at.max(4).min(message.len())..(at + len).min(message.len()).max(4));
        }
        Change::Insert(at, bytes) => {
            let at = 4 + at.index(message.len() - 3);
            message.splice(at..at, bytes.iter().copied());
        }
    }
    let len = (message.len() as u32 - 4).to_be_bytes();
    message[1..4].copy_from_slice(&len[1..]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn no_change_of_a_message_is_our_fault(
        tls13 in any::<bool>(),
        flight in 0..4usize,
        message in any::<Index>(),
        change in change(),
    ) {
        let version = if tls13 { "TLSv1.3" } else { "TLSv1.2" };
        let mut stage = Stage::with_client_certificate(version);
        let mut who = Who::Client;
        for _ in 0..flight {
            stage.pass(who, |_| ());
            who = other(who);
        }
        let mut said = stage.hear(who);
        let mut messages: Vec<_> =
            said.iter_mut().filter(|one| one.content == HANDSHAKE).collect();
        prop_assume!(!messages.is_empty());
        let at = message.index(messages.len());
        apply(&change, &mut messages[at].body);
        stage.say(who, &said);
        let end = stage.end(other(who));
        end.settle();
        if let Some(failure) = end.conn.failure() {
            let known = !matches!(failure.kind(), FailureKind::ConfigRefused | FailureKind::NotTls);
            let theirs = matches!(
                failure.fault(),
                Fault::Peer | Fault::Configuration | Fault::Certificate
            );
            prop_assert!(known && theirs, "{failure}");
            // A message that became an alert of theirs would owe none, but that is another record.
            prop_assert!(failure.alert().is_some(), "{failure}");
        }
    }
}
