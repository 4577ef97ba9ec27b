//! Compares bodies by the rig's own network with those by the finder of joints, on instants that were held back.

use std::collections::VecDeque;
use std::f64::consts::SQRT_2;
use std::time::Duration;

use body::joints;
use geometry::{Observation, Points};
use pose::JOINTS;
use transport::FinderSet;

use super::gate::Figures;
use crate::rig::{Placing, upper_median};

/// Held-back instants that are kept, the last ones.
const KEPT: usize = 60;
/// Costs that medians are taken of, the last ones.
const COSTS: usize = 32;

/// What the views of one instant show; `None` for a view without a person.
pub type Views = Vec<Option<Observation>>;

/// A held-back instant, as the finder saw it.
pub struct HeldBack {
    /// The crops for the own network.
    pub crops: FinderSet,
    pub by_finder: Views,
    /// The same by a smaller network, in rigs with too few cameras for two halves.
    pub by_smaller: Option<Views>,
}

/// The differences at one instant, in millimetres.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Differences {
    /// `None` if the own network's views give no body.
    pub own_mm: Option<f64>,
    /// How far the finder is off with half of the views, as the difference between two halves shows it; or how far its
    /// smaller network is from it. `None` if it cannot be told.
    pub finder_mm: Option<f64>,
}

/// Differences and costs so far.
#[derive(Default)]
pub struct Judge {
    held_back: VecDeque<(HeldBack, Option<Differences>)>,
    own_ms: VecDeque<f64>,
    finder_ms: VecDeque<f64>,
}

impl Judge {
    pub fn hold_back(&mut self, instant: HeldBack) {
        if self.held_back.len() == KEPT {
            self.held_back.pop_front();
        }
        self.held_back.push_back((instant, None));
    }

    /// Whether an instant of this set is held.
    pub fn has(&self, crops: &FinderSet) -> bool {
        let same = |held: &FinderSet| held.set == crops.set && held.exposure.ns == crops.exposure.ns;
        self.held_back.iter().any(|(held, _)| same(&held.crops))
    }

    /// Forgets all instants, which show what is no longer so: a camera was moved, or somebody looks different.
    pub fn forget(&mut self) {
        self.held_back.clear();
    }

    /// The differences are measured anew, after the network or the geometry changed.
    pub fn again(&mut self) {
        self.held_back.iter_mut().for_each(|(_, differences)| *differences = None);
    }

    /// An instant that is not judged yet.
    pub fn next(&self) -> Option<&HeldBack> {
        self.held_back.iter().find(|(_, judged)| judged.is_none()).map(|(held, _)| held)
    }

    /// The judgement of [`Self::next`]. `None` drops it, for an instant without a body.
    pub fn judged(&mut self, differences: Option<Differences>) {
        let Some(at) = self.held_back.iter().position(|(_, judged)| judged.is_none()) else { return };
        match differences {
            Some(_) => self.held_back[at].1 = differences,
            None => drop(self.held_back.remove(at)),
        }
    }

    pub fn own_took(&mut self, spent: Duration) {
        remember(&mut self.own_ms, spent);
    }

    pub fn finder_took(&mut self, spent: Duration) {
        remember(&mut self.finder_ms, spent);
    }

    /// Of the instants on which both can be told.
    pub fn figures(&self) -> Figures {
        let judged = || self.held_back.iter().filter_map(|(_, judged)| *judged).filter(|of| of.finder_mm.is_some());
        Figures {
            instants: judged().count(),
            // A missing body counts as infinitely far away.
            own_mm: upper_median(judged().map(|of| of.own_mm.unwrap_or(f64::INFINITY)).collect()),
            finder_mm: upper_median(judged().filter_map(|of| of.finder_mm).collect()),
            own_cpu_ms: upper_median(self.own_ms.iter().copied().collect()),
            finder_cpu_ms: upper_median(self.finder_ms.iter().copied().collect()),
        }
    }
}

fn remember(costs: &mut VecDeque<f64>, spent: Duration) {
    if costs.len() == COSTS {
        costs.pop_front();
    }
    costs.push_back(spent.as_secs_f64() * 1e3);
}

/// How far bodies of one instant are apart. `None` if the finder's views give no body that two cameras agree on.
pub fn differences(
    placing: &Placing,
    own_placing: &Placing,
    by_finder: &Views,
    by_smaller: Option<&Views>,
    by_own: &Views,
) -> Option<Differences> {
    let finder = points(placing, by_finder)?;
    let finder_mm = match halves(placing, by_finder) {
        Some(halves) => {
            let [one, other] = halves.map(|half| points(placing, &half));
            // Both halves err, and by as much.
            one.zip(other).map(|(one, other)| apart_mm(&one, &other) / SQRT_2)
        }
        None => by_smaller.and_then(|views| Some(apart_mm(&finder, &points(placing, views)?))),
    };
    Some(Differences { own_mm: points(own_placing, by_own).map(|own| apart_mm(&own, &finder)), finder_mm })
}

/// Whether these views give a body that two cameras agree on.
pub fn has_body(placing: &Placing, views: &Views) -> bool {
    points(placing, views).is_some()
}

/// Whether views can be halved; with fewer, a smaller finder is needed.
pub fn has_halves(placing: &Placing, views: &Views) -> bool {
    halves(placing, views).is_some()
}

/// The views in two halves without a common camera; `None` if there are fewer than two for each.
fn halves(placing: &Placing, views: &Views) -> Option<[Views; 2]> {
    let seen: Vec<usize> = (0..views.len()).filter(|&at| placing.is_placed(at) && views[at].is_some()).collect();
    let half = |parity: usize| -> Views {
        let kept: Vec<usize> = seen.iter().copied().skip(parity).step_by(2).collect();
        views.iter().enumerate().map(|(at, view)| view.clone().filter(|_| kept.contains(&at))).collect()
    };
    (seen.len() >= 4).then(|| [half(0), half(1)])
}

fn points(placing: &Placing, views: &Views) -> Option<Points> {
    let body = placing.body(views).inspect_err(|error| tracing::debug!(%error, "no body to compare")).ok()??;
    (!body.is_alone()).then_some(body.points_mm)
}

/// The mean distance of the joints.
fn apart_mm(one: &Points, other: &Points) -> f64 {
    joints(one).iter().zip(&joints(other)).map(|(a, b)| (a - b).norm()).sum::<f64>() / JOINTS as f64
}

#[cfg(test)]
#[path = "../../../geometry/tests/support/mod.rs"]
pub(super) mod support;

#[cfg(test)]
mod tests {
    use body::RigCameras;
    use geometry::Options;

    use super::support::{Faults, SIZE, four, scene_of};
    use super::*;

    fn rig() -> (Placing, Vec<Views>) {
        let scene = scene_of(20, four(), 60, 11.0, &Faults::default());
        let names: Vec<String> = (0..4).map(|camera| format!("cam{camera}")).collect();
        let cameras = RigCameras { names: names.clone(), sizes_px: vec![SIZE; 4] };
        let found = body::find_rig(&cameras, &scene.instants, &scene.instants, &Options::default(), None, "").unwrap();
        (Placing::new(&found.geometry, &names, &[SIZE; 4]).unwrap(), scene.instants)
    }

    /// The views of a person who stands further right in the pictures of one camera.
    fn shifted(views: &Views, px: f64) -> Views {
        let mut views = views.clone();
        for view in views.iter_mut().flatten() {
            view.px.iter_mut().for_each(|point| point[0] += px);
        }
        views
    }

    #[test]
    fn a_network_that_sees_the_same_differs_less_than_the_finder_from_itself() {
        let (placing, instants) = rig();
        let found = |views: &Views, own: &Views| differences(&placing, &placing, views, None, own).unwrap();
        let same = found(&instants[5], &instants[5]);
        assert_eq!(same.own_mm, Some(0.0));
        assert!(same.finder_mm.is_some_and(|mm| mm > 0.0), "halves with noise differ: {same:?}");
        let other = found(&instants[5], &instants[30]).own_mm.unwrap();
        let shifted = found(&instants[5], &shifted(&instants[5], 4.0)).own_mm.unwrap();
        assert!(shifted > 1.0 && other > shifted, "{shifted} mm for 4 px, {other} mm for another pose");
    }

    #[test]
    fn three_views_have_no_halves_but_may_have_a_smaller_finder() {
        let (placing, instants) = rig();
        let mut three = instants[5].clone();
        three[2] = None;
        let alone = differences(&placing, &placing, &three, None, &three).unwrap();
        assert_eq!(alone.finder_mm, None);
        let beside = differences(&placing, &placing, &three, Some(&shifted(&three, 4.0)), &three).unwrap();
        assert!(beside.finder_mm.is_some_and(|mm| mm > 1.0), "{beside:?}");
    }

    #[test]
    fn a_missing_body_counts_as_infinitely_far() {
        let (placing, instants) = rig();
        let nobody = vec![None; 4];
        let found = differences(&placing, &placing, &instants[5], None, &nobody).unwrap();
        assert_eq!(found.own_mm, None);
        let mut judge = Judge::default();
        for set in 0..3 {
            judge.hold_back(HeldBack { crops: crops(set), by_finder: instants[5].clone(), by_smaller: None });
            judge.judged(Some(if set == 0 { Differences { own_mm: Some(3.0), ..found } } else { found }));
        }
        assert_eq!(judge.figures().own_mm, Some(f64::INFINITY));
        assert!(judge.next().is_none() && judge.has(&crops(1)));
        judge.again();
        assert!(judge.next().is_some() && judge.figures().instants == 0);
    }

    fn crops(set: u64) -> FinderSet {
        FinderSet {
            set: frame::SetIndex(set),
            trigger: frame::TriggerIndex::Unresolved,
            segment: frame::SegmentId::seam(0),
            exposure: frame::HostTime::monotonic(0, 0),
            source: None,
            views: Vec::new(),
            unusable: vec![],
        }
    }
}
