use frame::CameraId;
use subject::{Decoder, FinderPicture, FinderPictures, Preprocessing, SubjectCropper, SubjectError};
use take::TakeReader;

use super::RecordingError;

/// Frames that a camera's background is the median of.
const BACKGROUND_FRAMES: usize = 50;

/// What a finder of joints looks at.
#[derive(Clone, Debug)]
pub enum Look {
    /// The square around whoever moves, with its background, or the whole frame where nobody does.
    Squares,
    /// The crop around whoever moves, as this makes it, with its mask.
    Crops(Preprocessing),
}

/// One camera's pictures of a take, as the finder of joints takes them.
pub(super) struct Pictures<'a> {
    take: &'a TakeReader,
    camera: CameraId,
    name: &'a str,
    cropper: SubjectCropper,
    /// None where crops are looked at.
    squares: Option<FinderPictures>,
    bytes: Vec<u8>,
    /// Width and height of the camera's frames.
    pub size_px: [f64; 2],
}

impl<'a> Pictures<'a> {
    /// Learns the camera's background. `None` where the camera has no frames.
    pub fn new(take: &'a TakeReader, camera: usize, look: &Look) -> Result<Option<Self>, RecordingError> {
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
        let (preprocessing, squares) = match look {
            Look::Squares => (Preprocessing::default(), Some(FinderPictures::new().map_err(failed)?)),
            Look::Crops(preprocessing) => (preprocessing.clone(), None),
        };
        let cropper = SubjectCropper::with_background_from(&preprocessing, background).map_err(failed)?;
        Ok(Some(Self {
            take,
            camera: id,
            name,
            cropper,
            squares,
            bytes: Vec::new(),
            size_px: [f64::from(width), f64::from(height)],
        }))
    }

    /// What is looked at in a frame; none where that is a crop and nobody moves.
    pub fn picture(&mut self, index: usize) -> Result<Option<FinderPicture>, RecordingError> {
        let info = self.take.read_into(self.camera, index, &mut self.bytes)?;
        let failed =
            |source: SubjectError| RecordingError::Picture { camera: self.name.to_owned(), source: Box::new(source) };
        let outcome = self.cropper.process(&info, &self.bytes).map_err(failed)?;
        match &mut self.squares {
            Some(squares) => squares.make(&info, &self.bytes, &outcome).map(Some).map_err(failed),
            None => {
                let frame_px = (self.size_px[0] as u32, self.size_px[1] as u32);
                Ok(outcome.sample().map(|sample| FinderPicture::of_crop(&sample, frame_px)))
            }
        }
    }
}
