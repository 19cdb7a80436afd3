//! Instructions for each record, which no other program on the machine changes.

use std::process::Command;

use crate::contender::{Load, NAMES, Scenario};

/// What is counted: small records, for which the work around the AEAD weighs most.
const LOADS: [Load; 2] = [
    Load {
        write: 64,
        writes: 1,
    },
    Load {
        write: 64,
        writes: 256,
    },
];
/// So many records are enough that the first few, which allocate, do not count.
const RECORDS: usize = 20_000;

/// Runs this program under callgrind, once for each figure, and prints a table. Whether there is a
/// callgrind.
pub(crate) fn table() -> bool {
    println!(
        "Instructions for a record, sealed, carried over and opened, counted by callgrind; behind + how many
they are more than those of the raw AEAD. The processor that it plays has no vector AES. Nothing is
subtracted."
    );
    print!("{:>22}", "");
    for name in NAMES {
        print!("{name:>18}");
    }
    println!();
    for scenario in Scenario::all(false) {
        for load in LOADS {
            let counts = NAMES.map(|name| counted(&scenario, name, load));
            let [.., Some(raw)] = counts else {
                return false;
            };
            let backend = scenario.backend.name();
            print!("{:<22}", format!("{backend}, {load}"));
            for count in counts.map(Option::unwrap_or_default) {
                print!("{:>18}", format!("{count} +{}", count.saturating_sub(raw)));
            }
            println!();
        }
    }
    println!();
    true
}

/// The instructions of one contender's trips for each record; `None` without callgrind.
fn counted(scenario: &Scenario, name: &str, load: Load) -> Option<u64> {
    let trips = RECORDS / load.writes;
    let output = Command::new("valgrind")
        .args([
            "--tool=callgrind",
            "--callgrind-out-file=/dev/null",
            "--collect-atstart=no",
            "--toggle-collect=*throughput::contender::Contender>::trip*",
        ])
        .arg(std::env::current_exe().ok()?)
        .args(["--profile", scenario.backend.name(), name])
        .args([load.write, load.writes, trips].map(|number| number.to_string()))
        .output()
        .ok()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let collected = said
        .lines()
        .find_map(|line| line.split("Collected :").nth(1))?;
    let instructions: u64 = collected.trim().parse().ok()?;
    Some(instructions / (trips * load.writes) as u64)
}
