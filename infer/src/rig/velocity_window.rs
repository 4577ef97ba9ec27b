//! Velocities from instants that follow one another at the cameras' full rate.

use std::collections::VecDeque;

use frame::{SegmentId, TriggerIndex};
use geometry::{Observation, velocities};

/// One instant as the joint finder saw it.
#[derive(Clone, Debug)]
pub struct SeenInstant {
    pub segment: SegmentId,
    pub trigger: TriggerIndex,
    /// Start of exposure of the earliest view, ns.
    pub exposure_ns: i64,
    /// Per camera its own start of exposure, ns.
    pub exposures_ns: Vec<Option<i64>>,
    pub views: Vec<Option<Observation>>,
}

/// The last three instants.
#[derive(Debug, Default)]
pub struct VelocityWindow {
    last: VecDeque<SeenInstant>,
    /// The shortest time between two instants without pulses, ns.
    shortest_ns: Option<i64>,
}

impl VelocityWindow {
    /// The time between two frames in milliseconds, if known.
    pub fn frame_ms(&self) -> Option<f64> {
        self.shortest_ns.map(|ns| ns as f64 / 1e6)
    }

    /// Takes an instant, and returns the one before it. If the three last instants are consecutive, it has velocities,
    /// and its views are moved to the exposure of the first one.
    pub fn push(&mut self, seen: SeenInstant) -> Option<SeenInstant> {
        if let Some(before) = self.last.back().filter(|before| before.segment == seen.segment) {
            let gap_ns = seen.exposure_ns - before.exposure_ns;
            if gap_ns > 0 {
                self.shortest_ns = Some(self.shortest_ns.map_or(gap_ns, |shortest| shortest.min(gap_ns)));
            }
        }
        self.last.push_back(seen);
        if self.last.len() > 3 {
            self.last.pop_front();
        }
        let middle = self.last.len().checked_sub(2)?;
        let mut complete = self.last[middle].clone();
        if let [a, b, c] = self.last.make_contiguous()
            && follows(a, b, self.shortest_ns)
            && follows(b, c, self.shortest_ns)
        {
            let period_ns = (c.exposure_ns - a.exposure_ns) as f64 / 2.0;
            for camera in 0..complete.views.len() {
                let track = [&*a, &*b, &*c].map(|seen| seen.views[camera].as_ref().map(|view| view.px));
                let velocity = velocities(&track).swap_remove(1);
                let Some(view) = &mut complete.views[camera] else { continue };
                view.velocity_px = velocity;
                let late =
                    complete.exposures_ns[camera].map_or(0.0, |at| (at - complete.exposure_ns) as f64 / period_ns);
                if let Some(velocity) = velocity {
                    let earlier = |(px, velocity): (&mut [f64; 2], [f64; 2])| {
                        px.iter_mut().zip(velocity).for_each(|(px, velocity)| *px -= late * velocity);
                    };
                    view.px.iter_mut().zip(velocity).for_each(earlier);
                }
            }
        }
        Some(complete)
    }
}

/// Whether two instants are consecutive, by their pulses, or by time if there are none.
fn follows(a: &SeenInstant, b: &SeenInstant, shortest_ns: Option<i64>) -> bool {
    if a.segment != b.segment {
        return false;
    }
    match (a.trigger.pulse(), b.trigger.pulse()) {
        (Some(a), Some(b)) => b == a + 1,
        _ => {
            let gap_ns = b.exposure_ns - a.exposure_ns;
            gap_ns > 0 && shortest_ns.is_some_and(|shortest_ns| gap_ns < shortest_ns + shortest_ns / 2)
        }
    }
}

#[cfg(test)]
mod tests {
    use geometry::POINT_COUNT;

    use super::*;

    const PERIOD_NS: i64 = 10_000_000;

    /// Two cameras, of which the second exposes late, see points move by 3 pixels a frame.
    fn seen(pulse: u64, segment: u32, late_ns: i64) -> SeenInstant {
        let at = |late_ns: i64| 3.0 * (pulse as f64 + late_ns as f64 / PERIOD_NS as f64);
        let view = |late_ns: i64| Observation {
            px: [[at(late_ns), 7.0]; POINT_COUNT],
            weight: [1.0; POINT_COUNT],
            root_relative_mm: [[0.0; 3]; POINT_COUNT],
            velocity_px: None,
            others: false,
        };
        let exposure_ns = pulse as i64 * PERIOD_NS;
        SeenInstant {
            segment: SegmentId::seam(segment),
            trigger: TriggerIndex::Certain(pulse),
            exposure_ns,
            exposures_ns: vec![Some(exposure_ns), Some(exposure_ns + late_ns)],
            views: vec![Some(view(0)), Some(view(late_ns))],
        }
    }

    #[test]
    fn three_in_a_row_tell_velocities_and_shift_late_views() {
        let mut motion = VelocityWindow::default();
        assert!(motion.push(seen(4, 0, PERIOD_NS / 2)).is_none());
        let first = motion.push(seen(5, 0, PERIOD_NS / 2)).unwrap();
        assert!(first.views.iter().flatten().all(|view| view.velocity_px.is_none()));
        let middle = motion.push(seen(6, 0, PERIOD_NS / 2)).unwrap();
        for view in middle.views.iter().flatten() {
            assert!((view.velocity_px.unwrap()[0][0] - 3.0).abs() < 1e-6);
            assert!((view.px[0][0] - 15.0).abs() < 1e-6, "{:?}", view.px[0]);
        }
    }

    #[test]
    fn gaps_and_seams_tell_none() {
        for after in [seen(7, 0, 0), seen(6, 1, 0)] {
            let mut motion = VelocityWindow::default();
            motion.push(seen(4, 0, 0));
            motion.push(seen(5, 0, 0));
            let middle = motion.push(after).unwrap();
            assert!(middle.views.iter().flatten().all(|view| view.velocity_px.is_none()));
        }
    }
}
