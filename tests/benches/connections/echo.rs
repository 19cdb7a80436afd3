//! Echoes in one loop over all connections.

use std::hint::black_box;

use sslcore::crypto::Backend;
use sslcore_tests::measured::{Spread, cpu_seconds};
use sslcore_tests::pair::backends;

use crate::endpoint::{Buffers, Clock, Endpoint, Who, Wires, handshake};

/// The last is the one that the others are compared with.
const CONTENDERS: [Who; 4] = [
    Who::OURS,
    Who::OWN_ENGINE,
    Who::Unbuffered(Buffers::Kept),
    Who::Buffered,
];
const BUFFERED: usize = CONTENDERS.len() - 1;
/// What is echoed.
const SIZES: [usize; 2] = [1024, 64 * 1024];

/// One connection.
struct Pair {
    client: Box<dyn Endpoint>,
    server: Box<dyn Endpoint>,
    wires: Wires,
}

/// All connections of one contender, and what their application reads into.
struct Crowd {
    pairs: Vec<Pair>,
    clock: Clock,
    heard: Vec<u8>,
}

impl Crowd {
    fn new(backend: &Backend, who: Who, connections: usize) -> Self {
        let maker = who.maker(backend);
        let clock = Clock::new();
        let pair = |_| {
            let mut wires = Wires::default();
            let (mut client, mut server) = (maker.client(), maker.server());
            handshake(&mut *client, &mut *server, &mut wires, clock.now());
            Pair {
                client,
                server,
                wires,
            }
        };
        Self {
            pairs: (0..connections).map(pair).collect(),
            heard: Vec::new(),
            clock,
        }
    }

    /// Every client sends `data`, then every server answers with it, then every client reads that: what one
    /// connection needs has left the processor's caches when it is its turn again.
    fn echo(&mut self, data: &[u8]) {
        let heard = &mut self.heard;
        let now = self.clock.now();
        for Pair { client, wires, .. } in &mut self.pairs {
            let Wires { up, down } = wires;
            let mut left = data;
            while !left.is_empty() {
                left = &left[client.write(left)..];
                client.turn(now, down, up, heard);
            }
        }
        let now = self.clock.now();
        for Pair { server, wires, .. } in &mut self.pairs {
            let Wires { up, down } = wires;
            heard.clear();
            server.turn(now, up, down, heard);
            let mut left = &heard[..];
            let mut more = Vec::new();
            while !left.is_empty() {
                left = &left[server.write(left)..];
                server.turn(now, up, down, &mut more);
            }
            assert!(more.is_empty());
        }
        let now = self.clock.now();
        for Pair { client, wires, .. } in &mut self.pairs {
            heard.clear();
            client.turn(now, &mut wires.down, &mut wires.up, heard);
            assert_eq!(heard.len(), data.len());
            black_box(&heard);
        }
        assert!(heard == data);
    }

    /// The CPU time of one echo of all connections.
    fn seconds(&mut self, data: &[u8]) -> f64 {
        let started = cpu_seconds();
        self.echo(black_box(data));
        cpu_seconds() - started
    }
}

/// How often.
struct Plan {
    connections: usize,
    /// Connections are made anew so often: where the allocator happens to put them makes a difference.
    crowds: usize,
    /// Rounds with each; together an odd number, so that the median is a round that took place.
    rounds: usize,
}

/// Measures and prints.
pub(crate) fn tables(quick: bool) {
    let plan = match quick {
        true => Plan {
            connections: 200,
            crowds: 1,
            rounds: 5,
        },
        false => Plan {
            connections: 1000,
            crowds: 3,
            rounds: 15,
        },
    };
    println!(
        "\
Echoes over {} connections, both ends of each in this process, pipes of memory between them. In a round
every client sends SIZE, then every server answers with it, then every client reads it.
  sslcore     next, transmitted, receive_buffer, received, peek, consume, write; default limits
  unbuffered  rustls: as its examples do, one buffer for what arrives, one for what leaves
  buffered    rustls: read_tls, process_new_packets, reader's fill_buf, writer, write_tls
µs: CPU time of this thread for one echo of one connection, both ends and the pipes' copies; nothing is
subtracted. Medians of {} rounds, in which all take turns, with new connections {} times; [lower quartile,
upper quartile]. Ratios are taken round by round: above 1, the first is faster than rustls' buffered ones.
",
        plan.connections,
        plan.crowds * plan.rounds,
        plan.crowds,
    );
    println!(
        "{:<12} {:<8} {:<32} {:>22} {:>22}",
        "backend", "SIZE", "", "µs", "to rustls buffered"
    );
    // rustcrypto is made for small devices and replays, not for this race.
    for backend in backends().iter().filter(|it| it.name() != "rustcrypto") {
        let times = measure(backend, &plan);
        for (size, times) in SIZES.iter().zip(&times) {
            for (who, own) in CONTENDERS.iter().zip(times) {
                let micros = own.iter().map(|time| time * 1e6 / plan.connections as f64);
                let micros = Spread::of(micros);
                let ratio = Spread::of_ratios(&times[BUFFERED], own);
                let (name, size) = (backend.name(), format!("{} KiB", size / 1024));
                println!("{name:<12} {size:<8} {who:<32} {micros:>22.2} {ratio:>22.2}");
            }
        }
    }
    println!();
}

/// The seconds of each round, by size and contender.
fn measure(backend: &Backend, plan: &Plan) -> [[Vec<f64>; CONTENDERS.len()]; SIZES.len()] {
    let mut times = [const { [const { Vec::new() }; CONTENDERS.len()] }; SIZES.len()];
    for _ in 0..plan.crowds {
        let mut crowds = CONTENDERS.map(|who| Crowd::new(backend, who, plan.connections));
        for (size, times) in SIZES.iter().zip(&mut times) {
            let data: Vec<u8> = (0..*size).map(|i| (i * 7 + i / 251) as u8).collect();
            for round in 0..=plan.rounds {
                for turn in 0..CONTENDERS.len() {
                    let who = (round + turn) % CONTENDERS.len();
                    let seconds = crowds[who].seconds(&data);
                    // The first warms up.
                    if round > 0 {
                        times[who].push(seconds);
                    }
                }
            }
        }
    }
    times
}
