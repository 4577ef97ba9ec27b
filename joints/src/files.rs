use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::FinderError;

/// BlazePose in three sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Model {
    /// The fastest.
    Lite,
    Full,
    /// The best; four times as slow as Full.
    Heavy,
}

impl Model {
    pub const ALL: [Self; 3] = [Self::Lite, Self::Full, Self::Heavy];

    pub fn name(self) -> &'static str {
        match self {
            Self::Lite => "lite",
            Self::Full => "full",
            Self::Heavy => "heavy",
        }
    }

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

const DETECTOR: (&str, &str) =
    ("pose_detection.tflite", "9ba9dd3d42efaaba86b4ff0122b06f29c4122e756b329d89dca1e297fd8f866c");

/// OpenVINO's C interface, as the set-up lays it.
const LIBRARY: &str = "lib/libopenvino_c.so";

/// The SHA-256 of every library, as the set-up took them out of packages that it knew by theirs: a line for each, hash and
/// path. A library that was cut off since would end the process without a word.
const LIBRARY_HASHES: &str = "libraries.sha256";

/// The folder that the set-up fetches: the networks' files, and OpenVINO's libraries in `lib`.
#[derive(Clone, Debug)]
pub struct FinderFiles {
    folder: PathBuf,
}

impl FinderFiles {
    /// # Errors
    /// [`FinderError::Missing`] where the folder, OpenVINO or the detector is not there.
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

    /// Which models are there: Lite and Heavy are fetched only where npm is at hand.
    pub fn models(&self) -> Vec<Model> {
        Model::ALL.into_iter().filter(|model| self.folder.join(model.file().0).is_file()).collect()
    }

    /// OpenVINO's library, once it and all that it loads are known to be what was fetched.
    pub(crate) fn library(&self) -> Result<PathBuf, FinderError> {
        let path = self.folder.join(LIBRARY_HASHES);
        let lines = match std::fs::read_to_string(&path) {
            Ok(lines) => lines,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(FinderError::Missing { path }),
            Err(error) => return Err(FinderError::Read { path, error }),
        };
        for line in lines.lines() {
            let (hash, name) = line.split_once("  ").unwrap_or((line, ""));
            checked(&self.folder, (name, hash))?;
        }
        Ok(self.folder.join(LIBRARY))
    }

    /// The file of a network, once its contents are known to be the expected ones.
    pub(crate) fn landmarks(&self, model: Model) -> Result<PathBuf, FinderError> {
        checked(&self.folder, model.file())
    }

    pub(crate) fn detector(&self) -> Result<PathBuf, FinderError> {
        checked(&self.folder, DETECTOR)
    }
}

fn checked(folder: &Path, (name, sha256): (&str, &str)) -> Result<PathBuf, FinderError> {
    let path = folder.join(name);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(FinderError::Missing { path }),
        Err(error) => return Err(FinderError::Read { path, error }),
    };
    let got: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    if got == sha256 { Ok(path) } else { Err(FinderError::OtherFile { path, got }) }
}
