use std::path::{Path, PathBuf};

/// Why a file is no actor.
#[derive(Debug, thiserror::Error)]
pub enum ActorError {
    #[error("{}: not a readable glTF 2.0 file", path.display())]
    Gltf { path: PathBuf, source: Box<gltf::Error> },
    #[error("cannot read {}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error("{}: no mesh has a skin; an actor needs a rigged body", path.display())]
    NoSkin { path: PathBuf },
    #[error("{}: no joint for {bone}; none of {looked_for} is among {found}", path.display())]
    MissingJoint { path: PathBuf, bone: String, looked_for: String, found: String },
    #[error("{}: mesh {mesh}: {problem}", path.display())]
    Mesh { path: PathBuf, mesh: String, problem: String },
    #[error("{}: {problem}", path.display())]
    File { path: PathBuf, problem: String },
}

impl ActorError {
    pub(crate) fn file(path: &Path, problem: impl Into<String>) -> Self {
        Self::File { path: path.to_owned(), problem: problem.into() }
    }
}
