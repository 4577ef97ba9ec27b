//! One camera's pictures of a take, as a joint finder takes them.

use frame::CameraId;
use subject::{
    CropOutcome, Decoder, FinderPicture, FinderPictures, Preprocessing, SceneEvent, SubjectCropper, SubjectError,
};
use take::TakeReader;

use super::error::RecordingError;

/// How many frames a camera's background is the median of.
const BACKGROUND_FRAMES: usize = 50;

/// The pictures that a joint finder takes.
#[derive(Clone, Debug)]
pub enum FinderInput {
    /// The square around whoever moves, with its background, or the whole frame if nobody moves.
    Squares,
    /// The crop around whoever moves, made by this preprocessing, with its mask.
    Crops(Preprocessing),
}

/// What a camera has of an instant.
#[derive(Clone, Debug, Default)]
pub(super) enum Taken {
    /// No frame, or crops are wanted and nobody moves.
    #[default]
    Nothing,
    /// A frame of a scene that is not the one whose background was learned.
    Unusable,
    Picture(FinderPicture),
}

impl Taken {
    pub fn picture(&self) -> Option<&FinderPicture> {
        if let Self::Picture(picture) = self { Some(picture) } else { None }
    }
}

/// The pictures of one camera.
pub(super) struct CameraPictures<'a> {
    take: &'a TakeReader,
    camera: CameraId,
    name: &'a str,
    cropper: SubjectCropper,
    /// `None` for crops.
    squares: Option<FinderPictures>,
    bytes: Vec<u8>,
    /// Width and height of the camera's frames.
    pub size_px: [f64; 2],
}

impl<'a> CameraPictures<'a> {
    /// Learns the camera's background. `None` if the camera has no frames.
    pub fn new(take: &'a TakeReader, camera: usize, look: &FinderInput) -> Result<Option<Self>, RecordingError> {
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
            FinderInput::Squares => (Preprocessing::default(), Some(FinderPictures::new().map_err(failed)?)),
            FinderInput::Crops(preprocessing) => (preprocessing.clone(), None),
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

    /// The finder's picture of a frame.
    pub fn picture(&mut self, index: usize) -> Result<Taken, RecordingError> {
        let info = self.take.read_into(self.camera, index, &mut self.bytes)?;
        let failed =
            |source: SubjectError| RecordingError::Picture { camera: self.name.to_owned(), source: Box::new(source) };
        let outcome = self.cropper.process(&info, &self.bytes).map_err(failed)?;
        let name = self.name;
        for event in self.cropper.take_scene_events() {
            match event {
                SceneEvent::Began(fault) => tracing::warn!("{name}, frame {index}: {fault}; such frames are not used"),
                SceneEvent::Ended { .. } => tracing::warn!("{name}, frame {index}: steady again"),
                SceneEvent::BackgroundLearned => {
                    tracing::info!("{name}, frame {index}: its background is learned anew")
                }
            }
        }
        if matches!(outcome, CropOutcome::Unusable(_)) {
            return Ok(Taken::Unusable);
        }
        match &mut self.squares {
            Some(squares) => squares.make(&info, &self.bytes, &outcome).map(Taken::Picture).map_err(failed),
            None => {
                let frame_px = (self.size_px[0] as u32, self.size_px[1] as u32);
                let picture = outcome.sample().map(|sample| FinderPicture::of_crop(&sample, frame_px));
                Ok(picture.map_or(Taken::Nothing, Taken::Picture))
            }
        }
    }
}
