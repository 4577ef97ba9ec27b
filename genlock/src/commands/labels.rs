//! `genlock labels`: markers and a calibration to labels for each view.

use miette::IntoDiagnostic;

use crate::cli::LabelsCommand;

pub fn run(command: &LabelsCommand) -> miette::Result<()> {
    let LabelsCommand::Import { trc, calibration, out } = command;
    let labels = pose::labels::import(trc, calibration, None).into_diagnostic()?;
    labels.write(out).into_diagnostic()?;
    let frames: usize = labels.cameras.iter().map(|camera| camera.frames.len()).sum();
    println!("{}: {frames} labels in {} views", out.display(), labels.cameras.len());
    Ok(())
}
