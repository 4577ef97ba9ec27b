//! Settings as a TOML file, with words of the command line over it.

use std::path::Path;

use serde::de::DeserializeOwned;

use crate::PretrainError;

/// Reads a file. `overrides` are `key=value` with dotted keys, as `transfer.train=linear`.
///
/// # Errors
/// A file that cannot be read, a key that is unknown or of another type.
pub(crate) fn load<T: DeserializeOwned>(path: &Path, overrides: &[String]) -> Result<T, PretrainError> {
    let text =
        std::fs::read_to_string(path).map_err(|source| PretrainError::RecipeFile { path: path.to_owned(), source })?;
    parse(&text, path, overrides)
}

/// [`load`] of text; `path` is for messages.
pub(crate) fn parse<T: DeserializeOwned>(text: &str, path: &Path, overrides: &[String]) -> Result<T, PretrainError> {
    let syntax = |at: String, message: String| PretrainError::RecipeSyntax { path: path.to_owned(), at, message };
    let mut table: toml::Table = text.parse().map_err(|e: toml::de::Error| syntax("the file".into(), e.to_string()))?;
    for word in overrides {
        let added = one_key(word).ok_or_else(|| syntax(word.clone(), "is not key=value".to_owned()))?;
        merge(&mut table, added);
    }
    serde_path_to_error::deserialize(toml::Value::Table(table))
        .map_err(|e| syntax(e.path().to_string(), e.inner().to_string()))
}

/// `a.b=c` as a table. A value that is no TOML is taken as text.
fn one_key(word: &str) -> Option<toml::Table> {
    let (key, value) = word.split_once('=')?;
    let parsed = word.parse::<toml::Table>().or_else(|_| format!("{key} = {value:?}").parse());
    parsed.ok().filter(|table| table.len() == 1)
}

fn merge(into: &mut toml::Table, from: toml::Table) {
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(toml::Value::Table(below)), toml::Value::Table(value)) => merge(below, value),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}
