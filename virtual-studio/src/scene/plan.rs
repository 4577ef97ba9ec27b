//! The people, motions and light of a take, drawn by seed.

use std::fs;
use std::path::{Path, PathBuf};

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use take::session::Split;

use super::ScenarioError;
use super::scenario::{FileSelection, Scenario, SurroundKind};
use crate::actor::Actor;
use crate::motion::Clip;
use crate::render::{Environment, Sky};
use crate::seed;

/// The files from which a scenario draws, sorted by name, so that the order does not depend on the file system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalogue {
    people: Vec<PathBuf>,
    motions: Vec<PathBuf>,
    environments: Vec<PathBuf>,
}

/// One take: its person, motion and light.
#[derive(Clone, Debug, PartialEq)]
pub struct StudioPlan {
    pub take: u64,
    /// The seed from which everything else is drawn.
    pub seed: u64,
    /// A glTF file or a packed person; `None` for the built-in actor.
    pub person: Option<PathBuf>,
    /// A BVH file, a packed clip, or the markers of a twin; `None` for the built-in motion.
    pub motion: Option<PathBuf>,
    pub widened: bool,
    /// The motion whose upper body a widened motion may use.
    pub other_motion: Option<PathBuf>,
    pub light: LightSource,
    pub background: SurroundKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LightSource {
    File(PathBuf),
    BuiltIn(Sky),
}

impl Catalogue {
    /// Lists the folders of a scenario. `origin` is its file name in errors.
    ///
    /// # Errors
    /// A folder cannot be listed, or a selection of files is empty.
    pub fn read(scenario: &Scenario, origin: &str) -> Result<Self, ScenarioError> {
        Ok(Self {
            people: list(origin, "people", &scenario.people, &Actor::ENDINGS)?,
            motions: match &scenario.twin {
                Some(twin) => vec![twin.markers.clone()],
                None => list(origin, "motions", &scenario.motions, &Clip::ENDINGS)?,
            },
            environments: list(origin, "place.environments", &scenario.place.environments, &[Environment::ENDING])?,
        })
    }

    pub fn people(&self) -> &[PathBuf] {
        &self.people
    }

    pub fn motions(&self) -> &[PathBuf] {
        &self.motions
    }

    pub fn environments(&self) -> &[PathBuf] {
        &self.environments
    }

    /// The plan of a take: the same for the same scenario and files. Held-out takes share no random draws with others
    /// even for equal seeds, which would give the same rooms, cameras and proportions on both sides.
    pub fn plan(&self, scenario: &Scenario, take: u64) -> StudioPlan {
        let side = match scenario.split {
            Split::Train => "take",
            Split::HeldOut => "held-out take",
        };
        let seed = seed::derive(scenario.seed.wrapping_add(take.wrapping_mul(0x9e37_79b9_7f4a_7c15)), side);
        let rng = |name| seed::stream(seed, name);
        let sky = || pick(&scenario.place.skies, &mut rng("sky")).copied().map(LightSource::BuiltIn);
        let light = pick(&self.environments, &mut rng("environment")).cloned().map(LightSource::File).or_else(sky);
        StudioPlan {
            take,
            seed,
            person: pick(&self.people, &mut rng("person")).cloned(),
            motion: pick(&self.motions, &mut rng("motion")).cloned(),
            widened: rng("widened").random::<f64>() < scenario.widened,
            other_motion: pick(&self.motions, &mut rng("other motion")).cloned(),
            light: light.unwrap_or(LightSource::BuiltIn(Sky::Overcast)),
            background: pick(&scenario.place.backgrounds, &mut rng("background"))
                .copied()
                .unwrap_or(SurroundKind::Black),
        }
    }
}

fn pick<'a, T>(from: &'a [T], rng: &mut ChaCha8Rng) -> Option<&'a T> {
    (!from.is_empty()).then(|| &from[rng.random_range(0..from.len())])
}

fn list(origin: &str, key: &str, selection: &FileSelection, endings: &[&str]) -> Result<Vec<PathBuf>, ScenarioError> {
    let mut files = Vec::new();
    for folder in &selection.folders {
        let (key, what) = (format!("{key}.folders"), folder.display().to_string());
        let unreadable = |source| ScenarioError::unreadable(origin, &key, &what, source);
        for entry in fs::read_dir(folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if chosen(&path, selection, endings) {
                files.push(path);
            }
        }
    }
    files.sort();
    if files.is_empty() && !selection.folders.is_empty() {
        let problem = format!("no .{} file of these folders is chosen", endings.join(" or ."));
        return Err(ScenarioError::new(origin, key, problem, "check `folders`, `only` and `without`"));
    }
    Ok(files)
}

fn chosen(path: &Path, selection: &FileSelection, endings: &[&str]) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
    let Some(name) = path.file_stem().and_then(|name| name.to_str()) else { return false };
    let begins = |list: &[String]| list.iter().any(|start| name.starts_with(start.as_str()));
    endings.contains(&&*ending) && (selection.only.is_empty() || begins(&selection.only)) && !begins(&selection.without)
}
