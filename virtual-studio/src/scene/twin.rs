//! The twin of a real take: another person, rendered in the measured poses, as seen by the real cameras.
//!
//! A model trained on rendered people has errors on a real take for two reasons: new poses, and new looks. The twin has
//! the poses but not the looks, so it separates the two. It is only for scoring, like the calibration that it needs.

use std::path::PathBuf;

use glam::{Mat3, Vec2, Vec3};
use pose::calibration::{self, CalibratedCamera, Distortion};
use serde::Deserialize;

use super::ScenarioError;
use crate::motion::{Markers, from_z_up_mm};
use crate::rig::{CameraError, Intrinsics, VirtualCamera};

/// The sources of a twin.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Twin {
    /// A TRC file. Its first frame is the take's first instant.
    pub markers: PathBuf,
    /// Calibration of the cameras, in their order; see [`pose::calibration`].
    pub calibration: PathBuf,
    /// Factor by which pictures are smaller than the real ones.
    #[serde(default = "one")]
    pub reduced: u32,
}

fn one() -> u32 {
    1
}

/// The values of a scenario from the files of a twin.
pub(super) struct Measured {
    pub instants: u64,
    pub rate_hz: f64,
    pub cameras: Vec<VirtualCamera>,
}

impl Twin {
    pub(super) fn read(&self, origin: &str) -> Result<Measured, ScenarioError> {
        let error = |key: &str, problem: String| {
            ScenarioError::new(origin, format!("twin.{key}"), problem, "correct this file")
        };
        let markers = Markers::load(&self.markers).map_err(|problem| error("markers", problem.to_string()))?;
        let cameras =
            calibration::read(&self.calibration).map_err(|problem| error("calibration", problem.to_string()))?;
        let cameras = cameras.iter().map(|camera| {
            self.camera(camera).map_err(|problem| error("calibration", format!("{}: {problem}", camera.name)))
        });
        Ok(Measured {
            instants: markers.instants() as u64,
            rate_hz: markers.rate_hz(),
            cameras: cameras.collect::<Result<_, _>>()?,
        })
    }

    /// The rendered camera lacks skew, k3 and tangential distortion, which shift a picture by a pixel or two. Labels
    /// are those of the rendered camera, so they match the picture.
    fn camera(&self, real: &CalibratedCamera) -> Result<VirtualCamera, CameraError> {
        let parts = f64::from(self.reduced);
        let scaled = |x: f64, y: f64| Vec2::new((x / parts) as f32, (y / parts) as f32);
        let k = &real.intrinsics;
        let size_px = real.size_px.map(|side| side / self.reduced);
        let focal_px = scaled(k[(0, 0)], k[(1, 1)]);
        // The middle of the first pixel is at 0 in OpenCV, at 0.5 in the studio.
        let centre_px = scaled(k[(0, 2)] + 0.5, k[(1, 2)] + 0.5);
        let Distortion::Usual([k1, k2, _, _, _, 0.0, 0.0, 0.0]) = real.distortion else {
            return Err(CameraError::Lens);
        };
        let lens = Intrinsics::new(size_px, focal_px, centre_px, [k1 as f32, k2 as f32])?;
        // The world's axes are permuted; those of the camera stay.
        let axis = |row: usize| from_z_up_mm(real.rotation.row(row).transpose() * 1000.0);
        let rotation = Mat3::from_cols(axis(0), axis(1), axis(2)).transpose();
        let translation = Vec3::from_array((real.translation_mm * 1e-3).map(|value| value as f32).into());
        Ok(VirtualCamera::from_extrinsics(lens, rotation, translation))
    }
}
