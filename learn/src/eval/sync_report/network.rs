//! The network of a pretraining, and its scores of pictures that are encoded once.

use std::path::Path;

use model::{Background, Mode, ModelError, SyncNet, autocast, checkpoint};
use recipe::{PairHeads, TrainRecipe};
use tch::{Device, Kind, Tensor};

use super::material::Judge;
use crate::LearnError;
use crate::data::augment::plain_input;
use crate::data::rendered::Dataset;
use crate::error::during;
use crate::from_recipe::{self, NetRecipe};
use crate::objectives::Sync;
use crate::objectives::pretraining::{Pretraining, RenderedTakes};
use crate::objectives::stage_state::StageState;
use crate::trainer::Objective;

/// Pictures encoded per batch.
const CHUNK: usize = 256;

/// A pretraining on rendered takes, finished or not.
pub struct PretrainedSync {
    net: SyncNet,
    recipe: TrainRecipe,
    state: StageState,
}

impl PretrainedSync {
    /// Reads `sync.safetensors` of a training. `overrides` change its recipe, as in `data.memory-gb=16`.
    ///
    /// # Errors
    /// If the file is no pretraining on rendered takes, its sync head did not learn, or its crops are of another size.
    pub fn open(path: &Path, overrides: &[String], device: Device) -> Result<Self, LearnError> {
        let wrong = |problem: String| LearnError::Checkpoint { path: path.to_owned(), problem };
        let no_pretraining = |why: String| {
            wrong(format!("it is no pretraining, as `sync.safetensors` of `genlock train` or `ablate` is: {why}"))
        };
        let meta = checkpoint::meta(path).map_err(|error| no_pretraining(error.to_string()))?;
        TrainRecipe::parse(&meta.recipe, path, &[]).map_err(|error| no_pretraining(error.to_string()))?;
        let recipe = TrainRecipe::parse(&meta.recipe, path, overrides)?;
        let state = StageState::of(path, meta.state)?;
        if recipe.sync.heads == PairHeads::Flip {
            return Err(wrong("its sync head did not learn: sync.heads = \"flip\"".to_owned()));
        }
        if format!("{:016x}", recipe.preprocessing().hash()) != meta.preprocessing_hash {
            return Err(wrong(format!(
                "its encoder did not learn from crops of {} px as this genlock cuts them",
                recipe.crop_px
            )));
        }
        let (net, _) = checkpoint::open(path, device).map_err(during("reading the encoder"))?;
        Ok(Self { net, recipe, state })
    }

    pub fn recipe(&self) -> &TrainRecipe {
        &self.recipe
    }

    /// Steps taken, and of the whole pretraining.
    pub fn progress(&self) -> [u64; 2] {
        [self.state.steps, self.state.total_steps]
    }

    /// Number of pictures that it learned from.
    pub(super) fn learned_from(&self) -> usize {
        self.state.pictures
    }

    /// What is behind people in the pictures that are shown to it.
    pub(crate) fn background(&self) -> Background {
        from_recipe::background(&self.recipe.sync)
    }

    /// Encodes all pictures of the dataset. `progress` is called with the numbers of encoded and of all pictures. The
    /// BatchNorm statistics of an unfinished pretraining are recomputed first, on pictures to learn from.
    pub(super) fn encode(
        self,
        dataset: &Dataset,
        mut progress: impl FnMut(usize, usize),
    ) -> Result<Scorer, LearnError> {
        let precision = self.recipe.choose_precision(dataset.device())?;
        let (removed, crop_px) = (self.background() == Background::Removed, self.recipe.crop_px);
        let net = self.calibrated(dataset)?;
        let failed = during("encoding pictures");
        let rows: Vec<u32> = (0..dataset.len() as u32).collect();
        let mut features = Vec::new();
        let mut done = 0;
        for chunk in rows.chunks(CHUNK) {
            let encode = || -> Result<Tensor, ModelError> {
                let input = plain_input(dataset, &dataset.batch(chunk)?, crop_px, removed)?.input;
                tch::no_grad(|| autocast(precision, net.device(), || net.features(&input, Mode::Eval)))
            };
            features.push(encode().map_err(&failed)?);
            done += chunk.len();
            progress(done, dataset.len());
        }
        let features = Tensor::f_cat(&features, 0).map_err(|error| failed(error.into()))?;
        let finite = features.f_isfinite().and_then(|finite| finite.f_all()?.f_int64_value(&[]));
        if finite.map_err(|error| failed(error.into()))? == 0 {
            return Err(LearnError::Setting("the encoder gives features that are no numbers: it diverged".to_owned()));
        }
        Ok(Scorer { net, features })
    }

    /// Whether all its steps were taken. Before that, BatchNorm's statistics lag behind its weights.
    pub fn is_finished(&self) -> bool {
        self.state.steps >= self.state.total_steps
    }

    pub(crate) fn into_net(self) -> SyncNet {
        self.net
    }

    /// The network. If it is unfinished, its BatchNorm statistics are recomputed first, on pictures to learn from.
    pub(crate) fn calibrated(self, dataset: &Dataset) -> Result<SyncNet, LearnError> {
        if self.is_finished() {
            return Ok(self.net);
        }
        let precision = self.recipe.choose_precision(dataset.device())?;
        let source = RenderedTakes::new(&self.recipe, dataset)?;
        let task = Box::new(Sync::on_take(&self.recipe.sync));
        let mut pretraining = Pretraining::new(task, self.net, source);
        let pictures = pretraining.recalibration(self.state.steps)?;
        autocast(precision, dataset.device(), || pretraining.recalibrate(pictures))
            .map_err(during("recomputing BatchNorm statistics"))?;
        Ok(pretraining.net)
    }
}

/// A network and the features `[N, D]` of all rows.
pub(super) struct Scorer {
    net: SyncNet,
    features: Tensor,
}

impl Scorer {
    fn of(&self, rows: &[u32]) -> Result<Tensor, ModelError> {
        let index: Vec<i64> = rows.iter().map(|&row| row.into()).collect();
        Ok(self.features.f_index_select(0, &Tensor::f_from_slice(&index)?.f_to_device(self.features.device())?)?)
    }

    fn mean_of_orders(&self, first: &Tensor, second: &Tensor) -> Result<Vec<f64>, ModelError> {
        let ((one, _), (other, _)) = (self.net.pair_logits(first, second)?, self.net.pair_logits(second, first)?);
        values(&one.f_add(&other)?.f_mul_scalar(0.5)?)
    }
}

impl Judge for Scorer {
    fn pairs(&self, first: &[u32], second: &[u32]) -> Result<Vec<f64>, LearnError> {
        let scores = || self.mean_of_orders(&self.of(first)?, &self.of(second)?);
        tch::no_grad(scores).map_err(during("scoring pairs"))
    }

    fn against(&self, queries: &[u32], candidates: &[u32]) -> Result<Vec<Vec<f64>>, LearnError> {
        let scores = || values(&self.net.sync_logits(&self.of(queries)?, &self.of(candidates)?)?);
        let scores = tch::no_grad(scores).map_err(during("scoring pairs"))?;
        Ok(scores.chunks(candidates.len().max(1)).map(<[f64]>::to_vec).collect())
    }
}

fn values(logits: &Tensor) -> Result<Vec<f64>, ModelError> {
    let logits = logits.f_to_device(Device::Cpu)?.f_to_kind(Kind::Double)?.f_contiguous()?.f_reshape([-1])?;
    Ok(Vec::try_from(logits)?)
}
