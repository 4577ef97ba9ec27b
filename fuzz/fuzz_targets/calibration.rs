//! Searches for inputs that break the target `calibration`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::run("calibration", data));
