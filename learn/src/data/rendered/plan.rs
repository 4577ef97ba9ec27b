//! Selects the pictures of a take to load, and the region of each.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use frame::{CameraId, SegmentId};
use frame_sync::pairs::InstantMeta;
use pose::{JOINTS, Labels, Pose3d};
use recipe::DataConfig;
use subject::{Preprocessing, Region};
use take::session::LABELS_FILE;
use take::{MASKS_FILE, Mask, MaskReader, Session, SessionTake, TakeReader};

use crate::LearnError;

/// Smallest longer side of a subject's box, in pixels of the frame; smaller subjects are left out.
const LEAST_SUBJECT_PX: u32 = 12;

/// A picture to load.
pub(super) struct Planned {
    pub camera: CameraId,
    pub name: String,
    /// Index among the camera's frames in the take.
    pub frame: usize,
    pub source: u32,
    pub region: Region,
    /// Side of the region as a part of the frame's width.
    pub frame_share: f32,
    pub joints_mm: Pose3d,
    pub joints_2d: [[f32; 2]; JOINTS],
}

pub(super) struct PlannedTake {
    pub directory: PathBuf,
    pub instants: Vec<InstantMeta>,
    pub sources: Vec<u32>,
    /// Index into `pictures`, by instant and camera.
    pub rows: Vec<Vec<Option<u32>>>,
    pub pictures: Vec<(u32, Planned)>,
    pub without_subject: usize,
}

/// Plans which pictures of a take to load: every `config.every`-th, and the test frames of held-out takes, whose number is
/// a multiple of `test_every`.
///
/// # Errors
/// If the take is incomplete or cannot be read, a mask is missing, or the labels do not fit the take.
pub(super) fn plan(
    session: &Path,
    about: &SessionTake,
    index: u32,
    config: &DataConfig,
    test_every: Option<u32>,
) -> Result<PlannedTake, LearnError> {
    let directory = Session::take_directory(session, about);
    let wrong = |problem: String| LearnError::InTake { take: directory.clone(), problem };
    let reader = TakeReader::open(&directory)?;
    if !reader.complete() {
        return Err(wrong("its recording was not finished: render or import it again".to_owned()));
    }
    if !directory.join(MASKS_FILE).is_file() {
        return Err(wrong(format!("it has no {MASKS_FILE}: render or import the session again")));
    }
    let test_every = test_every.filter(|_| about.split == take::session::Split::HeldOut);
    let wanted = |at: u32| {
        at.is_multiple_of(config.every.max(1)) || test_every.is_some_and(|every| at.is_multiple_of(every.max(1)))
    };
    let (labels, masks) = (Labels::read(&directory.join(LABELS_FILE))?, MaskReader::open(&directory)?);
    let mut by_source: BTreeMap<u32, (i64, Vec<Planned>)> = BTreeMap::new();
    let mut without_subject = 0;
    for view in &labels.cameras {
        let Some(camera) = reader.cameras().iter().position(|name| *name == view.name) else {
            return Err(wrong(format!("{LABELS_FILE} has labels of {}, a camera that the take lacks", view.name)));
        };
        if camera >= 32 {
            return Err(wrong(format!("{} is camera number {camera}; at most 32 cameras are supported", view.name)));
        }
        let camera = CameraId(camera as u16);
        for frame in 0..reader.len(camera) {
            let Some(info) = reader.frame_info(camera, frame) else { continue };
            let Some(source) = info.source.map(|at| at.index).filter(|at| wanted(*at)) else {
                continue;
            };
            let Some(label) = view.at(source) else { continue };
            let mask = masks.get(&view.name, source)?;
            let mask =
                mask.ok_or_else(|| wrong(format!("{MASKS_FILE} has no mask of frame {source} of {}", view.name)))?;
            let Some(region) = region(&mask, config) else {
                without_subject += 1;
                continue;
            };
            let joints_2d = label
                .joints_px
                .map(|px| std::array::from_fn(|axis| 2.0 * (px[axis] - region.centre_px[axis]) / region.side_px));
            let name = view.name.clone();
            let frame_share = region.side_px / view.size_px[0] as f32;
            let joints_mm = label.joints_mm;
            let picture = Planned { camera, name, frame, source, region, frame_share, joints_mm, joints_2d };
            let (_, pictures) = by_source.entry(source).or_insert((info.exposure.ns, Vec::new()));
            if pictures.iter().all(|other| other.camera != camera) {
                pictures.push(picture);
            }
        }
    }
    let (instants, sources, rows, pictures) = Default::default();
    let mut take = PlannedTake { directory, instants, sources, rows, pictures, without_subject };
    for (instant, (source, (exposure_ns, pictures))) in (0..).zip(by_source) {
        let mut rows = vec![None; reader.cameras().len()];
        let mut views = 0;
        for picture in pictures {
            views |= 1 << picture.camera.0;
            rows[picture.camera.index()] = Some(take.pictures.len() as u32);
            take.pictures.push((instant, picture));
        }
        take.sources.push(source);
        take.instants.push(InstantMeta { segment: SegmentId::seam(index), exposure_ns, views });
        take.rows.push(rows);
    }
    Ok(take)
}

/// The square region around a subject, as the crate `subject` computes it (side from the bounding box, centre of mass
/// of the mask), enlarged by the margin. `None` if the subject is too small.
fn region(mask: &Mask, config: &DataConfig) -> Option<Region> {
    let [left, top, right, bottom] = mask.bounds()?;
    let longer = (right - left).max(bottom - top);
    if longer < LEAST_SUBJECT_PX {
        return None;
    }
    let (mut count, mut sums) = (0u64, [0u64; 2]);
    for (y, row) in (0..).zip(mask.pixels.chunks_exact(mask.width_px as usize)) {
        for (x, _) in (0..).zip(row).filter(|(_, pixel)| **pixel > 0) {
            (count, sums) = (count + 1, [sums[0] + x, sums[1] + y]);
        }
    }
    let centre_px = sums.map(|sum| (sum as f64 / count.max(1) as f64 + 0.5) as f32);
    Some(Region { centre_px, side_px: Preprocessing::default().crop_scale * config.margin * longer as f32 })
}
