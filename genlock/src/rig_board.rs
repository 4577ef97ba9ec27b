//! The newest geometry of the rig, and where it is stored.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use body::RigGeometry;

/// The name of the file, in the session's data folder and in each take.
pub const FILE: &str = "geometry.json";

/// The newest geometry. Clones share the same state.
#[derive(Clone)]
pub struct RigBoard(Arc<Mutex<State>>);

struct State {
    /// Where it is stored for the next session.
    file: PathBuf,
    newest: Option<RigGeometry>,
    /// Folder and id of the geometry that was last stored in a take.
    in_take: Option<(PathBuf, String)>,
}

impl RigBoard {
    pub fn new(data: &Path) -> Self {
        Self(Arc::new(Mutex::new(State { file: data.join(FILE), newest: None, in_take: None })))
    }

    pub fn file(&self) -> PathBuf {
        self.state().file.clone()
    }

    pub fn newest(&self) -> Option<RigGeometry> {
        self.state().newest.clone()
    }

    /// Sets the geometry, and stores it for the next session if it is new.
    pub fn put(&self, geometry: RigGeometry) {
        let mut state = self.state();
        if state.newest.as_ref().is_some_and(|newest| newest.id == geometry.id) {
            return;
        }
        if let Err(error) = write(&state.file, &geometry) {
            tracing::error!(%error, file = %state.file.display(), "could not store the geometry for the next session");
        }
        state.newest = Some(geometry);
    }

    /// Removes the geometry and its file. Returns whether there was one.
    pub fn forget(&self) -> bool {
        let mut state = self.state();
        let known = state.newest.take().is_some();
        if known && let Err(error) = std::fs::remove_file(&state.file) {
            tracing::error!(%error, file = %state.file.display(), "could not remove the file of the geometry");
        }
        known
    }

    /// Stores the newest geometry in a take.
    pub fn keep_in(&self, take: &Path) {
        let mut state = self.state();
        let Some(newest) = state.newest.clone() else { return };
        let kept = (take.to_owned(), newest.id.clone());
        if state.in_take.as_ref() != Some(&kept) {
            if let Err(error) = write(&take.join(FILE), &newest) {
                tracing::error!(%error, take = %take.display(), "could not store the geometry in the take");
            }
            // Report it once: the recorder reports a full disk.
            state.in_take = Some(kept);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Each change leaves the state consistent, so a poisoned lock is still usable.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Replaces the file atomically.
fn write(file: &Path, geometry: &RigGeometry) -> io::Result<()> {
    let draft = file.with_extension("json.new");
    let text = serde_json::to_string_pretty(geometry).map_err(io::Error::other)?;
    std::fs::write(&draft, text + "\n")?;
    std::fs::rename(&draft, file)
}
