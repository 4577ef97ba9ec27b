//! Searches for inputs that break the target `geometry`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::run("geometry", data));
