//! Labels of every view from the bodies of a take, for a network of the rig's own.

use std::collections::BTreeMap;

use body::{RigGeometry, frame_label, joints, views_to_label};
use frame::CameraId;
use pose::labels::{Provenance, VERSION};
use pose::{CameraLabels, FrameLabel, KeyedBy, Labels};
use take::TakeReader;

use super::error::RecordingError;
use super::instants::Instant;
use super::watched_take::{Bodies, Watched};

/// How labels were made: by triangulation, not by measuring.
const TRUTH: &str = "pseudo";
const JOINT_SET: &str = "Human3.6M 17, from the rig's own bodies";

/// Labels, and how many bodies gave none.
#[derive(Clone, Debug)]
pub struct MadeLabels {
    pub labels: Labels,
    /// Instants with labels.
    pub labelled: usize,
    /// Bodies that too few cameras agree on closely enough.
    pub doubtful: usize,
}

/// Labels of the views that agree with each body. They are keyed by source position where all pictures have one, and
/// otherwise by sequence number. Of a looping source, each position gets the label of its first loop that has one.
///
/// # Errors
/// If no body gives a label, or a sequence number is too large for the file.
pub fn labels(
    take: &TakeReader,
    watched: &Watched,
    geometry: &RigGeometry,
    bodies: &Bodies,
    finder: &str,
) -> Result<MadeLabels, RecordingError> {
    let instants = &watched.instants.all;
    let by_source = instants.iter().all(|instant| instant.source.is_some());
    let number = |instant: &Instant, camera: usize| -> Option<u32> {
        match instant.source {
            Some(source) if by_source => Some(source.index),
            _ => {
                let info = take.frame_info(CameraId(camera as u16), instant.frames[camera]?)?;
                u32::try_from(info.sequence).ok()
            }
        }
    };
    let mut frames: Vec<BTreeMap<u32, FrameLabel>> = vec![BTreeMap::new(); watched.names.len()];
    let (mut labelled, mut doubtful, mut unlabelled) = (0, 0, Vec::new());
    for (instant, body) in instants.iter().zip(&bodies.bodies) {
        let views = body.as_ref().map(|body| views_to_label(geometry, &watched.names, &body.misses_px));
        let views = views.unwrap_or_default();
        let mut any = false;
        for (camera, body) in views.into_iter().filter_map(|camera| Some((camera, body.as_ref()?))) {
            let place = &geometry.cameras[&watched.names[camera]];
            let made = number(instant, camera).and_then(|number| frame_label(place, &joints(&body.points_mm), number));
            if let Some(label) = made {
                frames[camera].entry(label.source_index).or_insert(label);
                any = true;
            }
        }
        labelled += usize::from(any);
        doubtful += usize::from(!any && body.is_some());
        unlabelled.extend(instant.source.filter(|_| !any).map(|source| source.index));
    }
    if labelled == 0 {
        return Err(RecordingError::NoLabels { bodies: doubtful });
    }
    // A loop may lack what another has. Sequence numbers are no positions.
    unlabelled.retain(|index| by_source && !frames.iter().any(|frames| frames.contains_key(index)));
    unlabelled.sort_unstable();
    unlabelled.dedup();
    let views = watched.names.iter().zip(&watched.sizes_px).zip(frames).filter(|(_, frames)| !frames.is_empty());
    let cameras = views.map(|((name, size_px), frames)| CameraLabels {
        name: name.clone(),
        size_px: size_px.map(|side| side as u32),
        frames: frames.into_values().collect(),
    });
    let labels = Labels {
        version: VERSION,
        truth: TRUTH.into(),
        joint_set: JOINT_SET.into(),
        provenance: Provenance {
            poses: finder.to_owned(),
            calibration: format!("geometry {}", geometry.id),
            rate_hz: take.info().source_rate_hz.filter(|_| by_source).unwrap_or(take.info().trigger_rate_hz),
            unlabelled,
            source_frames: instants
                .iter()
                .find_map(|instant| instant.source)
                .filter(|_| by_source)
                .map(|source| source.length),
        },
        keyed_by: if by_source {
            KeyedBy::Source
        } else {
            KeyedBy::Sequence { take_started_utc: take.started_utc().to_owned() }
        },
        cameras: cameras.collect(),
    };
    Ok(MadeLabels { labels, labelled, doubtful })
}
