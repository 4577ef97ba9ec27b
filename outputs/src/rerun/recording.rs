//! A recording of Rerun's, as a file.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use body::RigGeometry;
use pose::{Landmarks, WorldJoints};
use re_sdk::external::re_log_encoding::{Decodable, StreamFooter};
use re_sdk::{RecordingStream, RecordingStreamBuilder};

use super::{APPLICATION, RerunError, scene};

/// A file that is being written. Times are UTC, in nanoseconds.
pub struct RerunRecording {
    stream: RecordingStream,
    path: PathBuf,
}

impl RerunRecording {
    /// Begins a file, whose name in the viewer is `name`. An existing one is replaced.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn create(path: &Path, name: &str) -> Result<Self, RerunError> {
        let stream = RecordingStreamBuilder::new(APPLICATION).recording_name(name).save(path)?;
        scene::room(&stream)?;
        Ok(Self { stream, path: path.to_owned() })
    }

    /// Where the cameras stand from this time on.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn cameras(&self, utc_ns: i64, geometry: &RigGeometry) -> Result<(), RerunError> {
        scene::set_time(&self.stream, utc_ns);
        Ok(scene::cameras(&self.stream, geometry, |_| 1.0)?)
    }

    /// Where the body was at this time, in millimetres.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn body(&self, utc_ns: i64, joints: &WorldJoints, landmarks: &Landmarks) -> Result<(), RerunError> {
        scene::set_time(&self.stream, utc_ns);
        Ok(scene::body(&self.stream, joints, landmarks)?)
    }

    /// What a camera saw at this time, a JPEG.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn picture(&self, utc_ns: i64, camera: &str, jpeg: Vec<u8>) -> Result<(), RerunError> {
        scene::set_time(&self.stream, utc_ns);
        Ok(scene::picture(&self.stream, camera, jpeg)?)
    }

    /// Writes what is left, and reads the file to see that it is whole: the library only logs what fails at the end.
    ///
    /// # Errors
    /// If the file cannot be written, or is not whole.
    pub fn finish(self) -> Result<(), RerunError> {
        let Self { stream, path } = self;
        stream.flush_blocking()?;
        drop(stream);
        let broken = |why: String| -> RerunError { RerunError::Broken { path: path.clone(), why } };
        let bytes = end_of(&path).map_err(|error| broken(error.to_string()))?;
        StreamFooter::from_rrd_bytes(&bytes).map_err(|error| broken(error.to_string()))?;
        Ok(())
    }
}

/// The last bytes of a file, as many as its footer has.
fn end_of(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(StreamFooter::ENCODED_SIZE_BYTES as u64)))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}
