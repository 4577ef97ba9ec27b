//! Searches for inputs that break the target `mat`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::run("mat", data));
