//! What the benchmarks measure with, and how they say it.

use std::fmt;

use rustix::time::{ClockId, clock_gettime};

/// The CPU time of this thread.
pub fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// The quartiles of a sample. `{:.2}` is the median and, in brackets, the other two, with so many digits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// A quarter of the sample is below it.
    pub lower: f64,
    /// Half of it.
    pub median: f64,
    /// Three quarters.
    pub upper: f64,
}

impl Spread {
    /// Of a sample that is not empty. Of an odd number, the median is one that was measured.
    pub fn of(sample: impl IntoIterator<Item = f64>) -> Self {
        let mut sample: Vec<f64> = sample.into_iter().collect();
        sample.sort_by(f64::total_cmp);
        let at = |quarter| sample[(sample.len() - 1) * quarter / 4];
        Self {
            lower: at(1),
            median: at(2),
            upper: at(3),
        }
    }

    /// How many times `others` `own` is, taken round by round.
    pub fn of_ratios(own: &[f64], others: &[f64]) -> Self {
        Self::of(own.iter().zip(others).map(|(own, other)| own / other))
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = f.precision().unwrap_or(2);
        let Self {
            lower,
            median,
            upper,
        } = self;
        let said = format!("{median:.digits$} [{lower:.digits$}, {upper:.digits$}]");
        // Not `pad`, which would cut it to so many letters.
        write!(f, "{said:>width$}", width = f.width().unwrap_or(0))
    }
}

/// What the system calls this machine's processors, and how many there are.
pub fn machine() -> String {
    let about = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = about.lines().find(|line| line.starts_with("model name"));
    let model = model.and_then(|line| line.split(": ").nth(1));
    let count = std::thread::available_parallelism().map_or(1, |count| count.get());
    format!("{}, {count} processors", model.unwrap_or("unknown"))
}
