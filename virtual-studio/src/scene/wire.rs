//! The file format of scenarios, before values are checked.

use serde::Deserialize;
use take::session::Split;

use super::Twin;
use super::scenario::{FileSelection, Place, Vary};
use crate::rig::{CameraRing, Turn};
use crate::trigger::Faults;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WireScenario {
    /// Checked first, because another version may have other keys.
    #[serde(rename = "version")]
    pub _version: u32,
    pub name: String,
    pub split: Option<Split>,
    pub seed: u64,
    #[serde(default = "one")]
    pub takes: u64,
    pub instants: Option<u64>,
    pub rate_hz: Option<f64>,
    #[serde(default)]
    pub people: FileSelection,
    #[serde(default)]
    pub motions: FileSelection,
    #[serde(default)]
    pub widened: f64,
    pub twin: Option<Twin>,
    #[serde(default)]
    pub place: Place,
    pub rig: Option<CameraRing>,
    #[serde(default)]
    pub camera: Vec<WireCamera>,
    #[serde(default)]
    pub turned: Vec<Turn>,
    #[serde(default)]
    pub vary: Vary,
    #[serde(default)]
    pub trigger: Faults,
}

fn one() -> u64 {
    1
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WireCamera {
    pub size_px: [u32; 2],
    /// Across the picture's width; or `focal-px`.
    pub field_of_view_degrees: Option<f32>,
    pub focal_px: Option<[f32; 2]>,
    pub centre_px: Option<[f32; 2]>,
    #[serde(default)]
    pub distortion: [f32; 2],
    pub position_m: [f32; 3],
    pub look_at_m: [f32; 3],
    #[serde(default)]
    pub roll_degrees: f32,
}
