//! Which moments can be learned from: at least two views that show somebody, and somebody who moves.

use subject::Sample;
use transport::{Moment, View};

/// A subject covers less of its crop than this; more is a background that is not the one that was learned.
const MOST_OF_CROP: f64 = 0.9;
/// A picture whose subject is nowhere brighter than this is black.
const BLACK: u8 = 16;
/// After so many moments in a row that cannot be learned from, the learner says so.
const TOLD_AFTER: u64 = 30;

/// Why a moment is not learned from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// No view shows anybody.
    Nobody,
    /// Only one does.
    OneView,
    /// Fewer than two views are left without black ones.
    Black,
    /// Fewer than two views are left without those that take the whole crop for the subject.
    Flooded,
    /// Nobody moved since the last moment that was kept.
    Still,
}

impl Fault {
    fn words(self) -> &'static str {
        match self {
            Self::Nobody => "showed nobody",
            Self::OneView => "came from one camera alone, and a pair needs two",
            Self::Black => "were black in all but one view",
            Self::Flooded => "took the whole crop for the subject, as when the background or the light changed",
            Self::Still => "showed nobody who moves",
        }
    }
}

/// Tells which moments to keep, and counts the others.
#[derive(Default)]
pub(crate) struct Gate {
    sample: usize,
    least_motion: f64,
    /// The last moment that was kept to be trained on, with its session.
    last: Option<(u32, Moment)>,
    still: u64,
    unusable: u64,
    in_a_row: u64,
    fault: Option<Fault>,
}

impl Gate {
    /// `sample`: index of the sample that the network uses.
    pub fn new(sample: usize, least_motion: f64) -> Self {
        Self { sample, least_motion, ..Self::default() }
    }

    /// Goes on where another was: with its counts, and the last moment that was kept, of this session.
    pub fn resume(&mut self, (still, unusable): (u64, u64), last: Option<(u32, Moment)>) {
        (self.still, self.unusable) = (still, unusable);
        self.last = last;
    }

    /// Moments left out, since nobody moved, and since they cannot be used.
    pub fn left_out(&self) -> (u64, u64) {
        (self.still, self.unusable)
    }

    /// Takes away the views that cannot be learned from. `None` if fewer than two are left.
    pub fn usable(&mut self, mut moment: Moment) -> Option<Moment> {
        let mut worst = if moment.views.is_empty() { Fault::Nobody } else { Fault::OneView };
        moment.views.retain(|view| {
            let fault = self.fault_of(view);
            worst = fault.unwrap_or(worst);
            fault.is_none()
        });
        if moment.views.len() >= 2 {
            return Some(moment);
        }
        self.unusable += 1;
        self.count(worst);
        None
    }

    /// Whether somebody moved since the last moment of the same stretch that passed.
    pub fn moves(&mut self, session: u32, moment: &Moment) -> bool {
        let still = self.least_motion > 0.0
            && self.last.as_ref().is_some_and(|(of, last)| {
                *of == session
                    && last.segment == moment.segment
                    && change(last, moment, self.sample).is_some_and(|change| change < self.least_motion)
            });
        if still {
            self.still += 1;
            self.count(Fault::Still);
            return false;
        }
        if self.least_motion > 0.0 {
            self.last = Some((session, moment.clone()));
        }
        (self.in_a_row, self.fault) = (0, None);
        true
    }

    /// What is wrong with the stream, if it has been so for long.
    pub fn complaint(&self) -> Option<String> {
        let fault = self.fault.filter(|_| self.in_a_row >= TOLD_AFTER)?;
        Some(format!("the last {} moments {}", self.in_a_row, fault.words()))
    }

    fn count(&mut self, fault: Fault) {
        self.in_a_row += 1;
        self.fault = Some(fault);
    }

    fn fault_of(&self, view: &View) -> Option<Fault> {
        let sample = view.samples.get(self.sample)?;
        let covered = sample.mask.iter().filter(|&&value| value > 0).count();
        if covered == 0 {
            return Some(Fault::Nobody);
        }
        if covered as f64 > MOST_OF_CROP * sample.mask.len() as f64 {
            return Some(Fault::Flooded);
        }
        is_black(sample).then_some(Fault::Black)
    }
}

fn is_black(sample: &Sample) -> bool {
    let subject = sample.rgb.chunks_exact(3).zip(&*sample.mask).filter(|(_, mask)| **mask > 0);
    !subject.into_iter().any(|(pixel, _)| pixel.iter().any(|&value| value > BLACK))
}

/// How much the masks of two moments differ, as a share of the larger one: the mean over the cameras of both. `None` if
/// they have none in common.
fn change(one: &Moment, other: &Moment, sample: usize) -> Option<f64> {
    let (mut sum, mut views) = (0.0, 0u32);
    for view in &one.views {
        let same = other.views.iter().find(|other| other.camera == view.camera);
        let masks = (view.samples.get(sample), same.and_then(|view| view.samples.get(sample)));
        let (Some(one), Some(other)) = masks else { continue };
        let area = |sample: &Sample| sample.mask.iter().map(|&value| u64::from(value)).sum::<u64>();
        let apart: u64 = one.mask.iter().zip(&*other.mask).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        sum += apart as f64 / area(one).max(area(other)).max(1) as f64;
        views += 1;
    }
    (views > 0).then(|| sum / f64::from(views))
}

#[cfg(test)]
mod tests {
    use frame::SegmentId;

    use super::super::buffer::testing::moment;
    use super::*;

    const SIDE: usize = 8;

    /// A moment of views whose subject, of this brightness, covers these columns.
    fn seen(index: u32, views: &[(std::ops::Range<usize>, u8)]) -> Moment {
        let mut moment = moment(index, 0, views.len() as u16);
        for (view, (columns, value)) in moment.views.iter_mut().zip(views) {
            let subject = |at: usize| columns.contains(&(at % SIDE));
            let sample = &mut view.samples[0];
            sample.mask = (0..SIDE * SIDE).map(|at| if subject(at) { 255 } else { 0 }).collect();
            sample.rgb = (0..3 * SIDE * SIDE).map(|at| if subject(at / 3) { *value } else { 200 }).collect();
        }
        moment
    }

    fn complaint_after(views: &[(std::ops::Range<usize>, u8)]) -> String {
        let mut gate = Gate::new(0, 0.1);
        for index in 0..40 {
            assert!(index >= 30 || gate.complaint().is_none(), "too early: {index}");
            if let Some(moment) = gate.usable(seen(index, views)) {
                gate.moves(0, &moment);
            }
        }
        gate.complaint().unwrap_or_default()
    }

    #[test]
    fn what_is_wrong_with_a_stream_is_said() {
        let person = || (2..4, 120);
        assert!(complaint_after(&[]).contains("showed nobody"));
        assert!(complaint_after(&[(0..0, 0), (0..0, 0)]).contains("showed nobody"));
        assert!(complaint_after(&[person()]).contains("one camera alone"));
        assert!(complaint_after(&[(2..4, 3), (2..4, 5)]).contains("black"));
        assert!(complaint_after(&[person(), (0..8, 90)]).contains("background"));
        assert!(complaint_after(&[person(), person()]).contains("nobody who moves"));
    }

    #[test]
    fn a_view_that_cannot_be_used_costs_only_itself() {
        let mut gate = Gate::new(0, 0.0);
        let kept = gate.usable(seen(0, &[(2..4, 120), (0..8, 90), (1..3, 2), (3..5, 99)])).unwrap();
        assert_eq!(kept.views.iter().map(|view| view.camera.0).collect::<Vec<_>>(), [0, 3]);
        assert_eq!((gate.left_out(), gate.complaint()), ((0, 0), None));
    }

    #[test]
    fn only_what_moved_since_the_last_kept_moment_passes() {
        let mut gate = Gate::new(0, 0.5);
        let mut passes = |index, columns: std::ops::Range<usize>| {
            gate.moves(0, &seen(index, &[(columns.clone(), 120), (columns, 120)]))
        };
        // Four columns wide: a shift by one column changes a half of the mask, as two columns differ.
        assert!(passes(0, 0..4));
        assert!(!passes(1, 0..4));
        assert!(passes(2, 1..5), "a half is enough");
        assert!(!passes(3, 1..5));
        let mut other = seen(4, &[(1..5, 120), (1..5, 120)]);
        other.segment = SegmentId::seam(1);
        assert!(gate.moves(0, &other), "of another segment");
        assert!(gate.moves(1, &other), "of another session");
        assert_eq!(gate.left_out(), (2, 0));
    }
}
