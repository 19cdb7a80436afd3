//! Echoes in one loop over all connections.

use std::fmt;
use std::hint::black_box;

use sslcore::Now;
use sslcore::crypto::Backend;
use sslcore_tests::measured::{Spread, cpu_seconds};
use sslcore_tests::pair::backends;

use crate::endpoint::{Buffers, Clock, Endpoint, Who, Wires, handshake};

const CONTENDERS: [Who; 6] = [
    Who::OURS,
    Who::OWN_ENGINE,
    Who::RELEASING,
    Who::Unbuffered(Buffers::Kept),
    Who::Buffered,
    Who::Clear,
];
/// The one that the others are compared with.
const BUFFERED: usize = 4;
/// What is taken off from all.
const CLEAR: usize = 5;
/// What is echoed.
const LOADS: [Load; 4] = [
    Load::new(1024, Order::InTurn),
    Load::new(1024, Order::Together),
    Load::new(64 * 1024, Order::InTurn),
    Load::new(64 * 1024, Order::Together),
];

/// Whose turn it is after a client has written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    /// Its server's, and its own again: an echo is complete before the next connection's begins, and what is
    /// in the pipe is still in the processor's caches.
    InTurn,
    /// The next client's: all write, then all servers answer, then all clients read. All bytes of all
    /// connections are under way at once.
    Together,
}

/// How much each client has echoed, and in which order.
#[derive(Clone, Copy)]
struct Load {
    bytes: usize,
    order: Order,
}

impl Load {
    const fn new(bytes: usize, order: Order) -> Self {
        Self { bytes, order }
    }
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let order = match self.order {
            Order::InTurn => "in turn",
            Order::Together => "together",
        };
        f.pad(&format!("{} KiB, {order}", self.bytes / 1024))
    }
}

/// One connection.
struct Pair {
    client: Box<dyn Endpoint>,
    server: Box<dyn Endpoint>,
    wires: Wires,
}

impl Pair {
    /// The client writes, as fast as it may.
    fn ask(&mut self, now: Now, data: &[u8], heard: &mut Vec<u8>) {
        let Wires { up, down } = &mut self.wires;
        let mut left = data;
        while !left.is_empty() {
            left = &left[self.client.write(left)..];
            self.client.turn(now, down, up, heard);
        }
    }

    /// The server writes what it reads.
    fn answer(&mut self, now: Now, heard: &mut Vec<u8>) {
        let Wires { up, down } = &mut self.wires;
        heard.clear();
        self.server.turn(now, up, down, heard);
        let (mut left, mut more) = (&heard[..], Vec::new());
        while !left.is_empty() {
            left = &left[self.server.write(left)..];
            self.server.turn(now, up, down, &mut more);
        }
        assert!(more.is_empty());
    }

    /// The client reads.
    fn hear(&mut self, now: Now, heard: &mut Vec<u8>) {
        let Wires { up, down } = &mut self.wires;
        heard.clear();
        self.client.turn(now, down, up, heard);
        black_box(heard);
    }
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
        let mut crowd = Self {
            pairs: (0..connections).map(pair).collect(),
            heard: Vec::new(),
            clock,
        };
        let data = data(LOADS[0].bytes);
        crowd.echo(&data, Order::InTurn);
        assert!(
            who == Who::Clear || crowd.heard == data,
            "{who}: another echo"
        );
        crowd
    }

    /// Every client has its server echo `data`.
    fn echo(&mut self, data: &[u8], order: Order) {
        let Self {
            pairs,
            clock,
            heard,
        } = self;
        let at_once = match order {
            Order::InTurn => 1,
            Order::Together => pairs.len(),
        };
        for pairs in pairs.chunks_mut(at_once) {
            let now = clock.now();
            pairs.iter_mut().for_each(|pair| pair.ask(now, data, heard));
            let now = clock.now();
            pairs.iter_mut().for_each(|pair| pair.answer(now, heard));
            let now = clock.now();
            for pair in pairs {
                pair.hear(now, heard);
                assert_eq!(heard.len(), data.len());
            }
        }
    }

    /// The CPU time of one echo of all connections.
    fn seconds(&mut self, data: &[u8], order: Order) -> f64 {
        let started = cpu_seconds();
        self.echo(black_box(data), order);
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

impl Plan {
    fn new(quick: bool) -> Self {
        match quick {
            true => Self {
                connections: 200,
                crowds: 1,
                rounds: 5,
            },
            false => Self {
                connections: 1000,
                crowds: 3,
                rounds: 15,
            },
        }
    }
}

fn data(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i * 7 + i / 251) as u8).collect()
}

/// Echoes what the command line says: which backend, who, how many bytes, in which order, how often.
pub(crate) fn profile(words: &[String]) -> Option<()> {
    let [backend, who, bytes, order, rounds] = words else {
        return None;
    };
    let backends = backends();
    let backend = backends.iter().find(|it| it.name() == backend)?;
    let who = CONTENDERS
        .into_iter()
        .find(|it| it.to_string().starts_with(who))?;
    let data = data(bytes.parse().ok()?);
    let mut crowd = Crowd::new(backend, who, Plan::new(false).connections);
    let order = match order.as_str() {
        "in-turn" => Order::InTurn,
        "together" => Order::Together,
        _ => return None,
    };
    for _ in 0..rounds.parse().ok()? {
        crowd.echo(&data, order);
    }
    Some(())
}

/// Measures and prints.
pub(crate) fn tables(quick: bool) {
    let plan = Plan::new(quick);
    println!(
        "\
Echoes over {} connections, both ends of each in this process, pipes of memory between them: in a round
each client sends so much, and its server answers with the same. \"In turn\", each is complete before the
next connection's begins; \"together\", all clients write, then all servers answer, then all clients read.
  sslcore     next, transmitted, receive_buffer, received, peek, consume, write; default limits
  unbuffered  rustls: as its examples do, one buffer for what arrives, one for what leaves
  buffered    rustls: read_tls, process_new_packets, reader's fill_buf, writer, write_tls
  no TLS      the same loop, pipes and copies without it: that is the transport's and the application's
              share
µs, and \"unsubtracted\", are as measured: CPU time of this thread for one echo of one connection, both ends.
\"To rustls buffered\" is without what the loop takes without TLS.
Medians of {} rounds, in which all take turns, with new connections {} times; [lower quartile, upper quartile]. Ratios are taken round by round: above 1, the first is faster than rustls' buffered ones.
",
        plan.connections,
        plan.crowds * plan.rounds,
        plan.crowds,
    );
    println!(
        "{:<12} {:<18} {:<40} {:>22} {:>22} {:>22}",
        "backend", "echo", "", "µs", "to rustls buffered", "unsubtracted"
    );
    // rustcrypto is made for small devices and replays, not for this race.
    for backend in backends().iter().filter(|it| it.name() != "rustcrypto") {
        let times = measure(backend, &plan);
        for (load, times) in LOADS.iter().zip(&times) {
            let net = times.each_ref().map(|own| net(own, &times[CLEAR]));
            for (number, who) in CONTENDERS.iter().enumerate() {
                let own = &times[number];
                let micros = own.iter().map(|time| time * 1e6 / plan.connections as f64);
                let micros = Spread::of(micros);
                let gross = Spread::of_ratios(&times[BUFFERED], own).to_string();
                let ratio = Spread::of_ratios(&net[BUFFERED], &net[number]).to_string();
                let (ratio, gross) = match number {
                    CLEAR => <(String, String)>::default(),
                    _ => (ratio, gross),
                };
                let name = backend.name();
                println!("{name:<12} {load:<18} {who:<40} {micros:>22.2} {ratio:>22} {gross:>22}");
            }
        }
    }
    println!();
}

/// What each round took without what it takes without TLS.
fn net(own: &[f64], clear: &[f64]) -> Vec<f64> {
    own.iter()
        .zip(clear)
        .map(|(own, clear)| own - clear)
        .collect()
}

/// The seconds of each round, by load and contender.
fn measure(backend: &Backend, plan: &Plan) -> [[Vec<f64>; CONTENDERS.len()]; LOADS.len()] {
    let mut times = [const { [const { Vec::new() }; CONTENDERS.len()] }; LOADS.len()];
    for _ in 0..plan.crowds {
        let mut crowds = CONTENDERS.map(|who| Crowd::new(backend, who, plan.connections));
        for (load, times) in LOADS.iter().zip(&mut times) {
            let data = data(load.bytes);
            for round in 0..=plan.rounds {
                for turn in 0..CONTENDERS.len() {
                    let who = (round + turn) % CONTENDERS.len();
                    let seconds = crowds[who].seconds(&data, load.order);
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
