//! The takes of a rendered session, each as a finder of joints sees it.

use std::path::Path;

use infer::recording::Watched;
use miette::{IntoDiagnostic, WrapErr};
use take::{Session, TakeReader};

use crate::commands::finder::FinderArgs;

/// One take.
pub struct RenderedTake<T> {
    pub name: String,
    /// Its ground truth.
    pub truth: T,
    pub rate_hz: f64,
    pub watched: Watched,
}

/// Calls `rows` for each take and collects the results. `model` is the pose model of `--finder own`. The detector of
/// people runs on every `detector_every`-th picture. The ground truth is read before the pictures, which take long.
pub fn rows_of_all<T, R>(
    session: &Path,
    finder: &FinderArgs,
    model: Option<&Path>,
    detector_every: u32,
    truth: impl Fn(&Path) -> miette::Result<T>,
    mut rows: impl FnMut(RenderedTake<T>) -> Vec<R>,
) -> miette::Result<Vec<R>> {
    let mut all = Vec::new();
    for take in Session::read(session).into_diagnostic()?.takes {
        let folder = Session::take_directory(session, &take);
        let named = || folder.display().to_string();
        let truth = truth(&folder).wrap_err_with(named)?;
        let reader = TakeReader::open(&folder).into_diagnostic().wrap_err_with(named)?;
        let watched = finder.watch(&reader, model, detector_every).wrap_err_with(named)?;
        all.extend(rows(RenderedTake { name: take.name, truth, rate_hz: reader.info().trigger_rate_hz, watched }));
    }
    Ok(all)
}
