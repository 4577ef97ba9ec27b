//! Recorded takes: pictures from real cameras without labels, for pretraining only.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use frame::{CameraId, SegmentId, TriggerIndex};
use frame_sync::pairs::InstantMeta;
use recipe::DataConfig;
use subject::{CropOutcome, Preprocessing, Sample, SubjectCropper};
use take::session::Split;
use take::{SessionTake, TakeReader};

use crate::LearnError;
use crate::data::BACKGROUND_FRAMES;

/// Placeholder for the names of people, clips, actions, rooms and splits.
const UNKNOWN: &str = "recorded";

/// The crops of one take, as in live use but enlarged by the margin.
pub(super) struct Recorded {
    pub about: SessionTake,
    pub instants: Vec<InstantMeta>,
    /// By instant: its trigger pulse.
    pub pulses: Vec<u32>,
    /// Index into `samples`, by instant and camera.
    pub rows: Vec<Vec<Option<u32>>>,
    pub samples: Vec<Crop>,
    pub without_subject: usize,
}

pub(super) struct Crop {
    pub instant: u32,
    pub view: u16,
    pub sample: Sample,
}

/// Segment and pulse.
type Moment = (SegmentId, u64);
/// The samples of a moment, with the index of their camera.
type Views = Vec<(u16, Sample)>;

impl Recorded {
    /// Crops the pictures of a take.
    ///
    /// # Errors
    /// If the take cannot be read, or one of its cameras has no certain trigger index.
    pub fn crop(take: &Path, config: &DataConfig) -> Result<Self, LearnError> {
        let wrong = |problem: String| LearnError::InTake { take: take.to_owned(), problem };
        let reader = TakeReader::open(take)?;
        let cameras = reader.cameras().len();
        if cameras > 32 {
            return Err(wrong(format!("it has {cameras} cameras; at most 32 are supported")));
        }
        let ours = Preprocessing::with_crop_px(config.store_px);
        let preprocessing = Preprocessing { crop_scale: ours.crop_scale * config.margin, ..ours };
        let mut moments: BTreeMap<Moment, (i64, Views)> = BTreeMap::new();
        let mut without_subject = 0;
        for (camera, name) in (0..).map(CameraId).zip(reader.cameras()) {
            let wanted = wanted(&reader, camera, config.every);
            if wanted.is_empty() {
                return Err(wrong(format!(
                    "no frame of {name} has a certain trigger index, so frames cannot be matched across cameras"
                )));
            }
            let failed = |frame: usize| {
                move |source| LearnError::Picture {
                    take: take.to_owned(),
                    camera: name.clone(),
                    frame,
                    source: Box::new(source),
                }
            };
            let step = wanted.len().div_ceil(BACKGROUND_FRAMES);
            let background: Vec<_> =
                wanted.iter().step_by(step).map(|(_, frame)| reader.read(camera, *frame)).collect::<Result<_, _>>()?;
            let mut cropper = SubjectCropper::with_background_from(&preprocessing, background).map_err(failed(0))?;
            for (moment, frame) in wanted {
                let (info, bytes) = reader.read(camera, frame)?;
                match cropper.process(&info, &bytes).map_err(failed(frame))? {
                    CropOutcome::Sample(sample) => {
                        let (_, samples) = moments.entry(moment).or_insert((info.exposure.ns, Vec::new()));
                        samples.push((camera.0, sample));
                    }
                    CropOutcome::NoSubject | CropOutcome::NoBackground | CropOutcome::Unusable(_) => {
                        without_subject += 1;
                    }
                }
            }
        }
        let name = take.display().to_string();
        let [person, clip, action, environment] = [UNKNOWN; 4].map(str::to_owned);
        let about = SessionTake { name, person, clip, action, environment, split: Split::Train };
        let (instants, pulses, rows, samples) = Default::default();
        let mut recorded = Self { about, instants, pulses, rows, samples, without_subject };
        for (moment, (exposure_ns, samples)) in moments {
            recorded.add(moment, exposure_ns, samples, cameras);
        }
        Ok(recorded)
    }

    fn add(&mut self, (segment, pulse): Moment, exposure_ns: i64, samples: Views, cameras: usize) {
        let mut rows = vec![None; cameras];
        let mut views = 0;
        for (view, sample) in samples {
            views |= 1 << view;
            rows[usize::from(view)] = Some(self.samples.len() as u32);
            self.samples.push(Crop { instant: self.instants.len() as u32, view, sample });
        }
        self.rows.push(rows);
        self.pulses.push(pulse as u32);
        self.instants.push(InstantMeta { segment, exposure_ns, views });
    }
}

/// The frames with a certain trigger index whose pulse number is a multiple of `every`. Repeated pictures of a looping
/// source are used once.
fn wanted(reader: &TakeReader, camera: CameraId, every: u32) -> Vec<(Moment, usize)> {
    let (mut shown, mut pulses) = (BTreeSet::new(), BTreeSet::new());
    let mut wanted = Vec::new();
    for frame in 0..reader.len(camera) {
        let Some(info) = reader.frame_info(camera, frame) else { continue };
        let TriggerIndex::Certain(pulse) = info.trigger else { continue };
        if pulse % u64::from(every.max(1)) != 0 || !pulses.insert(pulse) {
            continue;
        }
        if info.source.is_none_or(|at| shown.insert(at.index)) {
            wanted.push(((info.segment, pulse), frame));
        }
    }
    wanted
}
