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
    /// Every so many frames of the held-out takes a model is measured on, where the data set's protocol says so.
    pub test_every: Option<u32>,
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
    /// The take in whose pictures the person leaves no place covered for long, so that their median is the background.
    /// Where the session lacks it, all takes of the person serve.
    pub background_take: String,
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
    /// The data set's own masks of them, a video; otherwise they are found.
    pub masks: Option<PathBuf>,
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

/// The subjects to import: those asked for, or all of the data set.
///
/// # Errors
/// If a subject is unknown or has no folder, or the folder is another one than the data set's.
pub(crate) fn subjects(
    directory: &Path,
    asked: &[String],
    known: &[&'static str],
) -> Result<Vec<&'static str>, DatasetError> {
    let layout = |problem: &str| DatasetError::Layout { directory: directory.into(), problem: problem.into() };
    if !directory.is_dir() {
        return Err(layout("this is not a folder"));
    }
    if let Some(unknown) = asked.iter().find(|subject| !known.contains(&subject.as_str())) {
        let problem = format!("there is no subject {unknown:?} with poses; there are {}", known.join(", "));
        return Err(DatasetError::Selection(problem));
    }
    let wanted: Vec<_> =
        known.iter().copied().filter(|known| asked.is_empty() || asked.iter().any(|one| one == known)).collect();
    let (there, absent): (Vec<_>, Vec<_>) =
        wanted.into_iter().partition(|subject: &&str| directory.join(subject).is_dir());
    if there.is_empty() {
        let problem = format!(
            "there is no folder {}, so this is not the data set as it unpacks{}; give the folder that holds one folder \
             per subject",
            absent.join(", "),
            looks_like(directory)
        );
        return Err(layout(&problem));
    }
    if !absent.is_empty() {
        return Err(DatasetError::Missing {
            directory: directory.into(),
            paths: absent.iter().map(PathBuf::from).collect(),
            remedy: format!(
                "the data set's protocol needs every subject: unpack what is missing, or choose what is there with \
                 --subjects {}, whose figures then compare with no published ones",
                there.join(",")
            ),
        });
    }
    Ok(there)
}

/// What a folder without any subject seems to be.
fn looks_like(directory: &Path) -> &'static str {
    let has = |name: &str| directory.join(name).exists();
    if has("session.toml") {
        " (it is a session already)"
    } else if ["Videos", "MyPoseFeatures", "Seq1", "Seq2"].into_iter().any(has) {
        " (it is one subject's)"
    } else {
        ""
    }
}
