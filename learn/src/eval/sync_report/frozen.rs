//! Takes that a network is measured on again and again while it learns.

use std::collections::HashMap;

use model::{Mode, ModelError, Precision, SyncNet, autocast};
use tch::{Device, Kind, Tensor};

use super::gaps::{self, GapPoint};
use super::material::{Judge, Material, Person};
use crate::LearnError;
use crate::data::augment::plain_input;
use crate::data::rendered::Dataset;
use crate::error::during;

/// Pictures encoded per batch.
const CHUNK: usize = 128;

/// Takes of a session with the same pictures and pairs each time. Backgrounds are removed.
pub struct FrozenSet<'a> {
    dataset: &'a Dataset,
    crop_px: u16,
    people: Vec<Person>,
    rows: Vec<u32>,
    /// Pairs of each person at each gap, half of them of the same instant.
    pairs: usize,
    gaps_ms: Vec<f64>,
    seed: u64,
}

impl<'a> FrozenSet<'a> {
    /// Of these takes, by their indices in the dataset. `pairs`: of each person at each gap, half of them of the same
    /// instant.
    pub fn new(dataset: &'a Dataset, takes: &[usize], crop_px: u16, gaps_ms: &[f64], pairs: usize, seed: u64) -> Self {
        let material = Material { takes: dataset.takes(), pictures: dataset.pictures(), poses: &[] };
        let people = material.people_of(takes.iter().copied());
        let rows = people.iter().flat_map(|person| material.rows_of(person)).collect();
        Self { dataset, crop_px, people, rows, pairs, gaps_ms: gaps_ms.to_vec(), seed }
    }

    /// Number of pictures that a measurement encodes.
    pub fn pictures(&self) -> usize {
        self.rows.len()
    }

    /// Accuracy by gap of all people together, by the network's running statistics. Gaps without pairs are left out.
    ///
    /// # Errors
    /// If the device fails.
    pub fn accuracy(&self, net: &SyncNet, precision: Precision) -> Result<Vec<GapPoint>, LearnError> {
        let mut features = Vec::new();
        for chunk in self.rows.chunks(CHUNK) {
            let encode = || -> Result<Tensor, ModelError> {
                let input = plain_input(self.dataset, &self.dataset.batch(chunk)?, self.crop_px, true)?.input;
                tch::no_grad(|| autocast(precision, net.device(), || net.features(&input, Mode::Eval)))
            };
            features.push(encode().map_err(during("encoding pictures"))?);
        }
        let features = Tensor::f_cat(&features, 0).map_err(|error| during("encoding pictures")(error.into()))?;
        let places = self.rows.iter().copied().zip(0..).collect();
        let judge = Encoded { net, features, places };
        let material = Material { takes: self.dataset.takes(), pictures: self.dataset.pictures(), poses: &[] };
        let mut points = gaps::points(&material, &judge, &self.people, &self.gaps_ms, self.pairs, [self.seed, FROZEN])?;
        Ok(points.swap_remove(0))
    }
}

/// Tells the pairs of frozen sets from those of reports.
const FROZEN: u64 = 9;

struct Encoded<'a> {
    net: &'a SyncNet,
    features: Tensor,
    /// By row of the dataset.
    places: HashMap<u32, i64>,
}

impl Encoded<'_> {
    fn of(&self, rows: &[u32]) -> Result<Tensor, ModelError> {
        let index: Vec<i64> = rows.iter().map(|row| self.places[row]).collect();
        Ok(self.features.f_index_select(0, &Tensor::f_from_slice(&index)?.f_to_device(self.features.device())?)?)
    }
}

impl Judge for Encoded<'_> {
    fn pairs(&self, first: &[u32], second: &[u32]) -> Result<Vec<f64>, LearnError> {
        let scores = || -> Result<Vec<f64>, ModelError> {
            let (first, second) = (self.of(first)?, self.of(second)?);
            let (one, other) = (self.net.pair_logits(&first, &second)?.0, self.net.pair_logits(&second, &first)?.0);
            let mean = one.f_add(&other)?.f_mul_scalar(0.5)?.f_to_kind(Kind::Double)?.f_to_device(Device::Cpu)?;
            Ok(Vec::try_from(mean)?)
        };
        tch::no_grad(scores).map_err(during("scoring pairs"))
    }

    fn against(&self, queries: &[u32], candidates: &[u32]) -> Result<Vec<Vec<f64>>, LearnError> {
        let repeated = |query: u32| vec![query; candidates.len()];
        queries.iter().map(|&query| self.pairs(&repeated(query), candidates)).collect()
    }
}
