//! Searches for inputs that break the target `moment_file`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::run("moment_file", data));
