use std::fmt;
use std::io;

/// What is wrong with a rig file, where, and what to do about it.
#[derive(Debug)]
pub struct ConfigError {
    origin: String,
    line: Option<usize>,
    key: String,
    problem: String,
    remedy: String,
    source: Option<io::Error>,
}

impl ConfigError {
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

    pub(crate) fn unreadable(origin: &str, source: io::Error) -> Self {
        let error = Self::new(origin, "", "the file cannot be read", "check the path and its permissions");
        Self { source: Some(source), ..error }
    }

    /// The file.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The line, from 1, where it is known.
    pub fn line(&self) -> Option<usize> {
        self.line
    }

    /// The path of the key, as `camera[1].driver`; empty where the whole file is meant.
    pub fn key(&self) -> &str {
        &self.key
    }

    pub fn problem(&self) -> &str {
        &self.problem
    }

    /// What to do.
    pub fn remedy(&self) -> &str {
        &self.remedy
    }
}

impl fmt::Display for ConfigError {
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

impl std::error::Error for ConfigError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}

/// A value that is valid but probably not meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The path of the key, as `trigger.rate-hz`.
    pub key: String,
    pub message: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.message)
    }
}
