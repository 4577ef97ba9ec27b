//! Searches for inputs that break the target `packed_clip`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::run("packed_clip", data));
