//! Trainings that differ in one thing each, beside what a paper says of them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use settings::Document;

use crate::check::{self, require};
use crate::{RecipeError, TrainRecipe};

/// Trainings that differ in one thing each, as a TOML file: kebab-case keys, unknown ones refused.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct AblationRecipe {
    /// What the table is of.
    pub title: String,
    /// The row by whose errors those of the others are divided.
    pub reference: String,
    /// Each row is trained once for each of these.
    pub seeds: Vec<u64>,
    /// What the rows share: a [`TrainRecipe`].
    pub base: toml::Table,
    /// `key=value` words that make it as large as the paper's.
    #[serde(default)]
    pub full: Vec<String>,
    /// The trainings.
    pub row: Vec<AblationRow>,
    /// What others have published, to print beside.
    #[serde(default)]
    pub published: Vec<PublishedRow>,
}

/// One training, and what the paper says of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct AblationRow {
    /// Its short name, such as `d`; letters, digits, `-` and `_`.
    pub name: String,
    /// What it is, in a few words.
    pub what: String,
    /// The paper's errors; `None` where it has no such row.
    pub paper: Option<PaperErrors>,
    /// What it has otherwise than `base`: `key=value` with dotted keys.
    #[serde(default)]
    pub set: Vec<String>,
    /// What it cannot be trained without.
    #[serde(default)]
    pub needs: Needs,
}

/// What a training needs beside the session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Needs {
    /// Nothing.
    #[default]
    Nothing,
    /// The weights of its network after training on ImageNet, as [`Initial::ImageNet`](crate::Initial::ImageNet) has
    /// them.
    #[serde(rename = "imagenet")]
    ImageNet,
}

/// Errors in mm, over the 16 joints other than the root; of 2D poses in pixels of a frame 1000 px wide.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PaperErrors {
    /// Mean distance of the joints.
    pub mpjpe: Option<f64>,
    /// After the best scale.
    pub n_mpjpe: Option<f64>,
    /// After the best similarity.
    pub p_mpjpe: Option<f64>,
}

/// A row of the paper's table that is not trained here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PublishedRow {
    /// Whose it is.
    pub what: String,
    /// Its errors.
    pub paper: PaperErrors,
}

/// One row with its recipes, one for each seed.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedRow {
    /// The row.
    pub row: AblationRow,
    /// In the order of [`AblationRecipe::seeds`]; none where what the row needs is not there.
    pub recipes: Vec<TrainRecipe>,
}

impl AblationRecipe {
    /// Reads and checks a recipe.
    ///
    /// # Errors
    /// A file that cannot be read, a key that is unknown or of another type, rows or seeds that are missing or twice
    /// there.
    pub fn load(path: &Path) -> Result<Self, RecipeError> {
        Self::of(&Document::read(path)?)
    }

    /// [`Self::load`] of text; `path` is for messages.
    ///
    /// # Errors
    /// As [`Self::load`], except that no file is read.
    pub fn parse(text: &str, path: &Path) -> Result<Self, RecipeError> {
        Self::of(&Document::new(text, path.display().to_string()))
    }

    fn of(document: &Document) -> Result<Self, RecipeError> {
        let recipe: Self = document.parse()?;
        recipe.check().map_err(|error| error.of_file(document.origin()))?;
        Ok(recipe)
    }

    fn check(&self) -> Result<(), RecipeError> {
        let names: BTreeSet<&String> = self.row.iter().map(|row| &row.name).collect();
        require(!self.row.is_empty(), "row", "is missing: name at least one training")?;
        require(names.len() == self.row.len(), "row.name", "is twice there")?;
        check::names(names.into_iter(), "row.name")?;
        let reference = self.row.iter().find(|row| row.name == self.reference);
        require(reference.is_some(), "reference", "must be the name of a row")?;
        let whole = reference.is_some_and(|row| row.needs == Needs::Nothing);
        require(whole, "reference", "must be a row that needs nothing else")?;
        check::seeds(&self.seeds, "seeds")
    }

    /// The recipes of all rows. `overrides` are `key=value`, and change `base`; what a row sets itself stays.
    /// `imagenet` is the file for rows that need one.
    ///
    /// # Errors
    /// As [`TrainRecipe::load`], naming the row; rows that hold pictures differently (`data`), since all learn from the
    /// same ones; rows that learn different things (`transfer.target`).
    pub fn plan(
        &self,
        origin: &Path,
        overrides: &[String],
        imagenet: Option<&Path>,
    ) -> Result<Vec<PlannedRow>, RecipeError> {
        let base = toml::to_string(&self.base)?;
        let of = |row: &AblationRow, seed: u64| {
            let mut words = [overrides, &row.set, &[format!("seed={seed}")]].concat();
            if let (Needs::ImageNet, Some(file)) = (row.needs, imagenet) {
                let file = toml::Value::String(file.display().to_string());
                words.push(format!("initial={{ imagenet = {{ weights = {file} }} }}"));
            }
            let named = PathBuf::from(format!("{}, row {}", origin.display(), row.name));
            TrainRecipe::parse(&base, &named, &words)
        };
        let mut planned = Vec::with_capacity(self.row.len());
        for row in &self.row {
            let there = row.needs == Needs::Nothing || imagenet.is_some();
            let seeds = if there { &self.seeds[..] } else { &[] };
            let recipes: Vec<TrainRecipe> = seeds.iter().map(|&seed| of(row, seed)).collect::<Result<_, _>>()?;
            planned.push(PlannedRow { row: row.clone(), recipes });
        }
        let mut recipes = planned.iter().flat_map(|row| &row.recipes).map(|recipe| recipe.data);
        let same = recipes.next().is_none_or(|first| recipes.all(|data| data == first));
        require(same, "row.set", "must not change `data`: all rows learn from the same pictures")?;
        let mut targets = planned.iter().flat_map(|row| &row.recipes).map(|recipe| recipe.transfer.target);
        let same = targets.next().is_none_or(|first| targets.all(|target| target == first));
        require(same, "row.set", "must not change `transfer.target`: errors in mm and in pixels do not compare")?;
        Ok(planned)
    }
}
