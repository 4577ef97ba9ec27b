//! Searches for inputs that break the target `scenario`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::run("scenario", data));
