//! Searches for inputs that break the target `trigger_box`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::run("trigger_box", data));
