//! Scenarios: descriptions of sessions of rendered takes.

use std::path::PathBuf;

use serde::Deserialize;
use take::session::Split;

use super::Twin;
use crate::render::Sky;
use crate::rig::{CameraRing, Turn, VirtualCamera};
use crate::trigger::{Faults, SimulatedTrigger};

/// A description of a session of rendered takes. Reading one opens no asset,
/// which [`Catalogue`](super::Catalogue) does; only the files of a twin are read at once.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    pub name: String,
    /// The purpose of its takes.
    pub split: Split,
    pub seed: u64,
    /// Number of takes: each is one actor in one motion before one rig in one place.
    pub takes: u64,
    /// Instants of each take.
    pub instants: u64,
    pub rate_hz: f64,
    /// glTF files or packed people; the built-in actor if no folder is named.
    pub people: FileSelection,
    /// BVH files or packed clips; the built-in motion if no folder is named.
    pub motions: FileSelection,
    /// Share of the takes whose motion is widened, 0 to 1.
    pub widened: f64,
    /// The real take that this one repeats, instead of [`Self::motions`]; its cameras are the rigging.
    pub twin: Option<Twin>,
    pub place: Place,
    pub rigging: Rigging,
    /// Cameras that are turned in the middle of each take.
    pub turned: Vec<Turn>,
    pub vary: Vary,
    pub faults: Faults,
}

/// Files of some folders, selected by their names without extension.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct FileSelection {
    pub folders: Vec<PathBuf>,
    /// Prefixes to include; empty for all.
    pub only: Vec<String>,
    /// Prefixes to exclude: held-out people and clips.
    pub without: Vec<String>,
}

/// Light and background.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Place {
    /// Radiance .hdr panoramas; built-in skies if no folder is named.
    pub environments: FileSelection,
    pub skies: Vec<Sky>,
    /// Drawn with equal chances; repeat one to favour it.
    pub backgrounds: Vec<SurroundKind>,
}

impl Default for Place {
    fn default() -> Self {
        let backgrounds = vec![SurroundKind::Environment, SurroundKind::Room];
        Self { environments: FileSelection::default(), skies: Sky::ALL.to_vec(), backgrounds }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SurroundKind {
    Environment,
    Room,
    Black,
}

/// The cameras.
#[derive(Clone, Debug, PartialEq)]
pub enum Rigging {
    /// Drawn by seed for each take.
    Drawn(CameraRing),
    /// The same in all takes.
    Given(Vec<VirtualCamera>),
}

/// How much pictures vary; each bound is the maximum that a take or a camera draws.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Vary {
    /// Share of the takes whose person gets other clothes or skin, a cap or a blurred face.
    pub looks: f32,
    /// Share of the takes whose person gets other proportions.
    pub bodies: f32,
    /// Exposure in stops, to either side.
    pub exposure_stops: f32,
    /// Red and blue against green, to either side.
    pub white_balance: f32,
    /// Standard deviation of the sensor's noise at mid grey, parts of full scale.
    pub noise: f32,
    /// Share of the takes with motion blur, and the longest exposure as a share of the frame's period.
    pub motion_blur: f32,
    pub shutter: f32,
    /// Standard deviation of the defocus blur.
    pub defocus_px: f32,
    /// Share of the cameras with something between them and the person.
    pub occluders: f32,
    /// Maximum number of pieces of furniture.
    pub props: u32,
    /// A range from the first to the second.
    pub jpeg_quality: [u8; 2],
}

impl Default for Vary {
    fn default() -> Self {
        Self {
            looks: 0.5,
            bodies: 1.0,
            exposure_stops: 0.7,
            white_balance: 0.12,
            noise: 0.015,
            motion_blur: 0.0,
            shutter: 0.6,
            defocus_px: 0.6,
            occluders: 0.15,
            props: 6,
            jpeg_quality: [70, 95],
        }
    }
}

impl Rigging {
    pub(super) fn views(&self) -> usize {
        match self {
            Self::Drawn(layout) => layout.views,
            Self::Given(cameras) => cameras.len(),
        }
    }
}

impl Scenario {
    /// Cameras of each take.
    pub fn views(&self) -> usize {
        self.rigging.views()
    }

    /// The trigger of a take planned with `seed`.
    pub fn trigger(&self, seed: u64) -> SimulatedTrigger {
        SimulatedTrigger::new(self.rate_hz, self.views(), &self.faults, self.instants, seed)
    }
}
