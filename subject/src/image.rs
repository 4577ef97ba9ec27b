//! Decoded pictures, and the scales at which they are decoded.

use serde::{Deserialize, Serialize};

use crate::PictureFault;

/// The reductions to which a JPEG can be decoded directly in its DCT.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Scale {
    /// Not reduced.
    #[default]
    Full,
    /// Width and height are halved.
    Half,
    /// Width and height are divided by four.
    Quarter,
    /// Width and height are divided by eight.
    Eighth,
}

impl Scale {
    /// From coarse to fine.
    pub const COARSE_TO_FINE: [Self; 4] = [Self::Eighth, Self::Quarter, Self::Half, Self::Full];

    /// Full-frame pixels per pixel of the reduced picture.
    pub fn denominator(self) -> u32 {
        match self {
            Self::Full => 1,
            Self::Half => 2,
            Self::Quarter => 4,
            Self::Eighth => 8,
        }
    }

    /// The size of a reduced picture; a partial last row or column counts as one.
    pub fn reduce(self, size_px: (u32, u32)) -> (u32, u32) {
        (size_px.0.div_ceil(self.denominator()), size_px.1.div_ceil(self.denominator()))
    }
}

/// A decoded picture, reduced or not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RgbImage {
    /// Width in its own pixels, after reduction.
    pub width: u32,
    /// Height in its own pixels, after reduction.
    pub height: u32,
    /// `[height, width, 3]`, rows from the top, without padding.
    pub rgb: Vec<u8>,
    /// What the full frame was reduced by.
    pub scale: Scale,
}

impl RgbImage {
    /// Width and height in pixels.
    pub fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    /// Gives the picture a new shape, reusing its memory. The contents are then unspecified.
    pub(crate) fn reshape(&mut self, (width, height): (u32, u32), scale: Scale) {
        (self.width, self.height, self.scale) = (width, height, scale);
        self.rgb.resize(width as usize * height as usize * 3, 0);
    }
}

/// Bounds the allocation that a damaged header can cause.
pub(crate) fn check_size((width_px, height_px): (u32, u32)) -> Result<(u32, u32), PictureFault> {
    const MAX_PX: u32 = 16384;
    if (1..=MAX_PX).contains(&width_px) && (1..=MAX_PX).contains(&height_px) {
        Ok((width_px, height_px))
    } else {
        Err(PictureFault::Size { width_px, height_px })
    }
}
