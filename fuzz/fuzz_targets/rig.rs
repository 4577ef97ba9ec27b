//! Searches for inputs that break the target `rig`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::run("rig", data));
