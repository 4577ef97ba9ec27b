//! How well a network tells synchronised from unsynchronised and plain from mirrored pairs.

use std::collections::HashMap;

use frame_sync::pairs::{ImageRef, LabelledPair, PairSampler};
use model::{Mode, Precision, SyncNet, autocast};
use recipe::PretrainRecipe;
use tch::Tensor;

use super::separation::{Scored, balanced_accuracy};
use crate::LearnError;
use crate::data::SampleWanted;
use crate::data::pictures::pictures;
use crate::data::store::Store;
use crate::error::during;

/// Images encoded at a time.
const CHUNK: usize = 128;

/// Balanced accuracies, chance 0.5; `None` where the instants hold no such pairs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PairEvaluation {
    /// On instants that were trained on.
    pub sync_accuracy: Option<f64>,
    pub flip_accuracy: Option<f64>,
    /// On instants held out by source position: within one take this is interpolation.
    pub held_out_sync_accuracy: Option<f64>,
    pub held_out_flip_accuracy: Option<f64>,
}

/// Scores of the two heads on pairs as the sampler draws them, half of them positive.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PairScores {
    pub sync: Vec<Scored>,
    pub flip: Vec<Scored>,
}

impl PairScores {
    /// Accuracies of the decision at logit 0: sync, flip.
    pub fn accuracies(&self) -> (Option<f64>, Option<f64>) {
        (balanced_accuracy(&self.sync), balanced_accuracy(&self.flip))
    }
}

/// What the scores of a pair are computed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sight {
    /// Both images, as the network has it.
    Both,
    /// Each image alone: a pair gives two scores.
    OneImage,
}

/// A network in evaluation mode, and how its input is made.
#[derive(Clone, Copy)]
pub(crate) struct Scorer<'a> {
    pub net: &'a SyncNet,
    pub precision: Precision,
    pub recipe: &'a PretrainRecipe,
    pub wanted: SampleWanted,
    pub sight: Sight,
}

impl Scorer<'_> {
    /// Scores `pairs` pairs of either head among the newest `newest` instants of a store.
    pub fn score(&self, store: &Store, newest: usize, pairs: usize, seed: u64) -> Result<PairScores, LearnError> {
        let first = store.len().saturating_sub(newest);
        let instants = &store.metas()[first..];
        let mut sampler = PairSampler::new(self.recipe.sampler(), seed);
        let sync = in_store(sampler.sync_pairs(instants, pairs), first);
        let flip = in_store(sampler.flip_pairs(instants, pairs), first);
        Ok(PairScores { sync: self.scored(store, &sync, 0)?, flip: self.scored(store, &flip, 1)? })
    }

    /// `head`: 0 sync, 1 flip.
    fn scored(&self, store: &Store, pairs: &[LabelledPair], head: usize) -> Result<Vec<Scored>, LearnError> {
        if pairs.is_empty() {
            return Ok(Vec::new());
        }
        let mut rows = HashMap::new();
        let mut images = Vec::new();
        let mut row = |image: ImageRef| {
            *rows.entry(image).or_insert_with(|| {
                images.push(image);
                images.len() as i64 - 1
            })
        };
        let (a, b): (Vec<i64>, Vec<i64>) = pairs.iter().map(|p| (row(p.pair.a), row(p.pair.b))).unzip();
        let features = self.encode(store, &images)?;
        let logits = |a: &[i64], b: Option<&[i64]>| -> Result<Vec<f64>, model::ModelError> {
            let of = |rows: &[i64]| -> Result<Tensor, model::ModelError> {
                Ok(features.f_index_select(0, &Tensor::f_from_slice(rows)?.f_to_device(features.device())?)?)
            };
            let a = of(a)?;
            let b = b.map_or_else(|| alone(&a), of)?;
            let (sync, flip) = tch::no_grad(|| self.net.pair_logits(&a, &b))?;
            let logits = if head == 0 { sync } else { flip };
            Ok(Vec::try_from(logits.f_to_kind(tch::Kind::Double)?.f_to_device(tch::Device::Cpu)?)?)
        };
        let positives = pairs.iter().map(|pair| pair.positive);
        let together = |scores: Vec<f64>| {
            scores.into_iter().zip(positives.clone()).map(|(score, positive)| Scored { score, positive })
        };
        let failed = during("scoring pairs");
        Ok(match self.sight {
            Sight::Both => together(logits(&a, Some(&b)).map_err(failed)?).collect(),
            Sight::OneImage => {
                let (first, second) = (logits(&a, None).map_err(&failed)?, logits(&b, None).map_err(&failed)?);
                together(first).chain(together(second)).collect()
            }
        })
    }

    /// Features `[images, D]` with the running statistics.
    fn encode(&self, store: &Store, images: &[ImageRef]) -> Result<Tensor, LearnError> {
        let device = self.net.device();
        let mut features = Vec::new();
        for chunk in images.chunks(CHUNK) {
            let input = pictures(store, chunk, self.wanted, self.recipe.crop_px, device)?;
            let encoded = tch::no_grad(|| autocast(self.precision, device, || self.net.features(&input, Mode::Eval)));
            features.push(encoded.map_err(during("encoding pictures"))?);
        }
        Tensor::f_cat(&features, 0).map_err(|e| during("encoding pictures")(e.into()))
    }
}

/// A partner that says nothing: with [`model::Fusion::Mult`] the fused vector is then the features of one image.
pub(crate) fn alone(features: &Tensor) -> Result<Tensor, model::ModelError> {
    Ok(features.f_ones_like()?)
}

/// Pairs drawn among the instants from `first` on, with indices into the whole store.
fn in_store(mut pairs: Vec<LabelledPair>, first: usize) -> Vec<LabelledPair> {
    for LabelledPair { pair, .. } in &mut pairs {
        pair.a.instant += first;
        pair.b.instant += first;
    }
    pairs
}
