//! Offsets in time between cameras whose positions are known.

use crate::adjustment::{Adjustment, Free, RigState};
use crate::camera::Camera;
use crate::error::GeometryError;
use crate::fit_body::fit_body;
use crate::observation::Observation;
use crate::points::GROUP_COUNT;
use crate::priors::{BONE_SIGMA_MM, SIGMA_PX};
use crate::triangulate::prepared;
use crate::uncertainty::uncertainties;

/// The fewest instants that offsets are found from.
const MIN_INSTANTS: usize = 3;

/// How late a camera's pictures are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlacedOffset {
    /// By how many frames they are later than the first camera's.
    pub frames: f64,
    /// One standard deviation.
    pub uncertainty_frames: f64,
}

/// The offset in time of each camera to the first, from instants with velocities, with cameras and bone lengths fixed.
/// That of the first camera is 0; `None` for a camera whose offset cannot be determined.
///
/// # Errors
/// As [`crate::fit_body`].
pub fn placed_offsets(
    cameras: &[Camera],
    bone_lengths_mm: &[f64; GROUP_COUNT],
    instants: &[Vec<Option<Observation>>],
) -> Result<Vec<Option<PlacedOffset>>, GeometryError> {
    let (mut views, mut points, mut lenses) = (Vec::new(), Vec::new(), None);
    for seen in instants {
        let moves = seen.iter().flatten().any(|view| view.velocity_px.is_some());
        let Some(body) = fit_body(cameras, bone_lengths_mm, seen)?.filter(|_| moves) else { continue };
        let corrected: Vec<_> = seen
            .iter()
            .enumerate()
            .map(|(camera, view)| {
                let view = view.as_ref().filter(|view| view.usable())?;
                Some(if body.exchanged.contains(&camera) { view.exchanged() } else { view.clone() })
            })
            .collect();
        let (of_cameras, prepared) = prepared(cameras, &corrected)?;
        lenses.get_or_insert(of_cameras);
        views.push(prepared);
        points.push(body.points_mm);
    }
    let Some(lenses) = lenses.filter(|_| points.len() >= MIN_INSTANTS) else { return Ok(vec![None; cameras.len()]) };
    let mut adjustment = Adjustment {
        views,
        state: RigState { lenses, log_focal: 0.0, lengths: *bone_lengths_mm, points },
        length_sum: 0.0,
        free: Free { rig: false, focal: false, offsets: true },
        sigma_px: SIGMA_PX,
        bone_sigma_mm: BONE_SIGMA_MM,
    };
    adjustment.settle(40, 1e-5)?;
    let spread = uncertainties(&adjustment);
    let first = adjustment.state.lenses.first().map_or(0.0, |lens| lens.offset);
    let of = |(camera, spread): (usize, Option<crate::Uncertainty>)| {
        if camera == 0 {
            return Some(PlacedOffset { frames: 0.0, uncertainty_frames: 0.0 });
        }
        let uncertainty_frames = spread?.time_offset_frames?;
        Some(PlacedOffset { frames: adjustment.state.lenses[camera].offset - first, uncertainty_frames })
    };
    Ok(spread.into_iter().enumerate().map(of).collect())
}
