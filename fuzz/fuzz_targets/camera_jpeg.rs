//! Searches for inputs that break the target `camera_jpeg`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::run("camera_jpeg", data));
