//! Bodies as a stream of the [Lab Streaming Layer](https://labstreaminglayer.org), which brings them together with other
//! recorders' data: EEG, force plates, gaze.

mod description;
mod library;

use std::ffi::CString;
use std::path::Path;
use std::sync::Arc;

use transport::{PoseMessage, PoseSink, TransportError};

use crate::body_places;
use description::CHANNELS;
use library::{Library, Outlet};

/// Why there is no stream.
#[derive(Debug, thiserror::Error)]
pub enum LslError {
    /// The library is absent, or too old.
    #[error(
        "the Lab Streaming Layer's library {file} cannot be used: {why}; install liblsl, or name its file in the \
         environment's GENLOCK_LSL"
    )]
    Library {
        /// What was opened.
        file: String,
        /// What the system says.
        why: String,
    },
    /// A stream cannot have this name.
    #[error("a stream cannot be called {0:?}")]
    Name(String),
    /// The library makes no stream.
    #[error("the Lab Streaming Layer makes no stream; its log says why")]
    NoStream,
}

/// A stream on this host's networks. Receivers find it by its name.
///
/// It has one sample for each body, at irregular times, and three channels for each joint and landmark: x, y, z in
/// millimetres of the rig's world. Time stamps are the exposures', on the layer's own clock.
pub struct LslSink {
    library: Arc<Library>,
    outlet: Outlet,
}

impl LslSink {
    /// Opens a stream of this name, with the library `file`, or the one that the system finds.
    ///
    /// # Errors
    /// If there is no such library, or it makes no stream.
    pub fn new(name: &str, file: Option<&Path>) -> Result<Self, LslError> {
        let library = Library::load(file)?;
        let bad_name = || LslError::Name(name.to_owned());
        if name.is_empty() {
            return Err(bad_name());
        }
        let name = CString::new(name).map_err(|_| bad_name())?;
        let outlet = Outlet::open(&library, &name, CHANNELS, description::write)?;
        Ok(Self { library, outlet })
    }
}

impl PoseSink for LslSink {
    fn send(&mut self, poses: &PoseMessage) -> Result<(), TransportError> {
        let Some(body) = &poses.body else { return Ok(()) };
        // Checks that all are there.
        body_places(body)?;
        let mut sample = [0.0; CHANNELS];
        for (channel, value) in sample.iter_mut().zip(body.joints_mm.iter().chain(&body.landmarks_mm).flatten()) {
            *channel = *value;
        }
        if !self.outlet.has_receivers() {
            return Err(TransportError::Absent);
        }
        self.outlet.push(&sample, self.library.at_monotonic_s(poses.exposure_ns as f64 / 1e9));
        Ok(())
    }
}
