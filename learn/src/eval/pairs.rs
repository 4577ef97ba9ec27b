//! Accuracy of a network in telling synchronised from unsynchronised and plain from mirrored pairs.

use std::collections::HashMap;

use frame_sync::pairs::{ImageRef, LabelledPair, PairSampler};
use model::{Mode, Precision, SyncNet, autocast};
use recipe::PretrainRecipe;
use tch::Tensor;

use super::separation::{Scored, balanced_accuracy};
use crate::LearnError;
use crate::data::SampleWanted;
use crate::data::buffer::Buffer;
use crate::data::pictures::pictures;
use crate::error::during;

/// Images encoded per batch.
const CHUNK: usize = 128;

/// Balanced accuracies, chance level 0.5; `None` if the instants contain no such pairs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PairEvaluation {
    /// On training instants.
    pub sync_accuracy: Option<f64>,
    pub flip_accuracy: Option<f64>,
    /// On held-out instants: within one take this measures interpolation.
    pub held_out_sync_accuracy: Option<f64>,
    pub held_out_flip_accuracy: Option<f64>,
}

/// Scores (logits) of the two heads on pairs from the sampler, half of them positive.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PairScores {
    pub sync: Vec<Scored>,
    pub flip: Vec<Scored>,
}

impl PairScores {
    /// Balanced accuracies of sync and flip, with the decision threshold at logit 0.
    pub fn accuracies(&self) -> (Option<f64>, Option<f64>) {
        (balanced_accuracy(&self.sync), balanced_accuracy(&self.flip))
    }
}

/// The input from which a pair is scored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sight {
    /// Both images, as in training.
    Both,
    /// Each image separately: a pair gives two scores.
    OneImage,
}

/// A network to evaluate, and the settings of its input.
#[derive(Clone, Copy)]
pub(crate) struct Scorer<'a> {
    pub net: &'a SyncNet,
    pub precision: Precision,
    pub recipe: &'a PretrainRecipe,
    pub wanted: SampleWanted,
    pub sight: Sight,
}

impl Scorer<'_> {
    /// Scores `pairs` pairs per head from the `newest` newest instants of a store.
    pub fn score(&self, store: &Buffer, newest: usize, pairs: usize, seed: u64) -> Result<PairScores, LearnError> {
        let first = store.len().saturating_sub(newest);
        let instants = &store.metas()[first..];
        let mut sampler = PairSampler::new(self.recipe.sampler(), seed);
        let sync = in_store(sampler.sync_pairs(instants, pairs), first);
        let flip = in_store(sampler.flip_pairs(instants, pairs), first);
        Ok(PairScores { sync: self.scored(store, &sync, 0)?, flip: self.scored(store, &flip, 1)? })
    }

    /// `head`: 0 sync, 1 flip.
    fn scored(&self, store: &Buffer, pairs: &[LabelledPair], head: usize) -> Result<Vec<Scored>, LearnError> {
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

    /// Features `[images, D]`, with the running BatchNorm statistics.
    fn encode(&self, store: &Buffer, images: &[ImageRef]) -> Result<Tensor, LearnError> {
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

/// A neutral partner: with [`model::Fusion::Mult`] the fused vector equals the features of the other image.
pub(crate) fn alone(features: &Tensor) -> Result<Tensor, model::ModelError> {
    Ok(features.f_ones_like()?)
}

/// Converts instant indices that count from `first` to indices into the store.
fn in_store(mut pairs: Vec<LabelledPair>, first: usize) -> Vec<LabelledPair> {
    for LabelledPair { pair, .. } in &mut pairs {
        pair.a.instant += first;
        pair.b.instant += first;
    }
    pairs
}
