//! Reads the inputs of commands, with progress bars.

use std::path::{Path, PathBuf};

use learn::data::LabelledTake;
use learn::data::rendered::Dataset;
use miette::{IntoDiagnostic, miette};
use model::PoseSpec;
use recipe::DataConfig;
use subject::Preprocessing;
use tch::Device;

use super::progress::bar;

/// The pictures of a session, and optionally of recorded takes.
pub fn session(folder: &Path, recorded: &[PathBuf], config: &DataConfig, device: Device) -> miette::Result<Dataset> {
    let load = |progress: &mut dyn FnMut(usize, usize)| Dataset::load(folder, recorded, config, device, progress);
    counted("reading the session", load).into_diagnostic()
}

/// The pictures of those takes of a session that are wanted.
pub fn takes_of_session(
    folder: &Path,
    wanted: impl Fn(&take::SessionTake) -> bool,
    config: &DataConfig,
    device: Device,
) -> miette::Result<Dataset> {
    let load =
        |progress: &mut dyn FnMut(usize, usize)| Dataset::load_some(folder, wanted, &[], config, device, progress);
    counted("reading the session", load).into_diagnostic()
}

/// The labelled crops of a recorded take.
pub fn labelled_take(take: &Path, labels: &Path, preprocessing: &Preprocessing) -> miette::Result<LabelledTake> {
    counted("cropping pictures", |progress| LabelledTake::load(take, labels, preprocessing, progress)).into_diagnostic()
}

/// The preprocessing of a pose model's pictures; `file` names the model in errors.
pub fn preprocessing(spec: &PoseSpec, file: &Path) -> miette::Result<Preprocessing> {
    serde_json::from_str(&spec.preprocessing)
        .map_err(|e| miette!("{}: its preprocessing is not one that this genlock knows ({e})", file.display()))
}

/// Runs a job that reports its progress as a count and a total.
pub fn counted<T>(what: &'static str, job: impl FnOnce(&mut dyn FnMut(usize, usize)) -> T) -> T {
    let bar = bar(what, 0);
    let result = job(&mut |done, total| {
        bar.set_length(total as u64);
        bar.set_position(done as u64);
    });
    bar.finish_and_clear();
    result
}
