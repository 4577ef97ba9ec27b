//! Loads the people, motions and light of a plan into a studio, reading each file once.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rand::RngExt;
use thiserror::Error;

use super::plan::{LightSource, StudioPlan};
use super::scenario::Scenario;
use super::studio::Studio;
use super::view::JpegError;
use crate::AssetError;
use crate::actor::gltf::LoadOptions;
use crate::actor::{Actor, Looks, Proportions, SkeletonPose, procedural};
use crate::motion::widen::{Widened, Widening};
use crate::motion::{self, Clip, Grounded, Markers, Motion};
use crate::render::{Backend, Environment};
use crate::rig::CameraError;
use crate::seed;
use crate::surface::{Part, Performance, Posed};

/// Seconds of the built-in motion.
const BUILT_IN_S: f32 = 60.0;
/// Share of widened motions with the upper body of another motion.
const OTHER_UPPER_BODY: f64 = 0.5;

/// Why a take cannot be shown.
#[derive(Debug, Error)]
pub enum StudioError {
    #[error(transparent)]
    Asset(#[from] AssetError),
    #[error(transparent)]
    Rig(#[from] CameraError),
    #[error(transparent)]
    Jpeg(#[from] JpegError),
}

/// Loaded files, shared by all takes and threads.
#[derive(Default)]
pub struct Cast {
    options: LoadOptions,
    actors: Shelf<Actor>,
    clips: Shelf<Clip>,
    markers: Shelf<Markers>,
    environments: Shelf<Environment>,
}

impl Cast {
    pub fn new(options: LoadOptions) -> Self {
        Self { options, ..Self::default() }
    }

    /// Sets up the take of a plan, with its person, motion and light.
    ///
    /// # Errors
    /// A file is not a rigged human, motion or panorama, and is named; or as [`Studio::new`].
    pub fn studio(&self, scenario: &Scenario, plan: &StudioPlan, backend: &Backend) -> Result<Studio, StudioError> {
        let (performance, environment) = (self.performance(scenario, plan)?, self.environment(plan)?);
        Ok(Studio::new(scenario, plan, performance, environment, backend)?)
    }

    /// The actor, varied according to the scenario.
    fn performance(&self, scenario: &Scenario, plan: &StudioPlan) -> Result<Box<dyn Performance>, AssetError> {
        let actor = self.actor(scenario, plan)?;
        let motion: Box<dyn Motion> = match &scenario.twin {
            // A twin stays where the real cameras saw the person.
            Some(twin) => Box::new(self.markers.get(&twin.markers, || Markers::load(&twin.markers))?.clip(&actor)),
            None => Box::new(Grounded::new(self.motion(scenario, plan)?, &actor)),
        };
        let length_s = scenario.instants as f64 / scenario.rate_hz;
        let spare_s = (motion.duration_s() - length_s).max(0.0);
        let start_s = spare_s * seed::stream(plan.seed, "start").random::<f64>();
        Ok(Box::new(Act { actor, motion, start_s }))
    }

    /// Turned by seed.
    fn environment(&self, plan: &StudioPlan) -> Result<Environment, AssetError> {
        let light = match &plan.light {
            LightSource::File(path) => (*self.environments.get(path, || Environment::read(path))?).clone(),
            LightSource::BuiltIn(sky) => Environment::built_in(*sky),
        };
        Ok(light.turned(std::f32::consts::TAU * seed::stream(plan.seed, "turn").random::<f32>()))
    }

    fn actor(&self, scenario: &Scenario, plan: &StudioPlan) -> Result<Actor, AssetError> {
        let mut actor = match &plan.person {
            Some(path) => (*self.actors.get(path, || Actor::load(path, self.options))?).clone(),
            None => procedural::actor(plan.seed),
        };
        if happens(plan, "bodies", scenario.vary.bodies.into()) {
            actor = actor.resized(&Proportions::sample(seed::derive(plan.seed, "proportions")));
        }
        if happens(plan, "looks", scenario.vary.looks.into()) {
            actor = actor.with_looks(&Looks::sample(seed::derive(plan.seed, "clothes")));
        }
        Ok(actor)
    }

    fn motion(&self, scenario: &Scenario, plan: &StudioPlan) -> Result<Arc<dyn Motion>, AssetError> {
        let own: Arc<dyn Motion> = match &plan.motion {
            Some(path) => self.clips.get(path, || Clip::load(path))?,
            None => {
                let length_s = (scenario.instants as f64 / scenario.rate_hz) as f32;
                Arc::new(motion::procedural::clip(plan.seed, BUILT_IN_S.max(length_s)))
            }
        };
        if !plan.widened {
            return Ok(own);
        }
        let other: Option<Arc<dyn Motion>> = match &plan.other_motion {
            Some(path) if happens(plan, "other upper body", OTHER_UPPER_BODY) => {
                Some(self.clips.get(path, || Clip::load(path))?)
            }
            _ => None,
        };
        Ok(Arc::new(Widened::new(own, other, Widening::sample(seed::derive(plan.seed, "widening")))))
    }
}

fn happens(plan: &StudioPlan, name: &str, share: f64) -> bool {
    seed::stream(plan.seed, name).random::<f64>() < share
}

/// Files by path.
struct Shelf<T>(Mutex<HashMap<PathBuf, Arc<T>>>);

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Shelf<T> {
    /// Two threads may read the same file at the same time; their results are equal.
    fn get<E>(&self, path: &Path, read: impl FnOnce() -> Result<T, E>) -> Result<Arc<T>, E> {
        let shelf = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = shelf().get(path) {
            return Ok(known.clone());
        }
        let new = Arc::new(read()?);
        shelf().insert(path.to_owned(), new.clone());
        Ok(new)
    }
}

/// One actor in a part of a motion.
struct Act {
    actor: Actor,
    motion: Box<dyn Motion>,
    start_s: f64,
}

impl Act {
    /// A motion that is shorter than the take runs to its end, back to its start and so on, so that there are no jumps.
    fn at(&self, time_s: f64) -> SkeletonPose {
        self.motion.at(motion::widen::there_and_back(self.start_s + time_s, self.motion.duration_s()))
    }
}

impl Performance for Act {
    fn parts(&self) -> &[Part] {
        self.actor.parts()
    }

    fn height_m(&self) -> f32 {
        self.actor.height_m()
    }

    fn pose(&self, time_s: f64, into: &mut Posed) {
        self.actor.pose(&self.at(time_s), into);
    }

    fn joints(&self, time_s: f64) -> [[f32; 3]; pose::JOINTS] {
        self.actor.joints(&self.at(time_s))
    }
}
