//! What can be wrong with a recipe.

use settings::SettingsError;
use thiserror::Error;

#[derive(Debug, Error)]
pub enum RecipeError {
    /// In a file, or in words that change it.
    #[error("recipe {0}")]
    Settings(#[from] SettingsError),
    /// In a recipe that code has made.
    #[error("recipe: at `{key}`: {problem}")]
    Value { key: &'static str, problem: String },
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
