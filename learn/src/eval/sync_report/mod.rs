//! What pretraining by synchronisation has learned: Figures 4, 5 and 6 of SYNC (Jenni & Favaro, ACCV 2020) on a rendered
//! session. Poses only score.

mod across;
mod frozen;
mod gaps;
mod material;
mod network;
mod poses;
mod ranking;
#[cfg(test)]
mod testing;
mod within;

use model::Background;
use serde::Serialize;

use crate::LearnError;
use crate::data::rendered::{Dataset, Split};
use crate::error::during;
use material::Material;

pub use across::AcrossPeople;
pub use frozen::FrozenSet;
pub use gaps::{GapCurve, GapPoint};
pub use material::chosen_takes;
pub use network::PretrainedSync;
pub use poses::{PoseErrors, Retrieval};
pub use within::{Beside, WithinTakes};

/// How much to ask.
#[derive(Clone, Debug, PartialEq)]
pub struct SyncQuestions {
    /// Time gaps in milliseconds, each above 0.
    pub gaps_ms: Vec<f64>,
    /// Pairs of each person at each gap, half of them of the same instant; at least 2.
    pub pairs: usize,
    /// Pictures of unseen people to retrieve others for; 0: all.
    pub queries: usize,
    /// Rows of a sheet of pictures.
    pub shown: usize,
    pub seed: u64,
}

/// Accuracy by gap, and retrieval within and across people.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct SyncReport {
    /// Steps taken.
    pub step: u64,
    /// Steps of the whole pretraining; more than `step` if it is unfinished.
    pub steps: u64,
    /// Pictures that were encoded.
    pub pictures: usize,
    /// What was behind people in them.
    pub background: Background,
    pub seed: u64,
    /// Of trained and of unseen people; each time all together, then one by one.
    pub accuracy: Vec<GapCurve>,
    /// All unseen people, then each.
    pub within_takes: Vec<WithinTakes>,
    /// All trained people, then each.
    pub across_people: Vec<AcrossPeople>,
    #[serde(skip)]
    pub details: Details,
}

/// What plots and sheets of pictures show, by rows of the dataset.
#[derive(Clone, Debug)]
pub struct Details {
    /// Of each query within takes: the time from the true instant to the retrieved one, and to a random one, in ms.
    pub gaps_ms: Vec<[f64; 2]>,
    pub within: Vec<WithinRow>,
    /// The people of `across`, in its order.
    pub trained: Vec<String>,
    pub across: Vec<AcrossRow>,
}

/// A query within takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WithinRow {
    pub query: u32,
    /// The true instant in another view.
    pub truth: u32,
    pub retrieved: u32,
    pub random: u32,
    /// Time from the true instant to the retrieved one.
    pub gap_ms: f64,
}

/// A query across people.
#[derive(Clone, Debug, PartialEq)]
pub struct AcrossRow {
    pub query: u32,
    /// One for each trained person.
    pub retrieved: Vec<u32>,
}

impl SyncReport {
    /// Encodes all pictures of a session, or of chosen takes of it, and asks. `all_takes` says that nothing was left
    /// out, so that the session is known to be another one if its number of pictures is another. `progress` is called
    /// with the numbers of encoded and of all pictures.
    ///
    /// # Errors
    /// If there are no held-out or no training takes, or no pairs; if the pretraining was on another session; if the
    /// device fails.
    pub fn of(
        pretrained: PretrainedSync,
        dataset: &Dataset,
        all_takes: bool,
        asked: &SyncQuestions,
        progress: impl FnMut(usize, usize),
    ) -> Result<Self, LearnError> {
        for split in [Split::HeldOut, Split::Train] {
            if dataset.rows(split).is_empty() {
                let name = split.name();
                return Err(LearnError::TooFew(format!("no take of the session has the split `{name}`")));
            }
        }
        let (learned_from, here) = (pretrained.learned_from(), dataset.rows(Split::Train).len());
        if all_takes && here > learned_from {
            return Err(LearnError::TooFew(format!(
                "the pretraining learned from {learned_from} pictures and the session has {here} to learn from: it is \
                 another session, whose people it does not know"
            )));
        }
        let ([step, steps], background) = (pretrained.progress(), pretrained.background());
        let scorer = pretrained.encode(dataset, progress)?;
        let rows: Vec<u32> = (0..dataset.len() as u32).collect();
        let poses = dataset.poses(&rows).map_err(during("reading labels"))?;
        let material = Material { takes: dataset.takes(), pictures: dataset.pictures(), poses: &poses };
        let SyncQuestions { gaps_ms, pairs, queries, shown, seed } = asked;
        let curves = |split| gaps::curves(&material, &scorer, split, gaps_ms, *pairs, *seed);
        let accuracy = [curves(Split::Train)?, curves(Split::HeldOut)?].concat();
        if accuracy.is_empty() {
            return Err(LearnError::TooFew("no take has two views of two instants as far apart as asked".to_owned()));
        }
        let within = within::asked(&material, &scorer, *queries, *seed)?;
        let across = across::asked(&material, &scorer, *queries, *seed)?;
        let details = Details {
            gaps_ms: within.iter().map(|found| [found.gap_ms, found.random_gap_ms]).collect(),
            within: within.iter().take(*shown).map(within::Found::shown).collect(),
            trained: material.people(Split::Train).into_iter().map(|person| person.name).collect(),
            across: across.iter().take(*shown).map(across::Found::shown).collect(),
        };
        Ok(Self {
            step,
            steps,
            pictures: dataset.len(),
            background,
            seed: *seed,
            accuracy,
            within_takes: within::summary(&material, &within)?,
            across_people: across::summary(&material, &across)?,
            details,
        })
    }
}
