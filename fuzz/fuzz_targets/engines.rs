#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sslcore_fuzz_targets::engines(data));

libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let mutate = libfuzzer_sys::fuzzer_mutate;
    sslcore_fuzz_targets::mutator::engines(data, size, max_size, seed, mutate)
});
