use frame::CameraId;
use joints::View;
use subject::{Decoder, Outcome, Preprocessing, Region, RgbImage, Scale, SquareCutter, SubjectCropper, SubjectError};
use take::TakeReader;

use super::RecordingError;

/// Side of the square that is cut around a subject, in pixels: what the finder samples its 256 out of.
const SQUARE_PX: u16 = 384;

/// Frames that a camera's background is the median of.
const BACKGROUND_FRAMES: usize = 50;

/// One camera's pictures of a take, as the finder of joints takes them.
pub(super) struct Pictures<'a> {
    take: &'a TakeReader,
    camera: CameraId,
    name: &'a str,
    cropper: SubjectCropper,
    decoder: Decoder,
    cutter: SquareCutter,
    bytes: Vec<u8>,
    frame: RgbImage,
    square: Vec<u8>,
    /// Width and height of the camera's frames.
    pub size_px: [f64; 2],
}

impl<'a> Pictures<'a> {
    /// Learns the camera's background. `None` where the camera has no frames.
    pub fn new(take: &'a TakeReader, camera: usize) -> Result<Option<Self>, RecordingError> {
        let (id, name) = (CameraId(camera as u16), take.cameras()[camera].as_str());
        let frames = take.len(id);
        if frames == 0 {
            return Ok(None);
        }
        let failed =
            |source: SubjectError| RecordingError::Picture { camera: name.to_owned(), source: Box::new(source) };
        let background = (0..frames.min(BACKGROUND_FRAMES)).map(|n| n * frames / frames.min(BACKGROUND_FRAMES));
        let background: Vec<_> = background.map(|index| take.read(id, index)).collect::<Result<_, _>>()?;
        let mut decoder = Decoder::new().map_err(failed)?;
        let (info, bytes) = &background[0];
        let (width, height) = decoder.size_px(info, bytes).map_err(failed)?;
        let cropper = SubjectCropper::with_background_from(&Preprocessing::default(), background).map_err(failed)?;
        Ok(Some(Self {
            take,
            camera: id,
            name,
            cropper,
            decoder,
            cutter: SquareCutter::default(),
            bytes: Vec::new(),
            frame: RgbImage::default(),
            square: Vec::new(),
            size_px: [f64::from(width), f64::from(height)],
        }))
    }

    /// The square around whoever moves in a frame, or the whole frame where nobody does.
    pub fn view(&mut self, index: usize) -> Result<View<'_>, RecordingError> {
        let info = self.take.read_into(self.camera, index, &mut self.bytes)?;
        let failed =
            |source: SubjectError| RecordingError::Picture { camera: self.name.to_owned(), source: Box::new(source) };
        let outcome = self.cropper.process(&info, &self.bytes).map_err(failed)?;
        self.decoder.decode(&info, &self.bytes, Scale::Full, &mut self.frame).map_err(failed)?;
        let Outcome::Sample(sample) = outcome else {
            let RgbImage { rgb, width, height, .. } = &self.frame;
            return Ok(View { rgb, width: *width, height: *height, origin_px: [0.0; 2], scale: 1.0 });
        };
        let Region { centre_px, side_px } = sample.region;
        let cut = self.cutter.cut(&self.frame, &sample.region, SQUARE_PX, &mut self.square);
        cut.map_err(|fault| failed(SubjectError::picture(&info, fault)))?;
        Ok(View {
            rgb: &self.square,
            width: SQUARE_PX.into(),
            height: SQUARE_PX.into(),
            origin_px: centre_px.map(|centre| centre - side_px / 2.0),
            scale: side_px / f32::from(SQUARE_PX),
        })
    }
}
