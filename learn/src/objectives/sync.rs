//! SYNC as a pretext task.

use frame_sync::pairs::{InstantMeta, PairSampler, SamplerConfig};
use model::{Background, Mode, ModelError, SyncNet};
use recipe::{BatchForm, PretrainRecipe};
use tch::Tensor;

use super::pretext::{Draw, HeadLosses, PretextTask, pair_loss};
use crate::data::SampleWanted;

/// SYNC (Jenni & Favaro 2020, §3): which two views show the same instant, and whether one of them is mirrored.
#[derive(Clone, Copy, Debug)]
pub struct Sync {
    batch: BatchForm,
    background: Background,
    sampler: SamplerConfig,
}

impl Sync {
    pub fn new(recipe: &PretrainRecipe) -> Self {
        Self { batch: recipe.batch, background: recipe.background, sampler: recipe.sampler() }
    }

    /// The task on all pairs of `times` instants.
    pub(crate) fn all_pairs(times: usize, sampler: SamplerConfig) -> Self {
        Self { batch: BatchForm::AllPairs { times }, background: Background::default(), sampler }
    }
}

impl PretextTask for Sync {
    fn name(&self) -> &'static str {
        "sync"
    }

    fn wants(&self) -> SampleWanted {
        SampleWanted { index: 0, background: self.background }
    }

    fn draw(&self, instants: &[InstantMeta], seed: u64) -> Option<Draw> {
        let mut sampler = PairSampler::new(self.sampler, seed);
        match self.batch {
            BatchForm::Tuple { tuples } => {
                let mut draw = Draw::default();
                for _ in 0..tuples {
                    let tuple = sampler.tuple(instants)?;
                    draw.add_tuple(tuple.synced, tuple.unsynced, tuple.flipped, 1.0 / tuples as f32);
                }
                Some(draw)
            }
            BatchForm::AllPairs { times } => {
                let drawn = sampler.all_pairs(instants, times)?;
                Some(Draw { images: drawn.images, sync: drawn.sync_pairs, flip: drawn.flip_pairs })
            }
        }
    }

    /// Equation 1: for each head, the mean loss of the positives plus that of the negatives: four terms of equal
    /// weight.
    fn loss(&self, net: &SyncNet, pictures: &Tensor, draw: &Draw) -> Result<HeadLosses<Tensor>, ModelError> {
        let features = net.features(pictures, Mode::Train)?;
        let (sync, flip) = net.all_pair_logits(&features)?;
        Ok(HeadLosses { sync: pair_loss(&sync, &draw.sync)?, flip: pair_loss(&flip, &draw.flip)? })
    }
}

#[cfg(test)]
mod tests {
    use frame::SegmentId;
    use frame_sync::pairs::WeightedPair;
    use model::{SyncNetConfig, tuple_loss};
    use tch::{Device, Kind};

    use super::*;

    /// The shared code path for both batch forms computes the paper's loss for the paper's batch form.
    #[test]
    fn tuples_cost_what_equation_1_says() {
        let instants: Vec<InstantMeta> = (0..40)
            .map(|i| InstantMeta { segment: SegmentId::seam(0), exposure_ns: i * 20_000_000, views: 0b1111 })
            .collect();
        let task = Sync::new(&PretrainRecipe { batch: BatchForm::Tuple { tuples: 6 }, ..PretrainRecipe::default() });
        let draw = task.draw(&instants, 5).unwrap();
        assert_eq!(draw.images.len(), 24);
        let net = SyncNet::new(&SyncNetConfig { width: 8, ..Default::default() }, Device::Cpu, Kind::Double).unwrap();
        let pictures = Tensor::rand([24, 3, 32, 32], (Kind::Double, Device::Cpu));
        let losses = task.loss(&net, &pictures, &draw).unwrap();

        let features = net.features(&pictures, Mode::Train).unwrap();
        let logits = |pairs: &[WeightedPair], positive| {
            let of = |index: &dyn Fn(&WeightedPair) -> u32| {
                let chosen = pairs.iter().filter(|pair| pair.positive == positive);
                features.index_select(0, &Tensor::from_slice(&chosen.map(|p| i64::from(index(p))).collect::<Vec<_>>()))
            };
            net.pair_logits(&of(&|p| p.a), &of(&|p| p.b)).unwrap()
        };
        let (sync_pos, sync_neg) = (logits(&draw.sync, true).0, logits(&draw.sync, false).0);
        let (flip_pos, flip_neg) = (logits(&draw.flip, true).1, logits(&draw.flip, false).1);
        // The pair weights are f32.
        let agree = |got: f64, expected: &Tensor| (got - expected.double_value(&[])).abs() < 1e-6;
        let values = losses.values().unwrap();
        assert!(agree(values.total(), &tuple_loss(&sync_pos, &sync_neg, &flip_pos, &flip_neg).unwrap()));
        assert!(agree(values.sync, &-(sync_pos.log_sigmoid().mean(None) + (-&sync_neg).log_sigmoid().mean(None))));
        assert_eq!(losses.total().unwrap().double_value(&[]), values.total());
    }
}
