//! Pretext tasks: training objectives that need no labels.

use std::collections::BTreeMap;

use frame_sync::pairs::{ImageRef, InstantMeta, Pair, WeightedPair};
use model::{ModelError, SyncNet, weighted_pair_loss};
use tch::Tensor;

use crate::data::SampleWanted;

/// The images of one step and the labelled pairs among them. For each head and class the weights sum to 1 over a draw,
/// or over the draws combined into one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Draw {
    pub images: Vec<ImageRef>,
    /// Positive: both images show the same instant. `a` and `b` are indices into `images`.
    pub sync: Vec<WeightedPair>,
    /// Positive: both images are mirrored, or neither is.
    pub flip: Vec<WeightedPair>,
}

/// The loss of each head. Training minimises their sum.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HeadLosses<T> {
    /// Do both images show the same instant?
    pub sync: T,
    /// Are both or neither of them mirrored?
    pub flip: T,
}

impl HeadLosses<Tensor> {
    pub fn total(&self) -> Result<Tensor, ModelError> {
        Ok(self.sync.f_add(&self.flip)?)
    }

    /// Both losses as numbers. Waits for the device.
    pub fn values(&self) -> Result<HeadLosses<f64>, ModelError> {
        Ok(HeadLosses { sync: self.sync.f_double_value(&[])?, flip: self.flip.f_double_value(&[])? })
    }
}

impl HeadLosses<f64> {
    pub fn total(self) -> f64 {
        self.sync + self.flip
    }
}

/// What a step draws from.
#[derive(Clone, Copy)]
pub struct Seen<'a> {
    /// The instants.
    pub instants: &'a [InstantMeta],
    /// How much the subject's masks differ between two of them, where that is known: a share of the larger mask.
    pub change: Option<&'a dyn Fn(usize, usize) -> f64>,
    /// The part of all steps that is done, from 0 to 1; 1 where training has no end.
    pub progress: f64,
}

impl<'a> Seen<'a> {
    /// Instants of which no more is known.
    pub fn instants(instants: &'a [InstantMeta]) -> Self {
        Self { instants, change: None, progress: 1.0 }
    }
}

/// A self-supervised task: it selects its input, draws labelled pairs and computes their loss.
pub trait PretextTask: Send {
    fn name(&self) -> &'static str;

    /// The input that it needs from live moments. Rendered takes are augmented according to their recipe instead.
    fn wants(&self) -> SampleWanted;

    /// The images and pairs of one step, which depend only on what is seen and the seed. `None` if the instants contain
    /// no such pairs.
    fn draw(&self, seen: Seen<'_>, seed: u64) -> Option<Draw>;

    /// The losses of a draw, as differentiable scalars. `features`: what the network's encoder made of the pictures,
    /// `[images, D]` in the order of `draw.images`.
    fn loss(&self, net: &SyncNet, features: &Tensor, draw: &Draw) -> Result<HeadLosses<Tensor>, ModelError>;
}

/// Cross-entropy of choosing, among the pictures that a view has of all instants, that of a picture's own instant: the
/// mean over synchronised pairs by their weights, in both directions. A picture's candidates are those that it forms a
/// pair with, so they are of other views, of the same take, and a valid gap away. From a matrix of logits `[images,
/// images]`.
pub(crate) fn matching_loss(logits: &Tensor, draw: &Draw) -> Result<Tensor, ModelError> {
    let count = draw.images.len();
    let mut groups = BTreeMap::new();
    for pair in &draw.sync {
        for (anchor, candidate) in [(pair.a, pair.b), (pair.b, pair.a)] {
            let view = draw.images[candidate as usize].view;
            groups.entry(view).or_insert_with(|| vec![true; count * count])
                [anchor as usize * count + candidate as usize] = false;
        }
    }
    let (mut group, mut at, mut weights) = (vec![], vec![], vec![]);
    let places: BTreeMap<u16, usize> = groups.keys().copied().zip(0..).collect();
    for pair in draw.sync.iter().filter(|pair| pair.positive) {
        for (anchor, candidate) in [(pair.a, pair.b), (pair.b, pair.a)] {
            let (anchor, candidate) = (anchor as usize, candidate as usize);
            group.push((places[&draw.images[candidate].view] * count + anchor) as i64);
            at.push((anchor * count + candidate) as i64);
            weights.push(0.5 * pair.weight);
        }
    }
    if at.is_empty() {
        return Ok(logits.f_zeros_like()?.f_sum(None)?);
    }
    let on_device = |tensor: Tensor| tensor.f_to_device(logits.device());
    let side = count as i64;
    let sums: Vec<Tensor> = groups
        .values()
        .map(|excluded| {
            let excluded = on_device(Tensor::f_from_slice(excluded)?.f_reshape([side, side])?)?;
            // Not minus infinity, which has no gradient where a row has no candidate.
            Ok(logits.f_masked_fill(&excluded, -1e4)?.f_logsumexp([1].as_slice(), false)?)
        })
        .collect::<Result<_, ModelError>>()?;
    let all = Tensor::f_cat(&sums, 0)?.f_index_select(0, &on_device(Tensor::f_from_slice(&group)?)?)?;
    let own = logits.f_reshape([-1])?.f_index_select(0, &on_device(Tensor::f_from_slice(&at)?)?)?;
    let weights = on_device(Tensor::f_from_slice(&weights)?)?.f_to_kind(logits.kind())?;
    Ok(all.f_sub(&own)?.f_mul(&weights)?.f_sum(None)?)
}

/// Weighted cross-entropy of pairs, from a matrix of logits `[images, images]`.
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
    /// Adds another draw, with its pair weights multiplied by `share`.
    pub(crate) fn append(&mut self, other: Self, share: f32) {
        let first = self.images.len() as u32;
        let placed = |pair: WeightedPair| WeightedPair {
            a: pair.a + first,
            b: pair.b + first,
            weight: pair.weight * share,
            ..pair
        };
        self.images.extend(other.images);
        self.sync.extend(other.sync.into_iter().map(placed));
        self.flip.extend(other.flip.into_iter().map(placed));
    }

    /// Adds the four images, three pairs and four terms of one tuple (SYNC Fig. 2 and equation 1).
    pub(crate) fn add_tuple(&mut self, synced: Pair, unsynced: Pair, flipped: Pair, weight: f32) {
        let images = &mut self.images;
        let own = images.len();
        // The pairs of a tuple share images; each image is encoded once.
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
