//! `genlock background`: learns the background of a running session's cameras again.

use super::ask;
use crate::cli::AtArgs;

/// The button of the page, for scripts.
pub fn run(args: &AtArgs) -> miette::Result<()> {
    ask::post(args, "/api/background", None)?;
    println!("the next second of every camera becomes its background");
    Ok(())
}
