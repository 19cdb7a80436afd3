//! What carrying data costs, memory to memory, beside other libraries.
//!
//! ```sh
//! cargo run --release --manifest-path tests/benches/peers/Cargo.toml [--features rustls-next] [-- --quick]
//! ```
//!
//! With `--svg FOLDER` it measures bursts of writes of nine sizes, and draws them: peers.svg in that folder.

#[allow(dead_code, reason = "the benchmark `throughput` has more of it")]
#[path = "../../throughput/contender/mod.rs"]
mod contender;
mod openssl;
#[cfg(feature = "rustls-next")]
mod rustls_next;
mod s2n;

use std::hint::black_box;
use std::path::Path;
use std::process::ExitCode;

use sslcore_tests::measured::{Spread, cpu_seconds, machine};
use sslcore_tests::plot::{Colour, Curve, Curves, Panel, Stroke};

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

const WHOLE: Plan = Plan {
    rounds: 41,
    seconds: 0.015,
};
const QUICK: Plan = Plan {
    rounds: 11,
    seconds: 0.005,
};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (plan, folder) = match arguments.iter().map(|it| &**it).collect::<Vec<_>>()[..] {
        [] => (WHOLE, None),
        ["--quick"] => (QUICK, None),
        ["--svg", folder] => (QUICK, Some(Path::new(folder))),
        _ => {
            eprintln!("usage: sslcore-peers [--quick | --svg FOLDER]");
            return ExitCode::from(2);
        }
    };
    let scenarios = Scenario::all(false);
    let [scenario] = &scenarios[..] else {
        unreachable!("one backend is built in");
    };
    let field = field(scenario);
    if let Some(folder) = folder {
        let path = folder.join("peers.svg");
        return match std::fs::write(&path, drawing(&field, &plan)) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("sslcore-peers: {}: {error}", path.display());
                ExitCode::FAILURE
            }
        };
    }
    println!(
        "TLS 1.3, AES-128-GCM, a client to a server in memory; medians and quartiles of {} interleaved rounds,\n\
         thread CPU time, on {}. {}, and AWS-LC for all others.\n\
         sslcore, rustls 0.23 unbuffered and 0.24 copy each record once between the ends, rustls buffered and\n\
         OpenSSL do not, s2n-tls twice. Nothing is taken off.",
        plan.rounds,
        machine(),
        ::openssl::version::version(),
    );
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

/// Bursts of 16 KiB in writes of all sizes, as a picture.
fn drawing(field: &[(&str, Make<'_>)], plan: &Plan) -> String {
    let loads: Vec<Load> = (6..=14).map(|power| Load::burst(1 << power)).collect();
    let measured: Vec<_> = loads
        .iter()
        .map(|load| measure(field, *load, plan))
        .collect();
    let look = |name: &str| match name {
        "sslcore" => (Colour::Blue, Stroke::Solid),
        "OpenSSL" => (Colour::Purple, Stroke::Solid),
        "s2n-tls" => (Colour::Purple, Stroke::Dashed),
        "rustls unbuffered" => (Colour::Orange, Stroke::Solid),
        "one WriteTraffic" => (Colour::Orange, Stroke::Dotted),
        "rustls buffered" => (Colour::Orange, Stroke::Dashed),
        "rustls 0.24-dev" => (Colour::Green, Stroke::Solid),
        _ => (Colour::Grey, Stroke::Dotted),
    };
    let curve = |(number, (name, _)): (usize, &(&str, Make<'_>))| {
        let (colour, stroke) = look(name);
        let median = |speeds: &Vec<Vec<f64>>| Spread::of(speeds[number].iter().copied()).median;
        let points = loads.iter().zip(&measured);
        Curve {
            name: (*name).to_owned(),
            colour,
            stroke,
            points: points
                .map(|(load, speeds)| (load.write as f64, median(speeds)))
                .collect(),
        }
    };
    let curves = Curves {
        title: "Throughput beside other libraries, MB per second of CPU time".to_owned(),
        words: vec![
            "Client to server in memory, TLS 1.3, AES-128-GCM, both ends on one thread; 16 KiB in a burst, nothing \
             is taken off; both axes are logarithmic."
                .to_owned(),
            format!(
                "{}; {}, AWS-LC for all others. tests/benches/peers, --svg",
                machine(),
                ::openssl::version::version()
            ),
        ],
        panels: vec![Panel {
            name: String::from("AWS-LC"),
            curves: field.iter().enumerate().map(curve).collect(),
        }],
        marks: loads.iter().map(|load| (load.write as f64, load.write.to_string())).collect(),
    };
    curves.svg()
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
