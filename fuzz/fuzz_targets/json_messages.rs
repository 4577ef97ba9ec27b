//! Searches for inputs that break the target `json_messages`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::run("json_messages", data));
