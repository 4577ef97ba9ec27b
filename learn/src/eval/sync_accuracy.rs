//! Accuracy of pretraining on takes: telling synchronised from unsynchronised and plain from mirrored pairs.

use model::{Mode, ModelError, Precision, autocast};
use recipe::PairForm;
use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor};

use crate::LearnError;
use crate::data::rendered::Split;
use crate::error::during;
use crate::objectives::pretraining::{PictureSource, Pretraining, RenderedTakes};
use crate::seeds::{Purpose, seed_of};

/// Number of evaluated batches. Tuples have few pairs.
fn batches(form: PairForm) -> u64 {
    match form {
        PairForm::AllPairs => 24,
        PairForm::Tuple => 96,
    }
}

/// Balanced accuracies `[sync, flip]` at the end of pretraining, chance level 0.5, on pairs as training draws them;
/// `None` if a split has no pairs. That of a head that did not learn says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SyncAccuracy {
    /// On training takes.
    pub trained: Option<[f64; 2]>,
    /// On held-out people and clips.
    pub held_out: Option<[f64; 2]>,
}

impl SyncAccuracy {
    /// Evaluates on pictures augmented as in training. BatchNorm statistics must have been recomputed.
    pub(crate) fn of(pretraining: &Pretraining<RenderedTakes>, precision: Precision) -> Result<Self, LearnError> {
        let on = |split| accuracies(pretraining, precision, split);
        Ok(Self { trained: on(Split::Train)?, held_out: on(Split::HeldOut)? })
    }
}

/// Balanced accuracies of both heads.
fn accuracies(
    pretraining: &Pretraining<RenderedTakes>,
    precision: Precision,
    split: Split,
) -> Result<Option<[f64; 2]>, LearnError> {
    let Pretraining { task, net, source, .. } = pretraining;
    let strips = source.strips(split);
    if strips.is_empty() {
        return Ok(None);
    }
    let failed = during("scoring pairs");
    // Total weights of correct and of all decisions, by head and class.
    let mut sums = [[[0.0; 2]; 2]; 2];
    for index in 0..batches(source.form()) {
        let seed = seed_of(&[source.seed(split as u64, Purpose::Evaluation), index]);
        let draw = source.draw_among(&strips, &**task, seed, 1.0)?;
        let input = source.input(&draw, task.wants(), seed, net.device())?;
        let logits = tch::no_grad(|| {
            autocast(precision, net.device(), || net.all_pair_logits(&net.features(&input, Mode::Eval)?))
        });
        let (sync, flip) = logits.map_err(&failed)?;
        for (head, (logits, pairs)) in [(sync, &draw.pairs.sync), (flip, &draw.pairs.flip)].into_iter().enumerate() {
            let logits = values(&logits).map_err(&failed)?;
            // In both orders, on which some fusions depend.
            let both_orders = pairs.iter().flat_map(|pair| [(pair, pair.a, pair.b), (pair, pair.b, pair.a)]);
            for (pair, first, second) in both_orders {
                let logit = logits[first as usize * draw.rows.len() + second as usize];
                let [right, all] = &mut sums[head][usize::from(pair.positive)];
                *all += f64::from(pair.weight);
                *right += if (logit > 0.0) == pair.positive { f64::from(pair.weight) } else { 0.0 };
            }
        }
    }
    let share = |[right, all]: [f64; 2]| if all > 0.0 { right / all } else { 0.5 };
    Ok(Some(sums.map(|[negative, positive]| (share(negative) + share(positive)) / 2.0)))
}

fn values(logits: &Tensor) -> Result<Vec<f32>, ModelError> {
    Ok(Vec::try_from(logits.f_to_device(Device::Cpu)?.f_to_kind(Kind::Float)?.f_reshape([-1])?)?)
}
