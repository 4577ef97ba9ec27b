//! The error of everything in this crate.

use std::io;
use std::path::{Path, PathBuf};

use frame::CameraId;
use thiserror::Error;

/// What can go wrong with a take. Each message names the file and a remedy.
#[derive(Debug, Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum TakeError {
    #[error("cannot {doing} {path}: check that the folder exists and that you have access", path = .path.display())]
    Io {
        doing: &'static str,
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// Two takes that were not captured together.
    #[error(
        "{} and {} have no session in common; give takes of two hosts that captured one rig together", one.display(),
        other.display()
    )]
    NoCommonSession { one: PathBuf, other: PathBuf },
    #[error(
        "no space left for {path}: free some, or record to another disk; earlier frames are safe",
        path = .path.display()
    )]
    DiskFull {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{path} is not there", path = .path.display())]
    NotThere { path: PathBuf },
    #[error(
        "{path} is missing: name the folder of one take, the one that holds take.toml and *.mcap",
        path = .path.display()
    )]
    MissingDescription { path: PathBuf },
    #[error("{path} cannot be parsed: restore it from a copy", path = .path.display())]
    BadDescription {
        path: PathBuf,
        #[source]
        source: Box<toml::de::Error>,
    },
    #[error(
        "{path} has format version {found}, this genlock reads up to {supported}: install a newer genlock",
        path = .path.display()
    )]
    NewerFormat { path: PathBuf, found: u32, supported: u32 },
    #[error("{path} names no cameras: a take needs at least one", path = .path.display())]
    NoCameras { path: PathBuf },
    #[error("{path} names the camera `{camera}` twice: give each camera its own name", path = .path.display())]
    DuplicateCamera { path: PathBuf, camera: String },
    #[error("{path} holds no *.mcap file: its recording was removed, restore it from a copy", path = .path.display())]
    NoRecording { path: PathBuf },
    #[error(
        "{path} is damaged at byte {offset}: {what}; to read what comes before, cut a copy with `truncate -s {offset}`",
        path = .path.display()
    )]
    Corrupt { path: PathBuf, offset: u64, what: String },
    #[error("{camera} is not in the take {path}, which has {cameras}", path = .path.display())]
    UnknownCamera { path: PathBuf, camera: CameraId, cameras: usize },
    #[error("{camera} has no frame {index} in the take {path}, which holds {frames} of it", path = .path.display())]
    NoFrame { path: PathBuf, camera: CameraId, index: usize, frames: usize },
    #[error("{path}: {what}", path = .path.display())]
    Mask { path: PathBuf, what: String },
    #[error("{path}: {problem}", path = .path.display())]
    Session { path: PathBuf, problem: String },
    #[error("{path} cannot be used as an MCAP file", path = .path.display())]
    Mcap {
        path: PathBuf,
        #[source]
        source: Box<mcap::McapError>,
    },
}

impl TakeError {
    /// A failed operation on a file: `doing` is its verb. A full disk becomes [`Self::DiskFull`].
    pub fn io(doing: &'static str, path: &Path, source: io::Error) -> Self {
        match source.raw_os_error() {
            // Quotas and file-size limits have the effect of a full disk.
            Some(libc::ENOSPC | libc::EDQUOT | libc::EFBIG) => Self::DiskFull { path: path.to_owned(), source },
            _ => Self::Io { doing, path: path.to_owned(), source },
        }
    }

    pub(crate) fn mcap(path: &Path, source: mcap::McapError) -> Self {
        match source {
            mcap::McapError::Io(source) => Self::io("write", path, source),
            other => Self::Mcap { path: path.to_owned(), source: Box::new(other) },
        }
    }

    pub(crate) fn is_disk_full(&self) -> bool {
        matches!(self, Self::DiskFull { .. })
    }
}
