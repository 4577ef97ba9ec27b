//! The error of all settings: file, line, key, problem and remedy.

use std::{fmt, io};

/// What is wrong with a settings file, where, and what to do about it.
#[derive(Debug)]
pub struct SettingsError {
    origin: Box<str>,
    line: Option<usize>,
    key: Box<str>,
    fault: Fault,
    problem: Box<str>,
    remedy: Box<str>,
    source: Option<io::Error>,
}

/// The kind of problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// There is no key of this name.
    UnknownKey(Box<str>),
    /// The key of this name is required.
    MissingKey(Box<str>),
    /// Anything else.
    Other,
}

impl SettingsError {
    /// `key` is the path of the key, such as `camera[1].driver`; empty if the error concerns the whole file.
    pub fn new(
        origin: &str,
        key: impl Into<Box<str>>,
        problem: impl Into<Box<str>>,
        remedy: impl Into<Box<str>>,
    ) -> Self {
        let (key, problem, remedy) = (key.into(), problem.into(), remedy.into());
        Self { origin: origin.into(), line: None, key, fault: Fault::Other, problem, remedy, source: None }
    }

    /// `what`, which `key` refers to, or the file itself where `key` is empty, cannot be read.
    pub fn unreadable(origin: &str, key: &str, what: &str, source: io::Error) -> Self {
        let error = Self::new(origin, key, format!("{what} cannot be read"), "check the path and its permissions");
        Self { source: Some(source), ..error }
    }

    pub(crate) fn at_line(self, line: Option<usize>) -> Self {
        Self { line, ..self }
    }

    pub(crate) fn of(self, fault: Fault) -> Self {
        Self { fault, ..self }
    }

    /// The same error with another problem and remedy.
    pub fn reworded(self, problem: impl Into<Box<str>>, remedy: impl Into<Box<str>>) -> Self {
        Self { problem: problem.into(), remedy: remedy.into(), ..self }
    }

    /// The file.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The line, from 1, if known.
    pub fn line(&self) -> Option<usize> {
        self.line
    }

    /// The path of the key; empty if the error concerns the whole file.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The kind of problem.
    pub fn fault(&self) -> &Fault {
        &self.fault
    }

    /// What is wrong.
    pub fn problem(&self) -> &str {
        &self.problem
    }

    /// What to do.
    pub fn remedy(&self) -> &str {
        &self.remedy
    }
}

impl fmt::Display for SettingsError {
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

impl std::error::Error for SettingsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}
