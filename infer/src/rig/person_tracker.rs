//! Tells whether a body is the same person as before.

use frame::SegmentId;
use geometry::POINT_COUNT;
use nalgebra::Vector3;

use super::Placed;

/// The highest speed of a person, in millimetres a second.
const MAX_SPEED_MM_S: f64 = 4000.0;

/// Where the person was last.
#[derive(Clone, Copy, Debug, Default)]
pub struct PersonTracker {
    last: Option<Last>,
}

#[derive(Clone, Copy, Debug)]
struct Last {
    segment: SegmentId,
    at_ns: i64,
    middle_mm: Vector3<f64>,
    /// The uncertainty of that.
    radius_mm: f64,
}

impl PersonTracker {
    /// Whether a body can be the person's: no farther from the last one than they can have moved since, plus both
    /// uncertainties. In a new segment, and before anybody was seen, everybody is.
    pub fn is_same(&mut self, segment: SegmentId, at_ns: i64, body: &Placed) -> bool {
        let middle_mm = body.points_mm.iter().sum::<Vector3<f64>>() / POINT_COUNT as f64;
        let radius_mm = body.uncertainty_mm[0];
        let last = self.last.filter(|last| last.segment == segment);
        let is_same = last.is_none_or(|last| {
            let gone_mm = MAX_SPEED_MM_S * (at_ns - last.at_ns).max(0) as f64 / 1e9;
            (middle_mm - last.middle_mm).norm() <= gone_mm + last.radius_mm + radius_mm
        });
        if is_same {
            self.last = Some(Last { segment, at_ns, middle_mm, radius_mm });
        }
        is_same
    }
}
