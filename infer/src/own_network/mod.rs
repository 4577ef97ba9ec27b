//! The rig's own network beside the finder of joints: it is judged on held-back instants, and serves once it is as good
//! and much cheaper.

mod file;
mod gate;
mod judge;
mod status;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::time::Duration;

use frame_sync::pairs::{HoldOut, Side};
use joints::{FinderError, JointFinder, Person, View};
use model::spent;
use recipe::RigTraining;
use subject::Preprocessing;
use tch::Device;
use transport::{FinderSet, MomentSource, Serving, TransportError};

use self::file::NetworkFile;
use self::gate::{Figures, Gate};
pub use self::judge::Views;
pub use self::judge::{Differences, differences};
use self::judge::{HeldBack, Judge, has_body, has_halves};
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

/// Opens a finder of joints, if it can be had.
pub type OpenFinder = Box<dyn FnOnce() -> Option<Box<dyn JointFinder>>>;

/// The rig's own network, its crops, and what is known of both networks.
pub struct OwnNetwork {
    file: NetworkFile,
    made: OfThisRig,
    moments: Box<dyn MomentSource>,
    /// A smaller finder to compare the finder with, where there are too few views for two halves. It is opened when it is
    /// first needed.
    smaller: Option<Box<dyn JointFinder>>,
    open_smaller: Option<OpenFinder>,
    network: Option<Network>,
    /// A newer network, which is judged while the one before serves.
    candidate: Option<Network>,
    recent: VecDeque<FinderSet>,
    judge: Judge,
    gate: Gate,
    /// What decided for the network that serves.
    decided: Option<Figures>,
    geometry: Option<String>,
    /// Whether other threads of this process compute just now, so that its processor time is not a network's.
    others_compute: bool,
    /// The last complaint, which is not repeated.
    reported: Option<String>,
}

/// What the finder saw of a set, and what places it.
#[derive(Clone, Copy)]
pub(crate) struct Look<'a> {
    pub set: &'a FinderSet,
    /// Without views if the finder sees nobody.
    pub by_finder: &'a Views,
    /// How the finder's joints give points.
    pub points: &'a PointSources,
    pub placing: &'a Placing,
    /// Width and height of each camera's pictures.
    pub sizes_px: &'a [[f64; 2]],
}

/// What a network of this rig must have been made with.
#[derive(Clone, Debug)]
pub struct OfThisRig {
    /// The names of the rig's cameras, in its order.
    pub cameras: Vec<String>,
    /// The instants that it may not have learned from.
    pub hold_out: HoldOut,
    /// Hash of the preprocessing of its crops.
    pub preprocessing: u64,
}

impl OfThisRig {
    /// How a network was made, by what its file says.
    ///
    /// # Errors
    /// Why the network cannot be used for this rig.
    fn check(&self, training: &str, preprocessing_hash: &str) -> Result<RigTraining, String> {
        let training: RigTraining = serde_json::from_str(training)
            .map_err(|_| "it was not made by a rig's learner, so what it learned from is unknown".to_owned())?;
        if training.cameras != self.cameras {
            let cameras = training.cameras.join(", ");
            return Err(format!("it is the network of a rig with other cameras: {cameras}"));
        }
        if training.hold_out != self.hold_out {
            return Err("it may have learned from instants that are held back here".into());
        }
        if preprocessing_hash != format!("{:016x}", self.preprocessing) {
            return Err("it was made for other crops than this session's".into());
        }
        Ok(training)
    }
}

impl OwnNetwork {
    /// The network in this file, which may appear later and change at any time, on crops of these moments. Give the
    /// source of moments a depth of a second or two.
    pub fn new(file: ModelFile, made: OfThisRig, moments: Box<dyn MomentSource>) -> Self {
        Self {
            file: NetworkFile::new(file),
            made,
            moments,
            smaller: None,
            open_smaller: None,
            network: None,
            candidate: None,
            recent: VecDeque::with_capacity(RECENT),
            judge: Judge::default(),
            gate: Gate::default(),
            decided: None,
            geometry: None,
            others_compute: false,
            reported: None,
        }
    }

    /// Compares the finder with this smaller one where there are too few views for two halves.
    #[must_use]
    pub fn beside(self, open_smaller: OpenFinder) -> Self {
        Self { open_smaller: Some(open_smaller), ..self }
    }

    pub(crate) fn serves(&self) -> bool {
        self.gate.serving() == Serving::OwnNetwork && self.network.is_some()
    }

    /// The name of the network that serves, or may serve next, in messages.
    pub(crate) fn name(&self) -> String {
        format!("the rig's own network {}", self.version())
    }

    fn version(&self) -> String {
        self.network.as_ref().map(|network| network.version.clone()).unwrap_or_default()
    }

    /// The residual to allow in bodies by the own network.
    pub(crate) fn max_residual(&self) -> f64 {
        self.network.as_ref().map_or(f64::INFINITY, |network| network.finder.max_residual())
    }

    /// Loads the network if its file changed, and takes it once it is loaded. Returns why it cannot be used, once.
    pub(crate) fn refresh(&mut self) -> Option<String> {
        let refused = self.file.refresh()?.and_then(|engine| self.take(engine)).err()?;
        let refused = format!("{}: {refused}", self.file.path().display());
        if self.reported.as_ref() == Some(&refused) {
            return None;
        }
        self.reported = Some(refused.clone());
        Some(refused)
    }

    fn take(&mut self, engine: Engine) -> Result<(), String> {
        let spec = engine.spec();
        let training = self.made.check(&spec.training, &spec.preprocessing_hash)?;
        let preprocessing: Preprocessing = serde_json::from_str(&spec.preprocessing)
            .map_err(|error| format!("its preprocessing is unknown: {error}"))?;
        let version = engine.version().to_owned();
        let finder = ModelFinder::new(engine, preprocessing).map_err(|error| error.to_string())?;
        tracing::info!(version, "the rig's own network: {training}");
        self.install(Box::new(finder), version, training);
        Ok(())
    }

    fn install(&mut self, finder: Box<dyn JointFinder>, version: String, training: RigTraining) {
        let network = Network { points: PointSources::of(finder.names()), finder, version, training };
        if self.serves() {
            self.candidate = Some(network);
        } else {
            self.network = Some(network);
        }
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
            let moment = &received.value;
            wait = Duration::ZERO;
            if moment.preprocessing != self.made.preprocessing {
                let why = "moments are cropped in another way than the learner's recipe says";
                if self.reported.as_deref() != Some(why) {
                    self.reported = Some(why.into());
                    tracing::warn!("{why}; the rig's own network is not judged on them");
                }
                continue;
            }
            if self.recent.len() == RECENT {
                self.recent.pop_front();
            }
            self.recent.push_back(finder_set(moment));
            taken += 1;
        }
        Ok(taken)
    }

    /// The crops of the newest moment.
    pub(crate) fn newest(&self) -> Option<FinderSet> {
        self.recent.back().cloned()
    }

    /// The crops of a set. Sets may be counted anew, so the exposure must be the same, too.
    fn crops_of(&self, set: &FinderSet) -> Option<&FinderSet> {
        self.recent.iter().rev().find(|crops| crops.set == set.set && crops.exposure.ns == set.exposure.ns)
    }

    /// The person in each view of these crops, by the network that serves.
    pub(crate) fn find(&mut self, crops: &FinderSet, sizes_px: &[[f64; 2]]) -> Result<Views, FinderError> {
        let Some(network) = &mut self.network else { return Ok(vec![None; sizes_px.len()]) };
        let begun = spent(Device::Cpu);
        let seen = network.find(crops, sizes_px)?;
        self.own_took(spent(Device::Cpu).saturating_sub(begun));
        Ok(seen)
    }

    /// Tells whether other threads of this process compute just now.
    pub(crate) fn others_compute(&mut self, yes: bool) {
        self.others_compute = yes;
    }

    /// Processor time is the whole process's, so none counts while something else takes some.
    fn is_undisturbed(&self) -> bool {
        !self.others_compute && !self.file.is_loading()
    }

    pub(crate) fn finder_took(&mut self, took: Duration) {
        if self.is_undisturbed() {
            self.judge.finder_took(took);
        }
    }

    fn own_took(&mut self, took: Duration) {
        if self.is_undisturbed() {
            self.judge.own_took(took);
        }
    }

    /// Keeps what the finder saw at a held-back instant.
    pub(crate) fn hold_back(&mut self, look: Look<'_>) {
        let Some(crops) = self.crops_to_hold_back(look.set) else { return };
        let by_smaller = self.by_smaller(look);
        self.judge.hold_back(HeldBack { crops, by_finder: look.by_finder.clone(), by_smaller });
    }

    /// The crops of a held-back instant that is not kept yet.
    fn crops_to_hold_back(&self, set: &FinderSet) -> Option<FinderSet> {
        if self.made.hold_out.side(set.source, set.exposure.ns) != Side::HeldOut {
            return None;
        }
        self.crops_of(set).filter(|crops| !self.judge.has(crops)).cloned()
    }

    fn by_smaller(&mut self, look: Look<'_>) -> Option<Views> {
        let Look { set, points, sizes_px, .. } = look;
        if has_halves(look.placing, look.by_finder) {
            return None;
        }
        if let Some(open) = self.open_smaller.take() {
            self.smaller = open();
        }
        let smaller = self.smaller.as_mut()?;
        // It has the same joints as the finder.
        let people = smaller.find(&views(set, sizes_px.len()));
        let people = people.inspect_err(|error| tracing::warn!(%error, "no joints to compare with"));
        Some(observations(points, &people.ok()?, sizes_px))
    }

    /// Judges one held-back instant, if one is not judged yet. Returns what decided, if another network serves from now
    /// on.
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
        let serves = self.serves();
        let judged = if serves { &mut self.candidate } else { &mut self.network };
        let (Some(network), Some(held)) = (judged, self.judge.next()) else { return Ok(None) };
        let begun = spent(Device::Cpu);
        let by_own = network.find(&held.crops, sizes_px)?;
        let took = spent(Device::Cpu).saturating_sub(begun);
        let own_placing = placing.clone().allowing(network.finder.max_residual());
        let compared = differences(placing, &own_placing, &held.by_finder, held.by_smaller.as_ref(), &by_own);
        let version = network.version.clone();
        self.own_took(took);
        self.judge.judged(compared);
        if self.judge.next().is_some() {
            // A half-judged set of instants decides nothing.
            return Ok(None);
        }
        let figures = self.judge.figures();
        let decided = self.gate.consider(&version, &figures);
        if decided.is_some() {
            self.decided = Some(figures);
        }
        if serves {
            // The newer one serves, or is dropped; the next round makes another.
            let candidate = self.candidate.take();
            if decided.is_some() {
                self.network = candidate;
            }
        }
        Ok(decided)
    }

    /// Compares the own network with a look of the finder while it serves, and keeps the look if its instant is held
    /// back. Returns what decided if the finder serves again.
    pub(crate) fn look(&mut self, look: Look<'_>) -> Result<Option<String>, FinderError> {
        let Look { set, by_finder, placing, sizes_px, .. } = look;
        // Without crops there is nobody for the own network, whatever the finder sees.
        let nobody = || vec![None; sizes_px.len()];
        let crops = self.crops_of(set).cloned();
        let by_own = crops.map_or_else(|| Ok(nobody()), |crops| self.find(&crops, sizes_px))?;
        let own_placing = placing.clone().allowing(self.max_residual());
        let by_smaller = self.by_smaller(look);
        if let Some(crops) = self.crops_to_hold_back(set) {
            self.judge.hold_back(HeldBack { crops, by_finder: by_finder.clone(), by_smaller: by_smaller.clone() });
        }
        let compared = differences(placing, &own_placing, by_finder, by_smaller.as_ref(), &by_own);
        let compared = match compared {
            Some(compared) => compared,
            // A body that the finder does not confirm is as bad as a missing one.
            None if has_body(&own_placing, &by_own) => Differences { own_mm: None, finder_mm: None },
            None => return Ok(None),
        };
        let version = self.version();
        let closed = self.gate.look(&version, set.exposure.ns, compared.own_mm, compared.finder_mm);
        if closed.is_some() {
            self.closed();
        }
        Ok(closed)
    }

    /// The finder serves from now on.
    pub(crate) fn close(&mut self) {
        self.gate.close();
        self.closed();
    }

    /// What was held back before shows what is no longer so.
    fn closed(&mut self) {
        if let Some(newer) = self.candidate.take() {
            self.network = Some(newer);
        }
        self.decided = None;
        self.judge.forget();
    }

    /// The network cannot compute and is dropped; the next one that is written may.
    pub(crate) fn drop_network(&mut self) {
        self.candidate = None;
        self.network = None;
        self.close();
    }

    /// A camera was moved, so earlier instants do not fit the geometry that will be found.
    pub(crate) fn camera_moved(&mut self) {
        self.judge.forget();
    }
}

impl Network {
    /// The person in each view of these crops.
    fn find(&mut self, crops: &FinderSet, sizes_px: &[[f64; 2]]) -> Result<Views, FinderError> {
        let people = self.finder.find(&views(crops, sizes_px.len()))?;
        Ok(observations(&self.points, &people, sizes_px))
    }
}

/// The pictures of a set as a finder takes them, by camera.
fn views(set: &FinderSet, cameras: usize) -> Vec<Option<View<'_>>> {
    let found = |camera: usize| set.views.iter().find(|view| view.camera.index() == camera);
    (0..cameras).map(|camera| found(camera).map(|found| view(&found.picture))).collect()
}

fn observations(points: &PointSources, people: &[Option<Person>], sizes_px: &[[f64; 2]]) -> Views {
    let seen = |(person, &size_px): (&Option<Person>, _)| Some(points.observation(person.as_ref()?, size_px));
    people.iter().zip(sizes_px).map(seen).collect()
}
