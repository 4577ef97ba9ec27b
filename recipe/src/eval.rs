//! On what a pose model is measured.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use settings::Document;

use crate::{DataConfig, RecipeError};

/// On what a pose model is measured, as a TOML file: kebab-case keys, unknown ones refused. Paths are meant from the
/// working directory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct EvalRecipe {
    /// The session, rendered or imported: its held-out takes are measured on, the baselines are fitted on its training takes.
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
    /// Other programs to measure on the same pictures.
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
    /// Its name in tables.
    pub name: String,
    /// The folder of the take.
    pub take: PathBuf,
    /// The file of its labels, as `genlock labels import` writes it.
    pub labels: PathBuf,
    /// A session of rendered people in the take's poses before its cameras.
    #[serde(default)]
    pub twin: Option<PathBuf>,
}

/// A program to measure beside a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Peer {
    /// How it is called in tables.
    pub who: String,
    /// The program and its first words. The folder of the pictures is added as the last one: the program reads the
    /// `pictures.json` there, which names JPEG files in it by take, camera and instant, and writes `poses.json`: a
    /// list as long, of 17 joints in mm, root-relative, in the look-at frame, or null where it sees nobody.
    pub command: Vec<String>,
}

impl EvalRecipe {
    /// Reads a recipe. `overrides` are `key=value` with dotted keys.
    ///
    /// # Errors
    /// A file that cannot be read, a key that is unknown or of another type.
    pub fn load(path: &Path, overrides: &[String]) -> Result<Self, RecipeError> {
        Ok(Document::read(path)?.set(overrides)?.parse()?)
    }
}
