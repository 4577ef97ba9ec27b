//! Turns serde's messages into errors with a remedy.

use crate::{Fault, SettingsError};

/// Turns a message of serde into an error with a remedy.
pub(crate) fn explain(origin: &str, key: &str, message: &str) -> SettingsError {
    // serde puts names in backquotes: first the offending one, then the known ones.
    let mut names = message.split('`').skip(1).step_by(2);
    let first = names.next().unwrap_or_default();
    let known: Vec<&str> = names.collect();
    let error = |problem: String, remedy| SettingsError::new(origin, key, problem, remedy);
    if message.starts_with("unknown field") {
        error(format!("there is no key `{first}`"), suggest(first, &known)).of(Fault::UnknownKey(first.into()))
    } else if message.starts_with("unknown variant") {
        error(format!("`{first}` is not possible here"), suggest(first, &known))
    } else if message.starts_with("missing field") {
        error(format!("`{first}` is missing"), format!("add `{first}`")).of(Fault::MissingKey(first.into()))
    } else {
        error(message.to_owned(), "give a value of the expected type".to_owned())
    }
}

fn suggest(word: &str, known: &[&str]) -> String {
    let likeness = |name: &str| strsim::jaro_winkler(word, name);
    match known.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b))) {
        Some(nearest) if likeness(nearest) > 0.75 => format!("did you mean `{nearest}`?"),
        Some(_) => format!("use one of {}", known.join(", ")),
        None => "remove it".to_owned(),
    }
}
