//! Finds the take of the example session, which the scripts fetch and import.

use std::path::{Path, PathBuf};

/// Prefix of the take's folder, as in `scripts/import-footage.sh`.
const EXAMPLE: &str = "take-pose2sim-";

/// The example's take in the cache; of several versions, the one imported last.
pub fn example_in(cache: &Path) -> Option<PathBuf> {
    let imported = |folder: PathBuf| {
        let name = folder.file_name()?.to_str()?;
        let at = name.starts_with(EXAMPLE).then(|| folder.join("take.toml").metadata().ok()?.modified().ok())??;
        Some((at, folder))
    };
    std::fs::read_dir(cache).ok()?.flatten().filter_map(|entry| imported(entry.path())).max().map(|(_, folder)| folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_found_where_it_was_imported_to_its_end() {
        let cache = tempfile::tempdir().unwrap();
        assert_eq!(example_in(&cache.path().join("nowhere")), None);
        for name in ["take-pose2sim-1", "take-pose2sim-2", "take-0123456789abcdef", "libtorch"] {
            std::fs::create_dir(cache.path().join(name)).unwrap();
        }
        assert_eq!(example_in(cache.path()), None, "none is whole");
        std::fs::write(cache.path().join("take-0123456789abcdef/take.toml"), "").unwrap();
        assert_eq!(example_in(cache.path()), None, "somebody's own videos");
        std::fs::write(cache.path().join("take-pose2sim-1/take.toml"), "").unwrap();
        assert_eq!(example_in(cache.path()), Some(cache.path().join("take-pose2sim-1")));
    }
}
