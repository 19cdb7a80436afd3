//! What a TLS 1.3 handshake costs by its key exchange, next to a full one with X25519; and what one costs
//! that resumes a session, which is rustls' work, or has a pre-shared key, which is that of our own engine.
//!
//! `cargo bench -p sslcore-tests --bench handshakes`

use rustix::time::{ClockId, clock_gettime};
use sslcore::crypto::Backend;
use sslcore::{ClientConfig, PreSharedKey, ServerConfig};
use sslcore_tests::pair::{Pair, backends, client, server};

/// An odd number, so that the median is a round that took place.
const ROUNDS: usize = 41;
/// Handshakes of each group in a round.
const TRIPS: usize = 20;

const GROUPS: [&str; 4] = ["X25519", "X25519MLKEM768", "secp256r1", "SecP256r1MLKEM768"];

/// Both ends of one kind of handshake.
struct Contender {
    client: ClientConfig,
    server: ServerConfig,
    group: &'static str,
    what: &'static str,
}

impl Contender {
    fn new(backend: &Backend, group: &'static str) -> Self {
        let client = client(backend.clone()).groups(&[group]);
        let server = server(backend.clone()).groups(&[group]);
        Self {
            client: client.session_cache(0).build().expect("client"),
            server: server.session_cache(0).build().expect("server"),
            group,
            what: group,
        }
    }

    /// Resumes a session each time, with a key exchange.
    fn resuming(backend: &Backend) -> Self {
        let (group, what) = (GROUPS[0], "X25519, resumed");
        let client = client(backend.clone()).groups(&[group]).build();
        let server = server(backend.clone()).groups(&[group]).build();
        let (client, server) = (client.expect("client"), server.expect("server"));
        Pair::encrypted(&client, &server);
        assert!(Pair::encrypted(&client, &server).client.conn.is_resumed());
        Self {
            client,
            server,
            group,
            what,
        }
    }

    fn keyed(backend: &Backend) -> Self {
        let (group, what) = (GROUPS[0], "X25519, key");
        let keys = || [PreSharedKey::new("device", [7; 32]).expect("a key")];
        let client = ClientConfig::builder(backend.clone()).pre_shared_keys(keys());
        let server = ServerConfig::builder(backend.clone()).pre_shared_keys(keys());
        Self {
            client: client.groups(&[group]).build().expect("client"),
            server: server.groups(&[group]).build().expect("server"),
            group,
            what,
        }
    }

    /// The CPU time of one handshake of both ends, in microseconds.
    fn micros(&self) -> f64 {
        let started = cpu_seconds();
        for _ in 0..TRIPS {
            let pair = Pair::encrypted(&self.client, &self.server);
            assert_eq!(pair.client.conn.key_exchange_group(), Some(self.group));
        }
        (cpu_seconds() - started) * 1e6 / TRIPS as f64
    }
}

fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

fn median(mut sample: Vec<f64>) -> f64 {
    sample.sort_by(f64::total_cmp);
    sample[sample.len() / 2]
}

fn main() {
    println!(
        "Handshakes of TLS 1.3 in memory, client and server together, chains of one certificate on P-256, or
what resumes such a session, or a pre-shared key. CPU time of this thread; the ratio to the first is taken
round by round. Medians of {ROUNDS} rounds of {TRIPS} handshakes each, in which all take turns.

{:<12} {:<18} {:>8} {:>8}",
        "backend", "handshake", "µs", "ratio"
    );
    for backend in backends() {
        let has = |group: &&str| backend.supported_groups().any(|known| known == *group);
        let groups = GROUPS.into_iter().filter(has);
        let mut contenders: Vec<_> = groups.map(|it| Contender::new(&backend, it)).collect();
        contenders.push(Contender::resuming(&backend));
        contenders.push(Contender::keyed(&backend));
        let mut times = vec![Vec::new(); contenders.len()];
        for round in 0..=ROUNDS {
            for turn in 0..contenders.len() {
                let who = (round + turn) % contenders.len();
                let micros = contenders[who].micros();
                // The first warms up.
                if round > 0 {
                    times[who].push(micros);
                }
            }
        }
        for (contender, own) in contenders.iter().zip(&times) {
            let ratios = own.iter().zip(&times[0]).map(|(own, first)| own / first);
            let (ratio, micros) = (median(ratios.collect()), median(own.clone()));
            let (name, what) = (backend.name(), contender.what);
            println!("{name:<12} {what:<18} {micros:>8.0} {ratio:>8.2}");
        }
    }
}
