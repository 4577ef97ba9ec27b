//! The error of everything in this crate.

use std::fmt;
use std::io;
use std::path::Path;

use frame::Problem;
use take::TakeError;

/// What is wrong, of each file that is wrong; each problem names its file and the remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FootageError {
    /// At least one.
    pub problems: Vec<Problem>,
}

impl FootageError {
    pub(crate) fn io(doing: &str, path: &Path, error: io::Error) -> Self {
        Problem::with_remedy(
            format!("cannot {doing} {}: {error}", path.display()),
            "check that the folder exists and that you have access",
        )
        .into()
    }
}

impl fmt::Display for FootageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, problem) in self.problems.iter().enumerate() {
            if number > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for FootageError {}

impl From<Problem> for FootageError {
    fn from(problem: Problem) -> Self {
        Self { problems: vec![problem] }
    }
}

impl From<TakeError> for FootageError {
    fn from(error: TakeError) -> Self {
        let source = std::error::Error::source(&error).map(|source| format!(": {source}")).unwrap_or_default();
        Problem::new(format!("{error}{source}")).into()
    }
}
