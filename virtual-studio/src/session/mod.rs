//! Renders scenarios into a session on disk: takes, and their ground truth.

mod backend;
mod error;
mod rendered_take;
mod script;
mod truth;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use serde::Deserialize;
use settings::Document;
use take::session::SESSION_VERSION;
use take::{Session, SessionTake};

pub use error::RenderError;
pub use script::Script;
pub use truth::{TRUTH_FILE, Truth, TruthCamera, TruthFrame};

use crate::actor::gltf::LoadOptions;
use crate::render::Backend;
use crate::scene::Cast;
use rendered_take::OneTake;
use script::take_name;

/// Folder of takes until they are complete.
const PARTIAL: &str = "takes.partial";
const TAKES: &str = "takes";
const SCENARIOS: &str = "scenarios";

/// How a session is rendered. The pictures depend on everything except the number of threads.
#[derive(Clone, Debug)]
pub struct SessionOptions {
    pub load: LoadOptions,
    pub backend: Backend,
    /// Takes that are rendered at a time, each by its own thread.
    pub threads: usize,
}

/// Progress of a rendering.
#[derive(Debug, Default)]
pub struct Progress {
    /// Pictures done, including those of existing takes.
    pub pictures: AtomicU64,
    pub total: AtomicU64,
}

/// The result of a rendering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rendered {
    pub takes: u64,
    /// Takes that existed already.
    pub kept: u64,
    /// False if it was stopped before the end.
    pub complete: bool,
}

/// Renders all takes of the scripts into `out`. Takes of an earlier, interrupted run are kept; the session is marked
/// complete only at the very end. `stop` ends it after the current pictures.
///
/// # Errors
/// Two scripts have one name; `out` has another script of the same name, or another backend; a script of an earlier run
/// lacks takes; files cannot be used; the disk fails.
pub fn render(
    scripts: &[Script],
    out: &Path,
    options: &SessionOptions,
    progress: &Progress,
    stop: &AtomicBool,
) -> Result<Rendered, RenderError> {
    prepare(scripts, out, &options.backend)?;
    let jobs: Vec<(&Script, u64)> =
        scripts.iter().flat_map(|script| (0..script.scenario.takes).map(move |take| (script, take))).collect();
    let pictures = |script: &Script| script.scenario.instants * script.scenario.views() as u64;
    progress.total.store(jobs.iter().map(|(script, _)| pictures(script)).sum(), Ordering::Relaxed);

    let cast = Cast::new(options.load);
    let (next, kept, failed) = (AtomicU64::new(0), AtomicU64::new(0), Mutex::new(None));
    let work = || {
        while !stop.load(Ordering::Relaxed) {
            let Some((script, take)) = jobs.get(next.fetch_add(1, Ordering::Relaxed) as usize) else { return };
            let name = script.take_name(*take);
            let whole = out.join(TAKES).join(&name);
            if whole.is_dir() {
                kept.fetch_add(1, Ordering::Relaxed);
                progress.pictures.fetch_add(pictures(script), Ordering::Relaxed);
                continue;
            }
            let plan = script.plan(*take);
            let one = OneTake { script, plan: &plan, name: &name, cast: &cast, backend: &options.backend };
            if let Err(error) = one.render(&out.join(PARTIAL), &whole, &progress.pictures, stop) {
                // The first failure ends the other threads too.
                stop.store(true, Ordering::Relaxed);
                failed.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).get_or_insert(error);
                return;
            }
        }
    };
    std::thread::scope(|scope| {
        (0..options.threads.max(1)).for_each(|_| {
            scope.spawn(work);
        });
    });
    if let Some(error) = failed.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner()) {
        return Err(error);
    }
    let kept = kept.into_inner();
    if stop.load(Ordering::Relaxed) {
        return Ok(Rendered { takes: 0, kept, complete: false });
    }
    let takes = finish(out)?;
    Ok(Rendered { takes, kept, complete: true })
}

/// Creates the folders, and marks the session as incomplete.
fn prepare(scripts: &[Script], out: &Path, backend: &Backend) -> Result<(), RenderError> {
    let made = |path: &Path| fs::create_dir_all(path).map_err(|e| RenderError::io("create", path, e));
    [out.join(TAKES), out.join(SCENARIOS)].iter().try_for_each(|path| made(path))?;
    backend::keep(out, &out.join(TAKES), backend)?;
    let mut new = vec![];
    for (index, script) in scripts.iter().enumerate() {
        let name = &script.scenario.name;
        if scripts[..index].iter().any(|other| other.scenario.name == *name) {
            return Err(RenderError::SameName { name: name.clone() });
        }
        let path = out.join(SCENARIOS).join(format!("{name}.toml"));
        match fs::read_to_string(&path) {
            Ok(known) if known == script.document.text() => {}
            Ok(_) => return Err(RenderError::OtherScenario { path }),
            Err(_) => new.push((path, script.document.text())),
        }
    }
    // Only after all checks, since a scenario in the session must have its takes.
    for (path, text) in new {
        fs::write(&path, text).map_err(|e| RenderError::io("write", &path, e))?;
    }
    let partial = out.join(PARTIAL);
    if partial.is_dir() {
        fs::remove_dir_all(&partial).map_err(|e| RenderError::io("remove", &partial, e))?;
    }
    made(&partial)?;
    Ok(Session { version: SESSION_VERSION, complete: false, imported: None, takes: vec![] }.write(out)?)
}

/// The part of a scenario that determines its takes.
#[derive(Deserialize)]
struct Named {
    name: String,
    #[serde(default = "one")]
    takes: u64,
}

fn one() -> u64 {
    1
}

/// Checks that every scenario that was rendered into the session, now or before, has all its takes.
fn check_whole(out: &Path) -> Result<(), RenderError> {
    let folder = out.join(SCENARIOS);
    let unreadable = |e| RenderError::io("list", &folder, e);
    for entry in fs::read_dir(&folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let Named { name, takes } = Document::read(&path)?.parse()?;
        let missing = (0..takes).filter(|&take| !out.join(TAKES).join(take_name(&name, take)).is_dir()).count();
        if missing > 0 {
            return Err(RenderError::Short { path, missing });
        }
    }
    Ok(())
}

/// Lists the existing takes and marks the session as complete.
fn finish(out: &Path) -> Result<u64, RenderError> {
    check_whole(out)?;
    let folder = out.join(TAKES);
    let unreadable = |e| RenderError::io("list", &folder, e);
    let mut folders: Vec<PathBuf> = vec![];
    for entry in fs::read_dir(&folder).map_err(unreadable)? {
        folders.push(entry.map_err(unreadable)?.path());
    }
    folders.sort();
    let takes: Vec<SessionTake> =
        folders.iter().map(|folder| Truth::read(folder).map(|truth| truth.take)).collect::<Result<_, RenderError>>()?;
    let count = takes.len() as u64;
    Session { version: SESSION_VERSION, complete: true, imported: None, takes }.write(out)?;
    let partial = out.join(PARTIAL);
    fs::remove_dir_all(&partial).map_err(|e| RenderError::io("remove", &partial, e))?;
    Ok(count)
}

#[cfg(test)]
mod tests;
