//! Searches for inputs that break the target `moment`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::run("moment", data));
