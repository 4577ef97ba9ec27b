//! What can be wrong with what a camera sees.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why what a camera sees cannot be used: it is not the room whose background was learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SceneFault {
    /// Too dark to see anybody: nearly all of the picture is below this level of 255.
    Dark(u8),
    /// The light changed, to this share of the brightness before, in percent.
    LightsChange(u16),
    /// The camera was moved: everything shifted by these pixels of the frame, right and down, or hardly anything is
    /// where it was.
    Moved(Option<[i16; 2]>),
    /// Brightness goes up and down by this many percent.
    ExposureHunts(u16),
    /// Every picture is the same as the one before, for this many milliseconds.
    PictureRepeats(u32),
    /// This share of the picture keeps changing, in percent: curtains, screens, trees.
    BackgroundMoves(u16),
}

impl SceneFault {
    /// Its name in messages, on the page and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dark(_) => "scene-dark",
            Self::LightsChange(_) => "scene-lights-change",
            Self::Moved(_) => "scene-moved",
            Self::ExposureHunts(_) => "scene-exposure-hunts",
            Self::PictureRepeats(_) => "scene-picture-repeats",
            Self::BackgroundMoves(_) => "scene-background-moves",
        }
    }

    /// What to do about it.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Dark(_) => "light the stage, open the iris, take off the lens cap, or expose longer",
            Self::LightsChange(_) => {
                "keep the light as it is; once it is steady for a second, the camera is used again"
            }
            Self::Moved(_) => "fasten the camera; once it is steady for a second, it is used again",
            Self::ExposureHunts(_) => "set the camera's exposure, gain and white balance by hand",
            Self::PictureRepeats(_) => "the camera or the way to it hangs; disconnect and connect it again",
            Self::BackgroundMoves(_) => {
                "turn off screens, close curtains and windows, or turn the camera away from them"
            }
        }
    }
}

impl fmt::Display for SceneFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Dark(level) => write!(f, "too dark to see anybody: nearly nothing is brighter than {level} of 255"),
            Self::LightsChange(percent) => write!(f, "the light changed, to {percent} % of the brightness before"),
            Self::Moved(Some([right, down])) => {
                write!(f, "it was moved: everything it sees shifted by {right} px to the right and {down} px down")
            }
            Self::Moved(None) => {
                f.write_str("it was moved, turned or covered: hardly anything in its picture is where it was")
            }
            Self::ExposureHunts(percent) => write!(f, "its exposure hunts: brightness goes up and down by {percent} %"),
            Self::PictureRepeats(ms) => {
                write!(f, "its picture repeats: every one was the same for {:.1} s", f64::from(ms) / 1e3)
            }
            Self::BackgroundMoves(percent) => {
                write!(f, "its background moves: {percent} % of the picture keep changing")
            }
        }
    }
}
