//! Searches for inputs that break the target `trc`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::run("trc", data));
