//! The figures that sslcore must reach.

use std::fmt;

use crate::contender::{Load, NAMES, Scenario};
use crate::measure::Row;

/// Beside which contender the figures are taken: rustls' unbuffered connections, driven as their
/// documentation does, as sslcore is.
const UNBUFFERED: usize = 3;
/// What nothing that is built on it can beat.
const BARE: usize = NAMES.len() - 1;

/// sslcore next to rustls' unbuffered connections: what was measured and what is required.
pub(crate) struct Figure {
    pub(crate) backend: &'static str,
    pub(crate) load: Load,
    pub(crate) measured: f64,
    /// The same of the bare AEAD.
    pub(crate) bare: f64,
    pub(crate) needs: f64,
}

impl Figure {
    /// Those of TLS 1.3 with AES-128-GCM, of every backend that has any.
    pub(crate) fn required(tables: &[(Scenario, Vec<Row>)]) -> Vec<Self> {
        let mut figures = Vec::new();
        for (scenario, rows) in tables.iter().filter(|(scenario, _)| scenario.is_default()) {
            let backend = scenario.backend.name();
            for row in rows {
                // A busy writer's throughput; a single small write is shown and not required.
                let needs = match (backend, row.load.write, row.load.writes) {
                    ("aws-lc-rs", 16_384, _) => 1.3,
                    ("ring", 16_384, _) => 1.1,
                    ("aws-lc-rs" | "ring", 64, 2..) => 1.5,
                    _ => continue,
                };
                let measured = row.ratios[UNBUFFERED].median;
                figures.push(Self {
                    backend,
                    load: row.load,
                    measured,
                    bare: measured / row.ratios[BARE].median,
                    needs,
                });
            }
        }
        figures
    }

    pub(crate) fn is_met(&self) -> bool {
        self.measured >= self.needs
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.is_met() { "met" } else { "not met" };
        let (load, backend) = (self.load, self.backend);
        let (measured, needs, bare) = (self.measured, self.needs, self.bare);
        write!(
            f,
            "figure: {load} {backend} {measured:.2} (needs {needs:.2}, bare AEAD {bare:.2}): {verdict}"
        )
    }
}
