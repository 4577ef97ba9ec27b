//! Errors of files of people, motions or light.

use std::io;
use std::path::{Path, PathBuf};

use image::ImageError;
use pose::PoseError;
use thiserror::Error;

/// A file that cannot be used. The messages include the causes, which are no sources, so that they are shown once.
#[derive(Debug, Error)]
pub enum AssetError {
    #[error("cannot read {}: {cause}", path.display())]
    Io { path: PathBuf, cause: io::Error },
    #[error("{}: not a readable glTF 2.0 file: {cause}", path.display())]
    Gltf { path: PathBuf, cause: Box<gltf::Error> },
    /// `joint` is the joint to which the line belongs, if there is one.
    #[error("{}, line {line}{}: {problem}", path.display(), joint.as_deref().map(|j| format!(", joint {j}")).unwrap_or_default())]
    Bvh { path: PathBuf, line: usize, joint: Option<String>, problem: String },
    #[error(transparent)]
    Markers(#[from] PoseError),
    #[error("{}: {cause}; give a Radiance .hdr file", path.display())]
    Panorama { path: PathBuf, cause: ImageError },
    #[error("{}: {problem}", path.display())]
    File { path: PathBuf, problem: String },
}

impl AssetError {
    pub(crate) fn file(path: &Path, problem: impl Into<String>) -> Self {
        Self::File { path: path.to_owned(), problem: problem.into() }
    }

    /// For a file that cannot be read.
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |cause| Self::Io { path, cause }
    }
}
