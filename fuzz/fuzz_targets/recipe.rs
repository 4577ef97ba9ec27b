//! Searches for inputs that break the target `recipe`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::run("recipe", data));
