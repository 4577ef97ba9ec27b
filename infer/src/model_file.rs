use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use tch::Device;

use crate::{Engine, PrecisionChoice, precision_name};

/// The file that a pose model comes from. It may appear, be replaced, or be unusable; what was loaded serves on until
/// something better is there.
pub struct ModelFile {
    path: PathBuf,
    device: Device,
    precision: PrecisionChoice,
    seen: Option<Stamp>,
    engine: Option<Engine>,
    /// Why the file that is there now is not the model in use.
    problem: Option<String>,
}

/// Tells one version of a file from the next: a replaced file is another inode, a rewritten one has another time.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    length: u64,
    modified: (i64, i64),
}

impl ModelFile {
    /// Nothing is opened before the first [`Self::refresh`].
    pub fn new(path: PathBuf, device: Device, precision: PrecisionChoice) -> Self {
        Self { path, device, precision, seen: None, engine: None, problem: None }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn engine(&self) -> Option<&Engine> {
        self.engine.as_ref()
    }

    /// Why the file that is there now is not in use.
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// Loads the file if it has changed since the last look; true if another model serves now.
    pub fn refresh(&mut self) -> bool {
        let stamp = self.stamp();
        if stamp == self.seen {
            return false;
        }
        self.seen = stamp;
        self.problem = None;
        if stamp.is_none() {
            return false;
        }
        match Engine::open(&self.path, self.device, self.precision) {
            Ok(engine) => {
                tracing::info!(
                    version = engine.version(),
                    precision = precision_name(engine.precision()),
                    path = %self.path.display(),
                    "pose model loaded"
                );
                self.engine = Some(engine);
                true
            }
            Err(error) => {
                tracing::warn!(%error, "the pose model cannot be used");
                self.problem = Some(error.to_string());
                false
            }
        }
    }

    /// `None` where there is no file, or none that can be looked at.
    fn stamp(&self) -> Option<Stamp> {
        let meta = std::fs::metadata(&self.path).ok()?;
        Some(Stamp { inode: meta.ino(), length: meta.len(), modified: (meta.mtime(), meta.mtime_nsec()) })
    }
}
