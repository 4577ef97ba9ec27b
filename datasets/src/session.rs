//! Sessions: several takes of one source in a folder, listed in `session.toml`.
//!
//! ```toml
//! version = 1
//! complete = true
//! source = "human36m"
//! cameras = ["54138969", "55011271", "58860488", "60457274"]
//! jpeg-quality = 90
//!
//! [[takes]]
//! name = "S1-Walking-1"        # its folder in takes/
//! person = "S1"
//! clip = "Walking 1"
//! action = "Walking"
//! environment = "human36m-studio"
//! split = "train"
//! rate-hz = 50.0
//! ```

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use frame::CameraId;
use serde::{Deserialize, Serialize};
use take::TakeReader;

use crate::DatasetError;

/// Version of `session.toml`, the same as rendered sessions have.
pub const FORMAT_VERSION: u32 = take::session::SESSION_VERSION;
/// Every n-th frame of the test people is a test frame, of all cameras: the protocol of SYNC and of those that it
/// compares with.
pub const TEST_STRIDE: u32 = 64;

const FILE: &str = "session.toml";
/// The file while it is written.
pub(crate) const DRAFT: &str = ".session.toml.new";

/// What `session.toml` says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Session {
    pub version: u32,
    /// Whether all listed takes are there.
    pub complete: bool,
    /// The data set that the takes are from.
    pub source: String,
    /// Names of the cameras, the same in all takes.
    pub cameras: Vec<String>,
    /// Of the pictures that were encoded anew.
    pub jpeg_quality: u8,
    #[serde(default)]
    pub takes: Vec<SessionTake>,
    /// Where the session lies.
    #[serde(skip)]
    directory: PathBuf,
}

/// A take of a session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SessionTake {
    /// Name of its folder in `takes/`.
    pub name: String,
    pub person: String,
    /// What the data set calls the recording.
    pub clip: String,
    pub action: String,
    /// Takes with the same environment were made in the same place.
    pub environment: String,
    pub split: Split,
    /// Of the pictures.
    pub rate_hz: f64,
}

/// Which side of the data set's usual division a take is on. Sides never share a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Split {
    Train,
    /// What the data set calls its test side.
    #[serde(rename = "held-out")]
    Test,
}

/// One picture of the test set.
#[derive(Clone, Debug, PartialEq)]
pub struct TestFrame {
    /// Position in [`Session::takes`].
    pub take: usize,
    pub camera: CameraId,
    /// Position among the camera's frames in the take.
    pub index: usize,
    /// Frame number in the source, which finds the label.
    pub source_index: u32,
}

impl Session {
    /// Reads the list of takes.
    ///
    /// # Errors
    /// A folder that is no session, a session of another format, or one that lists a take twice or lacks one although
    /// it says that it is complete.
    pub fn read(directory: &Path) -> Result<Self, DatasetError> {
        #[derive(Deserialize)]
        struct Version {
            version: u32,
        }
        let path = directory.join(FILE);
        let text = fs::read_to_string(&path).map_err(|e| DatasetError::io("read", &path, e))?;
        let bad = |e: toml::de::Error| DatasetError::file(&path, e.to_string());
        let Version { version } = toml::from_str(&text).map_err(bad)?;
        if version != FORMAT_VERSION {
            let problem = format!("version {version}, and this program reads {FORMAT_VERSION}");
            return Err(DatasetError::file(&path, problem));
        }
        let session = Self { directory: directory.into(), ..toml::from_str(&text).map_err(bad)? };
        let mut seen = BTreeSet::new();
        if let Some(twice) = session.takes.iter().find(|take| !seen.insert(&take.name)) {
            return Err(DatasetError::file(&path, format!("it lists {} twice", twice.name)));
        }
        let lost = session.takes.iter().find(|take| session.complete && !session.take_directory(take).is_dir());
        match lost {
            Some(take) => Err(DatasetError::session(directory, format!("its take {} is missing", take.name))),
            None => Ok(session),
        }
    }

    pub(crate) fn new(directory: &Path, source: &str, cameras: Vec<String>, jpeg_quality: u8) -> Self {
        Self {
            version: FORMAT_VERSION,
            complete: false,
            source: source.into(),
            cameras,
            jpeg_quality,
            takes: Vec::new(),
            directory: directory.into(),
        }
    }

    /// Replaces the file in one step: a reader sees the old or the new one, whole.
    pub(crate) fn write(&self) -> Result<(), DatasetError> {
        let (path, draft) = (self.directory.join(FILE), self.directory.join(DRAFT));
        let written = toml::to_string_pretty(self).map_err(io::Error::other).and_then(|text| {
            let mut file = File::create(&draft)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&draft, &path)?;
            File::open(&self.directory)?.sync_all()
        });
        written.map_err(|e| DatasetError::io("write", &path, e))
    }

    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The folder in which takes lie.
    pub fn takes_directory(&self) -> PathBuf {
        self.directory.join("takes")
    }

    pub fn take_directory(&self, take: &SessionTake) -> PathBuf {
        self.takes_directory().join(&take.name)
    }

    /// The labels of a take.
    pub fn labels_path(&self, take: &SessionTake) -> PathBuf {
        labels_in(&self.take_directory(take))
    }

    /// The pictures on which data sets of this kind are tested: frames 0, 64, 128 … of the takes of the test split, of
    /// all cameras. Takes are opened as the iterator reaches them.
    ///
    /// # Errors
    /// Each take that cannot be read gives one.
    pub fn test_frames(&self) -> impl Iterator<Item = Result<TestFrame, DatasetError>> {
        let tested = self.takes.iter().enumerate().filter(|(_, take)| take.split == Split::Test);
        tested.flat_map(|(number, take)| match TakeReader::open(self.take_directory(take)) {
            Ok(reader) => test_frames_of(number, &reader).map(Ok).collect(),
            Err(error) => vec![Err(error.into())],
        })
    }
}

fn test_frames_of(take: usize, reader: &TakeReader) -> impl Iterator<Item = TestFrame> {
    let cameras = (0..reader.cameras().len()).map(|camera| CameraId(camera as u16));
    let frames = cameras.flat_map(|camera| (0..reader.len(camera)).map(move |index| (camera, index)));
    frames.filter_map(move |(camera, index)| {
        let source_index = reader.frame_info(camera, index)?.source?.index;
        source_index.is_multiple_of(TEST_STRIDE).then_some(TestFrame { take, camera, index, source_index })
    })
}

pub(crate) fn labels_in(take_directory: &Path) -> PathBuf {
    take_directory.join(take::session::LABELS_FILE)
}
