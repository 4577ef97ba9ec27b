//! The file `take.toml`.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{ClockReading, TakeError};

/// The newest version of the format that this crate writes and reads.
pub const FORMAT_VERSION: u32 = 1;

const FILE: &str = "take.toml";

/// What a take shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TakeInfo {
    /// A name for people.
    pub name: String,
    /// The rig's configuration, as text.
    pub rig_toml: String,
    /// Names in the order of [`frame::CameraId`].
    pub cameras: Vec<String>,
    /// The host that captured the frames.
    pub host: String,
    /// Trigger pulses, or frames in free-run, per second.
    pub trigger_rate_hz: f64,
    /// Rate of the footage, if the take is of a replay.
    pub source_rate_hz: Option<f64>,
}

/// What `take.toml` holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Description {
    pub format_version: u32,
    pub genlock_version: String,
    /// RFC 3339.
    pub started_utc: String,
    /// The kernel's. Monotonic times of two takes are comparable if it is the same.
    pub boot_id: String,
    pub take: TakeInfo,
    pub clocks: Vec<ClockReading>,
}

impl Description {
    pub fn new(info: &TakeInfo, started_utc: String) -> Self {
        let boot_id = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        Self {
            format_version: FORMAT_VERSION,
            genlock_version: env!("CARGO_PKG_VERSION").to_owned(),
            started_utc,
            boot_id: boot_id.trim().to_owned(),
            take: info.clone(),
            clocks: vec![ClockReading::now()],
        }
    }

    pub fn path(directory: &Path) -> PathBuf {
        directory.join(FILE)
    }

    /// Replaces the file atomically.
    pub fn write(&self, directory: &Path) -> Result<(), TakeError> {
        let (path, draft) = (Self::path(directory), directory.join(".take.toml.new"));
        let written = toml::to_string_pretty(self).map_err(io::Error::other).and_then(|text| {
            let mut file = File::create(&draft)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&draft, &path)?;
            File::open(directory)?.sync_all()
        });
        written.map_err(|source| TakeError::io("write", &path, source))
    }

    pub fn read(directory: &Path) -> Result<Self, TakeError> {
        /// The only key that all versions have.
        #[derive(Deserialize)]
        struct Version {
            format_version: u32,
        }

        let path = Self::path(directory);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                let there = directory.try_exists().unwrap_or(true);
                let not_there = || TakeError::NotThere { path: directory.to_owned() };
                return Err(if there { TakeError::MissingDescription { path } } else { not_there() });
            }
            Err(source) => return Err(TakeError::io("read", &path, source)),
        };
        let bad = |source| TakeError::BadDescription { path: path.clone(), source: Box::new(source) };
        let Version { format_version: found } = toml::from_str(&text).map_err(bad)?;
        if found > FORMAT_VERSION {
            return Err(TakeError::NewerFormat { path, found, supported: FORMAT_VERSION });
        }
        let description: Self = toml::from_str(&text).map_err(bad)?;
        check_cameras(&path, &description.take.cameras)?;
        Ok(description)
    }
}

/// At least one camera, each with its own name.
pub(crate) fn check_cameras(path: &Path, cameras: &[String]) -> Result<(), TakeError> {
    if cameras.is_empty() {
        return Err(TakeError::NoCameras { path: path.to_owned() });
    }
    let mut seen = BTreeSet::new();
    match cameras.iter().find(|camera| !seen.insert(*camera)) {
        Some(camera) => Err(TakeError::DuplicateCamera { path: path.to_owned(), camera: camera.clone() }),
        None => Ok(()),
    }
}
