//! What is kept to learn from: the newest moments, or those that look least like others. Its bytes are bounded.

mod anchors;
mod file;
mod shelf;

use std::collections::{BTreeSet, VecDeque};

use frame_sync::pairs::InstantMeta;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use recipe::Keep;
use transport::Moment;

use anchors::{Anchor, Anchors};
pub(crate) use file::{BufferFile, Buffers};
use shelf::{Shelf, Stretch};

/// How long before an anchor its companions are: 5, 10, 20, 40 and 80 frames at the 50 Hz of the paper.
const LAGS_MS: [i64; 5] = [100, 200, 400, 800, 1600];
/// A companion may be off its lag by so much of it.
const LAG_TOLERANCE: f64 = 0.3;
/// The newest moments are all held for so long, so that anchors find their companions.
const WINDOW_MS: i64 = 2_100;
const MS: i64 = 1_000_000;

/// What a buffer may hold, and what stays.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub bytes: u64,
    pub moments: usize,
    pub keep: Keep,
    pub anchor_every_ms: f64,
}

/// Moments to learn from, in order of arrival. Repeated instants of a looping source are kept beside the older copies,
/// each loop in its own segment.
pub(crate) struct Buffer {
    limits: Limits,
    shelf: Shelf,
    /// Moments held because they are new.
    newest: VecDeque<u64>,
    anchors: Anchors,
    /// The last moment that was offered as an anchor: its stretch and time.
    offered: Option<(Stretch, i64)>,
    session: u32,
}

impl Buffer {
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            shelf: Shelf::default(),
            newest: VecDeque::new(),
            anchors: Anchors::default(),
            offered: None,
            session: 0,
        }
    }

    /// Moments that follow belong to this session, even where their segments and times are like those of another.
    pub fn begin_session(&mut self, session: u32) {
        self.session = session;
    }

    /// Adds a moment. One that should become an anchor is named: its features are to be given to
    /// [`Self::add_anchor`].
    pub fn push(&mut self, moment: Moment) -> Option<u64> {
        let id = self.shelf.put(self.session, moment);
        self.newest.push_back(id);
        if self.limits.keep == Keep::LeastRedundant {
            self.forget_old(id);
        }
        self.make_room();
        let at = self.shelf.position(id)?;
        (self.limits.keep == Keep::LeastRedundant && self.is_anchor_due(at)).then_some(id)
    }

    /// Makes a moment an anchor, with the mean of its views' features, unless it is gone already.
    pub fn add_anchor(&mut self, id: u64, features: Vec<f32>) {
        let Some(at) = self.shelf.position(id) else { return };
        let (stretch, companions) = (self.shelf.held()[at].stretch, self.companions(at));
        self.offered = Some((stretch, self.shelf.metas()[at].exposure_ns));
        self.shelf.hold(id);
        companions.iter().for_each(|&companion| self.shelf.hold(companion));
        self.anchors.add(Anchor { id, session: stretch.session, companions, features });
        self.make_room();
    }

    /// Drops all moments of this session that were exposed after this time.
    pub fn forget_after(&mut self, exposure_ns: i64) {
        let later = |(held, meta): &(&shelf::Held, &InstantMeta)| {
            held.stretch.session == self.session && meta.exposure_ns > exposure_ns
        };
        let gone: BTreeSet<u64> =
            self.shelf.held().iter().zip(self.shelf.metas()).filter(later).map(|(held, _)| held.id).collect();
        // Companions come before their anchor, so they go with it or stay.
        for anchor in self.anchors.take(&gone) {
            anchor.companions.iter().for_each(|&companion| self.shelf.release(companion));
            self.shelf.release(anchor.id);
        }
        self.newest.retain(|id| !gone.contains(id));
        gone.iter().for_each(|&id| self.shelf.release(id));
    }

    /// The moment at this place was encoded once more, in training.
    pub fn encoded(&mut self, place: usize, features: &[f32]) {
        if let Some(held) = self.shelf.held().get(place) {
            self.anchors.seen(held.id, features);
        }
    }

    /// Moments of one stretch, by their places, no further than so far from one that is drawn at random: from an
    /// anchor, if there are any. `None` if nothing is held.
    pub fn surroundings(&self, reach_ns: i64, rng: &mut ChaCha8Rng) -> Option<Vec<usize>> {
        let anchors = self.anchors.list();
        let at = match anchors.len() {
            0 if self.len() == 0 => return None,
            0 => rng.random_range(0..self.len()),
            count => self.shelf.position(anchors[rng.random_range(0..count)].id)?,
        };
        let metas = self.shelf.metas();
        let near = |meta: &InstantMeta| {
            meta.segment == metas[at].segment && (meta.exposure_ns - metas[at].exposure_ns).abs() < reach_ns
        };
        Some((0..metas.len()).filter(|&place| near(&metas[place])).collect())
    }

    pub fn metas(&self) -> &[InstantMeta] {
        self.shelf.metas()
    }

    pub fn get(&self, place: usize) -> Option<&Moment> {
        self.shelf.held().get(place).map(|held| &held.moment)
    }

    /// The moment that was pushed last, with its session.
    pub fn last(&self) -> Option<(u32, &Moment)> {
        self.shelf.held().last().map(|held| (held.stretch.session, &held.moment))
    }

    /// The place of the moment of this number.
    pub fn place(&self, id: u64) -> Option<usize> {
        self.shelf.position(id)
    }

    pub fn len(&self) -> usize {
        self.shelf.held().len()
    }

    /// Bytes of pictures and masks; features of anchors are not counted.
    pub fn bytes(&self) -> u64 {
        self.shelf.bytes()
    }

    pub fn anchors(&self) -> usize {
        self.anchors.list().len()
    }

    /// Number of distinct instants: each source position counts once, even if the source has looped.
    pub fn distinct(&self) -> usize {
        let mut positions = std::collections::HashSet::new();
        let moments = self.shelf.held().iter().map(|held| &held.moment);
        moments.filter(|moment| moment.source.is_none_or(|at| positions.insert(at.index))).count()
    }

    fn is_anchor_due(&self, at: usize) -> bool {
        let (stretch, now) = (self.shelf.held()[at].stretch, self.shelf.metas()[at].exposure_ns);
        self.offered.is_none_or(|(other, then)| {
            other != stretch || (now - then).abs() as f64 >= self.limits.anchor_every_ms * MS as f64
        })
    }

    /// The moments of the same stretch that are nearest to each lag before this one.
    fn companions(&self, at: usize) -> Vec<u64> {
        let (held, metas) = (self.shelf.held(), self.shelf.metas());
        let mut companions: Vec<u64> = Vec::new();
        for lag in LAGS_MS.map(|ms| ms * MS) {
            let wanted = metas[at].exposure_ns - lag;
            let off = |place: usize| (metas[place].exposure_ns - wanted).abs();
            let same = (0..at).rev().take_while(|&place| metas[place].segment == metas[at].segment);
            let nearest = same.min_by_key(|&place| off(place));
            if let Some(place) = nearest.filter(|&place| off(place) as f64 <= LAG_TOLERANCE * lag as f64) {
                companions.push(held[place].id);
            }
        }
        companions.dedup();
        companions
    }

    /// Lets go of new moments that are no longer new, beside `id`.
    fn forget_old(&mut self, id: u64) {
        let Some(now) = self.shelf.position(id) else { return };
        let (stretch, now_ns) = (self.shelf.held()[now].stretch, self.shelf.metas()[now].exposure_ns);
        // Half of the room is for anchors, however small it is.
        let fitting = self.limits.bytes / shelf::bytes(&self.shelf.held()[now].moment).max(1);
        let room = usize::try_from(fitting).unwrap_or(usize::MAX).min(self.limits.moments);
        while let Some(&oldest) = self.newest.front().filter(|&&oldest| oldest != id) {
            let is_new = self.shelf.position(oldest).is_some_and(|at| {
                let age_ns = now_ns - self.shelf.metas()[at].exposure_ns;
                self.shelf.held()[at].stretch == stretch && age_ns <= WINDOW_MS * MS
            });
            if is_new && self.newest.len() <= room / 2 {
                return;
            }
            self.newest.pop_front();
            self.shelf.release(oldest);
        }
    }

    fn make_room(&mut self) {
        while self.len() > 1 && (self.len() > self.limits.moments || self.bytes() > self.limits.bytes) {
            if let Some(anchor) = self.anchors.take_most_redundant() {
                anchor.companions.iter().for_each(|&companion| self.shelf.release(companion));
                self.shelf.release(anchor.id);
            } else if let Some(oldest) = self.newest.pop_front() {
                self.shelf.release(oldest);
            } else {
                return;
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
