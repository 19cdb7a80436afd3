//! Rules R3 and R12 as properties, compared down to the bytes on the wire.
#![cfg(feature = "rustcrypto")]

use proptest::collection::vec;
use proptest::prelude::*;
use sslcore::{
    CloseReport, Event, FailureKind, Limits, OnErrors, ReadEnd, ServerStart, Verdict, VerifyMode,
};
use sslcore_tests::certs::WORLD;
use sslcore_tests::entropy::seeded;
use sslcore_tests::pair::{End, Pair, client, server, server_name};

/// What is negotiated and decided.
#[derive(Clone, Debug)]
struct Scenario {
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

fn observe(mut end: End, plaintext: Vec<u8>) -> Observed {
    let mut observed = Observed {
        events: Vec::new(),
        bytes_written: 0,
        encrypted_bytes_written: 0,
        ready_read: false,
        wire: end.sent,
        plaintext,
        failure: end.conn.failure().map(|failure| failure.kind()),
        report: end.conn.close_report(),
        errors: end.conn.ssl_errors().len(),
        is_encrypted: end.conn.is_encrypted(),
        protocol: end.conn.session_protocol().map(|protocol| protocol.name()),
        end: end.conn.read(&mut [0; 1]).err(),
    };
    for event in end.events {
        match event {
            Event::BytesWritten(n) => observed.bytes_written += n,
            Event::EncryptedBytesWritten(n) => observed.encrypted_bytes_written += n,
            Event::ReadyRead => observed.ready_read = true,
            Event::Writable => {}
            event => observed.events.push(event),
        }
    }
    observed
}

/// Carries what waits in `from`, cut anywhere, settling wherever the cuts say.
fn carry(from: &mut End, to: &mut End, read: &mut Vec<u8>, cuts: &mut Cuts<'_>) -> bool {
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
    pair: Pair,
    read: [Vec<u8>; 2],
    cuts: Cuts<'a>,
}

impl World<'_> {
    /// Carries in both directions until all is at rest, then reads what has arrived.
    fn rest(&mut self) {
        loop {
            let Pair { client, server, .. } = &mut self.pair;
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

fn run(scenario: &Scenario, cuts: &[usize]) -> [Observed; 2] {
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
    let (client, server) = (
        client.build().expect("client"),
        server.build().expect("server"),
    );
    let limits = Limits {
        read_buffer_size: scenario.read_limit,
        ..Limits::default()
    };
    let mut world = World {
        pair: Pair::new(limits),
        read: [Vec::new(), Vec::new()],
        cuts: Cuts::new(cuts),
    };
    if scenario.starttls {
        world
            .pair
            .server
            .conn
            .write(b"220 go ahead\r\n")
            .expect("open");
        world.rest();
    }
    world.pair.start(&client, &server);
    let early: Vec<u8> = (0..scenario.early).map(|i| i as u8).collect();
    world.pair.client.conn.write(&early).expect("open");
    world.pair.server.conn.write(&early).expect("open");
    world.rest();
    if let Some(review) = world.pair.client.conn.review() {
        let id = review.id;
        let verdict = match scenario.accept {
            true => Verdict::Accept,
            false => Verdict::Reject,
        };
        world.pair.client.conn.answer(id, verdict).expect("open");
        world.rest();
    }
    for action in &scenario.actions {
        let Pair { client, server, .. } = &mut world.pair;
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
        observe(world.pair.client, client_read),
        observe(world.pair.server, server_read),
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
        (tls13, starttls, client_certificate, hello_retry) in any::<(bool, bool, bool, bool)>(),
        (hold, accept) in any::<(bool, bool)>(),
        fragment in prop_oneof![Just(16384usize), 32..2000usize],
        read_limit in prop_oneof![Just(16384usize), 1..200usize],
        seed in 0..1000u64,
        early in prop_oneof![Just(0usize), 0..60_000usize],
        actions in vec(actions(), 0..8),
    ) -> Scenario {
        Scenario {
            tls13, starttls, client_certificate, hello_retry, hold, accept, fragment, read_limit,
            seed, early, actions,
        }
    }
}

/// Pieces from single bytes to whole flights.
fn cuts() -> impl Strategy<Value = Vec<usize>> {
    vec(prop_oneof![1..8usize, 1..300usize, Just(usize::MAX)], 1..20)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(64), ..ProptestConfig::default() })]

    /// Rule R3: any split of the same streams gives the same events, plaintext, wire and end.
    #[test]
    fn how_the_stream_is_cut_makes_no_difference(scenario in scenarios(), cuts in cuts()) {
        let whole = run(&scenario, &[usize::MAX]);
        let cut = run(&scenario, &cuts);
        prop_assert_eq!(&whole[0], &cut[0], "the client");
        prop_assert_eq!(&whole[1], &cut[1], "the server");
    }

    /// Rule R12: the same inputs give the same outputs, another seed gives others.
    #[test]
    fn a_session_can_be_replayed_to_the_byte(scenario in scenarios(), cuts in cuts()) {
        let first = run(&scenario, &cuts);
        let second = run(&scenario, &cuts);
        prop_assert_eq!(&first, &second);
        let other = run(&Scenario { seed: scenario.seed + 1000, ..scenario }, &cuts);
        prop_assert_ne!(&first[0].wire, &other[0].wire);
        prop_assert_eq!(&first[0].plaintext, &other[0].plaintext);
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
        let mut stream = honest[usize::from(against_client)].wire.clone();
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
        prop_assert_eq!(whole, cut);
    }
}

/// One end alone, fed a stream.
fn alone(scenario: &Scenario, is_client: bool, stream: &[u8], cuts: &[usize]) -> Observed {
    let version = if scenario.tls13 { "TLSv1.3" } else { "TLSv1.2" };
    let mut end = End::new(Limits::default());
    if is_client {
        let config = client(seeded(scenario.seed))
            .protocols(&[version])
            .build()
            .expect("client");
        end.conn
            .start_client_encryption(&config, server_name())
            .expect("start");
    } else {
        let config = server(seeded(scenario.seed + 1))
            .protocols(&[version])
            .build();
        let start = ServerStart::With(config.expect("server"));
        end.conn.start_server_encryption(start).expect("start");
    }
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

/// `PROPTEST_CASES` for long runs, a few for every day.
fn cases(everyday: u32) -> u32 {
    std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok())
        .unwrap_or(everyday)
}
