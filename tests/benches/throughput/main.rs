//! What carrying data costs, memory to memory, next to rustls and next to the bare AEAD.
//!
//! `cargo bench -p sslcore-tests --bench throughput -- --help`

mod arguments;
mod ciphers;
mod contender;
mod drawing;
mod figures;
mod instructions;
mod measure;
mod report;

use std::process::ExitCode;

use crate::arguments::{Arguments, Command};
use crate::contender::{Load, Scenario};
use crate::figures::Figure;
use crate::measure::{Plan, measure};

fn main() -> ExitCode {
    let arguments = match arguments::parse(std::env::args().skip(1)) {
        Ok(Command::Run(arguments)) => arguments,
        Ok(Command::Profile(profile)) => {
            return match measure::profile(&profile) {
                true => ExitCode::SUCCESS,
                false => {
                    eprintln!("throughput: no such backend, or nobody of that name");
                    ExitCode::from(2)
                }
            };
        }
        Ok(Command::Help) => {
            print!("{}", arguments::HELP);
            return ExitCode::SUCCESS;
        }
        Err(wrong) => {
            eprintln!("throughput: {wrong}\n\n{}", arguments::HELP);
            return ExitCode::from(2);
        }
    };
    if arguments.instructions && !instructions::table() {
        eprintln!("throughput: instructions are counted by valgrind, which is not here");
        return ExitCode::FAILURE;
    }
    if arguments.ciphers
        && let Err(why) = ciphers::table()
    {
        eprintln!("throughput: ciphers are compared with those of openssl: {why}");
        return ExitCode::FAILURE;
    }
    if let Some(folder) = &arguments.svg
        && let Err(error) = drawing::draw(folder, &Plan::new(arguments.quick))
    {
        eprintln!("throughput: {}: {error}", folder.display());
        return ExitCode::FAILURE;
    }
    if run(&arguments) || !arguments.check {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Measures, reports, and says whether every figure is met.
fn run(arguments: &Arguments) -> bool {
    let plan = Plan::new(arguments.quick);
    if !arguments.json {
        report::header(&plan);
    }
    let mut tables = Vec::new();
    for scenario in Scenario::all(arguments.all) {
        let rows: Vec<_> = Load::ALL
            .iter()
            .map(|load| measure(&scenario, *load, &plan))
            .collect();
        if !arguments.json {
            report::table(&scenario, &rows);
        }
        tables.push((scenario, rows));
    }
    let figures = Figure::required(&tables);
    if arguments.json {
        println!("{}", report::json(&tables, &figures));
    } else {
        for figure in &figures {
            println!("{figure}");
        }
    }
    figures.iter().all(Figure::is_met)
}
