//! Writes a session, take by take.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use take::session::{DRAFT, LABELS_FILE, SESSION_VERSION};
use take::{Imported, MASKS_FILE, Session, SessionTake, TakeError, TakeWriter};

use crate::{DatasetError, Fault, FoundMasks, ImportPlan, PictureSource, PlannedTake, masks, record_take};

const LOCK: &str = ".lock";

/// An import into a session. It locks the folder against other imports.
pub struct Import {
    directory: PathBuf,
    session: Session,
    _lock: File,
}

/// An imported take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedTake {
    /// Frames of each camera: the least that videos and poses have.
    pub frames: u32,
    /// Frames that the data set has poses for.
    pub poses: u32,
    /// Instants without a label in some view.
    pub unlabelled: usize,
    /// The camera whose video ended before the poses.
    pub cut_by: Option<String>,
}

impl Import {
    /// Starts a session in `directory`, or resumes one: existing takes are kept, and the session lists them and the
    /// plan's.
    ///
    /// # Errors
    /// If the folder holds something else, or a session with other cameras, another source or quality; if another
    /// import is running in it; if the disk fails.
    pub fn begin(directory: &Path, plan: &ImportPlan, jpeg_quality: u8) -> Result<Self, DatasetError> {
        fs::create_dir_all(directory).map_err(|e| DatasetError::io("create", directory, e))?;
        let mut entries = fs::read_dir(directory).map_err(|e| DatasetError::io("list", directory, e))?;
        let foreign =
            entries.any(|entry| entry.is_ok_and(|entry| ![LOCK, DRAFT].map(Into::into).contains(&entry.file_name())));
        let lock = lock(directory)?;
        let imported = Imported {
            source: plan.source.into(),
            cameras: plan.cameras.clone(),
            jpeg_quality,
            test_every: plan.test_every,
        };
        let mut session = match Session::read_unfinished(directory) {
            Ok(session) => session,
            Err(TakeError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                if foreign {
                    let problem = "the folder is not empty and not a session; give a new one";
                    return Err(DatasetError::session(directory, problem));
                }
                let imported = Some(imported.clone());
                Session { version: SESSION_VERSION, complete: false, imported, takes: vec![] }
            }
            Err(error) => return Err(error.into()),
        };
        if session.imported.as_ref() != Some(&imported) {
            let holds = match &session.imported {
                Some(old) if old.test_every != imported.test_every => {
                    format!("of {} from a genlock that knew no test frames of it", old.source)
                }
                Some(Imported { source, cameras, jpeg_quality, .. }) => {
                    format!("of {source} with cameras {} and JPEG quality {jpeg_quality}", cameras.join(", "))
                }
                None => "that was rendered".to_owned(),
            };
            let problem = format!("it holds a session {holds}; give a new folder, or import the same");
            return Err(DatasetError::session(directory, problem));
        }
        let planned: BTreeSet<_> = plan.takes.iter().map(|planned| planned.take.name.as_str()).collect();
        let mut takes = std::mem::take(&mut session.takes);
        takes.retain(|take| !planned.contains(take.name.as_str()) && Session::take_directory(directory, take).is_dir());
        takes.extend(plan.takes.iter().map(|planned| planned.take.clone()));
        takes.sort_by(|a, b| a.name.cmp(&b.name));
        session.takes = takes;
        session.complete = false;
        session.write(directory)?;
        Ok(Self { directory: directory.to_owned(), session, _lock: lock })
    }

    /// Whether a take exists already.
    pub fn has(&self, planned: &PlannedTake) -> bool {
        self.folder(&planned.take).is_dir()
    }

    /// Writes a take and its labels. `open` decodes a video; `progress` gets the number of frames done, and of all.
    ///
    /// The take ends with the shortest of its videos and its poses.
    ///
    /// # Errors
    /// If poses cannot be read, pictures cannot be decoded or change their size, a video ends long before the poses, or
    /// the disk fails. The session does not have the take then.
    pub fn add(
        &mut self,
        planned: &PlannedTake,
        open: impl FnMut(&Path) -> Result<Box<dyn PictureSource>, Fault>,
        progress: impl FnMut(u32, u32),
    ) -> Result<ImportedTake, DatasetError> {
        let poses = planned.read_poses()?;
        let whole = self.folder(&planned.take);
        let takes = self.directory.join("takes");
        fs::create_dir_all(&takes).map_err(|e| DatasetError::io("create", &takes, e))?;
        let draft_name = format!(".{}.part", planned.take.name);
        let draft = takes.join(&draft_name);
        if draft.is_dir() {
            fs::remove_dir_all(&draft).map_err(|e| DatasetError::io("remove", &draft, e))?;
        }
        let writer = TakeWriter::create_named(&takes, &draft_name, &record_take::take_info(planned)?)?;
        let recorded = record_take::record(planned, writer, poses.length, open, progress)?;
        let labels = poses.labels(&recorded.cameras, recorded.frames, planned.rate_hz);
        let path = draft.join(LABELS_FILE);
        labels.write(&path)?;
        [path.as_path(), &draft].into_iter().try_for_each(sync)?;
        fs::rename(&draft, &whole).map_err(|e| DatasetError::io("rename", &draft, e))?;
        sync(&takes)?;
        Ok(ImportedTake {
            frames: recorded.frames,
            poses: poses.length,
            unlabelled: labels.provenance.unlabelled.len(),
            cut_by: recorded.cut_by,
        })
    }

    /// Whether a take has its masks already.
    pub fn has_masks(&self, planned: &PlannedTake) -> bool {
        self.folder(&planned.take).join(MASKS_FILE).is_file()
    }

    /// Finds the subject in every picture of a take. To be called when all takes are there, since the background may be
    /// seen in others. `open` decodes a video of masks, where the data set has one; `progress` gets the number of
    /// pictures done, and of all.
    ///
    /// # Errors
    /// If pictures or masks cannot be decoded or differ in size, a video of masks ends before the pictures, or the disk
    /// fails. The take has no masks then.
    pub fn add_masks(
        &mut self,
        planned: &PlannedTake,
        open: impl FnMut(&Path) -> Result<Box<dyn PictureSource>, Fault>,
        progress: impl FnMut(u32, u32),
    ) -> Result<FoundMasks, DatasetError> {
        let there = |take: &&SessionTake| self.folder(take).is_dir();
        let of_person = |take: &&SessionTake| take.person == planned.take.person;
        let best = self.session.takes.iter().filter(there).find(|take| take.name == planned.background_take);
        let background_takes: Vec<PathBuf> = match best {
            Some(take) => vec![self.folder(take)],
            None => self.session.takes.iter().filter(there).filter(of_person).map(|take| self.folder(take)).collect(),
        };
        let draft = self.directory.join("takes").join(format!(".{}.masks", planned.take.name));
        fs::create_dir_all(&draft).map_err(|e| DatasetError::io("create", &draft, e))?;
        let folder = self.folder(&planned.take);
        let found = masks::write(planned, &folder, &draft, &background_takes, open, progress)?;
        let written = draft.join(MASKS_FILE);
        fs::rename(&written, folder.join(MASKS_FILE)).map_err(|e| DatasetError::io("rename", &written, e))?;
        fs::remove_dir(&draft).map_err(|e| DatasetError::io("remove", &draft, e))?;
        sync(&folder)?;
        Ok(found)
    }

    /// Marks the session as complete.
    ///
    /// # Errors
    /// If a take or its masks are missing, or the disk fails.
    pub fn finish(mut self) -> Result<Session, DatasetError> {
        if let Some(take) = self.session.takes.iter().find(|take| !self.folder(take).is_dir()) {
            return Err(DatasetError::session(&self.directory, format!("its take {} is missing", take.name)));
        }
        if let Some(take) = self.session.takes.iter().find(|take| !self.folder(take).join(MASKS_FILE).is_file()) {
            let problem = format!("its take {} has no masks; import that take again into this session", take.name);
            return Err(DatasetError::session(&self.directory, problem));
        }
        self.session.complete = true;
        self.session.write(&self.directory)?;
        Ok(self.session)
    }

    fn folder(&self, take: &SessionTake) -> PathBuf {
        Session::take_directory(&self.directory, take)
    }
}

fn lock(directory: &Path) -> Result<File, DatasetError> {
    let path = directory.join(LOCK);
    let file = File::create(&path).map_err(|e| DatasetError::io("create", &path, e))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(DatasetError::session(directory, "another import is running in it")),
        Err(TryLockError::Error(e)) => Err(DatasetError::io("lock", &path, e)),
    }
}

fn sync(path: &Path) -> Result<(), DatasetError> {
    File::open(path).and_then(|file| file.sync_all()).map_err(|e| DatasetError::io("sync", path, e))
}
