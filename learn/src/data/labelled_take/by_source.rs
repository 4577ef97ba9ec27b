//! Pictures that labels find by their position in a source. A looping source repeats its pictures.

use std::collections::{BTreeMap, BTreeSet};

use frame::{CameraId, SegmentId};
use pose::CameraLabels;
use take::TakeReader;

use super::choice::{Chosen, Labelled};
use crate::LearnError;

/// For each source position and segment: the frame index in each labelled camera.
type Instances = BTreeMap<(u32, SegmentId), Vec<Option<usize>>>;

/// Each labelled position once, in the first loop where all labelled cameras have it.
pub(super) fn choose<'a>(take: &TakeReader, views: &[(CameraId, &'a CameraLabels)]) -> Result<Chosen<'a>, LearnError> {
    let instances = instances(take, views)?;
    let mut chosen: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    let mut met = BTreeSet::new();
    for ((position, _), frames) in &instances {
        if !views.iter().any(|(_, view)| view.at(*position).is_some()) {
            continue;
        }
        met.insert(*position);
        if let Some(complete) = frames.iter().copied().collect::<Option<Vec<usize>>>() {
            chosen.entry(*position).or_insert(complete);
        }
    }
    if chosen.is_empty() {
        return Err(nothing_labelled(take, &instances, views));
    }
    let labelled = |(column, (_, view)): (usize, &(CameraId, &'a CameraLabels))| {
        let of = |(position, frames): (&u32, &Vec<usize>)| {
            Some(Labelled { frame: frames[column], instant: *position, label: view.at(*position)? })
        };
        chosen.iter().filter_map(of).collect()
    };
    Ok(Chosen {
        labelled: views.iter().enumerate().map(labelled).collect(),
        all: (0..views.len()).map(|column| first_of_each(&instances, column)).collect(),
        incomplete: met.len() - chosen.len(),
    })
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

/// A camera's frames, each position once, so that repeated loops have no extra weight.
fn first_of_each(instances: &Instances, column: usize) -> Vec<usize> {
    let mut first = BTreeMap::new();
    for ((position, _), frames) in instances {
        if let Some(frame) = frames[column] {
            first.entry(*position).or_insert(frame);
        }
    }
    first.into_values().collect()
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
