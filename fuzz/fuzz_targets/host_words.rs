//! Searches for inputs that break the target `host_words`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::run("host_words", data));
