//! Pictures of one take joined with their poses. Samples are cropped as in live use.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use frame::{CameraId, SegmentId, SourcePosition};
use frame_sync::pairs::{HoldOut, Side};
use pose::{CameraLabels, Labels, Pose3d};
use subject::{CropOutcome, Preprocessing, Sample, SubjectCropper};
use take::TakeReader;

use crate::LearnError;

/// Frames whose median is a camera's background.
pub(crate) const BACKGROUND_FRAMES: usize = 50;

/// A picture with a known pose.
#[derive(Clone, Debug)]
pub struct LabelledSample {
    /// Index of the camera in the take.
    pub camera: u16,
    pub source: SourcePosition,
    pub sample: Sample,
    /// Root-relative, in millimetres, in the look-at-subject frame of the view.
    pub pose: Pose3d,
}

/// The labelled pictures of a take, ordered by source position, then camera. A looping source repeats its pictures:
/// each position is used once, in the first loop where all labelled cameras have it.
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

/// For each source position and segment: the frame index in each labelled camera.
type Instances = BTreeMap<(u32, SegmentId), Vec<Option<usize>>>;

impl LabelledTake {
    /// Crops the take's labelled pictures. Labels are matched by camera name and source position. `progress` is called
    /// with the numbers of finished and of all pictures.
    ///
    /// # Errors
    /// If the take or the labels cannot be read, the take lacks a labelled camera, its frames have no source positions,
    /// or no instant of it has a label.
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
        let instances = instances(take, &views)?;
        let (chosen, incomplete) = choose(&instances, &views);
        if chosen.is_empty() {
            return Err(nothing_labelled(take, &instances, &views));
        }
        let total = views.len() * chosen.len();
        let (mut samples, mut without_subject, mut done) = (Vec::with_capacity(total), 0, 0);
        for (column, (camera, view)) in views.iter().enumerate() {
            let failed = |source| LearnError::Subject { camera: view.name.clone(), source: Box::new(source) };
            let mut cropper = SubjectCropper::with_background_from(
                preprocessing,
                background_frames(take, *camera, column, &instances)?,
            )
            .map_err(failed)?;
            for frames in &chosen {
                let (info, bytes) = take.read(*camera, frames[column])?;
                done += 1;
                progress(done, total);
                let Some((source, label)) = info.source.and_then(|at| Some((at, view.at(at.index)?))) else { continue };
                match cropper.process(&info, &bytes).map_err(failed)? {
                    CropOutcome::Sample(sample) => {
                        samples.push(LabelledSample { camera: camera.0, source, sample, pose: label.joints_mm });
                    }
                    CropOutcome::NoSubject | CropOutcome::NoBackground => without_subject += 1,
                }
            }
        }
        samples.sort_by_key(|sample| (sample.source.index, sample.camera));
        let cameras = take.cameras().to_vec();
        Ok(Self { cameras, preprocessing: preprocessing.clone(), labels, samples, without_subject, incomplete })
    }
}

impl LabelledTake {
    /// Training and held-out pictures. Guard instants between the two are in neither.
    pub(crate) fn split(&self, hold_out: &HoldOut) -> (Vec<&LabelledSample>, Vec<&LabelledSample>) {
        // The exposure time (here 0) is only used without a source position.
        let of = |wanted| self.samples.iter().filter(move |s| hold_out.side(Some(s.source), 0) == wanted).collect();
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

fn instances(take: &TakeReader, views: &[(CameraId, &CameraLabels)]) -> Result<Instances, LearnError> {
    let mut instances = Instances::new();
    for (column, (camera, view)) in views.iter().enumerate() {
        let mut found = false;
        for index in 0..take.len(*camera) {
            let Some(info) = take.frame_info(*camera, index) else { continue };
            let Some(source) = info.source else { continue };
            found = true;
            let frames = instances.entry((source.index, info.segment)).or_insert_with(|| vec![None; views.len()]);
            frames[column].get_or_insert(index);
        }
        if !found {
            let camera = view.name.clone();
            return Err(LearnError::NoSource { take: take.directory().to_owned(), camera });
        }
    }
    Ok(instances)
}

/// For each labelled source position the frames of its first complete instance, and the number of positions without
/// one.
fn choose(instances: &Instances, views: &[(CameraId, &CameraLabels)]) -> (Vec<Vec<usize>>, usize) {
    let (mut chosen, mut met) = (BTreeMap::new(), BTreeSet::new());
    for ((position, _), frames) in instances {
        if !views.iter().any(|(_, view)| view.at(*position).is_some()) {
            continue;
        }
        met.insert(*position);
        if let Some(complete) = frames.iter().copied().collect::<Option<Vec<usize>>>() {
            chosen.entry(*position).or_insert(complete);
        }
    }
    let incomplete = met.len() - chosen.len();
    (chosen.into_values().collect(), incomplete)
}

/// Frames spread evenly over the source. Each position occurs once, so that repeated loops have no extra weight.
fn background_frames(
    take: &TakeReader,
    camera: CameraId,
    column: usize,
    instances: &Instances,
) -> Result<Vec<(frame::FrameInfo, Vec<u8>)>, LearnError> {
    let mut first = BTreeMap::new();
    for ((position, _), frames) in instances {
        if let Some(frame) = frames[column] {
            first.entry(*position).or_insert(frame);
        }
    }
    let frames: Vec<usize> = first.into_values().collect();
    let step = frames.len().div_ceil(BACKGROUND_FRAMES).max(1);
    frames.into_iter().step_by(step).map(|frame| Ok(take.read(camera, frame)?)).collect()
}

fn nothing_labelled(take: &TakeReader, instances: &Instances, views: &[(CameraId, &CameraLabels)]) -> LearnError {
    let range = |positions: BTreeSet<u32>| match (positions.first(), positions.last()) {
        (Some(first), Some(last)) => format!("{first} to {last}"),
        _ => "none".to_owned(),
    };
    let labelled = views.iter().flat_map(|(_, view)| view.frames.iter().map(|frame| frame.source_index)).collect();
    LearnError::NothingLabelled {
        take: take.directory().to_owned(),
        take_has: range(instances.keys().map(|(position, _)| *position).collect()),
        labels_have: range(labelled),
    }
}
