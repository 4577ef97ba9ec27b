//! What is wrong, and what a person can do about it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Something that went wrong, for people: errors, camera states and findings carry it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// What is wrong, as a clause without a full stop.
    pub what: String,
    /// What to do about it, where that is known: a command, a setting, a sentence.
    pub remedy: Option<String>,
}

impl Problem {
    /// A problem without a known remedy.
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), remedy: None }
    }

    /// A problem and what to do about it.
    pub fn with_remedy(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what: what.into(), remedy: Some(remedy.into()) }
    }

    /// The same problem, with the name of what it is about in front.
    pub fn of(self, whose: impl fmt::Display) -> Self {
        Self { what: format!("{whose}: {}", self.what), ..self }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.remedy {
            Some(remedy) => write!(f, "{}; {remedy}", self.what),
            None => f.write_str(&self.what),
        }
    }
}

impl std::error::Error for Problem {}
