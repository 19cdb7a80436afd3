//! What carrying data costs, memory to memory, beside other libraries.
//!
//! ```sh
//! cargo run --release --manifest-path tests/benches/peers/Cargo.toml [--features rustls-next] [-- --quick]
//! ```

#[allow(dead_code, reason = "the benchmark `throughput` has more of it")]
#[path = "../../throughput/contender/mod.rs"]
mod contender;
mod openssl;
#[cfg(feature = "rustls-next")]
mod rustls_next;
mod s2n;

use std::hint::black_box;
use std::process::ExitCode;

use sslcore_tests::measured::{Spread, cpu_seconds, machine};

use crate::contender::{Contender, Load, Scenario, Spacers};

/// One that handshakes anew whenever it is called.
type Make<'a> = Box<dyn Fn(&mut Spacers) -> Box<dyn Contender> + 'a>;

/// All that are compared; the first with the others.
fn field(scenario: &Scenario) -> Vec<(&'static str, Make<'_>)> {
    let of_throughput = |number: usize| -> Make<'_> {
        Box::new(move |spacers| scenario.contender(number, spacers))
    };
    vec![
        ("sslcore", of_throughput(0)),
        ("OpenSSL", Box::new(|_| Box::new(openssl::OpenSsl::new()))),
        ("s2n-tls", Box::new(|_| Box::new(s2n::S2n::new()))),
        ("rustls unbuffered", of_throughput(3)),
        ("one WriteTraffic", of_throughput(4)),
        ("rustls buffered", of_throughput(5)),
        #[cfg(feature = "rustls-next")]
        (
            "rustls 0.24-dev",
            Box::new(|_| Box::new(rustls_next::RustlsNext::new())),
        ),
        ("raw AEAD", of_throughput(6)),
    ]
}

/// How often, and how long in CPU time sslcore's turn takes.
struct Plan {
    rounds: usize,
    seconds: f64,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let plan = match arguments.iter().map(|it| &**it).collect::<Vec<_>>()[..] {
        [] => Plan {
            rounds: 41,
            seconds: 0.015,
        },
        ["--quick"] => Plan {
            rounds: 11,
            seconds: 0.005,
        },
        _ => {
            eprintln!("usage: sslcore-peers [--quick]");
            return ExitCode::from(2);
        }
    };
    println!(
        "TLS 1.3, AES-128-GCM, a client to a server in memory; medians and quartiles of {} interleaved rounds,\n\
         thread CPU time, on {}. {}, and AWS-LC for all others.\n\
         sslcore, rustls 0.23 unbuffered and 0.24 copy each record once between the ends, rustls buffered and\n\
         OpenSSL do not, s2n-tls twice. Nothing is taken off.",
        plan.rounds,
        machine(),
        ::openssl::version::version(),
    );
    let scenarios = Scenario::all(false);
    let [scenario] = &scenarios[..] else {
        unreachable!("one backend is built in");
    };
    let field = field(scenario);
    for load in Load::ALL {
        println!("\n{load}");
        let speeds = measure(&field, load, &plan);
        for ((name, _), speeds_of) in field.iter().zip(&speeds) {
            let speed = Spread::of(speeds_of.iter().copied());
            let ratio = Spread::of_ratios(&speeds[0], speeds_of);
            println!("{name:>18} {speed:>26.0} MB/s   sslcore has {ratio:.2} of it");
        }
    }
    ExitCode::SUCCESS
}

/// The speeds of all, round by round. Who begins changes from round to round, and each round is run by fresh
/// connections.
fn measure(field: &[(&str, Make<'_>)], load: Load, plan: &Plan) -> Vec<Vec<f64>> {
    let data: Vec<u8> = (0..load.bytes()).map(|i| (i * 7 + i / 251) as u8).collect();
    let seconds = |contender: &mut dyn Contender, trips: usize| {
        let started = cpu_seconds();
        for _ in 0..trips {
            contender.trip(black_box(&data), load.write, &mut |piece| {
                black_box(piece);
            });
        }
        cpu_seconds() - started
    };
    let mut first = field[0].1(&mut Spacers::new(0));
    let mut trips = 8;
    while seconds(&mut *first, trips) < plan.seconds {
        trips *= 2;
    }
    let mut speeds = vec![Vec::new(); field.len()];
    for round in 0..plan.rounds {
        let mut spacers = Spacers::new(round);
        let mut contenders: Vec<_> = field
            .iter()
            .map(|(name, make)| {
                spacers.add();
                let mut contender = make(&mut spacers);
                let mut carried = Vec::with_capacity(data.len());
                contender.trip(&data, load.write, &mut |piece| {
                    carried.extend_from_slice(piece)
                });
                assert!(carried == data, "{name} carried something else");
                contender
            })
            .collect();
        for turn in 0..field.len() {
            let who = (round + turn) % field.len();
            seconds(&mut *contenders[who], trips / 8 + 1);
            let taken = seconds(&mut *contenders[who], trips);
            speeds[who].push((trips * data.len()) as f64 / 1e6 / taken);
        }
    }
    speeds
}
