//! Searches for inputs that break the target `c3d`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::run("c3d", data));
