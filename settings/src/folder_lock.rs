//! Folders that one program at a time works in.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::Path;
use std::time::{Duration, Instant};

const FILE: &str = ".in-use";
/// How often a folder in use is tried again.
const AGAIN: Duration = Duration::from_millis(100);

/// Holds a folder until it is dropped, or its process ends in whatever way.
#[derive(Debug)]
pub struct FolderLock {
    _file: File,
}

impl FolderLock {
    /// Takes a folder, which must exist, for the program of this name; waits as long as this for one that holds it.
    ///
    /// # Errors
    /// In plain words: another process holds the folder, which is named with its id, or the file that says so cannot be
    /// made.
    pub fn take(folder: &Path, program: &str, wait: Duration) -> Result<Self, String> {
        let path = folder.join(FILE);
        let failed = |error: io::Error| format!("{} cannot be written: {error}", path.display());
        let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = open.map_err(failed)?;
        let until = Instant::now() + wait;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if Instant::now() < until => std::thread::sleep(AGAIN),
                Err(TryLockError::WouldBlock) => {
                    let mut holder = String::new();
                    file.read_to_string(&mut holder).map_err(failed)?;
                    let holder = if holder.is_empty() { "another process" } else { holder.trim() };
                    return Err(format!("the folder {} is in use by {holder}", folder.display()));
                }
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
        file.set_len(0).and_then(|()| file.rewind()).map_err(failed)?;
        writeln!(file, "{program} (process {})", std::process::id()).map_err(failed)?;
        Ok(Self { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_held_by_one_and_says_by_whom() {
        let folder = std::env::temp_dir().join(format!("folder-lock-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let held = FolderLock::take(&folder, "first", Duration::ZERO).unwrap();
        let refused = FolderLock::take(&folder, "second", Duration::ZERO).unwrap_err();
        assert!(refused.contains("first") && refused.contains(&std::process::id().to_string()), "{refused}");
        drop(held);
        drop(FolderLock::take(&folder, "second", Duration::ZERO).unwrap());
        std::fs::remove_dir_all(&folder).unwrap();
        assert!(FolderLock::take(&folder, "second", Duration::ZERO).unwrap_err().contains("cannot be written"));
    }
}
