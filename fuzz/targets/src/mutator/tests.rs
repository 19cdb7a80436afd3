//! What the mutations leave is what a peer could say: sealed, and with the lengths that it has.

use super::wire::{Shape, Stream};
use super::*;
use crate::seeds;

const MOST: usize = 8192;

/// Where the peer's stream begins in a seed.
fn head(target: &str, input: &[u8]) -> Option<usize> {
    match target {
        "connection" | "engines" => Some(4 + usize::from(input[3])),
        "differential" => Some(2),
        _ => None,
    }
}

/// As libFuzzer's, and no better than that: it changes one bit.
fn flip(data: &mut [u8], size: usize, _: usize) -> usize {
    let at = data[..size]
        .iter()
        .map(|byte| usize::from(*byte))
        .sum::<usize>()
        % size.max(1);
    if let Some(byte) = data[..size].get_mut(at) {
        *byte ^= 1 << (at % 8);
    }
    size
}

fn is_sealed(stream: &Stream) -> bool {
    stream
        .pieces
        .iter()
        .any(|piece| piece.shape != Shape::Clear)
}

#[test]
fn a_stream_is_put_together_as_it_was() {
    let mut sealed = 0;
    for (target, name, input) in seeds::all() {
        let Some(head) = head(target, &input) else {
            continue;
        };
        let stream = Stream::read(&input[head..]);
        assert!(stream.pieces.len() > 3, "{name}");
        assert_eq!(stream.write(), &input[head..], "{name}");
        assert_eq!(is_sealed(&stream), !name.contains("real"), "{name}");
        sealed += usize::from(is_sealed(&stream));
    }
    assert!(sealed > 50, "{sealed}");
}

#[test]
fn a_mutated_input_has_another_message_and_is_sealed_as_before() {
    for (target, name, input) in seeds::all() {
        let Some(head) = head(target, &input) else {
            continue;
        };
        let mut changed = 0;
        for seed in 0..200 {
            let mut data = input.clone();
            data.resize(MOST, 0);
            let size = match target {
                "connection" => connection(&mut data, input.len(), MOST, seed, flip),
                "engines" => engines(&mut data, input.len(), MOST, seed, flip),
                _ => differential(&mut data, input.len(), MOST, seed, flip),
            };
            assert!(size <= MOST, "{name} {seed}");
            let mutated = &data[..size];
            let mut again = input.clone();
            again.resize(MOST, 0);
            let same = match target {
                "connection" => connection(&mut again, input.len(), MOST, seed, flip),
                "engines" => engines(&mut again, input.len(), MOST, seed, flip),
                _ => differential(&mut again, input.len(), MOST, seed, flip),
            };
            assert_eq!(mutated, &again[..same], "{name} {seed}");
            changed += usize::from(mutated != input);
            let stream = Stream::read(&mutated[head.min(size)..]);
            assert_eq!(Stream::read(&stream.write()), stream, "{name} {seed}");
        }
        assert!(changed > 150, "{name} {changed}");
    }
}

#[test]
fn shrinking_is_kept_to() {
    for (target, name, input) in seeds::all() {
        if target == "connection" {
            for seed in 0..20 {
                let mut data = input.clone();
                let most = input.len() / 2;
                let cut = |_: &mut [u8], size: usize, max_size: usize| size.min(max_size);
                let size = connection(&mut data, input.len(), most, seed, cut);
                assert!(size <= most, "{name} {seed} {size}");
            }
        }
    }
}

#[test]
fn a_mutated_hello_is_a_message_most_of_the_time() {
    let (mut whole, mut changed) = (0, 0);
    for (target, name, input) in seeds::all() {
        if target != "hellos" {
            continue;
        }
        for seed in 0..100 {
            let mut data = input.clone();
            data.resize(MOST, 0);
            let size = hellos(&mut data, input.len(), MOST, seed, flip);
            assert!(size <= MOST, "{name} {seed}");
            let head = 2 + usize::from(data[1]);
            let message = &data[head.min(size)..size];
            changed += usize::from(data[..size] != input);
            let messages = Messages::read(message);
            assert_eq!(messages.write(), message, "{name} {seed}");
            // Every length of it is as it should be.
            whole += usize::from(messages.lengths().len() == messages.into_whole().len());
        }
    }
    assert!(changed > 6000, "{changed}");
    assert!(whole > changed * 3 / 4, "{whole} of {changed}");
}
