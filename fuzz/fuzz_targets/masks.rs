//! Searches for inputs that break the target `masks`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::run("masks", data));
