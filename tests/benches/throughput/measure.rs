//! Interleaved rounds on the thread's CPU clock.

use std::hint::black_box;

use rustix::time::{ClockId, clock_gettime};

use crate::contender::{Contender, Load, NAMES, Scenario};

/// How long and how often.
pub(crate) struct Plan {
    /// An odd number, so that the median is a round that took place.
    pub(crate) rounds: usize,
    /// CPU time of sslcore's turn in one round.
    pub(crate) seconds: f64,
}

impl Plan {
    pub(crate) fn new(quick: bool) -> Self {
        match quick {
            true => Self {
                rounds: 11,
                seconds: 0.005,
            },
            false => Self {
                rounds: 41,
                seconds: 0.015,
            },
        }
    }
}

/// The quartiles of a sample.
#[derive(Clone, Copy)]
pub(crate) struct Spread {
    pub(crate) lower: f64,
    pub(crate) median: f64,
    pub(crate) upper: f64,
}

impl Spread {
    fn of(mut sample: Vec<f64>) -> Self {
        sample.sort_by(f64::total_cmp);
        let at = |quarter| sample[(sample.len() - 1) * quarter / 4];
        Self {
            lower: at(1),
            median: at(2),
            upper: at(3),
        }
    }
}

/// What one size of writes showed.
pub(crate) struct Row {
    pub(crate) load: Load,
    /// Million bytes per second of CPU time, in the order of [`NAMES`].
    pub(crate) speeds: [Spread; NAMES.len()],
    /// sslcore's speed as a multiple of each, taken round by round.
    pub(crate) ratios: [Spread; NAMES.len()],
}

fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

fn data(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i * 7 + i / 251) as u8).collect()
}

/// Carries writes of `write` bytes with sslcore, 16 KiB a trip.
pub(crate) fn profile(write: usize, trips: usize) {
    let mut ours = Scenario::all(false)[0].ours();
    let data = data(16 * 1024 / write * write);
    for _ in 0..trips {
        ours.trip(black_box(&data), write, &mut |piece| {
            black_box(piece);
        });
    }
}

/// Measures all contenders in turns; who begins changes from round to round.
pub(crate) fn measure(scenario: &Scenario, load: Load, plan: &Plan) -> Row {
    let write = load.write;
    let data = data(load.bytes());
    let mut contenders = scenario.contenders();
    for (contender, name) in contenders.iter_mut().zip(NAMES) {
        let mut carried = Vec::new();
        contender.trip(&data, write, &mut |piece| carried.extend_from_slice(piece));
        assert!(carried == data, "{name} carried something else");
    }

    let mut time = |who: usize, trips: usize| {
        let started = cpu_seconds();
        for _ in 0..trips {
            contenders[who].trip(black_box(&data), write, &mut |piece| {
                black_box(piece);
            });
        }
        cpu_seconds() - started
    };
    let mut trips = 8;
    while time(0, trips) < plan.seconds {
        trips *= 2;
    }
    for who in 1..NAMES.len() {
        time(who, trips);
    }

    let mut speeds = [const { Vec::new() }; NAMES.len()];
    for round in 0..plan.rounds {
        for turn in 0..NAMES.len() {
            let who = (round + turn) % NAMES.len();
            let seconds = time(who, trips);
            speeds[who].push((trips * data.len()) as f64 / seconds / 1e6);
        }
    }
    let ratios = speeds.each_ref().map(|theirs| {
        let by_round = speeds[0].iter().zip(theirs);
        Spread::of(by_round.map(|(ours, theirs)| ours / theirs).collect())
    });
    Row {
        load,
        speeds: speeds.map(Spread::of),
        ratios,
    }
}
