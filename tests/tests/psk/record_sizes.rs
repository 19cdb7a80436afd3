//! Small buffers at either end: whatever their sizes, no record is larger than the other has room for, and
//! everything arrives.

use proptest::prelude::*;
use sslcore::{ClientConfig, Engine, ServerConfig};
use sslcore_tests::certs::WORLD;
use sslcore_tests::effort::cases;
use sslcore_tests::pair::{self, End, Pair, backend};
use sslcore_tests::records::records;

use super::stage::{client, server};

const SUITES: [&str; 6] = [
    "TLS_AES_128_GCM_SHA256",
    "TLS_CHACHA20_POLY1305_SHA256",
    "PSK-AES128-GCM-SHA256",
    "PSK-CHACHA20-POLY1305",
    "ECDHE-PSK-CHACHA20-POLY1305",
    "PSK-AES256-GCM-SHA384",
];

/// The buffers of one end: for what arrives, for what leaves; and the most content of its records.
#[derive(Clone, Copy, Debug)]
struct Memory {
    receive: usize,
    transmit: usize,
    fragment: usize,
}

fn memory() -> impl Strategy<Value = Memory> {
    let size = prop_oneof![512..600_usize, 1000..1100_usize, 512..20_000_usize];
    (
        size.clone(),
        size,
        prop_oneof![Just(16_384), 32..2000_usize],
    )
        .prop_map(|(receive, transmit, fragment)| Memory {
            receive,
            transmit,
            fragment,
        })
}

/// A server can say what it has room for when the client asks.
fn both() -> impl Strategy<Value = (Memory, Memory)> {
    (memory(), memory()).prop_map(|(client, server)| {
        let receive = match client.receive < 16_405 {
            true => server.receive,
            false => 18_437,
        };
        (client, Memory { receive, ..server })
    })
}

fn end(memory: Memory) -> End {
    End::on(pair::lent(memory.receive, memory.transmit))
}

/// Both ends' configurations. With one group, whose hellos fit.
fn configs(suite: &str, keyed: bool, fragments: [usize; 2]) -> (ClientConfig, ServerConfig) {
    let versions: &[&str] = match keyed {
        true => &["TLSv1.2", "TLSv1.3"],
        false => &["TLSv1.3"],
    };
    let (client, server) = match keyed {
        true => (client(backend()), server(backend())),
        // Both show certificates, which are long.
        false => (
            pair::client(backend())
                .engine(Engine::Own)
                .identity(WORLD.client.chain.clone(), WORLD.client.key()),
            pair::server(backend()).engine(Engine::Own),
        ),
    };
    let client = client.protocols(versions).groups(&["X25519"]);
    let client = client.max_fragment(fragments[0]).ciphers(&[suite]);
    let server = server.protocols(versions).max_fragment(fragments[1]);
    (
        client.build().expect("client"),
        server.build().expect("server"),
    )
}

/// Gives bytes to an end that reads whatever it can.
fn deliver(end: &mut End, mut bytes: &[u8]) {
    for _ in 0..100_000 {
        end.settle();
        let read = end.read_all();
        end.heard.extend(read);
        if bytes.is_empty() {
            return;
        }
        let taken = end.conn.receive(bytes).expect("open");
        bytes = &bytes[taken..];
    }
    panic!("it takes no more: {:?}", end.conn);
}

/// Writes as much as there is room for, and carries it over, until all was heard.
fn carry(from: &mut End, to: &mut End, data: &[u8]) {
    let mut rest = data;
    let heard = to.heard.len() + data.len();
    for _ in 0..100_000 {
        let written = from.conn.write(rest).expect("open");
        rest = &rest[written..];
        let bytes = from.take();
        deliver(to, &bytes);
        if rest.is_empty() && to.heard.len() == heard {
            return;
        }
    }
    panic!("{} of {heard} bytes: {:?}", to.heard.len(), to.conn);
}

/// The largest of the records that were sent, header included.
fn largest(end: &End) -> usize {
    let all = records(&end.sent);
    all.iter().map(Vec::len).max().unwrap_or_default()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(64)))]

    #[test]
    fn records_fit_and_everything_arrives(
        (client_memory, server_memory) in both(),
        suite in prop::sample::select(&SUITES[..]),
        lengths in prop::array::uniform2(0..40_000_usize),
        keyed in any::<bool>(),
        renews in any::<bool>(),
    ) {
        let is_tls13 = suite.starts_with("TLS_");
        let fragments = [client_memory, server_memory].map(|memory| memory.fragment);
        let (client, server) = configs(suite, keyed || !is_tls13, fragments);
        let mut pair = Pair {
            client: end(client_memory),
            server: end(server_memory),
            chunk: usize::MAX,
        };
        pair.start(&client, &server);
        pair.run();
        prop_assert!(pair.client.conn.is_encrypted(), "{:?}", pair.client.conn);
        prop_assert!(pair.server.conn.is_encrypted(), "{:?}", pair.server.conn);
        let data: Vec<u8> = (0..40_000).map(|at| (at / 7) as u8).collect();
        let [there, back] = lengths;
        if renews && is_tls13 {
            pair.client.conn.update_keys().expect("encrypted");
            pair.run();
        }
        carry(&mut pair.client, &mut pair.server, &data[..there]);
        carry(&mut pair.server, &mut pair.client, &data[..back]);
        prop_assert_eq!(&pair.server.heard[..], &data[..there]);
        prop_assert_eq!(&pair.client.heard[..], &data[..back]);
        prop_assert!(largest(&pair.server) <= client_memory.receive);
        prop_assert!(largest(&pair.client) <= server_memory.receive);
    }
}
