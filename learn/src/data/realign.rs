//! Corrects moments of which a camera's view shows another instant.

use std::collections::VecDeque;

use transport::Moment;

/// What to do with the views of one camera.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Correction {
    /// They are right.
    #[default]
    None,
    /// Its pictures were exposed so many frames later than those of the others; those of so many pulses before belong
    /// here.
    Late(i32),
    /// They are of another instant, and it is not clear of which.
    LeaveOut,
}

/// Puts right the views of cameras that slipped, by whole frames, before anything is learned from them.
#[derive(Debug, Default)]
pub(crate) struct Realigner {
    /// By camera; those beyond are right.
    corrections: Vec<Correction>,
    /// Consecutive moments of one segment that wait for those after them, or that those after them may need.
    held: VecDeque<Moment>,
    /// How many of `held` were handed on.
    done: usize,
}

impl Realigner {
    /// From now on corrects so. Moments that still wait are lost.
    pub fn set(&mut self, corrections: Vec<Correction>) {
        if self.corrections != corrections {
            self.corrections = corrections;
            self.held.clear();
            self.done = 0;
        }
    }

    /// Takes a moment, and gives those that are complete. Without corrections that is the moment itself.
    pub fn push(&mut self, moment: Moment) -> Vec<Moment> {
        if self.corrections.iter().all(|correction| *correction == Correction::None) {
            return vec![moment];
        }
        let follows = self.held.back().is_some_and(|last| {
            let pulses = last.trigger.pulse().zip(moment.trigger.pulse());
            last.segment == moment.segment && pulses.is_some_and(|(last, next)| next == last + 1)
        });
        if !follows {
            self.held.clear();
            self.done = 0;
        }
        self.held.push_back(moment);
        let [ahead, behind] = [-1, 1].map(|side| {
            let frames = self.corrections.iter().map(|correction| match correction {
                Correction::Late(frames) => side * frames,
                Correction::None | Correction::LeaveOut => 0,
            });
            frames.max().unwrap_or(0).max(0) as usize
        });
        let mut ready = Vec::new();
        while self.done + ahead < self.held.len() {
            ready.push(self.corrected(self.done));
            self.done += 1;
            while self.done > behind {
                self.held.pop_front();
                self.done -= 1;
            }
        }
        ready
    }

    fn corrected(&self, at: usize) -> Moment {
        let mut moment = self.held[at].clone();
        for (camera, correction) in self.corrections.iter().enumerate() {
            let taken = match correction {
                Correction::None => continue,
                Correction::LeaveOut => None,
                Correction::Late(frames) => usize::try_from(at as i64 - i64::from(*frames))
                    .ok()
                    .and_then(|from| self.held.get(from))
                    .and_then(|from| from.views.iter().find(|view| view.camera.index() == camera).cloned()),
            };
            moment.views.retain(|view| view.camera.index() != camera);
            moment.views.extend(taken);
        }
        moment.views.sort_by_key(|view| view.camera);
        moment
    }
}

#[cfg(test)]
mod tests {
    use frame::{CameraId, HostTime, SegmentId, SetIndex, TriggerIndex};
    use transport::View;

    use super::*;

    /// Views say by their exposure which instant they show; camera 1 is `late`.
    fn moment(pulse: u64, late: i64) -> Moment {
        let view = |camera: u16, late: i64| View {
            camera: CameraId(camera),
            exposure: HostTime::monotonic(pulse as i64 + late, 0),
            frame_px: (640, 480),
            samples: vec![],
        };
        Moment {
            set: SetIndex(pulse),
            trigger: TriggerIndex::Certain(pulse),
            segment: SegmentId::seam(0),
            exposure: HostTime::monotonic(pulse as i64, 0),
            arrival_ns: 0,
            source: None,
            preprocessing: 0,
            views: vec![view(0, 0), view(1, late), view(2, 0)],
            unusable: vec![],
        }
    }

    fn shown(moment: &Moment) -> Vec<(u16, i64)> {
        moment.views.iter().map(|view| (view.camera.0, view.exposure.ns)).collect()
    }

    #[test]
    fn views_of_a_late_and_of_an_early_camera_are_of_the_instant_again() {
        for late in [3, -2] {
            let mut realigner = Realigner::default();
            realigner.set(vec![Correction::None, Correction::Late(late)]);
            let moments: Vec<_> = (0..20).flat_map(|pulse| realigner.push(moment(pulse, late.into()))).collect();
            assert!(moments.len() >= 18, "{}", moments.len());
            for moment in &moments {
                let at = moment.exposure.ns;
                let missing = late > 0 && at < i64::from(late);
                let wanted = if missing { vec![(0, at), (2, at)] } else { vec![(0, at), (1, at), (2, at)] };
                assert_eq!(shown(moment), wanted);
            }
        }
    }

    #[test]
    fn views_that_are_not_clear_are_left_out_and_holes_part_the_moments() {
        let mut realigner = Realigner::default();
        realigner.set(vec![Correction::LeaveOut, Correction::Late(1)]);
        let out: Vec<_> = [4, 5, 8].into_iter().flat_map(|pulse| realigner.push(moment(pulse, 1))).collect();
        assert_eq!(out.iter().map(shown).collect::<Vec<_>>(), [vec![(2, 4)], vec![(1, 5), (2, 5)], vec![(2, 8)]]);
    }

    #[test]
    fn without_corrections_moments_pass_at_once() {
        let mut realigner = Realigner::default();
        realigner.set(vec![Correction::None; 3]);
        assert_eq!(realigner.push(moment(7, 4)), [moment(7, 4)]);
    }
}
