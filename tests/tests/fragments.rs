//! However a peer cuts its handshake messages into records, the handshake is the same.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use sslcore::{ClientConfig, Event, ServerConfig, ServerStart, VerifyMode};
use sslcore_tests::certs::WORLD;
use sslcore_tests::middle::{Middle, Secrets, Who};
use sslcore_tests::pair::{End, Pair, backends, client, server, server_name};

/// What is negotiated.
#[derive(Clone, Copy, Debug)]
struct Scenario {
    /// Which of the backends.
    backend: usize,
    tls13: bool,
    client_certificate: bool,
    hello_retry: bool,
    /// The server's configuration is chosen when the hello is there.
    ask: bool,
    /// The session of an earlier connection is resumed.
    resume: bool,
    /// The server issues tickets.
    tickets: bool,
}

/// Everything that must not depend on how messages are cut.
#[derive(Debug, PartialEq)]
struct Observed {
    events: [Vec<Event>; 2],
    read: [Vec<u8>; 2],
    facts: [Facts; 2],
    /// Both ends export the same.
    exported: [bool; 2],
}

#[derive(Debug, PartialEq)]
struct Facts {
    server_name: Option<String>,
    alpn: Option<Vec<u8>>,
    cipher: Option<&'static str>,
    group: Option<&'static str>,
    resumed: bool,
    chain: usize,
    tickets: u32,
    failure: Option<String>,
}

fn facts(end: &End) -> Facts {
    Facts {
        server_name: end.conn.server_name().map(str::to_owned),
        alpn: end.conn.alpn_protocol().map(<[u8]>::to_vec),
        cipher: end.conn.session_cipher().map(|cipher| cipher.name()),
        group: end.conn.key_exchange_group(),
        resumed: end.conn.is_resumed(),
        chain: end.conn.peer_certificate_chain().len(),
        tickets: end.conn.session_tickets_received(),
        failure: end.conn.failure().map(ToString::to_string),
    }
}

/// The events, but for how many bytes a sealed record has: signatures vary in length. One of the
/// tickets may stand for several.
fn events(end: &End) -> Vec<Event> {
    let mut events = end.events.clone();
    events.retain(|event| !matches!(event, Event::EncryptedBytesWritten(_)));
    events.dedup_by(|next, event| next == event && *event == Event::SessionTicketReceived);
    events
}

struct Configs {
    client: ClientConfig,
    server: ServerConfig,
    secrets: Arc<Secrets>,
}

impl Configs {
    fn new(scenario: Scenario) -> Self {
        let backend = backends().remove(scenario.backend);
        let version = if scenario.tls13 { "TLSv1.3" } else { "TLSv1.2" };
        let secrets = Arc::new(Secrets::default());
        let mut client = client(backend.clone())
            .protocols(&[version])
            .groups(&["X25519", "secp256r1"])
            .alpn(&[b"other", b"echo"])
            .dangerously_log_keys(secrets.clone());
        let mut server = server(backend)
            .protocols(&[version])
            .alpn(&[b"echo"])
            .session_tickets(scenario.tickets)
            .dangerously_log_keys(secrets.clone());
        if scenario.client_certificate {
            client = client.identity(WORLD.client.chain.clone(), WORLD.client.key());
            server = server.verify_mode(VerifyMode::Verify);
        }
        if scenario.hello_retry {
            server = server.groups(&["secp256r1"]);
        }
        Self {
            client: client.build().expect("client"),
            server: server.build().expect("server"),
            secrets,
        }
    }

    /// One connection, whose handshake records are as long as `lengths` says, for ever.
    fn connect(&self, scenario: Scenario, lengths: Option<&[usize]>) -> Observed {
        let mut middle = Middle::new(&self.secrets);
        let mut lengths = lengths.map(|lengths| lengths.iter().copied().cycle());
        let mut pair = Pair::default();
        let start = match scenario.ask {
            true => ServerStart::Ask {
                fallback: self.server.clone(),
            },
            false => ServerStart::With(self.server.clone()),
        };
        pair.server
            .conn
            .start_server_encryption(start)
            .expect("start");
        pair.client
            .conn
            .start_client_encryption(&self.client, server_name())
            .expect("start");
        let mut pass = |middle: &mut Middle, who: Who, from: &mut End, to: &mut End| {
            let bytes = from.take();
            let said = middle.listen(who, &bytes);
            match &mut lengths {
                Some(lengths) => {
                    let mut next = || lengths.next().unwrap_or(1);
                    to.give(&middle.say_cut(who, &said, &mut next), usize::MAX);
                }
                None => to.give(&bytes, usize::MAX),
            }
            !bytes.is_empty()
        };
        let mut run = |pair: &mut Pair| {
            loop {
                let Pair { client, server, .. } = pair;
                let forth = pass(&mut middle, Who::Client, client, server);
                if let Some(request) = server.conn.config_request() {
                    let id = request.id;
                    server.conn.provide_config(id, &self.server).expect("open");
                }
                let back = pass(&mut middle, Who::Server, server, client);
                if !forth && !back {
                    return;
                }
            }
        };
        run(&mut pair);
        for end in [&mut pair.client, &mut pair.server] {
            assert!(end.conn.is_encrypted(), "{scenario:?}: {:?}", end.conn);
        }
        let mut exported = [[0; 32]; 2];
        for (end, out) in [&pair.client, &pair.server].into_iter().zip(&mut exported) {
            let done = end.conn.export_keying_material(out, b"EXPORTER-test", None);
            done.expect("the extended master secret");
        }
        pair.client.write(b"from the client");
        pair.server.write(b"from the server");
        run(&mut pair);
        let read = [pair.client.read_all(), pair.server.read_all()];
        pair.client.conn.close();
        pair.server.conn.close();
        run(&mut pair);
        Observed {
            events: [events(&pair.client), events(&pair.server)],
            read,
            facts: [facts(&pair.client), facts(&pair.server)],
            exported: [exported[0] == exported[1], exported[0] == [0; 32]],
        }
    }
}

/// The connection of the scenario: the second one, if it resumes.
fn connect(scenario: Scenario, lengths: Option<&[usize]>) -> Observed {
    let configs = Configs::new(scenario);
    let first = configs.connect(scenario, lengths);
    match scenario.resume {
        true => configs.connect(scenario, lengths),
        false => first,
    }
}

#[track_caller]
fn assert_cuts_do_not_matter(scenario: Scenario, lengths: &[&[usize]]) {
    let whole = connect(scenario, None);
    assert_eq!(whole.exported, [true, false]);
    assert_eq!(whole.facts[1].server_name.as_deref(), Some("server.test"));
    assert_eq!(whole.facts[0].resumed, scenario.resume, "{scenario:?}");
    let certain = scenario.client_certificate;
    assert_eq!(whole.facts[1].chain, usize::from(certain), "{scenario:?}");
    for lengths in lengths {
        let cut = connect(scenario, Some(lengths));
        assert_eq!(cut, whole, "{scenario:?} {lengths:?}");
    }
}

fn scenarios() -> impl Iterator<Item = Scenario> {
    (0..backends().len() as u32 * 2).map(|number| Scenario {
        backend: number as usize / 2,
        tls13: number % 2 == 1,
        client_certificate: true,
        hello_retry: false,
        ask: false,
        resume: false,
        tickets: true,
    })
}

const EACH: [&[usize]; 15] = [
    &[1],
    &[2],
    &[3],
    &[4],
    &[5],
    &[6],
    &[7],
    &[8],
    &[9],
    &[10],
    &[11],
    &[12],
    &[13],
    &[14],
    &[15],
];

#[test]
fn records_of_one_to_fifteen_bytes_carry_a_full_handshake() {
    for scenario in scenarios() {
        assert_cuts_do_not_matter(scenario, &EACH);
    }
}

#[test]
fn records_of_one_to_fifteen_bytes_carry_a_handshake_that_was_asked_for_again() {
    for scenario in scenarios() {
        let scenario = Scenario {
            hello_retry: true,
            ask: true,
            ..scenario
        };
        assert_cuts_do_not_matter(scenario, &[&[1], &[2], &[4], &[7], &[15]]);
    }
}

#[test]
fn records_of_one_to_fifteen_bytes_carry_a_resumption() {
    for scenario in scenarios() {
        for tickets in [true, false] {
            let scenario = Scenario {
                resume: true,
                tickets,
                ..scenario
            };
            assert_cuts_do_not_matter(scenario, &[&[1], &[3], &[4], &[15]]);
        }
    }
}

fn any_scenario() -> impl Strategy<Value = Scenario> {
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    let more = (any::<bool>(), any::<bool>());
    (0..backends().len(), flags, more).prop_map(|(backend, flags, more)| Scenario {
        backend,
        tls13: flags.0,
        client_certificate: flags.1,
        hello_retry: flags.2,
        ask: flags.3,
        resume: more.0,
        tickets: more.1,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_records_carry_any_handshake(
        scenario in any_scenario(),
        lengths in vec(prop_oneof![3 => 1..16usize, 1 => 1..2000usize], 1..8),
    ) {
        assert_cuts_do_not_matter(scenario, &[&lengths]);
    }
}
