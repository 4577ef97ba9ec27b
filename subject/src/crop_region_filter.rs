//! Smooths the square that a camera's crops show over time.

use std::collections::VecDeque;

use frame::{FrameInfo, SegmentId};

use crate::{Preprocessing, Region};

/// Least time between two pictures that vote on the side.
const VOTE_NS: u64 = 200_000_000;

/// Smooths the square that a camera's crops show over time.
///
/// A subject's box changes from picture to picture whenever a limb is lifted, lost in the background or merged with its
/// shadow, although the person's size does not. So the side is the mean of the middle half of about two seconds, and
/// the centre follows the subject as if on a leash: at once, but only as far as needed. Both depend on times, not on
/// the frame rate.
pub struct CropRegionFilter {
    slack: f32,
    voters: usize,
    /// The sides that pictures suggested, oldest first.
    votes: VecDeque<f32>,
    voted_ns: Option<i64>,
    /// The last centre and its segment: a seam cuts the leash.
    last: Option<(SegmentId, [f32; 2])>,
}

impl CropRegionFilter {
    /// A filter that has seen no picture.
    pub fn new(settings: &Preprocessing) -> Self {
        Self {
            slack: settings.centre_slack,
            voters: settings.side_pictures.into(),
            votes: VecDeque::new(),
            voted_ns: None,
            last: None,
        }
    }

    /// Sets all votes to the mean of the middle half of `sides`; does nothing if `sides` is empty.
    pub fn expect(&mut self, mut sides: Vec<f32>) {
        if let Some(side) = middle(&mut sides) {
            self.votes = std::iter::repeat_n(side, self.voters).collect();
        }
    }

    /// The smoothed square; `wanted` is the one that fits the subject in this picture alone.
    pub fn follow(&mut self, info: &FrameInfo, wanted: Region) -> Region {
        self.vote(info.exposure.ns, wanted.side_px);
        let mut votes: Vec<f32> = self.votes.iter().copied().collect();
        let side_px = middle(&mut votes).unwrap_or(wanted.side_px);
        let centre_px = match self.last {
            Some((segment, centre)) if segment == info.segment => pull(centre, wanted.centre_px, self.slack * side_px),
            _ => wanted.centre_px,
        };
        self.last = Some((info.segment, centre_px));
        Region { centre_px, side_px }
    }

    fn vote(&mut self, exposure_ns: i64, side: f32) {
        // A seam may set the clock back, so the absolute difference counts.
        if self.voted_ns.is_some_and(|voted| voted.abs_diff(exposure_ns) < VOTE_NS) {
            return;
        }
        self.voted_ns = Some(exposure_ns);
        if self.votes.len() >= self.voters {
            self.votes.pop_front();
        }
        self.votes.push_back(side);
    }
}

/// The mean of the middle half: outliers do not matter, and it changes in small steps where a median would jump.
fn middle(values: &mut [f32]) -> Option<f32> {
    values.sort_unstable_by(f32::total_cmp);
    let cut = values.len() / 4;
    let half = &values[cut..values.len() - cut];
    (!half.is_empty()).then(|| half.iter().sum::<f32>() / half.len() as f32)
}

/// `from`, moved towards `to` until they are no more than `leash` apart.
fn pull(from: [f32; 2], to: [f32; 2], leash: f32) -> [f32; 2] {
    let [dx, dy] = [to[0] - from[0], to[1] - from[1]];
    let distance = dx.hypot(dy);
    if distance <= leash {
        return from;
    }
    let share = (distance - leash) / distance;
    [from[0] + share * dx, from[1] + share * dy]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn wild_values_do_not_count() {
        assert_eq!(middle(&mut []), None);
        assert_eq!(middle(&mut [7.0]), Some(7.0));
        assert_eq!(middle(&mut [4.0, 900.0, 5.0, 0.0, 6.0]), Some(5.0));
    }

    proptest! {
        #[test]
        fn a_leash_moves_no_further_than_needed(
            from in prop::array::uniform2(-500.0..500.0f32), to in prop::array::uniform2(-500.0..500.0f32),
            leash in 0.0..300.0f32,
        ) {
            let distance = |a: [f32; 2], b: [f32; 2]| (a[0] - b[0]).hypot(a[1] - b[1]);
            let got = pull(from, to, leash);
            prop_assert!(distance(got, to) <= leash.min(distance(from, to)) + 1e-2);
            let needed = (distance(from, to) - leash).max(0.0);
            prop_assert!((distance(from, got) - needed).abs() < 1e-2);
        }
    }
}
