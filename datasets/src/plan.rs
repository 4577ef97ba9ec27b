//! What an import will do, planned before anything is decoded.

use std::path::{Path, PathBuf};

use take::SessionTake;

use crate::{DatasetError, PictureFiles};

/// Which part of a data set is wanted. Empty lists mean everything.
#[derive(Clone, Debug, Default)]
pub struct TakeSelection {
    /// People, by the data set's names, such as S1.
    pub subjects: Vec<String>,
    /// Actions, by the data set's names, such as Walking.
    pub actions: Vec<String>,
    /// Takes to leave out, by the names that they would get.
    pub leave_out: Vec<String>,
}

/// The takes that a data set folder holds.
#[derive(Clone, Debug)]
pub struct ImportPlan {
    /// Name of the data set.
    pub source: &'static str,
    /// Names of the cameras, the same in all takes.
    pub cameras: Vec<String>,
    /// The takes to import.
    pub takes: Vec<PlannedTake>,
    /// What else was left out and why, for people to read.
    pub notes: Vec<String>,
}

/// A take to import.
#[derive(Clone, Debug)]
pub struct PlannedTake {
    /// Its entry in the session.
    pub take: SessionTake,
    /// Pictures per second.
    pub rate_hz: f64,
    /// In the order of the plan's cameras.
    pub views: Vec<PlannedView>,
    pub(crate) poses: PoseFiles,
}

/// One camera of a take to import.
#[derive(Clone, Debug)]
pub struct PlannedView {
    /// The camera's name.
    pub camera: String,
    /// Its pictures.
    pub pictures: PictureFiles,
}

/// The files of a take's poses.
#[derive(Clone, Debug)]
pub(crate) enum PoseFiles {
    /// By camera the joints in the camera frame, and in the picture.
    Human36m(Vec<[PathBuf; 2]>),
    /// One file for all cameras, and the cameras' numbers in it.
    MpiInf3dhp(PathBuf, Vec<u8>),
}

impl ImportPlan {
    /// Drops takes by name.
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

/// The subjects to import: those asked for, or all known ones that have a folder.
///
/// # Errors
/// If a subject is unknown or has no folder.
pub(crate) fn subjects(
    directory: &Path,
    asked: &[String],
    known: &[&'static str],
    notes: &mut Vec<String>,
) -> Result<Vec<&'static str>, DatasetError> {
    if !directory.is_dir() {
        return Err(DatasetError::Layout { directory: directory.into(), problem: "this is not a folder".into() });
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
        notes.push(format!("left out, since they do not exist: {}", absent.join(", ")));
    }
    Ok(there)
}
