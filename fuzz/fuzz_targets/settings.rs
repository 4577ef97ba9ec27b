//! Searches for inputs that break the target `settings`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::run("settings", data));
