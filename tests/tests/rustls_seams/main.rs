//! What `sslcore` takes from rustls that semantic versioning does not cover, seen at rustls alone: a
//! release that changes it fails here, and says which file relies on it. `tests/run newest` runs this
//! with the newest release.

mod records;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use rustls::client::{
    ClientSessionMemoryCache, ClientSessionStore, Resumption, UnbufferedClientConnection,
};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{ServerName, UnixTime};
use rustls::server::UnbufferedServerConnection;
use rustls::unbuffered::{ConnectionState, EncodeError, UnbufferedStatus};
use rustls::{CommonState, SupportedProtocolVersion};
use sslcore_tests::certs::{NOW, WORLD};
use sslcore_tests::forge::Gullible;
use sslcore_tests::pair::backend;

const TLS12: &SupportedProtocolVersion = &rustls::version::TLS12;
const TLS13: &SupportedProtocolVersion = &rustls::version::TLS13;

/// What rustls tells the key log: a label, the client's random, a secret.
type Line = (String, Vec<u8>, Vec<u8>);

#[derive(Debug, Default)]
struct Secrets(Mutex<Vec<Line>>);

impl rustls::KeyLog for Secrets {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let line = (label.to_owned(), client_random.to_vec(), secret.to_vec());
        self.0.lock().expect("no panic").push(line);
    }
}

impl Secrets {
    fn labels(&self) -> BTreeSet<String> {
        let lines = self.0.lock().expect("no panic");
        lines.iter().map(|(label, ..)| label.clone()).collect()
    }

    fn sorted(&self) -> Vec<Line> {
        let mut lines = self.0.lock().expect("no panic").clone();
        lines.sort();
        lines
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Asked {
    Time(u64),
    Verifier(u64),
}

/// A clock that is never asked twice for the same time, and remembers; so does the verifier beside it.
#[derive(Debug, Default)]
struct Witness(Mutex<Vec<Asked>>);

impl Witness {
    fn push(&self, asked: Asked) {
        self.0.lock().expect("no panic").push(asked);
    }
}

impl rustls::time_provider::TimeProvider for Witness {
    fn current_time(&self) -> Option<UnixTime> {
        let mut asked = self.0.lock().expect("no panic");
        let now = NOW + asked.len() as u64;
        asked.push(Asked::Time(now));
        Some(UnixTime::since_unix_epoch(std::time::Duration::from_secs(
            now,
        )))
    }
}

enum Side {
    Client(UnbufferedClientConnection),
    Server(UnbufferedServerConnection),
}

/// One endpoint, and all that it was seen to do.
struct End {
    side: Side,
    secrets: Arc<Secrets>,
    states: BTreeSet<&'static str>,
}

/// One call's worth of work: whether there is more, and how much of the input is done with.
fn step<Data>(
    status: UnbufferedStatus<'_, '_, Data>,
    states: &mut BTreeSet<&'static str>,
    out: &mut Vec<u8>,
) -> (usize, bool) {
    let (state, more) = match status.state.expect("no error") {
        ConnectionState::EncodeTlsData(mut chunk) => {
            let Err(EncodeError::InsufficientSize(size)) = chunk.encode(&mut []) else {
                panic!("no size is told for no room: handshake/rustls/side.rs asks for it so");
            };
            let mut room = vec![0; size.required_size];
            let len = chunk.encode(&mut room);
            let len = len.expect("no room in what was asked for: handshake/rustls/side.rs");
            out.extend(&room[..len]);
            ("EncodeTlsData", true)
        }
        ConnectionState::TransmitTlsData(sent) => {
            sent.done();
            ("TransmitTlsData", true)
        }
        ConnectionState::BlockedHandshake => ("BlockedHandshake", false),
        ConnectionState::WriteTraffic(_) => ("WriteTraffic", false),
        other => panic!("a state that handshake/rustls/side.rs does not expect: {other:?}"),
    };
    states.insert(state);
    (status.discard, more)
}

impl End {
    /// Gives it one record, or none; returns the records that it sends.
    fn turn(&mut self, mut input: Vec<u8>) -> Vec<Vec<u8>> {
        let mut out = Vec::new();
        loop {
            let (done, more) = match &mut self.side {
                Side::Client(client) => step(
                    client.process_tls_records(&mut input),
                    &mut self.states,
                    &mut out,
                ),
                Side::Server(server) => step(
                    server.process_tls_records(&mut input),
                    &mut self.states,
                    &mut out,
                ),
            };
            input.drain(..done);
            if !more {
                assert_eq!(
                    input, b"",
                    "a whole message is left lying: handshake/rustls/feeding.rs"
                );
                return records(&out);
            }
        }
    }

    fn common(&self) -> &CommonState {
        match &self.side {
            Side::Client(client) => client,
            Side::Server(server) => server,
        }
    }
}

fn records(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut records = Vec::new();
    while let [_, _, _, high, low, ..] = *bytes {
        let (record, rest) = bytes.split_at(5 + usize::from(u16::from_be_bytes([high, low])));
        records.push(record.to_vec());
        bytes = rest;
    }
    records
}

struct Handshake {
    client: End,
    server: End,
    witness: Arc<Witness>,
    cache: Arc<ClientSessionMemoryCache>,
}

fn name() -> ServerName<'static> {
    ServerName::try_from("server.test").expect("a name")
}

impl Handshake {
    fn new(version: &'static SupportedProtocolVersion) -> Self {
        Self::with(version, backend().provider().clone())
    }

    fn with(
        version: &'static SupportedProtocolVersion,
        provider: impl Into<Arc<CryptoProvider>>,
    ) -> Self {
        let provider = provider.into();
        let witness = Arc::new(Witness::default());
        let verified = witness.clone();
        let hears = move |now: UnixTime| verified.push(Asked::Verifier(now.as_secs()));
        let cache = Arc::new(ClientSessionMemoryCache::new(8));
        let secrets = [0; 2].map(|_| Arc::new(Secrets::default()));
        let mut client =
            rustls::ClientConfig::builder_with_details(provider.clone(), witness.clone())
                .with_protocol_versions(&[version])
                .expect("a version")
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(Gullible(hears)))
                .with_no_client_auth();
        client.enable_secret_extraction = true;
        client.key_log = secrets[0].clone();
        client.resumption = Resumption::store(cache.clone());
        let mut server = rustls::ServerConfig::builder_with_details(provider, witness.clone())
            .with_protocol_versions(&[version])
            .expect("a version")
            .with_no_client_auth()
            .with_single_cert(WORLD.server.chain.clone(), WORLD.server.key())
            .expect("an identity");
        server.enable_secret_extraction = true;
        server.key_log = secrets[1].clone();
        let client = UnbufferedClientConnection::new(Arc::new(client), name()).expect("client");
        let server = UnbufferedServerConnection::new(Arc::new(server)).expect("server");
        let [of_client, of_server] = secrets;
        let end = |side, secrets| End {
            side,
            secrets,
            states: BTreeSet::new(),
        };
        Self {
            client: end(Side::Client(client), of_client),
            server: end(Side::Server(server), of_server),
            witness,
            cache,
        }
    }

    /// Carries records to and fro until both are silent; `see` looks on after each that arrives.
    fn run(&mut self, mut see: impl FnMut(&Self, &'static str, &[u8])) {
        let mut to_server = self.client.turn(Vec::new());
        let mut to_client = Vec::new();
        while !to_server.is_empty() || !to_client.is_empty() {
            for record in std::mem::take(&mut to_server) {
                to_client.extend(self.server.turn(record.clone()));
                see(self, "server", &record);
            }
            for record in std::mem::take(&mut to_client) {
                to_server.extend(self.client.turn(record.clone()));
                see(self, "client", &record);
            }
        }
        assert!(!self.client.common().is_handshaking());
        assert!(!self.server.common().is_handshaking());
    }

    fn completed(version: &'static SupportedProtocolVersion) -> Self {
        let mut handshake = Self::new(version);
        handshake.run(|_, _, _| {});
        handshake
    }
}

#[test]
fn a_handshake_has_these_states_and_no_others() {
    for version in [TLS12, TLS13] {
        let handshake = Handshake::completed(version);
        for end in [&handshake.client, &handshake.server] {
            let expected = [
                "BlockedHandshake",
                "EncodeTlsData",
                "TransmitTlsData",
                "WriteTraffic",
            ];
            let seen: Vec<_> = end.states.iter().copied().collect();
            assert_eq!(seen, expected, "handshake/rustls/side.rs steps by these");
            assert!(
                !end.common().wants_write(),
                "more is to be sent: handshake/rustls/mod.rs takes it for complete"
            );
        }
    }
}

#[test]
fn tls13_logs_its_secrets_when_the_hellos_have_passed() {
    const HANDSHAKE: [&str; 2] = [
        "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
        "SERVER_HANDSHAKE_TRAFFIC_SECRET",
    ];
    const RELIES: &str = "handshake/rustls/taps.rs and keys.rs look for it there";
    let mut handshake = Handshake::new(TLS13);
    let mut hellos = 0;
    handshake.run(|seen, who, record| {
        // Handshake records in the clear are the hellos.
        if record[0] != 22 {
            return;
        }
        hellos += 1;
        let end = if who == "client" {
            &seen.client
        } else {
            &seen.server
        };
        let labels = end.secrets.labels();
        for label in HANDSHAKE {
            assert!(labels.contains(label), "{who}: no {label}: {RELIES}");
        }
        if who == "server" {
            let own = "SERVER_TRAFFIC_SECRET_0";
            assert!(labels.contains(own), "{who}: no {own}: {RELIES}");
        }
    });
    assert_eq!(hellos, 2);
    let all = [
        "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
        "CLIENT_TRAFFIC_SECRET_0",
        "EXPORTER_SECRET",
        "SERVER_HANDSHAKE_TRAFFIC_SECRET",
        "SERVER_TRAFFIC_SECRET_0",
    ];
    assert_same_secrets(&handshake, &all);
}

#[test]
fn tls12_logs_its_master_secret_before_the_peers_keys_are_needed() {
    let mut handshake = Handshake::new(TLS12);
    let mut changes = 0;
    handshake.run(|seen, who, record| {
        // ChangeCipherSpec: what is behind it is protected.
        if record[0] == 20 {
            changes += 1;
            let end = if who == "client" {
                &seen.client
            } else {
                &seen.server
            };
            assert!(
                end.secrets.labels().contains("CLIENT_RANDOM"),
                "{who}: no CLIENT_RANDOM: handshake/rustls/keys.rs makes keys of it"
            );
        }
    });
    assert_eq!(changes, 2);
    assert_same_secrets(&handshake, &["CLIENT_RANDOM"]);
}

/// Both sides logged the same under these labels, with the client's random beside it.
#[track_caller]
fn assert_same_secrets(handshake: &Handshake, labels: &[&str]) {
    let [client, server] = [&handshake.client, &handshake.server].map(|end| end.secrets.sorted());
    let told: Vec<&str> = client.iter().map(|(label, ..)| &**label).collect();
    assert_eq!(told, labels, "handshake/rustls/taps.rs knows those");
    assert_eq!(client, server, "the sides disagree");
    for (label, random, secret) in client {
        assert_eq!(
            random.len(),
            32,
            "{label}: handshake/rustls/taps.rs keeps the random"
        );
        assert!(secret.len() >= 32, "{label}: {} bytes", secret.len());
    }
}

#[test]
fn the_conversion_for_kernels_makes_sessions_of_tickets() {
    let Handshake { client, cache, .. } = Handshake::completed(TLS13);
    let Side::Client(client) = client.side else {
        unreachable!("made so");
    };
    let why = "no conversion: handshake/rustls/side.rs ends with it";
    let (_, mut client) = client.dangerous_into_kernel_connection().expect(why);
    while cache.take_tls13_ticket(&name()).is_some() {}
    // Lifetime, age_add, nonce, ticket, no extensions (RFC 8446 §4.6.1).
    let body = b"\0\0\x0e\x10\x01\x02\x03\x04\x01\x09\0\x06ticket\0\0";
    client.handle_new_session_ticket(body).expect("a ticket");
    let kept = cache.take_tls13_ticket(&name());
    let kept = kept.expect("no session of a ticket: handshake/rustls/kernel.rs makes them so");
    drop(kept);
}

#[test]
fn the_verifier_is_given_the_time_that_was_asked_for_last() {
    for version in [TLS12, TLS13] {
        let handshake = Handshake::completed(version);
        let asked = handshake.witness.0.lock().expect("no panic").clone();
        let verified = asked
            .iter()
            .position(|it| matches!(it, Asked::Verifier(_)))
            .expect("a certificate");
        let Asked::Verifier(given) = asked[verified] else {
            unreachable!("found so");
        };
        assert_eq!(
            asked[verified - 1],
            Asked::Time(given),
            "handshake/rustls/staples.rs finds the connection by it: {asked:?}"
        );
    }
}
