//! A study of learning from a stream: several sessions in a row, of which each is seen once, learned from in ways that
//! differ in what is kept.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use settings::Document;

use crate::check::{self, require, within};
use crate::{DataConfig, PretrainRecipe, RecipeError};

/// A study of learning from a stream, as a TOML file: kebab-case keys, unknown ones refused.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct StreamRecipe {
    /// What the study is of.
    pub title: String,
    /// Each arm learns once with each of these.
    pub seeds: Vec<u64>,
    /// How pictures are held, of which the stream is made.
    #[serde(default)]
    pub data: DataConfig,
    /// What the arms share: a [`PretrainRecipe`].
    pub base: toml::Table,
    /// The sessions, in their order.
    pub session: Vec<StreamSession>,
    /// Ways to learn.
    pub arm: Vec<StreamArm>,
    /// What is measured, and when.
    #[serde(default)]
    pub measured: Measured,
}

/// A session of the stream: the training takes of some people in some places, one person after the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct StreamSession {
    /// Its name.
    pub name: String,
    /// Who is in it.
    pub people: Vec<String>,
    /// Where: their light is on the people, also where the background is removed.
    pub environments: Vec<String>,
    /// The most takes; 0 is all.
    #[serde(default)]
    pub takes: usize,
}

/// A way to learn from the stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct StreamArm {
    /// Its short name: letters, digits, `-` and `_`.
    pub name: String,
    /// What it is, in a few words.
    pub what: String,
    /// What it has otherwise than `base`: `key=value` with dotted keys.
    #[serde(default)]
    pub set: Vec<String>,
    /// The seeds that it learns with; without it, all.
    #[serde(default)]
    pub seeds: Option<Vec<u64>>,
}

/// What is measured of an arm, and when. Nothing of it is learned from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Measured {
    /// How often in each session; the last time is at its end.
    pub times_a_session: usize,
    /// Takes of each unseen person: the frozen set.
    pub takes_of_each: usize,
    /// Every how manieth take of a session is held back, to see what is retained of the session.
    pub held_back: usize,
    /// Time gaps in milliseconds.
    pub gaps_ms: Vec<f64>,
    /// Pairs of each person at each gap, half of them of the same instant.
    pub pairs: usize,
    /// The gap by which arms are compared, one of `gaps-ms`.
    pub compared_ms: f64,
}

impl Default for Measured {
    fn default() -> Self {
        Self {
            times_a_session: 2,
            takes_of_each: 2,
            held_back: 6,
            gaps_ms: vec![100.0, 200.0, 400.0, 800.0, 1600.0],
            pairs: 200,
            compared_ms: 400.0,
        }
    }
}

/// An arm with its recipes by seed.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedArm {
    /// The arm.
    pub arm: StreamArm,
    /// With each of its seeds.
    pub recipes: Vec<PretrainRecipe>,
}

impl StreamRecipe {
    /// Reads and checks a recipe. `overrides` are `key=value` with dotted keys, as `base.width=32`.
    ///
    /// # Errors
    /// A file that cannot be read, a key that is unknown or of another type, what is missing or twice there.
    pub fn load(path: &Path, overrides: &[String]) -> Result<Self, RecipeError> {
        Self::of(Document::read(path)?, overrides)
    }

    /// [`Self::load`] of text; `path` is for messages.
    ///
    /// # Errors
    /// As [`Self::load`], except that no file is read.
    pub fn parse(text: &str, path: &Path, overrides: &[String]) -> Result<Self, RecipeError> {
        Self::of(Document::new(text, path.display().to_string()), overrides)
    }

    fn of(document: Document, overrides: &[String]) -> Result<Self, RecipeError> {
        let document = document.set(overrides)?;
        let recipe: Self = document.parse()?;
        recipe.check().map_err(|error| error.of_file(document.origin()))?;
        Ok(recipe)
    }

    fn check(&self) -> Result<(), RecipeError> {
        let all_different = |names: &[&String]| names.iter().collect::<BTreeSet<_>>().len() == names.len();
        let arms: Vec<&String> = self.arm.iter().map(|arm| &arm.name).collect();
        let sessions: Vec<&String> = self.session.iter().map(|session| &session.name).collect();
        require(!arms.is_empty() && all_different(&arms), "arm.name", "must be there once for each arm")?;
        check::names(arms.into_iter(), "arm.name")?;
        require(
            sessions.len() >= 2 && all_different(&sessions),
            "session",
            "must be two or more with different names",
        )?;
        let empty = |session: &StreamSession| session.people.is_empty() || session.environments.is_empty();
        require(!self.session.iter().any(empty), "session", "must each name people and environments")?;
        check::seeds(&self.seeds, "seeds")?;
        let known = |arm: &StreamArm| arm.seeds.iter().flatten().all(|seed| self.seeds.contains(seed));
        require(self.arm.iter().all(known), "arm.seeds", "must be among seeds")?;
        let m = &self.measured;
        within(m.times_a_session, &(1..=100), "measured.times-a-session")?;
        within(m.takes_of_each, &(1..=1000), "measured.takes-of-each")?;
        within(m.held_back, &(2..=1000), "measured.held-back")?;
        within(m.pairs, &(4..=100_000), "measured.pairs")?;
        require(
            !m.gaps_ms.is_empty() && m.gaps_ms.iter().all(|gap| *gap > 0.0 && gap.is_finite()),
            "measured.gaps-ms",
            "must be numbers above 0",
        )?;
        require(m.gaps_ms.contains(&m.compared_ms), "measured.compared-ms", "must be one of measured.gaps-ms")
    }

    /// The recipes of all arms.
    ///
    /// # Errors
    /// As [`PretrainRecipe::load`], naming the arm.
    pub fn plan(&self, origin: &Path) -> Result<Vec<PlannedArm>, RecipeError> {
        let base = toml::to_string(&self.base)?;
        let of = |arm: &StreamArm, seed: u64| {
            let words = [&arm.set[..], &[format!("seed={seed}")]].concat();
            let named = PathBuf::from(format!("{}, arm {}", origin.display(), arm.name));
            PretrainRecipe::parse_with(&base, &named, &words)
        };
        let planned = |arm: &StreamArm| {
            let seeds = arm.seeds.as_ref().unwrap_or(&self.seeds);
            let recipes = seeds.iter().map(|&seed| of(arm, seed)).collect::<Result<_, _>>()?;
            Ok(PlannedArm { arm: arm.clone(), recipes })
        };
        self.arm.iter().map(planned).collect()
    }
}
