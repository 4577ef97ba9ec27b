//! What an import is going to do, before anything is decoded.

use std::path::{Path, PathBuf};

use take::SessionTake;

use crate::labels::TakePoses;
use crate::{DatasetError, Pictures, human36m, mpi_inf_3dhp};

/// Which part of a data set is wanted. Empty lists mean everything.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// People, as the data set calls them: S1.
    pub subjects: Vec<String>,
    /// Actions, as the data set calls them: Walking.
    pub actions: Vec<String>,
    /// Takes to leave out, by the name that they would get.
    pub leave_out: Vec<String>,
}

/// The takes that a data set folder holds.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Name of the data set.
    pub source: &'static str,
    /// Names of the cameras, the same in all takes.
    pub cameras: Vec<String>,
    pub takes: Vec<PlannedTake>,
    /// What was left out that the caller did not ask to leave out, and why, for people to read.
    pub notes: Vec<String>,
}

/// One take to be.
#[derive(Clone, Debug)]
pub struct PlannedTake {
    pub take: SessionTake,
    /// Pictures per second.
    pub rate_hz: f64,
    /// In the order of the plan's cameras.
    pub views: Vec<View>,
    pub(crate) poses: PoseFiles,
}

/// What one camera saw.
#[derive(Clone, Debug)]
pub struct View {
    pub camera: String,
    pub pictures: Pictures,
}

/// Where the poses of a take are.
#[derive(Clone, Debug)]
pub(crate) enum PoseFiles {
    /// By camera: joints in the camera frame, and in the picture.
    Human36m(Vec<[PathBuf; 2]>),
    /// One file for all cameras, and the cameras' numbers in it.
    MpiInf3dhp(PathBuf, Vec<u8>),
}

impl PlannedTake {
    pub(crate) fn read_poses(&self) -> Result<TakePoses, DatasetError> {
        match &self.poses {
            PoseFiles::Human36m(files) => human36m::read_poses(files),
            PoseFiles::MpiInf3dhp(annotations, cameras) => mpi_inf_3dhp::read_poses(annotations, cameras),
        }
    }
}

impl Plan {
    /// Drops what the selection leaves out by name.
    pub(crate) fn leave_out(mut self, names: &[String]) -> Result<Self, DatasetError> {
        if let Some(unknown) = names.iter().find(|name| self.takes.iter().all(|planned| planned.take.name != **name)) {
            let known: Vec<_> = self.takes.iter().map(|planned| planned.take.name.as_str()).collect();
            return Err(DatasetError::Selection(format!(
                "there is no take {unknown:?} to leave out; there are {}",
                known.join(", ")
            )));
        }
        self.takes.retain(|planned| !names.contains(&planned.take.name));
        if self.takes.is_empty() {
            return Err(DatasetError::Selection("no take is left to import".into()));
        }
        Ok(self)
    }
}

/// The people to import: those that were asked for, or all that are there of those that there can be.
///
/// # Errors
/// A subject that does not exist, or whose folder is not there.
pub(crate) fn subjects(
    directory: &Path,
    asked: &[String],
    known: &[&'static str],
    notes: &mut Vec<String>,
) -> Result<Vec<&'static str>, DatasetError> {
    if !directory.is_dir() {
        return Err(DatasetError::Layout { directory: directory.into(), problem: "this is no folder".into() });
    }
    if let Some(unknown) = asked.iter().find(|subject| !known.contains(&subject.as_str())) {
        let problem = format!("there is no subject {unknown:?} with poses; there are {}", known.join(", "));
        return Err(DatasetError::Selection(problem));
    }
    let is_there = |subject: &&str| directory.join(subject).is_dir();
    let wanted: Vec<_> =
        known.iter().copied().filter(|known| asked.is_empty() || asked.iter().any(|one| one == known)).collect();
    let (there, absent): (Vec<_>, Vec<_>) = wanted.into_iter().partition(is_there);
    if there.is_empty() || (!asked.is_empty() && !absent.is_empty()) {
        return Err(DatasetError::Missing {
            directory: directory.into(),
            paths: absent.iter().map(PathBuf::from).collect(),
            remedy: "give the folder that holds one folder per subject".into(),
        });
    }
    if !absent.is_empty() {
        notes.push(format!("left out, since they are not there: {}", absent.join(", ")));
    }
    Ok(there)
}
