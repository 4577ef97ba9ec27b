//! One arm with one seed: a learner that sees the stream once, in order of time.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use learn::data::rendered::Dataset;
use learn::eval::sync_report::{FrozenSet, GapPoint};
use learn::runs::Learner;
use miette::{IntoDiagnostic, WrapErr};
use model::checkpoint;
use recipe::{PretrainRecipe, StreamRecipe};
use tch::Device;

use super::kept::{self, Point, Progress};
use super::plan::{SessionTakes, Stream};
use crate::commands::leg::Leg;
use crate::commands::results;

pub const PROGRESS_FILE: &str = "progress.json";
const CHECKPOINT_FILE: &str = "learner.safetensors";
const BUFFER_FILE: &str = "learner.moments";
/// The most that a crash can lose.
const SAVED_EVERY: Duration = Duration::from_secs(120);

/// The folder of a run.
pub fn folder(out: &Path, arm: &str, seed: u64) -> PathBuf {
    out.join("runs").join(format!("{arm}-{seed}"))
}

/// The network that all runs begin with.
pub enum Begins {
    /// One with random weights.
    Random,
    /// That of a checkpoint.
    With { file: PathBuf, version: String },
}

impl Begins {
    /// # Errors
    /// If the file is no checkpoint.
    pub fn of(file: Option<&Path>, device: Device) -> miette::Result<Self> {
        let Some(file) = file else { return Ok(Self::Random) };
        let (net, _) = checkpoint::open(file, device).into_diagnostic()?;
        Ok(Self::With { file: file.to_owned(), version: net.encoder_version("").into_diagnostic()? })
    }

    fn words(&self) -> &str {
        match self {
            Self::Random => "random weights",
            Self::With { version, .. } => version,
        }
    }
}

/// Makes runs, one after the other.
pub struct Runner<'a> {
    pub recipe: &'a StreamRecipe,
    pub dataset: &'a Dataset,
    pub stream: &'a Stream,
    pub out: &'a Path,
    pub begins: Begins,
    pub leg: Leg,
}

/// A run that is going on.
struct Run<'a> {
    learner: Learner,
    progress: Progress,
    folder: PathBuf,
    frozen: FrozenSet<'a>,
    held_back: Vec<FrozenSet<'a>>,
    saved: Instant,
}

impl<'a> Runner<'a> {
    /// Whether it came to the end of the stream.
    pub fn run(&mut self, arm: &str, recipe: &PretrainRecipe) -> miette::Result<bool> {
        let folder = folder(self.out, arm, recipe.seed);
        let identity = self.identity(recipe)?;
        let progress = kept::read(&folder.join(PROGRESS_FILE), Some(&identity))?;
        if progress.as_ref().is_some_and(|progress| progress.done) {
            return Ok(true);
        }
        let mut run = self.begin(folder, recipe, progress.unwrap_or(Progress { identity, ..Progress::default() }))?;
        if run.progress.points.is_empty() {
            run.measure(arm, 0, true)?;
        }
        let (mut at, mut segment) = (0, 0);
        for (index, session) in self.stream.sessions.iter().enumerate() {
            let (first, mut begun) = (at, false);
            for &take in &session.learned {
                segment += 1;
                let instants = self.dataset.takes()[take].instants.len();
                if at + instants <= run.progress.moments {
                    at += instants;
                    continue;
                }
                for moment in self.dataset.moments(take, recipe.crop_px, segment).into_diagnostic()? {
                    at += 1;
                    if at <= run.progress.moments {
                        continue;
                    }
                    if !begun {
                        run.learner.begin_session(&session.name);
                        begun = true;
                    }
                    run.learn(moment)?;
                    if self.is_measured(session, at - first) {
                        let ends = at - first == session.moments;
                        run.measure(arm, index, ends)?;
                    }
                    if self.leg.has_ended() {
                        run.save()?;
                        return Ok(false);
                    }
                    run.save_now_and_then()?;
                }
            }
        }
        run.end()?;
        Ok(true)
    }

    /// Goes on with a run, or begins it.
    fn begin(&self, folder: PathBuf, recipe: &PretrainRecipe, progress: Progress) -> miette::Result<Run<'a>> {
        std::fs::create_dir_all(&folder)
            .into_diagnostic()
            .wrap_err_with(|| format!("creating {}", folder.display()))?;
        let (learner, progress) = match self.resumed(&folder, recipe, &progress)? {
            Some(learner) => (learner, progress),
            None => {
                let mut learner = Learner::new(recipe.clone(), self.dataset.device()).into_diagnostic()?;
                if let Begins::With { file, .. } = &self.begins {
                    learner.begin_with(file).into_diagnostic()?;
                }
                (learner, Progress { identity: progress.identity, ..Progress::default() })
            }
        };
        let asked = &self.recipe.measured;
        let set = |takes: &[usize]| FrozenSet::new(self.dataset, takes, recipe.crop_px, &asked.gaps_ms, asked.pairs, 0);
        let frozen = set(&self.stream.frozen);
        let held_back = self.stream.sessions.iter().map(|session| set(&session.held_back)).collect();
        Ok(Run { learner, progress, folder, frozen, held_back, saved: Instant::now() })
    }

    /// The learner of a checkpoint, if it is of this progress: a crash may come between two files.
    fn resumed(&self, folder: &Path, recipe: &PretrainRecipe, progress: &Progress) -> miette::Result<Option<Learner>> {
        let (checkpoint, buffer) = (folder.join(CHECKPOINT_FILE), folder.join(BUFFER_FILE));
        if progress.moments == 0 || !checkpoint.exists() {
            return Ok(None);
        }
        let mut learner = Learner::resume(recipe.clone(), self.dataset.device(), &checkpoint).into_diagnostic()?;
        let taken = learner.take_up_buffer(&buffer, &[]);
        if let Err(error) = &taken {
            println!("{}: {error}; it begins anew", folder.display());
        }
        Ok((learner.steps() == progress.steps && taken.is_ok()).then_some(learner))
    }

    /// Everything that a run depends on.
    fn identity(&self, recipe: &PretrainRecipe) -> miette::Result<String> {
        let text = recipe.to_toml().into_diagnostic()?;
        let json = |value: serde_json::Result<String>| value.into_diagnostic();
        let session = json(serde_json::to_string(&self.recipe.session))?;
        let measured = json(serde_json::to_string(&self.recipe.measured))?;
        let data = json(serde_json::to_string(&self.recipe.data))?;
        let (pictures, begins) = (self.dataset.len(), self.begins.words());
        Ok(format!(
            "{text}sessions {session}\nmeasured {measured}\ndata {data}\npictures {pictures}\nbegins with {begins}"
        ))
    }

    /// Whether something is measured after so many moments of a session.
    fn is_measured(&self, session: &SessionTakes, moments: usize) -> bool {
        let times = self.recipe.measured.times_a_session;
        (1..=times).any(|time| moments == session.moments * time / times)
    }
}

impl Run<'_> {
    /// Takes a moment and makes the steps that are due.
    fn learn(&mut self, moment: transport::Moment) -> miette::Result<()> {
        let begun = model::spent(self.learner.net().device());
        self.learner.push(moment).into_diagnostic()?;
        while self.learner.ready() && self.learner.is_due() {
            let Some(step) = self.learner.step().into_diagnostic()? else { break };
            self.progress.pictures += step.images as u64;
            if self.learner.steps().is_multiple_of(self.learner.recipe().evaluation.every_steps) {
                self.learner.evaluate().into_diagnostic()?;
            }
        }
        self.progress.moments += 1;
        self.progress.learned_s += (model::spent(self.learner.net().device()) - begun).as_secs_f64();
        Ok(())
    }

    fn measure(&mut self, arm: &str, session: usize, ends: bool) -> miette::Result<()> {
        // Recomputes statistics, and gives others the newest average.
        self.learner.evaluate().into_diagnostic()?;
        let precision = self.learner.precision();
        let (served, trained) = (self.learner.served(), self.learner.net());
        let held_out = self.frozen.accuracy(served, precision).into_diagnostic()?;
        let mut retained = Vec::new();
        for set in self.held_back.iter().filter(|_| ends) {
            retained.push(set.accuracy(served, precision).into_diagnostic()?);
        }
        let trained =
            if ends { self.frozen.accuracy(trained, precision).into_diagnostic()? } else { Vec::<GapPoint>::new() };
        let status = self.learner.status();
        let shown: Vec<String> = held_out.iter().map(|at| format!("{:.3}", at.accuracy)).collect();
        println!(
            "{arm}-{}: {} moments, {} steps, held out {}",
            self.learner.recipe().seed,
            self.progress.moments,
            status.steps,
            shown.join(" ")
        );
        self.progress.points.push(Point {
            moments: self.progress.moments,
            session,
            steps: status.steps,
            pictures: self.progress.pictures,
            learned_s: self.progress.learned_s,
            buffer_bytes: status.buffer_bytes,
            moments_held: status.moments_held,
            anchors_held: status.anchors_held,
            moments_still: status.moments_still,
            held_out,
            retained,
            trained,
        });
        Ok(())
    }

    fn save_now_and_then(&mut self) -> miette::Result<()> {
        if self.saved.elapsed() >= SAVED_EVERY { self.save() } else { Ok(()) }
    }

    fn save(&mut self) -> miette::Result<()> {
        self.learner.save(&self.folder.join(CHECKPOINT_FILE)).into_diagnostic()?;
        self.learner.save_buffer(&self.folder.join(BUFFER_FILE), &[]).into_diagnostic()?;
        self.progress.steps = self.learner.steps();
        results::write(&self.folder.join(PROGRESS_FILE), &self.progress)?;
        self.saved = Instant::now();
        Ok(())
    }

    /// Figures are what the study needs; the checkpoints of all runs would be gigabytes.
    fn end(mut self) -> miette::Result<()> {
        (self.progress.done, self.progress.steps) = (true, self.learner.steps());
        results::write(&self.folder.join(PROGRESS_FILE), &self.progress)?;
        for file in [CHECKPOINT_FILE, BUFFER_FILE].map(|name| self.folder.join(name)) {
            if file.exists() {
                std::fs::remove_file(&file)
                    .into_diagnostic()
                    .wrap_err_with(|| format!("removing {}", file.display()))?;
            }
        }
        Ok(())
    }
}
