use std::path::PathBuf;

/// Why a file is no motion.
#[derive(Debug, thiserror::Error)]
pub enum MotionError {
    #[error("cannot read {}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    /// `joint` is the joint that the line belongs to, where there is one.
    #[error("{}, line {line}{}: {problem}", path.display(), joint.as_deref().map(|j| format!(", joint {j}")).unwrap_or_default())]
    Bvh { path: PathBuf, line: usize, joint: Option<String>, problem: String },
    #[error("{}: no joint {joint} ({bone}); {skeleton}; it has {found}", path.display())]
    MissingJoint { path: PathBuf, bone: String, joint: String, skeleton: String, found: String },
    #[error(transparent)]
    Markers(#[from] pose::PoseError),
    #[error("{}: {problem}", path.display())]
    File { path: PathBuf, problem: String },
}
