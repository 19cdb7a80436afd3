//! Rule R3 when the application acts at any time: whatever the buffers hold, however slowly the transport
//! takes and brings, whenever a decision is made, plaintext, verification results and the outcome are the
//! same. A failing case leaves its transcripts.
#![cfg(feature = "testing")]

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use sslcore::testing::transcript::Configurations;
use sslcore::{
    Event, FailureKind, Instant, Limits, Now, Progress, ReadEnd, ServerStart, SslErrorKind,
    SslMode, UnixTime, Verdict,
};
use sslcore_tests::pair::server_name;
use sslcore_tests::recorded::Recorded;

/// What is negotiated and said.
#[derive(Clone, Debug)]
struct Session {
    tls13: bool,
    /// Words of [`Configurations::without_security`].
    words: &'static str,
    starttls: bool,
    /// The server waits for its configuration.
    ask: bool,
    /// What is answered, when there is a question.
    accept: bool,
    /// How much the client says, and the server.
    says: [usize; 2],
    /// How often each renews its keys.
    renews: usize,
}

impl Session {
    fn name(&self) -> String {
        let version = if self.tls13 { "tls13" } else { "tls12" };
        format!("{version} {}", self.words).trim_end().to_owned()
    }
}

/// What is done at one end.
#[derive(Clone, Copy, Debug)]
enum Act {
    /// One call of `process`.
    Step,
    /// One event is taken.
    Event,
    /// Processes until it is idle, and takes all events.
    Settle,
    /// The transport takes so much, and brings it to the other end as far as that has room.
    Carry(usize),
    /// The transport takes nothing.
    Stall,
    Read(usize),
    Write(usize),
    /// The application starts TLS, or decides what there is to be decided.
    Decide,
    UpdateKeys,
    SetReadBufferSize(usize),
}

const GREETING: &[u8] = b"220 go ahead\r\n";

/// One end and its application.
struct Party {
    end: Recorded,
    is_client: bool,
    /// What is still to be said.
    rest: Vec<u8>,
    heard: Vec<u8>,
    /// How much it wants to hear.
    wants: usize,
    renews: usize,
    start: Option<Configurations>,
    /// What begins in plaintext, or as the wait for a configuration.
    session: Session,
    /// Bytes that are on their way to it.
    arriving: Vec<u8>,
}

/// 2030, when the two have met whose session is resumed.
fn now() -> Now {
    let wall = UnixTime::since_unix_epoch(Duration::from_secs(1_893_456_000));
    Now::new(Instant::from_millis(0), wall)
}

impl Party {
    fn new(session: &Session, is_client: bool, limits: Limits) -> Self {
        let [mine, other] = match is_client {
            true => [0, 1],
            false => [1, 0],
        };
        let greeting = if session.starttls { GREETING.len() } else { 0 };
        Self {
            end: Recorded::new(&session.name(), 7, limits),
            is_client,
            rest: (0..session.says[mine]).map(|i| (i % 251) as u8).collect(),
            heard: Vec::new(),
            wants: session.says[other] + if is_client { greeting } else { 0 },
            renews: session.renews,
            start: None,
            session: session.clone(),
            arriving: Vec::new(),
        }
    }

    fn act(&mut self, act: Act, peer: &mut Self) {
        match act {
            Act::Step => {
                if self.end.conn.process(now()) == Progress::DrainEvents {
                    self.act(Act::Event, peer);
                }
            }
            Act::Event => self.end.events.extend(self.end.conn.poll_event()),
            Act::Settle => self.settle(),
            Act::Carry(n) => {
                let n = n.min(self.end.conn.transmit().len());
                peer.arriving.extend(&self.end.conn.transmit()[..n]);
                self.end.conn.transmitted(n).expect("shown");
                peer.arrive(n);
            }
            Act::Stall => self.end.conn.transmitted(0).expect("nothing"),
            Act::Read(n) => {
                let mut out = vec![0; n];
                let n = self.end.conn.read(&mut out).unwrap_or(0);
                self.heard.extend(&out[..n]);
            }
            Act::Write(n) => {
                let n = n.min(self.rest.len());
                if self.is_started() {
                    let taken = self.end.conn.write(&self.rest[..n]).unwrap_or(0);
                    self.rest.drain(..taken);
                }
            }
            Act::Decide => self.decide(),
            Act::UpdateKeys => {
                if self.renews > 0 && self.end.conn.update_keys().is_ok() {
                    self.renews -= 1;
                }
            }
            Act::SetReadBufferSize(n) => self.end.conn.set_read_buffer_size(n),
        }
    }

    fn settle(&mut self) {
        let events = self.end.conn.settle(now());
        self.end
            .events
            .extend(events.expect("process becomes idle"));
    }

    fn read_all(&mut self) {
        loop {
            self.settle();
            let n = self.end.conn.peek().len();
            self.heard.extend_from_slice(self.end.conn.peek());
            self.end.conn.consume(n).expect("peek showed them");
            if n == 0 {
                return;
            }
        }
    }

    /// Lets at most so much arrive of what is on its way.
    fn arrive(&mut self, n: usize) {
        let n = n.min(self.arriving.len());
        let taken = self.end.conn.receive(&self.arriving[..n]).expect("open");
        self.arriving.drain(..taken);
    }

    fn is_started(&self) -> bool {
        self.end.conn.mode() != SslMode::Unencrypted
    }

    fn decide(&mut self) {
        let conn = &mut self.end.conn;
        if let Some(configs) = &self.start {
            let greeted = !self.session.starttls || self.heard == GREETING || !self.is_client;
            if conn.mode() == SslMode::Unencrypted && greeted {
                let started = match (self.is_client, self.session.ask) {
                    (true, _) => conn.start_client_encryption(&configs.client, server_name()),
                    (false, false) => {
                        conn.start_server_encryption(ServerStart::With(configs.server.clone()))
                    }
                    (false, true) => conn.start_server_encryption(ServerStart::Ask {
                        fallback: configs.server.clone(),
                    }),
                };
                started.expect("not started before");
            }
        }
        if let Some(id) = conn.review().map(|review| review.id) {
            let verdict = match self.session.accept {
                true => Verdict::Accept,
                false => Verdict::Reject,
            };
            // An answer may be given already, and not acted upon.
            let _ = conn.answer(id, verdict);
        }
        if let Some(id) = conn.config_request().map(|request| request.id) {
            let configs = self.start.as_ref().expect("started");
            let _ = conn.provide_config(id, &configs.server);
        }
        let has_all = self.rest.is_empty() && self.heard.len() == self.wants;
        let peer_closed = conn.read_end() == Some(ReadEnd::Closed);
        if self.end.conn.is_encrypted() && has_all && (self.is_client || peer_closed) {
            self.end.conn.close();
        }
    }
}

/// What must not depend on the time.
#[derive(Debug, PartialEq)]
struct Outcome {
    heard: Vec<u8>,
    failure: Option<FailureKind>,
    read_end: Option<ReadEnd>,
    clean: bool,
    close_notify: (bool, bool),
    encrypted: bool,
    resumed: bool,
    errors: Vec<SslErrorKind>,
    told: Vec<Event>,
    protocol: Option<&'static str>,
}

fn outcome(party: &Party) -> Outcome {
    let conn = &party.end.conn;
    let report = conn.close_report().expect("over");
    let is_told = |event: &&Event| {
        matches!(
            event,
            Event::PeerVerifyError { .. }
                | Event::SslErrors(_)
                | Event::ClientCertificateRequested
                | Event::ConfigRequired(_)
                | Event::AlertReceived(_)
                | Event::AlertSent(_)
                | Event::PeerClosed
                | Event::Failed(_)
        )
    };
    let told = party.end.events.iter().filter(is_told);
    Outcome {
        heard: party.heard.clone(),
        failure: conn.failure().map(|failure| failure.kind()),
        read_end: conn.read_end(),
        clean: report.clean,
        close_notify: (report.close_notify_sent, report.close_notify_received),
        encrypted: party.end.events.contains(&Event::Encrypted),
        resumed: conn.is_resumed(),
        errors: conn.ssl_errors().iter().map(|error| error.kind()).collect(),
        told: told.copied().collect(),
        protocol: conn.session_protocol().map(|protocol| protocol.name()),
    }
}

/// The session with these acts first, the client's and the server's; then all that is left happens at
/// once, and the streams end.
fn run(session: &Session, limits: [Limits; 2], acts: &[(bool, Act)]) -> [Outcome; 2] {
    let configs = Configurations::without_security(&session.name(), 7).expect("known words");
    let mut client = Party::new(session, true, limits[0]);
    let mut server = Party::new(session, false, limits[1]);
    if session.starttls {
        let said = server.end.conn.write(GREETING);
        // A transmit buffer has room for that at least.
        assert_eq!(said, Ok(GREETING.len()));
    }
    (client.start, server.start) = (Some(configs.clone()), Some(configs));
    server.decide();
    for (by_client, act) in acts {
        match by_client {
            true => client.act(*act, &mut server),
            false => server.act(*act, &mut client),
        }
        check(&client, false);
        check(&server, false);
    }
    let mut quiet = 0;
    while quiet < 3 {
        quiet += 1;
        for by_client in [true, false] {
            let (from, to) = match by_client {
                true => (&mut client, &mut server),
                false => (&mut server, &mut client),
            };
            let before = (from.rest.len(), to.arriving.len(), from.heard.len());
            for act in [
                Act::Settle,
                Act::Decide,
                Act::Write(usize::MAX),
                Act::Settle,
            ] {
                from.act(act, to);
            }
            let sent = from.end.conn.transmit().len();
            from.act(Act::Carry(usize::MAX), to);
            to.arrive(usize::MAX);
            to.settle();
            for party in [&mut *from, &mut *to] {
                party.read_all();
            }
            from.decide();
            let after = (from.rest.len(), to.arriving.len(), from.heard.len());
            if sent > 0 || before != after {
                quiet = 0;
            }
        }
    }
    for party in [&mut client, &mut server] {
        check(party, false);
        assert_eq!(party.arriving.len(), 0, "everything has arrived");
        party.end.conn.receive_eof();
        party.settle();
        check(party, true);
    }
    [outcome(&client), outcome(&server)]
}

/// No stream is called cut off while it is open (R4).
fn check(party: &Party, has_ended: bool) {
    let truncated = party.end.conn.read_end() == Some(ReadEnd::Truncated);
    assert!(has_ended || !truncated, "R4: it is open");
}

fn acts() -> impl Strategy<Value = (bool, Act)> {
    let few = prop_oneof![3 => Just(1usize), 3 => 1..40usize, 2 => 1..40_000usize];
    let act = prop_oneof![
        12 => Just(Act::Step),
        6 => Just(Act::Event),
        3 => Just(Act::Settle),
        16 => prop_oneof![few.clone(), Just(usize::MAX)].prop_map(Act::Carry),
        1 => Just(Act::Stall),
        6 => few.clone().prop_map(Act::Read),
        6 => few.clone().prop_map(Act::Write),
        4 => Just(Act::Decide),
        2 => Just(Act::UpdateKeys),
        1 => few.prop_map(Act::SetReadBufferSize),
    ];
    (any::<bool>(), act)
}

fn limits() -> impl Strategy<Value = Limits> {
    let size = || prop_oneof![0..600usize, 0..40_000usize];
    (size(), size(), size(), any::<bool>()).prop_map(
        |(read_buffer_size, transmit, queued, release_when_idle)| Limits {
            read_buffer_size,
            transmit,
            queued,
            release_when_idle,
            ..Limits::default()
        },
    )
}

prop_compose! {
    fn sessions()(
        (tls13, starttls, ask, accept) in any::<(bool, bool, bool, bool)>(),
        words in prop::sample::select(&[
            "", "resumed", "mutual", "resumed mutual", "refused", "untrusted", "untrusted mutual",
            "retried", "rustcrypto", "max_fragment 40",
        ][..]),
        // Something: who has nothing to wait for closes, and may or may not have done so when it is
        // refused.
        says in prop::array::uniform2(prop_oneof![1..100usize, 1..40_000usize]),
        renews in 0..4usize,
    ) -> Session {
        Session { tls13, words, starttls, ask, accept, says, renews }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(150), ..ProptestConfig::default() })]

    #[test]
    fn nothing_depends_on_when_it_happens_nor_on_what_the_buffers_hold(
        session in sessions(),
        limits in prop::array::uniform2(limits()),
        acts in vec(acts(), 0..60),
        times in 1..12usize,
    ) {
        let at_once = run(&session, [Limits::default(); 2], &[]);
        let repeated: Vec<(bool, Act)> = acts.iter().copied().cycle().take(acts.len() * times).collect();
        let whenever = run(&session, limits, &repeated);
        for (at_once, whenever) in at_once.iter().zip(&whenever) {
            prop_assert_eq!(at_once, whenever);
        }
    }
}

#[test]
fn a_transport_that_takes_and_brings_one_byte_at_a_time_carries_any_session() {
    let one = [
        Act::Carry(1),
        Act::Step,
        Act::Event,
        Act::Read(1),
        Act::Write(1),
        Act::Decide,
    ];
    let round = [true, false].map(|by_client| one.map(|act| (by_client, act)));
    let acts: Vec<(bool, Act)> = round.concat().repeat(9000);
    let smallest = Limits {
        read_buffer_size: 1,
        transmit: 1,
        queued: 1,
        ..Limits::default()
    };
    for tls13 in [false, true] {
        for words in ["", "resumed", "mutual", "untrusted"] {
            let session = Session {
                tls13,
                words,
                starttls: true,
                ask: true,
                accept: true,
                says: [60, 40],
                renews: 0,
            };
            let at_once = run(&session, [Limits::default(); 2], &[]);
            for limits in [smallest, Limits::default()] {
                assert_eq!(run(&session, [limits; 2], &acts), at_once, "{session:?}");
            }
        }
    }
}

#[test]
fn what_is_compared_is_a_whole_session() {
    for tls13 in [false, true] {
        for (words, accept, encrypted) in [
            ("", true, [true; 2]),
            ("resumed", true, [true; 2]),
            ("untrusted", true, [true; 2]),
            ("untrusted", false, [false; 2]),
            ("refused", true, [tls13, false]),
        ] {
            let session = Session {
                tls13,
                words,
                starttls: true,
                ask: true,
                accept,
                says: [30_000, 20_000],
                renews: 2,
            };
            let outcomes = run(&session, [Limits::default(); 2], &[]);
            let resumed = words == "resumed";
            assert_eq!(
                outcomes.each_ref().map(|it| it.encrypted),
                encrypted,
                "{session:?}"
            );
            assert_eq!(outcomes.each_ref().map(|it| it.resumed), [resumed; 2]);
            let heard = outcomes.each_ref().map(|it| it.heard.len());
            let is_whole = encrypted == [true; 2];
            let all = if is_whole { [20_000, 30_000] } else { [0; 2] };
            assert_eq!(heard, [GREETING.len() + all[0], all[1]], "{session:?}");
            assert!(
                outcomes
                    .iter()
                    .all(|it| it.clean == is_whole && it.failure.is_none() == is_whole)
            );
        }
    }
}

/// `PROPTEST_CASES` for long runs, some for every day.
fn cases(everyday: u32) -> u32 {
    std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok())
        .unwrap_or(everyday)
}
