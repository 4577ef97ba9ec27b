//! SYNC as a pretext task.

use frame_sync::pairs::{PairGap, PairSampler, SamplerConfig, WeightedPair};
use model::{Background, ModelError, SyncNet};
use recipe::{BatchForm, Fusion, Negatives, PairForm, PairHeads, PretrainRecipe, SyncLoss, SyncPlan};
use tch::Tensor;

use super::pretext::{Draw, HeadLosses, PretextTask, Seen, matching_loss, pair_loss};
use crate::data::SampleWanted;

/// SYNC (Jenni & Favaro 2020, §3): which two views show the same instant, and whether one of them is mirrored.
#[derive(Clone, Copy, Debug)]
pub struct Sync {
    batch: BatchForm,
    heads: PairHeads,
    asked: SyncLoss,
    negatives: Negatives,
    background: Background,
    sampler: SamplerConfig,
}

impl Sync {
    pub fn new(recipe: &PretrainRecipe) -> Self {
        Self {
            batch: recipe.batch.shared_among(recipe.buffer.places),
            heads: PairHeads::Both,
            asked: SyncLoss::Pairs,
            negatives: Negatives::default(),
            background: recipe.background,
            sampler: recipe.sampler(),
        }
    }

    /// The task on one of the takes that `plan` draws for a step.
    pub(crate) fn on_take(plan: &SyncPlan) -> Self {
        let batch = match plan.form {
            PairForm::AllPairs => BatchForm::AllPairs { times: plan.times },
            PairForm::Tuple => BatchForm::Tuple { tuples: plan.times },
        };
        Self {
            batch,
            heads: plan.heads,
            asked: plan.loss,
            negatives: plan.negatives,
            background: Background::default(),
            sampler: plan.sampler(),
        }
    }

    fn draw_within(&self, gap: PairGap, seen: Seen<'_>, seed: u64) -> Option<Draw> {
        let Seen { instants, change, .. } = seen;
        let mut sampler = PairSampler::new(SamplerConfig { gap, ..self.sampler }, seed);
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
                let apart_ms = |a: usize, b: usize| {
                    (instants[a].exposure_ns - instants[b].exposure_ns).unsigned_abs() as f64 / 1e6
                };
                let weight =
                    |a: usize, b: usize| self.negatives.weight(apart_ms(a, b), change.map(|change| change(a, b)));
                let drawn = sampler.weighed_pairs(instants, times, &weight)?;
                Some(Draw { images: drawn.images, sync: drawn.sync_pairs, flip: drawn.flip_pairs })
            }
        }
    }
}

impl PretextTask for Sync {
    fn name(&self) -> &'static str {
        "sync"
    }

    fn wants(&self) -> SampleWanted {
        SampleWanted { index: 0, background: self.background }
    }

    fn draw(&self, seen: Seen<'_>, seed: u64) -> Option<Draw> {
        let gap = self.negatives.gap(self.sampler.gap, seen.progress);
        // A short take may have no pairs as far apart as training begins with.
        self.draw_within(gap, seen, seed).or_else(|| self.draw_within(self.sampler.gap, seen, seed))
    }

    /// Equation 1: for each head, the mean loss of the positives plus that of the negatives: four terms of equal
    /// weight. A head that is not learned has none.
    fn loss(&self, net: &SyncNet, features: &Tensor, draw: &Draw) -> Result<HeadLosses<Tensor>, ModelError> {
        let (sync, flip) = net.all_pair_logits(features)?;
        let loss = |asked: bool, logits: &Tensor, pairs: &[WeightedPair]| match (asked, net.config().fusion) {
            (false, _) => Ok(logits.f_zeros_like()?.f_sum(None)?),
            (true, Fusion::Diff | Fusion::Concat) => in_both_orders(logits, pairs),
            (true, _) => pair_loss(logits, pairs),
        };
        let asked = self.heads != PairHeads::Flip;
        let pairs = loss(asked && self.asked != SyncLoss::Matching, &sync, &draw.sync)?;
        let matching = match asked && self.asked != SyncLoss::Pairs {
            true => matching_loss(&sync, draw)?,
            false => sync.f_zeros_like()?.f_sum(None)?,
        };
        Ok(HeadLosses { sync: pairs.f_add(&matching)?, flip: loss(self.heads != PairHeads::Sync, &flip, &draw.flip)? })
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
    use frame_sync::pairs::InstantMeta;
    use model::{Mode, SyncNetConfig, tuple_loss};
    use tch::{Device, Kind};

    use super::*;

    /// The shared code path for both batch forms computes the paper's loss for the paper's batch form.
    #[test]
    fn tuples_cost_what_equation_1_says() {
        let instants = instants();
        let task = Sync::new(&PretrainRecipe { batch: BatchForm::Tuple { tuples: 6 }, ..PretrainRecipe::default() });
        let draw = task.draw(Seen::instants(&instants), 5).unwrap();
        assert_eq!(draw.images.len(), 24);
        let net = SyncNet::new(&SyncNetConfig { width: 8, ..Default::default() }, Device::Cpu, Kind::Double).unwrap();
        let pictures = Tensor::rand([24, 3, 32, 32], (Kind::Double, Device::Cpu));
        let features = net.features(&pictures, Mode::Train).unwrap();
        let losses = task.loss(&net, &features, &draw).unwrap();
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

    fn instants() -> Vec<InstantMeta> {
        let at = |i: i64| InstantMeta { segment: SegmentId::seam(0), exposure_ns: i * 20_000_000, views: 0b1111 };
        (0..40).map(at).collect()
    }

    fn drawn(task: &Sync) -> Draw {
        let instants = instants();
        task.draw(Seen::instants(&instants), 5).unwrap()
    }

    /// Losses on noise, and which heads get a gradient: `[sync, flip]`.
    fn losses(plan: &SyncPlan) -> (HeadLosses<f64>, [bool; 2]) {
        let task = Sync::on_take(plan);
        let config = SyncNetConfig { width: 8, fusion: plan.fusion, ..Default::default() };
        let net = SyncNet::new(&config, Device::Cpu, Kind::Double).unwrap();
        let draw = drawn(&task);
        tch::manual_seed(3);
        let pictures = Tensor::rand([draw.images.len() as i64, 3, 32, 32], (Kind::Double, Device::Cpu));
        let losses = task.loss(&net, &net.features(&pictures, Mode::Train).unwrap(), &draw).unwrap();
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

    /// By the definition, one softmax after the other.
    #[test]
    fn matching_is_choosing_among_the_pictures_of_each_other_view() {
        let task = Sync::on_take(&SyncPlan { loss: SyncLoss::Matching, ..SyncPlan::default() });
        let draw = drawn(&task);
        let count = draw.images.len();
        tch::manual_seed(7);
        let logits = Tensor::randn([count as i64, count as i64], (Kind::Double, Device::Cpu));
        let at = |a: u32, b: u32| logits.double_value(&[a.into(), b.into()]);
        let mut wanted = 0.0;
        for pair in draw.sync.iter().filter(|pair| pair.positive) {
            for (anchor, own) in [(pair.a, pair.b), (pair.b, pair.a)] {
                let view = draw.images[own as usize].view;
                let joined = draw.sync.iter().filter_map(|pair| match anchor {
                    _ if pair.a == anchor => Some(pair.b),
                    _ if pair.b == anchor => Some(pair.a),
                    _ => None,
                });
                let candidates = joined.filter(|&image| draw.images[image as usize].view == view);
                let sum: f64 = candidates.map(|candidate| at(anchor, candidate).exp()).sum();
                wanted += 0.5 * f64::from(pair.weight) * (sum.ln() - at(anchor, own));
            }
        }
        let found = matching_loss(&logits, &draw).unwrap().double_value(&[]);
        assert!((found - wanted).abs() < 1e-6 && wanted > 0.5, "{found} {wanted}");
        // Whoever knows the instants pays next to nothing.
        let known = Tensor::from_slice(&draw.images.iter().map(|image| image.instant as i64).collect::<Vec<_>>());
        let perfect = known.unsqueeze(1).eq_tensor(&known.unsqueeze(0)).to_kind(Kind::Double) * 30.0;
        assert!(matching_loss(&perfect, &draw).unwrap().double_value(&[]) < 1e-6);
    }

    #[test]
    fn each_way_of_asking_teaches_the_sync_head() {
        let [pairs, matching, both] = [SyncLoss::Pairs, SyncLoss::Matching, SyncLoss::Both].map(|loss| {
            let (found, learns) = losses(&SyncPlan { loss, ..SyncPlan::default() });
            assert_eq!(learns, [true, true], "{loss:?}");
            found.sync
        });
        assert!((both - pairs - matching).abs() < 1e-9 && matching > 0.1, "{pairs} {matching} {both}");
    }

    #[test]
    fn near_instants_count_less_and_far_ones_come_first() {
        let near = |draw: &Draw| -> f32 {
            let apart = |pair: &&WeightedPair| {
                draw.images[pair.a as usize].instant.abs_diff(draw.images[pair.b as usize].instant) < 12
            };
            draw.sync.iter().filter(|pair| !pair.positive).filter(apart).map(|pair| pair.weight).sum()
        };
        let plan = |negatives| SyncPlan { negatives, ..SyncPlan::default() };
        let softened = plan(Negatives { full_from_ms: 500.0, ..Negatives::default() });
        let [alike, softened] = [SyncPlan::default(), softened].map(|plan| near(&drawn(&Sync::on_take(&plan))));
        assert!(softened < 0.8 * alike && softened > 0.0, "{softened} {alike}");

        let instants = instants();
        let first_gap = Some(PairGap::Ms { min: 400.0, max: 2560.0 });
        let task = Sync::on_take(&plan(Negatives { first_gap, narrowing: 1.0, ..Negatives::default() }));
        let at = |progress| near(&task.draw(Seen { progress, ..Seen::instants(&instants) }, 5).unwrap());
        assert!(at(0.0) == 0.0 && at(1.0) == alike, "{} {}", at(0.0), at(1.0));

        let still = |_, _| 0.1;
        let task = Sync::on_take(&plan(Negatives { least_change: 0.2, ..Negatives::default() }));
        let draw = task.draw(Seen { change: Some(&still), ..Seen::instants(&instants) }, 5).unwrap();
        assert!(draw.sync.is_empty() && !draw.flip.is_empty(), "nobody moves");
        let loss = matching_loss(&Tensor::zeros([64, 64], (Kind::Float, Device::Cpu)), &draw).unwrap();
        assert_eq!(loss.double_value(&[]), 0.0);
    }
}
