//! `genlock labels`: markers and a calibration, or the bodies of a take, to labels for each view.

mod import;
mod motion;
mod rig_geometry;

use super::hand_over;
use crate::cli::LabelsCommand;

pub fn run(command: &LabelsCommand) -> miette::Result<()> {
    match command {
        LabelsCommand::Make(words) => {
            let words = std::iter::once("make".to_owned()).chain(words.words.iter().cloned());
            hand_over::run("labels", &words.collect::<Vec<_>>())
        }
        LabelsCommand::Import(args) => import::run(args),
    }
}
