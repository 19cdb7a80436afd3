//! Rules R3 and R12 as properties, compared down to the bytes on the wire.
#![cfg(feature = "testing")]

use proptest::collection::vec;
use proptest::prelude::*;
use sslcore::testing::transcript::{Configurations, Transcript, replay, replay_with};
use sslcore::{
    CloseReport, Event, FailureKind, Limits, OnErrors, ReadEnd, ServerStart, Verdict, VerifyMode,
};
use sslcore_tests::certs::WORLD;
use sslcore_tests::effort::cases;
use sslcore_tests::entropy::seeded;
use sslcore_tests::pair::{client, server, server_name};
use sslcore_tests::recorded::Recorded;

/// What is negotiated and decided.
#[derive(Clone, Debug)]
struct Scenario {
    /// With the known identity, so that a transcript can be replayed anywhere.
    known: bool,
    tls13: bool,
    starttls: bool,
    client_certificate: bool,
    hello_retry: bool,
    hold: bool,
    accept: bool,
    fragment: usize,
    read_limit: usize,
    seed: u64,
    /// Written by both before the handshake.
    early: usize,
    actions: Vec<Action>,
}

/// What an application does while everything is at rest.
#[derive(Clone, Debug)]
enum Action {
    Write { client: bool, len: usize },
    UpdateKeys { client: bool },
    Close { client: bool },
}

/// How the wire cuts what it carries: the next piece's length, for ever.
struct Cuts<'a> {
    lengths: std::iter::Cycle<std::slice::Iter<'a, usize>>,
}

impl<'a> Cuts<'a> {
    fn new(lengths: &'a [usize]) -> Self {
        Self {
            lengths: lengths.iter().cycle(),
        }
    }

    fn next(&mut self) -> usize {
        self.lengths.next().copied().unwrap_or(usize::MAX)
    }
}

/// Everything that can be observed of one end, counts summed.
#[derive(Debug, PartialEq)]
struct Observed {
    events: Vec<Event>,
    bytes_written: usize,
    encrypted_bytes_written: usize,
    ready_read: bool,
    wire: Vec<u8>,
    plaintext: Vec<u8>,
    failure: Option<FailureKind>,
    report: Option<CloseReport>,
    errors: usize,
    is_encrypted: bool,
    protocol: Option<&'static str>,
    end: Option<ReadEnd>,
}

/// What one end did, and how it came to that.
struct Seen {
    observed: Observed,
    transcript: Transcript,
}

fn observe(mut end: Recorded, plaintext: Vec<u8>) -> Seen {
    let mut observed = Observed {
        events: Vec::new(),
        bytes_written: 0,
        encrypted_bytes_written: 0,
        ready_read: false,
        wire: std::mem::take(&mut end.sent),
        plaintext,
        failure: end.conn.failure().map(|failure| failure.kind()),
        report: end.conn.close_report(),
        errors: end.conn.ssl_errors().len(),
        is_encrypted: end.conn.is_encrypted(),
        protocol: end.conn.session_protocol().map(|protocol| protocol.name()),
        end: end.conn.read(&mut [0; 1]).err(),
    };
    for event in std::mem::take(&mut end.events) {
        match event {
            Event::BytesWritten(n) => observed.bytes_written += n,
            Event::EncryptedBytesWritten(n) => observed.encrypted_bytes_written += n,
            Event::ReadyRead => observed.ready_read = true,
            Event::Writable => {}
            event => observed.events.push(event),
        }
    }
    Seen {
        observed,
        transcript: end.conn.transcript().clone(),
    }
}

/// Carries what waits in `from`, cut anywhere, settling wherever the cuts say.
fn carry(from: &mut Recorded, to: &mut Recorded, read: &mut Vec<u8>, cuts: &mut Cuts<'_>) -> bool {
    let mut carried = false;
    loop {
        from.settle();
        let n = from.conn.transmit().len().min(cuts.next());
        if n == 0 {
            return carried;
        }
        carried = true;
        let bytes = from.conn.transmit()[..n].to_vec();
        from.conn.transmitted(n).expect("shown");
        from.sent.extend_from_slice(&bytes);
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let cut = rest.len().min(cuts.next());
            let taken = to.conn.receive(&rest[..cut]).expect("open");
            rest = &rest[taken..];
            to.settle();
            if taken == 0 {
                read.extend(to.read_all());
            }
        }
        to.settle();
    }
}

struct World<'a> {
    client: Recorded,
    server: Recorded,
    read: [Vec<u8>; 2],
    cuts: Cuts<'a>,
}

impl World<'_> {
    /// Carries in both directions until all is at rest, then reads what has arrived.
    fn rest(&mut self) {
        loop {
            let (client, server) = (&mut self.client, &mut self.server);
            let [client_read, server_read] = &mut self.read;
            let forth = carry(client, server, server_read, &mut self.cuts);
            let back = carry(server, client, client_read, &mut self.cuts);
            client_read.extend(client.read_all());
            server_read.extend(server.read_all());
            if !forth && !back {
                return;
            }
        }
    }
}

/// The name under which a scenario's configurations are recorded.
fn name(scenario: &Scenario) -> String {
    let version = if scenario.tls13 { "tls13" } else { "tls12" };
    if !scenario.known {
        return format!("{version} of the test properties");
    }
    let mut name = format!("{version} rustcrypto max_fragment {}", scenario.fragment);
    for (word, is_so) in [
        (" mutual", scenario.client_certificate),
        (" retried", scenario.hello_retry),
        (" untrusted", scenario.hold),
    ] {
        name += if is_so { word } else { "" };
    }
    name
}

fn configurations(scenario: &Scenario) -> Configurations {
    if scenario.known {
        return Configurations::without_security(&name(scenario), scenario.seed)
            .expect("known words");
    }
    let version = if scenario.tls13 { "TLSv1.3" } else { "TLSv1.2" };
    let on_errors = if scenario.hold {
        OnErrors::Hold
    } else {
        OnErrors::Reject
    };
    let mut client = client(seeded(scenario.seed))
        .protocols(&[version])
        .on_errors(on_errors)
        .max_fragment(scenario.fragment);
    if scenario.client_certificate {
        client = client.identity(WORLD.client.chain.clone(), WORLD.client.key());
    }
    if scenario.hello_retry {
        client = client.groups(&["X25519", "secp256r1"]);
    }
    let mut server = server(seeded(scenario.seed + 1))
        .protocols(&[version])
        .max_fragment(scenario.fragment);
    if scenario.hello_retry {
        server = server.groups(&["secp256r1"]);
    }
    if scenario.client_certificate {
        server = server.verify_mode(VerifyMode::Verify);
    }
    if scenario.hold {
        server = server.identity(WORLD.self_signed.chain.clone(), WORLD.self_signed.key());
    }
    Configurations {
        client: client.build().expect("client"),
        server: server.build().expect("server"),
    }
}

fn run(scenario: &Scenario, cuts: &[usize]) -> [Seen; 2] {
    let Configurations { client, server } = configurations(scenario);
    let limits = Limits {
        read_buffer_size: scenario.read_limit,
        ..Limits::default()
    };
    let name = name(scenario);
    let mut world = World {
        client: Recorded::new(&name, scenario.seed, limits),
        server: Recorded::new(&name, scenario.seed, limits),
        read: [Vec::new(), Vec::new()],
        cuts: Cuts::new(cuts),
    };
    if scenario.starttls {
        let line = b"220 go ahead\r\n";
        world.server.conn.write(line).expect("open");
        world.rest();
    }
    let start = ServerStart::With(server);
    let conn = &mut world.server.conn;
    conn.start_server_encryption(start).expect("start");
    let conn = &mut world.client.conn;
    conn.start_client_encryption(&client, server_name())
        .expect("start");
    let early: Vec<u8> = (0..scenario.early).map(|i| i as u8).collect();
    world.client.conn.write(&early).expect("open");
    world.server.conn.write(&early).expect("open");
    world.rest();
    if let Some(review) = world.client.conn.review() {
        let id = review.id;
        let verdict = match scenario.accept {
            true => Verdict::Accept,
            false => Verdict::Reject,
        };
        world.client.conn.answer(id, verdict).expect("open");
        world.rest();
    }
    for action in &scenario.actions {
        let (client, server) = (&mut world.client, &mut world.server);
        // An action after the end is refused the same way in both runs; that is R7's affair.
        match *action {
            Action::Write {
                client: by_client,
                len,
            } => {
                let end = if by_client { client } else { server };
                let bytes: Vec<u8> = (0..len).map(|i| i as u8).collect();
                let _ = end.conn.write(&bytes);
            }
            Action::UpdateKeys { client: by_client } => {
                let end = if by_client { client } else { server };
                let _ = end.conn.update_keys();
            }
            Action::Close { client: by_client } => {
                let end = if by_client { client } else { server };
                end.conn.close();
            }
        }
        world.rest();
    }
    let [client_read, server_read] = world.read;
    [
        observe(world.client, client_read),
        observe(world.server, server_read),
    ]
}

fn actions() -> impl Strategy<Value = Action> {
    prop_oneof![
        6 => (any::<bool>(), prop_oneof![0..100usize, 0..40_000usize])
            .prop_map(|(client, len)| Action::Write { client, len }),
        2 => any::<bool>().prop_map(|client| Action::UpdateKeys { client }),
        1 => any::<bool>().prop_map(|client| Action::Close { client }),
    ]
}

prop_compose! {
    fn scenarios()(
        known in prop::bool::weighted(0.25),
        (tls13, starttls, client_certificate, hello_retry) in any::<(bool, bool, bool, bool)>(),
        (hold, accept) in any::<(bool, bool)>(),
        fragment in prop_oneof![Just(16384usize), 32..2000usize],
        read_limit in prop_oneof![Just(16384usize), 1..200usize],
        seed in 0..1000u64,
        early in prop_oneof![Just(0usize), 0..60_000usize],
        actions in vec(actions(), 0..8),
    ) -> Scenario {
        Scenario {
            known, tls13, starttls, client_certificate, hello_retry, hold, accept, fragment, read_limit,
            seed, early, actions,
        }
    }
}

/// Pieces from single bytes to whole flights.
fn cuts() -> impl Strategy<Value = Vec<usize>> {
    vec(prop_oneof![1..8usize, 1..300usize, Just(usize::MAX)], 1..20)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(86), ..ProptestConfig::default() })]

    /// Rule R3: any split of the same streams gives the same events, plaintext, wire and end.
    #[test]
    fn how_the_stream_is_cut_makes_no_difference(scenario in scenarios(), cuts in cuts()) {
        let whole = run(&scenario, &[usize::MAX]);
        let cut = run(&scenario, &cuts);
        assert_same(&whole[0], &cut[0], "the client")?;
        assert_same(&whole[1], &cut[1], "the server")?;
    }

    /// Rule R12: the same inputs give the same outputs, another seed gives others.
    #[test]
    fn a_session_can_be_replayed_to_the_byte(scenario in scenarios(), cuts in cuts()) {
        let first = run(&scenario, &cuts);
        let second = run(&scenario, &cuts);
        assert_same(&first[0], &second[0], "the client")?;
        assert_same(&first[1], &second[1], "the server")?;
        for Seen { transcript, .. } in &first {
            assert_replays(transcript, &scenario)?;
        }
        let other = run(&Scenario { seed: scenario.seed + 1000, ..scenario }, &cuts);
        let (first, other) = (&first[0].observed, &other[0].observed);
        prop_assert_ne!(&first.wire, &other.wire);
        prop_assert_eq!(&first.plaintext, &other.plaintext);
    }

    /// Rule R3 on hostile bytes: a damaged stream fails the same way however it is cut.
    #[test]
    fn a_damaged_stream_fails_the_same_way_however_it_is_cut(
        scenario in scenarios(),
        cuts in cuts(),
        (at, bit, truncate) in (any::<prop::sample::Index>(), 0..8u8, any::<bool>()),
        against_client in any::<bool>(),
    ) {
        let scenario = Scenario { starttls: false, read_limit: 16384, ..scenario };
        let honest = run(&scenario, &[usize::MAX]);
        let mut stream = honest[usize::from(against_client)].observed.wire.clone();
        if stream.is_empty() {
            return Ok(());
        }
        let at = at.index(stream.len());
        if truncate {
            stream.truncate(at);
        } else {
            stream[at] ^= 1 << bit;
        }
        let whole = alone(&scenario, against_client, &stream, &[usize::MAX]);
        let cut = alone(&scenario, against_client, &stream, &cuts);
        assert_same(&whole, &cut, "the end that is fed")?;
    }
}

/// Two runs of one end are the same; if not, the transcripts say how each went.
fn assert_same(one: &Seen, other: &Seen, which: &str) -> Result<(), TestCaseError> {
    let transcripts = [&one.transcript, &other.transcript];
    prop_assert_eq!(
        &one.observed,
        &other.observed,
        "{}\n{}\n{}",
        which,
        transcripts[0],
        transcripts[1]
    );
    Ok(())
}

fn assert_replays(transcript: &Transcript, scenario: &Scenario) -> Result<(), TestCaseError> {
    let outcome = match scenario.known {
        true => replay(transcript),
        false => replay_with(transcript, &configurations(scenario)),
    };
    prop_assert!(outcome.is_ok(), "{outcome:?}\n{transcript}");
    Ok(())
}

/// One end alone, fed a stream.
fn alone(scenario: &Scenario, is_client: bool, stream: &[u8], cuts: &[usize]) -> Seen {
    // A damaged stream need not fit the configuration.
    let scenario = Scenario {
        fragment: 16384,
        client_certificate: false,
        hello_retry: false,
        hold: false,
        ..scenario.clone()
    };
    let Configurations { client, server } = configurations(&scenario);
    let mut end = Recorded::new(&name(&scenario), scenario.seed, Limits::default());
    let start = match is_client {
        true => end.conn.start_client_encryption(&client, server_name()),
        false => {
            let start = ServerStart::With(server);
            end.conn.start_server_encryption(start)
        }
    };
    start.expect("start");
    end.settle();
    let mut plaintext = Vec::new();
    let mut rest = stream;
    let mut cuts = Cuts::new(cuts);
    while !rest.is_empty() {
        let cut = rest.len().min(cuts.next());
        let taken = end.conn.receive(&rest[..cut]).expect("open");
        rest = &rest[taken..];
        end.take();
        plaintext.extend(end.read_all());
    }
    end.conn.receive_eof();
    end.take();
    plaintext.extend(end.read_all());
    observe(end, plaintext)
}
