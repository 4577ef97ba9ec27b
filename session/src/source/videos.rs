//! Cameras that GStreamer plays: video files and launch lines.

use std::path::{Path, PathBuf};

use calibration_free_config::Camera;
use capture::drivers::gstreamer::{StampDelay, VideoFacts, VideoFile};
use capture::{DriverError, OpenDriver, PulseTrain};
use frame::Problem;

use super::divisor;
use super::opener::opener;

/// A video file, before it is played.
pub(super) struct Video {
    path: PathBuf,
    /// `None` if the file cannot be played now: then its camera fails and is retried while the others continue.
    facts: Option<VideoFacts>,
}

impl Video {
    pub fn look(path: &Path) -> Self {
        let facts = VideoFile::facts(path);
        // Its driver reports the error again when it is opened.
        let facts = facts.inspect_err(|error| tracing::debug!(%error, "a video cannot be played yet")).ok();
        Self { path: path.to_owned(), facts }
    }

    /// Expected bytes of the largest unit: an MJPEG frame of good quality takes about a bit and a half per pixel.
    pub fn unit_bytes(&self) -> Option<usize> {
        let (width_px, height_px) = self.facts?.size_px;
        Some((width_px * height_px) as usize / 5)
    }

    /// How to open the video for these pulses: it plays the pictures that the pulses would have exposed.
    pub fn opener(&self, pulses: PulseTrain, looping: bool) -> Result<OpenDriver, Problem> {
        let known = self.facts.map(|facts| played(&self.path, facts, pulses, looping)).transpose()?;
        let path = self.path.clone();
        Ok(opener(move || match &known {
            Some(video) => video.open(),
            None => played(&path, VideoFile::facts(&path)?, pulses, looping).map_err(DriverError::Open)?.open(),
        }))
    }
}

fn played(path: &Path, facts: VideoFacts, pulses: PulseTrain, looping: bool) -> Result<VideoFile, Problem> {
    let VideoFacts { frames, rate_hz, .. } = facts;
    let divisor = divisor(path, rate_hz, pulses)?;
    Ok(VideoFile { path: path.to_owned(), frames, rate_hz, divisor, looping, pulses })
}

/// The rig's settings for a launch line's timestamps. A delay without uncertainty is taken as exact to a millisecond.
pub(super) fn stamp_delay(camera: &Camera) -> StampDelay {
    let ns = |ms: f64| (ms * 1e6) as i64;
    let said = &camera.settings;
    match (said.least_delay_ms, said.least_delay_uncertainty_ms) {
        (None, None) => StampDelay::default(),
        (delay, uncertainty) => {
            StampDelay { ns: ns(delay.unwrap_or(0.0)), uncertainty_ns: ns(uncertainty.unwrap_or(1.0)) as u32 }
        }
    }
}
