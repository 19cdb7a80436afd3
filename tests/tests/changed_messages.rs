//! Messages changed by somebody who has the keys, so that the changes arrive: nothing panics,
//! nothing is taken for what it is not, and how the records are cut makes no difference (rules R3
//! and R10).
#![cfg(feature = "testing")]

use sslcore::testing::{Keys, Record, ScriptedPeer};
use sslcore::{Event, FailureKind, Limits, ServerStart, VerifyMode};
use sslcore_tests::certs::WORLD;
use sslcore_tests::effort::cases;
use sslcore_tests::entropy::seeded;
use sslcore_tests::numbers::Numbers;
use sslcore_tests::pair::{End, client, server, server_name};

/// What is changed.
struct Changes(Numbers);

impl Changes {
    /// Changes something, and really does.
    fn change(&mut self, bytes: &mut Vec<u8>) {
        let before = bytes.clone();
        while *bytes == before {
            self.try_to_change(bytes);
        }
    }

    fn try_to_change(&mut self, bytes: &mut Vec<u8>) {
        let at = self.0.below(bytes.len());
        match self.0.below(7) {
            0 => bytes[at] ^= 1 << self.0.below(8),
            1 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][self.0.below(5)],
            2 => bytes.truncate(at.max(1)),
            3 => {
                let len = self.0.below(20) + 1;
                let end = (at + len).min(bytes.len());
                bytes.drain(at..end);
            }
            4 => {
                let len = self.0.below(40) + 1;
                let end = (at + len).min(bytes.len());
                let copy = bytes[at..end].to_vec();
                let to = self.0.below(bytes.len());
                bytes.splice(to..to, copy);
            }
            5 => {
                let len = self.0.below(20);
                bytes.splice(at..at, vec![0; len]);
            }
            _ => {
                // A length that grows or shrinks by a little.
                bytes[at] = bytes[at].wrapping_add(if self.0.below(2) == 0 { 1 } else { 255 });
            }
        }
        if bytes.is_empty() {
            bytes.push(0);
        }
    }
}

/// Which message of the handshake is changed.
#[derive(Clone, Copy, Debug)]
enum Which {
    Hello,
    /// The server's clear messages.
    Answer,
    /// Under TLS 1.3's handshake keys.
    Sealed {
        of_client: bool,
    },
    /// TLS 1.2's second flight of the client.
    KeyExchange,
}

impl Which {
    /// Whether a client says it, which of its flights it is in, and how it is protected.
    fn place(self) -> (bool, usize, Keys) {
        match self {
            Self::Hello => (true, 0, Keys::None),
            Self::Answer => (false, 0, Keys::None),
            Self::Sealed { of_client } => (of_client, usize::from(of_client), Keys::Handshake),
            Self::KeyExchange => (true, 1, Keys::None),
        }
    }
}

/// Who says it, and who hears it.
fn pair(version: &str, of_client: bool) -> (ScriptedPeer, End) {
    let client = client(seeded(1))
        .protocols(&[version])
        .identity(WORLD.client.chain.clone(), WORLD.client.key());
    let server = server(seeded(2))
        .protocols(&[version])
        .verify_mode(VerifyMode::Verify);
    let mut end = End::new(Limits::default());
    let peer = match of_client {
        true => {
            let start = ServerStart::With(server.build().expect("server"));
            end.conn.start_server_encryption(start).expect("start");
            ScriptedPeer::client(client, server_name())
        }
        false => {
            let config = client.build().expect("client");
            let started = end.conn.start_client_encryption(&config, server_name());
            started.expect("start");
            ScriptedPeer::server(server)
        }
    };
    (peer.expect("a peer"), end)
}

fn judged(version: &str, which: Which, seed: u64, cut: usize, chunk: usize) -> End {
    let mut changes = Changes(Numbers::new(seed));
    let (of_client, flight, keys) = which.place();
    let (mut peer, mut end) = pair(version, of_client);
    for _ in 0..flight {
        peer.hear(&end.take(), end.now());
        let records = peer.flight(end.now());
        end.give(&peer.seal(&records).expect("keys"), usize::MAX);
    }
    peer.hear(&end.take(), end.now());
    let mut content = Vec::new();
    for record in peer.flight(end.now()) {
        if record.content == Record::HANDSHAKE && record.keys == keys {
            content.extend(record.body);
        } else if content.is_empty() {
            end.give(&peer.seal(&[record]).expect("keys"), chunk);
        }
    }
    changes.change(&mut content);
    for record in Record::new(Record::HANDSHAKE, &content, keys).cut(cut) {
        end.give(&peer.seal(&[record]).expect("keys"), chunk);
    }
    end.take();
    end
}

fn outcome(end: &End) -> (Vec<String>, Option<sslcore::Failure>) {
    let events = end.events.iter();
    let events = events.filter(|event| !matches!(event, Event::EncryptedBytesWritten(_)));
    let events = events.map(|event| format!("{event:?}")).collect();
    (events, end.conn.failure().cloned())
}

#[test]
fn a_changed_message_ends_the_same_however_it_is_cut() {
    for (version, which) in [
        ("TLSv1.2", Which::Hello),
        ("TLSv1.3", Which::Hello),
        ("TLSv1.2", Which::Answer),
        ("TLSv1.3", Which::Answer),
        ("TLSv1.2", Which::KeyExchange),
        ("TLSv1.3", Which::Sealed { of_client: false }),
        ("TLSv1.3", Which::Sealed { of_client: true }),
    ] {
        for seed in 0..u64::from(cases(60)) {
            let whole = judged(version, which, seed, 16_384, usize::MAX);
            let cut = judged(version, which, seed, 16_384, 1);
            assert_eq!(outcome(&whole), outcome(&cut), "{version} {which:?} {seed}");
            assert_eq!(whole.sent, cut.sent, "{version} {which:?} {seed}");
            let pieces = judged(version, which, seed, 3, 50);
            if let Some(failure) = whole.conn.failure() {
                let kind = failure.kind();
                assert_ne!(
                    kind,
                    FailureKind::Engine,
                    "{version} {which:?} {seed} {failure}"
                );
                // What is behind a message in its record is another matter.
                if kind != FailureKind::UnexpectedMessage {
                    let other = pieces.conn.failure().map(sslcore::Failure::kind);
                    if other != Some(FailureKind::UnexpectedMessage) {
                        assert_eq!(other, Some(kind), "{version} {which:?} {seed}");
                    }
                }
            }
            if !matches!(which, Which::Hello) {
                assert!(!whole.saw(Event::Encrypted), "{version} {which:?} {seed}");
                assert!(!pieces.saw(Event::Encrypted), "{version} {which:?} {seed}");
            }
        }
    }
}
