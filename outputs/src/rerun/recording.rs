//! A recording of Rerun's, as a file.

use std::path::Path;

use body::RigGeometry;
use pose::{Landmarks, WorldJoints};
use re_sdk::{RecordingStream, RecordingStreamBuilder};

use super::{APPLICATION, RerunError, scene};

/// A file that is being written. Times are UTC, in nanoseconds.
pub struct RerunRecording(RecordingStream);

impl RerunRecording {
    /// Begins a file, whose name in the viewer is `name`. An existing one is replaced.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn create(path: &Path, name: &str) -> Result<Self, RerunError> {
        let stream = RecordingStreamBuilder::new(APPLICATION).recording_name(name).save(path)?;
        scene::room(&stream)?;
        Ok(Self(stream))
    }

    /// Where the cameras stand from this time on.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn cameras(&self, utc_ns: i64, geometry: &RigGeometry) -> Result<(), RerunError> {
        scene::set_time(&self.0, utc_ns);
        Ok(scene::cameras(&self.0, geometry, |_| 1.0)?)
    }

    /// Where the body was at this time, in millimetres.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn body(&self, utc_ns: i64, joints: &WorldJoints, landmarks: &Landmarks) -> Result<(), RerunError> {
        scene::set_time(&self.0, utc_ns);
        Ok(scene::body(&self.0, joints, landmarks)?)
    }

    /// What a camera saw at this time, a JPEG.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn picture(&self, utc_ns: i64, camera: &str, jpeg: Vec<u8>) -> Result<(), RerunError> {
        scene::set_time(&self.0, utc_ns);
        Ok(scene::picture(&self.0, camera, jpeg)?)
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn finish(self) -> Result<(), RerunError> {
        Ok(self.0.flush_blocking()?)
    }
}
