//! Interleaved rounds on the thread's CPU clock.

use std::hint::black_box;

use sslcore_tests::measured::{Spread, cpu_seconds};

use crate::arguments::Profile;
use crate::contender::{COPYING, Contender, Copy, Load, NAMES, Scenario, Spacers};

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

/// What one size of writes showed.
pub(crate) struct Row {
    pub(crate) load: Load,
    /// Million bytes per second of CPU time, in the order of [`NAMES`].
    pub(crate) speeds: [Spread; NAMES.len()],
    /// sslcore's speed as a multiple of each, taken round by round.
    pub(crate) ratios: [Spread; NAMES.len()],
    /// The same of speeds from which no copy was taken off.
    pub(crate) gross: [Spread; NAMES.len()],
}

fn data(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i * 7 + i / 251) as u8).collect()
}

/// Carries what the command line says. Whether there is such a contender.
pub(crate) fn profile(profile: &Profile) -> bool {
    let Profile {
        backend,
        who,
        load,
        trips,
    } = profile;
    let scenarios = Scenario::all(false);
    let scenario = scenarios.iter().find(|it| it.backend.name() == backend);
    let number = NAMES.iter().position(|name| name.starts_with(&**who));
    let (Some(scenario), Some(number)) = (scenario, number) else {
        return false;
    };
    let mut contender = scenario.contender(number, &mut Spacers::new(0));
    let data = data(load.bytes());
    for _ in 0..*trips {
        contender.trip(black_box(&data), load.write, &mut |piece| {
            black_box(piece);
        });
    }
    true
}

/// Measures all contenders in turns. Who begins changes from round to round, and each round is run
/// by fresh connections: where the allocator happens to put buffers makes a difference.
pub(crate) fn measure(scenario: &Scenario, load: Load, plan: &Plan) -> Row {
    let data = data(load.bytes());
    let mut field = Field::new(scenario, load, &data, Spacers::new(0));
    let mut trips = 8;
    while field.seconds(0, trips) < plan.seconds {
        trips *= 2;
    }
    let mut speeds = [const { Vec::new() }; NAMES.len()];
    let mut gross = [const { Vec::new() }; NAMES.len()];
    for round in 0..plan.rounds {
        field = Field::new(scenario, load, &data, Spacers::new(round));
        let copy = copying(load, trips);
        for turn in 0..NAMES.len() {
            let who = (round + turn) % NAMES.len();
            field.seconds(who, trips / 8 + 1);
            let seconds = field.seconds(who, trips);
            let copied = if who < COPYING { copy } else { 0. };
            let megabytes = (trips * data.len()) as f64 / 1e6;
            speeds[who].push(megabytes / (seconds - copied));
            gross[who].push(megabytes / seconds);
        }
    }
    Row {
        load,
        ratios: ratios(&speeds),
        gross: ratios(&gross),
        speeds: speeds.map(Spread::of),
    }
}

/// The first one's speed as a multiple of each.
fn ratios(speeds: &[Vec<f64>; NAMES.len()]) -> [Spread; NAMES.len()] {
    speeds
        .each_ref()
        .map(|theirs| Spread::of_ratios(&speeds[0], theirs))
}

/// The CPU time of the transport's copies alone.
fn copying(load: Load, trips: usize) -> f64 {
    let mut copy = Copy::new();
    let mut time = |trips| {
        let started = cpu_seconds();
        for _ in 0..trips {
            copy.trip(load);
        }
        cpu_seconds() - started
    };
    time(trips / 8 + 1);
    time(trips)
}

/// The contenders of one round and what they carry.
struct Field<'a> {
    contenders: [Box<dyn Contender>; NAMES.len()],
    _spacers: Spacers,
    load: Load,
    data: &'a [u8],
}

impl<'a> Field<'a> {
    fn new(scenario: &Scenario, load: Load, data: &'a [u8], mut spacers: Spacers) -> Self {
        let contenders = std::array::from_fn(|number| {
            spacers.add();
            let mut contender = scenario.contender(number, &mut spacers);
            spacers.add();
            let mut carried = Vec::with_capacity(data.len());
            let mut sink = |piece: &[u8]| carried.extend_from_slice(piece);
            contender.trip(data, load.write, &mut sink);
            assert!(carried == data, "{} carried something else", NAMES[number]);
            contender
        });
        Self {
            contenders,
            _spacers: spacers,
            load,
            data,
        }
    }

    /// The CPU time of so many trips.
    fn seconds(&mut self, who: usize, trips: usize) -> f64 {
        let contender = &mut self.contenders[who];
        let started = cpu_seconds();
        for _ in 0..trips {
            contender.trip(black_box(self.data), self.load.write, &mut |piece| {
                black_box(piece);
            });
        }
        cpu_seconds() - started
    }
}
