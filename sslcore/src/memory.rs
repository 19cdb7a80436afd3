//! Wiping and copying, as fast as the machine does either.

use zeroize::optimization_barrier;

/// Overwrites `bytes` with zeros, as fast as filling them. The compiler does not leave it out: behind
/// it stands an instruction that may read them, for all it knows.
#[inline]
pub(crate) fn wipe(bytes: &mut [u8]) {
    // No bytes are anywhere, and to fill them where there is no memory is dear with AVX-512.
    if !bytes.is_empty() {
        bytes.fill(0);
        optimization_barrier(bytes);
    }
}

/// What is copied at once: so much that pieces cost nothing, and less than what C libraries leave
/// to the processor's own instruction for long copies.
const PIECE: usize = 1984;

/// Copies `from` to the front of `to`, as far as it reaches. Where both have nearly the same offset
/// in their pages, AMD's processors take forty times as long for one long copy as for its pieces.
#[inline]
pub(crate) fn copy(from: &[u8], to: &mut [u8]) {
    let n = from.len().min(to.len());
    let (from, to) = (&from[..n], &mut to[..n]);
    if n <= PIECE {
        to.copy_from_slice(from);
    } else {
        copy_long(from, to);
    }
}

fn copy_long(from: &[u8], to: &mut [u8]) {
    for (from, to) in from.chunks(PIECE).zip(to.chunks_mut(PIECE)) {
        to.copy_from_slice(from);
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn a_copy_reaches_as_far_as_the_shorter_side() {
        let from: Vec<u8> = (0..3 * PIECE).map(|i| (i / 7) as u8).collect();
        for len in [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE + 5, 3 * PIECE] {
            for room in [0, 1, PIECE, PIECE + 3, 3 * PIECE] {
                let mut to = vec![255; room];
                copy(&from[..len], &mut to);
                let n = len.min(room);
                assert_eq!(to[..n], from[..n]);
                assert!(to[n..].iter().all(|byte| *byte == 255), "{len} {room}");
            }
        }
    }

    #[test]
    fn what_is_wiped_is_zero() {
        let mut bytes = [7; 100];
        wipe(&mut bytes[1..]);
        assert_eq!(bytes[..2], [7, 0]);
        assert!(bytes[1..].iter().all(|byte| *byte == 0));
    }
}
