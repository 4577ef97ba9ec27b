//! The file of the pose model, which may appear or change while the program runs.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use joints::FinderFiles;
use tch::Device;
use transport::ModelOrigin;

use crate::{Engine, InferError, PrecisionChoice, precision_name};

/// The files that a pose model may come from: the user's own, which has precedence, and the one shipped with genlock.
/// Each may appear, be replaced, or be unusable; a loaded model is used until a better one can be loaded.
pub struct ModelFile {
    candidates: Vec<(ModelOrigin, PathBuf)>,
    device: Device,
    precision: PrecisionChoice,
    plain: bool,
    /// OpenVINO's files, and the threads that it may use.
    openvino: Option<(FinderFiles, usize)>,
    /// Each candidate's file at the last check.
    seen: Vec<Option<Stamp>>,
    loaded: Option<Loaded>,
    /// Why a present file is not the model in use.
    problem: Option<String>,
}

struct Loaded {
    engine: Engine,
    origin: ModelOrigin,
    stamp: Stamp,
}

/// Distinguishes versions of a file: a replaced file has another inode, a rewritten one another time.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    length: u64,
    modified: (i64, i64),
}

impl ModelFile {
    /// The user's own file. Nothing is opened before the first [`Self::refresh`].
    pub fn new(own: PathBuf, device: Device, precision: PrecisionChoice) -> Self {
        let candidates = vec![(ModelOrigin::Own, own)];
        Self {
            candidates,
            device,
            precision,
            plain: false,
            openvino: None,
            seen: vec![None],
            loaded: None,
            problem: None,
        }
    }

    /// Uses this file if the user has none.
    #[must_use]
    pub fn or_shipped(mut self, path: PathBuf) -> Self {
        self.candidates.push((ModelOrigin::Shipped, path));
        self.seen.push(None);
        self
    }

    /// Models get pictures with their background; see [`Engine::plain`].
    #[must_use]
    pub fn plain(self, plain: bool) -> Self {
        Self { plain, ..self }
    }

    /// Models compute in OpenVINO with this many threads if that is faster; see [`Engine::or_in_openvino`].
    #[must_use]
    pub fn in_openvino(self, files: Option<FinderFiles>, threads: usize) -> Self {
        Self { openvino: files.map(|files| (files, threads)), ..self }
    }

    /// The user's own file.
    pub fn path(&self) -> &Path {
        &self.candidates[0].1
    }

    /// The engine of the model in use.
    pub fn engine(&self) -> Option<&Engine> {
        self.loaded.as_ref().map(|loaded| &loaded.engine)
    }

    /// Hands over the engine; the next one comes when a file changes.
    pub fn take(&mut self) -> Option<Engine> {
        self.loaded.take().map(|loaded| loaded.engine)
    }

    /// Whose the engine's model is.
    pub fn origin(&self) -> Option<ModelOrigin> {
        self.loaded.as_ref().map(|loaded| loaded.origin)
    }

    /// Why a present file is not in use.
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// Whether a file has changed since the last [`Self::refresh`].
    pub fn has_changed(&self) -> bool {
        self.stamps() != self.seen
    }

    fn stamps(&self) -> Vec<Option<Stamp>> {
        self.candidates.iter().map(|(_, path)| stamp(path)).collect()
    }

    /// Loads the first file that exists, if any has changed since the last call. Returns whether another model is in
    /// use now.
    pub fn refresh(&mut self) -> bool {
        let stamps = self.stamps();
        if stamps == self.seen {
            return false;
        }
        self.problem = None;
        self.seen.clone_from(&stamps);
        for ((origin, path), stamp) in self.candidates.iter().zip(stamps) {
            let Some(stamp) = stamp else { continue };
            if self.loaded.as_ref().is_some_and(|loaded| (loaded.origin, loaded.stamp) == (*origin, stamp)) {
                return false;
            }
            match self.open(path) {
                Ok(engine) => {
                    tracing::info!(
                        version = engine.version(),
                        precision = precision_name(engine.precision()),
                        path = %path.display(),
                        "pose model loaded: {origin}"
                    );
                    self.loaded = Some(Loaded { engine, origin: *origin, stamp });
                    return true;
                }
                Err(error) => {
                    tracing::warn!(%error, "the pose model cannot be used");
                    self.problem.get_or_insert(error.to_string());
                    if self.loaded.is_some() {
                        return false;
                    }
                }
            }
        }
        false
    }

    fn open(&self, path: &Path) -> Result<Engine, InferError> {
        let engine = Engine::open(path, self.device, self.precision)?;
        let engine = if self.plain { engine.plain()? } else { engine };
        match &self.openvino {
            Some((files, threads)) => engine.or_in_openvino(files, *threads),
            None => Ok(engine),
        }
    }
}

/// `None` if there is no accessible file.
fn stamp(path: &Path) -> Option<Stamp> {
    let meta = std::fs::metadata(path).ok()?;
    Some(Stamp { inode: meta.ino(), length: meta.len(), modified: (meta.mtime(), meta.mtime_nsec()) })
}
