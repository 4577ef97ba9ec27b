//! What pairs are drawn from: a take, or one camera of it, without the instants that are left out.

use frame_sync::pairs::{ImageRef, InstantMeta, PairSampler, SamplerConfig};
use recipe::{PairViews, SyncPlan};

use crate::data::rendered::{Dataset, DatasetTake, MovingInstants, Split};
use crate::seeds::seed_of;

/// Where a pair's views are of one camera: so many pictures of an instant, each cropped anew, stand for views.
const LOOKS: u32 = 4;

/// The part of a take that pairs are drawn from.
pub(crate) struct Strip {
    /// Index into [`Dataset::takes`].
    pub take: usize,
    views: StripViews,
    /// Those of the take, as the sampler is to see them. An instant that is left out has no views.
    pub instants: Vec<InstantMeta>,
}

/// What a view of the sampler's is.
#[derive(Clone, Copy)]
enum StripViews {
    /// The camera of that number.
    Cameras,
    /// One more look at this camera's picture.
    LooksAt(u16),
}

impl Strip {
    /// The strips of a split that contain pairs. Recorded takes count as training takes. Training takes contribute
    /// their moving instants only.
    pub fn of_split(plan: &SyncPlan, dataset: &Dataset, moving: &MovingInstants, split: Split) -> Vec<Self> {
        let takes = (0..)
            .zip(dataset.takes())
            .filter(|(_, take)| take.split == split || (split == Split::Train && take.split == Split::Recorded));
        let mut strips: Vec<Self> =
            takes.flat_map(|(index, take)| Self::of_take(plan.views, index, take, moving)).collect();
        strips.retain(|strip| strip.has_pairs(plan.sampler()));
        strips
    }

    fn of_take(views: PairViews, index: usize, take: &DatasetTake, moving: &MovingInstants) -> Vec<Self> {
        let strip = |views: StripViews| {
            let seen = |(at, meta): (usize, &InstantMeta)| match views {
                _ if !moving.contains(index, at) => InstantMeta { views: 0, ..*meta },
                StripViews::Cameras => *meta,
                StripViews::LooksAt(camera) => {
                    InstantMeta { views: if meta.views >> camera & 1 == 1 { (1 << LOOKS) - 1 } else { 0 }, ..*meta }
                }
            };
            Self { take: index, views, instants: take.instants.iter().enumerate().map(seen).collect() }
        };
        match views {
            PairViews::Several => vec![strip(StripViews::Cameras)],
            PairViews::Single => {
                let cameras = take.rows.first().map_or(0, Vec::len) as u16;
                (0..cameras).map(|camera| strip(StripViews::LooksAt(camera))).collect()
            }
        }
    }

    fn has_pairs(&self, sampler: SamplerConfig) -> bool {
        PairSampler::new(sampler, 0).all_pairs(&self.instants, 2).is_some()
    }

    /// Most views of an instant.
    pub fn most_views(&self) -> u32 {
        self.instants.iter().map(|at| at.views.count_ones()).max().unwrap_or(0)
    }

    /// The dataset's row of an image; `take` is the strip's take.
    pub fn row(&self, take: &DatasetTake, image: &ImageRef) -> Option<u32> {
        let camera = match self.views {
            StripViews::Cameras => image.view,
            StripViews::LooksAt(camera) => camera,
        };
        take.rows[image.instant][usize::from(camera)]
    }

    /// The seed of its draw in a step with this seed.
    pub fn seed(&self, step: u64) -> u64 {
        match self.views {
            StripViews::Cameras => seed_of(&[step, self.take as u64]),
            StripViews::LooksAt(camera) => seed_of(&[step, self.take as u64, camera.into()]),
        }
    }
}
