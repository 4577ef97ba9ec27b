//! Searches for inputs that break the target `panorama`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::run("panorama", data));
