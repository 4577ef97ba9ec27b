//! Searches for inputs that break the target `truth`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::run("truth", data));
