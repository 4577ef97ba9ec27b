//! Folders and file names.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::{MASKS_FILE, TakeError};

/// A folder that was not there before.
pub(crate) fn make_directory(parent: &Path, stamp: &str) -> Result<PathBuf, TakeError> {
    fs::create_dir_all(parent).map_err(|e| TakeError::io("create", parent, e))?;
    let mut directory = parent.join(stamp);
    for n in 2.. {
        match fs::create_dir(&directory) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                directory = parent.join(format!("{stamp}-{n}"))
            }
            Err(error) => return Err(TakeError::io("create", &directory, error)),
            Ok(()) => break,
        }
    }
    Ok(directory)
}

/// A folder of this very name, which must not be there yet.
pub(crate) fn make_named_directory(parent: &Path, name: &str) -> Result<PathBuf, TakeError> {
    fs::create_dir_all(parent).map_err(|e| TakeError::io("create", parent, e))?;
    let directory = parent.join(name);
    fs::create_dir(&directory).map_err(|e| TakeError::io("create", &directory, e))?;
    Ok(directory)
}

/// A file or folder that was made is only sure to be found after a power cut once its folder was synced.
pub(crate) fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// The host's name without what a file name cannot hold. "masks" is the name of the file beside the recordings.
pub(crate) fn file_name(host: &str) -> String {
    let keep = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '-' };
    if matches!(host, "" | "masks") { format!("host{host}") } else { host.chars().map(keep).collect() }
}

/// The recordings in a folder, sorted, so that the order never depends on the file system.
pub(crate) fn mcap_files(directory: &Path) -> Result<Vec<PathBuf>, TakeError> {
    let list = || -> std::io::Result<Vec<PathBuf>> {
        let mut paths = Vec::new();
        for entry in fs::read_dir(directory)? {
            let path = entry?.path();
            let masks = path.file_name().is_some_and(|name| name == MASKS_FILE);
            if path.extension().is_some_and(|extension| extension == "mcap") && !masks {
                paths.push(path);
            }
        }
        paths.sort();
        Ok(paths)
    };
    list().map_err(|e| TakeError::io("list", directory, e))
}
