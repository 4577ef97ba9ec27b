//! `genlock labels`: markers and a calibration, or the bodies of a take, to labels for each view.

use std::path::Path;

use miette::IntoDiagnostic;
use pose::labels::{ImportOptions, Imported};

use super::hand_over;
use crate::cli::LabelsCommand;

pub fn run(command: &LabelsCommand) -> miette::Result<()> {
    match command {
        LabelsCommand::Make(words) => {
            let words = std::iter::once("make".to_owned()).chain(words.words.iter().cloned());
            hand_over::run("labels", &words.collect::<Vec<_>>())
        }
        LabelsCommand::Import { trc, calibration, up, out } => {
            let options = ImportOptions { up: up.map(Into::into), ..ImportOptions::default() };
            import(trc, calibration, options, out)
        }
    }
}

fn import(trc: &Path, calibration: &Path, options: ImportOptions<'_>, out: &Path) -> miette::Result<()> {
    let Imported { labels, remarks } = pose::labels::import(trc, calibration, options).into_diagnostic()?;
    for remark in remarks {
        eprintln!("warning: {remark}");
    }
    labels.write(out).into_diagnostic()?;
    let frames: usize = labels.cameras.iter().map(|camera| camera.frames.len()).sum();
    println!("{}: {frames} labels in {} views", out.display(), labels.cameras.len());
    Ok(())
}
