//! Sums up a take: frames, gaps, and holes that no gap explains.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use frame::{CameraId, FrameInfo};
use serde::Serialize;

use crate::{Gap, Note, TakeError, TakeReader};

/// The reason of a hole in the sequence numbers that no gap record explains.
pub const UNEXPLAINED: &str = "unexplained";

/// What a take holds, for people and scripts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Inspection {
    /// The folder.
    pub path: PathBuf,
    /// [`crate::TakeInfo::name`].
    pub name: String,
    /// [`crate::TakeInfo::host`].
    pub host: String,
    /// Whether the take was finished.
    pub complete: bool,
    /// Version of the format on disk.
    pub format_version: u32,
    /// RFC 3339.
    pub started_utc: String,
    /// From the first exposure of any camera to the last, seconds.
    pub duration_s: f64,
    /// Bytes of incomplete records at the ends of files.
    pub torn_bytes: u64,
    /// One entry per camera.
    pub cameras: Vec<CameraInspection>,
    /// Messages with poses that the session streamed.
    pub pose_messages: usize,
    /// What else happened.
    pub notes: Vec<Note>,
}

/// What a take holds of one camera.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CameraInspection {
    /// The camera's name.
    pub name: String,
    /// Frames in the take.
    pub frames: u64,
    /// Their bytes as the camera sent them, without headers.
    pub bytes: u64,
    /// The pulse of the first frame that has one.
    pub first_trigger: Option<u64>,
    /// The pulse of the last frame that has one.
    pub last_trigger: Option<u64>,
    /// How many [segments](frame::SegmentId) there are.
    pub segments: u64,
    /// Width of the first frame; 0 without one.
    pub width_px: u32,
    /// Height of the first frame; 0 without one.
    pub height_px: u32,
    /// What is missing, in the order of sequence numbers.
    pub gaps: Vec<GapInspection>,
}

/// Consecutive frames that are missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GapInspection {
    /// [`frame::LossReason::name`], or [`UNEXPLAINED`].
    pub reason: String,
    /// Sequence number of the first missing frame.
    pub first_sequence: u64,
    /// How many are missing.
    pub frames: u64,
    /// When it was noticed; for an unexplained hole, the exposure of the frame before it.
    pub at_ns: i64,
}

/// Reads a take and sums it up.
///
/// # Errors
/// As [`TakeReader::open`].
pub fn inspect(directory: &Path) -> Result<Inspection, TakeError> {
    Ok(inspect_open(&TakeReader::open(directory)?))
}

/// Sums up a take that is open.
pub fn inspect_open(take: &TakeReader) -> Inspection {
    let ids = || (0..take.cameras().len()).map(|index| CameraId(index as u16));
    let exposures = || ids().flat_map(|camera| infos(take, camera)).map(|info| info.exposure.ns);
    let span_ns = exposures().max().unwrap_or(0).saturating_sub(exposures().min().unwrap_or(0));
    Inspection {
        path: take.directory().to_owned(),
        name: take.info().name.clone(),
        host: take.info().host.clone(),
        complete: take.complete(),
        format_version: take.format_version(),
        started_utc: take.started_utc().to_owned(),
        duration_s: span_ns as f64 / 1e9,
        torn_bytes: take.torn().iter().map(|tail| tail.bytes).sum(),
        cameras: ids().map(|camera| inspect_camera(take, camera)).collect(),
        pose_messages: take.pose_messages(),
        notes: take.notes().to_vec(),
    }
}

fn inspect_camera(take: &TakeReader, camera: CameraId) -> CameraInspection {
    let recorded: Vec<Gap> = take.gaps().iter().filter(|gap| gap.camera == camera).copied().collect();
    let mut gaps: Vec<GapInspection> = recorded
        .iter()
        .map(|gap| GapInspection {
            reason: gap.reason.name().to_owned(),
            first_sequence: gap.first_sequence,
            frames: gap.frames,
            at_ns: gap.at_ns,
        })
        .collect();
    gaps.extend(unexplained(infos(take, camera), &recorded));
    gaps.sort_by_key(|gap| (gap.first_sequence, gap.at_ns));
    let mut triggers = infos(take, camera).filter_map(|info| info.trigger.pulse());
    let first_trigger = triggers.next();
    let (width_px, height_px) = take.frame_info(camera, 0).map_or((0, 0), |info| info.picture.size_px());
    CameraInspection {
        name: take.cameras()[camera.index()].clone(),
        frames: take.len(camera) as u64,
        bytes: (0..take.len(camera)).filter_map(|index| take.frame_bytes(camera, index)).sum(),
        first_trigger,
        last_trigger: triggers.last().or(first_trigger),
        segments: infos(take, camera).map(|info| info.segment).collect::<BTreeSet<_>>().len() as u64,
        width_px,
        height_px,
        gaps,
    }
}

fn infos(take: &TakeReader, camera: CameraId) -> impl Iterator<Item = &FrameInfo> {
    (0..take.len(camera)).filter_map(move |index| take.frame_info(camera, index))
}

/// Holes between consecutive frames that gap records do not explain. A sequence number that does not grow means that
/// the camera started counting again.
fn unexplained<'a>(frames: impl Iterator<Item = &'a FrameInfo>, recorded: &[Gap]) -> Vec<GapInspection> {
    let mut explained: Vec<(u64, u64)> =
        recorded.iter().map(|gap| (gap.first_sequence, gap.first_sequence.saturating_add(gap.frames))).collect();
    explained.sort_unstable();
    let mut holes = Vec::new();
    let mut before: Option<&FrameInfo> = None;
    for frame in frames {
        if let Some(before) = before.filter(|before| before.sequence.saturating_add(1) < frame.sequence) {
            let mut hole = |from: u64, to: u64| {
                if from < to {
                    holes.push(GapInspection {
                        reason: UNEXPLAINED.to_owned(),
                        first_sequence: from,
                        frames: to - from,
                        at_ns: before.exposure.ns,
                    });
                }
            };
            let mut next = before.sequence + 1;
            for &(from, to) in explained.iter().filter(|&&(from, to)| from < frame.sequence && to > before.sequence) {
                hole(next, from);
                next = next.max(to);
            }
            hole(next, frame.sequence);
        }
        before = Some(frame);
    }
    holes
}
