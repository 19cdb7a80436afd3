//! Messages left out, twice, in another order, and of another place, at each place of every kind of
//! handshake: the alert is the one that the RFC names (R17), one alert is sent and it is the last word
//! (R6), and nothing that was written leaves before the handshake is complete (R5).

use std::cmp::Ordering;

use sslcore::testing::{Keys, Record, backend_without_security};
use sslcore::{Alert, Event};

use crate::stage::{Client, Kind, Outcome, Peer, Play, Server, kind, play, plays};

/// What is done at a place of a flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    LeftOut,
    Twice,
    BehindTheNext,
    /// A message of this type comes before it.
    Before(u8),
    /// It is of this type instead.
    Is(u8),
    /// It has a byte too many.
    Longer,
    /// It has no body.
    Emptied,
}

/// What comes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comes {
    Refused(Alert),
    /// The end under test waits for more.
    Waiting,
    /// It is as if nothing had been.
    Encrypted,
    /// The peer that has been made a liar of refuses.
    RefusedByPeer,
}

use Change::{Before, BehindTheNext, Emptied, Is, LeftOut, Longer, Twice};
use Comes::{Encrypted, Refused, RefusedByPeer, Waiting};

/// The content type of ChangeCipherSpec, where a message's type stands else.
const CCS: u8 = 0xff;

/// Where something else comes of it than unexpected_message, and why.
struct Row {
    is: fn(&Place) -> bool,
    comes: Comes,
    why: &'static str,
}

/// Where a change is made.
struct Place {
    peer: Peer,
    tls13: bool,
    of: Kind,
    /// Which flight of the peer's it is.
    flight: usize,
    change: Change,
    /// The type of the message there.
    at: u8,
}

impl Place {
    fn any(&self, changes: &[Change]) -> bool {
        changes.contains(&self.change)
    }

    fn is_before(&self, kinds: &[u8]) -> bool {
        matches!(self.change, Before(kind) if kinds.contains(&kind))
    }

    fn is_retried_by(&self, peer: Peer) -> bool {
        self.of == Kind::Retried && self.peer == peer
    }

    /// The peer's tickets, and what is behind its Finished.
    fn is_behind_handshake(&self) -> bool {
        let last = match (self.peer, self.of) {
            (Client, Kind::Retried) => 2,
            (Client, _) | (Server, Kind::Retried) => 1,
            (Server, Kind::Resumed) => 0,
            (Server, _) => usize::from(!self.tls13),
        };
        match self.flight.cmp(&last) {
            Ordering::Less => false,
            Ordering::Equal => self.at == END,
            Ordering::Greater => true,
        }
    }
}

/// The first that fits counts.
const ROWS: &[Row] = &[
    Row {
        is: |it| it.tls13 && it.any(&[Longer, Emptied]) && it.at == kind::FINISHED,
        comes: Refused(Alert::DecryptError),
        why: "a Finished of another length is a wrong one (RFC 8446 §4.4.4)",
    },
    Row {
        is: |it| it.change == Emptied && it.at == kind::FINISHED,
        comes: Refused(Alert::DecryptError),
        why: "a Finished of another length is a wrong one (RFC 5246 §7.4.9)",
    },
    Row {
        is: |it| it.change == Longer && it.at == kind::FINISHED,
        comes: Refused(Alert::UnexpectedMessage),
        why: "behind ChangeCipherSpec nothing has a place that is longer than a Finished",
    },
    Row {
        is: |it| it.any(&[Longer, Emptied]),
        comes: Refused(Alert::DecodeError),
        why: "a message that is too long, or too short, cannot be decoded (RFC 8446 §6.2)",
    },
    Row {
        is: |it| {
            let behind_finished = it.of == Kind::Resumed && it.peer == Client;
            it.tls13 && it.at == CCS && it.change == BehindTheNext && behind_finished
        },
        comes: Refused(Alert::UnexpectedMessage),
        why: "behind Finished there is no ChangeCipherSpec (RFC 8446 §5)",
    },
    Row {
        is: |it| it.tls13 && it.at == CCS && it.any(&[LeftOut, Twice, BehindTheNext]),
        comes: Encrypted,
        why: "in TLS 1.3 ChangeCipherSpec means nothing (RFC 8446 §5)",
    },
    Row {
        is: |it| {
            let tickets = it.tls13 && it.peer == Server && it.is_behind_handshake();
            tickets && (it.any(&[LeftOut, Twice, BehindTheNext]) || it.is_before(&[kind::TICKET]))
        },
        comes: Encrypted,
        why: "a server sends tickets behind its Finished as it likes (RFC 8446 §4.6.1)",
    },
    Row {
        is: |it| it.tls13 && it.is_behind_handshake() && it.is_before(&[kind::KEY_UPDATE]),
        comes: Encrypted,
        why: "either end may renew its keys behind its Finished (RFC 8446 §4.6.3)",
    },
    Row {
        is: |it| {
            let behind = !it.tls13 && it.peer == Client && it.is_behind_handshake();
            behind && it.is_before(&[kind::CLIENT_HELLO])
        },
        comes: Encrypted,
        why: "renegotiation is declined with a warning (RFC 5246 §7.2.2)",
    },
    Row {
        is: |it| {
            let asks = !it.tls13 && it.peer == Server && it.is_before(&[kind::HELLO_REQUEST]);
            asks && it.at != kind::FINISHED
        },
        comes: Encrypted,
        why: "a client may ignore HelloRequest (RFC 5246 §7.4.1.1)",
    },
    Row {
        is: |it| it.change == LeftOut && it.at == kind::CERTIFICATE_REQUEST,
        comes: RefusedByPeer,
        why: "nobody needs to ask for a certificate; who has asked misses it",
    },
    Row {
        is: |it| {
            let last = [kind::CLIENT_HELLO, kind::HELLO_DONE, kind::FINISHED];
            it.change == LeftOut && last.contains(&it.at)
        },
        comes: Waiting,
        why: "it is the last that the peer says",
    },
    Row {
        is: |it| {
            let second = it.change == Twice || it.is_before(&[kind::CLIENT_HELLO]);
            let in_place = it.flight == 0 || it.flight == 1 && it.at != END && it.change != Twice;
            it.is_retried_by(Client) && second && in_place
        },
        comes: Refused(Alert::IllegalParameter),
        why: "the second hello has not the key share that was asked for (RFC 8446 §4.1.2)",
    },
    Row {
        is: |it| {
            let first = it.at == kind::SERVER_HELLO;
            let in_place = it.flight == 0 && !first || it.flight == 1 && first;
            it.is_retried_by(Server) && it.is_before(&[kind::SERVER_HELLO]) && in_place
        },
        comes: Refused(Alert::IllegalParameter),
        why: "the ServerHello has not the group that was asked for (RFC 8446 §4.1.4)",
    },
    Row {
        is: |it| {
            let of_another = it.tls13 && it.of == Kind::Resumed && it.at == kind::SERVER_HELLO;
            of_another && it.is_before(&[kind::SERVER_HELLO])
        },
        comes: Refused(Alert::IllegalParameter),
        why: "the ServerHello is one of another session (RFC 8446 §4.1.3)",
    },
];

/// Where a flight ends.
const END: u8 = 0xfe;

fn type_of(flight: &[Record], at: usize) -> u8 {
    match flight.get(at) {
        None => END,
        Some(record) if record.content == Record::CHANGE_CIPHER_SPEC => CCS,
        Some(record) => record.body[0],
    }
}

/// The keys at a place in a flight, behind which they may have changed.
fn keys_at(flight: &[Record], at: usize) -> Keys {
    match (flight.get(at), flight.last()) {
        (Some(record), _) => record.keys,
        (None, Some(last)) if last.is(kind::FINISHED) => Keys::Traffic(0),
        (None, last) => last.map_or(Keys::None, |last| last.keys),
    }
}

/// What honest ends say in this version.
fn said(version: &'static str) -> Vec<Record> {
    let flights = [Client, Server].map(|peer| play(peer, version, Kind::Mutual).flights());
    flights.into_iter().flatten().flatten().collect()
}

/// An honest message of this type, or one that could be.
fn message(said: &[Record], kind: u8, keys: Keys) -> Record {
    let made: &[u8] = match kind {
        kind::STATUS => &[1, 0, 0, 1, 0],
        kind::KEY_UPDATE => &[0],
        kind::ENCRYPTED_EXTENSIONS => &[0, 0],
        _ => &[],
    };
    let honest = said.iter().find(|record| record.is(kind)).cloned();
    let mut record = honest.unwrap_or_else(|| Record::message(kind, made, keys));
    record.keys = keys;
    record
}

fn apply(change: Change, at: usize, flight: &mut Vec<Record>, foreign: Option<&Record>) {
    match change {
        LeftOut => drop(flight.remove(at)),
        Twice => flight.insert(at, flight[at].clone()),
        BehindTheNext => flight.swap(at, at + 1),
        Before(_) => flight.insert(at, foreign.expect("made").clone()),
        Is(kind) => flight[at].body[0] = kind,
        Longer => flight[at].edit(|body| body.push(0)),
        Emptied => flight[at].edit(Vec::clear),
    }
}

fn comes(outcome: &mut Outcome) -> Comes {
    let said = outcome.peer.heard();
    // What it cannot open stays as it is: where the script has kept it from its keys.
    let data = said
        .iter()
        .any(|record| record.content == Record::DATA && record.keys != Keys::None);
    let was_encrypted = outcome.saw(Event::Encrypted);
    assert!(was_encrypted || !data, "R5");
    let fatal = said
        .iter()
        .filter(|record| record.content == Record::ALERT && record.body[0] == 2);
    let fatal = fatal.count();
    let Some(failure) = outcome.end.failure() else {
        assert_eq!(fatal, 0);
        return match outcome.end.is_encrypted() {
            true => Encrypted,
            false => Waiting,
        };
    };
    let Some(alert) = failure.alert() else {
        return RefusedByPeer;
    };
    assert!(outcome.saw(Event::AlertSent(alert)), "R6: {failure}");
    assert!(!outcome.end.is_encrypted(), "R6: {failure}");
    let last = said.last().expect("an alert");
    match last.alert() {
        Some(said) => assert_eq!((said, fatal), (alert, 1), "R6: {failure}"),
        None => {
            assert_eq!(last.keys, Keys::None, "{last:?}");
            assert!(matches!(last.body.len(), SEALED_13 | SEALED_12), "{last:?}");
            assert_eq!(fatal, 0, "R6: {failure}");
        }
    }
    Refused(alert)
}

/// An alert that cannot be opened: with its type and its tag in TLS 1.3, with a nonce in TLS 1.2.
const SEALED_13: usize = 2 + 1 + 16;
const SEALED_12: usize = 8 + 2 + 16;

/// Says which rows were needed.
fn try_all(changes: &[Change]) -> Vec<bool> {
    let mut used = vec![false; ROWS.len()];
    let mut faults = Vec::new();
    for play in plays(backend_without_security) {
        let flights = play.flights();
        let said = said(play.version);
        for (n, flight) in flights.iter().enumerate() {
            for change in changes.iter().copied() {
                let places = match change {
                    Before(_) => flight.len() + 1,
                    BehindTheNext => flight.len() - 1,
                    _ => flight.len(),
                };
                for at in 0..places {
                    let kind = type_of(flight, at);
                    if !applies(change, kind) {
                        continue;
                    }
                    let foreign = match change {
                        Before(of) => Some(message(&said, of, keys_at(flight, at))),
                        _ => None,
                    };
                    let mut outcome = play.perform(|which, records| {
                        if which == n {
                            apply(change, at, records, foreign.as_ref());
                        }
                    });

                    let came = comes(&mut outcome);
                    let place = Place {
                        peer: play.peer,
                        tls13: play.version == "TLSv1.3",
                        of: play.kind,
                        flight: n,
                        change,
                        at: kind,
                    };
                    let expected = expected(&place, &mut used);
                    if came != expected {
                        let Play {
                            peer,
                            version,
                            kind: of,
                            ..
                        } = play;
                        faults.push(format!("{peer:?} {version} {of:?} {n}: {change:?} {kind}: {came:?}, not {expected:?}"));
                    }
                }
            }
        }
    }
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
    used
}

fn applies(change: Change, kind: u8) -> bool {
    match change {
        Is(of) => kind != CCS && kind != of,
        Longer => kind != CCS,
        Emptied => kind != CCS && kind != kind::HELLO_DONE,
        _ => true,
    }
}

fn expected(place: &Place, used: &mut [bool]) -> Comes {
    match ROWS.iter().position(|row| (row.is)(place)) {
        Some(row) => {
            used[row] = true;
            ROWS[row].comes
        }
        None => Refused(Alert::UnexpectedMessage),
    }
}

#[test]
fn every_message_has_one_place() {
    let others = [
        0, 1, 2, 4, 5, 8, 11, 12, 13, 14, 15, 16, 20, 21, 22, 23, 24, 254,
    ]
    .map(Before);
    let unknown = [3, 6, 7, 18, 99, 254, 255].map(Is);
    let changes = [LeftOut, Twice, BehindTheNext, Longer, Emptied];
    let used = try_all(&[&changes[..], &others, &unknown].concat());
    for (row, used) in ROWS.iter().zip(used) {
        assert!(used, "no such place: {}", row.why);
    }
}
