//! From a frame to the crop that a network sees: decoding at the scale that is needed, a running background per
//! camera, the subject's mask and box, and the [`Sample`].
//!
//! Given a background, a sample depends only on the frame and on the few seconds before it, by which its region is
//! smoothed: the same code serves training and live use, and [`Preprocessing::hash`] identifies it.

#![warn(missing_docs)]

mod background;
mod crop;
mod crop_region_filter;
mod cropper;
mod decode;
mod error;
mod finder_picture;
mod image;
mod jpeg;
mod mask_finder;
mod median;
mod preprocessing;
mod preview;
mod raw;
mod region;
mod sample;
mod scene;

pub use background::{Background, BackgroundConfig};
pub use crop::SquareCutter;
pub use cropper::{CropOutcome, SubjectCropper};
pub use decode::Decoder;
pub use error::{PictureFault, SubjectError};
pub use finder_picture::{FinderPicture, FinderPictures};
pub use image::{RgbImage, Scale};
pub use mask_finder::MaskFinder;
pub use preprocessing::Preprocessing;
pub use preview::{crop_preview_jpeg, preview_jpeg, preview_size_px};
pub use sample::{BackgroundId, Region, Sample};
pub use scene::{Lasting, SceneEvent, SceneFault};
