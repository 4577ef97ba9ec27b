//! SYNC as a pretext task.

use frame_sync::pairs::{InstantMeta, PairSampler, SamplerConfig, WeightedPair};
use model::{Background, Mode, ModelError, SyncNet};
use recipe::{BatchForm, Fusion, PairForm, PairHeads, PretrainRecipe, SyncPlan};
use tch::Tensor;

use super::pretext::{Draw, HeadLosses, PretextTask, pair_loss};
use crate::data::SampleWanted;

/// SYNC (Jenni & Favaro 2020, §3): which two views show the same instant, and whether one of them is mirrored.
#[derive(Clone, Copy, Debug)]
pub struct Sync {
    batch: BatchForm,
    heads: PairHeads,
    background: Background,
    sampler: SamplerConfig,
}

impl Sync {
    pub fn new(recipe: &PretrainRecipe) -> Self {
        let heads = PairHeads::Both;
        Self { batch: recipe.batch, heads, background: recipe.background, sampler: recipe.sampler() }
    }

    /// The task on one of the takes that `plan` draws for a step.
    pub(crate) fn on_take(plan: &SyncPlan) -> Self {
        let batch = match plan.form {
            PairForm::AllPairs => BatchForm::AllPairs { times: plan.times },
            PairForm::Tuple => BatchForm::Tuple { tuples: plan.times },
        };
        Self { batch, heads: plan.heads, background: Background::default(), sampler: plan.sampler() }
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
    /// weight. A head that is not learned has none.
    fn loss(&self, net: &SyncNet, pictures: &Tensor, draw: &Draw) -> Result<HeadLosses<Tensor>, ModelError> {
        let features = net.features(pictures, Mode::Train)?;
        let (sync, flip) = net.all_pair_logits(&features)?;
        let loss = |asked: bool, logits: &Tensor, pairs: &[WeightedPair]| match (asked, net.config().fusion) {
            (false, _) => Ok(logits.f_zeros_like()?.f_sum(None)?),
            (true, Fusion::Diff | Fusion::Concat) => in_both_orders(logits, pairs),
            (true, _) => pair_loss(logits, pairs),
        };
        Ok(HeadLosses {
            sync: loss(self.heads != PairHeads::Flip, &sync, &draw.sync)?,
            flip: loss(self.heads != PairHeads::Sync, &flip, &draw.flip)?,
        })
    }
}

/// The mean loss of each pair and its reverse, for heads that depend on the order. In all pairs the first image is of
/// the earlier instant or the lower view, which would tell negatives from positives.
fn in_both_orders(logits: &Tensor, pairs: &[WeightedPair]) -> Result<Tensor, ModelError> {
    let reversed = pair_loss(&logits.f_transpose(0, 1)?, pairs)?;
    Ok(pair_loss(logits, pairs)?.f_add(&reversed)?.f_mul_scalar(0.5)?)
}

#[cfg(test)]
mod tests {
    use frame::SegmentId;
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

    fn drawn(task: &Sync) -> Draw {
        let instants: Vec<InstantMeta> = (0..40)
            .map(|i| InstantMeta { segment: SegmentId::seam(0), exposure_ns: i * 20_000_000, views: 0b1111 })
            .collect();
        task.draw(&instants, 5).unwrap()
    }

    /// Losses on noise, and which heads get a gradient: `[sync, flip]`.
    fn losses(plan: &SyncPlan) -> (HeadLosses<f64>, [bool; 2]) {
        let task = Sync::on_take(plan);
        let config = SyncNetConfig { width: 8, fusion: plan.fusion, ..Default::default() };
        let net = SyncNet::new(&config, Device::Cpu, Kind::Double).unwrap();
        let draw = drawn(&task);
        tch::manual_seed(3);
        let pictures = Tensor::rand([draw.images.len() as i64, 3, 32, 32], (Kind::Double, Device::Cpu));
        let losses = task.loss(&net, &pictures, &draw).unwrap();
        losses.total().unwrap().backward();
        let learns = |head: &str| net.trainable().iter().any(|(name, p)| name.starts_with(head) && p.grad().defined());
        (losses.values().unwrap(), ["sync_head", "flip_head"].map(learns))
    }

    #[test]
    fn a_question_that_is_not_asked_costs_nothing_and_teaches_nothing() {
        for form in [PairForm::AllPairs, PairForm::Tuple] {
            let plan = SyncPlan { form, ..SyncPlan::default() };
            let (both, learns) = losses(&plan);
            assert!(both.sync > 0.5 && both.flip > 0.5 && learns == [true, true], "{form:?}: {both:?}");
            let (flip, learns) = losses(&SyncPlan { heads: PairHeads::Flip, ..plan });
            assert_eq!((flip, learns), (HeadLosses { sync: 0.0, flip: both.flip }, [false, true]));
            let (sync, learns) = losses(&SyncPlan { heads: PairHeads::Sync, ..plan });
            assert_eq!((sync, learns), (HeadLosses { sync: both.sync, flip: 0.0 }, [true, false]));
        }
    }

    /// The difference of two feature vectors depends on their order, which must not be learned from.
    #[test]
    fn differences_cost_the_same_in_either_order() {
        let task = Sync::on_take(&SyncPlan { fusion: Fusion::Diff, ..SyncPlan::default() });
        let draw = drawn(&task);
        let images = draw.images.len() as i64;
        let logits = Tensor::rand([images, images], (Kind::Double, Device::Cpu));
        let cost = |logits: &Tensor| in_both_orders(logits, &draw.sync).unwrap().double_value(&[]);
        assert_ne!(
            pair_loss(&logits, &draw.sync).unwrap().double_value(&[]),
            pair_loss(&logits.tr(), &draw.sync).unwrap().double_value(&[])
        );
        assert!((cost(&logits) - cost(&logits.tr())).abs() < 1e-12);
    }
}
