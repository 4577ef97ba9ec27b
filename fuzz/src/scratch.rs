//! Folders for parsers that read files.

use std::path::{Path, PathBuf};

thread_local! {
    static FOLDER: tempfile::TempDir = tempfile::tempdir().expect("a temporary folder");
}

/// Calls `use_folder` with this thread's folder, which still holds the files of previous calls.
pub fn folder<T>(use_folder: impl FnOnce(&Path) -> T) -> T {
    FOLDER.with(|folder| use_folder(folder.path()))
}

/// Calls `use_file` with the path of a file of this name that holds `data`.
pub fn file<T>(name: &str, data: &[u8], use_file: impl FnOnce(&Path) -> T) -> T {
    folder(|folder| {
        let path: PathBuf = folder.join(name);
        std::fs::write(&path, data).expect("a temporary file");
        use_file(&path)
    })
}
