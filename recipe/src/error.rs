//! What can be wrong with a recipe.

use settings::SettingsError;
use thiserror::Error;

/// What can be wrong with a recipe.
#[derive(Debug, Error)]
pub enum RecipeError {
    /// A recipe file, or an override given on top of it, is wrong or cannot be read.
    #[error("recipe {0}")]
    Settings(#[from] SettingsError),
    /// A value of a recipe built in code is out of range.
    #[error("recipe: at `{key}`: {problem}")]
    Value {
        /// The dotted key, such as `data.margin`.
        key: &'static str,
        /// The range that the value must be in, or what else is wrong with it.
        problem: String,
    },
    /// A recipe holds a value that TOML cannot, such as a seed above 2⁶³ − 1.
    #[error("the recipe cannot be written: {0}")]
    Text(#[from] toml::ser::Error),
}

impl RecipeError {
    /// A wrong value together with the file that it is from.
    pub(crate) fn of_file(self, origin: &str) -> Self {
        match self {
            Self::Value { key, problem } => SettingsError::new(origin, key, problem, "correct the value").into(),
            other => other,
        }
    }
}
