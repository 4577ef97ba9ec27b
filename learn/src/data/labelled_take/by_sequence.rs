//! Pictures that labels find by their sequence number, in the take that the labels were made from.

use frame::CameraId;
use pose::CameraLabels;
use take::TakeReader;

use super::choice::{Chosen, Labelled};
use crate::LearnError;

/// All labelled pictures. Those of different cameras are of one instant if they were exposed within half a period.
///
/// # Errors
/// If the take is not the one of the labels, or has none of the labelled pictures.
pub(super) fn choose<'a>(
    take: &TakeReader,
    take_started_utc: &str,
    views: &[(CameraId, &'a CameraLabels)],
) -> Result<Chosen<'a>, LearnError> {
    let in_take = |problem| LearnError::InTake { take: take.directory().to_owned(), problem };
    if take.started_utc() != take_started_utc {
        return Err(in_take(format!(
            "the labels were made from another take, which began at {take_started_utc}, and this one at {}; their \
             pictures have nothing to do with each other",
            take.started_utc()
        )));
    }
    let mut pictures = Vec::new();
    let mut all = vec![Vec::new(); views.len()];
    for (column, (camera, view)) in views.iter().enumerate() {
        for frame in 0..take.len(*camera) {
            let Some(info) = take.frame_info(*camera, frame) else { continue };
            all[column].push(frame);
            if let Some(label) = u32::try_from(info.sequence).ok().and_then(|sequence| view.at(sequence)) {
                pictures.push((info.exposure.ns, column, frame, label));
            }
        }
    }
    if pictures.is_empty() {
        return Err(in_take("it has none of the labelled pictures".into()));
    }
    pictures.sort_by_key(|&(exposure_ns, ..)| exposure_ns);
    let half_period_ns = (0.5e9 / take.info().trigger_rate_hz.max(1.0)) as i64;
    let mut labelled = vec![Vec::new(); views.len()];
    let (mut instant, mut began_ns) = (0, pictures[0].0);
    for (exposure_ns, column, frame, label) in pictures {
        if exposure_ns - began_ns > half_period_ns {
            (instant, began_ns) = (instant + 1, exposure_ns);
        }
        labelled[column].push(Labelled { frame, instant, label });
    }
    Ok(Chosen { labelled, all, incomplete: 0 })
}
