//! Calls in any order on a session: no byte is lost, doubled or exchanged, and a failure is final (rules
//! R5, R6). A failing case leaves its transcripts.
#![cfg(feature = "testing")]

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use sslcore::testing::transcript::Configurations;
use sslcore::{
    Alert, Event, Failure, FailureKind, Instant, Limits, Now, Progress, ReadEnd, ServerStart,
    UnixTime, UsageError,
};
use sslcore_tests::pair::server_name;
use sslcore_tests::recorded::Recorded;

#[derive(Clone, Copy, Debug)]
enum Act {
    Write(usize),
    Read(usize),
    /// Puts back so many of the bytes that were read last.
    Unread(usize),
    Discard,
    UpdateKeys,
    Close,
    /// So much goes to the other end, one bit of it changed if it says which.
    Carry(usize, Option<usize>),
    Step,
    Event,
    SetReadBufferSize(usize),
}

/// One end, and what its application knows.
struct Party {
    end: Recorded,
    /// All that was accepted.
    written: Vec<u8>,
    heard: Vec<u8>,
    closed: bool,
    discards: bool,
    renewed: usize,
    failure: Option<Failure>,
    /// What it has told its peer.
    alerts: Vec<Alert>,
    /// Its records have tags that are worth the name.
    is_real: bool,
    /// Something that it has said was changed, and that cannot be found out.
    is_changed: bool,
}

fn now() -> Now {
    let wall = UnixTime::since_unix_epoch(Duration::from_secs(1_893_456_000));
    Now::new(Instant::from_millis(0), wall)
}

/// The `i`th byte that somebody writes.
fn byte(i: usize) -> u8 {
    (i % 251) as u8
}

impl Party {
    fn new(name: &str) -> Self {
        Self {
            end: Recorded::new(name, 7, Limits::default()),
            written: Vec::new(),
            heard: Vec::new(),
            closed: false,
            discards: false,
            renewed: 0,
            failure: None,
            alerts: Vec::new(),
            is_real: name.contains("rustcrypto"),
            is_changed: false,
        }
    }

    fn event(&mut self) -> bool {
        let Some(event) = self.end.conn.poll_event() else {
            return false;
        };
        let failed = self
            .end
            .events
            .iter()
            .any(|it| matches!(it, Event::Failed(_)));
        match event {
            Event::Encrypted => {
                assert!(!failed && !self.end.events.contains(&event), "R5");
            }
            Event::Failed(kind) => {
                assert!(!failed, "R6: a second failure");
                assert_eq!(self.end.conn.failure().map(Failure::kind), Some(kind));
            }
            Event::AlertSent(alert) => {
                // Behind that one is close_notify.
                let has_left = self.end.conn.transmit().is_empty();
                assert!(
                    has_left || alert == Alert::UserCanceled,
                    "R6: it has not left"
                );
                self.alerts.push(alert);
            }
            _ => {}
        }
        assert!(
            !self
                .end
                .events
                .iter()
                .any(|it| matches!(it, Event::Closed(_))),
            "behind Closed"
        );
        self.end.events.push(event);
        true
    }

    fn settle(&mut self) {
        loop {
            let progress = self.end.conn.process(now());
            while self.event() {}
            if progress == Progress::Idle {
                return;
            }
        }
    }

    fn act(&mut self, act: Act, peer: &mut Self) {
        let over = self.end.conn.is_over();
        match act {
            Act::Write(n) => {
                let from = self.written.len();
                let bytes: Vec<u8> = (from..from + n).map(byte).collect();
                match self.end.conn.write(&bytes) {
                    Ok(n) => self.written.extend(&bytes[..n]),
                    Err(UsageError::WriteClosed) => assert!(self.closed || self.is_answering()),
                    Err(error) => assert!(over && error == UsageError::ConnectionOver, "{error}"),
                }
            }
            Act::Read(n) => {
                let mut out = vec![0; n];
                let n = self.end.conn.read(&mut out).unwrap_or(0);
                self.heard.extend(&out[..n]);
            }
            Act::Unread(n) => {
                let at = self.heard.len().saturating_sub(n);
                if self.end.conn.unread(&self.heard[at..]).is_ok() {
                    self.heard.truncate(at);
                }
            }
            Act::Discard => {
                self.end.conn.discard_reads();
                self.discards = true;
            }
            // A peer that hears nothing else counts them.
            Act::UpdateKeys if self.renewed < 8 => {
                self.renewed += usize::from(self.end.conn.update_keys().is_ok());
            }
            Act::UpdateKeys => {}
            Act::Close => {
                self.end.conn.close();
                self.closed = true;
            }
            Act::Carry(n, damage) => {
                let n = n.min(self.end.conn.transmit().len());
                let mut bytes = self.end.conn.transmit()[..n].to_vec();
                if let (Some(bit), 1..) = (damage, n) {
                    bytes[bit / 8 % n] ^= 1 << (bit % 8);
                    self.is_changed |= !self.is_real;
                }
                let taken = peer.end.conn.receive(&bytes).expect("open");
                self.end.conn.transmitted(taken).expect("shown");
            }
            Act::Step => _ = self.end.conn.process(now()),
            Act::Event => _ = self.event(),
            Act::SetReadBufferSize(n) => self.end.conn.set_read_buffer_size(n),
        }
        self.check(peer);
        peer.check(self);
        assert!(!over || self.end.conn.is_over());
    }

    /// A TLS 1.2 peer's close is answered at once.
    fn is_answering(&self) -> bool {
        self.end.conn.read_end() == Some(ReadEnd::Closed)
    }

    fn check(&mut self, peer: &Self) {
        let conn = &self.end.conn;
        // The stream, but for changes that nothing can find out.
        let peeked = conn.peek();
        let heard = [&self.heard, peeked].concat();
        assert!(
            peer.is_changed || peer.written.starts_with(&heard),
            "other bytes"
        );
        assert!(!self.discards || peeked.is_empty());
        // The failure.
        match (&self.failure, conn.failure()) {
            (None, now) => self.failure = now.cloned(),
            (before, now) => assert_eq!(before.as_ref(), now, "R6: another failure"),
        }
        // Who goes in a handshake says user_canceled before close_notify (RFC 8446 §6.1).
        let no_fault = [Alert::CloseNotify, Alert::UserCanceled];
        let fatal = self.alerts.iter().filter(|alert| !no_fault.contains(alert));
        let owed = self.failure.as_ref().and_then(Failure::alert);
        assert!(
            fatal.clone().all(|alert| Some(*alert) == owed),
            "R6: {:?}",
            self.alerts
        );
        assert!(fatal.count() <= 1, "R6: {:?}", self.alerts);
        assert_ne!(conn.read_end(), Some(ReadEnd::Truncated), "R4: it is open");
    }
}

fn begun(name: &str) -> [Party; 2] {
    let Configurations { client, server } =
        Configurations::without_security(name, 7).expect("known words");
    let mut ends = [Party::new(name), Party::new(name)];
    let conn = &mut ends[0].end.conn;
    conn.start_client_encryption(&client, server_name())
        .expect("start");
    let conn = &mut ends[1].end.conn;
    conn.start_server_encryption(ServerStart::With(server))
        .expect("start");
    ends
}

/// All acts, then everything arrives that is left, and is read.
fn perform(ends: &mut [Party; 2], acts: &[(bool, Act)]) {
    for (by_client, act) in acts {
        let [client, server] = &mut *ends;
        match by_client {
            true => client.act(*act, server),
            false => server.act(*act, client),
        }
    }
    for _ in 0..20 {
        for i in [0, 1, 0, 1] {
            let [client, server] = &mut *ends;
            let (from, to) = if i == 0 {
                (client, server)
            } else {
                (server, client)
            };
            for _ in 0..8 {
                from.settle();
                from.act(Act::Carry(usize::MAX, None), to);
                to.settle();
                to.act(Act::Read(100_000), from);
            }
        }
    }
}

fn act(damages: bool) -> impl Strategy<Value = (bool, Act)> {
    let some = prop_oneof![1..60usize, 1..30_000usize, Just(usize::MAX)];
    let size = prop_oneof![1..60usize, 1..30_000usize];
    let damage = match damages {
        true => prop_oneof![4 => Just(None), 1 => any::<usize>().prop_map(Some)].boxed(),
        false => Just(None).boxed(),
    };
    let act = prop_oneof![
        8 => size.clone().prop_map(Act::Write),
        6 => size.clone().prop_map(Act::Read),
        2 => size.clone().prop_map(Act::Unread),
        1 => Just(Act::Discard),
        3 => Just(Act::UpdateKeys),
        1 => Just(Act::Close),
        14 => (some, damage).prop_map(|(n, damage)| Act::Carry(n, damage)),
        10 => Just(Act::Step),
        8 => Just(Act::Event),
        1 => size.prop_map(Act::SetReadBufferSize),
    ];
    (any::<bool>(), act)
}

const NAMES: [&str; 6] = [
    "tls12",
    "tls13",
    "tls12 resumed",
    "tls13 resumed",
    "tls13 retried",
    "tls13 mutual",
];
/// Where changes on the wire are found out.
const REAL: [&str; 3] = [
    "tls12 rustcrypto",
    "tls13 rustcrypto",
    "tls13 rustcrypto resumed",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(120), ..ProptestConfig::default() })]

    #[test]
    fn every_byte_arrives_once_and_in_order_in_whatever_order_calls_come(
        name in prop::sample::select(&NAMES[..]),
        acts in vec(act(false), 1..120),
    ) {
        let mut ends = begun(name);
        perform(&mut ends, &acts);
        let [client, server] = &mut ends;
        for (from, to) in [(&*client, &*server), (&*server, &*client)] {
            // Who closes in the handshake fails the other.
            let canceled = Some(FailureKind::ClosedDuringHandshake);
            let failed = from.failure_kind();
            prop_assert!(failed.is_none() || (failed == canceled && to.closed), "{failed:?}");
            // What a TLS 1.2 end had still to seal when its peer closed, and nothing else.
            let report = from.end.conn.close_report();
            let abandoned = report.map_or(0, |report| report.abandoned);
            let may_abandon = name.starts_with("tls12") && from.is_answering();
            let is_encrypted = |party: &Party| party.end.events.contains(&Event::Encrypted);
            let complete = is_encrypted(from) && is_encrypted(to);
            prop_assert!(abandoned == 0 || may_abandon || !complete, "{abandoned}");
            if !to.discards && complete {
                prop_assert_eq!(to.heard.len(), from.written.len() - abandoned);
            }
            let closed = to.end.conn.read_end() == Some(ReadEnd::Closed);
            prop_assert!(from.closed || !closed || from.is_answering());
        }
        for end in [client, server] {
            end.end.conn.receive_eof();
            end.settle();
            let is_cut = end.end.conn.read_end() == Some(ReadEnd::Truncated);
            prop_assert_eq!(is_cut, end.failure_kind() == Some(FailureKind::Truncated));
        }
    }

    #[test]
    fn a_failure_is_final_whatever_is_called_before_and_behind_it(
        name in prop_oneof![
            prop::sample::select(&NAMES[..]),
            prop::sample::select(&REAL[..]),
        ],
        acts in vec(act(true), 1..120),
    ) {
        let mut ends = begun(name);
        perform(&mut ends, &acts);
        for end in &mut ends {
            // Everything has left: so has the alert.
            let owed = end.failure.as_ref().and_then(Failure::alert);
            prop_assert!(owed.is_none_or(|alert| end.alerts.contains(&alert)));
            let before = end.failure.clone();
            end.end.conn.receive_eof();
            end.settle();
            prop_assert!(before.is_none() || end.end.conn.failure() == before.as_ref());
            prop_assert!(end.end.conn.read_end().is_some());
        }
    }
}

impl Party {
    fn failure_kind(&self) -> Option<FailureKind> {
        self.end.conn.failure().map(Failure::kind)
    }
}

/// `PROPTEST_CASES` for long runs, some for every day.
fn cases(everyday: u32) -> u32 {
    std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok())
        .unwrap_or(everyday)
}
