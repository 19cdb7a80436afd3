//! Throughput against the size of writes, as a picture.

use std::io;
use std::path::Path;

use sslcore_tests::measured::machine;
use sslcore_tests::plot::{Colour, Curve, Curves, Panel, Stroke};

use crate::contender::{Load, NAMES, Scenario};
use crate::measure::{Plan, Row, measure};

/// How the contenders are drawn, in the order of [`NAMES`].
const LOOKS: [(&str, Colour, Stroke); NAMES.len()] = [
    ("sslcore", Colour::Blue, Stroke::Solid),
    ("sslcore, release_when_idle", Colour::Blue, Stroke::Dotted),
    ("sslcore, write_with", Colour::Blue, Stroke::Dashed),
    ("rustls unbuffered", Colour::Orange, Stroke::Solid),
    ("rustls unbuffered, at best", Colour::Orange, Stroke::Dashed),
    ("rustls buffered", Colour::Purple, Stroke::Solid),
    ("bare AEAD", Colour::Grey, Stroke::Dotted),
];

/// Measures bursts of 16 KiB in writes of all sizes, and draws them: throughput.svg in this folder.
pub(crate) fn draw(folder: &Path, plan: &Plan) -> io::Result<()> {
    let loads: Vec<Load> = (6..=14).map(|power| Load::burst(1 << power)).collect();
    let panels = Scenario::all(false).into_iter().map(|scenario| {
        let rows = loads.iter().map(|load| measure(&scenario, *load, plan));
        let rows: Vec<Row> = rows.collect();
        let curve = |(number, (name, colour, stroke)): (usize, (&str, Colour, Stroke))| Curve {
            name: name.to_owned(),
            colour,
            stroke,
            points: rows
                .iter()
                .map(|row| (row.load.write as f64, row.speeds[number].median))
                .collect(),
        };
        Panel {
            name: scenario.to_string(),
            curves: LOOKS.into_iter().enumerate().map(curve).collect(),
        }
    });
    let curves = Curves {
        title: "Throughput by the size of writes, MB per second of CPU time".to_owned(),
        words: vec![
            "Client to server in memory, both ends on one thread; 16 KiB in a burst, the transport's copy \
             taken off; both axes are logarithmic."
                .to_owned(),
            format!("{}. cargo bench -p sslcore-tests --bench throughput -- --svg ../docs", machine()),
        ],
        panels: panels.collect(),
        marks: loads
            .iter()
            .map(|load| (load.write as f64, size(load.write)))
            .collect(),
    };
    std::fs::write(folder.join("throughput.svg"), curves.svg())
}

fn size(bytes: usize) -> String {
    match bytes {
        kib if kib % 1024 == 0 => format!("{} KiB", kib / 1024),
        bytes => format!("{bytes} B"),
    }
}
