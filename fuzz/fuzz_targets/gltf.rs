//! Searches for inputs that break the target `gltf`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::run("gltf", data));
