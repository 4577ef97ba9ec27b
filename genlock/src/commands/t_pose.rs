//! `genlock t-pose`: takes the person's T-pose as the rest pose of characters.

use super::ask;
use crate::cli::AtArgs;

/// Asks the running session; a pose that is no T-pose is refused with the reason.
pub fn run(args: &AtArgs) -> miette::Result<()> {
    ask::post(args, "/api/t-pose", None)?;
    println!("characters stand as the person stands now where they are at rest");
    Ok(())
}
