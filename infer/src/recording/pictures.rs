use frame::CameraId;
use subject::{Decoder, FinderPicture, FinderPictures, Preprocessing, SubjectCropper, SubjectError};
use take::TakeReader;

use super::RecordingError;

/// Frames that a camera's background is the median of.
const BACKGROUND_FRAMES: usize = 50;

/// One camera's pictures of a take, as the finder of joints takes them.
pub(super) struct Pictures<'a> {
    take: &'a TakeReader,
    camera: CameraId,
    name: &'a str,
    cropper: SubjectCropper,
    pictures: FinderPictures,
    bytes: Vec<u8>,
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
        let (info, bytes) = &background[0];
        let (width, height) = Decoder::new().and_then(|mut decoder| decoder.size_px(info, bytes)).map_err(failed)?;
        let cropper = SubjectCropper::with_background_from(&Preprocessing::default(), background).map_err(failed)?;
        Ok(Some(Self {
            take,
            camera: id,
            name,
            cropper,
            pictures: FinderPictures::new().map_err(failed)?,
            bytes: Vec::new(),
            size_px: [f64::from(width), f64::from(height)],
        }))
    }

    /// The square around whoever moves in a frame, or the whole frame where nobody does.
    pub fn picture(&mut self, index: usize) -> Result<FinderPicture, RecordingError> {
        let info = self.take.read_into(self.camera, index, &mut self.bytes)?;
        let failed =
            |source: SubjectError| RecordingError::Picture { camera: self.name.to_owned(), source: Box::new(source) };
        let outcome = self.cropper.process(&info, &self.bytes).map_err(failed)?;
        self.pictures.make(&info, &self.bytes, &outcome).map_err(failed)
    }
}
