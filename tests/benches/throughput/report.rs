//! Tables for people, JSON for programs.

use sslcore_tests::measured::{Spread, machine};

use crate::contender::{NAMES, Scenario};
use crate::figures::Figure;
use crate::measure::{Plan, Row};

/// What the numbers mean.
pub(crate) fn header(plan: &Plan) {
    println!(
        "\
One direction, client to server, in memory, on one thread. A trip: N x SIZE are written, their
records are copied once from the writer's buffer to the reader's, opened, and read where they lie.
  sslcore     write, transmit -> receive, transmitted; process, peek, consume; events are drained
  releasing   the same with release_when_idle
  in place    the same with write_with: what is written is made where it is sealed, for the first trip
  unbuffered  rustls: process_tls_records for each write, WriteTraffic::encrypt, copy,
              process_tls_records, ReadTraffic::next_record, until there is nothing more
  .., best    the same with one WriteTraffic held for all writes of a trip, and no last call
  buffered    rustls: writer, write_tls -> read_tls, process_new_packets, reader's fill_buf
  raw AEAD    the backend's RecordAead alone: seal and open in place, same sizes and additional
              data, the tag is put behind the body; no copy, no header, no record layer
That one copy is the transport's (a socket does it in recv), not a library's: it is measured alone in
every round and taken off from all who need it; \"unsubtracted\" is without that.
Built with Cargo's release profile unless told otherwise. With fat LTO and one codegen unit rustls
gains more: CARGO_PROFILE_BENCH_LTO=fat CARGO_PROFILE_BENCH_CODEGEN_UNITS=1 cargo bench ...
GCC lets AWS-LC clear and copy the little it needs for each record with instructions that are slow
to begin. For x86-64 it can be told not to, which speeds small records up, everybody's:
AWS_LC_SYS_CFLAGS_x86_64_unknown_linux_gnu=\"-mmemset-strategy=libcall:-1:noalign
-mmemcpy-strategy=libcall:-1:noalign\" cargo bench ...
MB/s: million bytes of plaintext per second of this thread's CPU time, both ends together.
Medians of {rounds} rounds, in which all take turns; [lower quartile, upper quartile].
Ratios are taken round by round: above 1, sslcore is the faster.
This machine: {machine}; {features}.
With AES and carry-less multiplication in hardware, and more so with their vector forms, AES-GCM
is fast, and what is around it weighs more.
",
        rounds = plan.rounds,
        machine = machine(),
        features = features(),
    );
}

#[cfg(any(target_arch = "x86_64", target_arch = "x86"))]
fn features() -> String {
    macro_rules! found {
        ($($name:tt),*) => {
            [$(($name, std::arch::is_x86_feature_detected!($name))),*]
        };
    }
    found!("aes", "pclmulqdq", "avx2", "vaes", "vpclmulqdq", "avx512f")
        .map(|(name, found)| format!("{}{name}", if found { "" } else { "no " }))
        .join(", ")
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "x86")))]
fn features() -> String {
    std::env::consts::ARCH.to_owned()
}

/// One scenario.
pub(crate) fn table(scenario: &Scenario, rows: &[Row]) {
    println!("{scenario}");
    print!("{:>10}", "MB/s");
    for name in NAMES {
        print!("{name:>24}");
    }
    println!();
    for row in rows {
        print!("{:>10}", row.load.to_string());
        for speed in &row.speeds {
            print!("{speed:>24.0}");
        }
        println!();
    }
    ratios("ratio", rows, |row| &row.ratios);
    ratios("unsubtracted", rows, |row| &row.gross);
    println!();
}

fn ratios(what: &str, rows: &[Row], of: fn(&Row) -> &[Spread; NAMES.len()]) {
    print!("{what:<34}");
    for name in &NAMES[1..] {
        print!("{:>24}", format!("to {name}"));
    }
    println!();
    for row in rows {
        print!("{:>10}{:>24}", row.load.to_string(), "");
        for ratio in &of(row)[1..] {
            print!("{ratio:>24.2}");
        }
        println!();
    }
}

/// Everything. No text in it needs escaping.
pub(crate) fn json(tables: &[(Scenario, Vec<Row>)], figures: &[Figure]) -> String {
    let rows = tables.iter().flat_map(|(scenario, rows)| {
        rows.iter().map(move |row| {
            let named = |spreads: &[Spread; NAMES.len()]| {
                let members = NAMES.iter().zip(spreads);
                list(members.map(|(name, spread)| format!("\"{name}\":{}", json_spread(spread))))
            };
            format!(
                "{{\"backend\":\"{}\",\"suite\":\"{}\",\"write\":{},\"writes\":{},\"mb_per_cpu_second\":{{{}}},\"ratio\":{{{}}},\"unsubtracted\":{{{}}}}}",
                scenario.backend.name(),
                scenario.suite(),
                row.load.write,
                row.load.writes,
                named(&row.speeds),
                named(&row.ratios),
                named(&row.gross),
            )
        })
    });
    let figures = figures.iter().map(|figure| {
        format!(
            "{{\"backend\":\"{}\",\"write\":{},\"writes\":{},\"measured\":{:.4},\"bare\":{:.4},\"needs\":{},\"met\":{}}}",
            figure.backend,
            figure.load.write,
            figure.load.writes,
            figure.measured,
            figure.bare,
            figure.needs,
            figure.is_met(),
        )
    });
    let (rows, figures) = (list(rows), list(figures));
    format!("{{\"rows\":[{rows}],\"figures\":[{figures}]}}")
}

fn list(members: impl Iterator<Item = String>) -> String {
    members.collect::<Vec<_>>().join(",")
}

fn json_spread(spread: &Spread) -> String {
    format!(
        "{{\"lower\":{:.4},\"median\":{:.4},\"upper\":{:.4}}}",
        spread.lower, spread.median, spread.upper
    )
}
