//! Searches for inputs that break the target `take_recording`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::run("take_recording", data));
