//! Packs the assets that scenarios choose from an asset folder into a small folder that can replace it.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use thiserror::Error;

use crate::AssetError;
use crate::actor::Actor;
use crate::actor::gltf::LoadOptions;
use crate::motion::Clip;
use crate::render::Environment;
use crate::session::Script;

/// How people are simplified. Faces lose a little detail.
pub const PEOPLE: LoadOptions = LoadOptions { triangles: Some(8000), texture_px: Some(512) };
/// Width of packed panoramas, small since backgrounds are out of focus and light has no edges.
pub const ENVIRONMENT_PX: usize = 512;
/// The notice file of packed folders.
pub const NOTICE: &str = "NOTICE";
/// Names, without extension, of files with the licence or origin of the files beside or below them.
const TERMS: [&str; 5] = ["license", "licence", "copying", "notice", "source"];

/// Why assets are not packed.
#[derive(Debug, Error)]
pub enum PackError {
    #[error("{} is there already; remove it, or give another folder", path.display())]
    Exists { path: PathBuf },
    #[error(
        "{} does not lie in the asset folder {}; name folders in scenarios relative to it, without `..`",
        path.display(), assets.display()
    )]
    Outside { path: PathBuf, assets: PathBuf },
    #[error("{}: another file would be packed under the same name; leave one of the two out", path.display())]
    Twice { path: PathBuf },
    #[error("these scenarios choose no files, so there is nothing to pack")]
    Nothing,
    #[error("{name} is a [twin], whose markers and calibration are of one real take and are not packed; leave it out")]
    Twin { name: String },
    #[error("cannot {doing} {}: {source}", path.display())]
    Io { doing: &'static str, path: PathBuf, source: io::Error },
    #[error(transparent)]
    Asset(#[from] AssetError),
}

/// What was packed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PackedAssets {
    pub people: usize,
    pub motions: usize,
    pub environments: usize,
    /// Bytes of all files.
    pub bytes: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Person,
    Motion,
    Environment,
}

/// Packs what the scripts choose from `assets`, with which they were read, into the new folder `out`. Folders and names
/// are kept, so that the same take gets the same person, motion and light. Files of `assets` with licence or origin are
/// copied. `each` is called with the number of files done and the total.
///
/// # Errors
/// `out` exists already, a file cannot be used or is elsewhere, or the disk fails. `out` is only created when complete.
pub fn pack(
    scripts: &[Script],
    assets: &Path,
    out: &Path,
    mut each: impl FnMut(usize, usize),
) -> Result<PackedAssets, PackError> {
    if out.exists() {
        return Err(PackError::Exists { path: out.to_owned() });
    }
    if let Some(script) = scripts.iter().find(|script| script.scenario.twin.is_some()) {
        return Err(PackError::Twin { name: script.scenario.name.clone() });
    }
    let files = chosen(scripts);
    if files.is_empty() {
        return Err(PackError::Nothing);
    }
    let mut name = out.file_name().ok_or_else(|| PackError::Exists { path: out.to_owned() })?.to_owned();
    name.push(".partial");
    let aside = out.with_file_name(name);
    if aside.exists() {
        // It is left from an interrupted run, or another folder has this name.
        return Err(PackError::Exists { path: aside });
    }
    let packed = fill(&aside, &files, assets, &mut each).and_then(|packed| {
        fs::rename(&aside, out).map_err(io_error("move into place", out))?;
        Ok(packed)
    });
    if packed.is_err() {
        let _ = fs::remove_dir_all(&aside);
    }
    packed
}

fn fill(
    aside: &Path,
    files: &BTreeSet<(Kind, PathBuf)>,
    assets: &Path,
    each: &mut dyn FnMut(usize, usize),
) -> Result<PackedAssets, PackError> {
    let mut packed = PackedAssets::default();
    let mut folders = BTreeSet::new();
    for (done, (kind, file)) in files.iter().enumerate() {
        each(done, files.len());
        let inside = inside(file, assets)?;
        folders.extend(inside.parent().map(|folder| (folder.to_owned(), *kind)));
        let to = aside.join(inside.with_extension(kind.ending()));
        if to.exists() {
            return Err(PackError::Twice { path: file.clone() });
        }
        packed.bytes += write(&to, &kind.read(file)?)?;
        *kind.count(&mut packed) += 1;
    }
    each(files.len(), files.len());
    packed.bytes += terms(&folders, assets, aside)?;
    Ok(packed)
}

fn chosen(scripts: &[Script]) -> BTreeSet<(Kind, PathBuf)> {
    let of_kind = |kind: Kind, files: &[PathBuf]| files.iter().map(|file| (kind, file.clone())).collect::<Vec<_>>();
    let all = scripts.iter().map(Script::catalogue).flat_map(|catalogue| {
        [
            of_kind(Kind::Person, catalogue.people()),
            of_kind(Kind::Motion, catalogue.motions()),
            of_kind(Kind::Environment, catalogue.environments()),
        ]
    });
    all.flatten().collect()
}

/// The path of a file relative to the asset folder.
fn inside<'a>(file: &'a Path, assets: &Path) -> Result<&'a Path, PackError> {
    let outside = || PackError::Outside { path: file.to_owned(), assets: assets.to_owned() };
    let inside = file.strip_prefix(assets).map_err(|_| outside())?;
    let plain = inside.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    plain.then_some(inside).ok_or_else(outside)
}

impl Kind {
    fn ending(self) -> &'static str {
        match self {
            Self::Person => Actor::PACKED,
            Self::Motion => Clip::PACKED,
            Self::Environment => Environment::ENDING,
        }
    }

    fn plural(self) -> &'static str {
        match self {
            Self::Person => "people",
            Self::Motion => "motions",
            Self::Environment => "environments",
        }
    }

    fn count(self, packed: &mut PackedAssets) -> &mut usize {
        match self {
            Self::Person => &mut packed.people,
            Self::Motion => &mut packed.motions,
            Self::Environment => &mut packed.environments,
        }
    }

    /// The packed form of a file.
    fn read(self, file: &Path) -> Result<Vec<u8>, PackError> {
        Ok(match self {
            Self::Person => Actor::load(file, PEOPLE)?.pack()?,
            Self::Motion => Clip::load(file)?.pack()?,
            Self::Environment => Environment::read(file)?
                .pack(ENVIRONMENT_PX)
                .map_err(|problem| AssetError::file(file, problem.to_string()))?,
        })
    }
}

/// Copies the files with terms from the folders of packed files and their parents, and lists them in the notice.
fn terms(folders: &BTreeSet<(PathBuf, Kind)>, assets: &Path, aside: &Path) -> Result<u64, PackError> {
    let mut notice = String::from(
        "Assets for virtual studios, packed by genlock: people with fewer triangles and smaller textures, motions\n\
         retargeted, environments in lower resolution. Their terms are those of what they were made from:\n",
    );
    let mut copied = BTreeSet::new();
    let mut bytes = 0;
    for (folder, kind) in folders {
        let mut named = Vec::new();
        for above in folder.ancestors() {
            let from = assets.join(above);
            for entry in fs::read_dir(&from).map_err(io_error("list", &from))? {
                let path = entry.map_err(io_error("list", &from))?.path();
                let stem = path.file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
                if !path.is_file() || !TERMS.iter().any(|term| *term == stem) {
                    continue;
                }
                let inside = above.join(path.file_name().unwrap_or_default());
                // The one at the top is written below.
                if inside != Path::new(NOTICE) && copied.insert(inside.clone()) {
                    bytes += write(&aside.join(&inside), &fs::read(&path).map_err(io_error("read", &path))?)?;
                }
                named.push(inside.display().to_string());
            }
        }
        named.sort();
        let named = if named.is_empty() { "no file with terms was found".into() } else { named.join(", ") };
        let _ = writeln!(notice, "\n{} ({}): {named}", folder.display(), kind.plural());
    }
    let own = assets.join(NOTICE);
    if own.is_file() {
        let own = fs::read_to_string(&own).map_err(io_error("read", &own))?;
        let _ = write!(notice, "\nThe notice of the folder that they were taken from:\n\n{own}");
    }
    Ok(bytes + write(&aside.join(NOTICE), notice.as_bytes())?)
}

fn write(to: &Path, bytes: &[u8]) -> Result<u64, PackError> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).map_err(io_error("create", folder))?;
    }
    fs::write(to, bytes).map_err(io_error("write", to))?;
    Ok(bytes.len() as u64)
}

fn io_error(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> PackError {
    let path = path.to_owned();
    move |source| PackError::Io { doing, path, source }
}
