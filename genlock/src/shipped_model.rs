//! Finds the pose model that comes with genlock.

use std::path::{Path, PathBuf};

/// Names another file; if that does not exist, no model counts as shipped.
pub const VARIABLE: &str = "GENLOCK_POSE_MODEL";
const FILE: &str = "weights/pose.safetensors";
/// The checkout that this program was built from.
const CHECKOUT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
/// How many parent folders of the program are searched: its own, for installations, and from `target/release` up to the
/// checkout.
const ABOVE: usize = 3;

/// The file that the environment names, else the first that exists near the program or in its checkout.
pub fn find() -> Option<PathBuf> {
    if let Some(named) = settings::environment::path(VARIABLE) {
        return Some(named).filter(|path| path.is_file());
    }
    let program = std::env::current_exe().unwrap_or_default();
    let folders = program.ancestors().skip(1).take(ABOVE).chain([Path::new(CHECKOUT)]);
    folders.map(|folder| folder.join(FILE)).find(|path| path.is_file())
}
