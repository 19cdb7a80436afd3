//! The ClientHello that answers a HelloRetryRequest: the first one again, but for what
//! RFC 8446 §4.1.2 lets change.

use sslcore::{Alert, Event, FailureKind};
use sslcore_tests::pair::{Pair, backend, client, server};
use sslcore_tests::records::{handshake_content, record};

/// A ClientHello taken apart.
struct Hello {
    /// Version and random, session id, suites, compression methods.
    front: [Vec<u8>; 4],
    extensions: Vec<(u16, Vec<u8>)>,
}

fn vector(bytes: &mut &[u8], prefix: usize) -> Vec<u8> {
    let len = bytes[..prefix]
        .iter()
        .fold(0, |len, byte| len << 8 | usize::from(*byte));
    let (vector, rest) = bytes[prefix..].split_at(len);
    *bytes = rest;
    vector.to_vec()
}

fn with_len(prefix: usize, content: &[u8]) -> Vec<u8> {
    [&(content.len() as u32).to_be_bytes()[4 - prefix..], content].concat()
}

impl Hello {
    fn read(message: &[u8]) -> Self {
        let mut rest = &message[38..];
        let front = [
            message[4..38].to_vec(),
            vector(&mut rest, 1),
            vector(&mut rest, 2),
            vector(&mut rest, 1),
        ];
        let block = vector(&mut rest, 2);
        let mut rest = &block[..];
        let mut extensions = Vec::new();
        while let [high, low, later @ ..] = rest {
            let number = u16::from_be_bytes([*high, *low]);
            rest = later;
            extensions.push((number, vector(&mut rest, 2)));
        }
        Self { front, extensions }
    }

    fn message(&self) -> Vec<u8> {
        let [fixed, session, suites, compression] = &self.front;
        let extensions = self.extensions.iter();
        let extensions: Vec<u8> = extensions
            .flat_map(|(number, content)| {
                [number.to_be_bytes().to_vec(), with_len(2, content)].concat()
            })
            .collect();
        let body = [
            fixed.clone(),
            with_len(1, session),
            with_len(2, suites),
            with_len(1, compression),
            with_len(2, &extensions),
        ];
        [vec![1], with_len(3, &body.concat())].concat()
    }

    fn extension(&mut self, number: u16) -> &mut Vec<u8> {
        let mut all = self.extensions.iter_mut();
        &mut all.find(|(known, _)| *known == number).expect("there").1
    }
}

/// A server that has asked for another key share, and the second hello.
fn retried() -> (Pair, Hello) {
    let client = client(backend())
        .groups(&["X25519", "secp256r1"])
        .alpn(&[b"h2"]);
    let server = server(backend()).groups(&["secp256r1"]).build();
    let mut pair = Pair::tls(&client.build().expect("client"), &server.expect("server"));
    let first = pair.client.take();
    pair.server.give(&first, usize::MAX);
    let retry = pair.server.take();
    pair.client.give(&retry, usize::MAX);
    let hello = Hello::read(&handshake_content(&pair.client.take()));
    (pair, hello)
}

/// What the server answers to a second hello that was changed.
fn answered(change: impl Fn(&mut Hello)) -> (Option<FailureKind>, Vec<u8>) {
    let (mut pair, mut hello) = retried();
    change(&mut hello);
    pair.server.give(&record(22, &hello.message()), usize::MAX);
    let answer = pair.server.take();
    assert!(!pair.server.saw(Event::Encrypted));
    let failure = pair.server.conn.failure().map(sslcore::Failure::kind);
    (failure, answer)
}

#[track_caller]
fn assert_refused(what: &str, change: impl Fn(&mut Hello)) {
    let (failure, answer) = answered(change);
    assert_eq!(failure, Some(FailureKind::PeerMisbehaved), "{what}");
    let alert = [2, Alert::IllegalParameter.code()];
    assert_eq!(answer, record(21, &alert), "{what}");
}

/// The server goes on with its flight: what it signs then, the client of the test cannot know.
#[track_caller]
fn assert_taken(what: &str, change: impl Fn(&mut Hello)) {
    let (failure, answer) = answered(change);
    assert_eq!(failure, None, "{what}");
    assert_eq!(handshake_content(&answer)[0], 2, "{what}");
}

#[test]
fn what_must_stay_the_same_must_stay_the_same() {
    assert_refused("random", |hello| hello.front[0][2] ^= 1);
    assert_refused("legacy_version", |hello| hello.front[0][1] = 4);
    assert_refused("session id", |hello| hello.front[1][0] ^= 1);
    assert_refused("no session id", |hello| hello.front[1].clear());
    assert_refused("another suite", |hello| hello.front[2].extend([0x13, 0x77]));
    assert_refused("a suite less", |hello| {
        let len = hello.front[2].len();
        hello.front[2].truncate(len - 2);
    });
    assert_refused("a compression method", |hello| hello.front[3].push(1));
    assert_refused("another name", |hello| hello.extension(0)[6] ^= 1);
    assert_refused("another protocol", |hello| hello.extension(16)[3] ^= 1);
    assert_refused("another group", |hello| {
        let groups = hello.extension(10);
        groups[1] += 2;
        groups.extend([0x7a, 0x7a]);
    });
    assert_refused("another scheme", |hello| {
        let schemes = hello.extension(13);
        schemes[1] += 2;
        schemes.extend([0x7a, 0x7a]);
    });
    assert_refused("an extension less", |hello| {
        hello.extensions.retain(|(number, _)| *number != 16);
    });
    assert_refused("an extension more", |hello| {
        hello.extensions.insert(0, (0x7a7a, Vec::new()));
    });
}

#[test]
fn what_may_change_may_change() {
    assert_taken("nothing but the key share", |_| {});
    assert_taken("the order of extensions", |hello| {
        hello.extensions.rotate_left(3)
    });
    assert_taken("padding", |hello| hello.extensions.push((21, vec![0; 40])));
    // RFC 9849 §5: outer, HPKE suite, config id, an empty key, the payload.
    let sealed = [0, 0, 1, 0, 1, 5, 0, 0, 0, 4, 1, 2, 3, 4];
    assert_taken("an inner hello", |hello| {
        hello.extensions.push((0xfe0d, sealed.to_vec()));
    });
}

#[test]
fn early_data_is_not_offered_again() {
    let (failure, _) = answered(|hello| hello.extensions.push((42, Vec::new())));
    assert_eq!(failure, Some(FailureKind::PeerMisbehaved));
}
