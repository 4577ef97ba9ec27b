//! A folder that gets its name when it is whole.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use frame::Problem;

use crate::error::FootageError;

/// Where a take is written until it is whole. What is not whole is removed.
pub struct Draft {
    /// The folder that holds the draft and will hold the take.
    pub parent: PathBuf,
    /// The name of the draft in it.
    pub name: String,
    out: PathBuf,
    kept: bool,
    /// Keeps other imports from the same place.
    _lock: File,
    lock_path: PathBuf,
}

impl Draft {
    /// # Errors
    /// `out` exists and is not empty, another import is writing it, or its folder cannot be written to.
    pub fn begin(out: &Path) -> Result<Self, FootageError> {
        let name = out.file_name().and_then(|name| name.to_str()).ok_or_else(|| {
            Problem::with_remedy(format!("{}: this is no name for a take", out.display()), "give a new folder")
        })?;
        let taken = fs::symlink_metadata(out).is_ok();
        let empty = fs::read_dir(out).is_ok_and(|mut entries| entries.next().is_none());
        if taken && !empty {
            let what = format!("{} exists and is not empty", out.display());
            return Err(Problem::with_remedy(what, "give a new folder, or remove it").into());
        }
        let parent = match out.parent() {
            Some(parent) if parent != Path::new("") => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        fs::create_dir_all(&parent).map_err(|error| FootageError::io("create", &parent, error))?;
        let lock_path = parent.join(format!(".{name}.lock"));
        let lock = File::create(&lock_path).map_err(|error| FootageError::io("write to", &parent, error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let what = format!("another import is writing {}", out.display());
                return Err(Problem::with_remedy(what, "wait for it, or give another folder").into());
            }
            Err(TryLockError::Error(error)) => return Err(FootageError::io("lock", &lock_path, error)),
        }
        let draft =
            Self { parent, name: format!(".{name}.part"), out: out.to_owned(), kept: false, _lock: lock, lock_path };
        // Left by an import that was interrupted.
        draft.remove();
        Ok(draft)
    }

    /// Gives the take its name.
    pub fn finish(mut self) -> Result<(), FootageError> {
        let path = self.path();
        let sync = |path: &Path| File::open(path).and_then(|file| file.sync_all());
        sync(&path).map_err(|error| FootageError::io("sync", &path, error))?;
        fs::rename(&path, &self.out).map_err(|error| FootageError::io("rename", &path, error))?;
        self.kept = true;
        sync(&self.parent).map_err(|error| FootageError::io("sync", &self.parent, error))
    }

    fn path(&self) -> PathBuf {
        self.parent.join(&self.name)
    }

    fn remove(&self) {
        // What cannot be removed is in the way when the draft is made, and is reported then.
        let _ = fs::remove_dir_all(self.path());
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.kept {
            self.remove();
        }
        // Harmless where it stays.
        let _ = fs::remove_file(&self.lock_path);
    }
}
