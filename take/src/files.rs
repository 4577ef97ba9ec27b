//! Folders and file names of takes.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::{MASKS_FILE, TakeError};

/// Makes `parent/stamp`, with a number appended if that exists.
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

/// Makes `parent/name`, which must not exist.
pub(crate) fn make_named_directory(parent: &Path, name: &str) -> Result<PathBuf, TakeError> {
    fs::create_dir_all(parent).map_err(|e| TakeError::io("create", parent, e))?;
    let directory = parent.join(name);
    fs::create_dir(&directory).map_err(|e| TakeError::io("create", &directory, e))?;
    Ok(directory)
}

/// Syncs a folder: files made in it may be missing after a power cut otherwise.
pub(crate) fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// A file name for the host's recording. "masks" is taken by the file of masks.
pub(crate) fn file_name(host: &str) -> String {
    let keep = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '-' };
    if matches!(host, "" | "masks") { format!("host{host}") } else { host.chars().map(keep).collect() }
}

/// The recordings in a folder, sorted so that their order does not depend on the file system.
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
