//! The rig's own network beside the finder of joints: it is judged on held-back instants, and serves once it is as good
//! and much cheaper.

mod gate;
mod judge;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::time::Duration;

use frame::{SetIndex, SourcePosition};
use frame_sync::pairs::{HoldOut, Side};
use joints::{FinderError, JointFinder, Person};
use model::spent;
use recipe::RigTraining;
use subject::Preprocessing;
use tch::Device;
use transport::{FinderSet, MomentSource, OwnNetworkStatus, Serving, TransportError};

use self::gate::Gate;
pub use self::judge::Views;
pub use self::judge::{Differences, differences};
use self::judge::{HeldBack, Judge};
use crate::crops::finder_set;
use crate::observations::{PointSources, view};
use crate::rig::Placing;
use crate::{Engine, ModelFile, ModelFinder};

/// Moments that wait for the finder's answer to the same instant, some seconds.
const RECENT: usize = 128;

/// The rig's own network, loaded.
struct Network {
    finder: Box<dyn JointFinder>,
    points: PointSources,
    version: String,
    training: RigTraining,
}

/// What became of the file of the own network.
pub(crate) enum FileEvent {
    Refused(String),
}

/// The rig's own network, its crops, and what is known of both networks.
pub struct OwnNetwork {
    file: ModelFile,
    path: PathBuf,
    hold_out: HoldOut,
    moments: Box<dyn MomentSource>,
    /// Of rigs with fewer than four cameras: a smaller finder to compare the finder with.
    smaller: Option<Box<dyn JointFinder>>,
    network: Option<Network>,
    recent: VecDeque<FinderSet>,
    judge: Judge,
    gate: Gate,
    geometry: Option<String>,
    reported: Option<String>,
}

impl OwnNetwork {
    /// The network in this file, which may appear later and change at any time, on crops of these moments. Give the
    /// source of moments a depth of a second or two.
    pub fn new(file: ModelFile, hold_out: HoldOut, moments: Box<dyn MomentSource>) -> Self {
        Self {
            path: file.path().to_owned(),
            file,
            hold_out,
            moments,
            smaller: None,
            network: None,
            recent: VecDeque::with_capacity(RECENT),
            judge: Judge::default(),
            gate: Gate::default(),
            geometry: None,
            reported: None,
        }
    }

    /// Compares the finder with this smaller one, in rigs with too few cameras for two halves.
    #[must_use]
    pub fn beside(self, smaller: Option<Box<dyn JointFinder>>) -> Self {
        Self { smaller, ..self }
    }

    pub(crate) fn serves(&self) -> bool {
        self.gate.serving() == Serving::OwnNetwork
    }

    /// The name of the loaded network in messages.
    pub(crate) fn name(&self) -> String {
        format!("the rig's own network {}", self.version())
    }

    /// The version of the loaded network.
    pub(crate) fn version(&self) -> String {
        self.network.as_ref().map(|network| network.version.clone()).unwrap_or_default()
    }

    /// The residual to allow in bodies by the own network.
    pub(crate) fn max_residual(&self) -> f64 {
        self.network.as_ref().map_or(f64::INFINITY, |network| network.finder.max_residual())
    }

    /// Loads the network if its file changed.
    pub(crate) fn refresh(&mut self) -> Option<FileEvent> {
        let changed = self.file.refresh();
        let refused = match self.file.problem() {
            Some(problem) => Some(problem.to_owned()),
            None if changed => self.file.take().and_then(|engine| self.load(engine).err()),
            None => None,
        };
        let refused = refused.map(|why| format!("{}: {why}", self.path.display()));
        if refused.is_some() && refused != self.reported {
            self.reported.clone_from(&refused);
            return refused.map(FileEvent::Refused);
        }
        None
    }

    fn load(&mut self, engine: Engine) -> Result<(), String> {
        let training: RigTraining = serde_json::from_str(&engine.spec().training)
            .map_err(|_| "it was not made by a rig's learner, so what it learned from is unknown".to_owned())?;
        if training.hold_out != self.hold_out {
            return Err("it learned from instants that are held back here".into());
        }
        let preprocessing: Preprocessing = serde_json::from_str(&engine.spec().preprocessing)
            .map_err(|error| format!("its preprocessing is unknown: {error}"))?;
        let version = engine.version().to_owned();
        let finder = ModelFinder::new(engine, preprocessing).map_err(|error| error.to_string())?;
        tracing::info!(version, "the rig's own network: {training}");
        self.install(Box::new(finder), version, training);
        Ok(())
    }

    fn install(&mut self, finder: Box<dyn JointFinder>, version: String, training: RigTraining) {
        self.network = Some(Network { points: PointSources::of(finder.names()), finder, version, training });
        self.judge.again();
    }

    /// Uses this finder in place of the file's network until the file changes.
    #[must_use]
    pub fn with_network(mut self, finder: Box<dyn JointFinder>, version: String, training: RigTraining) -> Self {
        self.install(finder, version, training);
        self
    }

    /// Takes the moments that came; waits for the first.
    pub(crate) fn take_moments(&mut self, wait: Duration) -> Result<usize, TransportError> {
        let (mut wait, mut taken) = (wait, 0);
        while let Some(received) = self.moments.receive(wait)? {
            if self.recent.len() == RECENT {
                self.recent.pop_front();
            }
            self.recent.push_back(finder_set(&received.value));
            (wait, taken) = (Duration::ZERO, taken + 1);
        }
        Ok(taken)
    }

    /// The crops of the newest moment.
    pub(crate) fn newest(&self) -> Option<FinderSet> {
        self.recent.back().cloned()
    }

    fn crops_of(&self, set: SetIndex) -> Option<&FinderSet> {
        self.recent.iter().rev().find(|crops| crops.set == set)
    }

    /// The person in each of `cameras` views of these crops.
    pub(crate) fn find(&mut self, crops: &FinderSet, sizes_px: &[[f64; 2]]) -> Result<Views, FinderError> {
        let Some(network) = &mut self.network else { return Ok(vec![None; sizes_px.len()]) };
        let begun = spent(Device::Cpu);
        let found = |camera: usize| crops.views.iter().find(|view| view.camera.index() == camera);
        let views: Vec<_> = (0..sizes_px.len()).map(|at| found(at).map(|found| view(&found.picture))).collect();
        let people = network.finder.find(&views)?;
        let seen = observations(&network.points, &people, sizes_px);
        self.judge.own_took(spent(Device::Cpu).saturating_sub(begun));
        Ok(seen)
    }

    pub(crate) fn finder_took(&mut self, took: Duration) {
        self.judge.finder_took(took);
    }

    /// Keeps what the finder saw at a held-back instant.
    pub(crate) fn hold_back(
        &mut self,
        set: &FinderSet,
        by_finder: &Views,
        points: &PointSources,
        sizes_px: &[[f64; 2]],
    ) {
        if !self.is_held_out(set.source, set.exposure.ns) {
            return;
        }
        let Some(crops) = self.crops_of(set.set).cloned().filter(|crops| !self.judge.has(crops)) else { return };
        let by_smaller = self.by_smaller(set, points, sizes_px);
        self.judge.hold_back(HeldBack { crops, by_finder: by_finder.clone(), by_smaller });
    }

    fn is_held_out(&self, source: Option<SourcePosition>, exposure_ns: i64) -> bool {
        self.hold_out.side(source, exposure_ns) == Side::HeldOut
    }

    fn by_smaller(&mut self, set: &FinderSet, points: &PointSources, sizes_px: &[[f64; 2]]) -> Option<Views> {
        let smaller = self.smaller.as_mut()?;
        let found = |camera: usize| set.views.iter().find(|view| view.camera.index() == camera);
        let views: Vec<_> = (0..sizes_px.len()).map(|at| found(at).map(|found| view(&found.picture))).collect();
        // It has the same joints as the finder.
        let people = smaller.find(&views).inspect_err(|error| tracing::warn!(%error, "no joints to compare with"));
        Some(observations(points, &people.ok()?, sizes_px))
    }

    /// Judges one held-back instant, if one is not judged yet, and opens the gate if that decides. Returns what decided.
    pub(crate) fn judge_next(
        &mut self,
        geometry: &str,
        placing: &Placing,
        sizes_px: &[[f64; 2]],
    ) -> Result<Option<String>, FinderError> {
        if self.geometry.as_deref() != Some(geometry) {
            self.geometry = Some(geometry.to_owned());
            self.judge.again();
        }
        if self.network.is_none() || self.serves() {
            return Ok(None);
        }
        let Some(crops) = self.judge.next().map(|held| held.crops.clone()) else { return Ok(None) };
        let by_own = self.find(&crops, sizes_px)?;
        let own_placing = placing.clone().allowing(self.max_residual());
        let compared = self
            .judge
            .next()
            .and_then(|held| differences(placing, &own_placing, &held.by_finder, held.by_smaller.as_ref(), &by_own));
        self.judge.judged(compared);
        let (version, figures) = (self.version(), self.judge.figures());
        // A half-judged set of instants decides nothing.
        Ok(if self.judge.next().is_none() { self.gate.consider(&version, &figures) } else { None })
    }

    /// Compares the own network with a look of the finder while it serves. Returns what decided if the finder serves
    /// again.
    pub(crate) fn look(
        &mut self,
        set: &FinderSet,
        by_finder: &Views,
        points: &PointSources,
        placing: &Placing,
        sizes_px: &[[f64; 2]],
    ) -> Result<Option<String>, FinderError> {
        let Some(crops) = self.crops_of(set.set).cloned() else { return Ok(None) };
        let by_own = self.find(&crops, sizes_px)?;
        let own_placing = placing.clone().allowing(self.max_residual());
        let by_smaller = self.by_smaller(set, points, sizes_px);
        let compared = differences(placing, &own_placing, by_finder, by_smaller.as_ref(), &by_own);
        let Some(Differences { own_mm, finder_mm }) = compared else { return Ok(None) };
        let version = self.version();
        Ok(self.gate.look(&version, set.exposure.ns, own_mm, finder_mm))
    }

    /// The finder serves from now on.
    pub(crate) fn close(&mut self) {
        self.gate.close();
    }

    pub(crate) fn status(&self) -> OwnNetworkStatus {
        let figures = self.judge.figures();
        let state = match (&self.network, self.gate.serving()) {
            (None, _) => "there is none yet".to_owned(),
            (_, Serving::OwnNetwork) => "serves; the finder looks at one set a second".to_owned(),
            _ => figures.opens().1,
        };
        // Infinite numbers have no place in JSON.
        let finite = |mm: Option<f64>| mm.filter(|mm| mm.is_finite());
        OwnNetworkStatus {
            serving: self.gate.serving(),
            state,
            version: self.network.as_ref().map(|network| network.version.clone()),
            lineage: self.network.as_ref().map(|network| network.training.to_string()),
            instants: figures.instants as u64,
            own_mm: finite(figures.own_mm),
            finder_mm: finite(figures.finder_mm),
            own_cpu_ms: figures.own_cpu_ms,
            finder_cpu_ms: figures.finder_cpu_ms,
            switches: self.gate.switches,
        }
    }

    /// The file of the network.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn observations(points: &PointSources, people: &[Option<Person>], sizes_px: &[[f64; 2]]) -> Views {
    let seen = |(person, &size_px): (&Option<Person>, _)| Some(points.observation(person.as_ref()?, size_px));
    people.iter().zip(sizes_px).map(seen).collect()
}
