//! Pictures of one take joined with their poses. Samples are cropped as in live use.

mod by_sequence;
mod by_source;
mod choice;

use std::path::Path;

use frame::{CameraId, FrameInfo, SourcePosition};
use frame_sync::pairs::{HoldOut, Side};
use pose::{CameraLabels, FrameLabel, JOINTS, KeyedBy, Labels, Pose3d};
use subject::{CropOutcome, Preprocessing, Region, Sample, SubjectCropper};
use take::TakeReader;

use self::choice::Labelled;
use crate::LearnError;

/// Frames whose median is a camera's background.
pub(crate) const BACKGROUND_FRAMES: usize = 50;

/// A picture with a known pose.
#[derive(Clone, Debug)]
pub struct LabelledSample {
    /// Index of the camera in the take.
    pub camera: u16,
    /// The number of its instant, the same in all cameras: its position in the source, if it has one.
    pub instant: u32,
    pub source: Option<SourcePosition>,
    pub exposure_ns: i64,
    pub sample: Sample,
    /// Root-relative, in millimetres, in the look-at-subject frame of the view.
    pub pose: Pose3d,
    /// Joints in the crop, in fractions of its side from its upper left corner.
    pub joints_2d: [[f32; 2]; JOINTS],
}

/// The labelled pictures of a take, ordered by instant, then camera. A looping source repeats its pictures: each
/// position is used once, in the first loop where all labelled cameras have it.
#[derive(Clone, Debug)]
pub struct LabelledTake {
    /// Camera names, by index of the camera in the take.
    pub cameras: Vec<String>,
    pub preprocessing: Preprocessing,
    /// The labels as read, with their origin.
    pub labels: Labels,
    pub samples: Vec<LabelledSample>,
    /// Labelled pictures in which no subject was found.
    pub without_subject: usize,
    /// Labelled source positions that are not complete (present in all labelled cameras) in any segment.
    pub incomplete: usize,
}

impl LabelledTake {
    /// Crops the take's labelled pictures. Labels are matched by camera name, and by source position or sequence number.
    /// `progress` is called with the numbers of finished and of all pictures.
    ///
    /// # Errors
    /// If the take or the labels cannot be read, the take lacks a labelled camera, no instant of it has a label, its
    /// frames have no source positions and the labels need them, or the labels were made from another take.
    pub fn load(
        take: &Path,
        labels: &Path,
        preprocessing: &Preprocessing,
        progress: impl FnMut(usize, usize),
    ) -> Result<Self, LearnError> {
        Self::join(&TakeReader::open(take)?, Labels::read(labels)?, preprocessing, progress)
    }

    /// [`Self::load`] for a take and labels that are already open.
    pub fn join(
        take: &TakeReader,
        labels: Labels,
        preprocessing: &Preprocessing,
        mut progress: impl FnMut(usize, usize),
    ) -> Result<Self, LearnError> {
        let views = labelled_views(take, &labels)?;
        views
            .iter()
            .try_for_each(|(camera, view)| check_frames(take, *camera, view, labels.provenance.source_frames))?;
        if let Some(source_hz) = take.info().source_rate_hz {
            let refused = |problem| LearnError::InTake { take: take.directory().to_owned(), problem };
            labels.check_rate(source_hz).map_err(refused)?;
        }
        let chosen = match &labels.keyed_by {
            KeyedBy::Source => by_source::choose(take, &views)?,
            KeyedBy::Sequence { take_started_utc } => by_sequence::choose(take, take_started_utc, &views)?,
        };
        let total = chosen.labelled.iter().map(Vec::len).sum();
        let (mut samples, mut without_subject, mut done) = (Vec::with_capacity(total), 0, 0);
        for ((camera, view), (labelled, all)) in views.iter().zip(chosen.labelled.iter().zip(&chosen.all)) {
            let failed = |source| LearnError::Subject { camera: view.name.clone(), source: Box::new(source) };
            let background = background_frames(take, *camera, all)?;
            let mut cropper = SubjectCropper::with_background_from(preprocessing, background).map_err(failed)?;
            for Labelled { frame, instant, label } in labelled {
                let (info, bytes) = take.read(*camera, *frame)?;
                done += 1;
                progress(done, total);
                match cropper.process(&info, &bytes).map_err(failed)? {
                    CropOutcome::Sample(sample) => samples.push(labelled_sample(&info, *instant, sample, label)),
                    CropOutcome::NoSubject | CropOutcome::NoBackground | CropOutcome::Unusable(_) => {
                        without_subject += 1;
                    }
                }
            }
        }
        samples.sort_by_key(|sample| (sample.instant, sample.camera));
        let (cameras, incomplete) = (take.cameras().to_vec(), chosen.incomplete);
        Ok(Self { cameras, preprocessing: preprocessing.clone(), labels, samples, without_subject, incomplete })
    }

    /// Training and held-out pictures. Guard instants between the two are in neither.
    pub(crate) fn split(&self, hold_out: &HoldOut) -> (Vec<&LabelledSample>, Vec<&LabelledSample>) {
        let of = |wanted| {
            let side = |s: &LabelledSample| hold_out.side(s.source, s.exposure_ns);
            self.samples.iter().filter(move |s| side(s) == wanted).collect()
        };
        (of(Side::Train), of(Side::HeldOut))
    }
}

/// The labelled cameras, with their ids in the take.
fn labelled_views<'a>(take: &TakeReader, labels: &'a Labels) -> Result<Vec<(CameraId, &'a CameraLabels)>, LearnError> {
    let find = |view: &'a CameraLabels| match take.cameras().iter().position(|name| *name == view.name) {
        Some(index) => Ok((CameraId(index as u16), view)),
        None => Err(LearnError::UnknownCamera {
            take: take.directory().to_owned(),
            name: view.name.clone(),
            known: take.cameras().join(", "),
        }),
    };
    labels.cameras.iter().map(find).collect()
}

/// Checks that a camera's frames can be those that the labels were made for.
fn check_frames(
    take: &TakeReader,
    camera: CameraId,
    view: &CameraLabels,
    source_frames: Option<u32>,
) -> Result<(), LearnError> {
    let Some(info) = take.frame_info(camera, 0) else { return Ok(()) };
    let refused = |problem: String| Err(LearnError::InTake { take: take.directory().to_owned(), problem });
    view.check_size(info.picture.size_px().into()).or_else(refused)?;
    match (source_frames, info.source) {
        (Some(labelled), Some(source)) if labelled != source.length => refused(format!(
            "the labels are for a source of {labelled} frames, and that of {} has {}",
            view.name, source.length
        )),
        _ => Ok(()),
    }
}

/// Frames spread evenly over all.
fn background_frames(
    take: &TakeReader,
    camera: CameraId,
    all: &[usize],
) -> Result<Vec<(FrameInfo, Vec<u8>)>, LearnError> {
    let step = all.len().div_ceil(BACKGROUND_FRAMES).max(1);
    all.iter().step_by(step).map(|&frame| Ok(take.read(camera, frame)?)).collect()
}

fn labelled_sample(info: &FrameInfo, instant: u32, sample: Sample, label: &FrameLabel) -> LabelledSample {
    LabelledSample {
        camera: info.camera.0,
        instant,
        source: info.source,
        exposure_ns: info.exposure.ns,
        joints_2d: label.joints_px.map(|joint| in_crop(joint, &sample.region)),
        pose: label.joints_mm,
        sample,
    }
}

/// A pixel of the frame in fractions of the crop's side.
pub(crate) fn in_crop(px: [f32; 2], region: &Region) -> [f32; 2] {
    std::array::from_fn(|axis| (px[axis] - region.centre_px[axis]) / region.side_px + 0.5)
}
