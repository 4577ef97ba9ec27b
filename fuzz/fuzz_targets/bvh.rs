//! Searches for inputs that break the target `bvh`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::run("bvh", data));
