//! Which anchors look most alike: minimum redundancy (Purushwalkam et al., ECCV 2022).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// The part of an anchor's features that stays when it is seen again.
const STAYS: f32 = 0.5;

/// A moment that stays with its companions for as long as little else looks like it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Anchor {
    pub id: u64,
    pub session: u32,
    /// Moments before it, of its own stretch.
    pub companions: Vec<u64>,
    /// A running mean over the times that it was encoded, each the mean over its views.
    pub features: Vec<f32>,
}

/// An anchor's nearest other one. The order is by distance, then by age.
type Nearest = (f32, u64);

/// All anchors, the oldest first, each with its nearest other one.
#[derive(Default)]
pub(super) struct Anchors {
    list: Vec<Anchor>,
    /// Features of length 1, and the nearest other anchor.
    places: Vec<(Vec<f32>, Option<Nearest>)>,
}

impl Anchors {
    /// Anchors with the oldest first.
    pub fn of(list: Vec<Anchor>) -> Self {
        let places = list.iter().map(|anchor| (unit(&anchor.features), None)).collect();
        let mut anchors = Self { list, places };
        (0..anchors.list.len()).for_each(|at| anchors.places[at].1 = anchors.nearest(at));
        anchors
    }

    pub fn list(&self) -> &[Anchor] {
        &self.list
    }

    /// Adds an anchor, younger than all others.
    pub fn add(&mut self, anchor: Anchor) {
        self.places.push((unit(&anchor.features), None));
        self.list.push(anchor);
        self.moved(self.list.len() - 1);
    }

    /// The anchor was encoded again. Nothing happens if it is none.
    pub fn seen(&mut self, id: u64, features: &[f32]) {
        let Ok(at) = self.list.binary_search_by_key(&id, |anchor| anchor.id) else { return };
        let mean = &mut self.list[at].features;
        mean.iter_mut().zip(features).for_each(|(mean, new)| *mean = STAYS * *mean + (1.0 - STAYS) * new);
        self.places[at].0 = unit(&self.list[at].features);
        self.moved(at);
    }

    /// Takes away the anchor that is nearest to another, the older of two; only of sessions that have more than an equal
    /// share, if there are several.
    pub fn take_most_redundant(&mut self) -> Option<Anchor> {
        let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
        self.list.iter().for_each(|anchor| *counts.entry(anchor.session).or_default() += 1);
        let most_redundant = (0..self.list.len())
            .filter(|&at| counts[&self.list[at].session] * counts.len() >= self.list.len())
            .min_by(|&a, &b| distance(self.places[a].1).total_cmp(&distance(self.places[b].1)))?;
        Some(self.remove(most_redundant))
    }

    /// Takes away the anchors among these.
    pub fn take(&mut self, ids: &BTreeSet<u64>) -> Vec<Anchor> {
        let (taken, stay) = std::mem::take(&mut self.list).into_iter().partition(|anchor| ids.contains(&anchor.id));
        *self = Self::of(stay);
        taken
    }

    fn remove(&mut self, at: usize) -> Anchor {
        self.places.remove(at);
        let gone = self.list.remove(at);
        for other in 0..self.list.len() {
            if self.places[other].1.is_some_and(|(_, id)| id == gone.id) {
                self.places[other].1 = self.nearest(other);
            }
        }
        gone
    }

    /// The features of an anchor changed.
    fn moved(&mut self, at: usize) {
        let id = self.list[at].id;
        for other in (0..self.list.len()).filter(|&other| other != at) {
            let apart = (cosine_distance(&self.places[at].0, &self.places[other].0), id);
            self.places[other].1 = match self.places[other].1 {
                Some((_, nearest)) if nearest == id => self.nearest(other),
                Some(nearest) if nearest <= apart => Some(nearest),
                _ => Some(apart),
            };
        }
        self.places[at].1 = self.nearest(at);
    }

    fn nearest(&self, at: usize) -> Option<Nearest> {
        let others = (0..self.list.len()).filter(|&other| other != at);
        let apart =
            others.map(|other| (cosine_distance(&self.places[at].0, &self.places[other].0), self.list[other].id));
        apart.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)))
    }
}

fn distance(nearest: Option<Nearest>) -> f32 {
    nearest.map_or(f32::INFINITY, |(distance, _)| distance)
}

fn unit(features: &[f32]) -> Vec<f32> {
    let length = features.iter().map(|value| value * value).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
    features.iter().map(|value| value / length).collect()
}

fn cosine_distance(one: &[f32], other: &[f32]) -> f32 {
    1.0 - one.iter().zip(other).map(|(a, b)| a * b).sum::<f32>()
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn anchor(id: u64, session: u32, features: [f32; 2]) -> Anchor {
        Anchor { id, session, companions: vec![], features: features.to_vec() }
    }

    fn at(degrees: f32) -> [f32; 2] {
        [degrees.to_radians().cos(), degrees.to_radians().sin()]
    }

    #[test]
    fn of_two_that_look_alike_the_older_goes() {
        let mut anchors =
            Anchors::of([0.0, 30.0, 32.0, 80.0].map(at).into_iter().zip(0..).map(|(f, id)| anchor(id, 0, f)).collect());
        assert_eq!(anchors.take_most_redundant().unwrap().id, 1);
        // 32° to 0° is now the least of all.
        assert_eq!(anchors.take_most_redundant().unwrap().id, 0);
        anchors.add(anchor(7, 0, at(33.0)));
        anchors.seen(7, &at(127.0));
        assert_eq!(anchors.list()[2].features.iter().map(|v| (v * 100.0).round()).collect::<Vec<_>>(), [12.0, 67.0]);
        assert_eq!(anchors.take_most_redundant().unwrap().id, 3, "the mean is at 80°");
    }

    #[test]
    fn a_session_keeps_its_equal_share() {
        // Session 0 stands still, session 1 moves.
        let mut anchors = Anchors::default();
        (0..4).for_each(|id| anchors.add(anchor(id, 0, at(id as f32 * 0.1))));
        (4..12).for_each(|id| anchors.add(anchor(id, 1, at(id as f32 * 7.0))));
        while anchors.list().len() > 8 {
            anchors.take_most_redundant().unwrap();
        }
        assert_eq!(anchors.list().iter().filter(|anchor| anchor.session == 0).count(), 4);
    }

    /// The nearest of each are kept up to date step by step; here they are looked up anew.
    #[test]
    fn after_any_changes_the_nearest_are_the_nearest() {
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        let mut anchors = Anchors::default();
        for id in 0..300 {
            anchors.add(anchor(id, (id / 100) as u32, at(rng.random_range(0.0..90.0))));
            let seen = anchors.list()[rng.random_range(0..anchors.list().len())].id;
            anchors.seen(seen, &at(rng.random_range(0.0..90.0)));
            if anchors.list().len() > 20 {
                anchors.take_most_redundant().unwrap();
            }
            let anew = Anchors::of(anchors.list().to_vec());
            assert_eq!(anew.places, anchors.places, "after {id}");
        }
    }
}
