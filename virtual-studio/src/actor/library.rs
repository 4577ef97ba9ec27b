use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use super::gltf::{LoadOptions, load};
use super::{Actor, ActorError};

/// What is known of an actor without reading the file.
#[derive(Clone, Debug, PartialEq)]
pub struct ActorEntry {
    /// The file's name without ending.
    pub name: String,
    /// The person, whatever the clothes; see [`identity`].
    pub identity: String,
    pub path: PathBuf,
}

/// The glTF files of a folder, in the order of their names; each is read when it is first asked for.
#[derive(Debug)]
pub struct ActorLibrary {
    options: LoadOptions,
    entries: Vec<ActorEntry>,
    actors: Vec<OnceLock<Arc<Actor>>>,
}

impl ActorLibrary {
    /// Lists the `.glb` and `.gltf` files of a folder.
    ///
    /// # Errors
    /// The folder cannot be read or has no such file.
    pub fn scan(folder: &Path, options: LoadOptions) -> Result<Self, ActorError> {
        let unreadable = |source| ActorError::Io { path: folder.to_owned(), source };
        let mut entries = Vec::new();
        for file in std::fs::read_dir(folder).map_err(unreadable)? {
            let path = file.map_err(unreadable)?.path();
            if path.extension().is_some_and(|ending| ending == "glb" || ending == "gltf") {
                let name = path.file_stem().and_then(OsStr::to_str).unwrap_or_default().to_owned();
                entries.push(ActorEntry { identity: identity(&name).to_owned(), name, path });
            }
        }
        if entries.is_empty() {
            return Err(ActorError::file(folder, "no .glb or .gltf file here"));
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        let actors = entries.iter().map(|_| OnceLock::new()).collect();
        Ok(Self { options, entries, actors })
    }

    pub fn entries(&self) -> &[ActorEntry] {
        &self.entries
    }

    /// The actor of [`Self::entries`] at this index.
    ///
    /// # Errors
    /// The file is no actor.
    ///
    /// # Panics
    /// If there is no such entry.
    pub fn actor(&self, index: usize) -> Result<Arc<Actor>, ActorError> {
        if let Some(actor) = self.actors[index].get() {
            return Ok(actor.clone());
        }
        let actor = Arc::new(load(&self.entries[index].path, self.options)?);
        Ok(self.actors[index].get_or_init(|| actor).clone())
    }
}

/// Who a file shows: names of the VALID library end in sex, number and outfit (`White_M_3_Busi`), and the outfit makes
/// no other person. Any other name is a person of its own.
pub fn identity(name: &str) -> &str {
    let mut from_the_end = name.rsplitn(4, '_');
    match (from_the_end.next(), from_the_end.next(), from_the_end.next(), from_the_end.next()) {
        (Some(outfit), Some(number), Some("F" | "M"), Some(_)) if number.bytes().all(|b| b.is_ascii_digit()) => {
            &name[..name.len() - outfit.len() - 1]
        }
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outfit_makes_no_other_person() {
        assert_eq!(identity("White_M_3_Busi"), "White_M_3");
        assert_eq!(identity("X_NHPI_F_2_Medi"), "X_NHPI_F_2");
        assert_eq!(identity("my_own_scan"), "my_own_scan");
        assert_eq!(identity("a_b_F_d"), "a_b_F_d");
    }
}
