//! Regenerates the seeds of `fuzz/corpus` with genlock's own writers, after a format has changed: `cargo run --release
//! --package fuzz --example seeds`. Inputs that a search found are kept beside them.

mod assets;
#[allow(dead_code, reason = "tests use more of it")]
#[path = "../../../datasets/tests/common/cdf.rs"]
mod cdf;
mod frames;
#[allow(dead_code, reason = "tests use more of it")]
#[path = "../../../datasets/tests/common/mat.rs"]
mod mat;
mod messages;
mod tables;
mod texts;

use std::fs;
use std::path::Path;

/// The target, what the input is, and its bytes.
type Seed = (&'static str, &'static str, Vec<u8>);

fn main() {
    let all = [assets::seeds(), frames::seeds(), messages::seeds(), tables::seeds(), texts::seeds()];
    for (target, name, bytes) in all.into_iter().flatten() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join(format!("seed-{name}")), bytes).expect("a file");
    }
}
