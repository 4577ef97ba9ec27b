//! Searches for inputs that break the target `json_words`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::run("json_words", data));
