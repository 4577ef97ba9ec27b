//! The live moments of a run: training and held-out ones.

use std::path::Path;

use frame_sync::pairs::Side;
use recipe::{Keep, Pace, PretrainRecipe};
use transport::Moment;

use super::buffer::{Buffer, BufferFile, Buffers, Limits};
use super::gate::Gate;
use crate::LearnError;

/// Held-out instants get an extra 1 / `HELD_OUT_SHARE` of the buffer's bytes.
pub(crate) const HELD_OUT_SHARE: u64 = 4;
/// Steps that may be due at once; more are left out, since a machine that is too slow never makes them.
const MOST_OWED: f64 = 64.0;

pub(crate) struct Moments {
    pub recipe: PretrainRecipe,
    pub buffers: Buffers,
    /// Hash of the preprocessing, the same for all moments; `None` before the first one.
    pub preprocessing: Option<u64>,
    /// What it takes; `None` takes all.
    gate: Option<Gate>,
    /// Steps that are due, with a pace.
    owed: f64,
    /// Number of the session, and what tells it from others.
    session: (u32, String),
}

impl Moments {
    /// `sample` is the index of the sample that the network uses.
    pub fn new(recipe: PretrainRecipe, sample: usize) -> Self {
        let [trained, held_out] = limits(&recipe);
        let gate = Gate::new(sample, recipe.buffer.least_motion);
        Self {
            buffers: Buffers { trained: Buffer::new(trained), held_out: Buffer::new(held_out) },
            gate: Some(gate),
            recipe,
            preprocessing: None,
            owed: 0.0,
            session: (0, String::new()),
        }
    }

    /// Takes moments that show nobody, too, as checks for shortcuts need them.
    pub fn take_all(&mut self) {
        self.gate = None;
    }

    pub fn trained(&self) -> &Buffer {
        &self.buffers.trained
    }

    pub fn held_out(&self) -> &Buffer {
        &self.buffers.held_out
    }

    /// Moments that follow belong to the session of this name, which may be the one going on.
    pub fn begin_session(&mut self, key: &str) {
        if self.session.1 != key {
            self.session = (self.session.0 + 1, key.to_owned());
        }
        self.buffers.trained.begin_session(self.session.0);
        self.buffers.held_out.begin_session(self.session.0);
    }

    /// Adds a moment to the training or the held-out ones; a guard moment between the two is dropped, and so is one that
    /// cannot be learned from. One that should become an anchor is named. `sample` is the index of the sample that the
    /// network uses.
    ///
    /// # Errors
    /// If the preprocessing differs from that of earlier moments, the sample is missing, or its size is wrong.
    pub fn push(&mut self, moment: Moment, sample: usize) -> Result<Option<u64>, LearnError> {
        let known = self.preprocessing.unwrap_or(moment.preprocessing);
        if known != moment.preprocessing && !moment.views.is_empty() {
            return Err(LearnError::Preprocessing { got: moment.preprocessing, known });
        }
        for view in &moment.views {
            let missing = || LearnError::MissingSample { view: view.camera.index(), index: sample };
            let got = view.samples.get(sample).ok_or_else(missing)?.size_px;
            if got != self.recipe.crop_px {
                return Err(LearnError::CropSize { got, wanted: self.recipe.crop_px });
            }
        }
        let usable = match &mut self.gate {
            Some(gate) => gate.usable(moment),
            None => Some(moment).filter(|moment| !moment.views.is_empty()),
        };
        let Some(moment) = usable else { return Ok(None) };
        self.preprocessing = Some(known);
        match self.recipe.hold_out.side(moment.source, moment.exposure.ns) {
            Side::Train => {
                let session = self.session.0;
                if self.gate.as_mut().is_some_and(|gate| !gate.moves(session, &moment)) {
                    return Ok(None);
                }
                if let Pace::PerMoment(steps) = self.recipe.buffer.steps {
                    self.owed = (self.owed + steps).min(MOST_OWED.max(steps));
                }
                Ok(self.buffers.trained.push(moment))
            }
            Side::HeldOut => {
                self.buffers.held_out.push(moment);
                Ok(None)
            }
            Side::Guard => Ok(None),
        }
    }

    /// Drops all instants of this session that were exposed after this time.
    pub fn forget_after(&mut self, exposure_ns: i64) {
        self.buffers.trained.forget_after(exposure_ns);
        self.buffers.held_out.forget_after(exposure_ns);
    }

    /// Whether there are enough instants for a step.
    pub fn ready(&self) -> bool {
        self.trained().len() >= self.recipe.buffer.minimum_moments
    }

    /// Whether a step is due by the recipe's pace.
    pub fn is_due(&self) -> bool {
        self.recipe.buffer.steps == Pace::Free || self.owed >= 1.0
    }

    /// A step was made or could not be.
    pub fn stepped(&mut self) {
        self.owed = (self.owed - 1.0).max(0.0);
    }

    /// Moments left out, since nobody moved, and since they cannot be used.
    pub fn left_out(&self) -> (u64, u64) {
        self.gate.as_ref().map_or((0, 0), Gate::left_out)
    }

    /// What is wrong with the stream, if it has been so for long.
    pub fn complaint(&self) -> Option<String> {
        self.gate.as_ref().and_then(Gate::complaint)
    }

    /// Writes what is kept; `rig` has the names of the cameras.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self, path: &Path, rig: &[String]) -> Result<(), LearnError> {
        let about = BufferFile {
            rig: rig.to_vec(),
            preprocessing: self.preprocessing.unwrap_or_default(),
            session: self.session.0,
            session_key: self.session.1.clone(),
            owed: self.owed,
            left_out: self.left_out(),
        };
        self.buffers.write(path, &about)
    }

    /// Goes on with what a file kept.
    ///
    /// # Errors
    /// If it cannot be used: it is damaged, of another rig, or of other crops. Nothing has changed then.
    pub fn take_up(&mut self, path: &Path, rig: &[String], sample: usize) -> Result<(), LearnError> {
        let [trained, held_out] = limits(&self.recipe);
        let (buffers, about) = Buffers::read(path, trained, held_out)?;
        let wrong = |problem: String| LearnError::BufferFile { path: path.to_owned(), problem };
        if about.rig != rig {
            let named = |rig: &[String]| if rig.is_empty() { "no names".to_owned() } else { rig.join(", ") };
            return Err(wrong(format!(
                "it is of another rig: its cameras are {}, this rig's are {}",
                named(&about.rig),
                named(rig)
            )));
        }
        let crops = [&buffers.trained, &buffers.held_out]
            .into_iter()
            .filter_map(|buffer| buffer.get(0)?.views.first()?.samples.get(sample));
        if let Some(other) = crops.into_iter().find(|crop| crop.size_px != self.recipe.crop_px) {
            return Err(wrong(format!("its crops have {} px, the recipe's {}", other.size_px, self.recipe.crop_px)));
        }
        if self.preprocessing.is_some_and(|known| known != about.preprocessing) {
            return Err(wrong("its crops were preprocessed otherwise than the checkpoint's".to_owned()));
        }
        if buffers.trained.len() + buffers.held_out.len() > 0 {
            self.preprocessing = Some(about.preprocessing);
        }
        if let Some(gate) = &mut self.gate {
            let last = buffers.trained.last().map(|(session, moment)| (session, moment.clone()));
            gate.resume(about.left_out, last);
        }
        (self.buffers, self.owed, self.session) = (buffers, about.owed, (about.session, about.session_key));
        Ok(())
    }
}

/// Of training moments and of held-out ones.
fn limits(recipe: &PretrainRecipe) -> [Limits; 2] {
    let buffer = recipe.buffer;
    let (moments, anchor_every_ms) = (buffer.moments, buffer.anchor_every_ms);
    [
        Limits { bytes: buffer.bytes, moments, keep: buffer.keep, anchor_every_ms },
        Limits { bytes: buffer.bytes / HELD_OUT_SHARE, moments, keep: Keep::Newest, anchor_every_ms },
    ]
}
