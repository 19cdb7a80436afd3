//! Words that nobody means.

/// How many there are.
const WORDS: usize = 50_000;
/// None has so many bytes.
const LONG: usize = 24;

/// Short words of the bytes of an alphabet, the same in every run.
pub fn babble(alphabet: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let mut seed = 1u32;
    let mut next = move || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 16) as usize
    };
    (0..WORDS).map(move |_| {
        let len = next() % LONG;
        (0..len)
            .map(|_| alphabet[next() % alphabet.len()])
            .collect()
    })
}
