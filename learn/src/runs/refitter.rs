//! Refits the rig's own network on labels that the rig makes while people move in it.

mod labelled;
mod round;
mod store;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use frame_sync::pairs::HoldOut;
use model::{Background, PoseModel, PoseSpec, SyncNet};
use pose::JOINT_NAMES;
use recipe::RigTraining;
use subject::Preprocessing;
use transport::RefitStatus;

use self::round::Round;
pub use self::store::LabelStore;
use super::encoder_source::{EncoderSource, Start};
use crate::LearnError;
use crate::data::LabelledSample;
use crate::data::pose_statistics::statistics;
use crate::error::{during, in_json};

/// The fewest labelled pictures to begin with.
const MIN_PICTURES: usize = 200;
/// The fewest new ones for another round, so that nothing is learned by heart while nobody moves.
const NEW_PICTURES: u64 = 100;

/// Where the network starts, and what it must not learn from.
pub struct RefitSettings {
    /// The rig's own network. An existing one is trained further.
    pub file: PathBuf,
    /// The pose model to start from; without a usable one, the learner's own encoder.
    pub from: Option<PathBuf>,
    /// The names of the rig's cameras, in its order.
    pub cameras: Vec<String>,
    pub hold_out: HoldOut,
    pub preprocessing: Preprocessing,
    pub background: Background,
    pub seed: u64,
}

/// Learns in rounds of some hundred steps. After each, the network is written to its file.
pub struct Refitter {
    settings: RefitSettings,
    labelled: LabelStore,
    /// Between rounds.
    network: Option<(PoseModel, RigTraining)>,
    round: Option<Round>,
    /// The size of the world in the labels of the round.
    size_number: u64,
    /// The labels taken when the last round began.
    taken: u64,
    steps: u64,
    loss: Option<f64>,
    version: Option<String>,
    /// Minutes of labels of earlier sessions.
    minutes_before: f64,
    /// Why the last network could not be written.
    unwritten: Option<String>,
    problem: Option<String>,
}

impl Refitter {
    /// A network that is not made before there are labels.
    pub fn new(settings: RefitSettings) -> Self {
        Self {
            labelled: LabelStore::new(settings.hold_out),
            settings,
            network: None,
            round: None,
            size_number: 0,
            taken: 0,
            steps: 0,
            loss: None,
            version: None,
            minutes_before: 0.0,
            unwritten: None,
            problem: None,
        }
    }

    /// Where moments and labels go.
    pub fn labels(&self) -> LabelStore {
        self.labelled.clone()
    }

    /// Whether there is something to learn.
    pub fn is_due(&self) -> bool {
        let labelled = self.labelled.lock();
        let enough = labelled.pictures().len() >= MIN_PICTURES && labelled.taken() - self.taken >= NEW_PICTURES;
        self.problem.is_none() && (self.round.is_some() || enough)
    }

    /// One step; the last one of a round writes the network to its file. `net` is the learner's.
    ///
    /// # Errors
    /// If the device fails. A loss that diverges, or a file that cannot be written, only ends the round.
    pub fn step(&mut self, net: &SyncNet) -> Result<(), LearnError> {
        if self.round.is_some() && self.labelled.lock().size_number() != self.size_number {
            tracing::info!("the size of the world changed; the round of refitting begins anew");
            self.round = None;
            if !self.is_due() {
                return Ok(());
            }
        }
        let mut round = match self.round.take() {
            Some(round) => round,
            None => self.begin(net)?,
        };
        match round.step() {
            Ok(()) => self.steps += 1,
            Err(LearnError::Diverged { .. }) => {
                tracing::warn!("a round of refitting diverged; the rig's own network stays as it was written");
                self.network = None;
                return Ok(());
            }
            Err(error) => return Err(error),
        }
        if !round.done() {
            self.round = Some(round);
            return Ok(());
        }
        self.loss = Some(round.mean_loss());
        let (model, training) = round.finish();
        let described = serde_json::to_string(&training).map_err(in_json("describing a pose model"))?;
        let spec = PoseSpec { training: described, ..model.spec().clone() };
        let model = model.with_spec(spec);
        if let Err(error) = model.save(&self.settings.file) {
            tracing::error!(%error, "the rig's own network could not be written; the next round tries again");
            self.unwritten = Some(error.to_string());
            self.network = Some((model, training));
            return Ok(());
        }
        self.unwritten = None;
        let version = model.version().map_err(during("hashing the rig's own network"))?;
        tracing::info!(version, %training, loss = self.loss, "the rig's own network was written");
        self.version = Some(version);
        self.network = Some((model, training));
        Ok(())
    }

    fn begin(&mut self, net: &SyncNet) -> Result<Round, LearnError> {
        let (pictures, minutes, origin) = {
            let labelled = self.labelled.lock();
            (self.taken, self.size_number) = (labelled.taken(), labelled.size_number());
            (labelled.pictures().to_vec(), labelled.minutes(), labelled.origin())
        };
        let (model, mut training) = match self.network.take() {
            Some(known) => known,
            None => {
                let (model, training) = self.start(net, &pictures)?;
                if self.steps == 0 {
                    self.minutes_before = training.label_minutes;
                }
                (model, training)
            }
        };
        training.label_minutes = self.minutes_before + minutes;
        (training.finder, training.geometry) = origin;
        let RefitSettings { background, seed, .. } = self.settings;
        Round::begin(model, training, pictures, background, seed.wrapping_add(self.steps))
    }

    /// The network of an earlier session of this rig, else a copy of the one to start from.
    fn start(&self, net: &SyncNet, pictures: &[Arc<LabelledSample>]) -> Result<(PoseModel, RigTraining), LearnError> {
        if let Some(known) = self.earlier(net.device()) {
            return Ok(known);
        }
        let from = self.settings.from.as_deref().and_then(|from| self.usable(from, net.device()));
        let (model, started_from) = match from {
            Some(EncoderSource { start: Start::Model(model), version, .. }) => (model, version),
            _ => {
                let poses = pictures.iter().map(|labelled| &labelled.pose);
                let (mean, std) = statistics(poses);
                let hash = format!("{:016x}", self.settings.preprocessing.hash());
                let version = net.encoder_version(&hash).map_err(during("hashing the encoder"))?;
                let spec = self.spec(&version)?;
                let model = PoseModel::from_encoder(net, &mean, &std, spec, self.settings.seed as i64)
                    .map_err(during("creating the rig's own network"))?;
                (model, format!("encoder {version}"))
            }
        };
        let model = if model.has_heads() {
            model
        } else {
            model.with_heads(self.settings.seed as i64).map_err(during("creating the rig's own network"))?
        };
        let spec = self.spec(&model.spec().encoder_version)?;
        let training = RigTraining {
            started_from,
            finder: String::new(),
            cameras: self.settings.cameras.clone(),
            geometry: String::new(),
            pictures: 0,
            label_minutes: 0.0,
            steps: 0,
            hold_out: self.settings.hold_out,
        };
        Ok((model.with_spec(spec), training))
    }

    fn earlier(&self, device: tch::Device) -> Option<(PoseModel, RigTraining)> {
        let source = self.settings.file.is_file().then(|| self.usable(&self.settings.file, device))??;
        let Start::Model(model) = source.start else { return None };
        match serde_json::from_str::<RigTraining>(&model.spec().training) {
            Ok(training) if training.cameras != self.settings.cameras => {
                tracing::warn!(
                    cameras = training.cameras.join(", "),
                    "the own network in this file is of a rig with other cameras; it will be replaced"
                );
                None
            }
            Ok(training) if training.hold_out == self.settings.hold_out => Some((model, training)),
            Ok(_) => {
                tracing::warn!(
                    "the rig's own network of an earlier session held out other instants; a new one is made"
                );
                None
            }
            Err(_) => {
                tracing::warn!(file = %self.settings.file.display(), "not a network of this rig's; it will be replaced");
                None
            }
        }
    }

    /// A pose model for crops like the moments'; says why not.
    fn usable(&self, path: &Path, device: tch::Device) -> Option<EncoderSource> {
        match EncoderSource::pose_model(path, device) {
            Ok(source) if self.fits(&source) => Some(source),
            Ok(_) => {
                tracing::info!(path = %path.display(), "made for other crops; the rig's own network does not start from it");
                None
            }
            Err(error) => {
                tracing::warn!(%error, "the rig's own network does not start from this file");
                None
            }
        }
    }

    fn fits(&self, source: &EncoderSource) -> bool {
        let takes = |model: &PoseModel| model.spec().takes(self.settings.background);
        let takes = matches!(&source.start, Start::Model(model) if takes(model));
        takes && source.preprocessing.hash() == self.settings.preprocessing.hash()
    }

    fn spec(&self, encoder: &str) -> Result<PoseSpec, LearnError> {
        let RefitSettings { preprocessing, background, .. } = &self.settings;
        Ok(PoseSpec {
            crop_px: preprocessing.crop_px.into(),
            background: *background,
            takes_both: false,
            preprocessing: serde_json::to_string(preprocessing).map_err(in_json("describing a pose model"))?,
            preprocessing_hash: format!("{:016x}", preprocessing.hash()),
            joint_set: "Human3.6M 17, from the rig's own bodies".into(),
            joint_names: JOINT_NAMES.map(str::to_owned).to_vec(),
            encoder_version: encoder.to_owned(),
            training: String::new(),
        })
    }

    /// Gives up, for a problem that would only come again.
    pub fn give_up(&mut self, problem: String) {
        self.problem = Some(problem);
    }

    /// The present status. The caller fills in the share.
    pub fn status(&self) -> RefitStatus {
        let (held, label_minutes) = {
            let labelled = self.labelled.lock();
            (labelled.pictures().len(), labelled.minutes())
        };
        let state = match &self.problem {
            Some(problem) => format!("stopped: {problem}"),
            None if self.round.is_some() => "refitting".into(),
            None if held < MIN_PICTURES => {
                format!("waiting for labels of people who move: {held} of {MIN_PICTURES} pictures")
            }
            None if self.is_due() => "refitting".into(),
            None if self.unwritten.is_some() => {
                format!("the last network could not be written: {}", self.unwritten.as_deref().unwrap_or_default())
            }
            None => "waiting for new labels".into(),
        };
        RefitStatus {
            state,
            steps: self.steps,
            pictures: held as u64,
            label_minutes,
            loss: self.loss,
            share: 0.0,
            version: self.version.clone(),
        }
    }
}
