//! Searches for inputs that break the target `cdf`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::run("cdf", data));
