//! Sessions that are cut at every byte, in every way, and sending that fails there: each end tells what
//! became of it (rules R4, R6), and hears all that has reached it.
#![cfg(feature = "testing")]

use std::env;

use sslcore::testing::{backend_without_security, known_identity};
use sslcore::{
    Alert, ClientConfig, Event, FailureKind, Leftover, ReadEnd, ServerConfig, ServerStart, SslMode,
};
use sslcore_tests::pair::{End, Pair, server_name};

/// What is negotiated.
#[derive(Clone, Copy, Debug)]
struct Session {
    version: &'static str,
    resumed: bool,
    /// It begins in plaintext.
    starttls: bool,
}

/// What becomes of a stream.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Cut {
    /// It ends.
    End,
    /// Both ends are told of a reset.
    Reset,
    /// Its sender is told that sending has failed, and goes on reading.
    SendingFails,
}

/// A stream, and where it is cut.
#[derive(Clone, Copy, Debug)]
struct Place {
    of_client: bool,
    byte: usize,
    cut: Cut,
}

const GREETING: &[u8] = b"220 ready\r\n";
const WORDS: [&[u8]; 3] = [b"first words", b"words under new keys", b"last words"];

fn configs(session: Session) -> (ClientConfig, ServerConfig) {
    let (chain, key) = known_identity();
    let client = ClientConfig::builder(backend_without_security(1))
        .protocols(&[session.version])
        .trust_anchors(chain.clone());
    let server = ServerConfig::builder(backend_without_security(2))
        .protocols(&[session.version])
        .identity(chain, key);
    (
        client.build().expect("client"),
        server.build().expect("server"),
    )
}

/// Two ends, and how much each has sent.
struct Wire {
    pair: Pair,
    place: Option<Place>,
    /// Bytes that have left the client, and the server.
    carried: [usize; 2],
    is_cut: bool,
    /// Whether the client, and the server, were told that their stream has ended.
    ended: [bool; 2],
}

impl Wire {
    /// Lets both work, and carries what there is, until both are silent.
    fn run(&mut self) {
        loop {
            let moved = self.carry(true) | self.carry(false);
            for end in [&mut self.pair.client, &mut self.pair.server] {
                let heard = end.read_all();
                end.heard.extend(heard);
            }
            if !moved {
                return;
            }
        }
    }

    fn carry(&mut self, by_client: bool) -> bool {
        let Pair { client, server, .. } = &mut self.pair;
        let (from, to) = match by_client {
            true => (client, server),
            false => (server, client),
        };
        from.settle();
        let carried = &mut self.carried[usize::from(!by_client)];
        let mut n = from.conn.transmit().len();
        let place = self.place.filter(|place| place.of_client == by_client);
        if let Some(place) = place {
            if self.is_cut {
                // Nobody is there any more.
                let moved = n > 0;
                from.conn.transmitted(n).expect("shown");
                return moved;
            }
            n = n.min(place.byte - *carried);
        }
        if self.ended[usize::from(!by_client)] {
            from.conn.transmitted(n).expect("shown");
            return n > 0;
        }
        let bytes = from.conn.transmit()[..n].to_vec();
        from.conn.transmitted(n).expect("shown");
        from.sent.extend_from_slice(&bytes);
        *carried += n;
        to.give(&bytes, usize::MAX);
        if let Some(place) = place.filter(|place| place.byte == *carried) {
            assert!(
                to.conn.read_end() != Some(ReadEnd::Truncated),
                "R4: while it is open"
            );
            self.is_cut = true;
            match place.cut {
                Cut::End => {
                    self.ended[usize::from(!by_client)] = true;
                    to.conn.receive_eof();
                }
                Cut::Reset => {
                    self.ended = [true; 2];
                    to.conn.receive_reset();
                    from.conn.receive_reset();
                }
                Cut::SendingFails => {
                    self.ended[usize::from(!by_client)] = true;
                    from.conn.transmit_failed();
                    to.conn.receive_eof();
                }
            }
            return true;
        }
        n > 0
    }
}

/// Data both ways, new keys, the server's close and then the client's; then the streams end.
fn run(session: Session, configs: &(ClientConfig, ServerConfig), place: Option<Place>) -> Wire {
    let (client, server) = configs;
    let mut wire = Wire {
        pair: Pair::default(),
        place,
        carried: [0; 2],
        is_cut: false,
        ended: [false; 2],
    };
    if session.starttls {
        wire.pair.server.conn.write(GREETING).expect("open");
        wire.run();
    }
    let start = ServerStart::With(server.clone());
    let _ = wire.pair.server.conn.start_server_encryption(start);
    let conn = &mut wire.pair.client.conn;
    let _ = conn.start_client_encryption_with(client, server_name(), Leftover::Discard);
    for (round, words) in WORDS.iter().enumerate() {
        wire.run();
        let _ = wire.pair.client.conn.write(words);
        wire.run();
        if round == 0 {
            let _ = wire.pair.client.conn.update_keys();
        }
        let _ = wire.pair.server.conn.write(words);
    }
    wire.pair.server.conn.close();
    wire.run();
    wire.pair.client.conn.close();
    wire.run();
    for (i, end) in [&mut wire.pair.client, &mut wire.pair.server]
        .into_iter()
        .enumerate()
    {
        if !std::mem::replace(&mut wire.ended[1 - i], true) {
            end.conn.receive_eof();
        }
    }
    wire.run();
    wire
}

/// What the end of a stream may be called.
fn check(end: &End, was_reset: bool, what: &str) {
    let conn = &end.conn;
    assert!(
        conn.is_over() && conn.close_report().is_some(),
        "{what}: {conn:?}"
    );
    let count = |event: Event| end.events.iter().filter(|it| **it == event).count();
    let failures = end
        .events
        .iter()
        .filter(|it| matches!(it, Event::Failed(_)));
    assert_eq!(
        failures.count(),
        usize::from(conn.failure().is_some()),
        "{what}"
    );
    assert!(
        count(Event::Encrypted) <= 1 && count(Event::PeerClosed) <= 1,
        "{what}"
    );
    let kind = conn.failure().map(|it| it.kind());
    let report = conn.close_report().expect("over");
    assert!(
        !report.clean
            || (kind.is_none() && report.close_notify_received)
            || conn.read_end() == Some(ReadEnd::EndOfStream),
        "{what}"
    );
    assert_eq!(
        report.close_notify_received,
        count(Event::PeerClosed) == 1,
        "{what}"
    );
    match conn.read_end().expect("over") {
        ReadEnd::Closed => assert_eq!(count(Event::PeerClosed), 1, "{what}"),
        ReadEnd::Truncated => {
            assert_eq!(kind, Some(FailureKind::Truncated), "{what}");
            assert_eq!(count(Event::PeerClosed), 0, "{what}");
        }
        // Of a sender that has failed, too, the end is called a reset.
        ReadEnd::Reset => assert_eq!(kind, Some(FailureKind::Reset), "{what}"),
        ReadEnd::CloseUnanswered => {
            assert!(!was_reset && kind.is_none(), "{what}");
            assert_eq!(count(Event::AlertSent(Alert::CloseNotify)), 1, "{what}");
        }
        ReadEnd::EndOfStream => assert!(!conn.is_encrypted(), "{what}"),
        other => panic!("{what}: {other:?} {kind:?}"),
    }
}

/// Every byte, or, when there is little time, of what differs only in its beginning, every fourth.
fn step(session: Session) -> usize {
    let has_time = env::var_os("PROPTEST_CASES").is_some();
    let is_plain = !session.resumed && !session.starttls;
    if has_time || is_plain { 1 } else { 4 }
}

/// Every byte of both streams, this cut. Says how many there were.
fn at_every_byte(session: Session, cut: Cut) -> usize {
    let configs = || {
        let configs = configs(session);
        if session.resumed {
            run(session, &configs, None);
        }
        configs
    };
    let honest = run(session, &configs(), None);
    for end in [&honest.pair.client, &honest.pair.server] {
        assert!(end.conn.close_report().expect("over").clean, "{session:?}");
        assert_eq!(end.conn.is_resumed(), session.resumed);
    }
    let all = [&honest.pair.client.heard, &honest.pair.server.heard];
    for (i, of_client) in [true, false].into_iter().enumerate() {
        for byte in (0..=honest.carried[i]).rev().step_by(step(session)) {
            let place = Place {
                of_client,
                byte,
                cut,
            };
            let what = format!("{session:?} {place:?}");
            let wire = run(session, &configs(), Some(place));
            assert!(wire.is_cut, "{what}");
            let (sender, receiver) = match of_client {
                true => (&wire.pair.client, &wire.pair.server),
                false => (&wire.pair.server, &wire.pair.client),
            };
            for end in [sender, receiver] {
                check(end, cut == Cut::Reset, &what);
            }
            // What was read is the front of what was said, and a whole stream is whole.
            let said = all[usize::from(of_client)];
            assert!(
                said.starts_with(&receiver.heard),
                "{what}: {:?}",
                receiver.heard
            );
            let is_whole = byte == honest.carried[i];
            if is_whole && cut != Cut::Reset {
                assert_eq!(receiver.conn.read_end(), Some(ReadEnd::Closed), "{what}");
            }
            if receiver.conn.read_end() == Some(ReadEnd::Closed) {
                assert_eq!(receiver.heard, *said, "{what}: something is missing");
            }
            let is_tls = sender.conn.mode() != SslMode::Unencrypted;
            if cut == Cut::SendingFails && is_tls && !is_whole {
                // Its reading goes on to what the other still says.
                let heard = &all[usize::from(!of_client)];
                assert!(heard.starts_with(&sender.heard), "{what}");
                assert!(!sender.conn.close_report().expect("over").clean, "{what}");
            }
        }
    }
    honest.carried[0] + honest.carried[1] + 2
}

fn sessions(version: &'static str) -> [Session; 3] {
    [(false, false), (false, true), (true, false)].map(|(resumed, starttls)| Session {
        version,
        resumed,
        starttls,
    })
}

macro_rules! cuts {
    ($($name:ident: $version:literal $cut:ident;)*) => {
        $(#[test]
        fn $name() {
            for session in sessions($version) {
                let bytes = at_every_byte(session, Cut::$cut);
                assert!(bytes > 500, "{bytes}");
            }
        })*
    };
}

cuts! {
    the_end_at_every_byte_of_tls12_is_told_apart: "TLSv1.2" End;
    the_end_at_every_byte_of_tls13_is_told_apart: "TLSv1.3" End;
    a_reset_at_every_byte_of_tls12_is_told_apart: "TLSv1.2" Reset;
    a_reset_at_every_byte_of_tls13_is_told_apart: "TLSv1.3" Reset;
    sending_that_fails_at_every_byte_of_tls12_lets_reading_go_on: "TLSv1.2" SendingFails;
    sending_that_fails_at_every_byte_of_tls13_lets_reading_go_on: "TLSv1.3" SendingFails;
}
