//! From crops to what a network takes.

use recipe::Background;
use tch::{Device, Kind, Tensor};

use crate::ModelError;

/// Crops on their way into a network. The one place of normalisation, for training and live alike.
#[derive(Clone, Debug)]
pub struct PictureBatch {
    size: usize,
    rgb: Vec<u8>,
    mask: Vec<u8>,
}

impl PictureBatch {
    /// An empty batch of crops with this side in pixels.
    pub fn new(size_px: usize) -> Self {
        Self { size: size_px, rgb: Vec::new(), mask: Vec::new() }
    }

    /// How many crops there are.
    pub fn len(&self) -> usize {
        self.mask.len() / (self.size * self.size).max(1)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.mask.is_empty()
    }

    /// Empties the batch without freeing its memory.
    pub fn clear(&mut self) {
        self.rgb.clear();
        self.mask.clear();
    }

    /// Adds a crop `[S, S, 3]` and its mask `[S, S]`, both mirrored left to right if `mirrored`.
    ///
    /// # Errors
    /// If either has another size.
    pub fn push(&mut self, rgb: &[u8], mask: &[u8], mirrored: bool) -> Result<(), ModelError> {
        let pixels = self.size * self.size;
        if rgb.len() != 3 * pixels || mask.len() != pixels {
            return Err(ModelError::Argument(format!(
                "a crop of side {} has {} bytes and a mask of {pixels}, not {} and {}",
                self.size,
                3 * pixels,
                rgb.len(),
                mask.len()
            )));
        }
        extend::<3>(&mut self.rgb, rgb, self.size, mirrored);
        extend::<1>(&mut self.mask, mask, self.size, mirrored);
        Ok(())
    }

    /// The batch as `[N, 3, S, S]`, channels last in memory, with values v / 127.5 − 1: black is −1 and white 1.
    pub fn to_input(&self, device: Device, kind: Kind, background: Background) -> Result<Tensor, ModelError> {
        let (n, s) = (self.len() as i64, self.size as i64);
        let mut rgb = Tensor::f_from_data_size(&self.rgb, &[n, s, s, 3], Kind::Uint8)?.f_to_device(device)?;
        if background != Background::Kept {
            let mask = Tensor::f_from_data_size(&self.mask, &[n, s, s, 1], Kind::Uint8)?.f_to_device(device)?;
            let keep = if background == Background::Removed { mask.f_gt(0)? } else { mask.f_eq(0)? };
            rgb = rgb.f_mul(&keep)?;
        }
        Ok(rgb.f_to_kind(kind)?.f_div_scalar(127.5)?.f_sub_scalar(1.0)?.f_permute([0, 3, 1, 2])?)
    }
}

/// Adds rows of pixels of `N` bytes.
fn extend<const N: usize>(into: &mut Vec<u8>, rows: &[u8], width: usize, mirrored: bool) {
    let start = into.len();
    into.extend_from_slice(rows);
    if mirrored {
        // Copying all and reversing in place is several times as fast as copying pixel by pixel.
        let (pixels, _) = into[start..].as_chunks_mut::<N>();
        pixels.chunks_exact_mut(width.max(1)).for_each(<[_]>::reverse);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(mirrored: bool) -> PictureBatch {
        let rgb: Vec<u8> = (0..4 * 4 * 3).map(|i| (i * 5) as u8).collect();
        let mask: Vec<u8> = (0..16).map(|i| if i % 3 == 0 { 255 } else { 0 }).collect();
        let mut batch = PictureBatch::new(4);
        batch.push(&rgb, &mask, mirrored).unwrap();
        batch.push(&rgb, &mask, false).unwrap();
        batch
    }

    #[test]
    fn mirroring_equals_flipping_the_tensor() {
        for background in [Background::Removed, Background::Kept, Background::Only] {
            let input = batch(true).to_input(Device::Cpu, Kind::Float, background).unwrap();
            assert_eq!(input.size(), [2, 3, 4, 4]);
            assert_eq!(input.get(0), input.get(1).flip([2]));
            assert_ne!(input.get(0), input.get(1));
        }
    }

    #[test]
    fn the_mask_decides_what_is_black() {
        let [removed, kept, only] = [Background::Removed, Background::Kept, Background::Only]
            .map(|background| batch(false).to_input(Device::Cpu, Kind::Double, background).unwrap());
        // Pixel (row 0, column 3) is inside, (0, 1) outside; the value of red is 5 · 3 · column.
        let at = |t: &Tensor, column| t.double_value(&[0, 0, 0, column]);
        assert_eq!([at(&kept, 1), at(&kept, 3)], [15.0 / 127.5 - 1.0, 45.0 / 127.5 - 1.0]);
        assert_eq!([at(&removed, 1), at(&removed, 3)], [-1.0, at(&kept, 3)]);
        assert_eq!([at(&only, 1), at(&only, 3)], [at(&kept, 1), -1.0]);
    }

    #[test]
    fn memory_is_channels_last() {
        let input = batch(false).to_input(Device::Cpu, Kind::Float, Background::Removed).unwrap();
        assert_eq!(input.stride(), [48, 1, 12, 3]);
    }

    #[test]
    fn a_crop_of_another_size_is_refused() {
        let error = PictureBatch::new(4).push(&[0; 27], &[0; 9], false).unwrap_err();
        assert_eq!(error.to_string(), "a crop of side 4 has 48 bytes and a mask of 16, not 27 and 9");
    }
}
