//! What a network is to learn from moments without labels.

use frame_sync::{ImageRef, InstantMeta, Pair, PairSampler, SamplerConfig, WeightedPair};
use model::{Background, Mode, ModelError, SyncNet, weighted_pair_loss};
use recipe::{BatchForm, PretrainRecipe};
use tch::Tensor;

/// Which of a view's samples a task looks at, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleWanted {
    /// Index into `View::samples`; 0 is the crop around the subject.
    pub index: usize,
    pub background: Background,
}

/// The images of one step and the labelled pairs among them. The weights of each class of each head add up to 1, over
/// a draw or over many.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Draw {
    pub images: Vec<ImageRef>,
    /// Positive: both images show the same instant. `a` and `b` are indices into `images`.
    pub sync: Vec<WeightedPair>,
    /// Positive: neither image, or both of them, are mirrored.
    pub flip: Vec<WeightedPair>,
}

/// How wrong the network is about each head's question. What is trained is the sum.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HeadLosses<T> {
    /// Do both images show the same instant?
    pub sync: T,
    /// Are neither or both of them mirrored?
    pub flip: T,
}

impl HeadLosses<Tensor> {
    pub fn total(&self) -> Result<Tensor, ModelError> {
        Ok(self.sync.f_add(&self.flip)?)
    }

    /// The two as numbers, once the device has computed them.
    pub fn values(&self) -> Result<HeadLosses<f64>, ModelError> {
        Ok(HeadLosses { sync: self.sync.f_double_value(&[])?, flip: self.flip.f_double_value(&[])? })
    }
}

impl HeadLosses<f64> {
    pub fn total(self) -> f64 {
        self.sync + self.flip
    }
}

/// A task that makes its own labels: it says what it wants to see, and how wrong the network is about it.
pub trait PretextTask: Send {
    fn name(&self) -> &'static str;

    fn wants(&self) -> SampleWanted;

    /// The images and pairs of one step, a function of the instants and the seed alone. `None` when the instants
    /// hold no such pairs.
    fn draw(&self, instants: &[InstantMeta], seed: u64) -> Option<Draw>;

    /// The losses of a draw, scalars whose sum is to be differentiated. `pictures`: `[images, 3, size, size]` in the
    /// order of `draw.images`.
    fn loss(&self, net: &SyncNet, pictures: &Tensor, draw: &Draw) -> Result<HeadLosses<Tensor>, ModelError>;
}

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

    /// Equation 1: for each head the sum of its two classes' means, in all four terms of equal weight.
    fn loss(&self, net: &SyncNet, pictures: &Tensor, draw: &Draw) -> Result<HeadLosses<Tensor>, ModelError> {
        let features = net.features(pictures, Mode::Train)?;
        let (sync, flip) = net.all_pair_logits(&features)?;
        Ok(HeadLosses { sync: pair_loss(&sync, &draw.sync)?, flip: pair_loss(&flip, &draw.flip)? })
    }
}

/// Weighted cross-entropy of some pairs out of a matrix of logits `[images, images]`.
pub(crate) fn pair_loss(logits: &Tensor, pairs: &[WeightedPair]) -> Result<Tensor, ModelError> {
    let column = |value: &dyn Fn(&WeightedPair) -> f32| -> Result<Tensor, ModelError> {
        let values: Vec<f32> = pairs.iter().map(value).collect();
        Ok(Tensor::f_from_slice(&values)?.f_to_device(logits.device())?.f_to_kind(logits.kind())?)
    };
    let index = |value: &dyn Fn(&WeightedPair) -> usize| -> Result<Tensor, ModelError> {
        let values: Vec<i64> = pairs.iter().map(|pair| value(pair) as i64).collect();
        Ok(Tensor::f_from_slice(&values)?.f_to_device(logits.device())?)
    };
    weighted_pair_loss(
        logits,
        &index(&|pair| pair.a as usize)?,
        &index(&|pair| pair.b as usize)?,
        &column(&|pair| f32::from(u8::from(pair.positive)))?,
        &column(&|pair| pair.weight)?,
    )
}

impl Draw {
    /// Adds the four images, three pairs and four terms of one tuple (SYNC Fig. 2 and equation 1).
    pub(crate) fn add_tuple(&mut self, synced: Pair, unsynced: Pair, flipped: Pair, weight: f32) {
        let images = &mut self.images;
        let own = images.len();
        // The pairs of a tuple share images, and each is encoded once.
        let mut index = |image: ImageRef| match images[own..].iter().position(|&known| known == image) {
            Some(at) => (own + at) as u32,
            None => {
                images.push(image);
                images.len() as u32 - 1
            }
        };
        let mut pair = |pair: Pair, positive| WeightedPair { a: index(pair.a), b: index(pair.b), positive, weight };
        let (synced, unsynced, flipped) = (pair(synced, true), pair(unsynced, false), pair(flipped, false));
        self.sync.extend([synced, unsynced]);
        self.flip.extend([synced, flipped]);
    }
}

#[cfg(test)]
mod tests {
    use frame::SegmentId;
    use model::{SyncNetConfig, tuple_loss};
    use tch::{Device, Kind};

    use super::*;

    /// The one path that both batch forms take gives the paper's loss for the paper's form.
    #[test]
    fn tuples_cost_what_equation_1_says() {
        let instants: Vec<InstantMeta> = (0..40)
            .map(|i| InstantMeta { segment: SegmentId(0), exposure_ns: i * 20_000_000, views: 0b1111 })
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
        // The weights of the terms are f32.
        let agree = |got: f64, expected: &Tensor| (got - expected.double_value(&[])).abs() < 1e-6;
        let values = losses.values().unwrap();
        assert!(agree(values.total(), &tuple_loss(&sync_pos, &sync_neg, &flip_pos, &flip_neg).unwrap()));
        assert!(agree(values.sync, &-(sync_pos.log_sigmoid().mean(None) + (-&sync_neg).log_sigmoid().mean(None))));
        assert_eq!(losses.total().unwrap().double_value(&[]), values.total());
    }
}
