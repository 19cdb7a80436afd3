//! Records from the wire, and an application that does anything at any time, behind the handshake.

use crate::behind::encrypted;
use crate::configs::{Choice, limits};
use crate::connection::play;
use crate::input::Input;
use crate::records::Described;
use crate::report;
use crate::seeds::Seed;
use crate::watched::Watched;

/// Of these bits of a byte the limits follow: each is a handshake of its own.
const LIMITS: u8 = 0x49;

/// One byte chooses the end and the version, one the limits, one says how many bytes of actions follow,
/// as in [`connection`](crate::connection()); all behind these are records, as in
/// [`records`](crate::records()). What the actions leave of them arrives at the end.
pub fn after_handshake(data: &[u8]) {
    report::watch(|data| drop(run(data)), data);
}

fn run(data: &[u8]) -> Watched {
    let mut input = Input(data);
    let first = input.byte();
    let is_old = first & 2 != 0;
    let mut bits = if is_old { Choice::OLD } else { 0 };
    if first & 1 != 0 {
        bits |= Choice::SERVER | Choice::TICKETS;
    }
    let choice = Choice::new(bits);
    let end = encrypted(choice, input.byte() & LIMITS, limits);
    let actions = input.part();
    let mut stream = Vec::new();
    while let Some(record) = Described::next(&mut input, is_old) {
        stream.extend(record.bytes);
    }
    play(end, choice, actions, &stream)
}

/// Records as in the seeds of `records`, with an application that reads, writes, renews its keys and
/// closes meanwhile.
pub(crate) fn seeds(records: &[Seed]) -> Vec<Seed> {
    let busy = [
        0, 9, 3, 7, 255, 6, 3, 5, 0, 40, 2, 11, 3, 5, 0, 255, 3, 17, 9, 0, 255, 3, 7, 9, 8, 3, 5,
    ];
    let slow = [
        15, 1, 0, 200, 2, 2, 7, 1, 23, 100, 2, 6, 200, 4, 30, 0, 255, 3, 7, 255, 9, 3,
    ];
    let mut seeds = Vec::new();
    for (_, name, input) in records {
        let (Some(first), true) = (input.first(), input.len() > 1) else {
            continue;
        };
        for (kind, limits, actions) in [("busy", 0, &busy[..]), ("slow", 0x49, &slow)] {
            let front = [first & 3, limits, actions.len() as u8];
            let seed = [&front[..], actions, &input[1..]].concat();
            seeds.push(("after_handshake", format!("{name}-{kind}"), seed));
        }
    }
    seeds
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::seeds;

    #[test]
    fn every_seed_is_heard_and_gets_to_the_end() {
        let mut seen = 0;
        for (target, name, input) in seeds::all() {
            if target == "after_handshake" {
                let end = run(&input);
                assert!(
                    end.conn.is_over() && end.heard > 0,
                    "{name}: {:?}",
                    end.conn
                );
                seen += 1;
            }
        }
        assert!(seen > 20);
    }
}
