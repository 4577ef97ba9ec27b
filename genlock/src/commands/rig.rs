//! `genlock rig`: changes the geometry of a running session.

use miette::IntoDiagnostic;
use transport::RigCommand;

use super::ask;
use crate::cli::RigCommandArgs;

/// The page's buttons for the rig's geometry, for scripts.
pub fn run(args: &RigCommandArgs) -> miette::Result<()> {
    let (at, command) = match args {
        RigCommandArgs::FindAnew(at) => (at, RigCommand::FindAnew),
        RigCommandArgs::Freeze(at) => (at, RigCommand::Freeze(true)),
        RigCommandArgs::Unfreeze(at) => (at, RigCommand::Freeze(false)),
        RigCommandArgs::FloorAndFront(at) => (at, RigCommand::FloorAndFront),
        RigCommandArgs::Height { mm, at } => (at, RigCommand::HeightMm(*mm)),
    };
    ask::post(at, "/api/rig", Some(&serde_json::to_string(&command).into_diagnostic()?))?;
    println!("request sent; the page and the report show its outcome");
    Ok(())
}
