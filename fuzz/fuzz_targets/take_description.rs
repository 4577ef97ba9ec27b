//! Searches for inputs that break the target `take_description`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::run("take_description", data));
