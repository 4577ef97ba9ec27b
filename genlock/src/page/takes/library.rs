//! The folder of takes, and what was read of it. A name leads to a folder in it, and nowhere else.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use body::RigGeometry;
use take::TakeError;
use thiserror::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::open_take::OpenTake;
use super::summary::TakeSummary;
use crate::rig_board;

/// Summaries that are remembered.
const REMEMBERED: usize = 1_000;
/// A larger file is no geometry of genlock's.
const GEOMETRY_BYTES: u64 = 4 << 20;

/// The folder of takes.
pub struct Library {
    folder: PathBuf,
    /// One reader at a time, so that a browser cannot keep the disk from the recording.
    turns: Arc<Semaphore>,
    summaries: Mutex<HashMap<String, (Stamp, TakeSummary)>>,
    /// The take that was read last.
    open: Mutex<Option<(String, Stamp, Arc<OpenTake>)>>,
}

/// Changes when a take's files do.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    bytes: u64,
    changed: Option<SystemTime>,
}

/// Why something of a take cannot be had.
#[derive(Debug, Error)]
pub enum Unreadable {
    #[error("there is no take of this name in the folder of takes")]
    Unknown,
    #[error("the folder of takes cannot be read: {0}")]
    Folder(String),
    #[error("{0}")]
    Damaged(String),
}

impl From<TakeError> for Unreadable {
    fn from(error: TakeError) -> Self {
        Self::Damaged(error.to_string())
    }
}

impl Library {
    pub fn new(folder: PathBuf) -> Self {
        let turns = Arc::new(Semaphore::new(1));
        Self { folder, turns, summaries: Mutex::default(), open: Mutex::default() }
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        // The semaphore is never closed.
        self.turns.clone().acquire_owned().await.ok()
    }

    /// Names of the takes, the newest first. None is a symbolic link.
    pub fn names(&self) -> Result<Vec<String>, Unreadable> {
        let entries = match std::fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            // It is made with the first take.
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(vec![]),
            Err(error) => return Err(Unreadable::Folder(error.to_string())),
        };
        let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
        let mut names: Vec<_> = names.filter(|name| self.take(name).is_ok()).collect();
        names.sort_unstable_by(|a, b| b.cmp(a));
        Ok(names)
    }

    /// What the take holds. `recording` is the folder of the take that is being recorded.
    pub fn summary(&self, name: &str, recording: Option<&Path>) -> Result<TakeSummary, Unreadable> {
        let (path, stamp) = self.take(name)?;
        let is_this = |other: &Path| other.canonicalize().ok() == path.canonicalize().ok();
        // It grows, and to read it would keep the disk from the recording.
        if recording.is_some_and(is_this) {
            return Ok(TakeSummary::recording(name));
        }
        let known =
            lock(&self.summaries).get(name).filter(|(known, _)| *known == stamp).map(|(_, known)| known.clone());
        Ok(match known {
            Some(summary) => summary,
            None => {
                let summary = match self.open_at(name, &path, stamp) {
                    Ok(take) => TakeSummary::of(name, &take),
                    Err(damage) => TakeSummary::damaged(name, damage.to_string()),
                };
                let mut summaries = lock(&self.summaries);
                if summaries.len() >= REMEMBERED {
                    summaries.clear();
                }
                summaries.insert(name.to_owned(), (stamp, summary.clone()));
                summary
            }
        })
    }

    pub fn open(&self, name: &str) -> Result<Arc<OpenTake>, Unreadable> {
        let (path, stamp) = self.take(name)?;
        self.open_at(name, &path, stamp)
    }

    /// The JSON of the take's geometry.
    pub fn geometry(&self, name: &str) -> Result<Option<String>, Unreadable> {
        let file = self.take(name)?.0.join(rig_board::FILE);
        let damaged = |why: String| Unreadable::Damaged(format!("the take's {}: {why}", rig_board::FILE));
        let length = match file.metadata() {
            Ok(metadata) => metadata.len(),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(damaged(error.to_string())),
        };
        if length > GEOMETRY_BYTES {
            return Err(damaged(format!("{length} bytes are too many")));
        }
        let text = std::fs::read_to_string(&file).map_err(|error| damaged(error.to_string()))?;
        serde_json::from_str::<RigGeometry>(&text).map_err(|error| damaged(error.to_string()))?;
        Ok(Some(text))
    }

    fn open_at(&self, name: &str, path: &Path, stamp: Stamp) -> Result<Arc<OpenTake>, Unreadable> {
        let known = lock(&self.open).as_ref().filter(|known| known.0 == name && known.1 == stamp).map(|k| k.2.clone());
        if let Some(known) = known {
            return Ok(known);
        }
        let take = Arc::new(OpenTake::read(path)?);
        *lock(&self.open) = Some((name.to_owned(), stamp, take.clone()));
        Ok(take)
    }

    /// The folder of a take of this name, with none of its files elsewhere.
    fn take(&self, name: &str) -> Result<(PathBuf, Stamp), Unreadable> {
        let mut parts = Path::new(name).components();
        let plain = matches!((parts.next(), parts.next()), (Some(Component::Normal(part)), None) if part == name);
        let path = self.folder.join(name);
        if !plain || name.starts_with('.') || !path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir()) {
            return Err(Unreadable::Unknown);
        }
        let entries = std::fs::read_dir(&path).map_err(|_| Unreadable::Unknown)?;
        let (mut is_take, mut stamp) = (false, Stamp { bytes: 0, changed: None });
        for entry in entries.flatten() {
            let Ok(metadata) = entry.metadata() else { continue };
            // A link would lead out of the folder.
            if metadata.is_symlink() {
                return Err(Unreadable::Unknown);
            }
            let name = entry.file_name();
            is_take |= name == "take.toml" || Path::new(&name).extension().is_some_and(|ending| ending == "mcap");
            stamp.bytes += metadata.len();
            stamp.changed = stamp.changed.max(metadata.modified().ok());
        }
        if is_take { Ok((path, stamp)) } else { Err(Unreadable::Unknown) }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // Each change leaves the state consistent, so a poisoned lock is still usable.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
