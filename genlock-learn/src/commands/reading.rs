//! What commands read before their work, each with a bar.

use std::path::{Path, PathBuf};

use learn::data::LabelledTake;
use learn::data::rendered::Dataset;
use miette::{IntoDiagnostic, miette};
use model::PoseSpec;
use recipe::DataConfig;
use subject::Preprocessing;
use tch::Device;

use super::progress::bar;

/// The pictures of a rendered session, and of recorded takes beside it.
pub fn session(folder: &Path, recorded: &[PathBuf], config: &DataConfig, device: Device) -> miette::Result<Dataset> {
    let load = |progress: &mut dyn FnMut(usize, usize)| Dataset::load(folder, recorded, config, device, progress);
    counted("reading the session", load).into_diagnostic()
}

/// The labelled crops of a recorded take.
pub fn labelled_take(take: &Path, labels: &Path, preprocessing: &Preprocessing) -> miette::Result<LabelledTake> {
    counted("cropping pictures", |progress| LabelledTake::load(take, labels, preprocessing, progress)).into_diagnostic()
}

/// How the pictures of a pose model are made; `file` names it in errors.
pub fn preprocessing(spec: &PoseSpec, file: &Path) -> miette::Result<Preprocessing> {
    serde_json::from_str(&spec.preprocessing)
        .map_err(|e| miette!("{}: its preprocessing is not one that this genlock knows ({e})", file.display()))
}

/// Runs a job that tells how many of how many are done.
fn counted<T>(what: &'static str, job: impl FnOnce(&mut dyn FnMut(usize, usize)) -> T) -> T {
    let bar = bar(what, 0);
    let result = job(&mut |done, total| {
        bar.set_length(total as u64);
        bar.set_position(done as u64);
    });
    bar.finish_and_clear();
    result
}
