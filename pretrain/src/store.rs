//! The moments that are learned from or measured on: the newest, within a bound of bytes.

use frame_sync::{InstantMeta, MomentHistory};
use transport::Moment;

/// Views beyond this many have no bit in [`InstantMeta::views`].
const MAX_VIEWS: usize = 32;

/// First in, first out. The copies that a looping source sends again coexist with the older ones, each loop in a
/// segment of its own, and go as they age.
pub(crate) struct Store {
    limit_bytes: u64,
    limit_moments: usize,
    /// Of the largest moment so far; what the capacity was computed from.
    moment_bytes: u64,
    history: MomentHistory<Moment>,
}

impl Store {
    pub fn new(limit_bytes: u64, limit_moments: usize) -> Self {
        Self { limit_bytes, limit_moments, moment_bytes: 0, history: MomentHistory::new(limit_moments) }
    }

    pub fn push(&mut self, moment: Moment) {
        let bytes = bytes(&moment);
        if bytes > self.moment_bytes {
            self.moment_bytes = bytes;
            self.resize();
        }
        self.history.push(meta(&moment), moment);
    }

    fn resize(&mut self) {
        let fitting = usize::try_from(self.limit_bytes / self.moment_bytes.max(1)).unwrap_or(usize::MAX);
        let mut smaller = MomentHistory::new(fitting.min(self.limit_moments));
        for (index, &meta) in self.history.metas().iter().enumerate() {
            if let Some(moment) = self.history.get(index) {
                smaller.push(meta, moment.clone());
            }
        }
        self.history = smaller;
    }

    pub fn metas(&self) -> &[InstantMeta] {
        self.history.metas()
    }

    pub fn get(&self, index: usize) -> Option<&Moment> {
        self.history.get(index)
    }

    pub fn len(&self) -> usize {
        self.history.len()
    }

    /// Distinct instants: a source position counts once however often the source has looped.
    pub fn distinct(&self) -> usize {
        let mut positions = std::collections::HashSet::new();
        let moments = (0..self.len()).filter_map(|index| self.get(index));
        moments.filter(|moment| moment.source.is_none_or(|at| positions.insert(at.index))).count()
    }
}

fn bytes(moment: &Moment) -> u64 {
    let samples = moment.views.iter().flat_map(|view| &view.samples);
    samples.map(|sample| (sample.rgb.len() + sample.mask.len()) as u64).sum()
}

fn meta(moment: &Moment) -> InstantMeta {
    let cameras = moment.views.iter().map(|view| view.camera.index());
    let views = cameras.filter(|&index| index < MAX_VIEWS).fold(0, |views, index| views | 1 << index);
    InstantMeta { segment: moment.segment, exposure_ns: moment.exposure.ns, views }
}
