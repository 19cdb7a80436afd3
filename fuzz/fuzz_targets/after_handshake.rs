#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sslcore_fuzz_targets::after_handshake(data));
