//! Searches for inputs that break the target `packed_person`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::run("packed_person", data));
