//! What the session knows of the rig's geometry: the newest one, and where it is kept.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use body::RigGeometry;

/// The name of the file, in the session's data folder and in each take.
pub const FILE: &str = "geometry.json";

/// Clones share the same state.
#[derive(Clone)]
pub struct RigBoard(Arc<Mutex<State>>);

struct State {
    /// Where the session keeps it for the next one.
    file: PathBuf,
    newest: Option<RigGeometry>,
    /// The folder and id of what was last put into a take.
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

    /// Takes what inference says, and keeps it for the next session where it is new.
    pub fn put(&self, geometry: RigGeometry) {
        let mut state = self.state();
        if state.newest.as_ref().is_some_and(|newest| newest.id == geometry.id) {
            return;
        }
        if let Err(error) = write(&state.file, &geometry) {
            tracing::error!(%error, file = %state.file.display(), "the geometry is not kept for the next session");
        }
        state.newest = Some(geometry);
    }

    /// Inference has no geometry any more. Returns whether there was one.
    pub fn forget(&self) -> bool {
        let mut state = self.state();
        let known = state.newest.take().is_some();
        if known && let Err(error) = std::fs::remove_file(&state.file) {
            tracing::error!(%error, file = %state.file.display(), "a geometry that was forgotten is still there");
        }
        known
    }

    /// Keeps the newest geometry in a take.
    pub fn keep_in(&self, take: &Path) {
        let mut state = self.state();
        let Some(newest) = state.newest.clone() else { return };
        let kept = (take.to_owned(), newest.id.clone());
        if state.in_take.as_ref() != Some(&kept) {
            if let Err(error) = write(&take.join(FILE), &newest) {
                tracing::error!(%error, take = %take.display(), "the geometry is not in the take");
            }
            // Told once: a full disk is told of by the recorder.
            state.in_take = Some(kept);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change is whole, so a panic elsewhere does not spoil it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Replaces the file in one step.
fn write(file: &Path, geometry: &RigGeometry) -> io::Result<()> {
    let draft = file.with_extension("json.new");
    let text = serde_json::to_string_pretty(geometry).map_err(io::Error::other)?;
    std::fs::write(&draft, text + "\n")?;
    std::fs::rename(&draft, file)
}
