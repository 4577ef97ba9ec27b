//! Searches for inputs that break the target `host_messages`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::run("host_messages", data));
