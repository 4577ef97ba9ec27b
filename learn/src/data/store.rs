//! A buffer of the newest moments, with a limit on its bytes.

use frame_sync::pairs::{InstantMeta, MomentHistory};
use transport::Moment;

/// Views beyond this many have no bit in [`InstantMeta::views`].
const MAX_VIEWS: usize = 32;

/// First in, first out. Repeated instants of a looping source are kept beside the older copies, each loop in its own
/// segment, until they age out.
pub(crate) struct Store {
    limit_bytes: u64,
    limit_moments: usize,
    /// Bytes of the largest moment so far, which determine the capacity.
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

    /// Drops all instants that were exposed after this time.
    pub fn forget_after(&mut self, exposure_ns: i64) {
        self.history.drop_newest_while(|meta| meta.exposure_ns > exposure_ns);
    }

    /// Number of distinct instants: each source position counts once, even if the source has looped.
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

#[cfg(test)]
mod tests {
    use frame::{CameraId, HostTime, SegmentId, SetIndex, SourcePosition, TriggerIndex};
    use subject::{BackgroundId, Region, Sample};
    use transport::View;

    use super::*;

    /// 4 × 64 bytes per view.
    fn moment(index: u32, views: u16) -> Moment {
        let exposure = HostTime::monotonic(index.into(), 0);
        let sample = Sample {
            size_px: 8,
            rgb: vec![0; 192].into(),
            mask: vec![0; 64].into(),
            region: Region { centre_px: [0.0, 0.0], side_px: 8.0 },
            background: BackgroundId(0),
        };
        let view = |camera| {
            let (camera, samples) = (CameraId(camera), vec![sample.clone()]);
            View { camera, exposure, frame_px: (640, 480), samples }
        };
        Moment {
            set: SetIndex(index.into()),
            trigger: TriggerIndex::Unresolved,
            segment: SegmentId::seam(0),
            exposure,
            arrival_ns: 0,
            source: Some(SourcePosition { index: index % 3, length: 3 }),
            preprocessing: 0,
            views: (0..views).map(view).collect(),
            unusable: vec![],
        }
    }

    #[test]
    fn bytes_bound_it_also_when_a_larger_moment_comes_late() {
        let mut store = Store::new(8 * 256, 100);
        (0..20).for_each(|index| store.push(moment(index, 1)));
        assert_eq!(store.len(), 8);
        store.push(moment(20, 2));
        assert_eq!(store.len(), 4);
        let held: Vec<u64> = (0..4).map(|index| store.get(index).unwrap().set.0).collect();
        assert_eq!(held, [17, 18, 19, 20]);
        assert_eq!(store.metas()[3].views, 0b11);
        assert_eq!(store.distinct(), 3);
    }

    #[test]
    fn moments_bound_it_too() {
        let mut store = Store::new(u64::MAX, 5);
        (0..20).for_each(|index| store.push(moment(index, 4)));
        assert_eq!(store.len(), 5);
    }
}
