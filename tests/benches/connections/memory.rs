//! The resident memory of idle connections.

use std::io;
use std::path::Path;
use std::process::Command;

use sslcore::Engine;
use sslcore::crypto::Backend;
use sslcore_tests::measured::{Spread, machine};
use sslcore_tests::plot::{Bar, Bars, Colour, Group};

use crate::endpoint::{Buffers, Clock, Endpoint, Who, Wires, handshake};

/// The first word of a command line that has one contender measured, in a process of its own.
pub(crate) const ALONE: &str = "--alone";

const CONTENDERS: [Who; 7] = [
    Who::OURS,
    Who::OWN_ENGINE,
    Who::RELEASING,
    Who::OWN_RELEASING,
    Who::Unbuffered(Buffers::Dropped),
    Who::Unbuffered(Buffers::Kept),
    Who::Buffered,
];
/// The best that rustls has.
const BEST: usize = 4;
const KEPT: usize = 5;

const ROLES: [&str; 2] = ["client", "server"];
/// What each end sends before it is idle.
const BYTES: usize = 1024;

/// This process's resident memory in bytes.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux's /proc");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
    kib.expect("kB").parse::<f64>().expect("a number") * 1024.
}

/// Measures what the command line names, and prints the bytes of one connection: which of [`CONTENDERS`],
/// which role, how many connections.
pub(crate) fn alone(words: &[String]) {
    let [who, role, connections] = words else {
        panic!("{ALONE} wants three words");
    };
    let who = CONTENDERS[who.parse::<usize>().expect("a number")];
    let connections: usize = connections.parse().expect("a number");
    let maker = who.maker(&Backend::ring());
    let clock = Clock::new();
    let mut wires = Wires::default();
    let mut one = || {
        let (mut client, mut server) = (maker.client(), maker.server());
        handshake(&mut *client, &mut *server, &mut wires, clock.now());
        talk(&mut *client, &mut *server, &mut wires, &clock);
        match role.as_str() {
            "client" => client,
            _ => server,
        }
    };
    // What is made once, and the room that handshakes need while they last.
    for _ in 0..10 {
        drop(one());
    }
    let mut kept = Vec::with_capacity(connections);
    let before = resident();
    kept.extend((0..connections).map(|_| one()));
    let bytes = (resident() - before) / connections as f64;
    println!("{bytes}");
}

/// Both ends send and read, and rest.
fn talk(client: &mut dyn Endpoint, server: &mut dyn Endpoint, wires: &mut Wires, clock: &Clock) {
    let Wires { up, down } = wires;
    let (mut heard, now) = (Vec::with_capacity(2 * BYTES), clock.now());
    assert_eq!(client.write(&[1; BYTES]), BYTES);
    client.turn(now, down, up, &mut heard);
    server.turn(now, up, down, &mut heard);
    assert_eq!(server.write(&[2; BYTES]), BYTES);
    server.turn(now, up, down, &mut heard);
    client.turn(now, down, up, &mut heard);
    assert_eq!(heard.len(), 2 * BYTES);
    client.rest();
    server.rest();
}

/// The bytes of one contender's connection, measured in a process of its own.
fn measured(who: usize, role: &str, connections: usize) -> f64 {
    let program = std::env::current_exe().expect("this program");
    let output = Command::new(program)
        .args([ALONE, &who.to_string(), role, &connections.to_string()])
        .output()
        .expect("this program again");
    let said = String::from_utf8_lossy(&output.stdout);
    let wrong = String::from_utf8_lossy(&output.stderr);
    said.trim()
        .parse()
        .unwrap_or_else(|_| panic!("{}: {wrong}", CONTENDERS[who]))
}

/// Measures and prints.
pub(crate) fn table(quick: bool, svg: Option<&Path>) -> io::Result<()> {
    let (connections, runs) = if quick { (1_000, 1) } else { (10_000, 3) };
    println!(
        "\
Resident memory of {connections} idle connections, each after a handshake and {BYTES} B each way; ring. Each
contender and role is a process of its own, in which the other ends are dropped: what VmRSS grew by, divided
by the connections, the allocator's overhead and gaps included. Default configurations: sessions and tickets
are kept by who keeps them. What rustls' unbuffered connections have, besides, are the application's buffers:
16,645 B for what arrives, where a record has room, and 1,024 B that grow for what leaves; \"dropped\" is
without them, which is right when they are empty. Of those that are kept, the pages that were touched count.
Medians of {runs} runs, in which all take turns; [lower quartile, upper quartile]. Ratios are taken run by
run: below 1, the first is the smaller.

{:<8} {:<40} {:>22} {:>22} {:>22}",
        "", "", "B", "to unbuffered, dropped", "to unbuffered, kept"
    );
    let mut groups = Vec::new();
    for role in ROLES {
        let mut sizes = [const { Vec::new() }; CONTENDERS.len()];
        for run in 0..runs {
            for turn in 0..CONTENDERS.len() {
                let who = (run + turn) % CONTENDERS.len();
                sizes[who].push(measured(who, role, connections));
            }
        }
        for (who, own) in CONTENDERS.iter().zip(&sizes) {
            let bytes = Spread::of(own.iter().copied());
            let to_best = Spread::of_ratios(own, &sizes[BEST]);
            let to_kept = Spread::of_ratios(own, &sizes[KEPT]);
            println!("{role:<8} {who:<40} {bytes:>22.0} {to_best:>22.2} {to_kept:>22.2}");
        }
        groups.push(group(role, &sizes));
    }
    println!();
    match svg {
        Some(folder) => std::fs::write(folder.join("memory.svg"), drawn(groups, connections)),
        None => Ok(()),
    }
}

/// What a role's connections hold.
fn group(role: &str, sizes: &[Vec<f64>; CONTENDERS.len()]) -> Group {
    let bars = CONTENDERS.iter().zip(sizes).map(|(who, own)| Bar {
        name: who.to_string(),
        colour: match who {
            Who::Sslcore {
                engine: Engine::Own,
                ..
            } => Colour::Green,
            Who::Sslcore { .. } => Colour::Blue,
            Who::Unbuffered(_) => Colour::Orange,
            Who::Buffered | Who::Clear => Colour::Purple,
        },
        value: Spread::of(own.iter().copied()).median,
    });
    Group {
        name: format!("A {role}"),
        bars: bars.collect(),
    }
}

fn drawn(groups: Vec<Group>, connections: usize) -> String {
    let bars = Bars {
        title: "Resident memory of an idle connection".to_owned(),
        words: vec![
            format!(
                "One of {connections} after a handshake of TLS 1.3 with AES-128-GCM, and {BYTES} B each way; ring, \
                 default configurations, the allocator's share included."
            ),
            format!(
                "{}. cargo bench -p sslcore-tests --bench connections -- --memory --svg ../docs",
                machine()
            ),
        ],
        unit: "B",
        groups,
    };
    bars.svg()
}
