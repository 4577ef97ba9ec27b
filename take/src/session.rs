//! Sessions: folders of takes with known poses, rendered or imported.
//!
//! - `session.toml`: the contents of [`Session`];
//! - `takes/NAME/`: a take, with `labels.json` (see the crate `pose`) and [`masks.mcap`](crate::masks) beside its frames.
//!
//! Writers set `complete` last; a session without it is refused.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::TakeError;

/// Version of `session.toml`.
pub const SESSION_VERSION: u32 = 1;
/// Name of the labels in a take's folder.
pub const LABELS_FILE: &str = "labels.json";

const FILE: &str = "session.toml";
/// Name of `session.toml` while it is being written.
pub const DRAFT: &str = ".session.toml.new";

/// The contents of `session.toml`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Session {
    /// [`SESSION_VERSION`].
    pub version: u32,
    /// Whether all takes are complete.
    #[serde(default)]
    pub complete: bool,
    /// Where the takes were imported from; absent if they were rendered.
    #[serde(flatten)]
    pub imported: Option<Imported>,
    /// The takes.
    #[serde(default)]
    pub takes: Vec<SessionTake>,
}

/// Settings of an import. To resume it, they must be the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Imported {
    /// Name of the data set.
    pub source: String,
    /// Names of the cameras, the same in all takes.
    pub cameras: Vec<String>,
    /// Quality of re-encoded pictures, from 1 to 100.
    pub jpeg_quality: u8,
    /// The data set's protocol measures on the frames of held-out takes whose number is a multiple of this; on all,
    /// where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_every: Option<u32>,
}

/// What a take is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Split {
    /// Training.
    #[default]
    Train,
    /// Evaluation only.
    HeldOut,
}

impl Split {
    /// Its name in `session.toml`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::HeldOut => "held-out",
        }
    }
}

/// One take of a session, and what is seen in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SessionTake {
    /// Name of its folder in `takes/`.
    pub name: String,
    /// Who is seen, whatever their clothes.
    pub person: String,
    /// The recorded motion.
    pub clip: String,
    /// What the person does; several clips may show the same.
    pub action: String,
    /// The surroundings.
    pub environment: String,
    /// What it is for.
    pub split: Split,
}

impl Session {
    /// Reads `session.toml` and checks that all files of its takes exist.
    ///
    /// # Errors
    /// If the file is missing or cannot be parsed, the session is not complete, or takes lack files, which are named.
    pub fn read(directory: &Path) -> Result<Self, TakeError> {
        let session = Self::read_unfinished(directory)?;
        let wrong = |problem: String| TakeError::Session { path: directory.join(FILE), problem };
        if !session.complete {
            return Err(wrong("the session is not complete: let the command that makes it finish".to_owned()));
        }
        let files = session.takes.iter().flat_map(|take| {
            let folder = Self::take_directory(directory, take);
            ["take.toml", LABELS_FILE].map(|file| folder.join(file))
        });
        let missing: Vec<_> = files.filter(|file| !file.is_file()).collect();
        if missing.is_empty() { Ok(session) } else { Err(wrong(missing_files(directory, &missing))) }
    }

    /// Reads `session.toml`, whether its takes exist or not.
    ///
    /// # Errors
    /// If the file is missing or cannot be parsed.
    pub fn read_unfinished(directory: &Path) -> Result<Self, TakeError> {
        let path = directory.join(FILE);
        let wrong = |problem: String| TakeError::Session { path: path.clone(), problem };
        let text = std::fs::read_to_string(&path).map_err(|e| TakeError::io("read", &path, e))?;
        let session: Self = toml::from_str(&text).map_err(|e| wrong(e.to_string()))?;
        if session.version != SESSION_VERSION {
            let problem = format!("it has version {}, this program reads {SESSION_VERSION}", session.version);
            return Err(wrong(problem));
        }
        let mut seen = BTreeSet::new();
        for take in &session.takes {
            let plain = !["", ".", ".."].contains(&&*take.name) && !take.name.contains(['/', '\\']);
            if !plain || !seen.insert(&take.name) {
                return Err(wrong(format!("`{}` is not a valid name of a take, or the name of two", take.name)));
            }
        }
        Ok(session)
    }

    /// Writes `session.toml` atomically.
    ///
    /// # Errors
    /// If the disk fails.
    pub fn write(&self, directory: &Path) -> Result<(), TakeError> {
        let (path, draft) = (directory.join(FILE), directory.join(DRAFT));
        let text = toml::to_string_pretty(self).map_err(std::io::Error::other);
        text.and_then(|text| std::fs::write(&draft, text))
            .and_then(|()| std::fs::File::open(&draft)?.sync_all())
            .and_then(|()| std::fs::rename(&draft, &path))
            .and_then(|()| crate::files::sync_directory(directory))
            .map_err(|e| TakeError::io("write", &path, e))
    }

    /// The folder of a take.
    pub fn take_directory(session: &Path, take: &SessionTake) -> PathBuf {
        session.join("takes").join(&take.name)
    }
}

/// Names the first few files, and counts the others.
fn missing_files(directory: &Path, missing: &[PathBuf]) -> String {
    const NAMED: usize = 5;
    let name = |file: &PathBuf| file.strip_prefix(directory).unwrap_or(file).display().to_string();
    let mut text = format!("missing: {}", missing.iter().take(NAMED).map(name).collect::<Vec<_>>().join(", "));
    if missing.len() > NAMED {
        text.push_str(&format!(" and {} more", missing.len() - NAMED));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(folder: &Path, complete: bool) -> Session {
        let take = |name: &str| SessionTake {
            name: name.into(),
            person: "anna".into(),
            clip: "walk-1".into(),
            action: "walk".into(),
            environment: "hall".into(),
            split: Split::Train,
        };
        let takes = vec![take("000"), take("001")];
        let session = Session { version: SESSION_VERSION, complete, imported: None, takes };
        for take in &session.takes {
            let folder = Session::take_directory(folder, take);
            std::fs::create_dir_all(&folder).unwrap();
            for file in ["take.toml", LABELS_FILE] {
                std::fs::write(folder.join(file), "").unwrap();
            }
        }
        session.write(folder).unwrap();
        session
    }

    fn refused(folder: &Path, parts: &[&str]) {
        let error = Session::read(folder).unwrap_err().to_string();
        assert!(parts.iter().all(|part| error.contains(part)), "{error}");
    }

    #[test]
    fn a_session_comes_back_whole_or_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        refused(folder.path(), &["session.toml"]);
        let whole = session(folder.path(), true);
        assert_eq!(Session::read(folder.path()).unwrap(), whole);
        std::fs::remove_file(folder.path().join("takes/001/labels.json")).unwrap();
        refused(folder.path(), &["missing: takes/001/labels.json"]);
        session(folder.path(), false);
        refused(folder.path(), &["session.toml", "not complete"]);
        assert_eq!(Session::read_unfinished(folder.path()).unwrap(), Session { complete: false, ..whole.clone() });
        let imported =
            Imported { source: "a set".into(), cameras: vec!["left".into()], jpeg_quality: 90, test_every: Some(64) };
        let of_a_set = Session { imported: Some(imported), ..whole.clone() };
        of_a_set.write(folder.path()).unwrap();
        assert_eq!(Session::read(folder.path()).unwrap(), of_a_set);
        let text = toml::to_string(&whole).unwrap();
        std::fs::write(folder.path().join(FILE), text.replace("complete = true\n", "")).unwrap();
        refused(folder.path(), &["not complete"]);
        std::fs::write(folder.path().join(FILE), text.replace("version = 1", "version = 9")).unwrap();
        refused(folder.path(), &["version 9"]);
        std::fs::write(folder.path().join(FILE), text.replace("001", "../x")).unwrap();
        refused(folder.path(), &["`../x` is not a valid name"]);
        std::fs::write(folder.path().join(FILE), text.replace("001", ".")).unwrap();
        refused(folder.path(), &["`.` is not a valid name"]);
        std::fs::write(folder.path().join(FILE), text.replace("001", "000")).unwrap();
        refused(folder.path(), &["the name of two"]);
        std::fs::write(folder.path().join(FILE), text.replacen("train", "test", 1)).unwrap();
        refused(folder.path(), &["session.toml", "`test`", "`train` or `held-out`"]);
    }
}
