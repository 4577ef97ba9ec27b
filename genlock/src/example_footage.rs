//! Finds the example session that the scripts fetch.

use std::path::{Path, PathBuf};

/// Prefix of the example session's folder, as in `scripts/fetch-footage.sh`.
const EXAMPLE: &str = "footage-pose2sim-";

/// The example session in the cache; of several versions, the one prepared last.
pub fn example_in(cache: &Path) -> Option<PathBuf> {
    let prepared = |folder: PathBuf| {
        let name = folder.file_name()?.to_str()?;
        let at = name.starts_with(EXAMPLE).then(|| folder.join("footage.json").metadata().ok()?.modified().ok())??;
        Some((at, folder))
    };
    std::fs::read_dir(cache).ok()?.flatten().filter_map(|entry| prepared(entry.path())).max().map(|(_, folder)| folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_found_where_it_was_prepared_to_its_end() {
        let cache = tempfile::tempdir().unwrap();
        assert_eq!(example_in(&cache.path().join("nowhere")), None);
        for name in ["footage-pose2sim-1", "footage-pose2sim-2", "footage-0123456789abcdef", "libtorch"] {
            std::fs::create_dir(cache.path().join(name)).unwrap();
        }
        assert_eq!(example_in(cache.path()), None, "none is whole");
        std::fs::write(cache.path().join("footage-0123456789abcdef/footage.json"), "").unwrap();
        assert_eq!(example_in(cache.path()), None, "somebody's own videos");
        std::fs::write(cache.path().join("footage-pose2sim-1/footage.json"), "").unwrap();
        assert_eq!(example_in(cache.path()), Some(cache.path().join("footage-pose2sim-1")));
    }
}
