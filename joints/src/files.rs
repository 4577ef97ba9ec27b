//! BlazePose's and OpenVINO's files, and the hashes that they are checked against.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::FinderError;

/// BlazePose in three sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Model {
    /// The fastest.
    Lite,
    /// The usual choice.
    Full,
    /// The most accurate; takes four times as long as Full.
    Heavy,
}

impl Model {
    /// All models, from the fastest to the most accurate.
    pub const ALL: [Self; 3] = [Self::Lite, Self::Full, Self::Heavy];

    /// The name on the command line and in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lite => "lite",
            Self::Full => "full",
            Self::Heavy => "heavy",
        }
    }

    /// The file of its landmark network, and its SHA-256.
    fn file(self) -> (&'static str, &'static str) {
        match self {
            Self::Lite => {
                ("pose_landmark_lite.tflite", "f17bfbecadb61c3be1baa8b8d851cc6619c870a87167b32848ad20db306b9d61")
            }
            Self::Full => {
                ("pose_landmark_full.tflite", "e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f")
            }
            Self::Heavy => {
                ("pose_landmark_heavy.tflite", "59e42d71bcd44cbdbabc419f0ff76686595fd265419566bd4009ef703ea8e1fe")
            }
        }
    }
}

/// The file of the detector, which all models share, and its SHA-256.
const DETECTOR: (&str, &str) =
    ("pose_detection.tflite", "9ba9dd3d42efaaba86b4ff0122b06f29c4122e756b329d89dca1e297fd8f866c");

/// OpenVINO's C interface, where the set-up installs it.
const LIBRARY: &str = "lib/libopenvino_c.so";

/// The SHA-256 of every library, written by the set-up from verified packages: one line each, hash and path. Loading a
/// truncated library would end the process without a message.
const LIBRARY_HASHES: &str = "libraries.sha256";

/// The folder that the set-up fetches: the networks' files, and OpenVINO's libraries in `lib`.
///
/// Files are verified by their SHA-256 when they are loaded.
#[derive(Clone, Debug)]
pub struct FinderFiles {
    folder: PathBuf,
}

impl FinderFiles {
    /// Opens the folder.
    ///
    /// # Errors
    /// [`FinderError::Missing`] if the folder, OpenVINO or the detector is not there.
    pub fn find(folder: impl Into<PathBuf>) -> Result<Self, FinderError> {
        let folder = folder.into();
        for needed in [LIBRARY, DETECTOR.0] {
            let path = folder.join(needed);
            if !path.is_file() {
                return Err(FinderError::Missing { path });
            }
        }
        Ok(Self { folder })
    }

    /// The models in the folder: Lite and Heavy are fetched only where npm is installed.
    pub fn models(&self) -> Vec<Model> {
        Model::ALL.into_iter().filter(|model| self.folder.join(model.file().0).is_file()).collect()
    }

    /// OpenVINO's library, after verifying it and all libraries that it loads.
    pub(crate) fn library(&self) -> Result<PathBuf, FinderError> {
        let path = self.folder.join(LIBRARY_HASHES);
        let lines = match std::fs::read_to_string(&path) {
            Ok(lines) => lines,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(FinderError::Missing { path }),
            Err(error) => return Err(FinderError::Read { path, error }),
        };
        for line in lines.lines() {
            let (hash, name) = line.split_once("  ").unwrap_or((line, ""));
            verified(&self.folder, (name, hash))?;
        }
        Ok(self.folder.join(LIBRARY))
    }

    /// The verified file of a model's landmark network.
    pub(crate) fn landmarks(&self, model: Model) -> Result<PathBuf, FinderError> {
        verified(&self.folder, model.file())
    }

    /// The verified file of the detector.
    pub(crate) fn detector(&self) -> Result<PathBuf, FinderError> {
        verified(&self.folder, DETECTOR)
    }
}

fn verified(folder: &Path, (name, sha256): (&str, &str)) -> Result<PathBuf, FinderError> {
    let path = folder.join(name);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(FinderError::Missing { path }),
        Err(error) => return Err(FinderError::Read { path, error }),
    };
    let got: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    if got == sha256 { Ok(path) } else { Err(FinderError::OtherFile { path, got }) }
}
