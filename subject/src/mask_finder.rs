//! The subject's mask in whole pictures of a camera that stands still.

use crate::cropper::working_scale;
use crate::median::median;
use crate::region::{Blob, differs};
use crate::{PictureFault, Preprocessing, RgbImage};

/// Finds the subject's mask in pictures of full size: the pixels that are unlike the background, in and near the largest
/// group of them. What is unlike elsewhere is noise, which would make the subject's box as large as the picture.
pub struct MaskFinder {
    settings: Preprocessing,
    unlike: Vec<bool>,
    mask: Vec<u8>,
}

impl MaskFinder {
    /// `settings` says from which difference on a pixel is subject, and how small a subject may be.
    pub fn new(settings: Preprocessing) -> Self {
        Self { settings, unlike: Vec::new(), mask: Vec::new() }
    }

    /// The background of pictures of one size: the median of each pixel and channel.
    ///
    /// # Errors
    /// If there is no picture, or their sizes differ.
    pub fn background(pictures: Vec<RgbImage>) -> Result<RgbImage, PictureFault> {
        let none = PictureFault::Size { width_px: 0, height_px: 0 };
        let (expected, scale) = pictures.first().map(|first| (first.size(), first.scale)).ok_or(none)?;
        if let Some(other) = pictures.iter().find(|picture| picture.size() != expected) {
            return Err(PictureFault::Mismatch { got: other.size(), expected });
        }
        let values: Vec<Vec<u8>> = pictures.into_iter().map(|picture| picture.rgb).collect();
        Ok(RgbImage { width: expected.0, height: expected.1, rgb: median(&values), scale })
    }

    /// The mask `[height, width]`, 255 on the subject; all 0 where nothing large enough is unlike the background.
    ///
    /// # Errors
    /// If picture and background differ in size.
    pub fn against(&mut self, picture: &RgbImage, background: &RgbImage) -> Result<&[u8], PictureFault> {
        if picture.size() != background.size() {
            return Err(PictureFault::Mismatch { got: picture.size(), expected: background.size() });
        }
        self.unlike.clear();
        self.unlike.extend(differs(&picture.rgb, &background.rgb, self.settings.mask_threshold));
        Ok(self.largest(picture.size()))
    }

    /// The same where somebody else has said, pixel by pixel in rows from the top, what is subject.
    ///
    /// # Errors
    /// If there are not as many pixels as a picture of that size has.
    pub fn of_pixels(
        &mut self,
        size: (u32, u32),
        subject: impl IntoIterator<Item = bool>,
    ) -> Result<&[u8], PictureFault> {
        self.unlike.clear();
        self.unlike.extend(subject);
        let (width_px, height_px) = size;
        if width_px == 0 || self.unlike.len() as u64 != u64::from(width_px) * u64::from(height_px) {
            return Err(PictureFault::Size { width_px, height_px });
        }
        Ok(self.largest(size))
    }

    fn largest(&mut self, (width, height): (u32, u32)) -> &[u8] {
        // The settings count cells in the reduced pictures of live use.
        let cell_px = u32::from(self.settings.cell_px) * working_scale((width, height)).denominator();
        let blob = Blob::in_mask(&self.settings, &self.unlike, (width, height), cell_px, None);
        self.mask.clear();
        self.mask.resize(self.unlike.len(), 0);
        if let Some(blob) = blob {
            let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
            for ((mask, &unlike), (x, y)) in self.mask.iter_mut().zip(&self.unlike).zip(pixels) {
                *mask = if unlike && blob.is_near(x, y) { 255 } else { 0 };
            }
        }
        &self.mask
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: (u32, u32) = (96, 64);

    fn picture(person: [u32; 4], noise: bool) -> RgbImage {
        let [left, top, right, bottom] = person;
        let value = |x, y| match (left..right).contains(&x) && (top..bottom).contains(&y) {
            true => 200,
            false if noise && (x, y) == (90, 2) => 255,
            false => 20 + x as u8,
        };
        let rgb = (0..SIZE.1).flat_map(|y| (0..SIZE.0).flat_map(move |x| [value(x, y); 3])).collect();
        RgbImage { width: SIZE.0, height: SIZE.1, rgb, scale: Default::default() }
    }

    #[test]
    fn people_who_walk_are_no_background_and_noise_is_no_person() {
        let walking: Vec<RgbImage> = (0..5).map(|at| picture([16 * at, 16, 16 * at + 16, 56], false)).collect();
        let background = MaskFinder::background(walking).unwrap();
        assert_eq!(background, picture([0; 4], false));
        let mut finder = MaskFinder::new(Preprocessing::default());
        let mask = finder.against(&picture([32, 16, 48, 56], true), &background).unwrap();
        let at = |x: usize, y: usize| mask[y * SIZE.0 as usize + x];
        assert_eq!((at(32, 16), at(47, 55), at(31, 30), at(48, 30), at(90, 2)), (255, 255, 0, 0, 0));
        assert_eq!(mask.iter().filter(|&&pixel| pixel > 0).count(), 16 * 40);
        assert!(finder.against(&background, &background).unwrap().iter().all(|&pixel| pixel == 0));
    }

    #[test]
    fn sizes_that_do_not_fit_are_refused() {
        let small = RgbImage { width: 2, height: 1, rgb: vec![0; 6], scale: Default::default() };
        let mut finder = MaskFinder::new(Preprocessing::default());
        assert!(matches!(finder.against(&small, &picture([0; 4], false)), Err(PictureFault::Mismatch { .. })));
        assert!(matches!(finder.of_pixels((4, 4), [true; 9]), Err(PictureFault::Size { .. })));
        assert!(MaskFinder::background(vec![]).is_err());
        assert!(MaskFinder::background(vec![small, picture([0; 4], false)]).is_err());
    }
}
