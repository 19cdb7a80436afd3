//! Messages changed by somebody who has the keys, so that the changes arrive: nothing panics,
//! nothing is taken for what it is not, and how the records are cut makes no difference (rules R3
//! and R10).
#![cfg(feature = "rustcrypto")]

use sslcore::{Event, FailureKind, VerifyMode};
use sslcore_tests::between::overheard;
use sslcore_tests::certs::WORLD;
use sslcore_tests::effort::cases;
use sslcore_tests::entropy::seeded;
use sslcore_tests::forge::{DATA, HANDSHAKE};
use sslcore_tests::pair::{End, Pair, client, server};
use sslcore_tests::records::{handshake_content, record, records};

/// Numbers that are the same every time.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 8) as usize % below.max(1)
    }

    /// Changes something, and really does.
    fn change(&mut self, bytes: &mut Vec<u8>) {
        let before = bytes.clone();
        while *bytes == before {
            self.try_to_change(bytes);
        }
    }

    fn try_to_change(&mut self, bytes: &mut Vec<u8>) {
        let at = self.next(bytes.len());
        match self.next(7) {
            0 => bytes[at] ^= 1 << self.next(8),
            1 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][self.next(5)],
            2 => bytes.truncate(at.max(1)),
            3 => {
                let len = self.next(20) + 1;
                let end = (at + len).min(bytes.len());
                bytes.drain(at..end);
            }
            4 => {
                let len = self.next(40) + 1;
                let end = (at + len).min(bytes.len());
                let copy = bytes[at..end].to_vec();
                let to = self.next(bytes.len());
                bytes.splice(to..to, copy);
            }
            5 => {
                let len = self.next(20);
                bytes.splice(at..at, vec![0; len]);
            }
            _ => {
                // A length that grows or shrinks by a little.
                bytes[at] = bytes[at].wrapping_add(if self.next(2) == 0 { 1 } else { 255 });
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

fn pair(version: &str) -> (Pair, std::sync::Arc<sslcore_tests::between::Secrets>) {
    let client = client(seeded(1))
        .protocols(&[version])
        .identity(WORLD.client.chain.clone(), WORLD.client.key());
    let server = server(seeded(2))
        .protocols(&[version])
        .verify_mode(VerifyMode::Verify);
    let (client, server, secrets) = overheard(client, server);
    (Pair::tls(&client, &server), secrets)
}

fn judged(version: &str, which: Which, seed: u64, cut: usize, chunk: usize) -> End {
    let mut numbers = Numbers(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let (mut pair, secrets) = pair(version);
    let mut clear = |content: Vec<u8>| -> Vec<u8> {
        let mut content = content;
        numbers.change(&mut content);
        let pieces = content.chunks(cut);
        pieces.flat_map(|piece| record(HANDSHAKE, piece)).collect()
    };
    let hello = pair.client.take();
    if let Which::Hello = which {
        pair.server.give(&clear(handshake_content(&hello)), chunk);
        pair.server.take();
        return pair.server;
    }
    pair.server.give(&hello, usize::MAX);
    let answer = pair.server.take();
    if let Which::Answer = which {
        pair.client.give(&clear(handshake_content(&answer)), chunk);
        pair.client.take();
        return pair.client;
    }
    let (mut sent, mut end) = (answer, None);
    match which {
        Which::Sealed { of_client: false } => end = Some(pair.client),
        _ => {
            pair.client.give(&sent, usize::MAX);
            sent = pair.client.take();
        }
    }
    let mut end = end.unwrap_or(pair.server);
    if let Which::KeyExchange = which {
        let before_ccs = records(&sent);
        let before_ccs = before_ccs
            .iter()
            .take_while(|record| record[0] == HANDSHAKE);
        let content = before_ccs.flat_map(|record| record[5..].to_vec()).collect();
        end.give(&clear(content), chunk);
        end.take();
        return end;
    }
    let of_client = matches!(which, Which::Sealed { of_client: true });
    let mut forger = secrets.tls13(of_client);
    let mut content = Vec::new();
    for record in records(&sent) {
        match record[0] {
            DATA => content.extend(forger.open(&record).remove(0).1),
            _ => end.give(&record, chunk),
        }
    }
    numbers.change(&mut content);
    for piece in content.chunks(cut) {
        let record = forger.seal(HANDSHAKE, piece);
        end.give(&record, chunk);
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
