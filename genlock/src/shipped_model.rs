//! Where the pose model lies that comes with genlock.

use std::path::{Path, PathBuf};

/// Names another file; one that is not there means that no model is shipped.
pub const VARIABLE: &str = "GENLOCK_POSE_MODEL";
const FILE: &str = "weights/pose.safetensors";
/// The checkout that this program was built from.
const CHECKOUT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
/// Folders above the program that are looked into: its own, as where both were installed together, and from
/// `target/release` the checkout.
const ABOVE: usize = 3;

/// The file that the environment names, else the first of those beside the program and in its checkout that is there.
pub fn find() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os(VARIABLE) {
        return Some(PathBuf::from(named)).filter(|path| path.is_file());
    }
    let program = std::env::current_exe().unwrap_or_default();
    let folders = program.ancestors().skip(1).take(ABOVE).chain([Path::new(CHECKOUT)]);
    folders.map(|folder| folder.join(FILE)).find(|path| path.is_file())
}
