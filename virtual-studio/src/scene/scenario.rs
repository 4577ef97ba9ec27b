use std::path::{Path, PathBuf};

use serde::Deserialize;
use settings::Document;

use super::{ScenarioError, Twin, check};
use crate::render::Sky;
use crate::rig::{Camera, Layout, Turn};
use crate::trigger::{Faults, Trigger};

/// What a session of rendered takes is made of. Reading one opens no asset,
/// which [`Catalogue`](super::Catalogue) does; only the files of a twin are read at once.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    pub name: String,
    /// What its takes are for.
    pub split: Split,
    pub seed: u64,
    /// Each is one actor in one motion before one rig in one place.
    pub takes: u64,
    /// Of each take.
    pub instants: u64,
    pub rate_hz: f64,
    /// glTF files or packed people; the built-in actor where no folder is named.
    pub people: Selection,
    /// BVH files or packed clips; the built-in motion where no folder is named.
    pub motions: Selection,
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

/// Takes are learned from or measured on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Split {
    #[default]
    Train,
    HeldOut,
}

/// Files of some folders, by their names without ending.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Selection {
    pub folders: Vec<PathBuf>,
    /// Those that begin so; empty for all.
    pub only: Vec<String>,
    /// Those that begin so are left out: held-out people and clips.
    pub without: Vec<String>,
}

/// Light and what is behind the person.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// Radiance .hdr panoramas; built-in skies where no folder is named.
    pub environments: Selection,
    pub skies: Vec<Sky>,
    /// Drawn with equal chances; repeat one to favour it.
    pub backgrounds: Vec<Background>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Background {
    Environment,
    Room,
    Black,
}

/// The cameras.
#[derive(Clone, Debug, PartialEq)]
pub enum Rigging {
    /// Drawn by seed for each take.
    Drawn(Layout),
    /// The same in all takes.
    Given(Vec<Camera>),
}

/// How much pictures differ; each bound is the most that a take or a camera draws.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Vary {
    /// Share of the takes whose person has other clothes, skin, a cap or a blurred face than its file.
    pub looks: f32,
    /// Share of the takes whose person has other proportions than its file.
    pub bodies: f32,
    /// Exposure in stops, to either side.
    pub exposure_stops: f32,
    /// Red and blue against green, to either side.
    pub white_balance: f32,
    /// Standard deviation of the sensor's noise at mid grey, parts of full scale.
    pub noise: f32,
    /// Share of the takes with motion blur, and the longest exposure in parts of the frame's period.
    pub motion_blur: f32,
    pub shutter: f32,
    /// Standard deviation of the blur of a lens out of focus.
    pub defocus_px: f32,
    /// Share of the cameras with something between them and the person.
    pub occluders: f32,
    /// Most pieces of furniture.
    pub props: u32,
    /// From the first to the second.
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

impl Vary {
    /// Clean pictures.
    pub fn nothing() -> Self {
        Self {
            looks: 0.0,
            bodies: 0.0,
            exposure_stops: 0.0,
            white_balance: 0.0,
            noise: 0.0,
            motion_blur: 0.0,
            shutter: 0.0,
            defocus_px: 0.0,
            occluders: 0.0,
            props: 0,
            jpeg_quality: [95, 95],
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
    /// The version of the file format.
    pub const VERSION: u32 = 1;

    /// What a document says. Relative folders in it are meant from `base`.
    ///
    /// # Errors
    /// The first thing that is wrong, with its line, its key and a remedy.
    pub fn from_document(document: &Document, base: Option<&Path>) -> Result<Self, ScenarioError> {
        check::scenario(document.parse_version(Self::VERSION)?, document.origin(), base)
    }

    /// [`Self::from_document`] of text. `origin` is its file name in errors.
    pub fn from_toml_str(text: &str, origin: &str) -> Result<Self, ScenarioError> {
        Self::from_document(&Document::new(text, origin), None)
    }

    /// Reads a scenario file. Relative folders in it are meant from `assets`, or else from where it lies.
    ///
    /// # Errors
    /// As [`Self::from_document`], or that the file cannot be read.
    pub fn read(path: &Path, assets: Option<&Path>) -> Result<Self, ScenarioError> {
        Self::from_document(&Document::read(path)?, assets.or(path.parent()))
    }

    /// Cameras of each take.
    pub fn views(&self) -> usize {
        self.rigging.views()
    }

    /// The trigger of a take that was planned with `seed`.
    pub fn trigger(&self, seed: u64) -> Trigger {
        Trigger::with_faults(self.rate_hz, self.views(), &self.faults, self.instants, seed)
    }
}
