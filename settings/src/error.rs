use std::{fmt, io};

/// What is wrong with a file of settings, where, and what to do about it.
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

/// The kind of what is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A key of this name has no meaning.
    UnknownKey(Box<str>),
    /// A key of this name must be there.
    MissingKey(Box<str>),
    Other,
}

impl SettingsError {
    /// `key` is the path of the key, as `camera[1].driver`; empty where the whole file is meant.
    pub fn new(
        origin: &str,
        key: impl Into<Box<str>>,
        problem: impl Into<Box<str>>,
        remedy: impl Into<Box<str>>,
    ) -> Self {
        let (key, problem, remedy) = (key.into(), problem.into(), remedy.into());
        Self { origin: origin.into(), line: None, key, fault: Fault::Other, problem, remedy, source: None }
    }

    /// Something that `key` names, or the file itself where it is empty, cannot be read.
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

    /// The same with other words.
    pub fn reworded(self, problem: impl Into<Box<str>>, remedy: impl Into<Box<str>>) -> Self {
        Self { problem: problem.into(), remedy: remedy.into(), ..self }
    }

    /// The file.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The line, from 1, where it is known.
    pub fn line(&self) -> Option<usize> {
        self.line
    }

    /// The path of the key; empty where the whole file is meant.
    pub fn key(&self) -> &str {
        &self.key
    }

    pub fn fault(&self) -> &Fault {
        &self.fault
    }

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
