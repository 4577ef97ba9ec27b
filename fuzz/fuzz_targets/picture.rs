//! Searches for inputs that break the target `picture`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::run("picture", data));
