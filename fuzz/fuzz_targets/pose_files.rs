//! Searches for inputs that break the target `pose_files`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::run("pose_files", data));
