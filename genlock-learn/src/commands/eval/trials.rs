//! `genlock eval --recipe`: a pose model trained on rendered people, measured on other rendered people, on real takes
//! and on the takes' twins, compared with baselines and peers.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use infer::Engine;
use learn::data::LabelledTake;
use learn::data::rendered::{Dataset, Split};
use learn::eval::{Baselines, Evaluator, PeerPictures, PeerPoses, RenderedEvaluation, Trial};
use miette::{IntoDiagnostic, WrapErr};
use model::{PoseModel, Precision};
use recipe::{EvalRecipe, TakePlan};
use serde::Serialize;
use serde_json::json;
use take::Session;
use tch::Device;

use super::named_trial::{self, NamedTrial};
use crate::commands::{reading, rendered_table};

const FILE: &str = "evaluation.json";

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Report {
    model: String,
    crop_px: u32,
    /// On all held-out pictures of the session.
    rendered: RenderedEvaluation,
    trials: Vec<NamedTrial>,
    /// Peers that could not be run, and why.
    missing_peers: Vec<String>,
}

/// What all trials share.
struct Judge<'a> {
    recipe: &'a EvalRecipe,
    model: &'a PoseModel,
    precision: Precision,
    crop_px: u16,
    baselines: &'a Baselines,
    missing_peers: Vec<String>,
}

pub fn run(recipe: &Path, overrides: &[String], model: &Path, engine: &Engine, out: &Path) -> miette::Result<()> {
    let device = model::start();
    let recipe = EvalRecipe::load(recipe, overrides).into_diagnostic()?;
    let spec = engine.spec();
    let crop_px = u16::try_from(spec.crop_px).into_diagnostic()?;
    let preprocessing = reading::preprocessing(spec, model)?;
    let model = PoseModel::load(model, device).into_diagnostic()?;
    std::fs::create_dir_all(out).into_diagnostic().wrap_err_with(|| format!("creating {}", out.display()))?;

    let dataset = reading::session(&recipe.session, &[], &recipe.data, device)?;
    // Let everything that can fail do so before the long part.
    let labelled = |plan: &TakePlan| {
        let take = reading::labelled_take(&plan.take, &plan.labels, &preprocessing);
        take.wrap_err_with(|| format!("the take {}", plan.name))
    };
    let takes: Vec<LabelledTake> = recipe.take.iter().map(labelled).collect::<miette::Result<_>>()?;
    let evaluator = Evaluator::new(&dataset, &dataset.rows(Split::Train), crop_px, 0, true).into_diagnostic()?;
    let rendered = evaluator.evaluate(&model, engine.precision()).into_diagnostic()?;
    print!("{}", rendered_table::render(&rendered));

    let mut judge = Judge {
        recipe: &recipe,
        model: &model,
        precision: engine.precision(),
        crop_px,
        baselines: evaluator.baselines(),
        missing_peers: Vec::new(),
    };
    let mut trials = Vec::new();
    let mut done = |trial: NamedTrial| {
        print!("{}", named_trial::render(&trial));
        trials.push(trial);
    };
    if !recipe.peer.is_empty() {
        done(judge.session("rendered, for peers", &recipe.session, &dataset, recipe.peer_pictures)?);
    }
    for (plan, take) in recipe.take.iter().zip(&takes) {
        done(judge.take(plan, take, device, engine.version())?);
        if let Some(twin) = &plan.twin {
            let dataset = reading::session(twin, &[], &recipe.data, device)?;
            done(judge.session(&format!("twin of {}", plan.name), twin, &dataset, 0)?);
        }
    }
    for missing in &judge.missing_peers {
        println!("Not measured beside: {missing}");
    }
    let missing_peers = judge.missing_peers;
    let report = Report { model: engine.version().to_owned(), crop_px: spec.crop_px, rendered, trials, missing_peers };
    let path = out.join(FILE);
    let text = serde_json::to_string_pretty(&report).into_diagnostic()?;
    std::fs::write(&path, text).into_diagnostic().wrap_err_with(|| format!("writing {}", path.display()))?;
    println!("{}", path.display());
    Ok(())
}

impl Judge<'_> {
    fn take(
        &mut self,
        plan: &TakePlan,
        take: &LabelledTake,
        device: Device,
        version: &str,
    ) -> miette::Result<NamedTrial> {
        let trial = Trial::of_take(take, device);
        let peers = self.ask(&trial, std::slice::from_ref(&plan.take))?;
        let report = trial.measure(self.model, self.precision, self.baselines, &peers).into_diagnostic()?;
        let evaluations = count(&plan.labels, version)?;
        Ok(NamedTrial {
            name: plan.name.clone(),
            truth: take.labels.truth.clone(),
            evaluations: Some(evaluations),
            report,
        })
    }

    fn session(&mut self, name: &str, folder: &Path, dataset: &Dataset, pictures: usize) -> miette::Result<NamedTrial> {
        let trial = Trial::of_session(dataset, self.crop_px, pictures).into_diagnostic()?;
        let takes: Vec<PathBuf> =
            dataset.takes().iter().map(|take| Session::take_directory(folder, &take.about)).collect();
        let peers = self.ask(&trial, &takes)?;
        let report = trial.measure(self.model, self.precision, self.baselines, &peers).into_diagnostic()?;
        Ok(NamedTrial { name: name.to_owned(), truth: "exact".to_owned(), evaluations: None, report })
    }

    /// Measures all peers on the same pictures; those that cannot be run are named at the end.
    fn ask(&mut self, trial: &Trial, takes: &[PathBuf]) -> miette::Result<Vec<PeerPoses>> {
        if self.recipe.peer.is_empty() {
            return Ok(Vec::new());
        }
        let folder = tempfile::tempdir().into_diagnostic()?;
        let pictures = PeerPictures::write(folder.path(), takes, trial.from()).into_diagnostic()?;
        let mut found = Vec::new();
        for peer in &self.recipe.peer {
            match pictures.ask(peer) {
                Ok(poses) => found.push(poses),
                Err(error) => {
                    let error = error.to_string();
                    if !self.missing_peers.contains(&error) {
                        self.missing_peers.push(error);
                    }
                }
            }
        }
        Ok(found)
    }
}

/// Increments the count of evaluations beside the labels, and returns it.
fn count(labels: &Path, version: &str) -> miette::Result<usize> {
    let mut path = labels.as_os_str().to_owned();
    path.push(".evaluations.jsonl");
    let failed = || format!("counting evaluations in {}", Path::new(&path).display());
    let mut file = OpenOptions::new().create(true).append(true).open(&path).into_diagnostic().wrap_err_with(failed)?;
    writeln!(file, "{}", json!({ "model": version })).into_diagnostic().wrap_err_with(failed)?;
    Ok(BufReader::new(File::open(&path).into_diagnostic().wrap_err_with(failed)?).lines().count())
}
