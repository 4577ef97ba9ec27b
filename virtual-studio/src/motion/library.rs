use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use super::{Clip, MotionError, action};

/// What is known of a clip without reading its frames.
#[derive(Clone, Debug, PartialEq)]
pub struct ClipEntry {
    /// The file's name without ending.
    pub name: String,
    /// What is done, one word or two; see [`action::of_name`].
    pub action: String,
    /// Who does it, where the name tells.
    pub subject: Option<String>,
    pub duration_s: f64,
    pub path: PathBuf,
}

/// The clips of a folder, in the order of their names; each is read when it is first asked for.
#[derive(Debug)]
pub struct ClipLibrary {
    entries: Vec<ClipEntry>,
    clips: Vec<OnceLock<Arc<Clip>>>,
}

impl ClipLibrary {
    /// Lists the BVH files in a folder and in the folders inside it.
    ///
    /// # Errors
    /// A folder or file cannot be read, a file has no frame count, or there is no clip at all.
    pub fn scan(folder: &Path) -> Result<Self, MotionError> {
        let mut paths = Vec::new();
        let mut open = vec![folder.to_owned()];
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(&folder).map_err(|source| unreadable(&folder, source))? {
                let path = entry.map_err(|source| unreadable(&folder, source))?.path();
                match path.extension().and_then(OsStr::to_str) {
                    _ if path.is_dir() => open.push(path),
                    Some(ending) if ending.eq_ignore_ascii_case("bvh") => paths.push(path),
                    _ => {}
                }
            }
        }
        if paths.is_empty() {
            return Err(MotionError::File { path: folder.to_owned(), problem: "no BVH file here".into() });
        }
        paths.sort_by(|a, b| (a.file_name(), a).cmp(&(b.file_name(), b)));
        let entries = paths.into_iter().map(entry).collect::<Result<Vec<_>, _>>()?;
        let clips = entries.iter().map(|_| OnceLock::new()).collect();
        Ok(Self { entries, clips })
    }

    pub fn entries(&self) -> &[ClipEntry] {
        &self.entries
    }

    /// The clip of [`Self::entries`] at this index.
    ///
    /// # Errors
    /// The file is no motion.
    ///
    /// # Panics
    /// If there is no such entry.
    pub fn clip(&self, index: usize) -> Result<Arc<Clip>, MotionError> {
        if let Some(clip) = self.clips[index].get() {
            return Ok(clip.clone());
        }
        let clip = Arc::new(Clip::load(&self.entries[index].path)?);
        Ok(self.clips[index].get_or_init(|| clip).clone())
    }
}

fn entry(path: PathBuf) -> Result<ClipEntry, MotionError> {
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let (action, subject) = (action::of_name(&name), action::subject(&name));
    Ok(ClipEntry { duration_s: duration_s(&path)?, name, action, subject, path })
}

/// From the header of a file's frames.
fn duration_s(path: &Path) -> Result<f64, MotionError> {
    let file = File::open(path).map_err(|source| unreadable(path, source))?;
    let mut frames = None;
    for line in BufReader::new(file).lines() {
        let line = line.map_err(|source| unreadable(path, source))?;
        if let Some(count) = line.trim().strip_prefix("Frames:") {
            frames = count.trim().parse::<f64>().ok();
        } else if let Some(time) = line.trim().strip_prefix("Frame Time:") {
            let time = time.trim().parse::<f64>().ok();
            if let Some(duration_s) = frames.zip(time).map(|(frames, time)| (frames - 1.0) * time) {
                return Ok(duration_s.max(0.0));
            }
        }
    }
    Err(MotionError::File { path: path.to_owned(), problem: "no \"Frames:\" and \"Frame Time:\"".into() })
}

fn unreadable(path: &Path, source: std::io::Error) -> MotionError {
    MotionError::Io { path: path.to_owned(), source }
}
