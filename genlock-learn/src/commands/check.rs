//! `genlock-learn check`: whether a learner could start, so that a failing one is not restarted again and again.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use learn::LearnError;
use learn::health::Witness;
use learn::runs::Learner;
use recipe::PretrainRecipe;

use super::pretrain::checkpoint_in;

#[derive(clap::Args)]
pub struct Args {
    /// What to learn and how (TOML).
    #[arg(long, value_name = "FILE")]
    recipe: PathBuf,
    /// Folder of the checkpoint. If there is one, it must fit the recipe.
    #[arg(long, value_name = "DIR")]
    checkpoint_dir: Option<PathBuf>,
    /// The network of sync health. It must be a finished pretraining on crops of the recipe's size.
    #[arg(long, value_name = "FILE")]
    sync_health: Option<PathBuf>,
}

/// Prints the problem to standard output, separate from the log, so that the caller can show it as its own error.
pub fn run(args: &Args) -> ExitCode {
    let checkpoint = args.checkpoint_dir.as_deref().map(checkpoint_in).filter(|path| path.is_file());
    let recipe = PretrainRecipe::load(&args.recipe).map_err(LearnError::from);
    let checked = recipe.and_then(|recipe| {
        Learner::check_memory(&recipe)?;
        checkpoint.map_or(Ok(()), |path| Learner::check_checkpoint(&recipe, &path))?;
        args.sync_health.as_ref().map_or(Ok(()), |network| check_witness(network, recipe.crop_px))
    });
    match checked {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether a network can watch over the cameras of a session whose crops have this side.
fn check_witness(network: &Path, crop_px: u16) -> Result<(), LearnError> {
    let got = Witness::open(network, model::start())?.crop_px();
    if got == crop_px {
        return Ok(());
    }
    Err(LearnError::Checkpoint {
        path: network.to_owned(),
        problem: format!(
            "sync health needs crops of {got} px, as it learned from, and the recipe has crop-px = {crop_px}"
        ),
    })
}
