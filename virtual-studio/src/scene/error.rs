use std::path::Path;
use std::{fmt, io};

/// What is wrong with a scenario file or with what it names, where, and what to do about it.
#[derive(Debug)]
pub struct ScenarioError {
    origin: String,
    line: Option<usize>,
    key: String,
    problem: String,
    remedy: String,
    source: Option<io::Error>,
}

impl ScenarioError {
    pub(crate) fn new(
        origin: &str,
        key: impl Into<String>,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        let (key, problem, remedy) = (key.into(), problem.into(), remedy.into());
        Self { origin: origin.to_owned(), line: None, key, problem, remedy, source: None }
    }

    pub(crate) fn at_line(self, line: Option<usize>) -> Self {
        Self { line, ..self }
    }

    pub(crate) fn unreadable(origin: &str, key: &str, path: &Path, source: io::Error) -> Self {
        let problem = format!("{} cannot be read", path.display());
        let error = Self::new(origin, key, problem, "check the path and its permissions");
        Self { source: Some(source), ..error }
    }

    /// The path of the key, as `rig.views`; empty where the whole file is meant.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The line, from 1, where it is known.
    pub fn line(&self) -> Option<usize> {
        self.line
    }
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if !self.key.is_empty() {
            write!(f, ", {}", self.key)?;
        }
        write!(f, ": {}; {}", self.problem, self.remedy)
    }
}

impl std::error::Error for ScenarioError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}
