//! Which trainings the rows of a table need: each once, however many rows share it.

use std::path::{Path, PathBuf};

use miette::IntoDiagnostic;
use recipe::{AblationRecipe, AblationRow, DataConfig, PlannedRow, PoseTarget, Start, TrainRecipe};

/// All trainings of a table, in the order in which they are to be made: seed by seed, row by row.
pub struct Plan {
    pub rows: Vec<PlannedRow>,
    pub encoders: Vec<Encoder>,
    pub trainings: Vec<Training>,
    /// By row, then by seed: index into `trainings`.
    training_of: Vec<Vec<usize>>,
}

/// A pretraining, which several trainings may start from.
pub struct Encoder {
    /// Of the first row that needs it, with the seed: the name of its folder.
    pub name: String,
    pub recipe: TrainRecipe,
}

/// A transfer to poses.
pub struct Training {
    /// Of the first row that is this training, with the seed: the name of its folder.
    pub name: String,
    pub seed: u64,
    pub recipe: TrainRecipe,
    /// Index into [`Plan::encoders`]; `None` if it starts from random values.
    pub encoder: Option<usize>,
}

impl Encoder {
    pub fn folder(&self, out: &Path) -> PathBuf {
        out.join("encoders").join(&self.name)
    }
}

impl Training {
    pub fn folder(&self, out: &Path) -> PathBuf {
        out.join("rows").join(&self.name)
    }
}

impl Plan {
    pub fn new(recipe: &AblationRecipe, rows: Vec<PlannedRow>) -> miette::Result<Self> {
        let mut plan =
            Self { encoders: Vec::new(), trainings: Vec::new(), training_of: vec![Vec::new(); rows.len()], rows };
        let (mut encoders, mut trainings) = (Vec::new(), Vec::new());
        for (at, &seed) in recipe.seeds.iter().enumerate() {
            for (row, planned) in plan.rows.iter().enumerate() {
                // A row that waits for a file has none.
                let Some(recipe) = planned.recipes.get(at) else { continue };
                let name = format!("{}-{seed}", planned.row.name);
                let identity = recipe.identity().into_diagnostic()?;
                let training = match trainings.iter().position(|known| *known == identity) {
                    Some(known) => known,
                    None => {
                        let encoder = match recipe.transfer.from {
                            Start::Random => None,
                            Start::Sync => Some(plan_encoder(&mut plan.encoders, &mut encoders, recipe, &name)?),
                        };
                        trainings.push(identity);
                        plan.trainings.push(Training { name, seed, recipe: recipe.clone(), encoder });
                        trainings.len() - 1
                    }
                };
                plan.training_of[row].push(training);
            }
        }
        Ok(plan)
    }

    /// The trainings of a row, in the order of the recipe's seeds.
    pub fn of_row(&self, row: usize) -> impl Iterator<Item = &Training> {
        self.training_of[row].iter().map(|&training| &self.trainings[training])
    }

    /// How all of them hold pictures.
    pub fn data(&self) -> DataConfig {
        self.trainings[0].recipe.data
    }

    /// What all of them learn.
    pub fn target(&self) -> PoseTarget {
        self.trainings[0].recipe.transfer.target
    }

    /// Indices of the trainings of these rows and seeds, ascending.
    pub fn wanted(&self, row: impl Fn(&AblationRow) -> bool, seed: impl Fn(u64) -> bool) -> Vec<usize> {
        let of_rows = self.rows.iter().zip(&self.training_of).filter(|(planned, _)| row(&planned.row));
        let mut wanted: Vec<usize> = of_rows
            .flat_map(|(_, trainings)| trainings.iter().copied())
            .filter(|&training| seed(self.trainings[training].seed))
            .collect();
        wanted.sort_unstable();
        wanted.dedup();
        wanted
    }
}

/// The index of the encoder that a training starts from; adds it if no earlier one has it.
fn plan_encoder(
    encoders: &mut Vec<Encoder>,
    identities: &mut Vec<String>,
    recipe: &TrainRecipe,
    name: &str,
) -> miette::Result<usize> {
    let recipe = recipe.pretraining();
    let identity = recipe.identity().into_diagnostic()?;
    if let Some(known) = identities.iter().position(|known| *known == identity) {
        return Ok(known);
    }
    identities.push(identity);
    encoders.push(Encoder { name: name.to_owned(), recipe });
    Ok(encoders.len() - 1)
}
