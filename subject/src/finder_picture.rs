//! Pictures for the finder of joints.

use std::sync::Arc;

use frame::FrameInfo;
use turbojpeg::Decompressor;

use crate::cropper::crop_scale;
use crate::{CropOutcome, Decoder, PictureFault, Region, RgbImage, Sample, Scale, SquareCutter, SubjectError, jpeg};

/// Side of the square that is cut around a subject, in pixels.
const SQUARE_PX: u16 = 384;
/// A whole frame is reduced while its longer side stays at least this long, in pixels.
const WHOLE_PX: u32 = 640;

/// The input of a finder of joints: a square around the subject, or the reduced whole frame if nothing moves, or the
/// same crop that networks learn from, with its mask.
#[derive(Clone, Debug, PartialEq)]
pub struct FinderPicture {
    /// Width in its own pixels.
    pub width: u32,
    /// Height in its own pixels.
    pub height: u32,
    /// `[height, width, 3]` RGB, rows from the top.
    pub rgb: Arc<[u8]>,
    /// Place of its upper left corner, in pixels of the full frame.
    pub origin_px: [f32; 2],
    /// Full-frame pixels per pixel of the picture.
    pub scale: f32,
    /// Width and height of the full frame.
    pub frame_px: (u32, u32),
    /// `[height, width]`, 255 on the subject and 0 elsewhere; only crops have one.
    pub mask: Option<Arc<[u8]>>,
}

/// JPEG quality of pictures sent between hosts: it moves joints by less than a pixel.
const QUALITY: i32 = 90;

impl FinderPicture {
    /// Whether it shows all of the frame.
    pub fn is_whole(&self) -> bool {
        let shows = |side: u32, of: u32| side as f32 * self.scale >= of as f32;
        self.origin_px == [0.0; 2] && shows(self.width, self.frame_px.0) && shows(self.height, self.frame_px.1)
    }

    /// The picture of a crop from a frame of this size.
    pub fn of_crop(sample: &Sample, frame_px: (u32, u32)) -> Self {
        let Sample { size_px, ref rgb, ref mask, region, .. } = *sample;
        Self {
            width: size_px.into(),
            height: size_px.into(),
            rgb: rgb.clone(),
            origin_px: region.centre_px.map(|centre| centre - region.side_px / 2.0),
            scale: region.side_px / f32::from(size_px),
            frame_px,
            mask: Some(mask.clone()),
        }
    }

    /// The picture as a JPEG without its mask, to send between hosts.
    ///
    /// # Errors
    /// The sides exceed what a JPEG can have.
    pub fn to_jpeg(&self) -> Result<Vec<u8>, PictureFault> {
        let Self { width, height, ref rgb, .. } = *self;
        jpeg::encode(&RgbImage { width, height, rgb: rgb.to_vec(), scale: Scale::Full }, QUALITY)
    }

    /// This picture with its pixels replaced by those of a JPEG.
    ///
    /// # Errors
    /// The bytes are no JPEG, or one of another size.
    pub fn with_jpeg(self, bytes: &[u8]) -> Result<Self, PictureFault> {
        let mut codec = Decompressor::new()?;
        let size = jpeg::size_px(&mut codec, bytes)?;
        let expected = (self.width, self.height);
        if size != expected {
            return Err(PictureFault::Mismatch { got: size, expected });
        }
        let mut picture = RgbImage::default();
        jpeg::decode(&mut codec, bytes, size, Scale::Full, &mut picture)?;
        Ok(Self { rgb: picture.rgb.into(), ..self })
    }
}

/// Makes finder pictures. Keep one per camera: it holds buffers.
pub struct FinderPictures {
    decoder: Decoder,
    cutter: SquareCutter,
    picture: RgbImage,
    square: Vec<u8>,
}

impl FinderPictures {
    /// Fails only when the JPEG library cannot allocate.
    pub fn new() -> Result<Self, SubjectError> {
        let (cutter, picture) = (SquareCutter::default(), RgbImage::default());
        Ok(Self { decoder: Decoder::new()?, cutter, picture, square: Vec::new() })
    }

    /// The upright square around the subject found in a frame, or the whole frame if there is none.
    pub fn make(
        &mut self,
        info: &FrameInfo,
        bytes: &[u8],
        outcome: &CropOutcome,
    ) -> Result<FinderPicture, SubjectError> {
        match outcome {
            CropOutcome::Sample(sample) => self.square(info, bytes, &sample.region),
            CropOutcome::NoBackground | CropOutcome::NoSubject | CropOutcome::Unusable(_) => self.whole(info, bytes),
        }
    }

    fn square(&mut self, info: &FrameInfo, bytes: &[u8], region: &Region) -> Result<FinderPicture, SubjectError> {
        let frame_px = self.decoder.size_px(info, bytes)?;
        let scale = crop_scale(region.side_px, SQUARE_PX);
        self.decoder.decode_region(info, bytes, scale, region, &mut self.picture)?;
        let cut = self.cutter.cut(&self.picture, region, SQUARE_PX, &mut self.square);
        cut.map_err(|fault| SubjectError::picture(info, fault))?;
        Ok(FinderPicture {
            width: SQUARE_PX.into(),
            height: SQUARE_PX.into(),
            rgb: self.square.as_slice().into(),
            origin_px: region.centre_px.map(|centre| centre - region.side_px / 2.0),
            scale: region.side_px / f32::from(SQUARE_PX),
            frame_px,
            mask: None,
        })
    }

    fn whole(&mut self, info: &FrameInfo, bytes: &[u8]) -> Result<FinderPicture, SubjectError> {
        let frame_px = self.decoder.size_px(info, bytes)?;
        let long_enough = |scale: &Scale| {
            let (width, height) = scale.reduce(frame_px);
            width.max(height) >= WHOLE_PX
        };
        let scale = Scale::COARSE_TO_FINE.into_iter().find(long_enough).unwrap_or(Scale::Full);
        self.decoder.decode(info, bytes, scale, &mut self.picture)?;
        let RgbImage { width, height, ref rgb, .. } = self.picture;
        let scale = scale.denominator() as f32;
        let rgb = rgb.as_slice().into();
        Ok(FinderPicture { width, height, rgb, origin_px: [0.0; 2], scale, frame_px, mask: None })
    }
}

#[cfg(test)]
mod tests {
    use frame::{CameraId, DeviceStamp, HostTime, Picture, PixelFormat, SegmentId, TriggerIndex};

    use super::*;
    use crate::BackgroundId;

    const SIZE: (u32, u32) = (1280, 720);

    /// A frame whose red increases by column and whose green increases by row.
    fn frame() -> (FrameInfo, Vec<u8>) {
        let (width, height) = SIZE;
        let info = FrameInfo {
            camera: CameraId(0),
            sequence: 0,
            segment: SegmentId::seam(0),
            trigger: TriggerIndex::Unresolved,
            exposure: HostTime::monotonic(0, 0),
            exposure_duration_ns: 0,
            arrival_ns: 0,
            device: DeviceStamp::default(),
            source: None,
            picture: Picture::packed(PixelFormat::Rgb8, width, height),
        };
        let pixel = |x: u32, y: u32| [(x / 5) as u8, (y / 5) as u8, 0];
        (info, (0..height).flat_map(|y| (0..width).flat_map(move |x| pixel(x, y))).collect())
    }

    fn check(picture: &FinderPicture) {
        assert_eq!(picture.rgb.len(), (picture.width * picture.height * 3) as usize);
        assert_eq!(picture.frame_px, SIZE);
        for (x, y) in [(20, 30), (200, 100), (300, 330)] {
            let shown = &picture.rgb[3 * (y * picture.width as usize + x)..][..2];
            for (axis, at) in [x, y].into_iter().enumerate() {
                let in_frame = picture.origin_px[axis] + (at as f32 + 0.5) * picture.scale;
                let expected = in_frame / 5.0 - 0.5;
                assert!((f32::from(shown[axis]) - expected).abs() < 1.5, "{shown:?} at {x}, {y}: {expected}");
            }
        }
    }

    #[test]
    fn pictures_say_where_in_the_frame_they_are() {
        let (info, bytes) = frame();
        let mut pictures = FinderPictures::new().unwrap();
        let whole = pictures.make(&info, &bytes, &CropOutcome::NoSubject).unwrap();
        assert_eq!((whole.width, whole.height, whole.scale), (640, 360, 2.0));
        check(&whole);
        let travelled = FinderPicture { rgb: [].into(), ..whole.clone() }.with_jpeg(&whole.to_jpeg().unwrap()).unwrap();
        let apart = travelled.rgb.iter().zip(&*whole.rgb).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(apart.unwrap() < 16 && travelled.rgb.len() == whole.rgb.len(), "{apart:?}");
        assert!(FinderPicture { width: 8, ..whole.clone() }.with_jpeg(&whole.to_jpeg().unwrap()).is_err());
        for side_px in [200.0, 500.0, 700.0] {
            let region = Region { centre_px: [600.5, 352.0], side_px };
            let (rgb, mask) = (vec![0; 12].into(), vec![0; 4].into());
            let sample = Sample { size_px: 2, rgb, mask, region, background: BackgroundId::default() };
            let square = pictures.make(&info, &bytes, &CropOutcome::Sample(sample)).unwrap();
            assert_eq!((square.width, square.height), (384, 384));
            check(&square);
        }
    }
}
