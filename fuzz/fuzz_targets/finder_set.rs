//! Searches for inputs that break the target `finder_set`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::run("finder_set", data));
