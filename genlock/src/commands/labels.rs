//! `genlock labels`: markers and a calibration, or the bodies of a take, to labels for each view.

use std::path::Path;

use miette::IntoDiagnostic;

use super::hand_over;
use crate::cli::LabelsCommand;

pub fn run(command: &LabelsCommand) -> miette::Result<()> {
    match command {
        LabelsCommand::Make(words) => {
            let words = std::iter::once("make".to_owned()).chain(words.words.iter().cloned());
            hand_over::run("labels", &words.collect::<Vec<_>>())
        }
        LabelsCommand::Import { trc, calibration, out } => import(trc, calibration, out),
    }
}

fn import(trc: &Path, calibration: &Path, out: &Path) -> miette::Result<()> {
    let labels = pose::labels::import(trc, calibration, None).into_diagnostic()?;
    labels.write(out).into_diagnostic()?;
    let frames: usize = labels.cameras.iter().map(|camera| camera.frames.len()).sum();
    println!("{}: {frames} labels in {} views", out.display(), labels.cameras.len());
    Ok(())
}
