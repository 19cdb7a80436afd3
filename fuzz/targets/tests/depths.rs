//! What the mutator is worth: how many inputs still come far after many mutations. A program of its
//! own, because what is counted is counted for the process.

use sslcore_fuzz_targets::depth::Depths;
use sslcore_fuzz_targets::{mutator, seeds};

const MOST: usize = 8192;

/// As libFuzzer's, and no better than that: it changes one bit.
fn flip(data: &mut [u8], size: usize, _: usize) -> usize {
    let bytes = data[..size].iter().map(|byte| usize::from(*byte));
    let at = bytes.sum::<usize>() % size.max(1);
    if let Some(byte) = data[..size].get_mut(at) {
        *byte ^= 1 << (at % 8);
    }
    size
}

/// A fuzzer mutates what it has mutated before.
const GENERATIONS: u32 = 12;

#[test]
fn after_some_generations_more_inputs_get_far_than_with_changed_bits() {
    let reached = |mutate: &dyn Fn(&mut [u8], usize, u32) -> usize| {
        let before = Depths::now();
        for (target, name, input) in seeds::all() {
            if target == "connection" && !name.contains("real") {
                for seed in 0..10 {
                    let mut data = input.clone();
                    data.resize(MOST, 0);
                    let mut size = input.len();
                    for generation in 0..GENERATIONS {
                        size = mutate(&mut data, size, seed * GENERATIONS + generation);
                    }
                    sslcore_fuzz_targets::connection(&data[..size]);
                }
            }
        }
        let now = Depths::now();
        assert_eq!(now.runs - before.runs, 1120);
        now.encrypted - before.encrypted
    };
    let by_bits = reached(&|data, size, seed| {
        let at = (seed as usize + 1).wrapping_mul(0x9e37_79b9) % size.max(1);
        data[at] ^= 1 << (seed % 8);
        size
    });
    let by_edits = reached(&|data, size, seed| mutator::connection(data, size, MOST, seed, flip));
    println!("encrypted: {by_edits} by edits, {by_bits} by bits");
    assert!(by_edits > by_bits);
}
