//! What a handshake costs: by its key exchange, resumed, with a pre-shared key, and beside rustls' unbuffered
//! connections, on the same provider and with the same certificates.
//!
//! `cargo bench -p sslcore-tests --bench handshakes`

mod rustls;

use sslcore::crypto::Backend;
use sslcore::{ClientConfig, Engine, PreSharedKey, ServerConfig};
use sslcore_tests::measured::{Spread, cpu_seconds};
use sslcore_tests::pair::{Pair, backends, client, server};

use crate::rustls::Rustls;

/// An odd number, so that the median is a round that took place.
const ROUNDS: usize = 41;
/// Handshakes of each kind in a round.
const TRIPS: usize = 20;

/// The first is the one that the others are compared with.
const GROUPS: [&str; 4] = ["X25519", "X25519MLKEM768", "secp256r1", "SecP256r1MLKEM768"];

/// A handshake that rustls has, too.
#[derive(Clone, Copy)]
pub(crate) struct Kind {
    pub(crate) version: &'static str,
    pub(crate) resumed: bool,
}

const KINDS: [Kind; 4] = {
    const fn kind(version: &'static str, resumed: bool) -> Kind {
        Kind { version, resumed }
    }
    [
        kind("TLSv1.3", false),
        kind("TLSv1.3", true),
        kind("TLSv1.2", false),
        kind("TLSv1.2", true),
    ]
};

/// Whose handshakes they are.
enum Ends {
    Ours(Box<(ClientConfig, ServerConfig)>),
    Rustls(Rustls),
}

/// Both ends of one kind of handshake.
struct Contender {
    what: String,
    ends: Ends,
    resumed: bool,
    /// Which of the contenders rustls' is that does the same.
    beside: Option<usize>,
}

impl Contender {
    fn with_group(backend: &Backend, group: &'static str) -> Self {
        let client = client(backend.clone()).groups(&[group]).session_cache(0);
        let server = server(backend.clone()).groups(&[group]).session_cache(0);
        Self::ours(group.to_owned(), client.build(), server.build())
    }

    fn keyed(backend: &Backend) -> Self {
        let keys = || [PreSharedKey::new("device", [7; 32]).expect("a key")];
        let client = ClientConfig::builder(backend.clone()).pre_shared_keys(keys());
        let server = ServerConfig::builder(backend.clone()).pre_shared_keys(keys());
        let client = client.groups(&[GROUPS[0]]);
        Self::ours("X25519, key".to_owned(), client.build(), server.build())
    }

    fn ours<E: std::fmt::Debug>(
        what: String,
        client: Result<ClientConfig, E>,
        server: Result<ServerConfig, E>,
    ) -> Self {
        let configs = (client.expect("client"), server.expect("server"));
        Self {
            what,
            ends: Ends::Ours(Box::new(configs)),
            resumed: false,
            beside: None,
        }
    }

    /// With X25519, and sessions in the server's memory, as rustls has them. Who remembers signatures has seen
    /// the certificate before.
    fn of_kind(backend: &Backend, kind: Kind, engine: Engine, remembers: bool) -> Self {
        let client = client(backend.clone()).protocols(&[kind.version]);
        let client = client.remember_signatures(remembers);
        let server = server(backend.clone()).protocols(&[kind.version]);
        let (client, server) = (client.engine(engine), server.engine(engine));
        let (client, server) = (client.groups(&[GROUPS[0]]), server.session_tickets(false));
        let (client, server) = match kind.resumed {
            true => (client, server),
            false => (client.session_cache(0), server.session_cache(0)),
        };
        let whose = if engine == Engine::Own {
            ", own engine"
        } else {
            ""
        };
        let when = if remembers { "" } else { ", first time" };
        let what = format!("{kind}{when}{whose}");
        let this = Self {
            resumed: kind.resumed,
            ..Self::ours(what, client.build(), server.build())
        };
        this.prepare()
    }

    fn of_rustls(backend: &Backend, kind: Kind) -> Self {
        let this = Self {
            what: format!("{kind}, rustls"),
            ends: Ends::Rustls(Rustls::new(backend, kind)),
            resumed: kind.resumed,
            beside: None,
        };
        this.prepare()
    }

    /// Makes a session, if one is to be resumed.
    fn prepare(self) -> Self {
        if self.resumed {
            self.handshake();
        }
        assert_eq!(self.handshake(), self.resumed, "{}", self.what);
        self
    }

    /// Whether it resumed a session.
    fn handshake(&self) -> bool {
        match &self.ends {
            Ends::Ours(configs) => {
                let pair = Pair::encrypted(&configs.0, &configs.1);
                pair.client.conn.is_resumed()
            }
            Ends::Rustls(rustls) => rustls.handshake(),
        }
    }

    /// The CPU time of one handshake of both ends, in microseconds.
    fn micros(&self) -> f64 {
        let started = cpu_seconds();
        for _ in 0..TRIPS {
            assert_eq!(self.handshake(), self.resumed, "{}", self.what);
        }
        (cpu_seconds() - started) * 1e6 / TRIPS as f64
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let how = if self.resumed { "resumed" } else { "full" };
        write!(f, "{}, {how}", self.version)
    }
}

fn contenders(backend: &Backend) -> Vec<Contender> {
    let has = |group: &&str| backend.supported_groups().any(|known| known == *group);
    let groups = GROUPS.into_iter().filter(has);
    let mut all: Vec<_> = groups
        .map(|it| Contender::with_group(backend, it))
        .collect();
    all.push(Contender::keyed(backend));
    for kind in KINDS {
        all.push(Contender::of_rustls(backend, kind));
        let beside = Some(all.len() - 1);
        let engines: &[Engine] = match kind.version {
            "TLSv1.3" => &[Engine::Rustls, Engine::Own],
            _ => &[Engine::Rustls],
        };
        for engine in engines {
            // A session has its verdict, whoever has seen the certificate.
            let remembers: &[bool] = if kind.resumed {
                &[true]
            } else {
                &[true, false]
            };
            for remembers in remembers {
                let ours = Contender::of_kind(backend, kind, *engine, *remembers);
                all.push(Contender { beside, ..ours });
            }
        }
    }
    all
}

fn main() {
    println!(
        "Handshakes in memory, client and server together, chains of one certificate on P-256, or what resumes
such a session, or a pre-shared key; of TLS 1.3, if nothing else is said. Sessions are in the server's
memory. CPU time of this thread, ratios are taken round by round. Medians of {ROUNDS} rounds of {TRIPS}
handshakes each, in which all take turns, and of all but those of a first time the certificate was seen before; [lower quartile, upper quartile]. Nothing is subtracted.

{:<12} {:<38} {:>6} {:>20} {:>20}",
        "backend", "handshake", "µs", "to X25519", "to rustls unbuffered"
    );
    for backend in backends() {
        let contenders = contenders(&backend);
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
            let micros = Spread::of(own.iter().copied()).median;
            let ratio = |other: usize| Spread::of_ratios(own, &times[other]).to_string();
            let to_first = ratio(0);
            let to_rustls = contender.beside.map(ratio);
            let (name, what) = (backend.name(), &contender.what);
            let to_rustls = to_rustls.unwrap_or_default();
            println!("{name:<12} {what:<38} {micros:>6.0} {to_first:>20} {to_rustls:>20}");
        }
    }
}
