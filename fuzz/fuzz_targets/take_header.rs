//! Searches for inputs that break the target `take_header`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::run("take_header", data));
