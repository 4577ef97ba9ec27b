//! From frames to samples, for one camera.

use frame::{FrameInfo, SegmentId};

use crate::background::{Background, BackgroundConfig, BackgroundModel};
use crate::crop::SquareCutter;
use crate::crop_region_filter::CropRegionFilter;
use crate::decode::Decoder;
use crate::median::median;
use crate::region::{Blob, differs};
use crate::scene::{Lasting, SceneEvent, SceneFault, SceneWatch};
use crate::{BackgroundId, PictureFault, Preprocessing, Region, RgbImage, Sample, Scale, SubjectError};

/// Share of the picture that must differ behind a seam for the source to show another place. No subject is that large.
const ELSEWHERE: f32 = 0.4;

/// The result of processing one frame.
#[derive(Clone, Debug, PartialEq)]
pub enum CropOutcome {
    /// A subject was found and cut out.
    Sample(Sample),
    /// The background is still being learned.
    NoBackground,
    /// Nothing differs from the background.
    NoSubject,
    /// The camera does not see the room whose background was learned, so whatever differs may be no subject; or it did
    /// not until just now, and the background is being learned anew.
    Unusable(SceneFault),
}

impl CropOutcome {
    /// The sample, if there is one.
    pub fn sample(self) -> Option<Sample> {
        match self {
            Self::Sample(sample) => Some(sample),
            Self::NoBackground | Self::NoSubject | Self::Unusable(_) => None,
        }
    }
}

/// Turns one camera's frames, in their order, into samples. It holds the camera's background, the last place of its
/// subject, and reusable buffers.
pub struct SubjectCropper {
    settings: Preprocessing,
    decoder: Decoder,
    background: BackgroundModel,
    filter: CropRegionFilter,
    segment: Option<SegmentId>,
    scene: SceneWatch,
    scene_events: Vec<SceneEvent>,
    /// Why the background is being learned anew, if the scene changed.
    learning_anew: Option<SceneFault>,
    /// The last subject and its segment.
    before: Option<(SegmentId, Blob)>,
    cutter: SquareCutter,
    picture: RgbImage,
    finer: RgbImage,
    mask: Vec<bool>,
    crop: Vec<u8>,
    reduced_crop: Vec<u8>,
    background_crop: Vec<u8>,
}

impl SubjectCropper {
    /// Fails if a setting is out of range.
    pub fn new(settings: &Preprocessing, background: BackgroundConfig) -> Result<Self, SubjectError> {
        settings.check()?;
        background.check()?;
        Ok(Self {
            settings: settings.clone(),
            decoder: Decoder::new()?,
            background: BackgroundModel::new(background),
            filter: CropRegionFilter::new(settings),
            segment: None,
            scene: SceneWatch::default(),
            scene_events: Vec::new(),
            learning_anew: None,
            before: None,
            cutter: SquareCutter::default(),
            picture: RgbImage::default(),
            finer: RgbImage::default(),
            mask: Vec::new(),
            crop: Vec::new(),
            reduced_crop: Vec::new(),
            background_crop: Vec::new(),
        })
    }

    /// A cropper whose fixed background is the median of the given frames, which also give the subject's size. It makes
    /// a take's samples depend on its frames alone. 25 to 100 evenly spaced frames are enough.
    pub fn with_background_from<B: AsRef<[u8]>>(
        settings: &Preprocessing,
        frames: impl IntoIterator<Item = (FrameInfo, B)>,
    ) -> Result<Self, SubjectError> {
        let mut cropper = Self::new(settings, BackgroundConfig { update_hz: 0.0, ..Default::default() })?;
        let mut pictures = Vec::new();
        let mut expected = None;
        for (info, bytes) in frames {
            let got = cropper.decode(&info, bytes.as_ref())?;
            let expected = *expected.get_or_insert(got);
            if got != expected {
                return Err(SubjectError::picture(&info, PictureFault::Mismatch { got, expected }));
            }
            pictures.push(cropper.picture.rgb.clone());
        }
        let frame_px = expected.ok_or(SubjectError::NoPictures)?;
        let background = RgbImage { rgb: median(&pictures), ..cropper.picture.clone() };
        let mut sides = Vec::with_capacity(pictures.len());
        for rgb in pictures {
            let picture = RgbImage { rgb, ..background.clone() };
            let subject = Blob::find(settings, &picture, &background, None, &mut cropper.mask);
            sides.extend(subject.map(|blob| blob.region(settings, picture.scale.denominator()).side_px));
        }
        cropper.filter.expect(sides);
        cropper.scene.expect(&background);
        cropper.set_background(Background { id: BackgroundId(1), frame_px, picture: background })?;
        Ok(cropper)
    }

    /// Turns a frame into a sample, then lets the background learn from it. The sample's region depends on the frames
    /// before it. After an error, processing may continue with the next frame.
    pub fn process(&mut self, info: &FrameInfo, bytes: &[u8]) -> Result<CropOutcome, SubjectError> {
        let frame_px = self.decode(info, bytes)?;
        let seam = self.segment.replace(info.segment).is_some_and(|before| before != info.segment);
        if seam && self.is_elsewhere(frame_px) {
            self.begin_anew();
            self.scene.start_over();
        }
        if let Some(fault) = self.watch_scene(info.exposure.ns) {
            return Ok(CropOutcome::Unusable(fault));
        }
        let subject = match self.background.current() {
            Some(background) if background.frame_px == frame_px => {
                let before = self.before.as_ref().filter(|(segment, _)| *segment == info.segment).map(|(_, blob)| blob);
                Blob::find(&self.settings, &self.picture, &background.picture, before, &mut self.mask)
            }
            Some(background) if self.background.is_fixed() => {
                let fault = PictureFault::Mismatch { got: frame_px, expected: background.frame_px };
                return Err(SubjectError::picture(info, fault));
            }
            Some(_) => {
                // Frames of another size: the known place of the subject no longer applies.
                (self.filter, self.before) = (CropRegionFilter::new(&self.settings), None);
                None
            }
            None => None,
        };
        let outcome = match (&subject, self.background.current()) {
            (Some(blob), Some(background)) => {
                let (id, fits) = (background.id, blob.region(&self.settings, self.picture.scale.denominator()));
                let region = self.filter.follow(info, fits);
                CropOutcome::Sample(self.cut(info, bytes, region, id)?)
            }
            (None, Some(background)) if background.frame_px == frame_px => CropOutcome::NoSubject,
            _ => self.learning_anew.map_or(CropOutcome::NoBackground, CropOutcome::Unusable),
        };
        self.background.observe(info.exposure.ns, frame_px, &self.picture, subject.as_ref());
        if self.background_ready() && self.learning_anew.take().is_some() {
            self.scene_events.push(SceneEvent::BackgroundLearned);
        }
        self.before = subject.map(|blob| (info.segment, blob)).or(self.before.take());
        Ok(outcome)
    }

    /// Makes the next second of frames the background, while the stage is empty. Until then the old one stays in use.
    pub fn take_background(&mut self) {
        self.background.take();
    }

    /// Whether a background has been learned or set.
    pub fn background_ready(&self) -> bool {
        self.background.current().is_some()
    }

    /// The current background, if any.
    pub fn background(&self) -> Option<&Background> {
        self.background.current()
    }

    /// Continues from a saved background. Fails unless it is reduced as this crate reduces frames of its size.
    pub fn set_background(&mut self, background: Background) -> Result<(), SubjectError> {
        let scale = working_scale(background.frame_px);
        let picture = &background.picture;
        let (width, height) = scale.reduce(background.frame_px);
        let fits = picture.scale == scale
            && picture.size() == (width, height)
            && picture.rgb.len() == width as usize * height as usize * 3;
        if !fits {
            let frame_px = background.frame_px;
            return Err(SubjectError::Config(format!(
                "a background for {frame_px:?} px frames must be {width}×{height} px, this one is {}×{}",
                picture.width, picture.height
            )));
        }
        self.background.set(background);
        Ok(())
    }

    /// The settings of this cropper.
    pub fn preprocessing(&self) -> &Preprocessing {
        &self.settings
    }

    /// What happened to the scene since the last call.
    pub fn take_scene_events(&mut self) -> Vec<SceneEvent> {
        std::mem::take(&mut self.scene_events)
    }

    /// Discards the background and learns a new one. Until then there are no samples.
    pub fn begin_anew(&mut self) {
        self.background.begin_anew();
        (self.filter, self.before) = (CropRegionFilter::new(&self.settings), None);
    }

    /// Why the current picture cannot be used. What lasts of a change makes the background be learned anew.
    fn watch_scene(&mut self, exposure_ns: i64) -> Option<SceneFault> {
        if let Some(event) = self.scene.see(exposure_ns, &self.picture) {
            if let SceneEvent::Ended { fault, lasting: Lasting::Light | Lasting::Place, .. } = event {
                self.learning_anew = Some(fault);
                self.begin_anew();
            }
            self.scene_events.push(event);
        }
        self.scene.fault()
    }

    fn is_elsewhere(&self, frame_px: (u32, u32)) -> bool {
        let learned = self.background.current().filter(|_| !self.background.is_fixed());
        learned.filter(|background| background.frame_px == frame_px).is_some_and(|background| {
            let differing = differs(&self.picture.rgb, &background.picture.rgb, self.settings.mask_threshold);
            differing.filter(|&differs| differs).count() as f32 > ELSEWHERE * (self.picture.rgb.len() / 3) as f32
        })
    }

    /// Decodes at the background's scale. Returns the size of the full frame.
    fn decode(&mut self, info: &FrameInfo, bytes: &[u8]) -> Result<(u32, u32), SubjectError> {
        let frame_px = self.decoder.size_px(info, bytes)?;
        self.decoder.decode(info, bytes, working_scale(frame_px), &mut self.picture)?;
        Ok(frame_px)
    }

    fn cut(
        &mut self,
        info: &FrameInfo,
        bytes: &[u8],
        region: Region,
        background: BackgroundId,
    ) -> Result<Sample, SubjectError> {
        let size_px = self.settings.crop_px;
        let at = |fault| SubjectError::picture(info, fault);
        let kept = self.background.current().map_or(&self.picture, |background| &background.picture);
        // The mask compares two pictures reduced in the same way, so that differences in sharpness do not show up as
        // edges.
        self.cutter.cut(&self.picture, &region, size_px, &mut self.reduced_crop).map_err(at)?;
        self.cutter.cut(kept, &region, size_px, &mut self.background_crop).map_err(at)?;
        let mask = differs(&self.reduced_crop, &self.background_crop, self.settings.mask_threshold)
            .map(|subject| if subject { 255 } else { 0 })
            .collect();
        let scale = crop_scale(region.side_px, size_px);
        let rgb = if scale < self.picture.scale {
            self.decoder.decode_region(info, bytes, scale, &region, &mut self.finer)?;
            self.cutter.cut(&self.finer, &region, size_px, &mut self.crop).map_err(at)?;
            self.crop.as_slice().into()
        } else {
            self.reduced_crop.as_slice().into()
        };
        Ok(Sample { size_px, rgb, mask, region, background })
    }
}

/// The scale of the background: a quarter, or finer if that would be too small to find a person in.
pub(crate) fn working_scale((width, height): (u32, u32)) -> Scale {
    match width.max(height) {
        640.. => Scale::Quarter,
        320..640 => Scale::Half,
        _ => Scale::Full,
    }
}

/// The coarsest scale that still has a pixel for each pixel of the crop.
pub(crate) fn crop_scale(side_px: f32, size_px: u16) -> Scale {
    Scale::COARSE_TO_FINE
        .into_iter()
        .find(|scale| side_px >= f32::from(size_px) * scale.denominator() as f32)
        .unwrap_or(Scale::Full)
}
