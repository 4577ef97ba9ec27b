//! From paths to named cameras.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use calibration_free_config::SafeName;
use frame::Problem;

use crate::error::FootageError;
use crate::names::{natural, safe};
use crate::probe::probe;
use crate::tools::Tools;

mod chapters;
mod kind;

use kind::{Kind, LeftOut};

/// Folders of folders that are looked through for the one video of a camera, such as cam1/DCIM/100MEDIA.
const DEPTH: u32 = 4;

/// A video and the name of its camera.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Camera {
    /// The name of the file without its ending, or of its folder where each camera has a folder of its own.
    pub name: SafeName,
    /// The video.
    pub path: PathBuf,
}

/// The cameras that paths name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// In the order in which people count: cam2 before cam10.
    pub cameras: Vec<Camera>,
    /// What was left out or renamed, in words.
    pub remarks: Vec<String>,
}

/// Finds the videos that paths name: files, folders of videos, and folders with a folder for each camera.
///
/// # Errors
/// A path is not there, nothing in it is a video, two cameras would have one name, or a camera's folder holds several
/// videos.
pub fn discover(paths: &[PathBuf], tools: &Tools) -> Result<Found, FootageError> {
    let mut search =
        Search { tools, videos: Vec::new(), proxies: Vec::new(), left_out: BTreeMap::new(), remarks: Vec::new() };
    let mut problems = Vec::new();
    for path in paths {
        if let Err(problem) = search.path(path, paths.len() > 1) {
            problems.push(problem);
        }
    }
    if !problems.is_empty() {
        return Err(FootageError { problems });
    }
    search.end(paths).map_err(FootageError::from)
}

/// A video that was found, with the name that its camera should have.
struct Named {
    name: String,
    path: PathBuf,
}

struct Search<'a> {
    tools: &'a Tools,
    videos: Vec<Named>,
    /// Small copies that are named themselves: taken where nothing else is.
    proxies: Vec<Named>,
    left_out: BTreeMap<LeftOut, Vec<String>>,
    remarks: Vec<String>,
}

impl Search<'_> {
    /// `beside_others`: whether a folder with one video is a camera's.
    fn path(&mut self, path: &Path, beside_others: bool) -> Result<(), Problem> {
        let file = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
        if file.is_dir() && path.join("take.toml").is_file() {
            let what = format!("{} is a take already", path.display());
            return Err(Problem::with_remedy(what, "`genlock inspect` and `genlock infer` read it as it is"));
        }
        if file.is_dir() {
            return self.folder(path, beside_others);
        }
        if !file.is_file() {
            let what = format!("{} is neither a file nor a folder", path.display());
            return Err(Problem::with_remedy(what, "give the video itself"));
        }
        let named = Named { name: stem(path), path: path.to_owned() };
        match Kind::of(path) {
            // Of several, such as of `folder/*`, not all need be meant.
            Kind::LeftOut(LeftOut::Proxy) if beside_others => self.proxies.push(named),
            Kind::LeftOut(why) if beside_others => self.leave_out(why, path),
            _ => self.videos.push(named),
        }
        Ok(())
    }

    fn folder(&mut self, folder: &Path, is_camera: bool) -> Result<(), Problem> {
        let Listing { videos, folders } = self.list(folder)?;
        if is_camera && videos.len() == 1 {
            let name = last_name(folder);
            self.videos.extend(videos.into_iter().map(|path| Named { name: name.clone(), path }));
            return Ok(());
        }
        if videos.is_empty() {
            return self.camera_folders(&folders);
        }
        let mut holding = Vec::new();
        for folder in &folders {
            let mut below = Vec::new();
            self.below(folder, DEPTH, &mut below)?;
            let why = if below.is_empty() { LeftOut::NoVideos } else { LeftOut::Folder };
            self.leave_out(why, folder);
            holding.extend((!below.is_empty()).then(|| last_name(folder)));
        }
        if holding.len() >= videos.len() {
            let names: Vec<_> = videos.iter().map(|path| last_name(path)).collect();
            return Err(Problem::with_remedy(
                format!(
                    "{} holds videos ({}) and folders of videos ({})",
                    folder.display(),
                    listed(&names),
                    listed(&holding)
                ),
                "name those that you mean: `genlock import videos FOLDER/*/ --out TAKE` takes the folders",
            ));
        }
        self.videos.extend(videos.into_iter().map(|path| Named { name: stem(&path), path }));
        Ok(())
    }

    /// Folders of which each belongs to one camera; or the one that holds the videos of all.
    fn camera_folders(&mut self, folders: &[PathBuf]) -> Result<(), Problem> {
        let mut holding = Vec::new();
        for folder in folders {
            let mut videos = Vec::new();
            self.below(folder, DEPTH, &mut videos)?;
            match videos.is_empty() {
                true => self.leave_out(LeftOut::NoVideos, folder),
                false => holding.push((folder, videos)),
            }
        }
        if let [(folder, videos)] = &holding[..]
            && videos.len() > 1
        {
            return self.folder(folder, false);
        }
        for (folder, mut videos) in holding {
            if videos.len() > 1 {
                chapters::refuse(&videos.iter().collect::<Vec<_>>())?;
                let names: Vec<_> = videos.iter().map(|path| last_name(path)).collect();
                return Err(Problem::with_remedy(
                    format!("{} holds {} videos: {}", folder.display(), names.len(), listed(&names)),
                    "name the one of each camera: `genlock import videos cam1/A.mp4 cam2/B.mp4 --out TAKE`",
                ));
            }
            self.videos.extend(videos.pop().map(|path| Named { name: last_name(folder), path }));
        }
        Ok(())
    }

    fn below(&mut self, folder: &Path, depth: u32, videos: &mut Vec<PathBuf>) -> Result<(), Problem> {
        let listing = self.list(folder)?;
        videos.extend(listing.videos);
        if depth > 0 {
            listing.folders.iter().try_for_each(|folder| self.below(folder, depth - 1, videos))?;
        }
        Ok(())
    }

    /// The videos and folders in a folder. What else is there is noted.
    fn list(&mut self, folder: &Path) -> Result<Listing, Problem> {
        let failed = |error| unreadable(folder, &error);
        let mut paths: Vec<PathBuf> = fs::read_dir(folder)
            .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect())
            .map_err(failed)?;
        paths.sort_by(|a, b| natural(&last_name(a), &last_name(b)));
        let mut listing = Listing::default();
        for path in paths {
            match Kind::of(&path) {
                Kind::Folder => listing.folders.push(path),
                Kind::Video => listing.videos.push(path),
                Kind::LeftOut(why) => self.leave_out(why, &path),
                Kind::Unknown => match probe(&path, self.tools)? {
                    Ok(_) => listing.videos.push(path),
                    Err(_) => self.leave_out(LeftOut::NoVideo, &path),
                },
            }
        }
        Ok(listing)
    }

    fn leave_out(&mut self, why: LeftOut, path: &Path) {
        let (names, name) = (self.left_out.entry(why).or_default(), last_name(path));
        if !names.contains(&name) {
            names.push(name);
        }
    }

    fn end(mut self, paths: &[PathBuf]) -> Result<Found, Problem> {
        let proxies = std::mem::take(&mut self.proxies);
        if self.videos.is_empty() {
            self.videos = proxies;
        } else {
            proxies.iter().for_each(|named| self.leave_out(LeftOut::Proxy, &named.path));
        }
        let left_out: Vec<_> = self.left_out.iter().map(|(why, names)| format!("{}: {why}", listed(names))).collect();
        if self.videos.is_empty() {
            let paths: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
            let others = if left_out.is_empty() { String::new() } else { format!(" ({})", left_out.join("; ")) };
            return Err(Problem::with_remedy(
                format!("there is no video in {}{others}", paths.join(", ")),
                "give the videos, the folder that holds them, or a folder with a folder for each camera",
            ));
        }
        chapters::refuse(&self.videos.iter().map(|video| &video.path).collect::<Vec<_>>())?;
        self.tell_apart();
        self.videos.sort_by(|a, b| natural(&a.name, &b.name).then_with(|| a.path.cmp(&b.path)));
        let mut cameras: Vec<Camera> = Vec::new();
        for Named { name, path } in self.videos {
            let safe = safe(&name).ok_or_else(|| {
                let what = format!("{}: a camera cannot be called {name:?}", path.display());
                Problem::with_remedy(what, "rename it with letters or digits")
            })?;
            if *safe != *name {
                self.remarks.push(format!("{name:?} is the camera {safe}"));
            }
            if let Some(twin) = cameras.iter().find(|camera| camera.name.eq_ignore_ascii_case(&safe)) {
                let what = format!("{} and {} would both be the camera {safe}", twin.path.display(), path.display());
                return Err(Problem::with_remedy(what, "rename one, or name only the videos that you mean"));
            }
            if path.to_str().is_none() {
                let what = format!("{}: this path is no UTF-8", path.display());
                return Err(Problem::with_remedy(what, "rename it"));
            }
            cameras.push(Camera { name: safe, path });
        }
        if cameras.len() == 1 && paths.iter().all(|path| path.is_dir()) {
            let path = cameras[0].path.display();
            self.remarks.push(format!("{path} is the only video there: a take of one camera has no bodies in space"));
        }
        self.remarks.extend(left_out.into_iter().map(|line| format!("left out {line}")));
        Ok(Found { cameras, remarks: self.remarks })
    }

    /// Videos of one name in several folders, such as cam1/video.mp4 and cam2/video.mp4, are called as their folders.
    fn tell_apart(&mut self) {
        let names: Vec<_> = self.videos.iter().map(|video| video.name.to_lowercase()).collect();
        let alike = |name: &String| names.iter().filter(|other| *other == name).count() > 1;
        for (video, name) in self.videos.iter_mut().zip(&names) {
            let folder = video.path.canonicalize().ok().and_then(|path| Some(last_name(path.parent()?)));
            if let (true, Some(folder)) = (alike(name), folder) {
                video.name = folder;
            }
        }
    }
}

#[derive(Default)]
struct Listing {
    videos: Vec<PathBuf>,
    folders: Vec<PathBuf>,
}

fn unreadable(path: &Path, error: &std::io::Error) -> Problem {
    let what = format!("{} cannot be read: {error}", path.display());
    Problem::with_remedy(what, "check the path, and that you have access")
}

fn last_name(path: &Path) -> String {
    let whole = || path.canonicalize().ok().and_then(|path| Some(path.file_name()?.to_string_lossy().into_owned()));
    match path.file_name() {
        Some(name) => name.to_string_lossy().into_owned(),
        // `.` and `..`.
        None => whole().unwrap_or_default(),
    }
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// A few names, and how many more.
fn listed(names: &[String]) -> String {
    const SHOWN: usize = 4;
    let shown = names[..names.len().min(SHOWN)].join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
