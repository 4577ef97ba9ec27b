//! Errors of rendering a session.

use std::io;
use std::path::{Path, PathBuf};

use pose::PoseError;
use take::TakeError;
use thiserror::Error;

use crate::scene::{ScenarioError, StudioError};

/// Why a session cannot be rendered.
#[derive(Debug, Error)]
pub enum RenderError {
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    #[error("two scenarios have the name {name:?}; give each its own, since their takes are named by it")]
    SameName { name: String },
    #[error(
        "{} is of another scenario with the same name; render into another folder, or give the scenario another name",
        path.display()
    )]
    OtherScenario { path: PathBuf },
    #[error(
        "{missing} takes of {} are not there, so the session is not complete; render that scenario into it, too, or \
         remove it and its takes",
        path.display()
    )]
    Short { path: PathBuf, missing: usize },
    #[error(
        "{} was begun with the backend {known}, whose pictures differ from those of {asked}; go on with --backend \
         {known}, or render into another folder",
        path.display()
    )]
    OtherBackend { path: PathBuf, known: String, asked: &'static str },
    // The message includes the cause, which is not a source, so that it is not shown twice.
    #[error("take {take}: {cause}")]
    Studio { take: String, cause: StudioError },
    #[error(transparent)]
    Take(Box<TakeError>),
    #[error(transparent)]
    Labels(#[from] PoseError),
    #[error("cannot {doing} {}: {source}", path.display())]
    Io { doing: &'static str, path: PathBuf, source: io::Error },
    #[error("{}: {problem}; remove the folder of this take and render again", path.display())]
    Truth { path: PathBuf, problem: String },
}

impl From<TakeError> for RenderError {
    fn from(source: TakeError) -> Self {
        Self::Take(Box::new(source))
    }
}

impl RenderError {
    pub(super) fn io(doing: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { doing, path: path.to_owned(), source }
    }
}
