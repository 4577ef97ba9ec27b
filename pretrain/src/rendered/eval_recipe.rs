use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use settings::Document;

use super::evaluation::Peer;
use super::{DataConfig, RenderedError};
use crate::PretrainError;

/// On what a pose model is measured, as a TOML file: kebab-case keys, unknown ones refused. Paths are meant from the
/// working directory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct EvalRecipe {
    /// The rendered session: its held-out takes are measured on, the baselines are fitted on its training takes.
    pub session: PathBuf,
    /// How its pictures are held.
    #[serde(default)]
    pub data: DataConfig,
    /// Held-out pictures that peers are asked about.
    #[serde(default = "peer_pictures")]
    pub peer_pictures: usize,
    /// Recorded takes whose poses are known.
    #[serde(default)]
    pub take: Vec<TakePlan>,
    #[serde(default)]
    pub peer: Vec<Peer>,
}

fn peer_pictures() -> usize {
    800
}

/// A recorded take to measure on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TakePlan {
    pub name: String,
    pub take: PathBuf,
    /// As `genlock labels import` writes them.
    pub labels: PathBuf,
    /// A session of rendered people in the take's poses before its cameras.
    #[serde(default)]
    pub twin: Option<PathBuf>,
}

impl EvalRecipe {
    /// Reads a recipe. `overrides` are `key=value` with dotted keys.
    ///
    /// # Errors
    /// A file that cannot be read, a key that is unknown or of another type.
    pub fn load(path: &Path, overrides: &[String]) -> Result<Self, RenderedError> {
        let read = || Document::read(path)?.set(overrides)?.parse();
        Ok(read().map_err(PretrainError::from)?)
    }
}
