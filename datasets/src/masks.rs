//! Finds the subject in every picture of a recorded take, and writes the masks beside its frames.
//!
//! Masks are the data set's own where it has them, otherwise the pixels that are unlike the camera's background: the
//! median over pictures of the same camera in which the person moves about. Labels are not used.

use std::path::{Path, PathBuf};

use frame::{CameraId, FrameInfo};
use subject::{Decoder, MaskFinder, Preprocessing, RgbImage, Scale, SubjectError};
use take::{MaskWriter, TakeReader};

use crate::{DatasetError, Fault, PictureSource, PlannedTake};

/// Pictures whose median is a camera's background.
const BACKGROUND_PICTURES: usize = 75;
/// The data set's own masks are videos; brighter red than this is the subject.
const OWN_MASK_ABOVE: u8 = 32;

/// What was found in a take's pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FoundMasks {
    /// Pictures of all cameras.
    pub pictures: u32,
    /// Those in which no subject was found.
    pub without_subject: u32,
}

/// Writes the masks of the take in `folder` to a file in `draft`. `background_takes` are the folders of the takes whose
/// pictures show the background.
pub(crate) fn write(
    planned: &PlannedTake,
    folder: &Path,
    draft: &Path,
    background_takes: &[PathBuf],
    mut open: impl FnMut(&Path) -> Result<Box<dyn PictureSource>, Fault>,
    mut progress: impl FnMut(u32, u32),
) -> Result<FoundMasks, DatasetError> {
    let reader = TakeReader::open(folder)?;
    let backgrounds: Vec<TakeReader> = background_takes.iter().map(TakeReader::open).collect::<Result<_, _>>()?;
    let mut writer = MaskWriter::create(draft, reader.cameras())?;
    let mut pictures = Pictures::new()?;
    let mut found = FoundMasks { pictures: 0, without_subject: 0 };
    let cameras = || (0..).map(CameraId).zip(&planned.views);
    let total = cameras().map(|(camera, _)| reader.len(camera) as u32).sum();
    for (camera, view) in cameras() {
        let wrong = |fault: Fault| DatasetError::Pictures {
            take: planned.take.name.clone(),
            video: view.masks.as_deref().unwrap_or(view.pictures.path()).to_owned(),
            source: fault,
        };
        let mut kind = match &view.masks {
            Some(video) => Kind::Own(open(video).map_err(wrong)?),
            None => Kind::Unlike(pictures.background(&backgrounds, &view.camera).map_err(wrong)?),
        };
        for frame in 0..reader.len(camera) {
            let (info, bytes) = reader.read(camera, frame)?;
            let size = info.picture.size_px();
            let mask = match &mut kind {
                Kind::Unlike(background) => pictures.unlike(&info, &bytes, background),
                Kind::Own(video) => pictures.own_mask(&info, video.as_mut()),
            };
            let mask = mask.map_err(wrong)?;
            found.pictures += 1;
            found.without_subject += u32::from(mask.iter().all(|&pixel| pixel == 0));
            let source = info.source.map_or(frame as u32, |at| at.index);
            writer.write(camera, source, size, mask)?;
            progress(found.pictures, total);
        }
    }
    writer.finish()?;
    Ok(found)
}

/// How the masks of a view are found.
enum Kind {
    /// By the difference to this background.
    Unlike(RgbImage),
    /// They are a video.
    Own(Box<dyn PictureSource>),
}

/// Decodes pictures at full size, and finds masks in them.
struct Pictures {
    decoder: Decoder,
    finder: MaskFinder,
    picture: RgbImage,
    jpeg: Vec<u8>,
}

impl Pictures {
    fn new() -> Result<Self, DatasetError> {
        let decoder = Decoder::new().map_err(|error| DatasetError::Selection(error.to_string()))?;
        let finder = MaskFinder::new(Preprocessing::default());
        Ok(Self { decoder, finder, picture: RgbImage::default(), jpeg: Vec::new() })
    }

    fn decode(&mut self, info: &FrameInfo, bytes: &[u8]) -> Result<(), Fault> {
        Ok(self.decoder.decode(info, bytes, Scale::Full, &mut self.picture)?)
    }

    fn unlike(&mut self, info: &FrameInfo, bytes: &[u8], background: &RgbImage) -> Result<&[u8], Fault> {
        self.decode(info, bytes)?;
        Ok(self.finder.against(&self.picture, background).map_err(|fault| SubjectError::picture(info, fault))?)
    }

    /// The median of pictures of this camera, evenly spaced over the takes.
    fn background(&mut self, takes: &[TakeReader], name: &str) -> Result<RgbImage, Fault> {
        let mut frames = Vec::new();
        for take in takes {
            let camera = take.cameras().iter().position(|camera| camera == name);
            let camera =
                CameraId(camera.ok_or_else(|| format!("{} lacks the camera {name}", take.info().name))? as u16);
            frames.extend((0..take.len(camera)).map(|frame| (take, camera, frame)));
        }
        let step = frames.len().div_ceil(BACKGROUND_PICTURES).max(1);
        let mut pictures = Vec::with_capacity(BACKGROUND_PICTURES);
        for (take, camera, frame) in frames.into_iter().step_by(step) {
            let (info, bytes) = take.read(camera, frame)?;
            self.decode(&info, &bytes)?;
            pictures.push(self.picture.clone());
        }
        Ok(MaskFinder::background(pictures).map_err(|fault| format!("no background of {name}: {fault}"))?)
    }

    /// The next mask of a video of masks, which has the size of its picture.
    fn own_mask(&mut self, info: &FrameInfo, video: &mut dyn PictureSource) -> Result<&[u8], Fault> {
        let mut jpeg = std::mem::take(&mut self.jpeg);
        let next = video.next(&mut jpeg)?.map(|[width, height]| (width, height));
        let picture = info.picture.size_px();
        match next {
            Some(size) if size == picture => {}
            Some(size) => return Err(format!("its masks are {size:?} px and the pictures {picture:?} px").into()),
            None => return Err("it ends before the pictures do; get it again, or take the folder FGmasks away".into()),
        }
        self.decode(info, &jpeg)?;
        self.jpeg = jpeg;
        let subject = self.picture.rgb.chunks_exact(3).map(|rgb| rgb[0] > OWN_MASK_ABOVE);
        let mask = self.finder.of_pixels(picture, subject);
        Ok(mask.map_err(|fault| SubjectError::picture(info, fault))?)
    }
}
