//! What `engines` compares, beyond its seeds, and that each of its exceptions is one.

use std::fs;
use std::path::Path;

use sslcore_fuzz_targets::{apart, engines, mutator, seeds};

const MOST: usize = 8192;
/// How many times each seed is changed, anew and on top of what was changed before.
const TIMES: u32 = 6;
const GENERATIONS: u32 = 3;

/// As libFuzzer's, and no better than that: it changes one byte.
fn change(data: &mut [u8], size: usize, _: usize) -> usize {
    let bytes = data[..size].iter().map(|byte| usize::from(*byte));
    let sum = bytes.fold(size, |sum, byte| sum.wrapping_mul(31) ^ byte);
    if let Some(byte) = data[..size].get_mut(sum % size.max(1)) {
        *byte ^= 1 << (sum % 7) | 1;
    }
    size
}

#[test]
fn both_engines_agree_about_what_a_peer_says_otherwise() {
    let mut changed = 0;
    for (target, name, input) in seeds::all() {
        if target != "engines" {
            continue;
        }
        for time in 0..TIMES {
            let mut data = input.clone();
            data.resize(MOST, 0);
            let mut size = input.len();
            for generation in 0..GENERATIONS {
                let seed = time * GENERATIONS + generation;
                size = mutator::engines(&mut data, size, MOST, seed, change);
                // The test's output says which it was.
                println!("{name} {seed}");
                engines(&data[..size]);
                changed += usize::from(data[..size] != input);
            }
        }
    }
    assert!(changed > 1000, "{changed}");
}

#[test]
fn every_exception_is_needed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../finds/engines");
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        println!("{}", path.display());
        engines(&fs::read(path).expect("a file"));
    }
    let unused = apart::unused();
    assert!(unused.is_empty(), "{}", unused.join("\n"));
}
